//! `[[guard]]` and `[[route]]`.

use super::Lower;
use super::paths::{Compare, Compat, Written};
use crate::config::check::is_name;
use crate::config::document::Node;
use crate::config::{codes, near};
use crate::diagnostic::{Diagnostic, Span};
use crate::pattern::{Pattern, PatternSet};
use crate::policy::{Matcher, RULE_FIRST, Require, Rule, Then};
use crate::request::HostPattern;
use crate::supply::Source;
use crate::template::Use;
use std::collections::BTreeMap;

/// Most guards and routes together; more would not fit into the memory of an instance.
const MAX_RULES: usize = 5_000;

/// Names that stand for something else in logs and tests.
const RESERVED: [&str; 4] = ["request", "default", "sign-in", "session"];

/// All rules, and what the lints want to know of them.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) guards: Vec<Rule>,
    pub(super) routes: Vec<Rule>,
    pub(super) patterns: PatternSet,
    /// By rule number.
    pub(super) names: Vec<String>,
    /// In the order of `guards` and `routes`.
    pub(super) guard_facts: Vec<Facts>,
    pub(super) route_facts: Vec<Facts>,
}

/// What is known of a rule before it is compiled.
#[derive(Debug)]
pub(super) struct Facts {
    /// The header, or the braces, of the rule.
    pub(super) span: Span,
    pub(super) id: String,
    pub(super) paths: Vec<Written>,
    pub(super) except: Vec<Written>,
    pub(super) protects: bool,
    /// `redirect` or `redirect.to`.
    pub(super) redirect: Option<Span>,
    pub(super) sets_cookies: bool,
}

pub(super) fn rules(lower: &mut Lower<'_>, root: &Node) -> Rules {
    let list = |key: &str| root.get(key).filter(|node| !node.is_table()).map(Node::members).unwrap_or_default();
    let (guards, routes) = (list("guard"), list("route"));
    let mut rules = Rules { names: RESERVED.map(str::to_owned).to_vec(), ..Rules::default() };
    let count = guards.len() + routes.len();
    if let Some(first) = guards.iter().chain(routes).nth(MAX_RULES) {
        let message = format!("{count} rules are too many; the most is {MAX_RULES}");
        lower.error(codes::TOO_MANY_RULES, first.span, message, "put several patterns into one rule");
        return rules;
    }
    let mut ids = BTreeMap::new();
    let mut patterns = Vec::new();
    let mut number = RULE_FIRST;
    for (kind, list) in [("guard", guards), ("route", routes)] {
        for (index, node) in (1..).zip(list) {
            let id = id(lower, node, &mut ids, || format!("{kind}-{index}"));
            rules.names.push(id.clone());
            if let Some((mut rule, facts)) = rule(lower, node, kind == "route", id) {
                rule.number = number;
                for written in &facts.paths {
                    rule.matcher.patterns.extend(u32::try_from(patterns.len()));
                    patterns.push(written.pattern.clone());
                }
                let (all, all_facts) = match kind {
                    "guard" => (&mut rules.guards, &mut rules.guard_facts),
                    _ => (&mut rules.routes, &mut rules.route_facts),
                };
                all.push(rule);
                all_facts.push(facts);
            }
            number += 1;
        }
    }
    rules.patterns = PatternSet::new(patterns);
    rules
}

fn id(
    lower: &mut Lower<'_>,
    node: &Node,
    ids: &mut BTreeMap<String, Span>,
    otherwise: impl FnOnce() -> String,
) -> String {
    let written = node.get("id").and_then(|node| Some((node.span, node.text().filter(|id| !id.is_empty())?)));
    let Some((span, id)) = written else {
        let id = otherwise();
        if let Some(taken) = ids.insert(id.clone(), node.span) {
            let message = format!("`{id}` is the name of a rule without an `id`");
            let finding = Diagnostic::error(codes::DUPLICATE_ID, taken, message).also(node.span, "this one");
            lower.push(finding.help("pick another name, or name both rules"));
        }
        return id;
    };
    if !is_name(id) {
        let help = "names are made of letters, digits, `-`, `_` and `.`";
        lower.error(codes::NAME, span, format!("`{id}` is not a name for a rule"), help);
    } else if RESERVED.contains(&id) {
        let message = format!("`{id}` is taken: it is what logs and tests call the built-in rule");
        lower.error(codes::DUPLICATE_ID, span, message, "pick another name");
    } else if let Some(first) = ids.insert(id.to_owned(), span) {
        let finding = Diagnostic::error(codes::DUPLICATE_ID, span, format!("two rules are called `{id}`"));
        lower.push(finding.also(first, "first here").help("give each rule its own `id`"));
    }
    id.to_owned()
}

