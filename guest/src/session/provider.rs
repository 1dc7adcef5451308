//! Providers made ready: names resolved, keys parsed, everything that is wrong said at once.

use super::claims::Rules;
use super::codes;
use super::jwk::{KeySet, PublicKey};
use super::number::MAX_PROVIDERS;
use super::secret::{MAX_SECRETS, Secret, SecretError};
use super::source::{Origin, Source};
use super::token::media_type;
use super::{Algorithm, Carrier, KeySource, ProviderSettings, pem, url};
use crate::diagnostic::Diagnostic;
use crate::supply::{Supplies, Text};

/// What verifies the tokens of a provider.
#[derive(Debug)]
pub(super) enum Keys {
    /// Sources by number; with discovery one for each issuer (in the order of the issuers), else one for all.
    Remote(Vec<usize>),
    /// A JWKS written in the policy.
    Set(KeySet),
    /// Keys without names: those that fit are all tried.
    Pem(Vec<PublicKey>),
    /// Shared secrets: those that fit are all tried.
    Secrets(Vec<Secret>),
}

/// One provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) carrier: Carrier,
    pub(super) algorithms: Vec<Algorithm>,
    /// As [`media_type`] gives it.
    pub(super) typ: Option<String>,
    pub(super) rules: Rules,
    pub(super) keys: Keys,
}

impl Provider {
    /// The source of the keys for tokens of that issuer.
    pub(super) fn source(&self, issuer: &str) -> Option<usize> {
        match &self.keys {
            Keys::Remote(sources) if sources.len() > 1 => {
                let at = self.rules.issuers.iter().position(|known| known == issuer)?;
                sources.get(at).copied()
            }
            Keys::Remote(sources) => sources.first().copied(),
            _ => None,
        }
    }
}

/// Make all of them ready. A provider that a missing supply spoils is left out without a word: the missing supply
/// itself has been reported where it is asked for.
pub(super) fn prepare(
    settings: &[ProviderSettings],
    supplies: &Supplies,
) -> Result<(Vec<Provider>, Vec<Source>), Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    if let Some(extra) = settings.get(MAX_PROVIDERS) {
        let text = format!("more than {MAX_PROVIDERS} session and bearer providers");
        findings.push(Diagnostic::error(codes::TOO_MANY, extra.span, text));
    }
    let mut providers = Vec::new();
    for one in settings {
        let mut builder = Builder { settings: one, supplies, findings: &mut findings, sources: &mut sources };
        providers.extend(builder.build());
    }
    if findings.is_empty() && providers.len() == settings.len() { Ok((providers, sources)) } else { Err(findings) }
}

struct Builder<'a> {
    settings: &'a ProviderSettings,
    supplies: &'a Supplies,
    findings: &'a mut Vec<Diagnostic>,
    sources: &'a mut Vec<Source>,
}

impl Builder<'_> {
    fn build(&mut self) -> Option<Provider> {
        let settings = self.settings;
        // All are looked at before any is given up, so that every mistake is reported.
        let issuers = self.texts(&settings.issuers, "issuer");
        let audiences = self.texts(&settings.audiences, "audience");
        let keys = match &issuers {
            Some(issuers) => self.keys(issuers),
            None => None,
        };
        let algorithms = self.algorithms(keys.as_ref()?)?;
        let rules = Rules {
            issuers: issuers?,
            audiences: audiences?,
            leeway: settings.leeway.max(0),
            max_age: settings.max_age.map(|age| age.max(0)),
            required: settings.required_claims.clone(),
        };
        Some(Provider {
            name: settings.name.clone(),
            carrier: settings.carrier.clone(),
            algorithms,
            typ: settings.typ.as_deref().map(media_type),
            rules,
            keys: keys?,
        })
    }

    fn error(&mut self, code: &'static str, text: impl Into<String>, help: &str) {
        let text = format!("`{}`: {}", self.settings.name, text.into());
        self.findings.push(Diagnostic::error(code, self.settings.span, text).help(help));
    }

    fn text(&mut self, text: &Text, what: &str) -> Option<String> {
        if let Some(value) = self.supplies.text(text) {
            return Some(value.to_owned());
        }
        if let Text::Need(index) = text
            && self.supplies.bytes(*index).is_some()
        {
            self.error(
                codes::NOT_TEXT,
                format!("the {what} is not UTF-8 text"),
                "write binary secrets as `base64:…` or `hex:…`",
            );
        }
        None
    }

    fn texts(&mut self, texts: &[Text], what: &str) -> Option<Vec<String>> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match self.text(text, what) {
                Some(value) if value.is_empty() || value.chars().any(char::is_control) => {
                    let wrong = if value.is_empty() { "is empty" } else { "holds control characters" };
                    self.error(
                        codes::BAD_NAME,
                        format!("the {what} {wrong}"),
                        "it must equal the claim of the tokens, byte for byte",
                    );
                }
                value => values.extend(value),
            }
        }
        (values.len() == texts.len()).then_some(values)
    }

    fn keys(&mut self, issuers: &[String]) -> Option<Keys> {
        let needs_issuer = matches!(self.settings.keys, KeySource::Discovery | KeySource::JwksUrl(_));
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
                if !url::is_safe(&address, true) {
                    self.error(
                        codes::BAD_ADDRESS,
                        "the address of the keys is not an https address",
                        "use `https://…`; `http://` is taken for localhost only",
                    );
                    return None;
                }
                Some(Keys::Remote(vec![self.source(Origin::Jwks(address))]))
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
            let sources = issuers.iter().map(|issuer| self.source(Origin::Discovery(issuer.clone()))).collect();
            return Some(Keys::Remote(sources));
        }
        self.error(
            codes::BAD_ADDRESS,
            "keys are to be found by discovery, but an issuer is not an https address",
            "use an `https://…` issuer (`http://` for localhost only), or say where the keys are with `keys.jwks-url`, `keys.jwks`, `keys.pem` or `keys.secret`",
        );
        None
    }

    /// Providers with the same origin share one source.
    fn source(&mut self, origin: Origin) -> usize {
        if let Some(at) = self.sources.iter().position(|source| source.origin == origin) {
            return at;
        }
        self.sources.push(Source::new(origin));
        self.sources.len() - 1
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
#[path = "provider_tests.rs"]
mod tests;
