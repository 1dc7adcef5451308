//! `[tests]`.

use super::Lower;
use crate::cases::{self, Case, Persona};
use crate::config::document::Node;
use crate::config::{codes, near};

pub(super) fn cases(lower: &mut Lower<'_>, node: Option<&Node>, rules: &[String]) -> Vec<Case> {
    let mut all = Vec::new();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let roles: Vec<String> = lower.roles.iter().map(|(name, _)| name.clone()).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    for (node, text) in lower.texts(node.and_then(|node| node.get("cases"))) {
        let case = match cases::parse(text, node.span) {
            Ok(case) => case,
            Err(error) => {
                let span = lower.inside(node, error.range);
                lower.error(codes::CASE, span, error.message, error.help);
                continue;
            }
        };
        if let Some(by) = &case.by
            && !rules.contains(&by.as_str())
        {
            let at = text.rfind(by.as_str()).unwrap_or_default();
            let span = lower.inside(node, at..at + by.len());
            let help = near::advice(by, &rules, "this config has no rules");
            lower.error(codes::CASE_RULE, span, format!("there is no rule `{by}`"), help);
        }
        if let Persona::User { roles: wanted, .. } = &case.who {
            for role in wanted.iter().filter(|role| !roles.contains(&role.as_str())) {
                let at = text.find(role.as_str()).unwrap_or_default();
                let span = lower.inside(node, at..at + role.len());
                let help = near::advice(role, &roles, "this config defines no `[roles]`");
                lower.error(codes::CASE_ROLE, span, format!("there is no role `{role}`"), help);
            }
        }
        all.push(case);
    }
    all
}
