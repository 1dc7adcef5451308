//! From a received request to one the gate may judge: exactly one host, one target, no framing that two readers
//! could read in two ways. Refusals are values; each is answered and most close the connection.

use super::settings::{MAX_HEADERS, MAX_METHOD};
use super::wire::Fragments;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use portcullis_wire::{connection_options, is_host};
use std::borrow::Cow;

/// A request that is not judged at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// 400, 405 or 431.
    pub(crate) status: StatusCode,
    /// Why, for the log and the body; constant text.
    pub(crate) why: &'static str,
}

/// What the checks found.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The one host, as sent: host or host:port.
    pub(crate) authority: HeaderValue,
    /// Does it ask for a WebSocket?
    pub(crate) websocket: bool,
}

/// Check the head of one request. `hidden` knows of fragments that hyper cut off.
pub(super) fn check(head: &Parts, hidden: &Fragments) -> Result<Checked, Refusal> {
    method(&head.method)?;
    target(head, hidden)?;
    framing(head)?;
    if head.headers.len() > MAX_HEADERS {
        return Err(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too many header lines"));
    }
    Ok(Checked { authority: authority(head)?, websocket: is_websocket(head) })
}

const fn refuse(status: StatusCode, why: &'static str) -> Refusal {
    Refusal { status, why }
}

pub(crate) const fn bad(why: &'static str) -> Refusal {
    refuse(StatusCode::BAD_REQUEST, why)
}

/// hyper lets only token characters through; which of them is the policy's affair. CONNECT asks for a tunnel to
/// anywhere and TRACE for an echo of headers that we may have set (RFC 9110 section 9.3.8): neither has a place here.
pub(crate) fn method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD | Method::POST => Ok(()),
        Method::CONNECT | Method::TRACE => Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")),
        _ if method.as_str().len() > MAX_METHOD => Err(bad("method too long")),
        _ => Ok(()),
    }
}

/// The path and query that a request asks for. `http://host?query` has an empty path, which counts as `/` (RFC 9112
/// section 3.2.1); the `http` crate leaves the slash out.
pub(crate) fn asked(head: &Parts) -> Cow<'_, str> {
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    if head.uri.scheme().is_some() && path.starts_with('?') { format!("/{path}").into() } else { path.into() }
}

/// Origin form, or absolute form that comes to the same. hyper has refused controls, spaces and invalid UTF-8;
/// backslashes, quotes, braces and valid raw UTF-8 pass it and are for the gate to refuse.
fn target(head: &Parts, hidden: &Fragments) -> Result<(), Refusal> {
    let path = asked(head);
    if !path.starts_with('/') {
        return Err(bad("request target is no path"));
    }
    if !matches!(head.uri.scheme_str(), None | Some("http" | "https")) {
        return Err(bad("request target has a foreign scheme"));
    }
    if hidden.cut(&path, head.uri.scheme().is_some()) {
        return Err(bad("request target has a fragment"));
    }
    Ok(())
}

/// One coding, named once (RFC 9112 section 6.1); whatever else is a way to make two readers disagree.
fn framing(head: &Parts) -> Result<(), Refusal> {
    let mut codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(bad("transfer-encoding is not chunked alone"));
    }
    if head.headers.contains_key(header::CONTENT_LENGTH) || head.version == Version::HTTP_10 {
        return Err(bad("transfer-encoding where there may be none"));
    }
    Ok(())
}

/// Exactly one Host (RFC 9112 section 3.2), and nothing else that says otherwise.
fn authority(head: &Parts) -> Result<HeaderValue, Refusal> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(bad("more than one host"));
    }
    let asked = head.uri.authority();
    let is_h2 = head.version == Version::HTTP_2;
    match (host, asked) {
        (Some(host), None) if is_host(host.as_bytes()) => Ok(host.clone()),
        (Some(host), Some(asked)) if is_host(host.as_bytes()) => {
            if !host.as_bytes().eq_ignore_ascii_case(asked.as_str().as_bytes()) {
                return Err(bad("host differs from the request target"));
            }
            Ok(host.clone())
        }
        (None, Some(asked)) if is_h2 && is_host(asked.as_str().as_bytes()) => {
            HeaderValue::from_str(asked.as_str()).map_err(|_| bad("host is malformed"))
        }
        (None, _) => Err(bad("no host")),
        _ => Err(bad("host is malformed")),
    }
}

