//! Cookie text → payload, by the secrets of the app: the signed text, the token, the encrypted token.

use super::settings::BetterAuthStrategy;
use crate::session::crypto::derive::{self, Thumbprint, thumbprint};
use crate::session::crypto::jwe::{Enc, Jwe};
use crate::session::crypto::jwe_key::JweKey;
use crate::session::crypto::mac::HmacSha256;
use crate::session::crypto::text::{base64, base64url};
use crate::session::json;
use crate::session::jwt::{Algorithm, Token};
use crate::session::refused::Refused;
use serde_json::{Map, Value};

/// Characters of a signature in a signed cookie: 32 bytes of padded base64.
const SIGNATURE: usize = 44;
const NOT_SIGNED: Refused = Refused::Sealed("not signed by the app");

/// Keys, made once.
pub(super) struct Opener {
    strategy: BetterAuthStrategy,
    macs: Vec<HmacSha256>,
    /// With the `kid` by which a token names one.
    keys: Vec<(String, JweKey)>,
    leeway: f64,
}

/// A payload that the app wrote, and until when it is a cache (Unix time, not inclusive).
pub(super) struct Opened {
    pub(super) payload: Map<String, Value>,
    pub(super) ends: f64,
}

impl Opener {
    pub(super) fn new(strategy: BetterAuthStrategy, secrets: &[String], leeway: i64) -> Result<Self, &'static str> {
        let mut opener = Self { strategy, macs: Vec::new(), keys: Vec::new(), leeway: leeway as f64 };
        for secret in secrets {
            if strategy == BetterAuthStrategy::Jwe {
                let key = derive::better_auth(secret.as_bytes())?;
                opener.keys.push((thumbprint(&key, Thumbprint::Sha256), JweKey::new(Enc::A256CbcHs512, &key)?));
            } else {
                opener.macs.push(HmacSha256::new(secret.as_bytes())?);
            }
        }
        Ok(opener)
    }

    /// The cached session.
    pub(super) fn open(&self, text: &str, now: i64) -> Result<Opened, Refused> {
        match self.strategy {
            BetterAuthStrategy::Jwt => self.jwt(text, now),
            BetterAuthStrategy::Jwe => self.jwe(text, now),
            BetterAuthStrategy::Compact | BetterAuthStrategy::Token => self.compact(text),
        }
    }

    /// The token of a signed cookie: `token.signature`; a token may hold dots.
    pub(super) fn signed<'t>(&self, text: &'t str) -> Result<&'t str, Refused> {
        let form = Refused::Sealed("not a signed token");
        let (token, signature) = text.rsplit_once('.').ok_or(form.clone())?;
        if token.is_empty() || signature.len() != SIGNATURE {
            return Err(form);
        }
        let tag = base64(signature).ok_or(form)?;
        if self.vouches(&[token.as_bytes()], &tag) { Ok(token) } else { Err(NOT_SIGNED) }
    }

    fn vouches(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.macs.iter().any(|mac| mac.verify(parts, tag))
    }

    /// base64url of `{"session":…,"expiresAt":…,"signature":"…"}`. What is signed is `{...session, expiresAt}` as JavaScript writes
    /// it: the session as it stands here, with one member more. It is never written anew, as no two languages write all
    /// numbers and texts alike; a cookie that JavaScript would not have written so is refused.
    fn compact(&self, text: &str) -> Result<Opened, Refused> {
        let form = || Refused::Sealed("not a cached session as the app writes it");
        let decoded = base64url(text).ok_or_else(form)?;
        let outer = std::str::from_utf8(&decoded).map_err(|_| form())?;
        let inner =
            outer.strip_prefix(r#"{"session":"#).and_then(|rest| rest.strip_suffix(r#""}"#)).ok_or_else(form)?;
        let (inner, signature) = inner.rsplit_once(r#","signature":""#).ok_or_else(form)?;
        let (session, ends) = inner.rsplit_once(r#","expiresAt":"#).ok_or_else(form)?;
        let tag = base64url(signature).ok_or_else(form)?;
        let open = session.strip_suffix('}').ok_or_else(form)?;
        // Milliseconds; 16 digits are beyond the last instant of JavaScript.
        if ends.is_empty() || ends.len() > 15 || !ends.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        if !self.vouches(&[open.as_bytes(), br#","expiresAt":"#, ends.as_bytes(), b"}"], &tag) {
            return Err(NOT_SIGNED);
        }
        // One whole object, so that the borders above are its own.
        let payload = json::object(session.as_bytes()).map_err(Refused::Sealed)?;
        let ends: f64 = ends.parse().map_err(|_| form())?;
        if payload.contains_key("expiresAt") {
            return Err(form());
        }
        Ok(Opened { payload, ends: after(ends) + self.leeway })
    }

    fn jwt(&self, text: &str, now: i64) -> Result<Opened, Refused> {
        let token = Token::parse(text)?;
        if token.algorithm != Algorithm::Hs256 {
            return Err(Refused::Algorithm);
        }
        if !token.is_type(None) {
            return Err(Refused::Type);
        }
        if !self.vouches(&[&token.signing_input(text)], &token.signature) {
            return Err(Refused::Signature);
        }
        self.in_time(token.claims, now)
    }

    fn jwe(&self, text: &str, now: i64) -> Result<Opened, Refused> {
        let jwe = Jwe::parse(text).map_err(Refused::Sealed)?;
        let named = |kid: &String| jwe.kid.as_ref().is_none_or(|wanted| wanted == kid);
        let mut why = "no secret of this `kid`";
        for (_, key) in self.keys.iter().filter(|(kid, _)| named(kid)) {
            match key.open(&jwe) {
                Ok(plain) => return self.in_time(json::object(&plain).map_err(Refused::Sealed)?, now),
                Err(not) => why = not,
            }
        }
        Err(Refused::Sealed(why))
    }

    /// The times of a token; those of the session in it come later.
    fn in_time(&self, payload: Map<String, Value>, now: i64) -> Result<Opened, Refused> {
        let number = |name: &str| match payload.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| Refused::claim(name, "is no number")),
        };
        let ends = number("exp")?.ok_or_else(|| Refused::claim("exp", "missing"))? + self.leeway;
        match number("nbf")? {
            Some(from) if from > now as f64 + self.leeway => Err(Refused::NotYet((from - now as f64).ceil() as i64)),
            _ => Ok(Opened { payload, ends }),
        }
    }
}

/// The first instant after one of JavaScript's, which lasts through its millisecond; Unix time.
pub(super) fn after(milliseconds: f64) -> f64 {
    (milliseconds + 1.0) / 1000.0
}
