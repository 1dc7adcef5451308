//! path-to-regexp 6.3: the expression, the match and the parameters.

use super::{JS, entries, judge, pairs, refused, same_source, source};
use crate::report::Row;
use crate::vectors::text;
use portcullis_gate::pattern::{Entry, Finder, Options, Pattern, RouteOptions};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn line(line: &Value, row: &mut Row) {
    let given = &line["o"];
    let on = |key: &str, otherwise: bool| given[key].as_bool().unwrap_or(otherwise);
    let defaults = RouteOptions::default();
    let route = RouteOptions {
        strict: on("strict", false),
        start: on("start", true),
        end: on("end", true),
        delimiter: given["delimiter"].as_str().unwrap_or(defaults.delimiter),
        prefixes: given["prefixes"].as_str().unwrap_or(defaults.prefixes),
        ends_with: text(given, "endsWith"),
        repeat_as_segments: false,
    };
    let options = Options { ignore_case: !on("sensitive", false), ..JS };
    let entries: Vec<Entry<'_>> = entries(&line["p"]).into_iter().map(|(entry, _)| entry).collect();
    let texts: Vec<&str> = entries.iter().map(source).collect();
    let id = texts.join(" ");
    let finder = match Finder::new(&entries, &route, options) {
        Ok(finder) => finder,
        Err(error) => return refused(row, line, &texts, &error),
    };
    if let Some(err) = line.get("err") {
        return judge(row, &id, false, || format!("accepted, not {err}"));
    }
    judge(row, &id, same_source(finder.source(), &line["re"]), || format!("{}, not {}", finder.source(), line["re"]));
    // The engine that rules use, where the whole path is meant.
    let pattern = match entries.as_slice() {
        [Entry::Route(text)] => Pattern::route(text, &route, options).ok(),
        _ => None,
    };
    for (path, answers) in pairs(line) {
        let found = finder.find(path);
        let id = format!("{id} {path:?}");
        if let Some(pattern) = &pattern {
            let same = pattern.is_match(path) == found.is_some() && pattern.captures(path).is_some() == found.is_some();
            let params = found.as_ref().is_none_or(|found| Some(&found.params) == pattern.captures(path).as_ref());
            judge(row, &id, same && params, || format!("rules see {:?}, not {found:?}", pattern.captures(path)));
        }
        let good = match (&found, answers.first()) {
            (None, Some(Value::Number(_))) => true,
            (Some(found), Some(answer)) if answer.is_object() => {
                let ours: BTreeMap<&str, &str> =
                    found.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                text(answer, "m") == found.text
                    && answer["i"].as_u64().unwrap_or(0) == found.at as u64
                    && same_params(&ours, &answer["p"])
            }
            _ => false,
        };
        judge(row, &id, good, || format!("{found:?}, not {answers:?}"));
    }
}

/// A repeated parameter is a list in the packages, and one text with separators in ours.
pub(super) fn same_params(ours: &BTreeMap<&str, &str>, theirs: &Value) -> bool {
    let Some(theirs) = theirs.as_object() else { return false };
    let names = |value: &&String| value.as_str().to_owned();
    ours.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>() == theirs.keys().map(|n| names(&n)).collect()
        && theirs.iter().all(|(name, value)| ours.get(name.as_str()).is_some_and(|ours| same_value(ours, value)))
}

fn same_value(ours: &str, theirs: &Value) -> bool {
    let Value::Array(list) = theirs else { return theirs == ours };
    let list: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    let total: usize = list.iter().map(|text| text.len()).sum();
    let (Some(first), Some(gaps @ 1..)) = (list.first(), list.len().checked_sub(1)) else {
        return list.concat() == ours;
    };
    let width = ours.len().saturating_sub(total) / gaps;
    let separator = ours.get(first.len()..first.len() + width).unwrap_or_default();
    list.join(separator) == ours
}
