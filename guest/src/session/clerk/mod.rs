//! Clerk: a session token in a cookie or a header, and what stands around it.
//!
//! The token alone does not say whether somebody is signed in: [`cookies`] tells which generation of cookies counts, [`reader`]
//! holds it against what the browser knows of its own session, [`handshake`] sends the browser to the Frontend API for a
//! new token, [`returned`] takes what it brings back. [`outcome`] tells the app behind; [`claims`] and [`has`] are about
//! organisations. For users: `docs/sessions/clerk.md`.

mod claims;
mod cookies;
mod handshake;
mod has;
mod key;
mod outcome;
mod reader;
mod returned;
mod shown;
#[cfg(test)]
mod tests;

pub use has::{Entitlement, Has, Level, Reverification};
pub use key::is_publishable_key;

use super::codes;
use super::crypto::mac::HmacSha1;
use super::jwt::{Algorithm, KeySource, TokenSettings, Verifier};
use super::kind::{Kind, Reader, Ready};
use super::prepare::Prepare;
use crate::supply::Text;
use cookies::Names;
use key::Instance;
use outcome::HEADERS;
use reader::Clerk;

/// The signatures that Clerk makes. A key in PEM is for the first of them: nothing there says that it is for another.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];

/// `kind = "clerk"`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClerkSettings {
    /// Says which instance it is.
    pub publishable_key: Text,
    /// Signs the token for the app behind.
    pub secret_key: Option<Text>,
    /// What the token must be. Without issuers that of the instance; [`KeySource::Discovery`] stands for its key set.
    pub token: TokenSettings,
    /// Names of cookies.
    pub cookies: ClerkCookies,
    /// Take tokens from `authorization`, too.
    pub bearer: bool,
    /// How a browser gets a new token.
    pub handshake: Handshake,
    /// Tell the app behind as Clerk's own middleware does.
    pub app_headers: bool,
}

/// Names of cookies, without the suffix of the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a key of the config, and documented there")]
pub struct ClerkCookies {
    pub session: String,
    pub client_uat: String,
    pub refresh: String,
    pub handshake: String,
    pub handshake_nonce: String,
    pub dev_browser: String,
    pub redirect_count: String,
}

/// As Clerk's own packages call them.
impl Default for ClerkCookies {
    fn default() -> Self {
        let name = str::to_owned;
        Self {
            session: name("__session"),
            client_uat: name("__client_uat"),
            refresh: name("__refresh"),
            handshake: name("__clerk_handshake"),
            handshake_nonce: name("__clerk_handshake_nonce"),
            dev_browser: name("__clerk_db_jwt"),
            redirect_count: name("__clerk_redirect_count"),
        }
    }
}

/// How a browser gets a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// At all.
    pub on: bool,
    /// Ask for a nonce rather than for a token.
    pub nonce: bool,
    /// Version of the API that is named.
    pub api_version: String,
    /// This many in a row, and no more.
    pub max_redirects: u32,
    /// Also for a page that a link of another site leads to.
    pub cross_origin: bool,
    /// Where the Frontend API is for browsers, if not at its own host.
    pub proxy_url: Option<String>,
}

impl Kind for ClerkSettings {
    fn headers(&self) -> Vec<String> {
        let names = [("authorization", self.bearer), ("referer", self.handshake.on && self.handshake.cross_origin)];
        names.iter().filter(|(_, read)| *read).map(|(name, _)| (*name).to_owned()).collect()
    }

    fn stripped(&self) -> Vec<String> {
        HEADERS.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Expired sessions are renewed on public pages, too, and the app behind wants to know on each of them.
    fn everywhere(&self) -> bool {
        self.handshake.on || self.app_headers
    }
}

impl Ready for ClerkSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let key = prepare.text(&self.publishable_key, "publishable key");
        let instance = key.as_deref().map(|key| (Instance::parse(key), key));
        if let Some((None, _)) = instance {
            let help = "copy it from the dashboard of the instance: `pk_live_…` or `pk_test_…`";
            prepare.error(codes::PUBLISHABLE_KEY, "the publishable key is not one", help);
        }
        let secret = match &self.secret_key {
            None => Some(None),
            Some(text) => self.signer(text, prepare).map(Some),
        };
        let instance = instance?.0?;
        let verifier = Verifier::ready(&self.token_of(&instance), prepare)?;
        let names = Names::new(&self.cookies, &instance.suffix);
        Some(Box::new(Clerk { settings: self.clone(), instance, names, verifier, secret: secret? }))
    }
}

impl ClerkSettings {
    /// What the tokens of that instance must be.
    fn token_of(&self, instance: &Instance) -> TokenSettings {
        let mut token = self.token.clone();
        if token.issuers.is_empty() {
            // Behind a proxy the instance may call itself by that address.
            let own = [Some(instance.issuer()), self.handshake.proxy_url.clone()];
            token.issuers = own.into_iter().flatten().map(Text::Literal).collect();
        }
        if token.algorithms.is_empty() {
            let count = if matches!(token.keys, KeySource::Pem(_)) { 1 } else { ALGORITHMS.len() };
            token.algorithms = ALGORITHMS.into_iter().take(count).collect();
        }
        if token.keys == KeySource::Discovery {
            token.keys = KeySource::JwksUrl(Text::Literal(instance.keys()));
        }
        token
    }

    /// What signs tokens for the app behind.
    fn signer(&self, text: &Text, prepare: &mut Prepare<'_>) -> Option<HmacSha1> {
        let secret = prepare.text(text, "secret key")?;
        if !secret.starts_with("sk_live_") && !secret.starts_with("sk_test_") {
            let help = "copy it from the dashboard of the instance: `sk_live_…` or `sk_test_…`";
            prepare.error(codes::SECRET_KEY, "the secret key is not one", help);
            return None;
        }
        HmacSha1::new(secret.as_bytes()).ok()
    }
}
