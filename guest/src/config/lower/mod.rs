//! From a tree of the right form to a policy: everything that needs more than one key, or a parser of its own.
//!
//! Each function skips what [`super::check`] has already refused, says what else is wrong, and goes on.

mod address;
mod conditions;
mod cookies;
mod headers;
mod identity;
mod lint;
mod lints;
mod next;
mod paths;
mod proxy;
mod require;
mod require_clerk;
mod respond;
mod rules;
mod sessions;
mod sign_in;
mod tests;
mod webhooks;

pub(super) use lint::lint;

use super::document::Node;
use super::{codes, locate, near};
use crate::diagnostic::{Diagnostic, Span};
use crate::policy::{Policy, Require, Test};
use crate::supply::{Need, Source, Text};
use crate::template::{Template, Use};
use std::hash::Hasher as _;
use std::ops::Range;

/// What lowering carries along.
struct Lower<'a> {
    text: &'a str,
    findings: &'a mut Vec<Diagnostic>,
    needs: Vec<Need>,
    /// Names and numbers of `[session.*]`: those whose table could be read or not.
    sessions: Vec<String>,
    /// Names of `[bearer.*]` with their number among all providers.
    bearers: Vec<(String, usize)>,
    /// Names of `[webhook.*]`.
    webhooks: Vec<String>,
    roles: Vec<(String, Test)>,
    /// Numbers of `[session.*]` of kind clerk.
    clerk: Vec<usize>,
    upstreams: Vec<String>,
    has_tenants: bool,
    /// Where the site is for browsers.
    site: Site,
    /// About how many bytes rules and patterns take so far.
    weight: usize,
}

/// Where the site is for browsers.
#[derive(Debug, Default)]
struct Site {
    /// `proxy.public-origin`.
    public_origin: Option<String>,
    /// Is `proxy.listen` written, and for this very machine only?
    on_loopback: bool,
}

impl Site {
    /// Do browsers see it by https? So unless `proxy.public-origin` says otherwise.
    fn is_secure(&self) -> bool {
        self.public_origin.as_ref().is_none_or(|origin| !origin.starts_with("http://"))
    }
}

/// Most bytes of all rules and patterns together, by [`RULE_WEIGHT`] and [`Pattern::weight`]. An instance has 16 MiB; a
/// policy that comes near would be refused by a trap, and not with words.
const MAX_WEIGHT: usize = 12 * 1024 * 1024;
/// A rule, or a pattern without its automaton: measured 0.95 kB each, with the text and the tree that they are read from.
const RULE_WEIGHT: usize = 1_100;

/// A policy, and what is known of how its rules are written: guards, then routes.
pub(super) struct Lowered {
    pub(super) policy: Policy,
    guard_facts: Vec<rules::Facts>,
    route_facts: Vec<rules::Facts>,
}

/// Build the policy. If `findings` holds an error afterwards, the policy is not whole.
pub(super) fn policy(text: &str, root: &Node, findings: &mut Vec<Diagnostic>) -> Lowered {
    let names = |table: &str| root.get(table).map(Node::entries).unwrap_or_default().iter().map(|e| e.key.clone());
    let sessions: Vec<String> = names("session").collect();
    let bearers = names("bearer").zip(sessions.len()..).collect();
    let mut lower = Lower {
        text,
        findings,
        needs: Vec::new(),
        sessions,
        bearers,
        webhooks: names("webhook").collect(),
        roles: Vec::new(),
        clerk: sessions::of_kind(root, "clerk"),
        upstreams: Vec::new(),
        has_tenants: root.get("tenants").is_some(),
        site: Site::default(),
        weight: 0,
    };
    let proxy = proxy::proxy(&mut lower, root.get("proxy"));
    lower.site = proxy::site(&proxy);
    let tenants = identity::tenants(&mut lower, root.get("tenants"));
    let providers = sessions::providers(&mut lower, root);
    let webhooks = webhooks::webhooks(&mut lower, root);
    lower.roles = require::roles(&mut lower, root.get("roles"));
    let sign_in = sign_in::sign_in(&mut lower, root, &proxy, &tenants);
    let identity = identity::identity(&mut lower, root.get("identity"), proxy.public_origin.as_deref());
    let default = default_rule(&mut lower, root);
    let (paths, next) = next::rules(&mut lower, root);
    let rules = rules::rules(&mut lower, root);
    lints::lints(&mut lower, &rules);
    let cases = tests::cases(&mut lower, root.get("tests"), &rules.names);
    let refusals = next::refusals(&mut lower, root);
    let policy = Policy {
        revision: revision(text),
        default,
        sign_in,
        providers,
        webhooks,
        identity,
        tenants,
        guards: rules.guards,
        routes: rules.routes,
        patterns: rules.patterns,
        rules: rules.names,
        needs: lower.needs,
        roles: lower.roles,
        cases,
        proxy,
        paths,
        next,
        refusals,
    };
    Lowered { policy, guard_facts: rules.guard_facts, route_facts: rules.route_facts }
}

