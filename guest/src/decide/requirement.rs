//! `require`: who may pass.

use super::visitor::Visitor;
use super::{Facts, Halt};
use crate::policy::{ClaimIs, ClaimTest, Require, Test};
use crate::session::{Found, Identity};
use crate::template::{Fill, claim_text};
use crate::trace::{Outcome, Stage, Trace};
use crate::webhook::Received;
use serde_json::Value;

/// Did a requirement hold?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// It did.
    Yes,
    /// It did not.
    No(Denial),
}

/// Why somebody may not pass; a value with a reason, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) why: Why,
    /// For logs and `explain`.
    pub(crate) reason: String,
    /// Only bearer tokens or webhooks were asked for: a redirect to a sign-in page would help nobody.
    pub(crate) bearer: bool,
}

/// The classes of denial, the most telling one last: of several it is the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// As if there were nothing.
    Nothing,
    /// Signed in where only the signed-out may go.
    SignedIn,
    /// Not signed in.
    Anonymous,
    /// Signed in, not allowed.
    Forbidden,
    /// The body that is to be looked at did not come whole.
    Broken,
    /// The body that is to be looked at is too long.
    TooLarge,
    /// Cannot be told now.
    Unavailable,
}

fn no(why: Why, reason: impl Into<String>, bearer: bool) -> Held {
    Held::No(Denial { why, reason: reason.into(), bearer })
}

/// Does it hold for this visitor?
pub(crate) fn eval(
    require: &Require,
    facts: &Facts<'_>,
    params: &[(String, String)],
    visitor: &mut Visitor<'_>,
    trace: &mut Trace,
) -> Result<Held, Halt> {
    let held = match require {
        Require::Public => Held::Yes,
        Require::Deny => no(Why::Nothing, "denied", false),
        Require::Session => match visitor.session(facts, trace)? {
            Found::Verified(_) => Held::Yes,
            other => refused(other, false),
        },
        Require::SignedOut => match visitor.session(facts, trace)? {
            Found::Verified(_) => no(Why::SignedIn, "already signed in", false),
            _ => Held::Yes,
        },
        Require::Bearer { provider, scopes } => match visitor.bearer(*provider, facts, trace)? {
            Found::Verified(identity) => match scopes.iter().find(|scope| !identity.has_scope(scope)) {
                None => Held::Yes,
                Some(scope) => no(Why::Forbidden, format!("scope {scope} is missing"), true),
            },
            other => refused(other, true),
        },
        Require::Claim { bearer, label, test } => {
            let found = match bearer {
                Some(provider) => visitor.bearer(*provider, facts, trace)?,
                None => visitor.session(facts, trace)?,
            };
            match found {
                Found::Verified(identity) => {
                    let fill = Fill { params, identity: Some(&identity), path: facts.target.path() };
                    let passed = match test {
                        Test::Claim(test) => holds(test, &identity, &fill),
                        Test::Clerk(has) => has.holds(&identity),
                    };
                    if passed {
                        Held::Yes
                    } else {
                        no(Why::Forbidden, format!("{label} does not hold"), bearer.is_some())
                    }
                }
                other => refused(other, bearer.is_some()),
            }
        }
        Require::Webhook { number, .. } => unsigned(visitor.webhook(*number, facts, trace)?),
        Require::Any(all) => any(all, facts, params, visitor, trace)?,
        Require::All(all) => {
            let mut held = if all.is_empty() { no(Why::Nothing, "nothing is required", false) } else { Held::Yes };
            for require in all {
                held = eval(require, facts, params, visitor, trace)?;
                if held != Held::Yes {
                    break;
                }
            }
            held
        }
    };
    if !matches!(require, Require::Any(_) | Require::All(_)) {
        trace.note(Stage::Requirement, if held == Held::Yes { Outcome::Yes } else { Outcome::No }, || {
            let detail = match &held {
                Held::Yes => "holds".to_owned(),
                Held::No(denial) => denial.reason.clone(),
            };
            (name(require), detail)
        });
    }
    Ok(held)
}

fn any(
    all: &[Require],
    facts: &Facts<'_>,
    params: &[(String, String)],
    visitor: &mut Visitor<'_>,
    trace: &mut Trace,
) -> Result<Held, Halt> {
    let mut worst: Option<Denial> = None;
    let mut bearer_only = true;
    for require in all {
        match eval(require, facts, params, visitor, trace)? {
            Held::Yes => return Ok(Held::Yes),
            Held::No(denial) => {
                bearer_only &= denial.bearer;
                if worst.as_ref().is_none_or(|known| denial.why > known.why) {
                    worst = Some(denial);
                }
            }
        }
    }
    Ok(match worst {
        Some(denial) => Held::No(Denial { bearer: bearer_only, ..denial }),
        None => no(Why::Nothing, "nothing is required", false),
    })
}

