//! `createRouteMatcher`, as Convex Auth has it: any entry of the list.

use super::{JS, count, entries, judge, pairs, refused, source};
use crate::report::Row;
use portcullis_gate::pattern::{Dialect, Entry, Pattern, PatternSet};
use portcullis_gate::request::decode_uri;
use serde_json::Value;

pub(super) fn line(line: &Value, row: &mut Row) {
    // Odd arguments stand under another key, and a list of nothing never matches.
    let entries = entries(line.get("arg").unwrap_or(&line["p"]));
    let texts: Vec<&str> = entries.iter().map(|(entry, _)| source(entry)).collect();
    let mut patterns = Vec::new();
    for (entry, flags) in &entries {
        let compiled = match entry {
            // The packages drop empty entries.
            Entry::Route("") => continue,
            Entry::Route(text) => Pattern::compile(Dialect::Pattern, text, JS),
            Entry::RegExp(source) => Pattern::regexp(source, flags),
        };
        match compiled {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => return refused(row, line, &texts, &error),
        }
    }
    let id = texts.join(" ");
    if let Some(err) = line.get("err") {
        return judge(row, &id, false, || format!("accepted, not {err}"));
    }
    if line.get("seq").is_some() {
        return row.skip(count(line), "an expression that remembers is refused at load");
    }
    let set = PatternSet::new(patterns);
    let mut hits = Vec::new();
    let mut matches = |path: &str| {
        set.matches(path, &mut hits);
        !hits.is_empty()
    };
    for (path, answers) in pairs(line) {
        let id = format!("{id} {path:?}");
        let ours = matches(path);
        judge(row, &id, Some(ours) == answer(answers.first()), || format!("{ours}, not {answers:?} (Convex)"));
        // Clerk decodes once and merges slashes before it matches, and refuses what cannot be decoded.
        let clerk = answers.get(1).or(answers.first());
        let ours = decode_uri(path).map(|path| matches(&merged(&path)));
        judge(row, &id, ours == answer(clerk), || format!("{ours:?}, not {answers:?} (Clerk)"));
    }
}

/// `None`: refused as malformed.
fn answer(value: Option<&Value>) -> Option<bool> {
    value.and_then(Value::as_u64).map(|answer| answer == 1)
}

/// Runs of slashes as one.
fn merged(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}
