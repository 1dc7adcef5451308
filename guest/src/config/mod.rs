//! Config text to checked policy: written, checked, compiled. All mistakes at once, each with its place.
//!
//! `document` reads TOML or JSON into one tree with places; `grammar` says as data what the tree may hold, and
//! `check` compares; `lower` makes sense of it and builds the [`Policy`]. The JSON Schema and the reference page
//! come from the same grammar.

mod check;
mod codes;
mod document;
mod grammar;
mod locate;
mod lower;
mod near;
mod reference;
mod schema;
mod units;

#[cfg(test)]
mod tests;

pub use codes::CODES;
pub use reference::{diagnostics, reference};
pub use schema::schema;

use crate::diagnostic::{Diagnostic, Span};
use crate::policy::Policy;

/// How the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON, with comments and trailing commas.
    Json,
}

/// Most findings that are handed out: a megabyte of nonsense needs no megabytes of answers.
const MAX_FINDINGS: usize = 500;

/// A text with more mistakes of syntax than this is no config with a slip, and nothing else is said about it.
const MOST_BROKEN: usize = 20;

/// Check and compile. With the policy come warnings and notes, in file order.
///
/// # Errors
/// All findings in file order, of which at least one is an error.
pub fn load(text: &str, format: Format) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let document = document::read(text, format, &mut findings);
    let Some(root) = document.root else {
        return Err(in_order(findings));
    };
    let mut later = Vec::new();
    check::document(&root, &mut later);
    let policy = lower::policy(text, &root, &mut later).policy;
    if document.broken.len() > MOST_BROKEN {
        later.clear();
    } else if !document.broken.is_empty() {
        // What could not be read is missing from the tree: say nothing that may be wrong for that reason.
        later.retain(|finding| finding.is_error() && !codes::needs_whole_document(finding.code));
        later.retain(|finding| !document.broken.iter().any(|broken| in_shade(text, finding, *broken)));
    }
    findings.extend(later);
    if findings.iter().any(Diagnostic::is_error) { Err(in_order(findings)) } else { Ok((policy, in_order(findings))) }
}

/// What is well-formed and probably not meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linted {
    /// In file order; no errors, since the policy can be loaded.
    pub findings: Vec<Diagnostic>,
    /// Questions that would have taken too long; nothing is said where one was needed.
    pub undecided: usize,
}

/// Ask what the routes of a config open, leave open or never reach. For a config that [`load`] takes; of another one
/// nothing is said.
pub fn lint(text: &str, format: Format) -> Linted {
    let mut findings = Vec::new();
    let document = document::read(text, format, &mut findings);
    let Some(root) = document.root else { return Linted::default() };
    let lowered = lower::policy(text, &root, &mut findings);
    if findings.iter().any(Diagnostic::is_error) {
        return Linted::default();
    }
    let linted = lower::lint(text, &root, &lowered);
    Linted { findings: in_order(linted.findings), ..linted }
}

/// Does the finding stand where a mistake of syntax makes it doubtful: on its line, or, when that is the header of a
/// table, anywhere before the next one?
fn in_shade(text: &str, finding: &Diagnostic, broken: Span) -> bool {
    let (Some(before), Some(after)) = (text.get(..broken.start), text.get(broken.start..)) else { return true };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let header = text.get(line_start..).is_some_and(|line| line.trim_start().starts_with('['));
    let length = if header { after.find("\n[") } else { after.find('\n') };
    let end = broken.start + length.unwrap_or(after.len());
    finding.labels.first().is_none_or(|label| (line_start..=end).contains(&label.span.start))
}

/// In file order; if there are too many, errors stay.
fn in_order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if findings.len() > MAX_FINDINGS {
        let left_out = findings.len() - MAX_FINDINGS;
        findings.sort_by_key(|finding| finding.severity);
        findings.truncate(MAX_FINDINGS);
        let message = format!("{left_out} more findings are not shown");
        findings.push(Diagnostic::note(codes::TOO_MANY, Span::default(), message));
    }
    findings.sort_by_key(|finding| finding.labels.first().map(|label| label.span));
    findings
}
