//! `routes/*.jsonl`: patterns and paths, answered by the real packages. Asked of the matcher, since many of these paths
//! never get as far as a rule; lists of `createRouteMatcher` are asked as rules, too.

mod create_route_matcher;
mod gate;
mod glob;
mod has;
mod next_app;
mod next_matcher;
mod next_rule;
mod next_url;
mod path_to_regexp;

use crate::engine::Engine;
use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, text};
use portcullis_gate::next::NextConfig;
use portcullis_gate::pattern::{Entry, Options, PatternError};
use serde_json::Value;

/// Letters and line breaks as JavaScript has them, with the `i` flag.
const JS: Options = Options { ignore_case: true, dot_all: false };

type Check = fn(&Value, &mut Row);

/// Files by name; each line is checked by itself.
const FILES: [(&str, Check); 8] = [
    ("crm.jsonl", create_route_matcher::line),
    ("glob.jsonl", glob::line),
    ("has.jsonl", has::line),
    ("next-e2e.jsonl", next_app::line),
    ("next-route.jsonl", next_rule::line),
    ("next.jsonl", next_matcher::line),
    ("nexturl.jsonl", next_url::line),
    ("ptr6.jsonl", path_to_regexp::line),
];

fn check(name: &str) -> Option<Check> {
    let (folder, file) = name.split_once('/')?;
    let known = ["routes", "routes-public"].contains(&folder);
    FILES.iter().find(|(name, _)| known && *name == file).map(|(_, check)| *check)
}

/// Is this file one of ours?
pub(super) fn knows(name: &str) -> bool {
    check(name).is_some()
}

/// Run one file.
pub(super) fn run(file: &File, engines: &[Box<dyn Engine>], report: &mut Report) {
    let Some(check) = check(&file.name) else { return };
    let mut row = Row::new(&file.name, "matcher");
    for line in &file.lines {
        check(line, &mut row);
    }
    report.push(row);
    if file.name.ends_with("/crm.jsonl") {
        for engine in engines {
            gate::run(file, engine.as_ref(), report);
        }
    }
}

/// Paths with what the packages say of each.
fn pairs(line: &Value) -> impl Iterator<Item = (&str, &[Value])> {
    line["t"].as_array().into_iter().flatten().filter_map(|pair| {
        let (path, answers) = pair.as_array()?.split_first()?;
        Some((path.as_str()?, answers))
    })
}

/// How many cases a line holds.
fn count(line: &Value) -> usize {
    pairs(line).count().max(1)
}

fn judge(row: &mut Row, id: &str, good: bool, how: impl FnOnce() -> String) {
    row.note(id, if good { Verdict::Passed } else { Verdict::Failed(how()) });
}

/// Patterns that need more than one look at each character; and expressions that are not a pure function of the path.
/// They are refused when a config is loaded, with this code.
const REFUSED: [&str; 5] = ["back-reference", "look-behind", "look-capture", "stateful-regexp", "unsupported-flag"];

/// A pattern that we refuse: on purpose, as the packages do, or in error. `texts` are all entries of the list.
fn refused(row: &mut Row, line: &Value, texts: &[&str], error: &PatternError) {
    let id = texts.join(" ");
    let Some(wanted) = line.get("err") else {
        if REFUSED.contains(&error.code) {
            return row.skip(count(line), &format!("refused at load: {}", error.code));
        }
        return judge(row, &id, false, || format!("refused: {error}"));
    };
    let place = |text: &&str| text.get(..error.span.start).map(|before| before.encode_utf16().count() as u64);
    let at = wanted["at"].as_u64();
    let good = text(wanted, "c") == error.code && (at.is_none() || texts.iter().any(|text| place(text) == at));
    judge(row, &id, good, || format!("refused: {error}, not {wanted}"));
}

/// The entries of an argument of `createRouteMatcher` or `pathToRegexp`, with the flags of a RegExp.
fn entries(argument: &Value) -> Vec<(Entry<'_>, &str)> {
    let list = match argument {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter().map(entry).collect()
}

fn entry(item: &Value) -> (Entry<'_>, &str) {
    match item.as_str() {
        Some(text) => (Entry::Route(text), ""),
        None => {
            let flags = item["f"].as_str().or(item["flags"].as_str()).unwrap_or_default();
            (Entry::RegExp(text(item, "re")), flags)
        }
    }
}

fn source<'e>(entry: &Entry<'e>) -> &'e str {
    match entry {
        Entry::Route(text) | Entry::RegExp(text) => text,
    }
}

/// The variants of `next.config` that the files name by letters.
fn next_config(letters: &str) -> NextConfig {
    let i18n = letters.contains('i');
    NextConfig {
        base_path: if letters.contains('b') { "/base".to_owned() } else { String::new() },
        locales: if i18n { vec!["en".to_owned(), "fr".to_owned()] } else { Vec::new() },
        default_locale: i18n.then(|| "en".to_owned()),
        trailing_slash: letters.contains('t'),
    }
}

/// `RegExp.source` escapes slashes, and what a `RegExp` was made from need not.
fn same_source(ours: &str, theirs: &Value) -> bool {
    theirs.as_str().is_some_and(|theirs| theirs.replace(r"\/", "/") == ours.replace(r"\/", "/"))
}
