//! The whole way from text to policy: samples that load, mistakes that are underlined.

mod clerk;
mod lints;
mod mistakes;
mod next;
mod properties;
mod samples;
mod sealed;
mod stores;

use super::{Format, load};
use crate::diagnostic::Diagnostic;

/// Code and underlined text of each finding.
fn shown<'a>(text: &'a str, findings: &[Diagnostic]) -> Vec<(&'static str, &'a str)> {
    findings.iter().map(|finding| (finding.code, underlined(text, finding))).collect()
}

fn underlined<'a>(text: &'a str, finding: &Diagnostic) -> &'a str {
    let span = finding.labels[0].span;
    &text[span.start..span.end]
}

/// All findings, warnings and notes too.
fn findings(text: &str, format: Format) -> Vec<Diagnostic> {
    match load(text, format) {
        Ok((_, findings)) | Err(findings) => findings,
    }
}

/// Every finding is worded as the house wants it.
fn well_worded(finding: &Diagnostic) {
    let first = finding.message.chars().next().unwrap_or('A');
    let all = format!("{} {}", finding.message, finding.help.as_deref().unwrap_or_default());
    assert!(!first.is_uppercase() || finding.message.starts_with("HS"), "{}", finding.message);
    assert!(!finding.message.ends_with('.'), "{}", finding.message);
    assert!(super::CODES.iter().any(|row| row.0 == finding.code), "{}", finding.code);
    for rust in ["String", "Vec<", "Option", "Some(", "None", "i64", "bool "] {
        assert!(!all.contains(rust), "{all}");
    }
}
