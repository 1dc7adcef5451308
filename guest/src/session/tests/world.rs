//! A world for tests: answers questions as a host does. Documents have revisions and a lifetime, unknown keys make it
//! fetch again after a pause, signatures are checked by aws-lc.

use super::super::jwk::Curve;
use super::super::{Algorithm, Carrier, Found, KeySource, ProviderSettings, Sessions};
use crate::diagnostic::{Diagnostic, Span};
use crate::question::{Answer, Answered, Answers, Document, Freshness, Question, VerifyKey};
use crate::request::{CookieRead, Head};
use crate::supply::{Supplies, Text};
use crate::trace::{Trace, TraceLine};
use aws_lc_rs::{hmac, rand, signature};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const NOW: i64 = 1_800_000_000;
/// Seconds that a fetched document is fresh, and between two fetches for unknown keys.
const LIFETIME: i64 = 600;
const PAUSE: i64 = 30;

#[derive(Default)]
pub(super) struct World {
    pub(super) now: i64,
    /// What the network says.
    pub(super) net: BTreeMap<String, Result<String, String>>,
    held: BTreeMap<String, Document>,
    revisions: u64,
    /// How often the network was asked.
    pub(super) fetches: usize,
    /// How often a signature was checked.
    pub(super) checks: usize,
}

impl World {
    pub(super) fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    pub(super) fn serve(&mut self, url: &str, body: impl ToString) {
        self.net.insert(url.to_owned(), Ok(body.to_string()));
    }

    fn document(&mut self, url: &str, freshness: Freshness) -> Answer {
        let due = match self.held.get(url) {
            None => true,
            Some(held) if freshness == Freshness::UnknownKey => self.now >= held.fetched + PAUSE,
            Some(held) => self.now >= held.fresh_until,
        };
        if due {
            self.fetches += 1;
            match self.net.get(url) {
                Some(Ok(body)) => {
                    let changed = self.held.get(url).is_none_or(|held| held.body != body.as_bytes());
                    self.revisions += u64::from(changed);
                    let revision = self.revisions;
                    let document = Document {
                        revision,
                        fetched: self.now,
                        fresh_until: self.now + LIFETIME,
                        body: body.clone().into_bytes(),
                    };
                    self.held.insert(url.to_owned(), document);
                }
                Some(Err(why)) => return Answer::Failed(why.clone()),
                None => return Answer::Failed("nobody there".to_owned()),
            }
        }
        Answer::Document(self.held[url].clone())
    }

    pub(super) fn answer(&mut self, question: &Question) -> Answer {
        match question {
            Question::Document { url, freshness } => self.document(url, *freshness),
            Question::Verify { algorithm, key, message, signature } => {
                self.checks += 1;
                Answer::Verify(verifies(*algorithm, key, message, signature))
            }
            other => panic!("not a question of this room: {other:?}"),
        }
    }

