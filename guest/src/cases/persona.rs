//! A persona as the world would show it: a verified identity made up so that the named roles, tenant and scopes hold.

use super::Persona;
use crate::policy::{ClaimIs, ClaimTest, Policy, Require, Rule, Test, Then};
use crate::session::Identity;
use serde_json::{Map, Value};

/// The made-up session of `persona`, or why there cannot be one.
pub(crate) fn identity(policy: &Policy, persona: &Persona) -> Result<Option<Identity>, String> {
    let mut claims = Map::new();
    claims.insert("sub".into(), "test-user".into());
    claims.insert("email".into(), "user@example.com".into());
    claims.insert("name".into(), "Test User".into());
    let mut provider = 0;
    match persona {
        Persona::Anonymous | Persona::Webhook => return Ok(None),
        Persona::User { roles, tenant } => {
            for role in roles {
                let (_, test) = policy
                    .roles
                    .iter()
                    .find(|(name, _)| name == role)
                    .ok_or_else(|| format!("there is no role `{role}` in `[roles]`"))?;
                match test {
                    Test::Claim(test) => satisfy(&mut claims, test),
                    Test::Clerk(has) => {
                        has.satisfy(&mut claims);
                        provider = has.providers.first().copied().unwrap_or_default();
                    }
                }
            }
            if let Some(tenant) = tenant {
                for claim in tenant_claims(policy) {
                    claims.insert(claim, tenant.as_str().into());
                }
            }
        }
        Persona::Bearer { scopes } => {
            claims.insert("scope".into(), scopes.join(" ").into());
        }
    }
    Ok(Some(Identity {
        provider,
        provider_name: "test".to_owned(),
        subject: Some("test-user".to_owned()),
        issuer: "https://issuer.test".to_owned(),
        expires: i64::MAX,
        claims,
        app_headers: Vec::new(),
    }))
}

/// Set a claim so that `test` holds; several roles on one claim make it a list.
fn satisfy(claims: &mut Map<String, Value>, test: &ClaimTest) {
    let (value, list) = match &test.is {
        ClaimIs::Present => (Value::Bool(true), false),
        ClaimIs::Equals(template) => (Value::from(template.literal().unwrap_or("test")), false),
        ClaimIs::In(values) => (Value::from(values.first().map_or("", String::as_str)), false),
        ClaimIs::Has(value) => (Value::from(value.as_str()), true),
    };
    match claims.get_mut(&test.claim) {
        Some(Value::Array(items)) => items.push(value),
        Some(other) => *other = Value::Array(vec![other.take(), value]),
        None => {
            claims.insert(test.claim.clone(), if list { Value::Array(vec![value]) } else { value });
        }
    }
}

/// Claims that some rule compares with a capture (`equals = "{tenant}"`).
fn tenant_claims(policy: &Policy) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest: Vec<&Require> = vec![&policy.default];
    let rules = policy.guards.iter().chain(&policy.routes);
    rest.extend(rules.filter_map(|rule: &Rule| match &rule.then {
        Then::Require(require) => Some(require),
        _ => None,
    }));
    while let Some(require) = rest.pop() {
        match require {
            Require::Claim { test: Test::Claim(test), .. } => {
                if let ClaimIs::Equals(template) = &test.is
                    && template.params().next().is_some()
                    && !found.contains(&test.claim)
                {
                    found.push(test.claim.clone());
                }
            }
            Require::Any(all) | Require::All(all) => rest.extend(all),
            _ => {}
        }
    }
    found
}
