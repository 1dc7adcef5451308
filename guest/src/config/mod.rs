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
mod shims;
mod units;

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
    let policy = lower::policy(text, &root, &mut later);
    if !document.broken.is_empty() {
        // What could not be read is missing from the tree: say nothing that may be wrong for that reason.
        later.retain(|finding| finding.is_error() && !codes::needs_whole_document(finding.code));
        later.retain(|finding| !document.broken.iter().any(|broken| same_line(text, finding, *broken)));
    }
    findings.extend(later);
    if findings.iter().any(Diagnostic::is_error) { Err(in_order(findings)) } else { Ok((policy, in_order(findings))) }
}

fn same_line(text: &str, finding: &Diagnostic, broken: Span) -> bool {
    let line = |at: usize| text.get(..at).map(|before| before.matches('\n').count());
    finding.labels.first().is_some_and(|label| line(label.span.start) == line(broken.start))
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
