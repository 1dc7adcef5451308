//! Project Wycheproof: its files on signed tokens and key sets (third-party data, read where they are and never part of
//! the project).
//!
//! The payloads there are no claims (`foo`), so every token is refused for its payload before any signature is looked
//! at, whatever the signature. Three rows say different things:
//!
//! - **whole gate** ([`whole`]), all engines: the tokens as they are. What is `invalid` must not get in. What is `valid`
//!   does not get in either, and must be refused for its payload, not for its signature.
//! - **signature step** ([`step`]), native: header and signature as they are, our claims as payload, and the host's
//!   verifier is asked about the text that was really signed. All else is the gate's own: form of header and
//!   signature, choice of the key, claims. Here `valid` gets in, `invalid` does not.
//! - **own claims** ([`own`]), all engines: the header of a `valid` token over our claims, signed with the private key
//!   that the files hold, gets in; damaged it does not. Where no token of a key is valid, it is the key that must not
//!   be used: then even what it really signed does not get in.
//!
//! A key is asked about in each form that a config has for it ([`group`]), so a test may count twice.

mod group;
mod own;
mod private;
mod step;
mod whole;

use crate::engine::Engine;
use crate::report::{Report, Row, Verdict};
use crate::sign;
use crate::vectors::{File, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use group::Group;
use serde_json::{Value, json};

/// When the tokens are judged, Unix time.
const NOW: i64 = 1_800_000_000;

/// Is it one of these files?
pub(super) fn knows(name: &str) -> bool {
    name.starts_with("wycheproof/")
}

/// Run one file through all engines.
pub(super) fn run(file: &File, engines: &[Box<dyn Engine>], report: &mut Report) {
    let groups: Vec<Group<'_>> =
        file.document["testGroups"].as_array().into_iter().flatten().map(Group::read).collect();
    let count: usize = groups.iter().map(|group| group.tests.len()).sum();
    if file.document["numberOfTests"].as_u64() != u64::try_from(count).ok() {
        let mut row = Row::new(&file.name, "-");
        row.note("the file", Verdict::Failed(format!("holds {count} tests, and says otherwise")));
        report.push(row);
    }
    let mut encrypted = Row::new(format!("{} (encrypted)", file.name), "-");
    for group in &groups {
        for test in group.tests.iter().filter(|test| test.get("jws").is_none()) {
            encrypted.skip(1, &format!("key management {} is not supported", management(group, test)));
        }
    }
    if !encrypted.is_empty() {
        report.push(encrypted);
    }
    let signed: Vec<Group<'_>> = groups.into_iter().filter_map(Group::signed).collect();
    if signed.is_empty() {
        return;
    }
    for engine in engines {
        whole::run(&file.name, &signed, engine.as_ref(), report);
        own::run(&file.name, &signed, engine.as_ref(), report);
    }
    step::run(&file.name, &signed, report);
}

/// How the key of an encrypted token is found: what the token says, or else what the key is for.
fn management(group: &Group<'_>, test: &Value) -> String {
    let said = sign::header(text(test, "jwe")).and_then(|header| header["alg"].as_str().map(str::to_owned));
    said.unwrap_or_else(|| group.keys().first().map(|key| text(key, "alg").to_owned()).unwrap_or_default())
}

/// Number and story of a test.
fn id(test: &Value) -> String {
    format!("{} {}", test["tcId"], text(test, "comment"))
}

fn is_valid(test: &Value) -> bool {
    text(test, "result") == "valid"
}

/// Why a test is not to be judged by what it says of itself.
fn slip(group: &Group<'_>, test: &Value) -> Option<&'static str> {
    let token = text(test, "jws");
    let is_base64url = |part: &str| URL_SAFE_NO_PAD.decode(part).is_ok();
    if is_valid(test) && !token.split('.').all(is_base64url) {
        return Some("called valid, and not base64url (RFC 7515 section 2); refused here");
    }
    let good = group.tests.iter().any(|other| is_valid(other) && text(other, "jws") == token);
    (!is_valid(test) && good).then_some("called invalid, and byte for byte a token that is called valid")
}

/// Claims that our rules accept, different for each test: a gate remembers tokens that it has verified.
fn claims(test: &Value) -> Value {
    json!({ "iss": group::ISSUER, "sub": format!("test-{}", test["tcId"]), "exp": NOW + 600 })
}