/// One rule; `None` when a part of it could not be read.
fn rule(lower: &mut Lower<'_>, node: &Node, is_route: bool, id: String) -> Option<(Rule, Facts)> {
    if !node.is_table() || !lower.has_room(node.span, 0) {
        return None;
    }
    let before = lower.findings.iter().filter(|finding| finding.is_error()).count();
    let protects = protects(node);
    let compat = Compat::of(node);
    let paths = lower.paths(node, Compare { generous: protects, compat });
    let left_out = Compare { generous: !protects, compat };
    let except = node.get("except").map(|except| lower.paths(except, left_out)).unwrap_or_default();
    let mut hosts = Vec::new();
    for (node, text) in lower.texts(node.get("host")) {
        hosts.extend(lower.host(node, text));
    }
    let has = lower.conditions(node.get("has"));
    let missing = lower.conditions(node.get("missing"));
    let methods = lower.methods(node.get("methods"));
    let when = node.get("when").and_then(|node| switch(lower, node));

    let mut names: Vec<String> = Vec::new();
    names.extend(paths.iter().flat_map(|written| written.pattern.names()));
    names.extend(hosts.iter().flat_map(HostPattern::names));
    let values = has.iter().filter_map(|condition| condition.value.as_ref());
    names.extend(values.flat_map(Pattern::names));

    if is_route && CONDITIONS.iter().all(|key| node.get(key).is_none()) {
        let help = "write `glob`, `pattern` or `regex`; `default` is for what no route names";
        lower.error(codes::NO_CONDITION, node.span, format!("route `{id}` has no condition"), help);
    }
    let then = then(lower, node, is_route, &id, &names);
    let rewrite = node.get("rewrite").and_then(|rewrite| {
        if node.get("require").is_none() && node.get("redirect").is_none() && node.get("respond").is_none() {
            let span = node.entry("rewrite").map_or(rewrite.span, |entry| entry.key_span);
            let help = "write `require`, too; `require = \"public\"` if everybody may";
            lower.error(codes::REWRITE_ALONE, span, "`rewrite` does not say who may pass", help);
        }
        rewrite_to(lower, rewrite, &names)
    });
    let upstream = node.get("upstream").map_or(0, |node| upstream(lower, node));
    let request_headers = lower.edits(node.get("request-headers"), &names);
    let mut response_headers = lower.edits(node.get("response-headers"), &names);
    let cookies = lower.cookies(node);
    let sets_cookies = !cookies.is_empty();
    response_headers.extend(cookies);
    let on_anonymous = lower.on_refusal(node.get("on-anonymous"));
    let on_forbidden = lower.on_refusal(node.get("on-forbidden"));

    let facts = Facts {
        span: node.span,
        id,
        protects,
        redirect: node.get("redirect").map(|node| node.get("to").unwrap_or(node).span),
        sets_cookies,
        paths,
        except,
    };
    let matcher = Matcher {
        patterns: Vec::new(),
        except: facts.except.iter().map(|written| written.pattern.clone()).collect(),
        hosts,
        methods,
        has,
        missing,
        when,
    };
    let rule = Rule {
        number: 0,
        matcher,
        then: then?,
        on_anonymous,
        on_forbidden,
        rewrite,
        upstream,
        request_headers,
        response_headers,
    };
    no_effect(lower, node, &rule);
    let after = lower.findings.iter().filter(|finding| finding.is_error()).count();
    (before == after).then_some((rule, facts))
}

/// Keys that say when a route applies.
const CONDITIONS: [&str; 8] = ["glob", "pattern", "regex", "host", "methods", "has", "missing", "when"];

/// Does the rule keep anybody out? Then its paths are read generously. Unless it clearly opens or only sends elsewhere,
/// it does.
fn protects(node: &Node) -> bool {
    match (node.get("require"), node.get("redirect"), node.get("respond")) {
        (Some(require), _, _) => require.text() != Some("public"),
        (None, Some(_), _) => false,
        (None, None, Some(respond)) => respond.get("status").and_then(Node::integer).is_none_or(|status| status >= 400),
        (None, None, None) => true,
    }
}

