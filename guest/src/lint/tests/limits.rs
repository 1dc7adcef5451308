//! Time, and whatever may be written.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// A config as large as any: a thousand routes of the usual kinds.
fn thousand() -> Vec<(Role, String)> {
    let kinds = [
        (Protect, "/dashboard(.*)"),
        (Protect, "/settings/:path*"),
        (Protect, "/billing"),
        (Protect, "/projects/:id/files/(.*)"),
        (Public, "/docs/:path*"),
        (Public, "/blog/:slug"),
        (Public, "/(about|contact|imprint)"),
        (Protect, "/api/((?!webhooks/).*)"),
        (Public, ""),
        (Public, "/login(.*)"),
    ];
    (0..100).flat_map(|n| kinds.map(|(role, text)| (role, format!("/team-{n}{text}")))).collect()
}

/// Well under a second in a release build (see `docs/performance.md`); here the program is not optimised.
#[test]
fn a_thousand_routes() {
    let texts = thousand();
    let lists: Vec<_> = texts.iter().map(|(role, text)| list(*role, [pattern(text)])).collect();
    let start = Instant::now();
    let report = lint(&lists, &Setting { rest: Rest::Open, ..Setting::default() });
    println!("{} routes: {:?}, {} findings", lists.len(), start.elapsed(), report.findings.len());
    assert_eq!(report.undecided, 0);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Whatever is asked, it ends in time, and says that it does not know.
#[test]
fn hard_questions_are_given_up() {
    // Which letter stands there must be remembered for every place that may be the start.
    let hard = |n: usize| format!("/((?:a|b){{{}}}{}(?:a|b)*)", 20 + n, if n.is_multiple_of(2) { "a" } else { "b" });
    let texts: Vec<String> = (0..40).map(hard).collect();
    let lists: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| list(if n.is_multiple_of(3) { Protect } else { Public }, [pattern(text)]))
        .chain([list(Matcher, [next("/((?!(?:a|b){30}a|.{40}b).*)")])])
        .collect();
    let start = Instant::now();
    let mut effort = Effort::new(10_000_000, 1_000_000);
    let report = lint_within(&lists, &Setting::default(), &mut effort);
    println!("{:?}, {} undecided", start.elapsed(), report.undecided);
    assert!(report.undecided > 0 && effort.left() < 1_000_000);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "/a",
        "/admin",
        "/api",
        "(.*)",
        "/:x",
        ":y",
        "/:p*",
        "/:p+",
        "?",
        "{-:z}?",
        "((?!a|b).*)",
        "((?!.*\\..*|_next).*)",
        "(a|b)",
        ".",
        "/é",
        "(\\d+)",
        "{/(.*)}?",
        "\\",
        "(",
        ")",
        "*",
        "**",
        "([^/]+)",
        "%41",
        "[",
        "[w]",
        "(?!",
        "|",
        "^",
        "$",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|parts| parts.concat())
}

fn any_entry() -> impl Strategy<Value = (u8, String, bool)> {
    (0u8..6, any_text(), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Nothing panics; every place is one; every path can be sent; what it shows is so.
    #[test]
    fn whatever_is_written(entries in prop::collection::vec(any_entry(), 1..5), roles in prop::collection::vec(0usize..3, 3)) {
        let entry = |(kind, text, fold): &'static (u8, String, bool)| match kind {
            0 | 1 => pattern(text),
            2 => next(text),
            3 => Entry::new(Source::Glob(text), *fold),
            4 => Entry::new(Source::Globset(text), *fold),
            _ => regexp(text, if *fold { "i" } else { "" }),
        };
        let entries: &'static [(u8, String, bool)] = Vec::leak(entries);
        let roles = roles.iter().map(|role| [Protect, Public, Matcher][*role]);
        let lists: Vec<_> = roles.map(|role| list(role, entries.iter().map(entry))).collect();
        let setting = Setting { javascript: true, encoded_slash: true, ..Setting::default() };
        let words = Words::new(&[]).expect("valid");
        for finding in lint(&lists, &setting).findings {
            let list = &lists[finding.list];
            if let Place::Text(span) = finding.place {
                prop_assert!(list.entries[finding.entry].source.text().get(span.start..span.end).is_some(), "{:?}", finding);
            }
            let Some(path) = &finding.witness else { continue };
            // The last two are about paths that the gate itself refuses.
            prop_assert!(words.can_be_sent(path) || matches!(finding.rule, "R26" | "R27" | "R28"), "{:?}", finding);
            let takes = |list: &List<'_>| list.entries.iter().any(|entry| {
                checked::language(entry.source, entry.ignore_case, &setting.next).is_ok_and(|language| language.contains(path))
            });
            match finding.rule {
                "R03" | "R18" | "R21" | "R22" | "R25" | "R30" => prop_assert!(takes(list), "{:?}", finding),
                "R04" | "R05" | "R06" | "R07" | "R08" | "R09" | "R13" | "R29" => prop_assert!(!takes(list), "{:?}", finding),
                // About the entry alone.
                "R12" => {
                    let alone = List::new(list.role, vec![list.entries[finding.entry].clone()]);
                    prop_assert!(!takes(&alone), "{:?}", finding);
                }
                "R23" => prop_assert!(takes(list) && !lists.iter().any(|list| list.role == Matcher && takes(list))),
                _ => {}
            }
        }
    }
}
