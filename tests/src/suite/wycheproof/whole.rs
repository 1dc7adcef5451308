//! The tokens as they are, through the whole gate.

use super::super::{Seen, judge, seen};
use super::group::{Group, refused_for_keys};
use super::{NOW, id, is_valid, slip};
use crate::engine::{Answer, Door, Engine, Http, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::vectors::text;
use crate::world::World;
use serde_json::Value;

/// What is said of a payload that is no claims object, or of one whose claims are not ours.
const ABOUT_THE_PAYLOAD: [&str; 5] = [
    "malformed token: not JSON",
    "malformed token: not a JSON object",
    "malformed token: duplicate member",
    "claim `",
    "issuer not accepted",
];

/// All groups under one engine.
pub(super) fn run(name: &str, groups: &[Group<'_>], engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(format!("{name} (whole gate)"), engine.name());
    let shows_reasons = engine.name() != Http.name();
    for group in groups {
        for form in group.forms() {
            let mut opened = engine.open(&group.policy(form), &World::at(NOW));
            for test in &group.tests {
                let verdict = match &mut opened {
                    Err(findings) => refused(test, findings),
                    Ok(door) => one(group, test, door.as_mut(), shows_reasons),
                };
                row.note(&format!("{} ({})", id(test), form.name()), verdict);
            }
        }
    }
    report.push(row);
}

/// The policy was refused at load.
pub(super) fn refused(test: &Value, findings: &str) -> Verdict {
    match (refused_for_keys(findings), is_valid(test)) {
        (true, false) => Verdict::Passed,
        (true, true) => Verdict::Skipped(format!("keys that are not taken: {findings}")),
        (false, _) => Verdict::Failed(format!("refused, but not for its keys: {findings}")),
    }
}

fn one(group: &Group<'_>, test: &Value, door: &mut dyn Door, shows_reasons: bool) -> Verdict {
    let answer = match door.ask(&carry(text(test, "jws"))) {
        Ok(answer) => answer,
        Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
    };
    let out = seen(&answer) == Seen::Reject;
    match (is_valid(test), slip(group, test)) {
        (false, _) => judge(out, "a refusal", &answer),
        (true, Some(slip)) if out => Verdict::Skipped(slip.to_owned()),
        (true, _) if out && !shows_reasons => {
            Verdict::Skipped("valid, and the payload is no claims: over HTTP a refusal shows no reason".to_owned())
        }
        (true, _) => judge(out && is_about_the_payload(&answer), "a refusal for its payload", &answer),
    }
}

/// As a bearer token.
pub(super) fn carry(token: &str) -> Request {
    Request::get("/private").header("authorization", format!("Bearer {token}"))
}

/// Was nothing but the payload in the way?
pub(super) fn is_about_the_payload(answer: &Answer) -> bool {
    ABOUT_THE_PAYLOAD.iter().any(|why| answer.reason.contains(why))
}