/// The same text gives the same number everywhere: SipHash-1-3 with the keys 0 and 0. A short name for logs and cache
/// keys, not a proof against somebody who looks for collisions.
fn revision(text: &str) -> u64 {
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

fn default_rule(lower: &mut Lower<'_>, root: &Node) -> Require {
    let Some(node) = root.get("default") else { return Require::Deny };
    match node.text() {
        Some("public") => Require::Public,
        Some("session") => {
            lower.wants_session(node.span, "default = \"session\"");
            Require::Session
        }
        _ => Require::Deny,
    }
}

impl Lower<'_> {
    fn push(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Is there room for something more of that size? If not, it is said once.
    fn has_room(&mut self, span: Span, weight: usize) -> bool {
        let before = self.weight <= MAX_WEIGHT;
        // Half as much again for what allocating leaves between.
        self.weight = self.weight.saturating_add(RULE_WEIGHT).saturating_add(weight + weight / 2);
        let after = self.weight <= MAX_WEIGHT;
        if before && !after {
            let message = "up to here rules and patterns take all the memory that a policy may have";
            let help = "put patterns that differ in one place into one: `/a/:id(1|2|3)`, `/{a,b,c}/**`";
            self.error(codes::TOO_HEAVY, span, message, help);
        }
        after
    }

    /// An error with advice.
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message).help(help));
    }

    /// The place of bytes `range` of the text that `node` holds.
    fn inside(&self, node: &Node, range: Range<usize>) -> Span {
        locate::inside(self.text, node.span, node.text().unwrap_or_default(), range)
    }

    /// Ask for a named value.
    fn need(&mut self, source: Source, span: Span, secret: bool, optional: bool) -> Option<usize> {
        let good = match &source {
            Source::Env(name) => {
                !name.starts_with(|c: char| c.is_ascii_digit())
                    && !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            }
            Source::File(path) => !path.is_empty() && !path.chars().any(char::is_control),
        };
        if !good {
            let message = format!(
                "`{source}` does not name a {}",
                match source {
                    Source::Env(_) => "variable",
                    Source::File(_) => "file",
                }
            );
            self.error(codes::NAMED, span, message, "write `env:NAME` (letters, digits, `_`) or `file:PATH`");
            return None;
        }
        self.needs.push(Need { source, secret, optional, span });
        Some(self.needs.len() - 1)
    }

    /// A text that is written out, or named by `env:` or `file:`.
    fn named(&mut self, node: &Node) -> Option<Text> {
        let text = node.text()?;
        match Source::parse(text) {
            Some(source) => self.need(source, node.span, false, false).map(Text::Need),
            None => Some(Text::Literal(text.to_owned())),
        }
    }

    /// All texts of a key that takes one or a list.
    fn texts<'n>(&self, node: Option<&'n Node>) -> impl Iterator<Item = (&'n Node, &'n str)> + use<'n> {
        node.map(Node::members)
            .unwrap_or_default()
            .iter()
            .filter_map(|node| Some((node, node.text()?)))
            .filter(|(_, text)| !text.is_empty())
    }

    /// A template that may use these captures.
    fn template(&mut self, node: &Node, used: Use, names: &[String]) -> Option<Template> {
        let text = node.text()?;
        let template = match Template::parse(text, used) {
            Ok(template) => template,
            Err(error) => {
                let end = text.get(error.offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                let span = self.inside(node, error.offset..error.offset + end);
                self.error(codes::TEMPLATE, span, error.message, "write `{{` and `}}` for braces that are meant so");
                return None;
            }
        };
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut good = true;
        for name in template.params().filter(|name| !known.contains(name)) {
            let span = find_param(text, name).map_or(node.span, |range| self.inside(node, range));
            let message = format!("`{name}` is not captured by this rule");
            let help = near::advice(name, &known, "the patterns and hosts of this rule capture nothing");
            self.findings.push(Diagnostic::error(codes::UNKNOWN_PARAM, span, message).help(help));
            good = false;
        }
        good.then_some(template)
    }

    /// A session is asked for: is there one?
    fn wants_session(&mut self, span: Span, what: &str) {
        if self.sessions.is_empty() {
            let message = format!("`{what}` needs a session, but none is configured");
            self.error(codes::NO_SESSION, span, message, "add a `[session.NAME]` table");
        }
    }
}

/// Where `{name}` or `:name` stands in a template.
fn find_param(text: &str, name: &str) -> Option<Range<usize>> {
    [format!("{{{name}}}"), format!(":{name}")].iter().find_map(|written| {
        let at = text.find(written)?;
        Some(at..at + written.len())
    })
}
