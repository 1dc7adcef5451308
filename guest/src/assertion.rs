//! What the gate says about a visitor to the app behind: one short-lived signed token (JWT, ES256) in a header, and the key
//! set to check it with. The reverse of `session`: an identity becomes a token.

use crate::diagnostic::{Diagnostic, Span};
use crate::question::{Answer, Answers, Asked, Question};
use crate::session::{Identity, SigningKey};
use crate::supply::{Supplies, Text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Number of the question; sessions and bodies have smaller ones.
const QUESTION: u32 = u32::MAX;
/// Visitors whose assertion is remembered, each with some 2 KiB.
const MAX_MADE: usize = 512;
/// A key for assertions that cannot be used.
pub(crate) const BAD_KEY: &str = "P426";

/// `[identity.assertion]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionSettings {
    /// Where the table stands.
    pub span: Span,
    /// The header (lower case); no client may send it.
    pub header: String,
    /// Private keys, PEM: the first one signs, all are published.
    pub keys: Vec<Text>,
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Seconds from `iat` to `exp`.
    pub lifetime: i64,
    /// Claims of the session that are said, too.
    pub claims: Vec<String>,
    /// Where the key set is served.
    pub jwks_path: String,
}

/// Keys made ready, and what was signed lately.
#[derive(Debug)]
pub(crate) struct Assertion {
    settings: AssertionSettings,
    keys: Vec<SigningKey>,
    /// By the address of the identity, which lives as long as its entry.
    made: BTreeMap<usize, Made>,
}

#[derive(Debug)]
struct Made {
    _identity: Arc<Identity>,
    token: String,
    expires: i64,
}

/// Why there is no assertion yet.
pub(crate) enum Unsigned {
    /// Answer this first.
    Ask(Box<Asked>),
    /// It cannot be had; the text is for logs.
    Failed(String),
}

impl Assertion {
    /// Parse the keys. `Ok(None)`: a key is not there, which is said where it is asked for.
    ///
    /// # Errors
    /// Which key cannot be used, and why.
    pub(crate) fn prepare(settings: &AssertionSettings, supplies: &Supplies) -> Result<Option<Self>, Diagnostic> {
        let mut keys = Vec::new();
        for (number, text) in settings.keys.iter().enumerate() {
            let Some(text) = supplies.text(text) else { return Ok(None) };
            let key = SigningKey::parse(text).map_err(|why| {
                let message = format!("key {} of the assertion cannot be used: {why}", number + 1);
                Diagnostic::error(BAD_KEY, settings.span, message).help(
                    "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out assertion.pem`",
                )
            })?;
            keys.push(key);
        }
        Ok(Some(Self { settings: settings.clone(), keys, made: BTreeMap::new() }))
    }

    /// The key set, as JSON.
    pub(crate) fn jwks(&self) -> String {
        let keys: Vec<Value> = self.keys.iter().map(|key| Value::Object(key.jwk().clone())).collect();
        json!({ "keys": keys }).to_string()
    }

    /// Header name and token for this visitor. One that was made before is used while half of its life is left.
    pub(crate) fn of(
        &mut self,
        identity: &Arc<Identity>,
        now: i64,
        answers: Answers<'_>,
    ) -> Result<(&str, String), Unsigned> {
        let address = Arc::as_ptr(identity) as usize;
        let half = self.settings.lifetime / 2;
        if let Some(made) = self.made.get(&address).filter(|made| made.expires - now > half) {
            return Ok((&self.settings.header, made.token.clone()));
        }
        let key = self.keys.first().ok_or_else(|| Unsigned::Failed("there is no key for assertions".to_owned()))?;
        let expires = now.saturating_add(self.settings.lifetime).min(identity.expires.max(now));
        let input = key.signing_input(&self.claims(identity, now, expires));
        let signature = match answers.get(QUESTION) {
            Some(Answer::Signed(signature)) if signature.len() == 64 => signature,
            Some(Answer::Failed(why)) => return Err(Unsigned::Failed(format!("the assertion is not signed: {why}"))),
            Some(_) => return Err(Unsigned::Failed("the assertion is not signed".to_owned())),
            None => {
                let question = Question::Sign { key: key.der().to_vec(), message: input.into_bytes() };
                return Err(Unsigned::Ask(Box::new(Asked { id: QUESTION, question })));
            }
        };
        let token = format!("{input}.{}", encode(signature));
        self.keep(address, Made { _identity: Arc::clone(identity), token: token.clone(), expires }, now);
        Ok((&self.settings.header, token))
    }

    fn keep(&mut self, address: usize, made: Made, now: i64) {
        if self.made.len() >= MAX_MADE {
            self.made.retain(|_, made| made.expires > now);
        }
        if self.made.len() >= MAX_MADE {
            self.made.clear();
        }
        self.made.insert(address, made);
    }

    /// `iss`, `aud`, `sub`, `iat`, `exp`; who vouched for the visitor (`idp`, `provider`); `tokenIdentifier` as Convex builds
    /// it; and the claims that the config names, by their names there.
    fn claims(&self, identity: &Identity, now: i64, expires: i64) -> Map<String, Value> {
        let mut claims = Map::new();
        for name in &self.settings.claims {
            if let Some(value) = identity.claim(name) {
                claims.insert(name.clone(), value.clone());
            }
        }
        let own = [
            ("iss", Some(self.settings.issuer.clone())),
            ("aud", Some(self.settings.audience.clone())),
            ("sub", identity.subject.clone()),
            ("idp", Some(identity.issuer.clone())),
            ("provider", Some(identity.provider_name.clone())),
            ("tokenIdentifier", identity.token_identifier()),
        ];
        for (name, value) in own {
            match value {
                Some(value) => claims.insert(name.to_owned(), value.into()),
                None => claims.remove(name),
            };
        }
        claims.insert("iat".to_owned(), now.into());
        claims.insert("exp".to_owned(), expires.into());
        claims
    }
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Answered;

