//! What the real packages answered, from the folders `routes` and `routes-public` under `PORTCULLIS_CASES`.
//! Their form is described in the README beside them.

use super::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    skipped: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn check(&mut self, good: bool, what: impl FnOnce() -> String) {
        if good { self.passed += 1 } else { self.failed.push(what()) }
    }

    fn skip(&mut self, why: &'static str, count: usize) {
        *self.skipped.entry(why).or_default() += count;
    }

    fn finish(self, name: &str) {
        println!("{name}: {} passed, {} failed, skipped {:?}", self.passed, self.failed.len(), self.skipped);
        assert!(self.failed.is_empty(), "{name}: {} failed:\n{}", self.failed.len(), self.failed.join("\n"));
    }
}

/// Run `check` on each line of that file in each folder.
fn each(name: &str, mut check: impl FnMut(&Value, &mut Tally)) {
    let mut tally = Tally::default();
    let Some(root) = std::env::var_os("PORTCULLIS_CASES").map(PathBuf::from) else {
        tally.skip("PORTCULLIS_CASES is not set", 1);
        return tally.finish(name);
    };
    let mut found = false;
    for folder in ["routes", "routes-public"] {
        let Ok(text) = std::fs::read_to_string(root.join(folder).join(name)) else { continue };
        found = true;
        for line in text.lines() {
            check(&serde_json::from_str(line).expect("a line of JSON"), &mut tally);
        }
    }
    assert!(found, "{name} is not under PORTCULLIS_CASES");
    tally.finish(name);
}

fn pairs(line: &Value) -> impl Iterator<Item = (&str, &Value)> {
    line["t"].as_array().into_iter().flatten().map(|pair| (pair[0].as_str().expect("a path"), &pair[1]))
}

const REFUSED: [&str; 3] = ["back-reference", "look-behind", "look-capture"];

/// The place in UTF-16 units.
fn units(text: &str, byte: usize) -> usize {
    text[..byte].encode_utf16().count()
}

/// A repeated parameter is a list in the packages, one text with separators in ours.
fn same_value(ours: &str, theirs: &Value) -> bool {
    match theirs {
        Value::String(text) => ours == text,
        Value::Array(list) => {
            let list: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            let total: usize = list.iter().map(|text| text.len()).sum();
            let separator = match list.len() {
                0 | 1 => "",
                length => &ours[list[0].len()..][..(ours.len() - total) / (length - 1)],
            };
            list.join(separator) == ours
        }
        _ => false,
    }
}

#[test]
fn path_to_regexp() {
    each("ptr6.jsonl", |line, tally| {
        let count = pairs(line).count().max(1);
        let Some(text) = line["p"].as_str() else { return tally.skip("not a string", count) };
        let sensitive = line["o"]["sensitive"] == true;
        if line
            .get("o")
            .is_some_and(|options| options.as_object().is_some_and(|o| o.keys().any(|key| key != "sensitive")))
        {
            return tally.skip("options other than `sensitive`", count);
        }
        let pattern = match Pattern::compile(Dialect::Pattern, text, Options { ignore_case: !sensitive, ..JS }) {
            Err(error) if REFUSED.contains(&error.code) => {
                return tally.skip("refused: look-behind, back-reference", count);
            }
            Err(error) => {
                let at = line["err"]["at"].as_u64().is_none_or(|at| at as usize == units(text, error.span.start));
                return tally
                    .check(line["err"]["c"] == error.code && at, || format!("{text}: {error}, not {}", line["err"]));
            }
            Ok(pattern) => pattern,
        };
        if line.get("err").is_some() {
            return tally.check(false, || format!("{text}: accepted, not {}", line["err"]));
        }
        let made = route::translate(text).expect("compiled").regex;
        // `RegExp.source` escapes slashes.
        let same = line["re"].as_str().is_some_and(|source| source.replace(r"\/", "/") == made.replace(r"\/", "/"));
        tally.check(same, || format!("{text}: {made}, not {}", line["re"]));
        for (path, answer) in pairs(line) {
            let ours = pattern.captures(path);
            tally.check(ours.is_some() == pattern.is_match(path), || {
                format!("{text} {path}: match and captures differ")
            });
            let ours: Option<BTreeMap<String, String>> = ours.map(|params| params.into_iter().collect());
            let good = match (&ours, answer["p"].as_object()) {
                (None, None) => *answer == 0,
                (Some(ours), Some(theirs)) => {
                    answer["m"] == path
                        && ours.keys().collect::<BTreeSet<_>>() == theirs.keys().collect()
                        && theirs.iter().all(|(name, value)| same_value(&ours[name], value))
                }
                _ => false,
            };
            tally.check(good, || format!("{text} {path:?}: {ours:?}, not {answer}"));
        }
    });
}

