//! A group of tests as policies: the keys in each form that a config has for them.

use super::super::bearer::guarded_by;
use crate::engine::Policy;
use crate::sign;
use crate::vectors::text;
use serde_json::{Map, Value, json};

/// The `iss` of our claims.
pub(super) const ISSUER: &str = "https://wycheproof.example.test";
/// Findings about keys: none usable, no secret, a short one, an algorithm that the keys do not do or that nobody knows.
const ABOUT_KEYS: [&str; 5] = ["P405", "P408", "P409", "P410", "P436"];

/// Tests with the same keys.
pub(super) struct Group<'a> {
    pub(super) tests: Vec<&'a Value>,
    /// The keys are a set, not a single key.
    is_set: bool,
    public: Vec<Value>,
    private: Vec<Value>,
}

/// How a config holds the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `keys.jwks`.
    Set,
    /// `keys.secret`, with the `alg` of the keys as `algorithms`.
    Secrets,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Set => "as a set",
            Self::Secrets => "as secrets",
        }
    }
}

impl<'a> Group<'a> {
    pub(super) fn read(group: &'a Value) -> Self {
        let list = |key: &Value| match (&key["keys"], key) {
            (Value::Array(keys), _) => keys.clone(),
            (_, Value::Null) => Vec::new(),
            (_, key) => vec![key.clone()],
        };
        Self {
            tests: group["tests"].as_array().into_iter().flatten().collect(),
            is_set: group["private"].get("keys").is_some(),
            public: list(&group["public"]),
            private: list(&group["private"]),
        }
    }

    /// Only with its signed tokens.
    pub(super) fn signed(mut self) -> Option<Self> {
        self.tests.retain(|test| test.get("jws").is_some());
        (!self.tests.is_empty()).then_some(self)
    }

    /// What a verifier is given.
    pub(super) fn keys(&self) -> &[Value] {
        if self.public.is_empty() { &self.private } else { &self.public }
    }

    /// What signs a token that names this key.
    pub(super) fn signer(&self, kid: &str) -> Option<&Value> {
        self.private.iter().find(|key| text(key, "kid") == kid)
    }

    /// Is there a token that its keys verify?
    pub(super) fn is_good(&self) -> bool {
        self.tests.iter().any(|test| super::is_valid(test))
    }

    /// Some keys say an `alg` that is not the one of the valid token they belong to: `ES521`, which does not exist, and
    /// `PS256` over a token with `PS384`. Here they say what the token says, so that its signature can be asked about.
    pub(super) fn corrected(&self) -> Self {
        let headers: Vec<Value> = self
            .tests
            .iter()
            .filter(|test| super::is_valid(test))
            .filter_map(|test| sign::header(text(test, "jws")))
            .collect();
        let correct = |keys: &[Value]| {
            let mut keys = keys.to_vec();
            for key in &mut keys {
                if let Some(header) = headers.iter().find(|header| header["kid"] == key["kid"])
                    && key["alg"] != header["alg"]
                {
                    key["alg"] = header["alg"].clone();
                }
            }
            keys
        };
        Self {
            tests: self.tests.clone(),
            is_set: self.is_set,
            public: correct(&self.public),
            private: correct(&self.private),
        }
    }

    /// The forms that a config has for these keys. Shared keys of a set are asked about as a set, where they are never
    /// taken, and as secrets; but secrets have no names, so two keys of one name can only be a set.
    pub(super) fn forms(&self) -> Vec<Form> {
        let keys = self.keys();
        let shared = keys.iter().all(|key| text(key, "kty") == "oct");
        let twice =
            keys.iter().enumerate().any(|(at, key)| keys[..at].iter().any(|k| text(k, "kid") == text(key, "kid")));
        let mut forms = Vec::new();
        if self.is_set || !shared {
            forms.push(Form::Set);
        }
        if shared && !twice {
            forms.push(Form::Secrets);
        }
        forms
    }

    /// A policy with these keys.
    pub(super) fn policy(&self, form: Form) -> Policy {
        let keys = self.keys();
        match form {
            Form::Set => {
                let provider = json!({ "issuer": ISSUER, "keys": { "jwks": "env:JWKS" } });
                guarded_by(&provider).env("JWKS", &json!({ "keys": keys }).to_string())
            }
            Form::Secrets => {
                let mut provider = Map::new();
                let mut algorithms: Vec<&str> = keys.iter().map(|key| text(key, "alg")).collect();
                algorithms.dedup();
                let names: Vec<String> = (0..keys.len()).map(|at| format!("SECRET_{at}")).collect();
                provider.insert("issuer".to_owned(), json!(ISSUER));
                provider.insert("algorithms".to_owned(), json!(algorithms));
                let from: Vec<String> = names.iter().map(|name| format!("env:{name}")).collect();
                provider.insert("keys".to_owned(), json!({ "secret": from }));
                let policy = guarded_by(&Value::Object(provider));
                names
                    .iter()
                    .zip(keys)
                    .fold(policy, |policy, (name, key)| policy.env(name, &format!("base64:{}", text(key, "k"))))
            }
        }
    }
}

/// Was a policy refused for its keys, and for nothing else? Findings are separated by `; `, which stands in some of them.
pub(super) fn refused_for_keys(findings: &str) -> bool {
    let is_code =
        |word: &str| word.len() == 4 && word.starts_with('P') && word[1..].bytes().all(|b| b.is_ascii_digit());
    let mut codes =
        findings.split("; ").filter_map(|part| part.split(' ').next()).filter(|word| is_code(word)).peekable();
    codes.peek().is_some() && codes.all(|code| ABOUT_KEYS.contains(&code))
}
