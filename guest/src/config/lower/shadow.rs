//! Routes that can never match, since an earlier one takes all of their requests. Only what is certain is said: the
//! same pattern, a pattern for everything, or a fixed path that an earlier pattern takes.

use super::Lower;
use super::codes;
use super::lints::{owner_of, same};
use super::rules::{Facts, Rules};
use crate::diagnostic::Diagnostic;
use crate::policy::{Matcher, Require, Then};
use crate::request::Condition;

/// Earlier routes looked at for each route; keeps ten thousand routes with one pattern from taking minutes.
const MOST_TRIED: usize = 64;

pub(super) fn shadowed(lower: &mut Lower<'_>, rules: &Rules) {
    let owners = owner_of(rules);
    let mut first_with = std::collections::BTreeMap::<(u8, &str), Vec<usize>>::new();
    let mut everything: Vec<usize> = Vec::new();
    let mut hits = Vec::new();
    for (index, facts) in rules.route_facts.iter().enumerate() {
        let mut candidates = everything.clone();
        if let Some(path) = facts.paths.first() {
            candidates.extend(first_with.get(&(path.dialect as u8, path.text.as_str())).into_iter().flatten());
        }
        if let [only] = facts.paths.as_slice()
            && let Some(path) = only.literal()
        {
            rules.patterns.matches(path, &mut hits);
            let earlier = hits.iter().filter_map(|hit| owners.get(usize::try_from(*hit).ok()?).copied());
            candidates.extend(earlier.filter(|owner| *owner < index).take(MOST_TRIED));
        }
        candidates.sort_unstable();
        candidates.dedup();
        if let Some(earlier) = candidates.into_iter().take(MOST_TRIED).find(|earlier| takes_all(rules, *earlier, index))
        {
            report(lower, rules, earlier, index);
        }
        for path in &facts.paths {
            let seen = first_with.entry((path.dialect as u8, path.text.as_str())).or_default();
            if seen.len() < MOST_TRIED {
                seen.push(index);
            }
        }
        let all = facts.paths.is_empty() || facts.paths.iter().any(super::paths::Written::is_everything);
        if all && everything.len() < MOST_TRIED {
            everything.push(index);
        }
    }
}

fn report(lower: &mut Lower<'_>, rules: &Rules, earlier: usize, later: usize) {
    let (Some(first), Some(second)) = (rules.route_facts.get(earlier), rules.route_facts.get(later)) else { return };
    let public = matches!(rules.routes.get(earlier).map(|rule| &rule.then), Some(Then::Require(Require::Public)));
    let span = |facts: &Facts| facts.paths.first().map_or(facts.span, |path| path.span);
    let finding = if public && second.protects {
        let message = format!("the public route `{}` takes the requests that `{}` is to protect", first.id, second.id);
        Diagnostic::warning(codes::HIDDEN, span(second), message).help("put the protected route first")
    } else {
        let message = format!("`{}` can never match: `{}` takes its requests", second.id, first.id);
        Diagnostic::warning(codes::NEVER, span(second), message).help("remove it, or put it first")
    };
    lower.push(finding.also(span(first), "the earlier route"));
}

/// Does route `earlier` match whenever route `later` does?
fn takes_all(rules: &Rules, earlier: usize, later: usize) -> bool {
    let get = |index: usize| Some((&rules.routes.get(index)?.matcher, rules.route_facts.get(index)?));
    let (Some((first, first_facts)), Some((second, second_facts))) = (get(earlier), get(later)) else { return false };
    paths_within(first_facts, second_facts) && conditions_within(first, second)
}

fn paths_within(first: &Facts, second: &Facts) -> bool {
    let left_out = first.except.iter().all(|a| second.except.iter().any(|b| same(a, b)));
    let everything = first.paths.is_empty() || first.paths.iter().any(super::paths::Written::is_everything);
    let covered = second.paths.iter().all(|path| {
        first
            .paths
            .iter()
            .any(|wide| same(wide, path) || path.literal().is_some_and(|literal| wide.pattern.is_match(literal)))
    });
    left_out && (everything || (!second.paths.is_empty() && covered))
}

fn conditions_within(first: &Matcher, second: &Matcher) -> bool {
    let within = |few: &[Condition], many: &[Condition]| few.iter().all(|a| many.iter().any(|b| same_condition(a, b)));
    first.when.is_none()
        && (first.hosts.is_empty()
            || (!second.hosts.is_empty() && second.hosts.iter().all(|h| first.hosts.contains(h))))
        && (first.methods.is_empty()
            || (!second.methods.is_empty() && second.methods.iter().all(|m| first.methods.contains(m))))
        && within(&first.has, &second.has)
        && within(&first.missing, &second.missing)
}

fn same_condition(a: &Condition, b: &Condition) -> bool {
    a.kind == b.kind && a.value.as_ref().map(|value| value.source()) == b.value.as_ref().map(|value| value.source())
}
