//! `kind = "authjs"`: the encrypted session cookie of Auth.js v5 and NextAuth v4.
//!
//! The cookie is a JWE under a key that is derived from the app's secret and, for v5, from the cookie's name. Sessions that
//! are kept in a database have an opaque id in the same cookie: nothing can be said of it here.

use super::crypto::derive::{self, Thumbprint, thumbprint};
use super::crypto::jwe::Enc;
use super::crypto::jwe_key::JweKey;
use super::encrypted::{self, Key, token_text};
use super::identity::subject;
use super::jwt::{Times, Window};
use super::kind::{Judged, Kind, Reader, Ready, Turn};
use super::prepare::Prepare;
use super::refused::Refused;
use super::{Identity, cache::Proof, codes};
use crate::request::{Chunks, CookieRule, Head, decode_uri_component};
use crate::supply::Text;
use crate::trace::Outcome;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Bytes of a secret. Who has a cookie of their own can try secrets offline, as many as they like.
const MIN_SECRET: usize = 32;
/// Members of a cookie by which a sign-in remembers its own state (`state`, `pkce`, `nonce`); some releases of v4 seal those
/// with the key of sessions.
const CHECK: [&str; 5] = ["value", "iat", "exp", "nbf", "jti"];

/// Which of the two packages writes the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthJsVersion {
    /// NextAuth v4.
    V4,
    /// Auth.js v5.
    V5,
}

impl AuthJsVersion {
    /// The name of the session cookie unless the app gives it another.
    pub fn cookie(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::V4, false) => "next-auth.session-token",
            (Self::V4, true) => "__Secure-next-auth.session-token",
            (Self::V5, false) => "authjs.session-token",
            (Self::V5, true) => "__Secure-authjs.session-token",
        }
    }
}

/// `kind = "authjs"`.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthJsSettings {
    /// Who writes the cookie.
    pub version: AuthJsVersion,
    /// Secrets of the app, the current one first.
    pub secrets: Vec<Text>,
    /// Name of the cookie.
    pub cookie: String,
    /// Salt of the key; `None`: the cookie's name for v5, none for v4.
    pub salt: Option<String>,
    /// Whose sessions these are; `None`: the name of the provider.
    pub issuer: Option<Text>,
    /// Clock difference to put up with, in seconds.
    pub leeway: i64,
    /// `iat` must not be older than so many seconds (leeway added).
    pub max_age: Option<i64>,
    /// Is the token taken from `Authorization: Bearer` when there is no cookie?
    pub bearer: bool,
}

impl Kind for AuthJsSettings {
    fn headers(&self) -> Vec<String> {
        if self.bearer { vec!["authorization".to_owned()] } else { Vec::new() }
    }
}

impl Ready for AuthJsSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let issuer = prepare.issuer(self.issuer.as_ref());
        let secrets = prepare.passwords(&self.secrets, MIN_SECRET)?;
        let keys: Result<Vec<Vec<Key>>, &str> = secrets.iter().map(|secret| self.keys(secret.as_bytes())).collect();
        let keys = match keys {
            Ok(keys) => keys.into_iter().flatten().collect(),
            Err(why) => {
                prepare.error(codes::BAD_SECRET, why, "use the secret of the app");
                return None;
            }
        };
        Some(Box::new(AuthJs {
            rule: CookieRule::text(&self.cookie, Some(Chunks::STRICT)),
            keys,
            version: self.version,
            bearer: self.bearer,
            issuer: issuer?,
            // The packages do not look at `iat`.
            window: Window { leeway: self.leeway, ahead: i64::MAX, max_age: self.max_age },
        }))
    }
}

impl AuthJsSettings {
    /// The keys that one secret gives.
    fn keys(&self, secret: &[u8]) -> Result<Vec<Key>, &'static str> {
        match self.version {
            AuthJsVersion::V4 => {
                let key = match &self.salt {
                    Some(salt) => derive::next_auth_salted(secret, salt)?,
                    None => derive::next_auth(secret)?,
                };
                Ok(vec![Key { kid: None, enc: Enc::A256Gcm, key: JweKey::new(Enc::A256Gcm, &key)? }])
            }
            AuthJsVersion::V5 => {
                let salt = self.salt.as_deref().unwrap_or(&self.cookie);
                let long: [u8; 64] = derive::auth_js(secret, salt)?;
                let short: [u8; 32] = derive::auth_js(secret, salt)?;
                Ok(vec![
                    named(Enc::A256CbcHs512, &long, Thumbprint::Sha512)?,
                    named(Enc::A256Gcm, &short, Thumbprint::Sha256)?,
                ])
            }
        }
    }
}