fn switch(lower: &mut Lower<'_>, node: &Node) -> Option<usize> {
    let text = node.text().filter(|text| !text.is_empty())?;
    match Source::parse(text) {
        Some(source @ Source::Env(_)) => lower.need(source, node.span, false, true),
        _ => {
            lower.error(codes::SWITCH, node.span, format!("`{text}` is not a switch"), "write `env:NAME`");
            None
        }
    }
}

fn then(lower: &mut Lower<'_>, node: &Node, is_route: bool, id: &str, names: &[String]) -> Option<Then> {
    let answers: Vec<_> = ["require", "redirect", "respond"].iter().filter_map(|key| node.entry(key)).collect();
    if let [first, second, ..] = answers.as_slice() {
        let (first, second) = if first.key_span < second.key_span { (first, second) } else { (second, first) };
        let message = format!("`{}` and `{}` exclude each other", first.key, second.key);
        let finding =
            Diagnostic::error(codes::TWO_ANSWERS, second.key_span, message).also(first.key_span, "first here");
        lower.push(finding.help("keep one of them, or write two rules"));
    }
    let mut all: Vec<Option<Then>> = Vec::new();
    for answer in &answers {
        all.push(match answer.key.as_str() {
            "require" => lower.require(&answer.node, names).map(Then::Require),
            "redirect" => lower.redirect(&answer.node, names),
            _ => lower.respond(&answer.node),
        });
    }
    if let Some(first) = all.into_iter().next() {
        return first;
    }
    if is_route {
        if node.get("rewrite").is_none() {
            let help = "write `require`, `redirect` or `respond`";
            lower.error(codes::NO_ANSWER, node.span, format!("route `{id}` does not say what to do"), help);
        }
        return None;
    }
    let edits = ["request-headers", "response-headers", "set-cookies", "clear-cookies"];
    if edits.iter().all(|key| node.get(key).is_none()) {
        let help = "write `require`, `redirect`, `respond` or header edits";
        lower.error(codes::NO_ANSWER, node.span, format!("guard `{id}` does nothing"), help);
        return None;
    }
    Some(Then::Continue)
}

fn rewrite_to(lower: &mut Lower<'_>, node: &Node, names: &[String]) -> Option<crate::template::Template> {
    let text = node.text().filter(|text| !text.is_empty())?;
    let path = text.starts_with('/') && !text.starts_with("//") || text.starts_with("{path}");
    if !path || text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '#')) {
        let help = "a rewrite stays on the server behind: write a path, `/t/{tenant}{path}`";
        lower.error(codes::NOT_A_PATH, node.span, format!("`{text}` is not a path"), help);
        return None;
    }
    lower.template(node, Use::Address, names)
}

fn upstream(lower: &mut Lower<'_>, node: &Node) -> u16 {
    let Some(name) = node.text().filter(|name| !name.is_empty()) else { return 0 };
    let found = lower.upstreams.iter().position(|known| known == name);
    if found.is_none() {
        let known: Vec<&str> = lower.upstreams.iter().map(String::as_str).collect();
        let help = near::advice(name, &known, "this config names no upstream: add `[proxy.upstreams]`");
        lower.error(codes::UNKNOWN_UPSTREAM, node.span, format!("unknown upstream `{name}`"), help);
    }
    found.and_then(|index| u16::try_from(index).ok()).unwrap_or(0)
}

/// Keys that look as if they did something.
fn no_effect(lower: &mut Lower<'_>, node: &Node, rule: &Rule) {
    let asks = matches!(&rule.then, Then::Require(require) if *require != Require::Public);
    let answers = matches!(rule.then, Then::Redirect { .. } | Then::Respond(_));
    let mut idle = Vec::new();
    if !asks {
        idle.extend(["on-anonymous", "on-forbidden"]);
    }
    if answers {
        idle.extend(["rewrite", "upstream", "request-headers"]);
    }
    for entry in idle.iter().filter_map(|key| node.entry(key)) {
        let why = if answers { "the request goes nowhere" } else { "nobody is turned away here" };
        let message = format!("`{}` has no effect: {why}", entry.key);
        lower.push(
            Diagnostic::warning(codes::NO_EFFECT, entry.key_span, message).help("remove it, or correct the rule"),
        );
    }
}
