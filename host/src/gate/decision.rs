//! A guest's verdict after the host has checked it. Only this room can make a [`Permit`].

use crate::contract::RequestKind;
use http::{HeaderName, HeaderValue, StatusCode, uri::PathAndQuery};
use portcullis_wire::Edit;

/// A checked verdict with what the log wants to know.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What happens.
    pub outcome: Outcome,
    /// Number of the rule; its name is `Loaded::rules[rule]` (checked to exist).
    pub rule: u32,
    /// Request kind.
    pub kind: RequestKind,
    /// A short word; at most 200 bytes, no control characters.
    pub reason: String,
    /// Subject of the session that decided.
    pub subject: Option<String>,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It goes upstream.
    Forward(Permit),
    /// The gate answers.
    Reply(Reply),
}

/// Leave to send a request upstream, and how. Made only from a pass or rewrite verdict that stood every check.
#[derive(Debug, Clone)]
pub struct Permit {
    pub(super) target: PathAndQuery,
    pub(super) rewritten: bool,
    pub(super) upstream: usize,
    pub(super) request: Vec<Edit>,
    pub(super) cookie: Option<Option<HeaderValue>>,
    pub(super) response: Vec<Edit>,
    pub(super) status: Option<StatusCode>,
}

impl Permit {
    /// Path and query to send.
    pub fn target(&self) -> &PathAndQuery {
        &self.target
    }

    /// Does the target differ from what was asked for because a rule rewrites it?
    pub fn rewritten(&self) -> bool {
        self.rewritten
    }

    /// Number into `ProxySettings::upstreams` (checked to exist).
    pub fn upstream(&self) -> usize {
        self.upstream
    }

    /// Request edits, in order.
    pub fn request(&self) -> &[Edit] {
        &self.request
    }

    /// `None`: the client's own Cookie lines; `Some(None)`: none; `Some(Some(line))`: this one.
    pub fn cookie(&self) -> Option<Option<&HeaderValue>> {
        self.cookie.as_ref().map(Option::as_ref)
    }

    /// Response edits, in order.
    pub fn response(&self) -> &[Edit] {
        &self.response
    }

    /// Status to give the response instead of the upstream's.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

/// A checked answer of the gate's own.
#[derive(Debug, Clone)]
pub struct Reply {
    /// 200 to 599.
    pub status: StatusCode,
    /// Headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Body.
    pub body: bytes::Bytes,
}

#[cfg(test)]
impl Permit {
    /// A permit that no guest gave, for tests of the rooms that need one.
    pub(crate) fn for_test(target: &str, upstream: usize) -> Self {
        let target = target.parse().unwrap();
        Self { target, rewritten: false, upstream, request: vec![], cookie: None, response: vec![], status: None }
    }

    pub(crate) fn rewritten_for_test(self) -> Self {
        Self { rewritten: true, ..self }
    }

    pub(crate) fn add_for_test(&mut self, edit: Edit) {
        self.request.push(edit);
    }

    pub(crate) fn with_cookie_for_test(self, line: Option<HeaderValue>) -> Self {
        Self { cookie: Some(line), ..self }
    }

    pub(crate) fn with_response_for_test(self, response: Vec<Edit>, status: Option<StatusCode>) -> Self {
        Self { response, status, ..self }
    }
}
