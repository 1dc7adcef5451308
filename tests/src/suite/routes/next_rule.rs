//! `source` of a redirect, rewrite or header rule of `next.config`.

use super::path_to_regexp::same_params;
use super::{judge, pairs, refused};
use crate::report::Row;
use crate::vectors::text;
use portcullis_gate::pattern::Pattern;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn line(line: &Value, row: &mut Row) {
    let id = text(line, "p");
    let pattern = match Pattern::next_rule(id) {
        Ok(pattern) => pattern,
        Err(error) => return refused(row, line, &[id], &error),
    };
    if let Some(err) = line.get("err") {
        return judge(row, id, false, || format!("accepted, not {err}"));
    }
    for (path, answers) in pairs(line) {
        let ours = pattern.captures(path);
        let good = match (&ours, answers.first()) {
            (None, Some(Value::Number(_))) => true,
            (Some(ours), Some(answer)) => {
                let ours: BTreeMap<&str, &str> = ours.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                same_params(&ours, answer)
            }
            _ => false,
        };
        judge(row, &format!("{id} {path:?}"), good && pattern.is_match(path) == ours.is_some(), || {
            format!("{ours:?}, not {answers:?}")
        });
    }
}
