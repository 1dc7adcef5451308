//! Run cases through the very function that serves.

use super::{Case, Expect, Persona, parse::persona, persona::identity};
use crate::decide::{Compiled, Question, Who, decide};
use crate::policy::RULE_REQUEST;
use crate::question::Answers;
use crate::request::{Head, sample_headers};
use crate::session::Identity;
use crate::trace::{Trace, TraceLine};
use crate::verdict::{Action, Forward, Step, Verdict};

/// What one case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case.
    pub case: Case,
    /// Did it come out as written?
    pub passed: bool,
    /// What the case wants, with the rule.
    pub expected: String,
    /// What the policy says, with the rule.
    pub actual: String,
    /// Why.
    pub trace: Vec<TraceLine>,
}

/// Run one case. Time stands at 0: personas have no expiry.
pub(crate) fn run(compiled: &Compiled, case: &Case) -> CaseResult {
    let policy = compiled.policy();
    let mut trace = Trace::on();
    let (outcome, rule) = match identity(policy, &case.who) {
        Err(why) => (Err(why), String::new()),
        Ok(identity) => {
            let who = shown(&case.who, identity);
            let question = Question { head: &head(compiled, case), answers: Answers::new(&[]) };
            match decide(compiled, &mut None, who, question, &mut trace) {
                Step::Verdict(verdict) => {
                    let rule = policy.rules.get(verdict.rule as usize).cloned().unwrap_or_default();
                    (Ok(describe(&verdict)), rule)
                }
                Step::Questions(_) => (Err("asked the world a question".to_owned()), String::new()),
            }
        }
    };
    let by_matches = case.by.as_deref().is_none_or(|by| by == rule);
    let passed = by_matches && outcome.as_ref().is_ok_and(|actual| *actual == case.expect);
    let with_rule = |answer: String, rule: &str| {
        if rule.is_empty() { answer } else { format!("{answer} by {rule}") }
    };
    CaseResult {
        case: case.clone(),
        passed,
        expected: with_rule(case.expect.to_string(), case.by.as_deref().unwrap_or("")),
        actual: with_rule(outcome.map_or_else(|why| why, |actual| actual.to_string()), &rule),
        trace: trace.into_lines(),
    }
}

/// Read a persona's name, for `explain --as`.
pub(crate) fn who(compiled: &Compiled, text: &str) -> Result<Who, String> {
    let persona = persona(text).ok_or_else(|| {
        format!(
            "`{text}` is nobody; use `anonymous`, `user`, `user+role`, `user@tenant`, `bearer+scope` or `webhook:ok`"
        )
    })?;
    let identity = identity(compiled.policy(), &persona)?;
    Ok(shown(&persona, identity))
}

/// A persona with its identity, as a decision sees it.
fn shown(persona: &Persona, identity: Option<Identity>) -> Who {
    match persona {
        Persona::Webhook => Who::Sender,
        Persona::Bearer { .. } => Who::Persona { bearer: true, identity },
        Persona::Anonymous | Persona::User { .. } => Who::Persona { bearer: false, identity },
    }
}

fn head(compiled: &Compiled, case: &Case) -> Head {
    let origin = compiled.policy().proxy.public_origin.as_deref().unwrap_or("http://localhost");
    let (scheme, host) = origin.split_once("://").unwrap_or(("http", "localhost"));
    let headers = sample_headers(case.kind).iter();
    Head {
        method: case.method.clone(),
        scheme: scheme.to_owned(),
        authority: case.host.clone().unwrap_or_else(|| host.to_owned()),
        target: case.target.clone().into_bytes(),
        headers: headers.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
        client: "127.0.0.1".to_owned(),
        now: 0,
    }
}

/// A verdict in the words of a case.
pub(crate) fn describe(verdict: &Verdict) -> Expect {
    match &verdict.action {
        Action::Pass(Forward { status: Some(status), .. }) | Action::Rewrite(Forward { status: Some(status), .. }) => {
            Expect::Status(*status)
        }
        Action::Pass(_) => Expect::Pass,
        Action::Rewrite(forward) => Expect::Rewrite(forward.target.clone()),
        Action::Redirect(reply) => {
            let location = reply.headers.iter().find(|header| header.name() == "location");
            Expect::Redirect(location.map(|l| String::from_utf8_lossy(l.value()).into_owned()).unwrap_or_default())
        }
        Action::Respond(reply) if verdict.rule == RULE_REQUEST => Expect::Reject(reply.status),
        Action::Respond(reply) => Expect::Status(reply.status),
    }
}