    /// Step until there is an end. At most 8 rounds, as in the contract; the next instance takes each step in turn.
    pub(super) fn run(&mut self, rooms: &mut [Sessions], step: impl Fn(&mut Sessions, Answers<'_>) -> Found) -> Found {
        let mut answers: Vec<Answered> = Vec::new();
        for round in 0..8 {
            let rooms_count = rooms.len();
            let found = step(&mut rooms[round % rooms_count], Answers::new(&answers));
            let Found::Ask(asked) = found else { return found };
            assert!(!asked.is_empty());
            for one in asked {
                assert!(answers.iter().all(|known| known.id != one.id), "asked twice: {one:?}");
                let answer = self.answer(&one.question);
                answers.push(Answered { id: one.id, answer });
            }
        }
        panic!("more than 8 rounds");
    }

    /// Judge one token as bearer token of provider `index`.
    pub(super) fn bearer(&mut self, rooms: &mut [Sessions], index: usize, line: &str) -> Found {
        let headers = vec![("authorization".to_owned(), line.as_bytes().to_vec())];
        let head = Head { now: self.now, headers, ..Head::default() };
        self.run(rooms, |room, answers| room.bearer(index, &head, answers, &mut Trace::off()))
    }

    /// Judge cookies.
    pub(super) fn cookies(&mut self, rooms: &mut [Sessions], cookies: &[(&str, CookieRead)]) -> Found {
        let now = self.now;
        self.run(rooms, |room, answers| read_cookies(room, cookies, now, answers, &mut Trace::off()))
    }

    /// Why, for one room, at the last step.
    pub(super) fn explain(&mut self, room: &mut Sessions, cookies: &[(&str, CookieRead)]) -> Vec<TraceLine> {
        let now = self.now;
        let lines = std::cell::RefCell::new(Vec::new());
        self.run(std::slice::from_mut(room), |room, answers| {
            let mut trace = Trace::on();
            let found = read_cookies(room, cookies, now, answers, &mut trace);
            *lines.borrow_mut() = trace.into_lines();
            found
        });
        lines.into_inner()
    }
}

fn read_cookies(
    room: &mut Sessions,
    cookies: &[(&str, CookieRead)],
    now: i64,
    answers: Answers<'_>,
    trace: &mut Trace,
) -> Found {
    let read = |name: &str, _| {
        cookies.iter().find(|(known, _)| *known == name).map_or(CookieRead::Absent, |(_, value)| value.clone())
    };
    room.session_by(read, super::super::Moment { now, answers }, trace)
}

/// The signature step, by aws-lc.
fn verifies(algorithm: Algorithm, key: &VerifyKey, message: &[u8], sig: &[u8]) -> bool {
    use Algorithm as A;
    let jwk = match key {
        VerifyKey::Secret(secret) => {
            let kind = match algorithm {
                A::Hs256 => hmac::HMAC_SHA256,
                A::Hs384 => hmac::HMAC_SHA384,
                A::Hs512 => hmac::HMAC_SHA512,
                other => panic!("{other:?} with a secret"),
            };
            return hmac::verify(&hmac::Key::new(kind, secret), message, sig).is_ok();
        }
        VerifyKey::Jwk(text) => serde_json::from_str::<Value>(text).unwrap(),
    };
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let rsa = |parameters: &'static signature::RsaParameters| {
        signature::RsaPublicKeyComponents { n: member("n"), e: member("e") }.verify(parameters, message, sig).is_ok()
    };
    let ec = |kind: &'static signature::EcdsaVerificationAlgorithm, curve: Curve| {
        let point = [vec![4], member("x"), member("y")].concat();
        assert_eq!(point.len(), 1 + 2 * curve.coordinate());
        signature::UnparsedPublicKey::new(kind, point).verify(message, sig).is_ok()
    };
    match algorithm {
        A::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        A::Rs384 => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        A::Rs512 => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        A::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        A::Ps384 => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        A::Ps512 => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        A::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED, Curve::P256),
        A::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED, Curve::P384),
        A::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED, Curve::P521),
        A::EdDsa => signature::UnparsedPublicKey::new(&signature::ED25519, member("x")).verify(message, sig).is_ok(),
        other => panic!("{other:?} with a public key"),
    }
}

/// An issuer's key, made for one test.
pub(super) struct Signer(signature::Ed25519KeyPair);

impl Signer {
    pub(super) fn new() -> Self {
        let document = signature::Ed25519KeyPair::generate_pkcs8(&rand::SystemRandom::new()).unwrap();
        Self(signature::Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    pub(super) fn jwk(&self, kid: &str) -> Value {
        use aws_lc_rs::signature::KeyPair;
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref());
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig"})
    }

    /// An EdDSA token.
    pub(super) fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = match kid {
            Some(kid) => serde_json::json!({"alg": "EdDSA", "kid": kid}),
            None => serde_json::json!({"alg": "EdDSA"}),
        };
        join(&header, claims, |input| self.0.sign(input).as_ref().to_vec())
    }
}

/// An HS256 token.
pub(super) fn sign_shared(secret: &str, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    join(&serde_json::json!({"alg": "HS256"}), claims, |input| hmac::sign(&key, input).as_ref().to_vec())
}

fn join(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

pub(super) fn jwks(keys: &[Value]) -> String {
    serde_json::json!({ "keys": keys }).to_string()
}

pub(super) fn literal(text: &str) -> Text {
    Text::Literal(text.to_owned())
}

/// Settings with usual values: issuer `https://issuer.example`, no audience, 5 s leeway.
pub(super) fn settings(carrier: Carrier, keys: KeySource) -> ProviderSettings {
    ProviderSettings {
        name: "main".to_owned(),
        span: Span::default(),
        carrier,
        issuers: vec![literal("https://issuer.example")],
        audiences: Vec::new(),
        algorithms: Vec::new(),
        leeway: 5,
        max_age: None,
        typ: None,
        required_claims: Vec::new(),
        keys,
    }
}

pub(super) fn cookie(name: &str) -> Carrier {
    Carrier::Cookie { name: name.to_owned(), chunks: false }
}

pub(super) fn room(settings: &[ProviderSettings]) -> Result<Sessions, Vec<Diagnostic>> {
    Sessions::prepare(settings, &Supplies::default(), (7, 11))
}

/// In one word or two: `ok SUBJECT`, the reason, or `unavailable: …`.
pub(super) fn word(found: &Found) -> String {
    match found {
        Found::Verified(identity) => format!("ok {}", identity.subject),
        Found::None(why) => why.clone(),
        Found::Unavailable(why) => format!("unavailable: {why}"),
        Found::Ask(_) => "asks".to_owned(),
    }
}
