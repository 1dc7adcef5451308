//! From a client's headers to those that go upstream, and from an upstream's to those that go back.

use super::edit::{Edit, edit, join_cookies};
use super::host::port;
use super::names::FoldedNames;
use http::{HeaderMap, HeaderName, HeaderValue, header};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// What a verdict that lets a request through says about its headers.
#[derive(Debug, Clone, Copy)]
pub struct Forwarding<'a> {
    /// Edits, in order.
    pub request: &'a [Edit],
    /// `None`: the client's own Cookie lines; `Some(None)`: none; `Some(Some(line))`: this one.
    pub cookie: Option<Option<&'a HeaderValue>>,
    /// The answer must be whole, because it gets another status: nothing conditional, no range.
    pub whole: bool,
}

/// What the upstream is told about the client.
#[derive(Debug)]
pub struct Said {
    /// Did a proxy tell it that the operator named?
    pub trusted: bool,
    /// Its address.
    pub address: HeaderValue,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host that was judged.
    pub authority: HeaderValue,
    /// The upstream's own name, if it is to be asked by that.
    pub host: Option<HeaderValue>,
}

/// Turn a client's headers into those that go upstream.
///
/// First everything that may not travel is deleted, then ours is set: `Connection` can only name what the client sent.
pub fn request(headers: &mut HeaderMap, forwarding: &Forwarding<'_>, dropped: &FoldedNames, said: Said) {
    let trailers = wants_trailers(headers);
    strip(headers, dropped, said.trusted);
    headers.reserve(5);
    headers.insert(X_FORWARDED_FOR.clone(), said.address);
    headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static(said.scheme));
    headers.insert(X_FORWARDED_PORT.clone(), port(&said.authority, said.scheme));
    headers.insert(X_FORWARDED_HOST.clone(), said.authority.clone());
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if forwarding.whole {
        for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_RANGE, header::RANGE] {
            headers.remove(name);
        }
    }
    edit(headers, forwarding.request);
    match forwarding.cookie {
        None => join_cookies(headers),
        Some(None) => drop(headers.remove(header::COOKIE)),
        Some(Some(line)) => drop(headers.insert(header::COOKIE, line.clone())),
    }
    headers.insert(header::HOST, said.host.unwrap_or(said.authority));
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

/// The fields of all Connection lines.
pub fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::CONNECTION).iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

/// Is the upstream's head something that two readers could read in two ways?
pub fn is_ambiguous(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH)
}

/// Turn an upstream's headers into those that go to the client. `length`: what its body has, where known; `bodiless`: an
/// answer that tells a length without having it (to HEAD, or 304).
pub fn response(headers: &mut HeaderMap, edits: &[Edit], length: Option<u64>, bodiless: bool) {
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
        // Whoever writes the message writes the true one.
        headers.remove(header::CONTENT_LENGTH);
    }
    edit(headers, edits);
}

/// The one length that headers declare.
fn declared(headers: &HeaderMap) -> Option<u64> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    first.to_str().ok()?.parse().ok()
}
