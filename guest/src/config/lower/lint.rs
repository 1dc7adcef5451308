//! From the rules of a config to the lists of the linter, and its findings back to places in the text.

use super::Lowered;
use super::paths::{Compat, Written};
use super::rules::Facts;
use crate::config::document::Node;
use crate::config::{Linted, codes, locate};
use crate::diagnostic::{Diagnostic, Label, Severity, Span};
use crate::lint::{Condition, ConditionKind, Entry, Finding, List, Place, Rest, Role, Setting, Source};
use crate::pattern::{Dialect, NextOptions};
use crate::policy::{Policy, Require, Rule, Then};

/// Most patterns that are linted: their languages take two to six kilobytes each of the memory of an instance.
const MOST_ENTRIES: usize = 1_000;

/// Lint the rules of a policy that was loaded without an error.
pub(in crate::config) fn lint(text: &str, root: &Node, lowered: &Lowered) -> Linted {
    let policy = &lowered.policy;
    let mut sheets: Vec<Sheet<'_>> = Vec::new();
    for (key, facts, rules) in
        [("guard", &lowered.guard_facts, &policy.guards), ("route", &lowered.route_facts, &policy.routes)]
    {
        let nodes = root.get(key).map(Node::members).unwrap_or_default();
        sheets
            .extend(nodes.iter().zip(facts).zip(rules).filter_map(|((node, facts), rule)| of_rule(node, facts, rule)));
    }
    sheets.extend(root.get("next").and_then(|next| next.get("matcher")).map(of_matcher));
    let entries: usize = sheets.iter().map(|sheet| sheet.list.entries.len()).sum();
    if entries > MOST_ENTRIES {
        let message = format!("{entries} patterns are too many to look at one by one; the most is {MOST_ENTRIES}");
        let finding = Diagnostic::note(codes::NOT_LINTED, Span::default(), message);
        return Linted {
            findings: vec![finding.help("look at parts of the config in files of their own")],
            undecided: entries,
        };
    }
    let lists: Vec<List<'_>> = sheets.iter().map(|sheet| sheet.list.clone()).collect();
    let report = crate::lint::lint(&lists, &setting(policy, root));
    let outside = policy.next.as_ref().is_some_and(|next| next.unprotected_outside);
    let findings = report.findings.iter().filter_map(|finding| {
        let sheet = sheets.get(finding.list)?;
        let mut diagnostic = diagnostic(text, &sheets, finding)?;
        // The rules of a config hold outside of the matcher, too: what it leaves out matters to the app alone.
        let idle = sheet.list.role == Role::Matcher || finding.rule == "R23";
        // `default` is always written, so what it says is meant.
        let meant = finding.rule == "R29";
        diagnostic.severity = match (idle && !outside || meant, finding.severity) {
            (true, _) => Severity::Note,
            // With an error no policy could be loaded.
            (false, Severity::Error) => Severity::Warning,
            (false, severity) => severity,
        };
        Some(diagnostic)
    });
    Linted { findings: findings.collect(), undecided: report.undecided }
}

/// A list of the linter with the places that its parts have in the text.
struct Sheet<'a> {
    list: List<'a>,
    /// Of the whole rule.
    span: Span,
    /// Of each entry, and of its conditions.
    entries: Vec<(Span, Vec<Span>)>,
    /// Of the conditions of the list.
    conditions: Vec<Span>,
}

fn setting<'a>(policy: &'a Policy, root: &Node) -> Setting<'a> {
    let routes = root.get("route").map(Node::members).unwrap_or_default();
    let next = policy.next.as_ref();
    let i18n = next.is_some_and(|next| !next.config.locales.is_empty());
    Setting {
        rest: if policy.default == Require::Public { Rest::Open } else { Rest::Closed },
        // A path with a line break gets as far as a rule only where controls are kept.
        javascript: policy.paths.keep_encoded_control && routes.iter().any(|node| Compat::of(node) != Compat::Safe),
        encoded_slash: policy.paths.keep_encoded_slash,
        trailing_slash: next.is_some_and(|next| next.config.trailing_slash),
        next: NextOptions { base_path: next.map_or("", |next| &next.config.base_path), locale: i18n, i18n },
        // They are judged as the page.
        next_twins: false,
    }
}

