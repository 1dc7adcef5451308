//! `require` and `[roles]`.

use super::Lower;
use crate::config::document::{Entry, Node, Value};
use crate::config::{codes, near};
use crate::diagnostic::Span;
use crate::policy::{ClaimIs, ClaimTest, Require, Test};
use crate::template::Use;

/// Keys of which a `require` table has exactly one.
const FORMS: [&str; 7] = ["role", "claim", "bearer", "clerk", "webhook", "any", "all"];
/// Comparisons of a claim, of which there is at most one.
const COMPARISONS: [&str; 3] = ["equals", "in", "has"];

/// `[roles]`. A role that cannot be read keeps its name, so that rules which use it are not blamed.
pub(super) fn roles(lower: &mut Lower<'_>, node: Option<&Node>) -> Vec<(String, Test)> {
    let mut all = Vec::new();
    for entry in node.map(Node::entries).unwrap_or_default() {
        let test = lower.role_test(&entry.node);
        let broken = || Test::Claim(ClaimTest { claim: String::new(), is: ClaimIs::In(Vec::new()) });
        all.push((entry.key.clone(), test.unwrap_or_else(broken)));
    }
    all
}

impl Lower<'_> {
    /// `claim` or `clerk`.
    fn role_test(&mut self, node: &Node) -> Option<Test> {
        match (node.entry("claim"), node.entry("clerk")) {
            (Some(_), None) => self.claim_test(node, &[]).map(Test::Claim),
            (None, Some(entry)) => self.has(entry).map(|has| Test::Clerk(Box::new(has))),
            (Some(_), Some(second)) => {
                let help = "keep one; rules combine roles with `all` or `any`";
                self.error(codes::REQUIRE_FORM, second.key_span, "`claim` and `clerk` exclude each other", help);
                None
            }
            (None, None) => {
                // A mistyped key has been reported already, and says the same.
                if node.is_table() && node.entries().iter().all(|entry| COMPARISONS.contains(&entry.key.as_str())) {
                    let help = "write `claim`, or `clerk` for a session of Clerk";
                    self.error(codes::MISSING_KEY, node.span, "this does not say what the role is", help);
                }
                None
            }
        }
    }

    /// `claim` with its comparison.
    fn claim_test(&mut self, node: &Node, names: &[String]) -> Option<ClaimTest> {
        let claim = node.get("claim")?.text().filter(|claim| !claim.is_empty())?.to_owned();
        let mut written = COMPARISONS.iter().filter_map(|key| node.entry(key));
        let first = written.next();
        if let (Some(first), Some(second)) = (first, written.next()) {
            let message = format!("`{}` and `{}` exclude each other", first.key, second.key);
            self.error(codes::REQUIRE_FORM, second.key_span, message, "keep one; combine them with `all` or `any`");
            return None;
        }
        let is = match first {
            None => ClaimIs::Present,
            Some(entry) if entry.key == "equals" => match &entry.node.value {
                Value::Text(_) => ClaimIs::Equals(self.template(&entry.node, Use::Value, names)?),
                _ => ClaimIs::In(vec![scalar(&entry.node)?]),
            },
            Some(entry) if entry.key == "in" => {
                let Value::List(members) = &entry.node.value else { return None };
                ClaimIs::In(members.iter().map(scalar).collect::<Option<_>>()?)
            }
            Some(entry) => ClaimIs::Has(scalar(&entry.node)?),
        };
        Some(ClaimTest { claim, is })
    }

    /// `require`. `names`: captures that comparisons may use.
    pub(super) fn require(&mut self, node: &Node, names: &[String]) -> Option<Require> {
        self.requirement(node, names, None)
    }

    /// `bearer`: the provider whose token claims and roles are about; the session without one.
    fn requirement(&mut self, node: &Node, names: &[String], bearer: Option<usize>) -> Option<Require> {
        if let Some(word) = node.text() {
            return match word {
                "public" => Some(Require::Public),
                "deny" => Some(Require::Deny),
                "session" | "signed-out" => {
                    self.wants_session(node.span, &format!("require = \"{word}\""));
                    Some(if word == "session" { Require::Session } else { Require::SignedOut })
                }
                _ => None,
            };
        }
        if !node.is_table() {
            return None;
        }
        let mut forms = FORMS.iter().filter_map(|form| node.entry(form));
        let Some(form) = forms.next() else {
            // A mistyped key has been reported already, and says the same.
            if node.entries().iter().all(|entry| COMPARISONS.contains(&entry.key.as_str()) || entry.key == "scope") {
                let help = "write one of `role`, `claim`, `bearer`, `clerk`, `webhook`, `any` and `all`";
                self.error(codes::REQUIRE_FORM, node.span, "this does not say who may pass", help);
            }
            return None;
        };
        if let Some(second) = forms.next() {
            let message = format!("`{}` and `{}` stand in one table", form.key, second.key);
            let help = format!("write `{{ all = [{{ {} = … }}, {{ {} = … }}] }}`, or `any`", form.key, second.key);
            self.error(codes::REQUIRE_FORM, second.key_span, message, help);
            return None;
        }
        let strangers = node.entries().iter().filter(|entry| match entry.key.as_str() {
            "scope" => form.key != "bearer",
            key => COMPARISONS.contains(&key) && form.key != "claim",
        });
        let mut good = true;
        for entry in strangers {
            let partner = if entry.key == "scope" { "bearer" } else { "claim" };
            let message = format!("`{}` goes with `{partner}`, not with `{}`", entry.key, form.key);
            self.error(codes::REQUIRE_FORM, entry.key_span, message, format!("write it in a table with `{partner}`"));
            good = false;
        }
        let require = match form.key.as_str() {
            "role" => self.role(&form.node, bearer),
            "claim" => self.claim(node, form.key_span, names, bearer),
            "bearer" => self.bearer(node, &form.node, bearer),
            "clerk" => self.clerk(form),
            "webhook" => self.webhook(&form.node),
            "any" => self.members(&form.node, names, bearer).map(Require::Any),
            _ => {
                let bearer = self.bearer_of(&form.node, bearer);
                self.members(&form.node, names, bearer).map(Require::All)
            }
        };
        require.filter(|_| good)
    }

    fn members(&mut self, node: &Node, names: &[String], bearer: Option<usize>) -> Option<Vec<Require>> {
        let Value::List(members) = &node.value else { return None };
        // Go through all of them before giving up: each may have a mistake of its own.
        let all: Vec<_> = members.iter().map(|member| self.requirement(member, names, bearer)).collect();
        let all: Option<Vec<_>> = all.into_iter().collect();
        all.filter(|all| !all.is_empty())
    }

    fn role(&mut self, node: &Node, bearer: Option<usize>) -> Option<Require> {
        let name = node.text().filter(|name| !name.is_empty())?;
        let Some((_, test)) = self.roles.iter().find(|(role, _)| role == name) else {
            let known: Vec<&str> = self.roles.iter().map(|(role, _)| role.as_str()).collect();
            let help = near::advice(name, &known, "this config defines no `[roles]`");
            self.error(codes::UNKNOWN_ROLE, node.span, format!("unknown role `{name}`"), help);
            return None;
        };
        let test = test.clone();
        let label = format!("role {name}");
        if bearer.is_none() {
            self.wants_session(node.span, &label);
        }
        Some(Require::Claim { bearer, label, test })
    }

    fn claim(&mut self, node: &Node, span: Span, names: &[String], bearer: Option<usize>) -> Option<Require> {
        let test = self.claim_test(node, names)?;
        let label = format!("claim {}", test.claim);
        if bearer.is_none() {
            self.wants_session(span, &label);
        }
        Some(Require::Claim { bearer, label, test: Test::Claim(test) })
    }

    /// Sessions only: no bearer token has an organisation.
    fn clerk(&mut self, entry: &Entry) -> Option<Require> {
        let has = self.has(entry)?;
        Some(Require::Claim { bearer: None, label: has.to_string(), test: Test::Clerk(Box::new(has)) })
    }

    fn bearer(&mut self, table: &Node, node: &Node, around: Option<usize>) -> Option<Require> {
        let provider = self.provider(node, true)?;
        if around.is_some_and(|around| around != provider) {
            let help = "use `any`: a request carries one bearer token";
            self.error(codes::TWO_BEARERS, node.span, "two bearer tokens are asked for at once", help);
            return None;
        }
        let mut scopes: Vec<String> = Vec::new();
        for (_, text) in self.texts(table.get("scope")) {
            scopes.extend(text.split_whitespace().map(str::to_owned));
        }
        Some(Require::Bearer { provider, scopes })
    }

    fn webhook(&mut self, node: &Node) -> Option<Require> {
        let name = node.text().filter(|name| !name.is_empty())?;
        let found = self.webhooks.iter().position(|webhook| webhook == name);
        if found.is_none() {
            let known: Vec<&str> = self.webhooks.iter().map(String::as_str).collect();
            let help = near::advice(name, &known, "this config has no `[webhook.NAME]`");
            self.error(codes::UNKNOWN_WEBHOOK, node.span, format!("unknown webhook `{name}`"), help);
        }
        found.map(|number| Require::Webhook { number, name: name.to_owned() })
    }

    /// The number of a bearer provider.
    fn provider(&mut self, node: &Node, complain: bool) -> Option<usize> {
        let name = node.text().filter(|name| !name.is_empty())?;
        let found = self.bearers.iter().find(|(bearer, _)| bearer == name).map(|(_, number)| *number);
        if found.is_none() && complain {
            let known: Vec<&str> = self.bearers.iter().map(|(bearer, _)| bearer.as_str()).collect();
            let help = near::advice(name, &known, "this config has no `[bearer.NAME]`");
            self.error(codes::UNKNOWN_BEARER, node.span, format!("unknown bearer provider `{name}`"), help);
        }
        found
    }

    /// The bearer provider that the members of an `all` ask for, directly or in an `all` below.
    fn bearer_of(&mut self, node: &Node, around: Option<usize>) -> Option<usize> {
        let Value::List(members) = &node.value else { return around };
        let mut found = around;
        for member in members {
            if let Some(bearer) = member.get("bearer") {
                found = found.or_else(|| self.provider(bearer, false));
            } else if let Some(all) = member.get("all") {
                found = self.bearer_of(all, found);
            }
        }
        found
    }
}

/// A text, or the JSON text of a number or boolean.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
