//! From a verdict to what a door does with a request.

use super::received::{Received, Refusal};
use super::{Failure, Setup};
use crate::verdict::{Action, Forward, Header, HeaderEdit, Verdict};
use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_wire::{Edit, Forwarding, Said};
use serde_json::json;

/// What happens to a request.
#[derive(Debug)]
pub enum Outcome {
    /// It goes upstream.
    Pass(Passing),
    /// The gate answers.
    Reply(Reply),
}

/// A request on its way upstream. Made only from a pass or rewrite verdict.
#[derive(Debug)]
pub struct Passing {
    method: String,
    https: bool,
    upstream: usize,
    target: String,
    headers: HeaderMap,
    response: Vec<Edit>,
    status: Option<u16>,
}

impl Passing {
    /// Number into [`Setup::upstreams`].
    pub fn upstream(&self) -> usize {
        self.upstream
    }

    /// The method, as sent.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Did the client come by TLS?
    pub fn https(&self) -> bool {
        self.https
    }

    /// Path and query to send: what was judged.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// All headers to send, `host` among them.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Status and headers of the upstream's response into the client's. `bodiless`: it tells a length and has no body.
    pub fn answer(&self, status: u16, headers: &mut HeaderMap, bodiless: bool) -> u16 {
        // The runtime checks the length that is declared against the bytes that come.
        let length = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        portcullis_wire::response(headers, &self.response, length, bodiless);
        self.status.unwrap_or(status)
    }
}

/// An answer of the gate's own.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Plain text that nobody keeps.
    pub fn fixed(status: u16, why: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self { status, headers, body: format!("{status} {why}\n").into_bytes() }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::fixed(refusal.status, refusal.why)
    }
}

impl Outcome {
    /// Carry a verdict out. Whatever of it cannot be sent is a failure: nothing is repaired.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn new(verdict: Action, received: Received, said: Said, setup: &Setup) -> Result<Self, Failure> {
        match verdict {
            Action::Pass(forward) | Action::Rewrite(forward) => pass(forward, received, said, setup).map(Self::Pass),
            Action::Redirect(reply) | Action::Respond(reply) => {
                let mut headers = HeaderMap::with_capacity(reply.headers.len());
                for header in reply.headers {
                    let (name, value) = line(header)?;
                    headers.append(name, value);
                }
                Ok(Self::Reply(Reply { status: reply.status, headers, body: reply.body }))
            }
        }
    }
}

fn pass(forward: Forward, received: Received, mut said: Said, setup: &Setup) -> Result<Passing, Failure> {
    let Forward { target, upstream, request, cookie, response, status } = forward;
    let upstream = usize::from(upstream);
    let origin = setup.upstreams.get(upstream).ok_or_else(|| Failure(format!("upstream {upstream} does not exist")))?;
    said.host = origin.as_ref().and_then(|origin| origin.host.clone());
    let cookie = match cookie {
        None => None,
        Some(line) if line.is_empty() => Some(None),
        Some(line) => Some(Some(HeaderValue::try_from(line).map_err(|_| Failure("a bad Cookie line".to_owned()))?)),
    };
    let request = request.into_iter().map(edit).collect::<Result<Vec<_>, _>>()?;
    let response = response.into_iter().map(edit).collect::<Result<Vec<_>, _>>()?;
    let mut headers = received.headers;
    let cookie = cookie.as_ref().map(Option::as_ref);
    let forwarding = Forwarding { request: &request, cookie, whole: status.is_some() };
    // The body travels with the length that was declared, as the runtime checks it; every other spelling of it is gone.
    let length = headers.get(http::header::CONTENT_LENGTH).cloned();
    let https = said.scheme == "https";
    portcullis_wire::request(&mut headers, &forwarding, &setup.dropped, said);
    if let Some(length) = length {
        headers.insert(http::header::CONTENT_LENGTH, length);
    }
    Ok(Passing { method: received.method, https, upstream, target, headers, response, status })
}

fn edit(edit: HeaderEdit) -> Result<Edit, Failure> {
    Ok(match edit {
        HeaderEdit::Set(header) => {
            let (name, value) = line(header)?;
            Edit::Set(name, value)
        }
        HeaderEdit::Append(header) => {
            let (name, value) = line(header)?;
            Edit::Append(name, value)
        }
        HeaderEdit::Remove(name) => Edit::Remove(self::name(&name)?),
    })
}

fn line(header: Header) -> Result<(HeaderName, HeaderValue), Failure> {
    let (name, value) = header.into_parts();
    let value = HeaderValue::try_from(value).map_err(|_| Failure(format!("a bad value of `{name}`")))?;
    Ok((self::name(&name)?, value))
}

fn name(name: &str) -> Result<HeaderName, Failure> {
    match HeaderName::try_from(name) {
        Ok(name) if portcullis_wire::is_hosts_own(&name) => Err(Failure(format!("an edit of `{name}`"))),
        Ok(name) => Ok(name),
        Err(_) => Err(Failure("a header name that is no token".to_owned())),
    }
}

/// One line of the log: what the host's access log says of a decision, never a token and never a query.
#[derive(Debug)]
pub struct Line {
    method: String,
    path: String,
    decided: Option<(String, &'static str, String, Option<String>)>,
}

impl Line {
    /// Begun before the request is judged.
    pub fn new(method: &str, target: &str) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        Self { method: method.to_owned(), path: path.to_owned(), decided: None }
    }

    /// What was decided.
    pub fn decided(&mut self, verdict: &Verdict, setup: &Setup) {
        let rule = usize::try_from(verdict.rule).ok().and_then(|rule| setup.rules.get(rule)).cloned();
        let kind = verdict.kind.name();
        self.decided = Some((rule.unwrap_or_default(), kind, verdict.reason.clone(), verdict.subject.clone()));
    }

    /// As one JSON object.
    pub fn json(&self, status: u16, error: Option<&str>) -> String {
        let mut line = json!({ "method": self.method, "path": self.path, "status": status });
        if let (Some((rule, kind, reason, subject)), Some(object)) = (&self.decided, line.as_object_mut()) {
            object.insert("rule".to_owned(), json!(rule));
            object.insert("kind".to_owned(), json!(kind));
            object.insert("reason".to_owned(), json!(reason));
            object.extend(subject.iter().map(|subject| ("subject".to_owned(), json!(subject))));
        }
        if let (Some(error), Some(object)) = (error, line.as_object_mut()) {
            object.insert("error".to_owned(), json!(error));
        }
        line.to_string()
    }
}
