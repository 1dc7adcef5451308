//! Verdicts in HTTP: 2xx lets the request pass, and its headers say how; anything else goes to the visitor.

use super::Cannot;
use super::mode::{Mode, Removal};
use super::orders::Orders;
use crate::gate::{Edit, Permit, Reply};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

static STATUS: HeaderName = HeaderName::from_static("x-portcullis-status");
static TARGET: HeaderName = HeaderName::from_static("x-portcullis-target");
pub(super) static UPSTREAM: HeaderName = HeaderName::from_static("x-portcullis-upstream");
static REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");
/// Followed by a number from 1.
const COOKIE: &str = "x-portcullis-set-cookie-";
/// So many are there in any case for a proxy that must find every header. Auth.js seldom needs more chunks.
const COOKIES: usize = 4;

/// The request passes, in this way.
pub(super) fn allow(mode: Mode, permit: &Permit, orders: &Orders) -> Result<Reply, Cannot> {
    if permit.rewritten() {
        return Err(Cannot::told("a rewrite needs a proxy that can be told another path"));
    }
    if mode.removal() != Removal::List {
        orders.nothing_foreign()?;
    }
    let mut headers = HeaderMap::new();
    let mut removed = orders.foreign.clone();
    for (name, values) in &orders.request {
        match values.as_slice() {
            [] => removed.push(name.clone()),
            [value] => drop(headers.insert(name, value.clone())),
            _ => return Err(Cannot::told("a request header of two lines")),
        }
    }
    match &orders.cookie {
        // Envoy keeps what it is not told about; the others name the header for every request.
        (_, true) if mode.removal() == Removal::List => {}
        (Some(line), _) => drop(headers.insert(header::COOKIE, line.clone())),
        (None, _) => removed.push(header::COOKIE),
    }
    for edit in &orders.response {
        let (Edit::Set(name, _) | Edit::Append(name, _) | Edit::Remove(name)) = edit;
        if orders.request.iter().any(|(known, _)| known == name) || name == header::COOKIE {
            return Err(Cannot::told("one header is set for the app and for the visitor"));
        }
        match edit {
            Edit::Set(name, value) => drop(headers.insert(name, value.clone())),
            Edit::Append(name, value) => drop(headers.append(name, value.clone())),
            Edit::Remove(_) => return Err(Cannot::told("forward auth cannot remove a header of the response")),
        }
    }
    match mode.removal() {
        Removal::Empty => {
            for name in removed {
                headers.insert(name, HeaderValue::from_static(""));
            }
        }
        Removal::EveryEmpty => {
            let cookies = (1..=COOKIES).filter_map(|number| HeaderName::try_from(format!("{COOKIE}{number}")).ok());
            let own = [UPSTREAM.clone(), header::CACHE_CONTROL, header::VARY];
            for name in removed.into_iter().chain(orders.stripped.iter().cloned()).chain(own).chain(cookies) {
                headers.entry(name).or_insert(HeaderValue::from_static(""));
            }
        }
        Removal::Silence => {}
        Removal::List => {
            let list = removed.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(",");
            if let (false, Ok(list)) = (list.is_empty(), HeaderValue::from_str(&list)) {
                headers.insert(&REMOVE, list);
            }
        }
    }
    if mode.takes_target() {
        headers.insert(&TARGET, value(orders.target.as_str())?);
    } else if orders.moved {
        let why = "the path is not in its canonical form, and the proxy cannot be told another one";
        return Err(Cannot { status: StatusCode::BAD_REQUEST, why, about: None });
    }
    if let Some(upstream) = &orders.upstream {
        headers.insert(&UPSTREAM, value(upstream)?);
    }
    let mut lines = lines(headers);
    count_cookies(mode, &mut lines);
    Ok(Reply { status: StatusCode::OK, headers: lines, body: Bytes::new() })
}

/// The request does not pass; this is for the visitor.
pub(super) fn refuse(mode: Mode, reply: Reply) -> Result<Reply, Cannot> {
    if reply.status.is_success() {
        // It would let the request pass.
        return Err(Cannot::told("forward auth cannot give an answer that says all is well"));
    }
    if !mode.is_narrow() {
        return Ok(reply);
    }
    let status = if reply.status == StatusCode::FORBIDDEN { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    let mut headers = reply.headers;
    headers.retain(|(name, _)| !name.as_str().starts_with("content-"));
    headers.push((STATUS.clone(), value(reply.status.as_str())?));
    count_cookies(mode, &mut headers);
    Ok(Reply { status, headers, body: Bytes::new() })
}

fn value(text: &str) -> Result<HeaderValue, Cannot> {
    HeaderValue::from_str(text).map_err(|_| Cannot::told("a value that no header can hold"))
}

fn lines(headers: HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let mut name = None;
    let lines = headers.into_iter().filter_map(|(next, value)| {
        name = next.or(name.take());
        Some((name.clone()?, value))
    });
    lines.collect()
}

/// The same cookies once more, each under a name of its own.
fn count_cookies(mode: Mode, headers: &mut Vec<(HeaderName, HeaderValue)>) {
    if !mode.counts_cookies() {
        return;
    }
    let cookies = headers.iter().filter(|(name, _)| name == header::SET_COOKIE).map(|(_, value)| value.clone());
    for (number, cookie) in (1..).zip(cookies.collect::<Vec<_>>()) {
        if let Ok(name) = HeaderName::try_from(format!("{COOKIE}{number}")) {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, cookie));
        }
    }
}
