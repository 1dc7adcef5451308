//! What is well-formed and yet probably a mistake of a rule by itself: loops, claims of nobody. What is about the paths
//! that rules take is told by `lint`.

use super::Lower;
use super::codes;
use super::rules::{Facts, Rules};
use crate::diagnostic::Diagnostic;
use crate::policy::{EditTemplate, Matcher, Require, Rule, Then};
use crate::request::ConditionKind;
use crate::template::Template;

pub(super) fn lints(lower: &mut Lower<'_>, rules: &Rules) {
    let all = || rules.guards.iter().zip(&rules.guard_facts).chain(rules.routes.iter().zip(&rules.route_facts));
    for (rule, facts) in all() {
        redirect_loop(lower, rule, facts);
        identity(lower, rule, facts);
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
        Require::Public | Require::SignedOut | Require::Webhook { .. } => false,
        Require::Session | Require::Deny | Require::Claim { .. } | Require::Bearer { .. } => true,
        Require::Any(all) => all.iter().all(knows_somebody),
        Require::All(all) => all.iter().any(knows_somebody),
    }
}