#[test]
fn create_route_matcher() {
    each("crm.jsonl", |line, tally| {
        let count = pairs(line).count().max(1);
        if line.get("seq").is_some() {
            return tally.skip("stateful RegExp", count);
        }
        let Some(list) = line["p"].as_array() else { return tally.skip("odd arguments", count) };
        let mut patterns = Vec::new();
        let mut expressions = Vec::new();
        for item in list {
            let Some(text) = item.as_str() else {
                let flags = item["f"].as_str().or(item["flags"].as_str()).unwrap_or_default();
                if flags.contains('u') {
                    return tally.skip("RegExp with the `u` flag", count);
                }
                match js_test(item["re"].as_str().expect("a source"), flags) {
                    Some(expression) => expressions.push(expression),
                    None => return tally.skip("refused RegExp", count),
                }
                continue;
            };
            match Pattern::compile(Dialect::Pattern, text, JS) {
                Ok(_) if text.is_empty() => {}
                Ok(pattern) => patterns.push(pattern),
                Err(error) if REFUSED.contains(&error.code) => {
                    return tally.skip("refused: look-behind, back-reference", count);
                }
                Err(error) => {
                    let at = line["err"]["at"].as_u64().is_none_or(|at| at as usize == units(text, error.span.start));
                    return tally.check(line["err"]["c"] == error.code && at, || {
                        format!("{text}: {error}, not {}", line["err"])
                    });
                }
            }
        }
        if line.get("err").is_some() {
            return tally.check(false, || format!("{list:?}: accepted, not {}", line["err"]));
        }
        let set = PatternSet::new(patterns);
        let mut hits = Vec::new();
        for (path, convex) in pairs(line) {
            set.matches(path, &mut hits);
            let ours = !hits.is_empty() || expressions.iter().any(|expression| expression(path));
            tally.check(ours == (*convex == 1), || format!("{list:?} {path:?}: {ours}, not {convex}"));
        }
    });
}

/// The expressions that Next.js writes in its manifest, on the very string.
#[test]
fn next_expressions() {
    each("next.jsonl", |line, tally| {
        let Some(list) = line["re"].as_array() else { return tally.skip("no expressions", 1) };
        let conditional = line["p"].as_array().into_iter().flatten().chain([&line["p"]]);
        if conditional.into_iter().any(|item| item.get("has").is_some() || item.get("missing").is_some()) {
            return tally.skip("has or missing", pairs(line).count());
        }
        let mut expressions = Vec::new();
        for item in list {
            match js_test(item.as_str().expect("a source"), "") {
                Some(expression) => expressions.push(expression),
                None => return tally.skip("refused: look-behind, back-reference", pairs(line).count()),
            }
        }
        for (path, answer) in pairs(line) {
            let ours = expressions.iter().any(|expression| expression(path));
            tally.check(ours == (*answer == 1), || format!("{list:?} {path:?}: {ours}, not {answer}"));
        }
    });
}

/// `globset` with `literal_separator`, and where we differ, why.
#[test]
fn globs() {
    each("glob.jsonl", |line, tally| {
        let text = line["p"].as_str().expect("a glob");
        let ignore_case = match line["m"].as_str() {
            Some("ls" | "ls-ea") => false,
            Some("ls-ci") => true,
            _ => return tally.skip("`*` over `/`", pairs(line).count()),
        };
        let pattern = match Pattern::compile(Dialect::Glob, text, Options { ignore_case, dot_all: true }) {
            Ok(pattern) => pattern,
            Err(error) => return tally.check(line.get("err").is_some(), || format!("{text}: {error}")),
        };
        if line.get("err").is_some() {
            return tally.check(false, || format!("{text}: accepted, not {}", line["err"]));
        }
        for (path, answer) in pairs(line) {
            let ours = pattern.is_match(path);
            if ours == (*answer == 1) {
                tally.passed += 1;
                continue;
            }
            let without = path.strip_suffix('/').unwrap_or(path);
            match () {
                () if ours
                    && text.ends_with("/**")
                    && text.strip_suffix("/**").is_some_and(|base| base.eq_ignore_ascii_case(without)) =>
                {
                    tally.skip("correction: `/x/**` takes `/x`", 1);
                }
                () if !ours && text.contains('[') => tally.skip("correction: no class takes `/`", 1),
                () if ours && !path.is_ascii() => tally.skip("`globset` takes bytes, not characters", 1),
                () if ours && text.contains(",}") && line["m"] != "ls-ea" => tally.skip("empty alternatives", 1),
                () if ours && (path.ends_with('/') || text.ends_with('/')) => {
                    tally.skip("correction: one trailing slash", 1);
                }
                () => tally.check(false, || format!("{text} {path:?}: {ours}, not {answer}")),
            }
        }
    });
}

/// Values of `has`: anchored, with letters as written.
#[test]
fn has_values() {
    each("has.jsonl", |line, tally| {
        let (Some("header"), Some(value), Some(key)) =
            (line["i"]["type"].as_str(), line["i"]["value"].as_str(), line["i"]["key"].as_str())
        else {
            return tally.skip("not a header with a value", 1);
        };
        let Some(text) = line["h"][key.to_lowercase()].as_str().filter(|text| !text.is_empty()) else {
            return tally.skip("no such header", 1);
        };
        let pattern = match Pattern::compile(Dialect::Regex, value, Options { ignore_case: false, dot_all: false }) {
            Ok(pattern) if !value.is_empty() => pattern,
            Ok(_) => return tally.skip("empty value: presence", 1),
            Err(error) if error.code == "look-around" || REFUSED.contains(&error.code) => {
                return tally.skip("refused", 1);
            }
            Err(error) => return tally.check(false, || format!("{value}: {error}")),
        };
        let ours = pattern.captures(text).map(|params| params.into_iter().collect::<BTreeMap<_, _>>());
        let good = match (&ours, line["has"].as_object()) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => {
                theirs.iter().all(|(name, value)| *name == key || ours.get(name).is_some_and(|ours| value == ours))
            }
            (None, Some(_)) if value.contains('|') => return tally.skip("Next.js makes `^a|b$` of `a|b`", 1),
            _ => false,
        };
        tally.check(good, || format!("{value} {text:?}: {ours:?}, not {}", line["has"]));
    });
}
