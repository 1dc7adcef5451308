//! `presets`, `[paths]` and `[next]`.

use super::Lower;
use super::address::is_path;
use crate::config::codes;
use crate::config::document::Node;
use crate::next::{Matcher, MatcherEntry, NextConfig};
use crate::pattern::{NextOptions, Pattern};
use crate::policy::{NextRules, Refusals};
use crate::request::{Condition, PathRules};

pub(super) fn rules(lower: &mut Lower<'_>, root: &Node) -> (PathRules, Option<NextRules>) {
    let preset = preset(root, "nextjs");
    let next = match root.get("next").filter(|node| node.is_table()) {
        Some(node) => Some(next(lower, node)),
        None => preset.then(NextRules::default),
    };
    (paths(root.get("paths"), next.is_some()), next)
}

/// Is that preset on?
pub(super) fn preset(root: &Node, name: &str) -> bool {
    let presets = root.get("presets").map(Node::members).unwrap_or_default();
    presets.iter().any(|node| node.text() == Some(name))
}

/// How the presets answer visitors who may not pass.
pub(super) fn refusals(lower: &mut Lower<'_>, root: &Node) -> Refusals {
    match (preset(root, "clerk"), preset(root, "convex")) {
        (false, false) => Refusals::ByKind,
        (true, false) => Refusals::Clerk,
        (false, true) => Refusals::Convex,
        (true, true) => {
            let span = root.get("presets").map_or(root.span, |presets| presets.span);
            let message = "`clerk` and `convex` answer visitors who may not pass in different ways";
            lower.error(codes::PRESETS, span, message, "keep one of the two presets");
            Refusals::ByKind
        }
    }
}

fn paths(node: Option<&Node>, next: bool) -> PathRules {
    let word = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::text);
    let keep = |key: &str| word(key) == Some("keep");
    PathRules {
        keep_encoded_slash: keep("encoded-slash"),
        keep_encoded_backslash: keep("encoded-backslash"),
        keep_bad_escape: keep("bad-escape"),
        keep_encoded_control: keep("encoded-control"),
        redirect_double_slash: word("double-slash").map_or(next, |word| word == "redirect"),
    }
}

fn next(lower: &mut Lower<'_>, node: &Node) -> NextRules {
    let config = NextConfig {
        base_path: node.get("base-path").and_then(|node| base_path(lower, node)).unwrap_or_default(),
        locales: lower.texts(node.get("locales")).filter_map(|(node, text)| locale(lower, node, text)).collect(),
        default_locale: default_locale(lower, node),
        trailing_slash: node.get("trailing-slash").and_then(Node::boolean).unwrap_or(false),
    };
    let matcher = node.get("matcher").map(|list| {
        let entries = list.members().iter().filter_map(|entry| matcher_entry(lower, entry, &config)).collect();
        Matcher { entries }
    });
    let outside = node.get("outside-matcher");
    if let (Some(outside), None) = (outside, &matcher) {
        let help = "write `matcher`, or leave it out";
        lower.error(codes::NO_EFFECT, outside.span, "`outside-matcher` has no effect: there is no `matcher`", help);
    }
    let unprotected_outside = outside.and_then(Node::text) == Some("unprotected");
    NextRules { config, matcher, unprotected_outside }
}

fn base_path(lower: &mut Lower<'_>, node: &Node) -> Option<String> {
    let text = node.text().filter(|text| !text.is_empty())?;
    if text.len() > 1 && is_path(text) && !text.ends_with('/') {
        return Some(text.to_owned());
    }
    let help = "write it as in next.config: `/shop`, without a slash at its end";
    lower.error(codes::NOT_A_PATH, node.span, format!("`{text}` is not a base path"), help);
    None
}

fn locale(lower: &mut Lower<'_>, node: &Node, text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Some(text.to_owned());
    }
    lower.error(codes::LOCALE, node.span, format!("`{text}` is not a locale"), "write a language tag: `en`, `fr-CA`");
    None
}

fn default_locale(lower: &mut Lower<'_>, next: &Node) -> Option<String> {
    let locales: Vec<String> = lower.texts(next.get("locales")).map(|(_, text)| text.to_owned()).collect();
    let Some(node) = next.get("default-locale") else {
        if let Some(list) = next.get("locales") {
            let help = "write `default-locale`, as in next.config";
            lower.error(codes::LOCALE, list.span, "`locales` without a `default-locale`", help);
        }
        return None;
    };
    let text = node.text().filter(|text| !text.is_empty())?;
    if locales.iter().any(|locale| locale == text) {
        return Some(text.to_owned());
    }
    lower.error(codes::LOCALE, node.span, format!("`{text}` is not one of `locales`"), "name one of `locales`");
    None
}

fn matcher_entry(lower: &mut Lower<'_>, node: &Node, config: &NextConfig) -> Option<MatcherEntry> {
    let source = if node.is_table() { node.get("source")? } else { node };
    let text = source.text().filter(|text| !text.is_empty())?;
    let i18n = !config.locales.is_empty();
    let locale = i18n && node.get("locale").and_then(Node::boolean) != Some(false);
    let options = NextOptions { base_path: &config.base_path, locale, i18n };
    let pattern = Pattern::next_source(text, &options).map_err(|error| lower.refuse(codes::MATCHER, source, error));
    let has = conditions(lower, node.get("has"));
    let missing = conditions(lower, node.get("missing"));
    Some(MatcherEntry { pattern: pattern.ok()?, has: has?, missing: missing? })
}

/// Conditions as Next.js reads them, bit for bit. `None`: one of them is wrong, which must not widen the matcher.
fn conditions(lower: &mut Lower<'_>, node: Option<&Node>) -> Option<Vec<Condition>> {
    let members = node.filter(|node| !node.is_table()).map(Node::members).unwrap_or_default();
    members.iter().map(|member| condition(lower, member)).collect()
}

fn condition(lower: &mut Lower<'_>, node: &Node) -> Option<Condition> {
    let text = |key: &str| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    let condition = Condition::next(text("type")?, text("key"), text("value"));
    let place = node.get("value").unwrap_or(node);
    condition.map_err(|error| lower.refuse(codes::CONDITION, place, error)).ok()
}
