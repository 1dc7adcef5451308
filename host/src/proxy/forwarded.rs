//! Who the client is, behind proxies that the operator named. From anybody else nothing is believed.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The client as its own connection and the trusted proxies tell it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    /// Did a proxy tell it that the operator named?
    pub(super) trusted: bool,
    /// Address of the client.
    pub(super) client: IpAddr,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// What a trusted proxy says the client asked for; still to be checked like any Host.
    pub(super) host: Option<&'a [u8]>,
}

/// Read the forwarded headers of a request that came from `peer`.
///
/// `X-Forwarded-For` is walked from the right, past trusted addresses; the first other one is the client. A field
/// that is no address ends the walk: what stands left of it was written by somebody we do not know.
pub(super) fn origin<'a>(peer: SocketAddr, trusted: &[IpNet], headers: &'a HeaderMap) -> Origin<'a> {
    let peer = peer.ip().to_canonical();
    if !is_trusted(trusted, peer) {
        return Origin { trusted: false, client: peer, scheme: "http", host: None };
    }
    let lines = headers.get_all("x-forwarded-for");
    let fields = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let client = client(fields, trusted).unwrap_or(peer);
    let scheme = match last(headers, "x-forwarded-proto") {
        Some(proto) if proto.eq_ignore_ascii_case(b"https") => "https",
        _ => "http",
    };
    Origin { trusted: true, client, scheme, host: last(headers, "x-forwarded-host") }
}

/// The first address that is not trusted, or the last one before something that is none; `None` if there is none at all.
pub(crate) fn client<'a>(fields: impl Iterator<Item = &'a [u8]>, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut client = None;
    for field in fields {
        let Some(address) = address(field) else { break };
        client = Some(address);
        if !is_trusted(trusted, address) {
            break;
        }
    }
    client
}

pub(crate) fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// The field that the nearest proxy wrote: the last of the last line.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let line = headers.get_all(name).iter().next_back()?;
    let field = line.as_bytes().rsplit(|byte| *byte == b',').next()?.trim_ascii();
    (!field.is_empty()).then_some(field)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(field: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(field).ok()?.trim();
    let plain = text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain.or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect::<HeaderMap>()
    }

    fn client(peer: &str, list: &[(&'static str, &'static str)]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        origin(peer.parse().unwrap(), &trusted, &headers(list)).client.to_string()
    }

    #[test]
    fn nobody_is_believed_without_a_list() {
        let map =
            headers(&[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil")]);
        let got = origin("127.0.0.1:1".parse().unwrap(), &[], &map);
        assert_eq!(got, Origin { trusted: false, client: [127, 0, 0, 1].into(), scheme: "http", host: None });
    }

    #[test]
    fn the_walk_goes_from_the_right() {
        assert_eq!(client("10.0.0.1:5", &[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.9.9.9")]), "1.2.3.4");
        assert_eq!(client("10.0.0.1:5", &[("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "8.8.8.8")]), "8.8.8.8");
        assert_eq!(client("10.0.0.1:5", &[("x-forwarded-for", "[2001:db8::1]:99")]), "2001:db8::1");
        assert_eq!(client("[::ffff:10.0.0.1]:5", &[("x-forwarded-for", "1.2.3.4")]), "1.2.3.4");
        assert_eq!(client("8.8.4.4:5", &[("x-forwarded-for", "1.2.3.4")]), "8.8.4.4");
    }

    #[test]
    fn nonsense_ends_the_walk() {
        assert_eq!(client("10.0.0.1:5", &[("x-forwarded-for", "1.2.3.4, unknown, 10.2.2.2")]), "10.2.2.2");
        assert_eq!(client("10.0.0.1:5", &[("x-forwarded-for", "")]), "10.0.0.1");
    }

    #[test]
    fn a_trusted_peer_says_scheme_and_host() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let map = headers(&[("x-forwarded-proto", "http, HTTPS"), ("x-forwarded-host", "a.example, b.example")]);
        let got = origin("10.0.0.1:1".parse().unwrap(), &trusted, &map);
        assert_eq!((got.trusted, got.scheme, got.host), (true, "https", Some(&b"b.example"[..])));
    }
}
