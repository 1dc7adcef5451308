//! `security/cookies.json` through whole decisions.
//!
//! `tok.good.sig` is no token that verifies. So each case is rewritten before it is asked: the good word becomes a
//! token of one subject, the evil one a token of another, in all the spellings that the cases use (chunks, an escaped
//! dot, a tab inside).

use super::cookie_reader::{allowed, lines};
use super::{Seen, judge, seen, too_slow};
use crate::engine::{Answer, Door, Engine, Outcome, Policy, Request, Unsent, values};
use crate::report::{Report, Row, Verdict};
use crate::sign::Signer;
use crate::vectors::{File, list, text};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example.test";

/// Run the file under one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    let signer = Signer::new();
    let tokens = Tokens::new(&signer);
    let world = World::at(NOW);
    // Cases with the same policy share one door, as requests of one site do.
    let mut doors: BTreeMap<String, Result<Box<dyn Door>, String>> = BTreeMap::new();
    for case in list(&file.document) {
        let policy = policy(case, &signer);
        let door = doors.entry(policy.toml()).or_insert_with(|| engine.open(&policy, &world));
        let verdict = match door {
            Ok(door) => one(case, &tokens, door.as_mut()),
            Err(findings) => Verdict::Failed(findings.clone()),
        };
        row.note(text(case, "id"), verdict);
    }
    report.push(row);
}

fn policy(case: &Value, signer: &Signer) -> Policy {
    let name = text(case, "name");
    if text(case, "kind") == "opaque" {
        let value = escape(text(case, "value"));
        return Policy::new(json!({
            "version": 1,
            "default": "deny",
            "route": [{
                "id": "private",
                "glob": "/private",
                "has": [{ "type": "cookie", "key": name, "value": value }],
                "require": "public",
            }],
        }));
    }
    Policy::new(json!({
        "version": 1,
        "default": "public",
        "session": { "main": {
            "kind": "jwt-cookie",
            "cookie": name,
            "chunks": case["chunked"].as_bool().unwrap_or(false),
            "issuer": ISSUER,
            "audience": "app",
            "keys": { "jwks": signer.jwks().to_string() },
        } },
        "route": [{
            "id": "private",
            "glob": "/private",
            "require": "session",
            "request-headers": { "set": { "x-sub": "{claim.sub}" } },
        }],
    }))
}

/// Every character that means something in a regular expression, taken literally.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '\'' | '~' | '=' | '/') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn one(case: &Value, tokens: &Tokens, door: &mut dyn Door) -> Verdict {
    let sent: Vec<Vec<u8>> = lines(case).iter().map(|line| tokens.put_into(line)).collect();
    let ask = |door: &mut dyn Door, target: &str| {
        let request = sent.iter().fold(Request::get(target), |r, line| r.header("cookie", line.clone()));
        door.ask(&request)
    };
    let answer = match ask(door, "/private") {
        Ok(answer) => answer,
        Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
    };
    if let Some(verdict) = too_slow(case["max_ms"].as_u64(), &answer) {
        return verdict;
    }
    let opaque = text(case, "kind") == "opaque";
    let subject = answer.upstream_header("x-sub");
    let outcome = match (seen(&answer), answer.status()) {
        (Seen::Accept, _) if opaque || subject.as_deref() == Some("good") => "session",
        (Seen::Accept, _) => return judge(false, "no session of anybody else", &answer),
        // Refused before any rule: that is no session either.
        (Seen::Reject, Some(400 | 431)) => "bad_request",
        (Seen::Reject, _) => "no_session",
        _ => return judge(false, "an answer", &answer),
    };
    let allowed = allowed(case);
    let fits = allowed.iter().any(|a| a == outcome || (a == "no_session" && outcome == "bad_request"));
    if !fits {
        return judge(false, &format!("{allowed:?} and not {outcome}"), &answer);
    }
    if case["must_not_forward_as_is"].as_bool() == Some(true) {
        return match ask(door, "/elsewhere") {
            Ok(answer) => forwarded_clean(text(case, "name"), &answer),
            Err(Unsent(why)) => Verdict::Skipped(why.to_owned()),
        };
    }
    Verdict::Passed
}