/// A host that a trusted proxy tells, under the rules of any other.
pub(super) fn forwarded_authority(host: &[u8]) -> Result<HeaderValue, Refusal> {
    host_value(host).ok_or(bad("x-forwarded-host is malformed"))
}

/// The host that somebody else names, if it is one.
pub(crate) fn host_value(host: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(host).ok().filter(|_| is_host(host))
}

/// RFC 6455 section 4.1. HTTP/2 has another way (RFC 8441), which is not offered.
fn is_websocket(head: &Parts) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && asks_upgrade(&head.headers)
        && upgrades_to_websocket(&head.headers)
}

/// Is `Upgrade` exactly `websocket`?
pub(super) fn upgrades_to_websocket(headers: &HeaderMap) -> bool {
    let mut wanted = headers.get_all(header::UPGRADE).iter();
    let first = wanted.next();
    first.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket")) && wanted.next().is_none()
}

fn asks_upgrade(headers: &HeaderMap) -> bool {
    connection_options(headers).any(|option| option.eq_ignore_ascii_case(b"upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(build: http::request::Builder) -> Parts {
        build.body(()).unwrap().into_parts().0
    }

    fn refused(build: http::request::Builder) -> Option<&'static str> {
        check(&parts(build), &Fragments::default()).err().map(|refusal| refusal.why)
    }

    #[test]
    fn one_host_that_agrees_with_the_target() {
        assert_eq!(refused(Request::get("/").header("host", "a")), None);
        assert_eq!(refused(Request::get("/")), Some("no host"));
        assert_eq!(refused(Request::get("/").header("host", "a").header("host", "a")), Some("more than one host"));
        assert_eq!(refused(Request::get("http://A:80/").header("host", "a:80")), None);
        assert_eq!(
            refused(Request::get("http://b/").header("host", "a")),
            Some("host differs from the request target")
        );
        assert_eq!(refused(Request::get("ftp://a/").header("host", "a")), Some("request target has a foreign scheme"));
        assert_eq!(refused(Request::get("http://a/")), Some("no host"));
        assert_eq!(refused(Request::get("http://a/").version(Version::HTTP_2)), None);
    }

    #[test]
    fn methods_and_targets() {
        assert_eq!(refused(Request::trace("/").header("host", "a")), Some("method not allowed"));
        assert_eq!(refused(Request::connect("a:443").header("host", "a")), Some("method not allowed"));
        assert_eq!(refused(Request::options("*").header("host", "a")), Some("request target is no path"));
        let short = Request::get("http://a?b=c").header("host", "a");
        assert_eq!(asked(&parts(short)), "/?b=c");
        assert_eq!(refused(Request::builder().method("gEt").uri("/").header("host", "a")), None);
        let long = "M".repeat(MAX_METHOD + 1);
        assert_eq!(refused(Request::builder().method(&*long).uri("/").header("host", "a")), Some("method too long"));
    }

    #[test]
    fn chunked_alone() {
        let with = |value: &str| refused(Request::post("/").header("host", "a").header("transfer-encoding", value));
        assert_eq!(with("Chunked"), None);
        for value in ["gzip, chunked", "identity", ",chunked", "chunked, chunked", "xchunked"] {
            assert_eq!(with(value), Some("transfer-encoding is not chunked alone"), "{value}");
        }
        let old =
            Request::post("/").version(Version::HTTP_10).header("host", "a").header("transfer-encoding", "chunked");
        assert!(refused(old).is_some());
    }

    #[test]
    fn a_websocket_is_asked_for_in_one_way() {
        let ask = |connection: &str, upgrade: &str| {
            let head =
                Request::get("/").header("host", "a").header("connection", connection).header("upgrade", upgrade);
            is_websocket(&parts(head))
        };
        assert!(ask("keep-alive, Upgrade", "WebSocket"));
        assert!(!ask("close", "websocket"));
        assert!(!ask("upgrade", "h2c"));
        assert!(!ask("upgrade", "websocket, h2c"));
    }
}
