//! From a permit to the request that goes upstream, and from the upstream's response to the one that goes back.

use super::inbound::connection_options;
use super::names::FoldedNames;
use crate::gate::{Edit, Permit};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version, header};
use std::net::IpAddr;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Turn a client's head into the one that goes upstream. Only a permit can do that.
///
/// First everything that may not travel is deleted, then ours is set: `Connection` can only name what the client sent.
pub(super) fn request(head: &mut Parts, permit: &Permit, dropped: &FoldedNames, from: Said, websocket: bool) {
    let headers = &mut head.headers;
    let trailers = wants_trailers(headers);
    strip(headers, dropped, from.trusted);
    headers.reserve(5);
    headers.insert(X_FORWARDED_FOR.clone(), from.address);
    headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static(from.scheme));
    headers.insert(X_FORWARDED_PORT.clone(), port(&from.authority, from.scheme));
    headers.insert(X_FORWARDED_HOST.clone(), from.authority.clone());
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if permit.status().is_some() {
        // The answer gets another status, so it must be whole.
        for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_RANGE, header::RANGE] {
            headers.remove(name);
        }
    }
    edit(headers, permit.request());
    match permit.cookie() {
        None => join_cookies(headers),
        Some(None) => drop(headers.remove(header::COOKIE)),
        Some(Some(line)) => drop(headers.insert(header::COOKIE, line.clone())),
    }
    if websocket {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    headers.insert(header::HOST, from.host.unwrap_or(from.authority));
    head.uri = Uri::from(permit.target().clone());
    head.version = Version::HTTP_11;
    head.extensions.clear();
}

/// What the upstream is told about the client.
#[derive(Debug)]
pub(super) struct Said {
    /// Did a proxy tell it that the operator named?
    pub(super) trusted: bool,
    /// Its address.
    pub(super) address: HeaderValue,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// The host that was judged.
    pub(super) authority: HeaderValue,
    /// The upstream's own name, if it is to be asked by that.
    pub(super) host: Option<HeaderValue>,
}

/// An address as a header value.
pub(super) fn address(ip: IpAddr) -> HeaderValue {
    // An address has only characters that a header value may have.
    HeaderValue::try_from(ip.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

fn strip(headers: &mut HeaderMap, dropped: &FoldedNames, trusted: bool) {
    let mut doomed: Vec<HeaderName> = Vec::new();
    for option in connection_options(headers) {
        if let Ok(name) = HeaderName::from_bytes(option)
            && headers.contains_key(&name)
        {
            doomed.push(name);
        }
    }
    headers.remove(header::CONNECTION);
    doomed.extend(headers.keys().filter(|name| dropped.contains(name.as_str(), trusted)).cloned());
    for name in &doomed {
        headers.remove(name);
    }
}

fn wants_trailers(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::TE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    fields.map(<[u8]>::trim_ascii).any(|field| field.eq_ignore_ascii_case(b"trailers"))
}

/// The port that the client reached: of the host, or the scheme's.
fn port(authority: &HeaderValue, scheme: &str) -> HeaderValue {
    let host = authority.as_bytes();
    let after_colon = match host.iter().rposition(|byte| matches!(byte, b':' | b']')) {
        Some(at) if host.get(at) == Some(&b':') => host.get(at + 1..),
        _ => None,
    };
    let default = HeaderValue::from_static(if scheme == "https" { "443" } else { "80" });
    after_colon.and_then(|port| HeaderValue::from_bytes(port).ok()).unwrap_or(default)
}

/// HTTP/2 clients may send a Cookie line for each pair; an HTTP/1 upstream gets one (RFC 9113 section 8.2.3).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::COOKIE);
    if lines.iter().nth(1).is_none() {
        return;
    }
    let joined = lines.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
    match HeaderValue::from_bytes(&joined) {
        Ok(line) => drop(headers.insert(header::COOKIE, line)),
        // Cannot be, joined from header values; without cookies the upstream sees a stranger.
        Err(_) => drop(headers.remove(header::COOKIE)),
    }
}

/// Apply checked edits, in order. Cookies that are added stand in front of those that are there: a browser keeps the last
/// one of a name, and what the app sets in this very answer is newer than a session that was rolled on before it was asked.
pub(crate) fn edit(headers: &mut HeaderMap, edits: &[Edit]) {
    let mut own: Vec<HeaderValue> = Vec::new();
    if edits.iter().any(|edit| matches!(edit, Edit::Append(name, _) if name == header::SET_COOKIE)) {
        own.extend(headers.get_all(header::SET_COOKIE).iter().cloned());
        headers.remove(header::SET_COOKIE);
    }
    for edit in edits {
        if matches!(edit, Edit::Set(name, _) | Edit::Remove(name) if name == header::SET_COOKIE) {
            own.clear();
        }
        match edit {
            Edit::Set(name, value) => drop(headers.insert(name, value.clone())),
            Edit::Append(name, value) if name == header::VARY => add_vary(headers, value),
            Edit::Append(name, value) => drop(headers.append(name, value.clone())),
            Edit::Remove(name) => drop(headers.remove(name)),
        }
    }
    for line in own {
        headers.append(header::SET_COOKIE, line);
    }
}

/// One Vary line, each name once; `*` stands for everything.
fn add_vary(headers: &mut HeaderMap, more: &HeaderValue) {
    let mut names: Vec<&[u8]> = Vec::new();
    for line in headers.get_all(header::VARY).iter().chain([more]) {
        for name in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
    }
    if let Ok(line) = HeaderValue::from_bytes(&names.join(&b", "[..])) {
        headers.insert(header::VARY, line);
    }
}

/// Is the upstream's head something that two readers could read in two ways?
pub(super) fn is_ambiguous(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH)
}

