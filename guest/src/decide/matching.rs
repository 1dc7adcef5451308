//! Which rules a request hits, view by view.

use super::Compiled;
use super::facts::{Facts, Judged};
use crate::policy::{Matcher, Rule};
use crate::request::{Condition, ConditionKind};
use crate::session::Identity;
use crate::template::Fill;
use crate::trace::{Outcome, Stage, Trace};

/// A rule that a view of the request hit.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    /// The guard or route; `None`: no route, so `default`.
    pub(crate) rule: Option<&'a Rule>,
    /// Captures of the path, the host and the conditions.
    pub(crate) params: Vec<(String, String)>,
}

impl Hit<'_> {
    /// What templates of this rule can be filled with.
    pub(crate) fn fill<'b>(&'b self, facts: &'b Facts<'_>, identity: Option<&'b Identity>) -> Fill<'b> {
        Fill { params: &self.params, identity, path: facts.page() }
    }
}

/// Is the switch with that need number on?
pub(crate) type Switches<'a> = &'a dyn Fn(usize) -> bool;

/// All guards that some view hits, in order.
pub(crate) fn guards<'a>(
    compiled: &'a Compiled,
    facts: &Facts<'_>,
    switches: Switches<'_>,
    trace: &mut Trace,
) -> Vec<Hit<'a>> {
    let guards = &compiled.policy().guards;
    if guards.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<(u32, Hit<'a>)> = Vec::new();
    let mut scratch = Vec::new();
    for Judged { path, .. } in facts.readings() {
        candidates(compiled, path, true, &mut scratch);
        for &place in &scratch {
            let Some(rule) = guards.get(place as usize) else { continue };
            if hits.iter().any(|(known, _)| *known == place) {
                continue;
            }
            match applies(compiled, rule, path, facts, switches) {
                Ok(params) => {
                    note(trace, Stage::Guard, compiled, rule, path, Ok(()));
                    hits.push((place, Hit { rule: Some(rule), params }));
                }
                Err(why) => note(trace, Stage::Guard, compiled, rule, path, Err(why)),
            }
        }
    }
    hits.sort_by_key(|(place, _)| *place);
    hits.into_iter().map(|(_, hit)| hit).collect()
}

/// The route that the canonical form hits, then those that other views hit. Never empty: no route is a hit, too.
pub(crate) fn routes<'a>(
    compiled: &'a Compiled,
    facts: &Facts<'_>,
    switches: Switches<'_>,
    trace: &mut Trace,
) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit<'a>> = Vec::with_capacity(1);
    let mut scratch = Vec::new();
    for Judged { path, weak } in facts.readings() {
        if trace.enabled() {
            explain_misses(compiled, path, facts, switches, trace);
        }
        candidates(compiled, path, false, &mut scratch);
        let hit = scratch.iter().find_map(|&place| {
            let rule = compiled.policy().routes.get(place as usize)?;
            let params = applies(compiled, rule, path, facts, switches).ok()?;
            Some(Hit { rule: Some(rule), params })
        });
        if hit.is_none() && weak {
            trace.note(Stage::Route, Outcome::No, || {
                ("default".into(), format!("no route takes `{path}`, and another reading stands for it"))
            });
            continue;
        }
        let hit = hit.unwrap_or(Hit { rule: None, params: Vec::new() });
        match hit.rule {
            Some(rule) => note(trace, Stage::Route, compiled, rule, path, Ok(())),
            None => trace.note(Stage::Route, Outcome::Yes, || ("default".into(), format!("no route takes `{path}`"))),
        }
        let number = |hit: &Hit<'_>| hit.rule.map(|rule| rule.number);
        if !hits.iter().any(|known| number(known) == number(&hit)) {
            hits.push(hit);
        }
    }
    hits
}

/// Places of the rules whose patterns take `path`, and of those without patterns; ascending.
fn candidates(compiled: &Compiled, path: &str, guard: bool, places: &mut Vec<u32>) {
    compiled.policy().patterns.matches(path, places);
    let owner =
        |index: &u32| compiled.owners.get(*index as usize).filter(|(g, _)| *g == guard).map(|(_, place)| *place);
    let mut kept = 0;
    for read in 0..places.len() {
        if let Some(place) = places.get(read).and_then(owner)
            && let Some(slot) = places.get_mut(kept)
        {
            *slot = place;
            kept += 1;
        }
    }
    places.truncate(kept);
    let open = if guard { &compiled.open_guards } else { &compiled.open_routes };
    places.extend_from_slice(open);
    places.sort_unstable();
    places.dedup();
}

