//! Which request a proxy asks about. It is named by what the mode says and by nothing else, each part once; whoever
//! could add a second word could have another request judged than the one that is sent on (CVE-2026-40575).

use super::mode::{Line, Mode};
use crate::proxy::Asked;
use crate::proxy::forwarded;
use crate::proxy::inbound::{self, Checked, Refusal, bad};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use ipnet::IpNet;
use std::net::IpAddr;

/// The request that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Original {
    pub(super) method: Method,
    pub(super) scheme: &'static str,
    pub(super) authority: HeaderValue,
    pub(super) target: PathAndQuery,
    pub(super) client: IpAddr,
}

/// A request that is not named as it must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) refusal: Refusal,
    /// The header, for the log.
    pub(super) header: &'static str,
}

impl Original {
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked {
            method: self.method.as_str(),
            scheme: self.scheme,
            authority: &self.authority,
            target: self.target.as_str(),
            client: self.client,
        }
    }

    /// From a question over HTTP. `hops`: proxies that may stand in the list of addresses.
    pub(super) fn read(mode: Mode, head: &Parts, checked: &Checked, hops: &[IpNet]) -> Result<Self, Unread> {
        let (headers, names) = (&head.headers, mode.names());
        let (method, authority, target) = match &names.line {
            Some(Line { method, host, target }) => (
                one(headers, method, |value| self::method(value.as_bytes()))?,
                one(headers, host, |value| authority(value.as_bytes()))?,
                one(headers, target, |value| self::target(value.as_bytes()))?,
            ),
            None => {
                let target = self::target(inbound::asked(head).as_bytes());
                let target = target.map_err(|refusal| Unread { refusal, header: ":path" })?;
                (head.method.clone(), checked.authority.clone(), target)
            }
        };
        let scheme = one(headers, names.scheme, |value| scheme(value.as_bytes()))?;
        let client = one(headers, names.client, |value| client(value.as_bytes(), hops))?;
        Ok(Self { method, scheme, authority, target, client })
    }
}

/// The one value of a header, read.
pub(super) fn one<T>(
    headers: &HeaderMap,
    header: &'static str,
    read: impl FnOnce(&HeaderValue) -> Result<T, Refusal>,
) -> Result<T, Unread> {
    let mut values = headers.get_all(header).iter();
    let read = match (values.next(), values.next()) {
        (Some(value), None) => read(value),
        (None, _) => Err(bad("the proxy does not name the whole request")),
        (Some(_), Some(_)) => Err(bad("the request is named twice")),
    };
    read.map_err(|refusal| Unread { refusal, header })
}

pub(super) fn method(value: &[u8]) -> Result<Method, Refusal> {
    let method = Method::from_bytes(value).map_err(|_| bad("the method is malformed"))?;
    inbound::method(&method)?;
    Ok(method)
}

pub(super) fn authority(value: &[u8]) -> Result<HeaderValue, Refusal> {
    inbound::host_value(value).ok_or(bad("the host is malformed"))
}

/// Exactly what was named is judged: what a parser would cut off (`#`) or mend is refused.
pub(super) fn target(value: &[u8]) -> Result<PathAndQuery, Refusal> {
    if !value.starts_with(b"/") {
        return Err(bad("the target is no path"));
    }
    if value.contains(&b'#') {
        return Err(bad("the target has a fragment"));
    }
    let target = PathAndQuery::try_from(value).ok().filter(|target| target.as_str().as_bytes() == value);
    target.ok_or(bad("the target is malformed"))
}

/// Traefik says `ws` and `wss` of WebSockets where it passes on what it was told.
pub(super) fn scheme(value: &[u8]) -> Result<&'static str, Refusal> {
    let is = |name: &str| value.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if is("https") || is("wss") => Ok("https"),
        () if is("http") || is("ws") => Ok("http"),
        () => Err(bad("the scheme is neither http nor https")),
    }
}