/// `None`: the rule decides nothing.
fn of_rule<'a>(node: &'a Node, facts: &'a Facts, rule: &'a Rule) -> Option<Sheet<'a>> {
    let role = match &rule.then {
        Then::Require(require) if is_open(require) => Role::Public,
        Then::Require(_) => Role::Protect,
        Then::Respond(respond) if respond.status >= 400 => Role::Protect,
        Then::Respond(_) | Then::Redirect { .. } => Role::Elsewhere,
        // A guard without an answer hides nothing.
        Then::Continue => return None,
    };
    let entry = |written: &'a Written, generous: bool| {
        let source = match (written.dialect, &written.flags) {
            (Dialect::Glob, _) => Source::Glob(&written.text),
            (Dialect::Regex, _) => Source::Regex(&written.text),
            (Dialect::Pattern, Some(flags)) => Source::RegExp { source: &written.text, flags },
            (Dialect::Pattern, None) => Source::Pattern(&written.text),
        };
        let ignore_case = match &written.flags {
            Some(flags) => flags.contains('i'),
            None => generous || (written.dialect == Dialect::Pattern && Compat::of(node) != Compat::Safe),
        };
        Entry::new(source, ignore_case)
    };
    let mut list = List::new(role, facts.paths.iter().map(|written| entry(written, facts.protects)).collect());
    list.except = facts.except.iter().map(|written| entry(written, !facts.protects)).collect();
    let (conditions, spans) = conditions(node);
    list.conditions = conditions;
    // What the gate itself checks, and a client cannot choose freely.
    for key in ["methods", "host", "when"] {
        for member in node.get(key).map(Node::members).unwrap_or_default() {
            let kind = ConditionKind::Method;
            list.conditions.push(Condition { kind, key, value: member.text(), missing: false });
        }
    }
    let entries = facts.paths.iter().map(|written| (written.span, Vec::new())).collect();
    Some(Sheet { list, span: facts.span, entries, conditions: spans })
}

/// May everybody pass?
fn is_open(require: &Require) -> bool {
    match require {
        Require::Public | Require::SignedOut => true,
        Require::Any(all) => all.iter().any(is_open),
        Require::All(all) => all.iter().all(is_open),
        Require::Session | Require::Deny | Require::Claim { .. } | Require::Bearer { .. } | Require::Webhook { .. } => {
            false
        }
    }
}

fn of_matcher(node: &Node) -> Sheet<'_> {
    let mut sheet = Sheet {
        list: List::new(Role::Matcher, Vec::new()),
        span: node.span,
        entries: Vec::new(),
        conditions: Vec::new(),
    };
    for member in node.members() {
        let source = member.get("source").unwrap_or(member);
        let Some(text) = source.text() else { continue };
        let (conditions, spans) = conditions(member);
        sheet.list.entries.push(Entry { conditions, ..Entry::new(Source::Next(text), false) });
        sheet.entries.push((source.span, spans));
    }
    sheet
}

/// `has` and `missing`.
fn conditions(node: &Node) -> (Vec<Condition<'_>>, Vec<Span>) {
    let mut all = Vec::new();
    for (key, missing) in [("has", false), ("missing", true)] {
        for member in node.get(key).map(Node::members).unwrap_or_default() {
            let text = |key: &str| member.get(key).and_then(Node::text);
            let kind = match text("type") {
                Some("header") => ConditionKind::Header,
                Some("cookie") => ConditionKind::Cookie,
                Some("query") => ConditionKind::Query,
                _ => ConditionKind::Host,
            };
            let condition = Condition { kind, key: text("key").unwrap_or_default(), value: text("value"), missing };
            all.push((condition, member.span));
        }
    }
    all.into_iter().unzip()
}

fn diagnostic(text: &str, sheets: &[Sheet<'_>], finding: &Finding) -> Option<Diagnostic> {
    let sheet = sheets.get(finding.list)?;
    let (entry, conditions) = sheet.entries.get(finding.entry).map_or((sheet.span, &[][..]), |(e, c)| (*e, c));
    let span = match finding.place {
        Place::Text(span) => {
            let value = sheet.list.entries.get(finding.entry).map_or("", |entry| entry.source.text());
            locate::inside(text, entry, value, span.start..span.end)
        }
        Place::Condition(number) => conditions.get(number).copied().unwrap_or(entry),
        Place::ListCondition(number) => sheet.conditions.get(number).copied().unwrap_or(sheet.span),
        Place::Flags => entry,
    };
    let shown = finding.witness.as_ref().map(|path| format!("for example `{path}`")).unwrap_or_default();
    let mut labels = vec![Label { span, message: shown }];
    if let Some(also) = &finding.also
        && let Some((span, _)) = sheets.get(also.list).and_then(|sheet| sheet.entries.get(also.entry))
    {
        labels.push(Label { span: *span, message: also.message.to_owned() });
    }
    Some(Diagnostic {
        code: finding.rule,
        severity: finding.severity,
        message: finding.message.clone(),
        labels,
        help: Some(finding.help.clone()),
    })
}
