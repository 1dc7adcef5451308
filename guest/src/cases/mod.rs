//! `[tests]`: cases that live beside the rules they check. One line each:
//!
//! ```text
//! WHO METHOD TARGET [kind] => ANSWER by RULE
//! ```
//!
//! `[kind]` and `by RULE` may be left out. `//host/path` as the target sets the host.

mod parse;
mod persona;
mod run;

pub use parse::{CaseError, parse};
pub use run::CaseResult;
pub(crate) use run::{describe, run, who};

use crate::diagnostic::Span;
use crate::request::Kind;

/// One case.
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
    /// What must come out.
    pub expect: Expect,
    /// The rule that must have decided.
    pub by: Option<String>,
}

/// Who asks.
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
    /// `webhook:ok`: whatever webhook is asked for, its sender, with a good signature.
    Webhook,
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

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Redirect(to) => write!(f, "redirect {to}"),
            Self::Rewrite(to) => write!(f, "rewrite {to}"),
            Self::Reject(status) => write!(f, "reject {status}"),
            Self::Status(status) => write!(f, "{status}"),
        }
    }
}
