//! A world for tests: answers questions as a host does. Documents have revisions and a lifetime, unknown keys make it
//! fetch again after a pause, signatures are checked by aws-lc.

use super::super::jwt::Curve;
use super::super::{
    Algorithm, Asking, Carrier, Found, KeySource, KindSettings, PlainSettings, ProviderSettings, Sessions,
    TokenSettings,
};
use crate::diagnostic::{Diagnostic, Span};
use crate::question::{Answer, Answered, Answers, Document, Freshness, Question, VerifyKey};
use crate::request::{CookieRead, CookieRule, Cookies, Head, Target};
use crate::supply::{Supplies, Text};
use crate::trace::{Trace, TraceLine};
use aws_lc_rs::{hmac, rand, signature};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::session) const NOW: i64 = 1_800_000_000;
/// Seconds that a fetched document is fresh, and between two fetches for unknown keys.
const LIFETIME: i64 = 600;
const PAUSE: i64 = 30;

#[derive(Default)]
pub(in crate::session) struct World {
    pub(in crate::session) now: i64,
    /// What the network says.
    pub(in crate::session) net: BTreeMap<String, Result<String, String>>,
    held: BTreeMap<String, Document>,
    revisions: u64,
    /// How often the network was asked.
    pub(in crate::session) fetches: usize,
    /// How often a signature was checked.
    pub(in crate::session) checks: usize,
}

