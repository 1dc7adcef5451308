//! What verifies the tokens of a provider, made ready: names resolved, keys parsed.

use super::claims::{Rules, Window};
use super::jwk::{KeySet, PublicKey};
use super::source::{Origin, Source};
use super::token::media_type;
use super::{Algorithm, KeySource, TokenSettings, pem};
use crate::session::prepare::Prepare;
use crate::session::secret::{MAX_SECRETS, Secret, SecretError};
use crate::session::{codes, url};
use crate::supply::Text;

/// What verifies the tokens of a provider.
#[derive(Debug)]
pub(in crate::session) enum Keys {
    /// Sources by number; with discovery one for each issuer (in the order of the issuers), else one for all.
    Remote(Vec<usize>),
    /// A JWKS written in the policy.
    Set(KeySet),
    /// Keys without names: those that fit are all tried.
    Pem(Vec<PublicKey>),
    /// Shared secrets: those that fit are all tried.
    Secrets(Vec<Secret>),
}

/// What a token must be, and the keys.
#[derive(Debug)]
pub(in crate::session) struct Verifier {
    pub(in crate::session) algorithms: Vec<Algorithm>,
    /// As [`media_type`] gives it.
    pub(in crate::session) typ: Option<String>,
    pub(in crate::session) rules: Rules,
    pub(in crate::session) keys: Keys,
}

impl Verifier {
    /// The source of the keys for tokens of that issuer.
    pub(in crate::session) fn source(&self, issuer: &str) -> Option<usize> {
        match &self.keys {
            Keys::Remote(sources) if sources.len() > 1 => sources.get(self.rules.issuer_number(issuer)?).copied(),
            Keys::Remote(sources) => sources.first().copied(),
            _ => None,
        }
    }

    /// Resolve names, parse keys. All is looked at before any of it is given up, so that every mistake is reported.
    pub(in crate::session) fn ready(settings: &TokenSettings, prepare: &mut Prepare<'_>) -> Option<Self> {
        Builder { settings, prepare }.build()
    }
}

struct Builder<'a, 'p> {
    settings: &'a TokenSettings,
    prepare: &'a mut Prepare<'p>,
}

impl Builder<'_, '_> {
    fn build(&mut self) -> Option<Verifier> {
        let settings = self.settings;
        let issuers = self.prepare.texts(&settings.issuers, "issuer");
        let audiences = self.prepare.texts(&settings.audiences, "audience");
        let parties = self.prepare.texts(&settings.parties, "authorized party");
        let keys = match &issuers {
            Some(issuers) => self.keys(issuers),
            None => None,
        };
        let algorithms = self.algorithms(keys.as_ref()?)?;
        let rules = Rules {
            issuers: issuers?,
            any_slash: settings.any_slash,
            audiences: audiences?,
            audience_if_present: settings.audience_if_present,
            parties: parties?,
            window: Window {
                leeway: settings.leeway.max(0),
                ahead: settings.ahead.max(0),
                max_age: settings.max_age.map(|age| age.max(0)),
            },
            required: settings.required_claims.clone(),
            longest_subject: settings.longest_subject,
        };
        Some(Verifier { algorithms, typ: settings.typ.as_deref().map(media_type), rules, keys: keys? })
    }

    fn error(&mut self, code: &'static str, text: impl Into<String>, help: &str) {
        self.prepare.error(code, text, help);
    }

    fn text(&mut self, text: &Text, what: &str) -> Option<String> {
        self.prepare.text(text, what)
    }

    fn keys(&mut self, issuers: &[String]) -> Option<Keys> {
        let needs_issuer = match self.settings.keys {
            KeySource::Discovery => true,
            KeySource::JwksUrl(_) => !self.settings.any_issuer,
            _ => false,
        };
        if needs_issuer && issuers.is_empty() {
            self.error(
                codes::NO_ISSUER,
                "no issuer, and the keys come from an address",
                "set `issuer` to the `iss` of the tokens",
            );
            return None;
        }
        match &self.settings.keys {
            KeySource::Discovery => self.discovery(issuers),
            KeySource::JwksUrl(text) => {
                let address = self.text(text, "address of the keys")?;
                if let Some(set) = url::data(&address) {
                    return self.key_set(&set);
                }
                if !url::is_safe(&address, true) {
                    self.error(
                        codes::BAD_ADDRESS,
                        "the address of the keys is not an https address",
                        "use `https://…`; `http://` is taken for localhost only",
                    );
                    return None;
                }
                Some(Keys::Remote(vec![self.prepare.source(Source::new(Origin::Jwks(address)))]))
            }
            KeySource::Jwks(text) => {
                let text = self.text(text, "key set")?;
                self.key_set(&text)
            }
            KeySource::Pem(text) => {
                let text = self.text(text, "PEM file")?;
                self.pem(&text)
            }
            KeySource::Secret(texts) => self.secrets(texts),
        }
    }

