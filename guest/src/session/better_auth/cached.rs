//! The payload of a cached session → who it is, and until when.

use super::date::milliseconds;
use super::open::after;
use crate::session::identity::{Identity, subject};
use crate::session::refused::Refused;
use serde_json::{Map, Value};

/// What the config demands of a cached session.
#[derive(Debug, Clone, Default)]
pub(super) struct Demands {
    /// `version` must be this.
    pub(super) version: Option<String>,
    /// Seconds after it was written.
    pub(super) max_age: Option<i64>,
}

/// What a payload without a version has.
const FIRST_VERSION: &str = "1";

/// A cached session that has the right form.
#[derive(Debug)]
pub(super) struct Session {
    user: Map<String, Value>,
    /// Without its token.
    session: Map<String, Value>,
    subject: String,
    pub(super) token: String,
    /// When it is over, Unix time: the session itself, or what the config allows a cache.
    pub(super) ends: f64,
}

impl Session {
    /// Take a payload apart. Whether it is in time is not judged here.
    pub(super) fn read(mut payload: Map<String, Value>, demands: &Demands) -> Result<Self, Refused> {
        let (Some(Value::Object(mut session)), Some(Value::Object(user))) =
            (payload.remove("session"), payload.remove("user"))
        else {
            return Err(Refused::State("no session and user in the cached session"));
        };
        let version = match payload.get("version") {
            None => FIRST_VERSION,
            Some(Value::String(version)) if version.is_empty() => FIRST_VERSION,
            Some(Value::String(version)) => version,
            Some(_) => return Err(Refused::claim("version", "is no text")),
        };
        if demands.version.as_deref().is_some_and(|wanted| wanted != version) {
            return Err(Refused::State("the cached session is of another version"));
        }
        let written = payload.get("updatedAt").and_then(Value::as_f64);
        let written = written.ok_or_else(|| Refused::claim("updatedAt", "is no number"))?;
        let Some(Value::String(token)) = session.remove("token") else {
            return Err(Refused::claim("session.token", "missing"));
        };
        let over = session.get("expiresAt").and_then(milliseconds);
        let over = after(over.ok_or_else(|| Refused::claim("session.expiresAt", "is no date"))?);
        let ends = demands.max_age.map_or(over, |age| over.min(written / 1000.0 + age as f64));
        let subject = match user.get("id") {
            id @ Some(Value::String(_)) => subject(id),
            _ => None,
        };
        let subject = subject.ok_or_else(|| Refused::claim("user.id", "names nobody"))?;
        Ok(Self { user, session, subject, token, ends })
    }

    /// The same of a token that says once more whose session it is.
    pub(super) fn of_token(verified: &Identity, demands: &Demands) -> Result<Self, Refused> {
        let session = Self::read(verified.claims.clone(), demands)?;
        let sid = verified.claims.get("sid").and_then(Value::as_str);
        if verified.subject.as_ref() != Some(&session.subject) || sid != Some(session.token.as_str()) {
            return Err(Refused::State("the token and the session in it disagree"));
        }
        Ok(session)
    }

    /// Members of the user are claims, and so are user and session as a whole.
    pub(super) fn identity(self, (provider, name): (usize, &str), issuer: String, expires: i64) -> Identity {
        let mut claims = self.user.clone();
        claims.insert("sub".to_owned(), Value::String(self.subject.clone()));
        claims.insert("user".to_owned(), Value::Object(self.user));
        claims.insert("session".to_owned(), Value::Object(self.session));
        Identity {
            provider,
            provider_name: name.to_owned(),
            subject: Some(self.subject),
            issuer,
            expires,
            claims,
            app_headers: Vec::new(),
        }
    }
}