impl World {
    pub(in crate::session) fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    pub(in crate::session) fn serve(&mut self, url: &str, body: impl ToString) {
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

    pub(in crate::session) fn answer(&mut self, question: &Question) -> Answer {
        match question {
            Question::Document { url, freshness } => self.document(url, *freshness),
            Question::Verify { algorithm, key, message, signature } => {
                self.checks += 1;
                Answer::Verify(verifies(*algorithm, key, message, signature))
            }
            other => panic!("not a question of this room: {other:?}"),
        }
    }

    /// Step until there is an end. At most 12 rounds, as in the contract; the next instance takes each step in turn.
    pub(in crate::session) fn run(
        &mut self,
        rooms: &mut [Sessions],
        step: impl Fn(&mut Sessions, Answers<'_>) -> Found,
    ) -> Found {
        let mut answers: Vec<Answered> = Vec::new();
        for round in 0..12 {
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
        panic!("more than 12 rounds");
    }

    /// Judge one token as bearer token of provider `index`.
    pub(in crate::session) fn bearer(&mut self, rooms: &mut [Sessions], index: usize, line: &str) -> Found {
        let headers = vec![("authorization".to_owned(), line.as_bytes().to_vec())];
        let head = Head { now: self.now, headers, ..Head::default() };
        self.run(rooms, |room, answers| bearer(room, index, &head, answers))
    }

    /// Judge cookies.
    pub(in crate::session) fn cookies(&mut self, rooms: &mut [Sessions], cookies: &[(&str, CookieRead)]) -> Found {
        let now = self.now;
        self.run(rooms, |room, answers| read_cookies(room, cookies, now, answers, &mut Trace::off()))
    }

    /// Why, for one room, at the last step.
    pub(in crate::session) fn explain(
        &mut self,
        room: &mut Sessions,
        cookies: &[(&str, CookieRead)],
    ) -> Vec<TraceLine> {
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
    let pair = |(name, read): &(&str, CookieRead)| match read {
        CookieRead::Value(text) => format!("{name}={text}"),
        CookieRead::Refused(_) => format!("{name}=a.b.c; {name}=a.b.d"),
        CookieRead::Absent => String::new(),
    };
    let line = cookies.iter().map(pair).collect::<Vec<_>>().join("; ");
    let head = Head { now, headers: vec![("cookie".to_owned(), line.into_bytes())], ..Head::default() };
    asked(&head, answers, |asking| room.session(asking, trace).found)
}

/// Judge a bearer token.
pub(in crate::session) fn bearer(room: &mut Sessions, index: usize, head: &Head, answers: Answers<'_>) -> Found {
    asked(head, answers, |asking| room.bearer(index, asking, &mut Trace::off()).found)
}

/// Judge a cookie `s`.
pub(in crate::session) fn session(room: &mut Sessions, token: &str, now: i64, answers: Answers<'_>) -> Found {
    let value = CookieRead::Value(token.to_owned());
    read_cookies(room, &[("s", value)], now, answers, &mut Trace::off())
}

fn asked<T>(head: &Head, answers: Answers<'_>, ask: impl FnOnce(Asking<'_>) -> T) -> T {
    let cookies = Cookies::parse(head.lines("cookie")).unwrap();
    let target = Target::parse(b"/").unwrap();
    ask(Asking::new(head, &cookies, &target, answers))
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
pub(in crate::session) struct Signer(signature::Ed25519KeyPair);

impl Signer {
    pub(in crate::session) fn new() -> Self {
        let document = signature::Ed25519KeyPair::generate_pkcs8(&rand::SystemRandom::new()).unwrap();
        Self(signature::Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    pub(in crate::session) fn jwk(&self, kid: &str) -> Value {
        use aws_lc_rs::signature::KeyPair;
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref());
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig"})
    }

    /// An EdDSA token.
    pub(in crate::session) fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = match kid {
            Some(kid) => serde_json::json!({"alg": "EdDSA", "kid": kid}),
            None => serde_json::json!({"alg": "EdDSA"}),
        };
        join(&header, claims, |input| self.0.sign(input).as_ref().to_vec())
    }
}

/// An HS256 token.
pub(in crate::session) fn sign_shared(secret: &str, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    join(&serde_json::json!({"alg": "HS256"}), claims, |input| hmac::sign(&key, input).as_ref().to_vec())
}

fn join(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

pub(in crate::session) fn jwks(keys: &[Value]) -> String {
    serde_json::json!({ "keys": keys }).to_string()
}

pub(in crate::session) fn literal(text: &str) -> Text {
    Text::Literal(text.to_owned())
}

/// A provider of plain tokens, flat.
#[derive(Debug, Clone)]
pub(in crate::session) struct Made {
    pub(in crate::session) carrier: Carrier,
    pub(in crate::session) issuers: Vec<Text>,
    pub(in crate::session) audiences: Vec<Text>,
    pub(in crate::session) algorithms: Vec<Algorithm>,
    pub(in crate::session) leeway: i64,
    pub(in crate::session) max_age: Option<i64>,
    pub(in crate::session) typ: Option<String>,
    pub(in crate::session) required_claims: Vec<String>,
    pub(in crate::session) keys: KeySource,
}

impl Made {
    pub(in crate::session) fn settings(self) -> ProviderSettings {
        let bearer = self.carrier == Carrier::Bearer;
        let token = TokenSettings {
            issuers: self.issuers,
            audiences: self.audiences,
            algorithms: self.algorithms,
            leeway: self.leeway,
            max_age: self.max_age,
            typ: self.typ,
            required_claims: self.required_claims,
            ..TokenSettings::new(self.keys)
        };
        let kind = KindSettings::Plain(PlainSettings { carriers: vec![self.carrier], token });
        ProviderSettings { name: "main".to_owned(), span: Span::new(3, 9), bearer, kind }
    }
}

/// Settings with usual values: issuer `https://issuer.example`, no audience, 5 s leeway.
pub(in crate::session) fn settings(carrier: Carrier, keys: KeySource) -> Made {
    Made {
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

pub(in crate::session) fn cookie(name: &str) -> Carrier {
    Carrier::Cookie(CookieRule::token(name, false))
}

pub(in crate::session) fn room(made: &[Made]) -> Result<Sessions, Vec<Diagnostic>> {
    let settings: Vec<ProviderSettings> = made.iter().cloned().map(Made::settings).collect();
    Sessions::prepare(&settings, &Supplies::default(), (7, 11))
}

/// In one word or two: `ok SUBJECT`, the reason, or `unavailable: …`.
pub(in crate::session) fn word(found: &Found) -> String {
    match found {
        Found::Verified(identity) => format!("ok {}", identity.subject.as_deref().unwrap_or("?")),
        Found::None(why) => why.clone(),
        Found::Unavailable(why) => format!("unavailable: {why}"),
        Found::Ask(_) => "asks".to_owned(),
        Found::Detour(detour) => format!("detour {}", detour.location),
        Found::Later(why) => format!("later: {why}"),
    }
}