    fn discovery(&mut self, issuers: &[String]) -> Option<Keys> {
        if issuers.iter().all(|issuer| url::is_issuer(issuer)) {
            let sources = issuers
                .iter()
                .map(|issuer| {
                    let origin = Origin::Discovery(issuer.clone(), self.settings.any_slash);
                    self.prepare.source(Source::new(origin))
                })
                .collect();
            return Some(Keys::Remote(sources));
        }
        self.error(
            codes::BAD_ADDRESS,
            "keys are to be found by discovery, but an issuer is not an https address",
            "use an `https://…` issuer (`http://` for localhost only), or say where the keys are with `keys.jwks-url`, `keys.jwks`, `keys.pem` or `keys.secret`",
        );
        None
    }

    fn key_set(&mut self, text: &str) -> Option<Keys> {
        match KeySet::parse(text.as_bytes()) {
            Err(why) => self.error(
                codes::BAD_SET,
                format!("the key set cannot be read: {why}"),
                "give a JWKS: `{\"keys\":[…]}`",
            ),
            Ok(set) if set.is_empty() => {
                let why = set.left_out().next().map_or(String::new(), |why| format!(" ({why})"));
                self.error(
                    codes::BAD_SET,
                    format!("no usable key in the key set{why}"),
                    "only public signature keys are taken: RSA of 2048 to 8192 bits, P-256, P-384, P-521, Ed25519",
                );
            }
            Ok(set) => return Some(Keys::Set(set)),
        }
        None
    }

    fn pem(&mut self, text: &str) -> Option<Keys> {
        let error = match pem::parse(text) {
            Ok(keys) => return Some(Keys::Pem(keys)),
            Err(error) => error,
        };
        let (code, help) = match error {
            pem::PemError::Private => {
                (codes::PRIVATE_KEY, "verifying needs the public key only; take the private one off this machine")
            }
            pem::PemError::Certificate => {
                (codes::BAD_PEM, "take the public key out: `openssl x509 -pubkey -noout -in FILE`")
            }
            _ => (codes::BAD_PEM, "give `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` blocks"),
        };
        self.error(code, format!("the PEM file cannot be used: {error}"), help);
        None
    }

    fn secrets(&mut self, texts: &[Text]) -> Option<Keys> {
        if texts.len() > MAX_SECRETS {
            self.error(
                codes::TOO_MANY,
                format!("more than {MAX_SECRETS} secrets"),
                "drop those that no living token was signed with",
            );
            return None;
        }
        if texts.is_empty() {
            self.error(codes::BAD_SECRET, "no secret", "name one with `keys.secret = \"env:NAME\"`");
            return None;
        }
        let mut secrets = Vec::new();
        for text in texts {
            let Some(value) = self.text(text, "secret") else { continue };
            match Secret::parse(&value) {
                Ok(secret) => secrets.push(secret),
                Err(SecretError::Encoding(name)) => self.error(
                    codes::BAD_SECRET,
                    format!("a secret starts with `{name}:` but is not {name}"),
                    "without a prefix the text itself is the secret",
                ),
                Err(SecretError::Short(length)) => self.error(
                    codes::SHORT_SECRET,
                    format!("a secret is {length} bytes long; HS256 needs 32"),
                    "make one with `openssl rand -base64 48` (RFC 7518 section 3.2)",
                ),
            }
        }
        (secrets.len() == texts.len()).then_some(Keys::Secrets(secrets))
    }

    /// The allowed algorithms: those written, if the keys can do them all; else whatever the keys can do.
    fn algorithms(&mut self, keys: &Keys) -> Option<Vec<Algorithm>> {
        let can = |algorithm: Algorithm| match keys {
            Keys::Remote(_) => !algorithm.is_symmetric(),
            Keys::Set(set) => set.can(algorithm),
            Keys::Pem(keys) => keys.iter().any(|key| key.fits(algorithm)),
            Keys::Secrets(secrets) => secrets.iter().any(|secret| secret.fits(algorithm)),
        };
        if self.settings.algorithms.is_empty() {
            return Some(Algorithm::ALL.into_iter().filter(|algorithm| can(*algorithm)).collect());
        }
        let secret = matches!(keys, Keys::Secrets(_));
        let mut good = true;
        for algorithm in self.settings.algorithms.clone().into_iter().filter(|algorithm| !can(*algorithm)) {
            let name = algorithm.name();
            if algorithm.is_symmetric() && secret {
                good = false;
                let text =
                    format!("no secret is long enough for `{name}`, which needs {} bytes", algorithm.digest_length());
                self.error(
                    codes::SHORT_SECRET,
                    text,
                    "use a longer secret, or a smaller algorithm (RFC 7518 section 3.2)",
                );
            } else if algorithm.is_symmetric() != secret {
                good = false;
                let text = format!("`{name}` does not go with these keys");
                self.error(
                    codes::MIXED,
                    text,
                    "HS* goes with `keys.secret` only, everything else with public keys only (RFC 8725 section 3.1)",
                );
            }
            // Public keys for fewer algorithms than allowed are no mistake: the list says what may be, not what is.
        }
        if good && !secret && !self.settings.algorithms.iter().any(|algorithm| can(*algorithm)) {
            good = false;
            self.error(
                codes::MIXED,
                "no key goes with any of the allowed algorithms",
                "allow an algorithm of these keys, or add a key",
            );
        }
        good.then(|| self.settings.algorithms.clone())
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
