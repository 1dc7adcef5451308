//! `config.matcher`: the expressions of the manifest, what they take, and whether the middleware runs.

use super::{judge, next_config, pairs, refused, same_source};
use crate::report::Row;
use crate::vectors::text;
use portcullis_gate::next::{Matcher, MatcherEntry, NextConfig, Seen};
use portcullis_gate::pattern::{NextOptions, Pattern, PatternError};
use portcullis_gate::request::{Condition, Cookies, Head, Target};
use serde_json::Value;

pub(super) fn line(line: &Value, row: &mut Row) {
    let config = next_config(text(line, "c"));
    let list = match &line["p"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let sources: Vec<&str> = list.iter().map(|item| item.as_str().unwrap_or(text(item, "source"))).collect();
    let id = format!("{} [{}]", sources.join(" "), text(line, "c"));
    if sources.iter().any(|source| source.is_empty()) {
        // An entry without a source is refused before anybody compiles it: the table wants the key.
        let good = line["err"]["c"] == "schema";
        return judge(row, &id, good, || "an entry without a source".to_owned());
    }
    let matcher = match matcher(&list, &config) {
        Ok(matcher) => matcher,
        Err(error) => return refused(row, line, &sources, &error),
    };
    if let Some(err) = line.get("err") {
        return judge(row, &id, false, || format!("accepted, not {err}"));
    }
    for ((item, source), theirs) in list.iter().zip(&sources).zip(line["re"].as_array().into_iter().flatten()) {
        let ours = Pattern::next_regexp(source, &options(item, &config)).expect("compiled before");
        judge(row, &id, same_source(&ours, theirs), || format!("{ours}, not {theirs}"));
    }
    let head = Head::default();
    let (target, cookies) = nothing();
    let seen = Seen { head: &head, target: &target, cookies: &cookies, host: "h.test" };
    for (path, answers) in pairs(line) {
        let id = format!("{id} {path:?}");
        let takes = u64::from(matcher.takes(path, seen));
        judge(row, &id, answers.first().and_then(Value::as_u64) == Some(takes), || {
            format!("takes {takes}, not {answers:?}")
        });
        // Left out when it is the same, or when such a path does not get there.
        if let Some(runs) = answers.get(1).and_then(Value::as_u64) {
            let ours = u64::from(matcher.runs(path, &config, seen));
            judge(row, &id, runs == ours, || format!("runs {ours}, not {answers:?}"));
        }
    }
}

fn options<'c>(item: &Value, config: &'c NextConfig) -> NextOptions<'c> {
    let i18n = !config.locales.is_empty();
    NextOptions { base_path: &config.base_path, locale: i18n && item["locale"] != false, i18n }
}

/// As a config with this list would have it.
pub(super) fn matcher(list: &[Value], config: &NextConfig) -> Result<Matcher, PatternError> {
    let conditions = |item: &Value, key: &str| {
        let list = item[key].as_array().into_iter().flatten();
        list.map(|one| Condition::next(text(one, "type"), one["key"].as_str(), one["value"].as_str()))
            .collect::<Result<Vec<_>, _>>()
    };
    let entry = |item: &Value| {
        let source = item.as_str().unwrap_or(text(item, "source"));
        Ok(MatcherEntry {
            pattern: Pattern::next_source(source, &options(item, config))?,
            has: conditions(item, "has")?,
            missing: conditions(item, "missing")?,
        })
    };
    Ok(Matcher { entries: list.iter().map(entry).collect::<Result<_, _>>()? })
}

/// A request without headers, query and cookies.
pub(super) fn nothing() -> (Target, Cookies<'static>) {
    (Target::parse(b"/").expect("a path"), Cookies::parse(std::iter::empty()).expect("no cookies"))
}