/// On a public path: whatever the upstream gets, no reader may find the guarded cookie in it.
fn forwarded_clean(name: &str, answer: &Answer) -> Verdict {
    match &answer.outcome {
        Outcome::Forwarded(_, headers) => match values(headers, "cookie").iter().find(|line| any_reader(line, name)) {
            Some(line) => Verdict::Failed(format!("the upstream gets {:?}", String::from_utf8_lossy(line))),
            None => Verdict::Passed,
        },
        _ => judge(seen(answer) == Seen::Reject, "a clean Cookie line or a refusal", answer),
    }
}

/// Would the most lenient reader (all habits of the seven measured ones at once) find a cookie of that name?
/// Pairs split at `;`, Unicode white space trimmed, the name percent-decoded, a pair without `=` taken as a name.
fn any_reader(line: &[u8], name: &str) -> bool {
    line.split(|&b| b == b';').any(|pair| {
        let key = pair.split(|&b| b == b'=').next().unwrap_or_default();
        let text = String::from_utf8_lossy(key);
        let text = text.trim();
        text == name || decoded(text).trim() == name
    })
}

/// `%XX` decoded wherever it can be; on purpose not the code under test.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = if first == b'%' { tail.get(..2).and_then(|h| std::str::from_utf8(h).ok()) } else { None };
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The two tokens, and the words that stand for their pieces.
struct Tokens {
    words: Vec<(&'static [u8], Vec<u8>)>,
}

impl Tokens {
    fn new(signer: &Signer) -> Self {
        let token = |sub: &str| signer.token(&json!({ "iss": ISSUER, "aud": "app", "sub": sub, "exp": NOW + 3600 }));
        let (good, evil) = (token("good"), token("evil"));
        let after_first_dot = |token: &str| token.split_once('.').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let header = good.split('.').next().unwrap_or_default().to_owned();
        let half = good.len() / 2;
        // Longest first: at each place the first word that fits is replaced.
        let words: Vec<(&'static [u8], Vec<u8>)> = vec![
            (b"tok.good.sig", good.clone().into()),
            (b"tok.evil.sig", evil.clone().into()),
            (b"good.sig", after_first_dot(&good).into()),
            (b"evil.sig", after_first_dot(&evil).into()),
            (b"tok.go", good[..half].into()),
            (b"od.sig", good[half..].into()),
            (b"il.sig", evil[half..].into()),
            (b"tok", header.into()),
        ];
        Self { words }
    }

    /// `line` with real tokens.
    fn put_into(&self, line: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len());
        let mut rest = line;
        while let Some((&first, tail)) = rest.split_first() {
            match self.words.iter().find(|(word, _)| rest.starts_with(word)) {
                Some((word, token)) => {
                    out.extend_from_slice(token);
                    rest = &rest[word.len()..];
                }
                None => {
                    out.push(first);
                    rest = tail;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lenient_reader_finds_every_spelling() {
        for line in ["a=1;\u{2000}s=x", "%73=x", "s", "s = x", "a; s\t=x"] {
            assert!(any_reader(line.as_bytes(), "s"), "{line}");
        }
        assert!(!any_reader(b"a=1; ss=x; S=x", "s"));
    }

    #[test]
    fn words_become_tokens() {
        let tokens = Tokens::new(&Signer::new());
        let whole = tokens.put_into(b"s=tok.good.sig");
        let mut joined = b"s=".to_vec();
        joined.extend(tokens.put_into(b"tok.go"));
        joined.extend(tokens.put_into(b"od.sig"));
        assert_eq!(whole, joined);
        assert_eq!(tokens.put_into(b"a=b"), b"a=b");
    }
}
