//! What is well-formed and yet probably a mistake: loops, half-open pages, patterns that go on too far.

use super::Lower;
use super::paths::Written;
use super::rules::{Facts, Rules};
use super::{codes, shadow};
use crate::diagnostic::{Diagnostic, Severity};
use crate::pattern::Dialect;
use crate::policy::{EditTemplate, Matcher, Require, Rule, Then};
use crate::request::ConditionKind;
use crate::template::Template;

pub(super) fn lints(lower: &mut Lower<'_>, rules: &Rules, default: &Require) {
    let all = || rules.guards.iter().zip(&rules.guard_facts).chain(rules.routes.iter().zip(&rules.route_facts));
    for (rule, facts) in all() {
        boundary(lower, facts);
        redirect_loop(lower, rule, facts);
        identity(lower, rule, facts);
    }
    if *default == Require::Public {
        open_children(lower, rules);
    }
    shadow::shadowed(lower, rules);
}

/// P201: `/product(.*)` also takes `/products`. A warning where that opens more than is meant, else a note.
fn boundary(lower: &mut Lower<'_>, facts: &Facts) {
    for written in facts.paths.iter().filter(|written| written.dialect == Dialect::Pattern) {
        let Some(stem) = written.text.strip_suffix("(.*)") else { continue };
        // `/:id(.*)` is a parameter with an expression of its own, not an open end.
        let last = stem.rsplit('/').next().unwrap_or_default();
        if last.is_empty() || last.contains(':') || stem.contains(['(', '\\', '{', '?', '*', '+']) {
            continue;
        }
        let message = format!("`{}` also takes `{stem}s` and `{stem}-x`", written.text);
        let mut finding = Diagnostic::note(codes::BOUNDARY, written.span, message)
            .help(format!("write `{stem}/:path*` if only `{stem}` and what is below it is meant"));
        if !facts.protects {
            finding.severity = Severity::Warning;
        }
        lower.push(finding);
    }
}

/// P313: a redirect to a path of this site that the same rule takes again. Only what is certain is refused: a fixed path,
/// and conditions that a redirect does not change.
fn redirect_loop(lower: &mut Lower<'_>, rule: &Rule, facts: &Facts) {
    let Then::Redirect { to, .. } = &rule.then else { return };
    let Some(path) = to.literal().filter(|to| to.starts_with('/')) else { return };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let taken = facts.paths.is_empty() || facts.paths.iter().any(|written| written.pattern.is_match(path));
    let left_out = facts.except.iter().any(|written| written.pattern.is_match(path));
    let stays = |matcher: &Matcher| {
        let mut conditions = matcher.has.iter().chain(&matcher.missing);
        let changes = conditions.any(|condition| match condition.kind {
            ConditionKind::Query(_) => true,
            ConditionKind::Cookie(_) => facts.sets_cookies,
            ConditionKind::Header(_) | ConditionKind::Host => false,
        });
        !changes && (matcher.methods.is_empty() || matcher.methods.iter().any(|method| method == "GET"))
    };
    if let Some(span) = facts.redirect
        && taken
        && !left_out
        && stays(&rule.matcher)
    {
        let message = format!("`{path}` is taken by the same rule again");
        lower.error(
            codes::LOOP,
            span,
            message,
            "send visitors to a path that the rule does not match, or add `except`",
        );
    }
}

/// P214: `{claim.sub}` where nobody has to be known.
fn identity(lower: &mut Lower<'_>, rule: &Rule, facts: &Facts) {
    if matches!(&rule.then, Then::Require(require) if knows_somebody(require)) {
        return;
    }
    let edits = rule.request_headers.iter().chain(&rule.response_headers).filter_map(|edit| match edit {
        EditTemplate::Set(_, template) | EditTemplate::Append(_, template) => Some(template),
        EditTemplate::Remove(_) => None,
    });
    let to = match &rule.then {
        Then::Redirect { to, .. } => Some(to),
        _ => None,
    };
    if edits.chain(&rule.rewrite).chain(to).any(Template::needs_identity) {
        let message = format!("`{}` fills in a claim, but asks for no session", facts.id);
        let help = "add `require = \"session\"`; without a session the claim is not there";
        lower.push(Diagnostic::warning(codes::NO_IDENTITY, facts.span, message).help(help));
    }
}

/// Does everybody who passes have a verified identity?
fn knows_somebody(require: &Require) -> bool {
    match require {
        Require::Public | Require::SignedOut => false,
        Require::Session | Require::Deny | Require::Claim { .. } | Require::Bearer { .. } => true,
        Require::Any(all) => all.iter().all(knows_somebody),
        Require::All(all) => all.iter().any(knows_somebody),
    }
}

/// P213: `/admin` is protected, `/admin/users` falls through to a public default.
fn open_children(lower: &mut Lower<'_>, rules: &Rules) {
    let mut hits = Vec::new();
    for facts in rules.route_facts.iter().filter(|facts| facts.protects) {
        for written in &facts.paths {
            let Some(path) = written.literal().filter(|path| is_page(path)) else { continue };
            rules.patterns.matches(&format!("{path}/x"), &mut hits);
            if hits.is_empty() {
                let message = format!("`{path}` is protected, but what is below it is open by `default`");
                let star = if written.dialect == Dialect::Glob { "**" } else { ":path*" };
                let help = format!("write `{path}/{star}` to protect `{path}` and what is below it");
                lower.push(Diagnostic::note(codes::OPEN_CHILDREN, written.span, message).help(help));
            }
        }
    }
}

/// A file has nothing below it, and the root everything.
fn is_page(path: &str) -> bool {
    path.len() > 1 && !path.ends_with('/') && !path.rsplit('/').next().unwrap_or_default().contains('.')
}

/// The one place that tells which pattern is whose: they are numbered in rule order.
pub(super) fn owner_of(rules: &Rules) -> Vec<usize> {
    let count = |facts: &[Facts]| facts.iter().map(|facts| facts.paths.len()).collect::<Vec<_>>();
    let guards: usize = count(&rules.guard_facts).iter().sum();
    let mut owners = vec![usize::MAX; guards];
    for (route, paths) in count(&rules.route_facts).into_iter().enumerate() {
        owners.extend(std::iter::repeat_n(route, paths));
    }
    owners
}

/// Same dialect, same text.
pub(super) fn same(a: &Written, b: &Written) -> bool {
    a.dialect == b.dialect && a.text == b.text
}