/// All conditions of a rule but its patterns; the captures, or the first condition that fails.
fn applies(
    compiled: &Compiled,
    rule: &Rule,
    path: &str,
    facts: &Facts<'_>,
    switches: Switches<'_>,
) -> Result<Vec<(String, String)>, String> {
    if rule.is_transform() && !facts.runs() {
        return Err("outside `next.matcher`".to_owned());
    }
    let Matcher { patterns, except, hosts, methods, has, missing, when } = &rule.matcher;
    if let Some(need) = when
        && !switches(*need)
    {
        return Err("its switch is off".to_owned());
    }
    if !methods.is_empty() && !methods.contains(&facts.head.method) {
        return Err(format!("method {} is not among {}", facts.head.method, methods.join(", ")));
    }
    if let Some(pattern) = except.iter().find(|pattern| pattern.is_match(path)) {
        return Err(format!("`except` takes `{}`", pattern.source()));
    }
    let mut params = Vec::new();
    if !hosts.is_empty() {
        let host = &facts.authority.host;
        let tenants = &compiled.policy().tenants;
        let captures = hosts.iter().find_map(|pattern| pattern.matches(host, tenants));
        params.extend(captures.ok_or_else(|| format!("host {host} is not one of its hosts"))?);
    }
    for condition in has {
        let captures = condition.holds(facts.head, &facts.target, &facts.cookies, &facts.authority.host);
        params.extend(captures.ok_or_else(|| format!("`has` wants {}", describe(condition)))?);
    }
    for condition in missing {
        if condition.holds(facts.head, &facts.target, &facts.cookies, &facts.authority.host).is_some() {
            return Err(format!("`missing` forbids {}", describe(condition)));
        }
    }
    if compiled.uses_params(rule) {
        // Parameters are taken from the canonical path; a view only says that the rule applies. What Next.js takes for
        // the same page is a path in its own right.
        let capture = |path: &str| {
            patterns.iter().find_map(|&pattern| compiled.policy().patterns.get(pattern as usize)?.captures(path))
        };
        let own = || compiled.policy().next.as_ref().and_then(|_| capture(path));
        params.extend(capture(facts.target.path()).or_else(own).unwrap_or_default());
    }
    Ok(params)
}

/// A condition in a few words.
fn describe(condition: &Condition) -> String {
    let what = match &condition.kind {
        ConditionKind::Header(name) => format!("header `{name}`"),
        ConditionKind::Cookie(name) => format!("cookie `{name}`"),
        ConditionKind::Query(name) => format!("query parameter `{name}`"),
        ConditionKind::Host => "host".to_owned(),
    };
    match &condition.value {
        Some(value) => format!("{what} like `{}`", value.source()),
        None => what,
    }
}

fn note(trace: &mut Trace, stage: Stage, compiled: &Compiled, rule: &Rule, path: &str, went: Result<(), String>) {
    let outcome = if went.is_ok() { Outcome::Yes } else { Outcome::No };
    trace.note(stage, outcome, || {
        let name = compiled.policy().rules.get(rule.number as usize).cloned().unwrap_or_default();
        (name, went.err().unwrap_or_else(|| format!("takes `{path}`")))
    });
}

/// For `explain`: why each route before the one that applies does not.
fn explain_misses(compiled: &Compiled, path: &str, facts: &Facts<'_>, switches: Switches<'_>, trace: &mut Trace) {
    for rule in &compiled.policy().routes {
        let patterns = &rule.matcher.patterns;
        let pattern = |index: &u32| compiled.policy().patterns.get(*index as usize);
        let takes = patterns.is_empty() || patterns.iter().filter_map(pattern).any(|p| p.is_match(path));
        let went = if takes {
            applies(compiled, rule, path, facts, switches).map(|_| ())
        } else {
            let sources: Vec<_> = patterns.iter().filter_map(pattern).map(|p| format!("`{}`", p.source())).collect();
            Err(format!("`{path}` is not in {}", sources.join(", ")))
        };
        if went.is_ok() {
            return;
        }
        note(trace, Stage::Route, compiled, rule, path, went);
    }
}
