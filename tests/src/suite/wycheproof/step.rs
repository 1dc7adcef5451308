//! The step from a header, a key and a signature to yes or no, with the payload taken out of the way.

use super::super::{Seen, judge, seen};
use super::group::Group;
use super::whole::{carry, is_about_the_payload, refused};
use super::{NOW, claims, id, is_valid, slip};
use crate::engine::{Native, NativeDoor};
use crate::report::{Report, Row, Verdict};
use crate::vectors::text;
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// All groups.
pub(super) fn run(name: &str, groups: &[Group<'_>], report: &mut Report) {
    let mut row = Row::new(format!("{name} (signature step)"), "native");
    for group in groups.iter().map(Group::corrected) {
        for form in group.forms() {
            let mut opened = Native::ready(&group.policy(form), &World::at(NOW));
            for test in &group.tests {
                let verdict = match &mut opened {
                    Err(findings) => refused(test, findings),
                    Ok(door) => one(&group, test, door),
                };
                row.note(&format!("{} ({})", id(test), form.name()), verdict);
            }
        }
    }
    report.push(row);
}

fn one(group: &Group<'_>, test: &Value, door: &mut NativeDoor) -> Verdict {
    let token = text(test, "jws");
    let parts: Vec<&str> = token.split('.').collect();
    // As it is: what is wrong with its form counts, save what is wrong with the payload as claims.
    let mut answer = door.ask_signing(&carry(token), &[]);
    if let [header, payload, signature] = parts.as_slice()
        && is_about_the_payload(&answer)
    {
        let ours = URL_SAFE_NO_PAD.encode(claims(test).to_string());
        let signed = format!("{header}.{payload}");
        answer = door.ask_signing(&carry(&format!("{header}.{ours}.{signature}")), signed.as_bytes());
    }
    let wanted = if is_valid(test) { Seen::Accept } else { Seen::Reject };
    match slip(group, test) {
        Some(slip) if seen(&answer) != wanted => Verdict::Skipped(slip.to_owned()),
        _ => judge(seen(&answer) == wanted, if is_valid(test) { "to get in" } else { "a refusal" }, &answer),
    }
}
