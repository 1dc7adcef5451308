//! Stands in for parts of other rooms.

use crate::pattern::{Dialect, Pattern};
use crate::request::HostPattern;

/// Does `text` look as if it were written in another dialect?
pub(super) fn misplaced(dialect: Dialect, text: &str) -> Option<(String, String)> {
    let looks = |what: &str, key: &str| Some((format!("`{text}` looks like a {what}"), format!("move it to `{key}`")));
    match dialect {
        Dialect::Glob if text.contains(['(', ')']) || text.contains("/:") => looks("route pattern", "pattern"),
        Dialect::Pattern if text.contains("**") || text.contains("/*") || text.contains(",") => looks("glob", "glob"),
        _ => None,
    }
}

/// Captures of a pattern.
pub(super) fn pattern_names(dialect: Dialect, pattern: &Pattern) -> Vec<String> {
    let names = pattern.names();
    if !names.is_empty() {
        return names;
    }
    let (open, source) = if dialect == Dialect::Regex { ("(?<", pattern.source()) } else { ("/:", pattern.source()) };
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    source.split(open).skip(1).map(word).collect()
}

/// Captures of a host.
pub(super) fn host_names(host: &HostPattern) -> Vec<String> {
    let names = host.names();
    if names.is_empty() { vec!["tenant".to_owned()] } else { names }
}