fn client(value: &[u8], hops: &[IpNet]) -> Result<IpAddr, Refusal> {
    let fields = value.rsplit(|byte| *byte == b',');
    forwarded::client(fields, hops).ok_or(bad("the client has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use proptest::prelude::*;

    const NAMED: &[(&str, &str)] = &[
        ("x-forwarded-method", "POST"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "app.example"),
        ("x-forwarded-uri", "/a?b=c"),
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.0.0.1"),
    ];

    fn read(mode: Mode, headers: &[(&str, &str)]) -> Result<Original, Unread> {
        let mut build = Request::get("/question");
        for (name, value) in headers {
            build = build.header(*name, *value);
        }
        let head = build.body(()).unwrap().into_parts().0;
        let checked = Checked { authority: HeaderValue::from_static("127.0.0.1:9090"), websocket: false };
        Original::read(mode, &head, &checked, &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn what_is_named_is_read() {
        for mode in [Mode::Caddy, Mode::Traefik, Mode::Haproxy] {
            let read = read(mode, NAMED).unwrap();
            assert_eq!((read.method.as_str(), read.scheme, read.target.as_str()), ("POST", "https", "/a?b=c"));
            assert_eq!(
                (read.authority.to_str().unwrap(), read.client.to_string()),
                ("app.example", "192.0.2.7".into())
            );
        }
        let own = NAMED.iter().map(|(name, value)| (name.replace("forwarded", "original"), *value)).collect::<Vec<_>>();
        let own = own.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>();
        assert_eq!(read(Mode::Nginx, &own).unwrap().target, "/a?b=c");
        let envoy = read(Mode::Envoy, NAMED).unwrap();
        assert_eq!((envoy.method.as_str(), envoy.target.as_str(), envoy.scheme), ("GET", "/question", "https"));
        assert_eq!(envoy.authority, "127.0.0.1:9090");
    }

    #[test]
    fn each_part_is_named_once() {
        for (number, (name, _)) in NAMED.iter().enumerate() {
            let mut missing = NAMED.to_vec();
            missing.remove(number);
            let unread = read(Mode::Traefik, &missing).unwrap_err();
            assert_eq!((unread.header, unread.refusal.why), (*name, "the proxy does not name the whole request"));
            let mut doubled = NAMED.to_vec();
            doubled.push((name, NAMED[number].1));
            let unread = read(Mode::Traefik, &doubled).unwrap_err();
            assert_eq!((unread.header, unread.refusal.why), (*name, "the request is named twice"));
            assert!(read(Mode::Nginx, NAMED).is_err(), "names of another mode count for nothing");
        }
    }

    #[test]
    fn what_is_named_badly_is_refused() {
        for (name, value) in [
            ("x-forwarded-method", "CONNECT"),
            ("x-forwarded-method", "TRACE"),
            ("x-forwarded-method", "GET, POST"),
            ("x-forwarded-method", ""),
            ("x-forwarded-method", "AVERYLONGMETHODTHATNOBODYHASREGISTERED"),
            ("x-forwarded-proto", "https, http"),
            ("x-forwarded-proto", "ftp"),
            ("x-forwarded-host", "a, b"),
            ("x-forwarded-host", "u@a"),
            ("x-forwarded-host", ""),
            ("x-forwarded-uri", "a"),
            ("x-forwarded-uri", "http://a/b"),
            ("x-forwarded-uri", "/a#b"),
            ("x-forwarded-uri", "/a b"),
            ("x-forwarded-uri", ""),
            ("x-forwarded-uri", "*"),
            ("x-forwarded-for", "unknown"),
            ("x-forwarded-for", ""),
        ] {
            let changed = NAMED.iter().map(|own| if own.0 == name { (name, value) } else { *own }).collect::<Vec<_>>();
            assert_eq!(read(Mode::Caddy, &changed).map_err(|unread| unread.header), Err(name), "{value}");
        }
    }

    proptest! {
        /// Never another target than the one that was named, and never a panic.
        #[test]
        fn the_target_is_what_was_named(value in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(read) = target(&value) {
                prop_assert_eq!(read.as_str().as_bytes(), &value[..]);
            }
        }

        #[test]
        fn a_target_of_likely_bytes_is_what_was_named(value in "/?[/?#%.;\\\\a-c \"{}é0-9]{0,20}") {
            match target(value.as_bytes()) {
                Ok(read) => prop_assert_eq!(read.as_str(), value),
                Err(_) => prop_assert!(!value.starts_with('/') || value.contains(['#', ' ', '"']), "{}", value),
            }
        }

        #[test]
        fn an_address_is_one_that_stands_there(value in "[0-9a-f:., \\[\\]]{0,30}") {
            if let Ok(address) = client(value.as_bytes(), &[]) {
                let last = value.rsplit(',').next().unwrap();
                prop_assert!(last.contains(&address.to_string()) || address.is_ipv6() || last.contains("ffff:"), "{}", value);
            }
        }
    }
}