    // Made for this test; it protects nothing.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3Aro9N4KRaST37ZZ\njXb83Qh1UJWyK4Fl9Bk4VILUvYuhRANCAAQ0fGnpFUYqgZxB4LlIBwem66HaCjxG\n/+FY3DAEdLLV3Wjzn5Bw0b4UZyO9AkA3H/wSkyXZxzIw/S0NV3I8jVA1\n-----END PRIVATE KEY-----\n";

    fn settings(keys: usize) -> AssertionSettings {
        AssertionSettings {
            span: Span::default(),
            header: "x-a".to_owned(),
            keys: vec![Text::Need(0); keys],
            issuer: "https://gate.example".to_owned(),
            audience: "app".to_owned(),
            lifetime: 60,
            claims: vec!["email".to_owned(), "sub".to_owned(), "none".to_owned()],
            jwks_path: "/jwks".to_owned(),
        }
    }

    fn ready(keys: usize) -> Assertion {
        let supplies = Supplies::new(vec![Some(KEY.as_bytes().to_vec())]);
        Assertion::prepare(&settings(keys), &supplies).unwrap().unwrap()
    }

    fn identity(expires: i64) -> Arc<Identity> {
        Arc::new(Identity {
            provider: 0,
            provider_name: "main".to_owned(),
            subject: Some("u1".to_owned()),
            issuer: "https://i.example".to_owned(),
            expires,
            claims: json!({"sub": "forged?", "email": "a@b.example"}).as_object().unwrap().clone(),
            app_headers: Vec::new(),
        })
    }

    fn claims(token: &str) -> Value {
        use base64::Engine;
        let part = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn signed(assertion: &mut Assertion, identity: &Arc<Identity>, now: i64) -> (String, bool) {
        match assertion.of(identity, now, Answers::new(&[])) {
            Ok((_, token)) => return (token, false),
            Err(Unsigned::Ask(asked)) => assert!(matches!(asked.question, Question::Sign { .. })),
            Err(Unsigned::Failed(why)) => panic!("{why}"),
        }
        let answers = [Answered { id: QUESTION, answer: Answer::Signed(vec![7; 64]) }];
        match assertion.of(identity, now, Answers::new(&answers)) {
            Ok((header, token)) => {
                assert_eq!(header, "x-a");
                (token, true)
            }
            Err(_) => panic!("the answer was given"),
        }
    }

    #[test]
    fn says_who_it_is_and_is_made_anew_at_half_time() {
        let (mut assertion, identity) = (ready(1), identity(10_000));
        let (first, asked) = signed(&mut assertion, &identity, 1000);
        assert!(asked);
        assert_eq!(
            claims(&first),
            json!({
                "iss": "https://gate.example", "aud": "app", "sub": "u1", "idp": "https://i.example",
                "provider": "main", "tokenIdentifier": "https://i.example|u1", "email": "a@b.example",
                "iat": 1000, "exp": 1060,
            })
        );
        assert_eq!(signed(&mut assertion, &identity, 1029), (first, false));
        let (second, asked) = signed(&mut assertion, &identity, 1030);
        assert!(asked);
        assert_eq!(claims(&second)["exp"], 1090);
    }

    #[test]
    fn never_outlives_the_session() {
        let (mut assertion, identity) = (ready(1), identity(1010));
        assert_eq!(claims(&signed(&mut assertion, &identity, 1000).0)["exp"], 1010);
    }

    #[test]
    fn two_visitors_are_two_and_memory_is_bounded() {
        let mut assertion = ready(1);
        let (a, b) = (identity(5000), identity(5000));
        let first = signed(&mut assertion, &a, 1000);
        assert!(first.1 && signed(&mut assertion, &b, 1000).1);
        for _ in 0..2 * MAX_MADE {
            signed(&mut assertion, &identity(5000), 1000);
            assert!(assertion.made.len() <= MAX_MADE);
        }
    }

    #[test]
    fn without_a_good_signature_there_is_none() {
        let (mut assertion, identity) = (ready(1), identity(5000));
        for answer in [Answer::Failed("x".to_owned()), Answer::Signed(vec![7; 63]), Answer::Verify(true)] {
            let answers = [Answered { id: QUESTION, answer }];
            assert!(matches!(assertion.of(&identity, 1000, Answers::new(&answers)), Err(Unsigned::Failed(_))));
        }
        assert!(matches!(ready(0).of(&identity, 1000, Answers::new(&[])), Err(Unsigned::Failed(_))));
    }

    #[test]
    fn keys_are_published_without_their_private_half() {
        let jwks: Value = serde_json::from_str(&ready(2).jwks()).unwrap();
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
        assert!(jwks["keys"][0].get("d").is_none() && jwks["keys"][0]["x"].is_string());
        let bad = Supplies::new(vec![Some(b"x".to_vec())]);
        assert_eq!(Assertion::prepare(&settings(1), &bad).unwrap_err().code, BAD_KEY);
        assert!(Assertion::prepare(&settings(1), &Supplies::new(vec![None])).unwrap().is_none());
    }
}