fn refused(found: Found, bearer: bool) -> Held {
    match found {
        Found::Verified(_) => Held::Yes,
        Found::None(reason) => no(Why::Anonymous, reason, bearer),
        Found::Unavailable(reason) => no(Why::Unavailable, reason, bearer),
        // `Visitor` turns these into `Halt`; should one come through, it opens nothing.
        Found::Ask(_) | Found::Detour(_) | Found::Later(_) => no(Why::Unavailable, "unanswered question", bearer),
    }
}

fn unsigned(received: Received) -> Held {
    let reason = received.to_string();
    match received {
        Received::Signed => Held::Yes,
        Received::Refused(_) => no(Why::Anonymous, reason, true),
        Received::TooLarge => no(Why::TooLarge, reason, true),
        Received::Broken(_) => no(Why::Broken, reason, true),
        // `Visitor` turns a question into `Halt`; should one come through, it opens nothing.
        Received::Unavailable(_) | Received::Ask(_) => no(Why::Unavailable, reason, true),
    }
}

/// Does the claim pass the test? A claim of the wrong shape never does.
pub(crate) fn holds(test: &ClaimTest, identity: &Identity, fill: &Fill<'_>) -> bool {
    let Some(value) = identity.claim(&test.claim) else { return false };
    let scalar = |value: &Value| if value.is_array() { None } else { claim_text(value) };
    match &test.is {
        ClaimIs::Present => match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        },
        ClaimIs::Equals(template) => {
            template.plain(fill).is_some_and(|wanted| scalar(value).is_some_and(|text| text == wanted))
        }
        ClaimIs::In(wanted) => {
            let one = |value: &Value| scalar(value).is_some_and(|text| wanted.contains(&text));
            match value {
                Value::Array(items) => items.iter().any(one),
                other => one(other),
            }
        }
        ClaimIs::Has(wanted) => match value {
            Value::Array(items) => items.iter().any(|item| scalar(item).is_some_and(|text| text == *wanted)),
            Value::String(text) => text.split_ascii_whitespace().any(|word| word == wanted),
            _ => false,
        },
    }
}

/// A requirement in a few words.
pub(crate) fn name(require: &Require) -> String {
    let list = |all: &[Require]| all.iter().map(name).collect::<Vec<_>>().join(", ");
    match require {
        Require::Public => "public".to_owned(),
        Require::Session => "session".to_owned(),
        Require::SignedOut => "signed-out".to_owned(),
        Require::Deny => "deny".to_owned(),
        Require::Claim { label, .. } => label.clone(),
        Require::Bearer { scopes, .. } if scopes.is_empty() => "bearer".to_owned(),
        Require::Bearer { scopes, .. } => format!("bearer with {}", scopes.join(" ")),
        Require::Webhook { name, .. } => format!("webhook {name}"),
        Require::Any(all) => format!("any of {}", list(all)),
        Require::All(all) => format!("all of {}", list(all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Template, Use};
    use serde_json::json;

    fn check(claims: &Value, is: ClaimIs) -> bool {
        let identity = Identity {
            provider: 0,
            provider_name: String::new(),
            subject: None,
            issuer: String::new(),
            expires: 0,
            claims: claims.as_object().unwrap().clone(),
            app_headers: Vec::new(),
        };
        let params = [("tenant".to_owned(), "acme".to_owned())];
        let fill = Fill { params: &params, identity: Some(&identity), path: "/" };
        holds(&ClaimTest { claim: "c".into(), is }, &identity, &fill)
    }

    #[test]
    fn claims_of_the_wrong_shape_never_hold() {
        let tenant = || ClaimIs::Equals(Template::parse("{tenant}", Use::Value).unwrap());
        assert!(check(&json!({"c": "acme"}), tenant()));
        for wrong in
            [json!({"c": "ACME"}), json!({"c": ["acme"]}), json!({"c": {"acme": 1}}), json!({"c": null}), json!({})]
        {
            assert!(!check(&wrong, tenant()), "{wrong}");
        }
        let list = || ClaimIs::In(vec!["admin".into(), "7".into()]);
        for right in [json!({"c": "admin"}), json!({"c": 7}), json!({"c": ["x", "admin"]})] {
            assert!(check(&right, list()), "{right}");
        }
        for wrong in [json!({"c": "admin x"}), json!({"c": [["admin"]]}), json!({"c": {"admin": true}})] {
            assert!(!check(&wrong, list()), "{wrong}");
        }
        let has = || ClaimIs::Has("a:b".into());
        for right in [json!({"c": "x a:b"}), json!({"c": ["a:b"]})] {
            assert!(check(&right, has()), "{right}");
        }
        assert!(!check(&json!({"c": "a:bc"}), has()));
        assert!(!check(&json!({"c": []}), ClaimIs::Present));
    }
}
