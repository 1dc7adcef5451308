//! `lint.jsonl` and `realworld.jsonl`: lists of routes, given to the linter. Every finding that is expected must be there,
//! nothing may be found where nothing is expected, and every path that is shown must be taken or not, as its finding says;
//! that is asked of the matching engine, which the linter does not use.

use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, text, texts};
use portcullis_gate::diagnostic::Severity;
use portcullis_gate::lint::{Condition, ConditionKind, Entry, Finding, List, Role, Setting, Source, lint};
use portcullis_gate::pattern::{Dialect, Language, NextOptions, Options, Pattern};
use serde_json::Value;

/// Is this file one of ours?
pub(super) fn knows(name: &str) -> bool {
    matches!(name, "routes/lint.jsonl" | "routes-public/lint.jsonl" | "routes-public/realworld.jsonl")
}

/// Run one file.
pub(super) fn run(file: &File, report: &mut Report) {
    let mut row = Row::new(&file.name, "linter");
    for line in &file.lines {
        let id = line["v"].to_string();
        if text(line, "d") == "lint" {
            row.note(&id, case(line));
        } else {
            for role in if text(line, "kind") == "cfg" { &[Role::Matcher][..] } else { &[Role::Protect, Role::Public] }
            {
                let dialect = if *role == Role::Matcher { "next" } else { "crm" };
                row.note(&id, real(line, *role, dialect));
            }
        }
    }
    report.push(row);
}

fn case(line: &Value) -> Verdict {
    let role = match text(line, "role") {
        "protect" => Role::Protect,
        "public" => Role::Public,
        "matcher" => Role::Matcher,
        other => return Verdict::Failed(format!("unknown role `{other}`")),
    };
    let Some(list) = list(line, role, text(line, "dialect")) else {
        return Verdict::Failed("unknown kind of entry".to_owned());
    };
    // As the packages are: bit for bit as in JavaScript, and `%2F` gets through.
    let i18n = text(line, "c").contains('i');
    let next = NextOptions { base_path: "", locale: i18n, i18n };
    let setting = Setting { javascript: true, encoded_slash: true, next, ..Setting::default() };
    let report = lint(std::slice::from_ref(&list), &setting);
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule).collect();
    let expected = texts(line.get("expect"));
    if let Some(missing) = expected.iter().find(|rule| !found.contains(&rule.as_str())) {
        return Verdict::Failed(format!("{missing} is missing in {found:?}"));
    }
    // R26 is about every `.*` that is read as in JavaScript.
    let loud = |finding: &&Finding| finding.severity != Severity::Note && finding.rule != "R26";
    if expected.is_empty()
        && let Some(finding) = report.findings.iter().find(loud)
    {
        return Verdict::Failed(format!("nothing is wrong, but {}: {}", finding.rule, finding.message));
    }
    if let (Some(path), Some(wanted)) = (line["w"].as_str(), line["m"].as_u64()) {
        let taken = takes(&list, path);
        if u64::from(taken) != wanted {
            return Verdict::Failed(format!("the witness {path} is taken: {taken}"));
        }
    }
    shown(&list, &report.findings, report.undecided)
}

/// A list from a public file: nothing is known of what is wrong, but what is said must hold.
fn real(line: &Value, role: Role, dialect: &str) -> Verdict {
    let Some(list) = list(line, role, dialect) else { return Verdict::Failed("unknown kind of entry".to_owned()) };
    let report = lint(std::slice::from_ref(&list), &Setting::default());
    shown(&list, &report.findings, report.undecided)
}

