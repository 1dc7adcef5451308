//! What can go wrong, told apart by who has to do something about it.

use super::ConfigSource;
use crate::contract::Diagnostic;
use std::fmt;

/// Why a gate cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The config (or what it asked for by name) has mistakes.
    Findings {
        /// What they point into.
        config: ConfigSource,
        /// All of them.
        findings: Vec<Diagnostic>,
    },
    /// The component cannot be used; one line: what, where, what to do.
    Component(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Findings { config, findings } => write!(f, "{}: {} findings", config.name, findings.len()),
            Self::Component(line) => f.write_str(line),
        }
    }
}

impl std::error::Error for LoadError {}

/// Why there is no decision. Each is a fixed 5xx; nothing goes upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The guest trapped.
    Trap(String),
    /// The guest ran past its deadline.
    Deadline,
    /// The guest asked for more memory than it may have.
    Memory,
    /// The guest's answer failed a check; says which.
    Nonsense(String),
    /// Too many rounds of questions.
    Rounds,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap(why) => write!(f, "it trapped: {why}"),
            Self::Deadline => f.write_str("it ran past its deadline"),
            Self::Memory => f.write_str("it asked for more memory than it may have"),
            Self::Nonsense(what) => write!(f, "its answer makes no sense: {what}"),
            Self::Rounds => f.write_str("it keeps asking questions"),
        }
    }
}

impl std::error::Error for Failure {}
