//! iron-session: an object that the app has sealed into a cookie.
//!
//! A seal says that the app wrote it, not that somebody signed in: iron-session hands every visitor a session object, and an
//! app may seal what it likes for strangers. So an empty object is no session, and `subject` or `required-claims` say
//! what a session must hold.

use super::cache::Proof;
use super::crypto::iron::Passwords;
use super::escapes::unescaped;
use super::identity::{Identity, subject};
use super::iron_seal::{self, SealPasswords};
use super::jwt::{Times, Window};
use super::kind::{Judged, Kind, Reader, Ready, Turn};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::request::CookieRule;
use crate::trace::Outcome;
use serde_json::Value;
use std::sync::Arc;

/// `kind = "iron-session"`.
#[derive(Debug, Clone, PartialEq)]
pub struct IronSessionSettings {
    /// Exact name.
    pub cookie: String,
    /// By name.
    pub passwords: SealPasswords,
    /// Clock difference to put up with, in seconds.
    pub leeway: i64,
    /// Path of the claim that says who it is.
    pub subject: Option<String>,
    /// Paths of claims that must be there and not null.
    pub required_claims: Vec<String>,
    /// Stands for the issuer; without it the provider's name does.
    pub issuer: Option<String>,
}

impl Kind for IronSessionSettings {
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Ready for IronSessionSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let passwords = self.passwords.ready(prepare)?;
        let rule = CookieRule::text(&self.cookie, None);
        Some(Box::new(IronSession { rule, passwords, settings: self.clone() }))
    }
}

struct IronSession {
    rule: CookieRule,
    passwords: Passwords,
    settings: IronSessionSettings,
}

impl Reader for IronSession {
    fn cookies(&self) -> Vec<CookieRule> {
        vec![self.rule.clone()]
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let text = match turn.cookie(&self.rule) {
            Ok(text) => text,
            Err(judged) => return judged,
        };
        if let Some(known) = turn.known(&text) {
            return Judged::Verified(known);
        }
        match self.open(&text, turn) {
            Ok((identity, proof)) => {
                turn.note(Outcome::Yes, || "the seal opens".to_owned());
                turn.keep(&text, proof, &identity);
                Judged::Verified(identity)
            }
            Err(why) => turn.refuse(why),
        }
    }
}

impl IronSession {
    fn open(&self, text: &str, turn: &Turn<'_, '_>) -> Result<(Arc<Identity>, Proof), Refused> {
        let opened = iron_seal::open(&unescaped(text)?, &self.passwords)?;
        let times = Times::until(opened.ends);
        let window = Window { leeway: self.settings.leeway, ..Window::default() };
        times.check(&window, turn.now())?;
        if opened.data.is_empty() {
            return Err(Refused::State("the seal holds an empty session"));
        }
        let mut identity = Identity {
            provider: turn.index,
            provider_name: turn.name.to_owned(),
            subject: None,
            issuer: self.settings.issuer.clone().unwrap_or_else(|| turn.name.to_owned()),
            expires: times.expires(),
            claims: opened.data,
            app_headers: Vec::new(),
        };
        for path in &self.settings.required_claims {
            if identity.claim(path).is_none_or(Value::is_null) {
                return Err(Refused::claim(path, "missing"));
            }
        }
        if let Some(path) = &self.settings.subject {
            let found = subject(identity.claim(path));
            identity.subject = Some(found.ok_or_else(|| Refused::claim(path, "names nobody"))?);
        }
        Ok((Arc::new(identity), Proof::sealed(times, window)))
    }
}

#[cfg(test)]
#[path = "iron_session_tests.rs"]
mod tests;