/// Are the paths that are shown taken, or not, as the findings say?
fn shown(list: &List<'_>, findings: &[Finding], undecided: usize) -> Verdict {
    if undecided > 0 {
        return Verdict::Failed(format!("{undecided} questions are not decided"));
    }
    for finding in findings {
        let Some(path) = &finding.witness else { continue };
        let wanted = match finding.rule {
            "R03" | "R18" | "R22" | "R25" | "R28" | "R30" => true,
            "R01" | "R04" | "R05" | "R06" | "R07" | "R08" | "R09" | "R11" | "R12" | "R13" | "R16" | "R24" | "R29" => {
                false
            }
            _ => continue,
        };
        let own = list.entries.get(finding.entry).map_or(&[][..], |entry| entry.conditions.as_slice());
        // What never runs for want of a slash is told by R12, and of that entry alone.
        let alone = |number: usize| finding.rule != "R12" || number == finding.entry;
        let always = |entry: &Entry<'_>| entry.conditions.iter().all(|condition| own.contains(condition));
        let entries = list.entries.iter().enumerate();
        let counting =
            entries.filter(|(number, entry)| alone(*number) && always(entry)).map(|(_, entry)| entry.clone());
        let counting = List::new(list.role, counting.collect());
        let taken = match wanted || finding.rule == "R12" {
            true => counting.entries.iter().any(|entry| entry_takes(entry, path)),
            false => takes(&counting, path),
        };
        if taken != wanted {
            return Verdict::Failed(format!("{} shows {path}: {}", finding.rule, finding.message));
        }
    }
    Verdict::Passed
}

/// The list of a line; None for an entry of a kind nobody knows.
fn list<'v>(line: &'v Value, role: Role, dialect: &str) -> Option<List<'v>> {
    let entries = line["v"].as_array()?.iter().map(|item| entry(item, dialect)).collect::<Option<_>>()?;
    Some(List::new(role, entries))
}

fn entry<'v>(item: &'v Value, dialect: &str) -> Option<Entry<'v>> {
    if let Some(source) = item["re"].as_str() {
        let flags = item["f"].as_str().or(item["flags"].as_str()).unwrap_or_default();
        return Some(Entry::new(Source::RegExp { source, flags }, flags.contains('i')));
    }
    let text = item.as_str().or(item["source"].as_str())?;
    let (source, ignore_case) = match dialect {
        "crm" => (Source::Pattern(text), true),
        "next" => (Source::Next(text), false),
        // The cases were made with `globset`, which has none of our corrections.
        "glob" => (Source::Globset(text), false),
        "regex" => (Source::Regex(text), false),
        _ => return None,
    };
    let mut entry = Entry::new(source, ignore_case);
    for (key, missing) in [("has", false), ("missing", true)] {
        for condition in item[key].as_array().into_iter().flatten() {
            let kind = match condition["type"].as_str()? {
                "header" => ConditionKind::Header,
                "cookie" => ConditionKind::Cookie,
                "query" => ConditionKind::Query,
                "host" => ConditionKind::Host,
                _ => return None,
            };
            let key = condition["key"].as_str().unwrap_or_default();
            entry.conditions.push(Condition { kind, key, value: condition["value"].as_str(), missing });
        }
    }
    Some(entry)
}

/// Is `path` taken, as the packages decide? Next.js asks a second time without the slash at the end.
fn takes(list: &List<'_>, path: &str) -> bool {
    let one = |path: &str| list.entries.iter().any(|entry| entry_takes(entry, path));
    let without = path.strip_suffix('/').filter(|rest| list.role == Role::Matcher && !rest.is_empty());
    one(path) && without.is_none_or(one)
}

fn entry_takes(entry: &Entry<'_>, path: &str) -> bool {
    let options = Options { ignore_case: entry.ignore_case, dot_all: false };
    let pattern = match entry.source {
        Source::Pattern(text) => Pattern::compile(Dialect::Pattern, text, options),
        Source::Next(text) => Pattern::next_source(text, &NextOptions::default()),
        Source::Glob(text) => Pattern::compile(Dialect::Glob, text, options),
        Source::Globset(text) => {
            return Language::globset(text, options).is_ok_and(|language| language.contains(path));
        }
        Source::Regex(text) => Pattern::compile(Dialect::Regex, text, options),
        Source::RegExp { source, flags } => Pattern::regexp(source, &flags.replace(['g', 'y'], "")),
    };
    pattern.is_ok_and(|pattern| pattern.is_match(path))
}
