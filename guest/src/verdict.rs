//! The end of a decision. Edits are checked when they are made; only a pass or a rewrite holds a [`Forward`].

use crate::request::Kind;

/// A header name and value that are fit to be sent.
///
/// The name is a lower-case token (RFC 9110 section 5.1); the value has no control but HTAB, starts and ends
/// with a visible byte (section 5.5) and is at most 8 KiB: what common servers take in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: Vec<u8>,
}

/// Why a header cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHeader {
    /// Not a token.
    Name,
    /// Holds a control character, starts or ends with white space, or is too long.
    Value,
}

/// Most bytes of one header value that an edit may carry.
pub const MAX_VALUE: usize = 8 * 1024;

impl Header {
    /// Check and keep.
    ///
    /// # Errors
    /// [`BadHeader`] says which half is bad.
    pub fn new(name: &str, value: impl Into<Vec<u8>>) -> Result<Self, BadHeader> {
        let name = name.to_ascii_lowercase();
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(BadHeader::Name);
        }
        let value = value.into();
        let edge = |byte: Option<&u8>| byte.is_some_and(|b| matches!(b, b' ' | b'\t'));
        let bad = value.len() > MAX_VALUE
            || edge(value.first())
            || edge(value.last())
            || value.iter().any(|&b| (b < 0x20 && b != b'\t') || b == 0x7f);
        if bad { Err(BadHeader::Value) } else { Ok(Self { name, value }) }
    }

    /// A header known to be good when it was written; checked all the same, and left out if it is not.
    pub(crate) fn fixed(name: &'static str, value: &str) -> Option<Self> {
        Self::new(name, value).ok()
    }

    /// Lower-case name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Value bytes.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Both halves.
    pub fn into_parts(self) -> (String, Vec<u8>) {
        (self.name, self.value)
    }
}

/// One change to a list of headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// Replace all lines of that name.
    Set(Header),
    /// Add a line; `vary` is merged.
    Append(Header),
    /// Remove all lines of that name (lower case).
    Remove(String),
}

/// What goes upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forward {
    /// Path and query to send.
    pub target: String,
    /// Number into the policy's upstreams.
    pub upstream: u16,
    /// Edits of the request.
    pub request: Vec<HeaderEdit>,
    /// The Cookie line to send; empty: none; `None`: the client's own.
    pub cookie: Option<Vec<u8>>,
    /// Edits of the upstream's response.
    pub response: Vec<HeaderEdit>,
    /// Status to give the response instead of the upstream's.
    pub status: Option<u16>,
}

/// An answer made by the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub status: u16,
    /// Headers.
    pub headers: Vec<Header>,
    /// Body.
    pub body: Vec<u8>,
}

/// What happens to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Goes upstream as judged.
    Pass(Forward),
    /// Goes upstream under another path.
    Rewrite(Forward),
    /// Answered with a `location`.
    Redirect(Reply),
    /// Answered with anything else.
    Respond(Reply),
}

/// The end of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What happens.
    pub action: Action,
    /// Number into `policy.rules`.
    pub rule: u32,
    /// What kind of client step it was.
    pub kind: Kind,
    /// A short word for logs; never a token.
    pub reason: String,
    /// Subject of the verified session, when one decided.
    pub subject: Option<String>,
}

/// A step: done, or questions first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Done.
    Verdict(Verdict),
    /// Answer these, then decide again.
    Questions(Vec<crate::question::Asked>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_cannot_split_a_message() {
        for bad in ["a\r\nb", "a\nb", "a\0b", "\u{7f}", " a", "a\t"] {
            assert_eq!(Header::new("x-a", bad).unwrap_err(), BadHeader::Value, "{bad:?}");
        }
        assert_eq!(Header::new("x a", "b").unwrap_err(), BadHeader::Name);
        assert_eq!(Header::new("X-A", "b\tc").unwrap().name(), "x-a");
    }
}
