//! What is found.

use crate::diagnostic::{Severity, Span};

/// Where in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its text, in bytes.
    Text(Span),
    /// Its condition with that number.
    Condition(usize),
    /// The condition of its list with that number.
    ListCondition(usize),
    /// The flags of its `RegExp`.
    Flags,
}

/// A second entry that has to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// Number of its list.
    pub list: usize,
    /// Its number there.
    pub entry: usize,
    /// What it has to do with it.
    pub message: &'static str,
}

/// One finding. Wording as in [`crate::diagnostic::Diagnostic`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `R01` to `R30`.
    pub rule: &'static str,
    /// How bad it is, for the role of the list.
    pub severity: Severity,
    /// Number of the list.
    pub list: usize,
    /// Number of the entry in the list.
    pub entry: usize,
    /// Where in the entry.
    pub place: Place,
    /// One line.
    pub message: String,
    /// A path that shows it: one that a visitor can send.
    pub witness: Option<String>,
    /// The fix.
    pub help: String,
    /// The other entry, if there is one.
    pub also: Option<Also>,
}

/// All findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order of lists and entries.
    pub findings: Vec<Finding>,
    /// Questions that would have taken too long; nothing is said where one was needed.
    pub undecided: usize,
}
