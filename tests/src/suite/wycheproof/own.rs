//! Our own claims, signed with the private keys of the files.

use super::super::{Seen, judge, seen};
use super::group::Group;
use super::whole::{carry, refused};
use super::{NOW, claims, id, is_valid, private};
use crate::engine::{Answer, Door, Engine, Http, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::sign;
use crate::vectors::text;
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// All groups under one engine: each valid test, and all tests of keys without one.
pub(super) fn run(name: &str, groups: &[Group<'_>], engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(format!("{name} (own claims)"), engine.name());
    let shows_reasons = engine.name() != Http.name();
    for group in groups.iter().map(Group::corrected) {
        for form in group.forms() {
            let mut opened = engine.open(&group.policy(form), &World::at(NOW));
            for test in group.tests.iter().filter(|test| is_valid(test) || !group.is_good()) {
                let verdict = match (token(&group, test), &mut opened) {
                    (Err(why), _) => Verdict::Skipped(why),
                    (Ok(_), Err(findings)) => refused(test, findings),
                    (Ok((signed, signature)), Ok(door)) => one(test, &signed, signature, door.as_mut(), shows_reasons),
                };
                row.note(&format!("{} ({})", id(test), form.name()), verdict);
            }
        }
    }
    report.push(row);
}

/// What is signed, and the signature. The header stands as the test spells it.
fn token(group: &Group<'_>, test: &Value) -> Result<(String, Vec<u8>), String> {
    let token = text(test, "jws");
    let header = sign::header(token).ok_or("its header cannot be read, so there is nothing to sign under it")?;
    let (spelled, _) = token.split_once('.').unwrap_or_default();
    let signed = format!("{spelled}.{}", URL_SAFE_NO_PAD.encode(claims(test).to_string()));
    let key = group.signer(text(&header, "kid")).ok_or("the file holds no private key of that name")?;
    let signature = private::sign(key, text(&header, "alg"), signed.as_bytes())?;
    Ok((signed, signature))
}

fn one(test: &Value, signed: &str, mut signature: Vec<u8>, door: &mut dyn Door, shows_reasons: bool) -> Verdict {
    let mut ask = |signature: &[u8]| -> Result<Answer, Unsent> {
        door.ask(&carry(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    };
    let answer = match ask(&signature) {
        Ok(answer) => answer,
        Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
    };
    if !is_valid(test) {
        return judge(seen(&answer) == Seen::Reject, "a refusal", &answer);
    }
    let subject = answer.upstream_header("x-sub");
    if seen(&answer) != Seen::Accept || subject.as_deref() != claims(test)["sub"].as_str() {
        return judge(false, "to get in", &answer);
    }
    let middle = signature.len() / 2;
    signature[middle] ^= 1;
    match ask(&signature) {
        Ok(answer) => {
            let named = !shows_reasons || answer.reason.contains("signature does not verify");
            judge(seen(&answer) == Seen::Reject && named, "a refusal of the damaged signature", &answer)
        }
        Err(Unsent(why)) => Verdict::Skipped(why.to_owned()),
    }
}
