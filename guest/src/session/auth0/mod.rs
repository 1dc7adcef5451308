//! `kind = "auth0"`: the encrypted session cookie of nextjs-auth0 v4, and of v3 while such cookies live.
//!
//! [`content`] makes one session of both generations; [`roll`] writes it again with a new end, when that is asked for.

mod content;
mod roll;
#[cfg(test)]
mod tests;

use super::Identity;
use super::cache::Proof;
use super::codes;
use super::crypto::derive;
use super::crypto::jwe::Enc;
use super::crypto::jwe_key::JweKey;
use super::crypto::mac::HmacSha256;
use super::encrypted::{self, Key, token_text};
use super::jwt::Window;
use super::kind::{Judged, Kind, Reader, Ready, Turn};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::request::{Chunks, CookieRule};
use crate::supply::Text;
use crate::trace::Outcome;
use content::{Bounds, Session};
pub use roll::Auth0Rolling;
use std::sync::Arc;

/// Bytes of a secret. Who has a cookie of their own can try secrets offline, as many as they like.
const MIN_SECRET: usize = 32;
/// Of v4: the whole one wins, and a missing chunk is no session.
const CHUNKS: Chunks = Chunks { separator: "__", whole_wins: true, stop_at_gap: false };
/// Of v3.
const LEGACY_CHUNKS: Chunks = Chunks { separator: ".", ..CHUNKS };

/// `kind = "auth0"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Auth0Settings {
    /// Secrets of the app, the current one first.
    pub secrets: Vec<Text>,
    /// Name of the cookie.
    pub cookie: String,
    /// Name of the v3 cookie; `None`: those are not read.
    pub legacy: Option<String>,
    /// The tenant: `tenant.eu.auth0.com`.
    pub domain: Option<Text>,
    /// Whose sessions these are, if not the tenant's; `None`: the name of the provider.
    pub issuer: Option<Text>,
    /// Clock difference to put up with, in seconds.
    pub leeway: i64,
    /// A session ends so many seconds after it began, whatever happens.
    pub absolute: i64,
    /// A session ends when it was not used for so many seconds.
    pub inactivity: i64,
    /// Is the cookie written again with a new end?
    pub rolling: Option<Auth0Rolling>,
}

impl Kind for Auth0Settings {
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }

    /// A page that everybody may see is a use of the session, too.
    fn everywhere(&self) -> bool {
        self.rolling.is_some()
    }
}

impl Ready for Auth0Settings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let domain = match &self.domain {
            Some(domain) => Some(prepare.texts(std::slice::from_ref(domain), "domain")?.pop()?),
            None => None,
        };
        let issuer = match &domain {
            Some(domain) => Some(format!("https://{domain}/")),
            None => prepare.issuer(self.issuer.as_ref()),
        };
        let secrets = prepare.passwords(&self.secrets, MIN_SECRET)?;
        let made = keys(&secrets).and_then(|keys| {
            let current = secrets.first().ok_or("a secret is missing")?;
            Ok((keys, HmacSha256::new(&derive::nonce_key(current.as_bytes())?)?))
        });
        let (keys, nonces) = match made {
            Ok(made) => made,
            Err(why) => {
                prepare.error(codes::BAD_SECRET, why, "use the secret of the app");
                return None;
            }
        };
        let legacy = self.legacy.as_ref().filter(|name| **name != self.cookie);
        Some(Box::new(Auth0 {
            rule: CookieRule::text(&self.cookie, Some(CHUNKS)),
            legacy: legacy.map(|name| CookieRule::text(name, Some(LEGACY_CHUNKS))),
            keys,
            nonces,
            domain,
            issuer: issuer?,
            bounds: Bounds {
                // The package does not look at `iat`.
                window: Window { leeway: self.leeway, ahead: i64::MAX, max_age: None },
                absolute: self.absolute,
                inactivity: self.inactivity,
                always: self.rolling.is_some(),
            },
            rolling: self.rolling.clone(),
        }))
    }
}

fn keys(secrets: &[String]) -> Result<Vec<Key>, &'static str> {
    let key = |secret: &String| {
        let key = JweKey::new(Enc::A256Gcm, &derive::auth0(secret.as_bytes())?)?;
        Ok(Key { kid: None, enc: Enc::A256Gcm, key })
    };
    secrets.iter().map(key).collect()
}

struct Auth0 {
    rule: CookieRule,
    legacy: Option<CookieRule>,
    keys: Vec<Key>,
    nonces: HmacSha256,
    domain: Option<String>,
    issuer: String,
    bounds: Bounds,
    rolling: Option<Auth0Rolling>,
}

impl Reader for Auth0 {
    fn cookies(&self) -> Vec<CookieRule> {
        std::iter::once(&self.rule).chain(&self.legacy).cloned().collect()
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let (name, text) = match self.text(turn) {
            Ok(found) => found,
            Err(why) => return turn.refuse(why),
        };
        turn.note(Outcome::Info, || format!("cookie `{name}`, {} bytes", text.len()));
        // Who writes a session again needs its content; who only reads does not open it twice.
        let rolling = self.rolling.as_ref().filter(|rolling| rolling.applies(&turn.asking));
        if rolling.is_none()
            && let Some(identity) = turn.known(&text)
        {
            return Judged::Verified(identity);
        }
        let session = match self.open(&text, turn.now()) {
            Ok(session) => session,
            Err(why) => return turn.refuse(why),
        };
        turn.note(Outcome::Yes, || "opens, and is in time".to_owned());
        if let Some(rolling) = rolling {
            self.roll(&session, rolling, turn);
        }
        let identity = Arc::new(self.identity(&session, turn));
        turn.keep(&text, Proof::sealed(session.times, self.bounds.window), &identity);
        Judged::Verified(identity)
    }
}

impl Auth0 {
    /// The token, and the cookie that holds it: v4's, else v3's. A bad one is not made up for by the other.
    fn text(&self, turn: &Turn<'_, '_>) -> Result<(&str, String), Refused> {
        for rule in std::iter::once(&self.rule).chain(&self.legacy) {
            if let Some(text) = token_text(turn.asking.cookies.read(rule))? {
                return Ok((&rule.name, text));
            }
        }
        Err(Refused::Absent("no cookie"))
    }

    fn open(&self, text: &str, now: i64) -> Result<Session, Refused> {
        let session = Session::of(encrypted::open(text, &self.keys, false)?, &self.bounds)?;
        session.times.check(&self.bounds.window, now)?;
        match (&self.domain, session.tenant()) {
            (Some(ours), Some(theirs)) if ours != theirs => Err(Refused::Issuer),
            _ => Ok(session),
        }
    }

    fn identity(&self, session: &Session, turn: &Turn<'_, '_>) -> Identity {
        Identity {
            provider: turn.index,
            provider_name: turn.name.to_owned(),
            subject: session.subject(),
            issuer: self.issuer.clone(),
            expires: session.times.expires(),
            claims: session.claims(),
            app_headers: Vec::new(),
        }
    }
}
