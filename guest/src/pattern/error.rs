//! Why a pattern is refused.

use crate::diagnostic::Span;
use std::fmt;
use std::ops::Range;

/// Why a pattern cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Stable word, e.g. `unexpected-token`, `back-reference`, `too-long`.
    pub code: &'static str,
    /// Where in the pattern, in bytes.
    pub span: Span,
    /// One line, lower case.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl PatternError {
    pub(super) fn new(code: &'static str, at: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, span: at.into(), message: message.into(), help: None }
    }

    /// A condition without what it needs.
    pub(crate) fn condition(message: String) -> Self {
        Self::new("condition", 0..0, message)
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.message, self.span.start, self.code)
    }
}

impl std::error::Error for PatternError {}
