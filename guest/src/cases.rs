//! `[tests]`: the case grammar and its runner.

use crate::diagnostic::Span;
use crate::request::Kind;

/// One case: `WHO METHOD TARGET [kind] => ANSWER by RULE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Who asks.
    pub who: Persona,
    /// Method.
    pub method: String,
    /// Host, when the target was written `//host/path`.
    pub host: Option<String>,
    /// Path and query.
    pub target: String,
    /// Request kind; navigation unless given.
    pub kind: Kind,
    /// What must come out, as written: `pass`, `redirect /x`, `rewrite /x`, `reject 400`, `401`.
    pub expect: Expect,
    /// The rule that must have decided.
    pub by: Option<String>,
}

/// Who asks in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Persona {
    /// Nobody.
    Anonymous,
    /// Somebody with a session; roles and tenant as given.
    User {
        /// `user+admin`: all of these roles.
        roles: Vec<String>,
        /// `user@acme`.
        tenant: Option<String>,
    },
    /// A machine with a bearer token and these scopes.
    Bearer {
        /// `bearer+items:read`.
        scopes: Vec<String>,
    },
}

/// What must come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Goes upstream as judged.
    Pass,
    /// Sent there.
    Redirect(String),
    /// Goes upstream under that path.
    Rewrite(String),
    /// Refused before any rule, with that status.
    Reject(u16),
    /// Answered with that status.
    Status(u16),
}