fn named(enc: Enc, key: &[u8], hash: Thumbprint) -> Result<Key, &'static str> {
    Ok(Key { kid: Some(thumbprint(key, hash)), enc, key: JweKey::new(enc, key)? })
}

struct AuthJs {
    rule: CookieRule,
    keys: Vec<Key>,
    version: AuthJsVersion,
    bearer: bool,
    issuer: String,
    window: Window,
}

impl Reader for AuthJs {
    fn cookies(&self) -> Vec<CookieRule> {
        vec![self.rule.clone()]
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let (what, text) = match self.text(turn) {
            Ok(found) => found,
            Err(why) => return turn.refuse(why),
        };
        turn.note(Outcome::Info, || format!("{what}, {} bytes", text.len()));
        if let Some(identity) = turn.known(&text) {
            return Judged::Verified(identity);
        }
        match self.open(&text, turn) {
            Ok((identity, times)) => {
                turn.note(Outcome::Yes, || "opens, and is in time".to_owned());
                let identity = Arc::new(identity);
                turn.keep(&text, Proof::sealed(times, self.window), &identity);
                Judged::Verified(identity)
            }
            Err(why) => turn.refuse(why),
        }
    }
}

impl AuthJs {
    /// The token, and what carries it. The cookie counts if it is there at all; the header never makes up for a bad one.
    fn text(&self, turn: &Turn<'_, '_>) -> Result<(&'static str, String), Refused> {
        if turn.asking.cookies.has_namesake(&self.rule) {
            // The packages join everything that begins so: the app behind would see no session.
            return Err(Refused::Unreadable("another cookie begins with the session cookie's name"));
        }
        match token_text(turn.asking.cookies.read(&self.rule))? {
            Some(text) => Ok(("cookie", text)),
            None if self.bearer => Ok(("bearer token", bearer_text(turn.asking.head)?)),
            None => Err(Refused::Absent("no cookie")),
        }
    }

    fn open(&self, text: &str, turn: &Turn<'_, '_>) -> Result<(Identity, Times), Refused> {
        if !text.contains('.') {
            return Err(Refused::State("an opaque id: database sessions cannot be verified here"));
        }
        let claims = encrypted::open(text, &self.keys, self.version == AuthJsVersion::V5)?.content;
        if is_check(&claims) {
            return Err(Refused::State("the state of a sign-in, no session"));
        }
        let times = Times::optional(&claims)?;
        times.check(&self.window, turn.now())?;
        let identity = Identity {
            provider: turn.index,
            provider_name: turn.name.to_owned(),
            subject: subject(claims.get("sub")),
            issuer: self.issuer.clone(),
            expires: times.expires(),
            claims,
            app_headers: Vec::new(),
        };
        Ok((identity, times))
    }
}

fn is_check(claims: &Map<String, Value>) -> bool {
    claims.contains_key("value") && claims.keys().all(|name| CHECK.contains(&name.as_str()))
}

/// The word behind `Bearer`, percent-decoded. The packages compare the scheme with its case.
fn bearer_text(head: &Head) -> Result<String, Refused> {
    let mut lines = head.lines("authorization");
    let Some(line) = lines.next() else { return Err(Refused::Absent("no cookie, no bearer token")) };
    if lines.next().is_some() {
        return Err(Refused::Unreadable("more than one authorization header"));
    }
    let word = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("Bearer "));
    let Some(word) = word.filter(|word| !word.is_empty()) else {
        return Err(Refused::Absent("no cookie, no bearer token"));
    };
    decode_uri_component(word).ok_or(Refused::Unreadable("the bearer token's percent-encoding is broken"))
}

#[cfg(test)]
#[path = "authjs_tests.rs"]
mod tests;
