//! `globset` with `literal_separator`; where we differ, it is one of the three corrections, counted by name.

use super::{judge, pairs};
use crate::report::Row;
use crate::vectors::text;
use portcullis_gate::pattern::{Dialect, Options, Pattern};
use serde_json::Value;

pub(super) fn line(line: &Value, row: &mut Row) {
    let glob = text(line, "p");
    let mode = text(line, "m");
    if mode == "nols" {
        return row.skip(pairs(line).count().max(1), "`*` over `/`: no dialect of ours");
    }
    let options = Options { ignore_case: mode == "ls-ci", dot_all: true };
    let pattern = match Pattern::compile(Dialect::Glob, glob, options) {
        Ok(pattern) => pattern,
        Err(error) => return judge(row, glob, line.get("err").is_some(), || format!("refused: {error}")),
    };
    if let Some(err) = line.get("err") {
        return judge(row, glob, false, || format!("accepted, not {err}"));
    }
    for (path, answers) in pairs(line) {
        let ours = pattern.is_match(path);
        if Some(u64::from(ours)) == answers.first().and_then(Value::as_u64) {
            judge(row, glob, true, String::new);
        } else if let Some(why) = correction(glob, mode, path, ours) {
            row.skip(1, why);
        } else {
            judge(row, &format!("{glob} {path:?}"), false, || format!("{ours}, not {answers:?}"));
        }
    }
}

/// Why we differ from `globset` here, if we do so on purpose.
fn correction(glob: &str, mode: &str, path: &str, ours: bool) -> Option<&'static str> {
    let inner = path.strip_suffix('/').unwrap_or(path);
    let base = glob.strip_suffix("/**").is_some_and(|base| base.eq_ignore_ascii_case(inner));
    match () {
        () if ours && base => Some("correction: `/x/**` takes `/x`"),
        () if !ours && glob.contains('[') => Some("correction: no class takes `/`"),
        () if ours && !path.is_ascii() => Some("`?` and classes take characters, not bytes"),
        () if ours && glob.contains(",}") && mode != "ls-ea" => Some("alternatives may be empty"),
        () if ours && (path.ends_with('/') || glob.ends_with('/')) => Some("correction: one trailing slash"),
        () => None,
    }
}
