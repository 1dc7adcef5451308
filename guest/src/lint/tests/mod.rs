//! Judged by hand: each rule with what it must find, where, and what it must leave alone.

mod between;
mod entries;
mod gaps;
mod limits;

use super::*;
use Role::{Matcher, Protect, Public};
use Severity::{Error, Note, Warning};

const POST: Condition<'static> =
    Condition { kind: ConditionKind::Method, key: "", value: Some("POST"), missing: false };

/// One entry of each kind.
fn pattern(text: &str) -> Entry<'_> {
    Entry::new(Source::Pattern(text), true)
}

fn next(text: &str) -> Entry<'_> {
    Entry::new(Source::Next(text), false)
}

fn glob(text: &str) -> Entry<'_> {
    Entry::new(Source::Glob(text), true)
}

fn regex(text: &str) -> Entry<'_> {
    Entry::new(Source::Regex(text), true)
}

fn regexp<'t>(source: &'t str, flags: &'t str) -> Entry<'t> {
    Entry::new(Source::RegExp { source, flags }, flags.contains('i'))
}

fn list<'t>(role: Role, entries: impl IntoIterator<Item = Entry<'t>>) -> List<'t> {
    List::new(role, entries.into_iter().collect())
}

fn findings(lists: &[List<'_>], setting: &Setting<'_>) -> Vec<Finding> {
    let report = lint(lists, setting);
    assert_eq!(report.undecided, 0, "{lists:?}");
    report.findings
}

/// Rule, severity, what is underlined, path.
fn told<'t>(list: &List<'t>, finding: &Finding) -> (&'static str, Severity, &'t str, String) {
    let text = list.entries[finding.entry].source.text();
    let marked = match finding.place {
        Place::Text(span) => &text[span.start..span.end],
        Place::Condition(_) => "condition",
        Place::ListCondition(_) => "list condition",
        Place::Flags => "flags",
    };
    (finding.rule, finding.severity, marked, finding.witness.clone().unwrap_or_default())
}

/// The findings of one list with that rule.
fn of_rule<'t>(
    rule: &str,
    role: Role,
    entries: impl IntoIterator<Item = Entry<'t>>,
) -> Vec<(Severity, &'t str, String)> {
    let list = list(role, entries);
    let setting = Setting { javascript: true, encoded_slash: true, ..Setting::default() };
    let all = findings(std::slice::from_ref(&list), &setting);
    all.iter()
        .map(|finding| told(&list, finding))
        .filter(|told| told.0 == rule)
        .map(|(_, severity, marked, path)| (severity, marked, path))
        .collect()
}

#[track_caller]
fn finds(rule: &str, role: Role, entry: Entry<'_>, severity: Severity, marked: &str, path: &str) {
    assert_eq!(of_rule(rule, role, [entry]), [(severity, marked, path.to_owned())]);
}

#[track_caller]
fn quiet<'t>(rule: &str, role: Role, entries: impl IntoIterator<Item = Entry<'t>>) {
    assert_eq!(of_rule(rule, role, entries), []);
}

/// Findings with that rule in several lists: list, severity, path, and which entry it has to do with.
fn between(rule: &str, lists: &[List<'_>]) -> Vec<(usize, Severity, String, Option<usize>)> {
    let all = findings(lists, &Setting::default()).into_iter().filter(|finding| finding.rule == rule);
    all.map(|finding| {
        let also = finding.also.map(|also| also.list);
        (finding.list, finding.severity, finding.witness.unwrap_or_default(), also)
    })
    .collect()
}

/// Messages are written as all others.
#[test]
fn wording() {
    let lists = [
        list(Public, ["/docs(.*)", "/(.*)x", "/:a", "/docs/y"].map(pattern)),
        list(
            Protect,
            ["profile", "/admin", "/a/(.*)", "/café", "/(auth)/x", "/a/*", r"/:a/:b(\1)", "/((?:a+)+)"].map(pattern),
        ),
        list(Protect, [regexp("/a", "g"), glob("/a/*")]),
        list(Matcher, [r"/((?!api|.*\..*|.*..*).*)", "/x/", "x", "/y"].map(next)),
    ];
    let found = lint(&lists, &Setting { javascript: true, encoded_slash: true, ..Setting::default() }).findings;
    assert!(
        found.iter().map(|finding| finding.rule).collect::<std::collections::BTreeSet<_>>().len() > 18,
        "{found:?}"
    );
    for finding in found {
        assert!(RULES.iter().any(|rule| rule.0 == finding.rule));
        for text in [&finding.message, &finding.help] {
            let first = text.chars().next().expect("not empty");
            assert!(!first.is_uppercase() || text.starts_with("Next.js"), "{text}");
            assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
    }
}
