//! A policy with what matching wants to look up quickly, and what was handed in at start.

use crate::assertion::Assertion;
use crate::diagnostic::Diagnostic;
use crate::policy::{ClaimIs, EditTemplate, Policy, Refusals, Require, Rule, Test, Then};
use crate::question::Addresses;
use crate::request::{ConditionKind, Kind};
use crate::session::{ProviderSettings, Sessions};
use crate::supply::Supplies;
use crate::webhook::Webhooks;

/// An immutable policy with its look-up tables.
#[derive(Debug)]
pub(crate) struct Compiled {
    policy: Policy,
    /// For each pattern: is its rule a guard, and its place among guards or routes.
    pub(super) owners: Vec<(bool, u32)>,
    /// Routes and guards without any pattern, ascending.
    pub(super) open_routes: Vec<u32>,
    pub(super) open_guards: Vec<u32>,
    /// Is there any `[session.NAME]`?
    pub(super) has_sessions: bool,
    /// Must the session be read for every request?
    pub(super) everywhere: bool,
    /// Paths at which session systems answer by themselves.
    pub(super) endpoints: Vec<String>,
    /// Are sessions read from `authorization`, too?
    pub(super) sessions_read_authorization: bool,
    reads_authorization: bool,
    /// By rule number: does any template of the rule name a capture? If not, the work of capturing is spared.
    uses_params: Vec<bool>,
}