/// Turn an upstream's head into the one that goes to the client. `length`: what its body has, where known; `bodiless`:
/// an answer that tells a length without having it (to HEAD, or 304).
pub(super) fn response(head: &mut http::response::Parts, permit: &Permit, length: Option<u64>, bodiless: bool) {
    let headers = &mut head.headers;
    if headers.contains_key(header::CONNECTION) {
        let named = connection_options(headers).filter_map(|option| HeaderName::from_bytes(option).ok());
        for name in named.collect::<Vec<_>>() {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    headers.remove(&KEEP_ALIVE);
    headers.remove(&PROXY_CONNECTION);
    headers.remove(header::PROXY_AUTHENTICATE);
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::UPGRADE);
    if !bodiless && declared(headers) != length {
        // hyper writes the true one.
        headers.remove(header::CONTENT_LENGTH);
    }
    edit(headers, permit.response());
    if let Some(status) = permit.status() {
        head.status = status;
    }
    head.version = Version::HTTP_11;
    head.extensions.clear();
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    first.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, StatusCode};

    fn permit() -> Permit {
        Permit::for_test("/judged?q=1", 0)
    }

    fn said() -> Said {
        let authority = HeaderValue::from_static("app.example:8443");
        let address = HeaderValue::from_static("192.0.2.7");
        Said { trusted: false, address, scheme: "https", authority, host: None }
    }

    fn sent(list: &[(&str, &str)], permit: &Permit, stripped: &[&str]) -> Parts {
        let mut build = Request::get("/raw");
        for (name, value) in list {
            build = build.header(*name, *value);
        }
        let mut head = build.body(()).unwrap().into_parts().0;
        let stripped = stripped.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        request(&mut head, permit, &FoldedNames::of_requests(&stripped), said(), false);
        head
    }

    fn value<'a>(head: &'a Parts, name: &str) -> Vec<&'a str> {
        head.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn what_was_judged_is_sent() {
        let head = sent(&[("host", "other"), ("x-keep", "1")], &permit(), &[]);
        assert_eq!(head.uri, "/judged?q=1");
        assert_eq!(value(&head, "host"), ["app.example:8443"]);
        assert_eq!(value(&head, "x-keep"), ["1"]);
    }

    #[test]
    fn the_forwarded_family_is_rebuilt() {
        let head = sent(
            &[
                ("x-forwarded-for", "6.6.6.6"),
                ("x_forwarded_host", "evil"),
                ("forwarded", "for=6.6.6.6"),
                ("x-real-ip", "6"),
                ("x-forwarded-prefix", "/x"),
            ],
            &permit(),
            &[],
        );
        assert_eq!(value(&head, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(value(&head, "x-forwarded-host"), ["app.example:8443"]);
        assert_eq!(value(&head, "x-forwarded-proto"), ["https"]);
        assert_eq!(value(&head, "x-forwarded-port"), ["8443"]);
        for gone in ["x_forwarded_host", "forwarded", "x-real-ip", "x-forwarded-prefix"] {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn what_content_networks_say_is_dropped_unless_the_peer_is_trusted() {
        let build = || Request::get("/raw").header("CF_Connecting_IP", "6.6.6.6").header("x-original-host", "evil");
        for (trusted, left) in [(false, vec![]), (true, vec!["6.6.6.6"])] {
            let mut head = build().body(()).unwrap().into_parts().0;
            request(&mut head, &permit(), &FoldedNames::of_requests(&[]), Said { trusted, ..said() }, false);
            assert_eq!(value(&head, "cf_connecting_ip"), left);
            assert!(value(&head, "x-original-host").is_empty());
        }
    }

    #[test]
    fn connection_cannot_remove_what_the_gate_sets() {
        let mut permit = permit();
        permit.add_for_test(Edit::Set(HeaderName::from_static("x-user-id"), HeaderValue::from_static("guard")));
        let options = "close, X-User-Id, Host, X-Forwarded-For, X-Own, Cookie";
        let head = sent(
            &[("connection", options), ("x-user-id", "admin"), ("x_user.id", "root"), ("x-own", "1")],
            &permit,
            &["x-user-id"],
        );
        assert_eq!(value(&head, "x-user-id"), ["guard"]);
        assert_eq!(value(&head, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(value(&head, "host"), ["app.example:8443"]);
        for gone in ["connection", "x-own", "x_user.id"] {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn hop_by_hop_and_framing_stay_here() {
        let list = [
            ("te", "trailers, gzip"),
            ("keep-alive", "5"),
            ("proxy-authorization", "x"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("expect", "100-continue"),
            ("content_length", "9"),
            ("trailer", "x"),
            ("proxy-connection", "x"),
        ];
        let head = sent(&list, &permit(), &[]);
        assert_eq!(value(&head, "te"), ["trailers"]);
        for (gone, _) in list.iter().skip(1) {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn cookies() {
        let own = [("cookie", "a=1"), ("cookie", "b=2")];
        assert_eq!(value(&sent(&own, &permit(), &[]), "cookie"), ["a=1; b=2"]);
        let set = permit().with_cookie_for_test(Some(HeaderValue::from_static("b=2")));
        assert_eq!(value(&sent(&own, &set, &[]), "cookie"), ["b=2"]);
        let none = permit().with_cookie_for_test(None);
        assert!(value(&sent(&own, &none, &[]), "cookie").is_empty());
    }

    #[test]
    fn vary_is_merged_and_cookies_are_added() {
        let mut headers = HeaderMap::new();
        headers.append("vary", HeaderValue::from_static("Accept, cookie"));
        headers.append("vary", HeaderValue::from_static("RSC"));
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        let edits = [
            Edit::Append(header::VARY, HeaderValue::from_static("Cookie, Authorization")),
            Edit::Append(header::SET_COOKIE, HeaderValue::from_static("b=2")),
            Edit::Set(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        edit(&mut headers, &edits);
        assert_eq!(headers.get_all("vary").iter().collect::<Vec<_>>(), ["Accept, cookie, RSC, Authorization"]);
        // The app's own word is the last one.
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["b=2", "a=1"]);
        let remove = [edits[1].clone(), Edit::Remove(header::SET_COOKIE), edits[1].clone()];
        edit(&mut headers, &remove);
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["b=2"]);
    }

    #[test]
    fn a_permit_may_change_status_and_headers_of_the_response() {
        let edits = vec![Edit::Set(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
        let permit = permit().with_response_for_test(edits, Some(StatusCode::FORBIDDEN));
        // A page that is to become a 403 must come whole, not as 304 or 206.
        let head = sent(&[("if-none-match", "x"), ("range", "bytes=0-1"), ("accept", "a")], &permit, &[]);
        assert!(!head.headers.contains_key("if-none-match") && !head.headers.contains_key("range"));
        assert!(head.headers.contains_key("accept"));
        let build = http::Response::builder().header("cache-control", "public, max-age=60").header("server", "app");
        let mut head = build.body(()).unwrap().into_parts().0;
        response(&mut head, &permit, None, false);
        assert_eq!(head.status, StatusCode::FORBIDDEN);
        assert_eq!(head.headers["cache-control"], "private, no-store");
        assert_eq!(head.headers["server"], "app");
    }

    #[test]
    fn a_response_keeps_only_a_true_length() {
        let with = |length: Option<u64>, bodiless: bool| {
            let build =
                http::Response::builder().status(200).header("content-length", "5").header("connection", "x-hop");
            let mut head = build.header("x-hop", "1").header("keep-alive", "1").body(()).unwrap().into_parts().0;
            response(&mut head, &permit(), length, bodiless);
            assert_eq!(head.status, StatusCode::OK);
            assert!(!head.headers.contains_key("x-hop") && !head.headers.contains_key("keep-alive"));
            head.headers.contains_key("content-length")
        };
        assert!(with(Some(5), false) && with(Some(0), true));
        assert!(!with(None, false) && !with(Some(4), false));
    }

    #[test]
    fn ports() {
        let port =
            |host: &'static str, scheme| port(&HeaderValue::from_static(host), scheme).to_str().unwrap().to_owned();
        assert_eq!(port("a:81", "http"), "81");
        assert_eq!(port("a", "https"), "443");
        assert_eq!(port("[::1]", "http"), "80");
        assert_eq!(port("[::1]:9", "http"), "9");
    }
}
