//! Targets that put a request to a whole policy and answer its questions. The world here says what a test wants:
//! nobody signs anything, so whoever gets in got in because the world called a signature good.

mod chunks;
mod convex;
mod documents;
mod sealed;
mod webhook;

pub use chunks::chunks;
pub use convex::convex;
pub use documents::documents;
pub use sealed::sealed;
pub use webhook::webhook;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_gate::Gate;
use portcullis_gate::config::Format;
use portcullis_gate::question::{Answer, Answered, Document, Question};
use portcullis_gate::request::Head;
use portcullis_gate::verdict::{Action, Forward, Step};
use std::cell::RefCell;
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000;
/// Rounds of questions before a host gives up (`wit/gate.wit`, `decide`).
const ROUNDS: usize = 12;
/// The members of a P-256 key. Whether its point is on the curve is for the verifier to say.
const KEY: &str = r#""kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#;
const CLAIMS: &str = r#"{"iss":"https://issuer.example.test","sub":"user-1","aud":"app","exp":1800090000}"#;

thread_local! {
    /// Loading a policy takes longer than all the rest, so each is loaded once.
    static LOADED: RefCell<BTreeMap<String, Gate>> = const { RefCell::new(BTreeMap::new()) };
}

/// Use a policy that was just started: it remembers nothing.
fn with<T>(config: &str, run: impl FnOnce(&mut Gate) -> T) -> T {
    started(config, &[], run)
}

/// The same; whatever it asks for by name is `secret`.
fn started<T>(config: &str, secret: &[u8], run: impl FnOnce(&mut Gate) -> T) -> T {
    LOADED.with_borrow_mut(|loaded| {
        let gate = loaded
            .entry(config.to_owned())
            .or_insert_with(|| Gate::load(config, Format::Toml).expect("the policy loads"));
        let needs = gate.policy().needs.len();
        gate.start(vec![Some(secret.to_vec()); needs], (1, 2)).expect("the policy starts");
        run(gate)
    })
}

fn head(name: &str, values: &[&[u8]], now: i64) -> Head {
    Head {
        method: "GET".to_owned(),
        scheme: "https".to_owned(),
        authority: "app.example.test".to_owned(),
        target: b"/".to_vec(),
        client: "127.0.0.1".to_owned(),
        now,
        headers: values.iter().map(|value| (name.to_owned(), value.to_vec())).collect(),
    }
}

/// A token with that header and [`CLAIMS`], and zeros where the signature stands.
fn made(header: &str, signature: usize) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.{}", part(header.as_bytes()), part(CLAIMS.as_bytes()), part(&vec![0; signature]))
}

/// Decide; `Some` if the request is let through. A host gives up after [`ROUNDS`], so no more may be needed.
fn ask(gate: &mut Gate, head: &Head, mut answer: impl FnMut(&Question) -> Answer) -> Option<Forward> {
    let mut answers: Vec<Answered> = Vec::new();
    for _ in 0..ROUNDS {
        match gate.decide(head, &answers) {
            Step::Verdict(verdict) => {
                return match verdict.action {
                    Action::Pass(forward) | Action::Rewrite(forward) => Some(forward),
                    Action::Redirect(_) | Action::Respond(_) => None,
                };
            }
            Step::Questions(questions) => {
                let known = answers.len();
                for asked in questions {
                    assert!(answers[..known].iter().all(|answered| answered.id != asked.id), "asked again");
                    answers.push(Answered { id: asked.id, answer: answer(&asked.question) });
                }
            }
        }
    }
    panic!("still asking after {ROUNDS} rounds");
}

fn document(revision: u64, fetched: i64, body: &[u8]) -> Answer {
    Answer::Document(Document { revision, fetched, fresh_until: fetched + 300, body: body.to_vec() })
}

const POLICY: &str = r#"
version = 1
default = "deny"
[bearer.api]
issuer = "https://issuer.example.test"
audience = "app"
keys.jwks-url = "https://issuer.example.test/jwks.json"
[[route]]
glob = "/**"
require = { bearer = "api" }
"#;

/// A key set and a token, split at the first line break. No signature is ever good here, so nothing may pass.
pub fn token(data: &[u8]) {
    let cut = data.iter().position(|&b| b == b'\n').unwrap_or(0);
    let (jwks, token) = data.split_at(cut);
    let value = [b"Bearer ", token.strip_prefix(b"\n").unwrap_or(token)].concat();
    let answer = |question: &Question| match question {
        Question::Document { .. } => document(1, NOW, jwks),
        Question::Verify { .. } => Answer::Verify(false),
        Question::Call(_) | Question::Body { .. } | Question::Sign { .. } => Answer::Failed("not here".to_owned()),
    };
    let passed = with(POLICY, |gate| ask(gate, &head("authorization", &[&value], NOW), answer));
    assert!(passed.is_none(), "passed without a good signature");
}