impl Compiled {
    pub(crate) fn new(policy: Policy) -> Self {
        let mut owners = Vec::new();
        let mut open = [Vec::new(), Vec::new()];
        for (slot, guard, rules) in [(0, false, &policy.routes), (1, true, &policy.guards)] {
            for (place, rule) in (0u32..).zip(rules) {
                for &pattern in &rule.matcher.patterns {
                    let pattern = pattern as usize;
                    if owners.len() <= pattern {
                        owners.resize(pattern + 1, (guard, u32::MAX));
                    }
                    if let Some(owner) = owners.get_mut(pattern) {
                        *owner = (guard, place);
                    }
                }
                if rule.matcher.patterns.is_empty()
                    && let Some(open) = open.get_mut(slot)
                {
                    open.push(place);
                }
            }
        }
        let [open_routes, open_guards] = open;
        let sessions = || policy.providers.iter().filter(|provider| !provider.bearer);
        let has_sessions = sessions().next().is_some();
        let everywhere = sessions().any(|provider| provider.kind.kind().everywhere());
        let endpoints = sessions().filter_map(|provider| provider.kind.kind().endpoint()).map(str::to_owned).collect();
        let reads =
            |provider: &ProviderSettings| provider.kind.kind().headers().iter().any(|name| name == "authorization");
        let sessions_read_authorization = sessions().any(reads);
        let reads_authorization = policy.providers.iter().any(reads);
        let mut uses_params = vec![false; policy.rules.len()];
        for rule in policy.guards.iter().chain(&policy.routes) {
            if let Some(uses) = uses_params.get_mut(rule.number as usize) {
                *uses = names_a_capture(rule);
            }
        }
        Self {
            policy,
            owners,
            open_routes,
            open_guards,
            has_sessions,
            everywhere,
            endpoints,
            sessions_read_authorization,
            reads_authorization,
            uses_params,
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn reads_authorization(&self) -> bool {
        self.reads_authorization
    }

    /// An address as the world sees it: a path of a Next.js app lies below its base path.
    pub(super) fn with_base(&self, address: String) -> String {
        match &self.policy.next {
            Some(next) => next.config.with_base(address),
            None => address,
        }
    }

    /// Must captures of the path be taken for this rule?
    pub(super) fn uses_params(&self, rule: &Rule) -> bool {
        self.uses_params.get(rule.number as usize).copied().unwrap_or(true)
    }

    /// The only request headers that a decision reads.
    pub(crate) fn headers(&self) -> Vec<String> {
        let mut names: Vec<String> = Kind::HEADERS.iter().map(|name| (*name).to_owned()).collect();
        if self.policy.sign_in.is_some() {
            names.push("referer".to_owned());
        }
        if self.policy.refusals == Refusals::Clerk {
            names.extend(super::protect::HEADERS.map(str::to_owned));
        }
        let kinds = || self.policy.providers.iter().map(|provider| provider.kind.kind());
        names.extend(kinds().flat_map(|kind| kind.headers()));
        names.extend(self.policy.webhooks.iter().flat_map(|webhook| webhook.headers()).map(str::to_owned));
        let mut cookies = kinds().any(|kind| kind.reads_cookies());
        if cookies {
            names.push("origin".to_owned());
        }
        let rules = self.policy.guards.iter().chain(&self.policy.routes);
        let conditions = rules.flat_map(|rule| rule.matcher.has.iter().chain(&rule.matcher.missing));
        let matcher = self.policy.next.iter().flat_map(|next| &next.matcher).flat_map(|matcher| &matcher.entries);
        for condition in conditions.chain(matcher.flat_map(|entry| entry.has.iter().chain(&entry.missing))) {
            match &condition.kind {
                ConditionKind::Header(name) => names.push(name.clone()),
                ConditionKind::Cookie(_) => cookies = true,
                ConditionKind::Query(_) | ConditionKind::Host => {}
            }
        }
        if cookies {
            names.push("cookie".to_owned());
        }
        names.sort();
        names.dedup();
        names
    }

    /// Names that no client may send: identity headers of this policy, and headers by which frameworks let a client
    /// steer routing, the method or their middleware.
    pub(crate) fn stripped(&self) -> Vec<String> {
        let identity = self.policy.identity.headers.iter().map(|(name, _)| name.clone());
        let identity = identity.chain(self.policy.identity.assertion.iter().map(|one| one.header.clone()));
        let kinds = self.policy.providers.iter().flat_map(|provider| provider.kind.kind().stripped());
        identity.chain(kinds).chain(INTERNAL.iter().map(|name| (*name).to_owned())).collect()
    }
}

fn names_a_capture(rule: &Rule) -> bool {
    fn in_require(require: &Require) -> bool {
        match require {
            Require::Claim { test: Test::Claim(test), .. } => {
                matches!(&test.is, ClaimIs::Equals(t) if t.params().next().is_some())
            }
            Require::Any(all) | Require::All(all) => all.iter().any(in_require),
            _ => false,
        }
    }
    let edits = rule.request_headers.iter().chain(&rule.response_headers);
    let mut templates = edits.filter_map(|edit| match edit {
        EditTemplate::Set(_, template) | EditTemplate::Append(_, template) => Some(template),
        EditTemplate::Remove(_) => None,
    });
    let by_action = match &rule.then {
        Then::Redirect { to, .. } => to.params().next().is_some(),
        Then::Require(require) => in_require(require),
        Then::Continue | Then::Respond(_) => false,
    };
    by_action
        || rule.rewrite.as_ref().is_some_and(|t| t.params().next().is_some())
        || templates.any(|t| t.params().next().is_some())
}

/// Names by which a client would steer a server past what was judged; one that ends in `*` stands for all that begin
/// so. Sources: Next.js `server-ipc/utils` and its advisories (CVE-2025-29927, CVE-2026-44572); path overrides of
/// Symfony, IIS, Zend, Astro, Envoy and nginx, and those that scanners try; method overrides of Rails, Express, Laravel
/// and Symfony.
const INTERNAL: &[&str] = &[
    // Next.js talking to itself.
    "x-middleware-*",
    "x-invoke-*",
    "x-matched-path",
    "x-now-*",
    "x-next-*",
    "x-prerender-*",
    "next-resume*",
    // Another path, host or query.
    "x-original-*",
    "x-rewrite-*",
    "x-override-*",
    "x-http-*",
    "x-request-uri",
    "x-request-url",
    "x-request-path",
    "request-uri",
    "x-real-url",
    "x-proxy-url",
    "x-redirect-url",
    "x-destination-url",
    "x-target-url",
    "x-url",
    "x-uri",
    "x-path",
    "x-path-info",
    "x-query-string",
    "x-replaced-path",
    "x-script-name",
    "http-url",
    "path-info",
    "script-name",
    "uri",
    "url",
    "base-url",
    "x-base-url",
    "x-astro-*",
    "x-envoy-original-*",
    "x-waws-unencoded-url",
    "x-arr-unencoded-url",
    // Another resource than the one that a server would send.
    "x-accel-*",
    "x-sendfile*",
    // Another method.
    "x-method*",
    "x-request-method",
    "x-requested-method",
    "x-rest-method",
    "x-verb",
    "_method",
    "method-override",
    "http-method-override",
];

/// What was handed in at start, and what has been learnt since.
#[derive(Debug)]
pub(crate) struct Started {
    pub(super) sessions: Sessions,
    pub(super) webhooks: Webhooks,
    pub(super) supplies: Supplies,
    pub(super) assertion: Option<Assertion>,
}

impl Started {
    /// Check what was handed in against what the policy asked for.
    pub(crate) fn new(
        policy: &Policy,
        supplies: Vec<Option<Vec<u8>>>,
        seed: (u64, u64),
    ) -> Result<Self, Vec<Diagnostic>> {
        let supplies = Supplies::new(supplies);
        let mut findings: Vec<Diagnostic> = policy
            .needs
            .iter()
            .enumerate()
            .filter(|(index, need)| !need.optional && supplies.bytes(*index).is_none())
            .map(|(_, need)| missing(need))
            .collect();
        let mut assertion = None;
        match policy.identity.assertion.as_ref().map(|settings| Assertion::prepare(settings, &supplies)) {
            Some(Ok(ready)) => assertion = ready,
            Some(Err(finding)) => findings.push(finding),
            None => {}
        }
        let sessions = Sessions::prepare(&policy.providers, &supplies, seed).map_err(|more| findings.extend(more));
        let webhooks = Webhooks::prepare(&policy.webhooks, &supplies).map_err(|more| findings.extend(more));
        match (sessions, webhooks) {
            (Ok(sessions), Ok(webhooks)) if findings.is_empty() => Ok(Self { sessions, webhooks, supplies, assertion }),
            _ => Err(findings),
        }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        Addresses { documents: self.sessions.documents(), calls: self.sessions.calls() }
    }
}

/// The code of a name that is asked for and not there.
pub(crate) const MISSING_SUPPLY: &str = "P430";

fn missing(need: &crate::supply::Need) -> Diagnostic {
    let (message, help) = match &need.source {
        crate::supply::Source::Env(name) => (
            format!("the environment variable `{name}` is not set"),
            format!("set it before the gate starts, e.g. `export {name}=…`"),
        ),
        crate::supply::Source::File(path) => (
            format!("the file `{path}` cannot be read"),
            "the path is relative to the folder of the config file; check that it exists and may be read".to_owned(),
        ),
    };
    Diagnostic::error(MISSING_SUPPLY, need.span, message).here("asked for here").help(help)
}
