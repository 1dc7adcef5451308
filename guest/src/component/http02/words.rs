//! Words of WASI 0.2 into those of the `http` crate, and back.

use super::super::fields::lines;
use http::HeaderMap;
use wasip2::http::types::{Fields, Method, Scheme};

/// Any method by name. The runtime has checked that it is a token.
pub(super) fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
    .to_owned()
}

/// The same the other way. A runtime may not know that `other("GET")` is `get`.
pub(super) fn to_method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

pub(super) fn scheme(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Http => "http".to_owned(),
        Scheme::Https => "https".to_owned(),
        Scheme::Other(name) => name.clone(),
    }
}

/// Fields with all these lines. `Host` may be the runtime's own to write (wasmtime writes the upstream's), so it is left out
/// where it is refused; any other refusal is one of all: a header that did not travel could be an identity.
pub(super) fn write(headers: &HeaderMap) -> Option<Fields> {
    let (lines, host) = lines(headers);
    let fields = Fields::from_list(&lines).ok()?;
    if let Some(host) = host {
        let _ = fields.append("host", host);
    }
    Some(fields)
}
