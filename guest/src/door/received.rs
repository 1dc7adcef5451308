//! From what a runtime hands over to a head that may be judged. Refusals are values.

use crate::request::Head;
use http::{HeaderMap, HeaderValue};
use portcullis_wire::{Said, connection_options, is_host};
use std::net::IpAddr;

/// Header lines of a request, as in the host.
const MAX_LINES: usize = 100;
/// Bytes of a method, as in the host.
const MAX_METHOD: usize = 32;

/// A request as a runtime hands it over.
#[derive(Debug)]
pub struct Received {
    /// As sent.
    pub method: String,
    /// `http` or `https`, if the runtime says so.
    pub scheme: Option<String>,
    /// The authority, if the runtime keeps it apart from the headers.
    pub authority: Option<String>,
    /// Path and query, as sent.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
}

/// A request that is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Why; constant text.
    pub why: &'static str,
}

const fn bad(why: &'static str) -> Refusal {
    Refusal { status: 400, why }
}

impl Received {
    /// The head that the policy judges, and what the upstream is told about the client. `wanted`: the headers that the
    /// policy reads. `site`: the host, where the runtime does not tell one. `forwarded`: all that reaches this runtime came through a proxy of the operator's, so
    /// `X-Forwarded-*` is what that proxy says; a runtime does not tell who its peer is.
    ///
    /// # Errors
    /// [`Refusal`]: what our own proxy refuses, too, before it asks a policy.
    pub fn check(
        &self,
        wanted: &[String],
        site: Option<&str>,
        forwarded: bool,
        now: i64,
    ) -> Result<(Head, Said), Refusal> {
        if self.method.eq_ignore_ascii_case("connect") || self.method.eq_ignore_ascii_case("trace") {
            return Err(Refusal { status: 405, why: "method not allowed" });
        }
        if self.method.len() > MAX_METHOD {
            return Err(bad("method too long"));
        }
        if !self.target.starts_with('/') {
            return Err(bad("request target is no path"));
        }
        if self.target.contains('#') {
            return Err(bad("request target has a fragment"));
        }
        if self.headers.len() > MAX_LINES {
            return Err(Refusal { status: 431, why: "too many header lines" });
        }
        if self.asks_upgrade() {
            return Err(Refusal { status: 501, why: "this runtime cannot carry a websocket" });
        }
        let (mut scheme, mut client) = (self.scheme(), None);
        let mut authority = self.authority(site)?;
        if forwarded {
            if last(&self.headers, "x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https")) {
                scheme = "https";
            }
            if let Some(host) = last(&self.headers, "x-forwarded-host") {
                authority = host.to_owned();
            }
            client = last(&self.headers, "x-forwarded-for").and_then(|field| field.parse::<IpAddr>().ok());
        }
        let host = HeaderValue::try_from(&authority).ok().filter(|_| is_host(authority.as_bytes()));
        let host = host.ok_or(bad("host is malformed"))?;
        let client = client.map(|address| address.to_canonical().to_string());
        // RFC 7239 section 6.3 has this word for an address that is not known.
        let address = client.clone().and_then(|text| HeaderValue::try_from(text).ok());
        let address = address.unwrap_or(HeaderValue::from_static("unknown"));
        let head = Head {
            method: self.method.clone(),
            scheme: scheme.to_owned(),
            authority,
            target: self.target.clone().into_bytes(),
            headers: self.wanted(wanted),
            client: client.unwrap_or_default(),
            now,
        };
        Ok((head, Said { trusted: forwarded, address, scheme, authority: host, host: None }))
    }

    /// The length that the client declared.
    pub fn declared(&self) -> Option<u64> {
        self.headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    fn scheme(&self) -> &'static str {
        match &self.scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => "http",
        }
    }

    /// The one host. A runtime keeps it apart, or leaves it in its header, or tells none at all.
    fn authority(&self, site: Option<&str>) -> Result<String, Refusal> {
        let mut hosts = self.headers.get_all(http::header::HOST).iter();
        let host = hosts.next().map(|host| host.to_str().map_err(|_| bad("host is malformed"))).transpose()?;
        if hosts.next().is_some() {
            return Err(bad("more than one host"));
        }
        match (self.authority.as_deref(), host) {
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
                Err(bad("host differs from the request target"))
            }
            (Some(authority), _) => Ok(authority.to_owned()),
            (None, Some(host)) => Ok(host.to_owned()),
            (None, None) => site.map(str::to_owned).ok_or(bad("no host")),
        }
    }

    fn wanted(&self, wanted: &[String]) -> Vec<(String, Vec<u8>)> {
        let lines = |name: &String| {
            let values = self.headers.get_all(name.as_str()).iter();
            values.map(|value| (name.clone(), value.as_bytes().to_vec())).collect::<Vec<_>>()
        };
        wanted.iter().flat_map(lines).collect()
    }

    /// A tunnel would be opened on our word and carry what nobody judged; no `wasi:http` has one.
    fn asks_upgrade(&self) -> bool {
        let websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
        connection_options(&self.headers).any(|option| option.eq_ignore_ascii_case(b"upgrade"))
            && self.headers.get_all(http::header::UPGRADE).iter().any(websocket)
    }
}

/// The field that the nearest proxy wrote: the last of the last line.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let field = line.rsplit(',').next()?.trim_ascii();
    (!field.is_empty()).then_some(field)
}
