//! Supabase: the session that `@supabase/ssr` keeps in a cookie, of which the access token is believed and nothing else.
//!
//! Whoever holds the cookie can write the rest of it, the `user` in it first of all. The project's API keys are tokens of
//! the same issuer and, in older projects, of the same secret: they have no subject and another role.

use super::crypto::text::base64url;
use super::escapes::unescaped;
use super::jwt::{KeySource, TokenSettings, Verifier};
use super::kind::{Judged, Kind, Reader, Ready, Turn};
use super::prepare::Prepare;
use super::refused::Refused;
use super::{codes, json, url};
use crate::request::{Chunks, CookieRule};
use crate::supply::Text;
use crate::trace::Outcome;
use serde_json::Value;

/// What stands before base64url. Older sessions are JSON as it is.
const PREFIX: &str = "base64-";
/// `NAME.0`, `NAME.1`, … as the package joins them.
const CHUNKS: Chunks = Chunks { separator: ".", whole_wins: true, stop_at_gap: true };

/// `kind = "supabase"`.
#[derive(Debug, Clone, PartialEq)]
pub struct SupabaseSettings {
    /// Address of the project: cookie, issuer and keys are named after it unless they are given.
    pub project_url: Option<Text>,
    /// Exact name.
    pub cookie: Option<String>,
    /// What an access token must be. No issuers, and [`KeySource::Discovery`], stand for those of the project.
    pub token: TokenSettings,
    /// `role` must be one of them; empty: not looked at.
    pub roles: Vec<String>,
}

impl Kind for SupabaseSettings {
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Ready for SupabaseSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let project = match &self.project_url {
            Some(text) => {
                let address = prepare.text(text, "project address")?;
                let project = Project::of(&address);
                if project.is_none() {
                    let help = "copy it from the dashboard: `https://abcdefghijklmnopqrst.supabase.co`";
                    prepare.error(codes::BAD_ID, "this is no address of a project", help);
                }
                Some(project?)
            }
            None => None,
        };
        let mut token = self.token.clone();
        if let Some(project) = &project {
            if token.issuers.is_empty() {
                token.issuers = vec![Text::Literal(project.issuer.clone())];
            }
            if token.keys == KeySource::Discovery {
                token.keys = KeySource::JwksUrl(Text::Literal(format!("{}/.well-known/jwks.json", project.issuer)));
            }
        }
        let cookie = self.cookie.clone().or(project.map(|project| project.cookie));
        let verifier = Verifier::ready(&token, prepare);
        let rule = CookieRule::text(&cookie?, Some(CHUNKS));
        Some(Box::new(Supabase { rule, verifier: verifier?, roles: self.roles.clone() }))
    }
}

/// What is named after a project.
#[derive(Debug, PartialEq, Eq)]
struct Project {
    cookie: String,
    issuer: String,
}

impl Project {
    fn of(address: &str) -> Option<Self> {
        let address = address.strip_suffix('/').unwrap_or(address);
        if !url::is_issuer(address) {
            return None;
        }
        let (_, host) = address.split_once("://")?;
        // The first label of the host: the reference of a project, or what its own domain begins with.
        let label = host.split(['.', ':', '/']).next()?;
        let is_label = !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let cookie = format!("sb-{}-auth-token", label.to_ascii_lowercase());
        is_label.then(|| Self { cookie, issuer: format!("{address}/auth/v1") })
    }
}

struct Supabase {
    rule: CookieRule,
    verifier: Verifier,
    roles: Vec<String>,
}

impl Reader for Supabase {
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
        let envelope = match Envelope::read(&text) {
            Ok(envelope) => envelope,
            Err(why) => return turn.refuse(why),
        };
        let now = turn.now() as f64;
        if envelope.ends <= now {
            return turn.refuse(Refused::Expired((now - envelope.ends).ceil() as i64));
        }
        turn.note(Outcome::Info, || format!("a session with an access token of {} bytes", envelope.token.len()));
        let judged = turn.token(&self.verifier, &envelope.token);
        let Judged::Verified(identity) = judged else { return judged };
        let role = identity.claims.get("role").and_then(Value::as_str);
        if !self.roles.is_empty() && !self.roles.iter().any(|known| Some(known.as_str()) == role) {
            return turn.refuse(Refused::claim("role", "is not accepted"));
        }
        // What is remembered ends with the token: not for a session that ends sooner, which the package does not make.
        if identity.claims.get("exp").and_then(Value::as_f64).is_some_and(|exp| exp <= envelope.ends) {
            turn.keep_as(&text, &envelope.token, &identity);
        }
        Judged::Verified(identity)
    }
}

/// What is read of a session.
struct Envelope {
    token: String,
    /// `expires_at`, Unix time. It can make a session end sooner, as it does for the app behind, never later.
    ends: f64,
}

impl Envelope {
    fn read(text: &str) -> Result<Self, Refused> {
        let text = unescaped(text)?;
        let decoded;
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => {
                // Padding is tolerated: older writers have left it there.
                decoded =
                    base64url(encoded.trim_end_matches('=')).ok_or(Refused::Unreadable("session is not base64url"))?;
                decoded.as_slice()
            }
            None => text.as_bytes(),
        };
        let mut session = json::object(bytes).map_err(Refused::Unreadable)?;
        let Some(Value::String(token)) = session.remove("access_token") else {
            return Err(Refused::claim("access_token", "missing"));
        };
        // Without these the package behind takes the cookie for no session.
        if !session.contains_key("refresh_token") {
            return Err(Refused::claim("refresh_token", "missing"));
        }
        match session.get("expires_at").map(Value::as_f64) {
            Some(Some(ends)) => Ok(Self { token, ends }),
            Some(None) => Err(Refused::claim("expires_at", "is no number")),
            None => Err(Refused::claim("expires_at", "missing")),
        }
    }
}

#[cfg(test)]
#[path = "supabase_tests.rs"]
mod tests;
