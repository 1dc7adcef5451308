//! WorkOS AuthKit: a seal of iron-session around a signed access token and the user.
//!
//! The token decides, by the keys of the client; the seal says that the app has put it there, with the user beside it.
//! Renewal, PKCE and the hosted sign-in are the app's: they need the network and chance.

use super::crypto::iron::Passwords;
use super::escapes::unescaped;
use super::identity::Identity;
use super::iron_seal::{self, Opened, SealPasswords};
use super::jwt::{KeySource, TokenSettings, Verifier};
use super::kind::{Judged, Kind, Reader, Ready, Turn};
use super::prepare::Prepare;
use super::refused::Refused;
use super::{codes, url};
use crate::request::CookieRule;
use crate::supply::Text;
use crate::trace::Outcome;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Under which keys are published.
const KEYS: &str = "https://api.workos.com/sso/jwks/";
/// What `withAuth` of the app behind reads, and nobody else may write.
const SESSION: &str = "x-workos-session";
const MIDDLEWARE: &str = "x-workos-middleware";
const ADDRESS: &str = "x-url";
const CALLBACK: &str = "x-redirect-uri";

/// Names that only the token gives: what somebody may do, and in whose name.
const OF_TOKEN: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "sid",
    "org_id",
    "role",
    "roles",
    "permissions",
    "entitlements",
    "feature_flags",
];

/// `kind = "workos"`.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkosSettings {
    /// Exact name.
    pub cookie: String,
    /// By name.
    pub passwords: SealPasswords,
    /// The client: its keys verify the tokens, unless others are given. [`KeySource::Discovery`] in `token` stands for them.
    pub client_id: Option<Text>,
    /// What an access token must be.
    pub token: TokenSettings,
    /// Set the headers by which the app behind learns who it is?
    pub app_headers: bool,
    /// The address that the identity provider comes back to, for the app behind.
    pub redirect_uri: Option<Text>,
}

impl Kind for WorkosSettings {
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }

    fn stripped(&self) -> Vec<String> {
        ["x-workos-*", ADDRESS, CALLBACK, "x-sign-up-paths"].map(str::to_owned).to_vec()
    }

    /// The app asks these headers on any page, and takes their absence for a mistake.
    fn everywhere(&self) -> bool {
        self.app_headers
    }
}

impl Ready for WorkosSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let passwords = self.passwords.ready(prepare);
        let verifier = self.token(prepare).and_then(|token| Verifier::ready(&token, prepare));
        let redirect_uri = match &self.redirect_uri {
            Some(text) => Some(prepare.text(text, "redirect URI")?),
            None => None,
        };
        Some(Box::new(Workos {
            rule: CookieRule::text(&self.cookie, None),
            passwords: passwords?,
            verifier: verifier?,
            app_headers: self.app_headers,
            redirect_uri,
        }))
    }
}

impl WorkosSettings {
    /// What a token must be, with the keys of the client if no others are given.
    fn token(&self, prepare: &mut Prepare<'_>) -> Option<TokenSettings> {
        let mut token = self.token.clone();
        if token.keys == KeySource::Discovery {
            let client = prepare.text(self.client_id.as_ref()?, "client id")?;
            let address = format!("{KEYS}{client}");
            let plain = client.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if client.is_empty() || !plain || !url::is_safe(&address, false) {
                prepare.error(codes::BAD_ID, "this is no client id", "copy it from the dashboard: `client_01…`");
                return None;
            }
            token.keys = KeySource::JwksUrl(Text::Literal(address));
        }
        Some(token)
    }
}

struct Workos {
    rule: CookieRule,
    passwords: Passwords,
    verifier: Verifier,
    app_headers: bool,
    redirect_uri: Option<String>,
}

impl Reader for Workos {
    fn cookies(&self) -> Vec<CookieRule> {
        vec![self.rule.clone()]
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        if self.app_headers {
            self.address(turn);
        }
        let text = match turn.cookie(&self.rule) {
            Ok(text) => text,
            Err(judged) => return judged,
        };
        let judged = match turn.known(&text) {
            Some(known) => Judged::Verified(known),
            None => self.open(&text, turn),
        };
        if let (Judged::Verified(_), true) = (&judged, self.app_headers)
            && let Ok(seal) = unescaped(&text)
        {
            turn.carry.request_headers.push((SESSION.to_owned(), seal.into_owned()));
        }
        judged
    }
}

impl Workos {
    /// What the app behind wants to know of any request: that it came through here, and from where.
    fn address(&self, turn: &mut Turn<'_, '_>) {
        let headers = &mut turn.carry.request_headers;
        headers.push((MIDDLEWARE.to_owned(), "true".to_owned()));
        if let Some(origin) = turn.asking.origin {
            headers.push((ADDRESS.to_owned(), format!("{origin}{}", turn.asking.target.path_and_query())));
        }
        if let Some(callback) = &self.redirect_uri {
            headers.push((CALLBACK.to_owned(), callback.clone()));
        }
    }

    fn open(&self, text: &str, turn: &mut Turn<'_, '_>) -> Judged {
        let opened = match unescaped(text).and_then(|text| iron_seal::open(&text, &self.passwords)) {
            Ok(opened) => opened,
            Err(why) => return turn.refuse(why),
        };
        if let Err(why) = iron_seal::in_time(&opened, turn.now()) {
            return turn.refuse(why);
        }
        let Some(Value::String(token)) = opened.data.get("accessToken") else {
            return turn.refuse(Refused::claim("accessToken", "missing"));
        };
        turn.note(Outcome::Yes, || "the seal opens".to_owned());
        let judged = turn.token(&self.verifier, token);
        let Judged::Verified(verified) = judged else { return judged };
        let identity = Arc::new(with_user(&verified, &opened));
        // A seal that ends by itself, which AuthKit does not make, would have to be remembered with its own end.
        if opened.ends.is_none() {
            turn.keep_as(text, token, &identity);
        }
        Judged::Verified(identity)
    }
}

/// The claims of the token, and beside them those of the user whom the app has sealed with it.
fn with_user(verified: &Identity, opened: &Opened) -> Identity {
    let mut identity = verified.clone();
    let claims = &mut identity.claims;
    if let Some(Value::Object(user)) = opened.data.get("user") {
        for (name, value) in user {
            let name = snake_case(name);
            if !OF_TOKEN.contains(&name.as_str()) {
                claims.entry(name).or_insert_with(|| value.clone());
            }
        }
        if let Some(name) = full_name(user) {
            claims.entry("name").or_insert(Value::String(name));
        }
        claims.insert("user".to_owned(), Value::Object(user.clone()));
    }
    if let Some(impersonator @ Value::Object(_)) = opened.data.get("impersonator") {
        claims.insert("impersonator".to_owned(), impersonator.clone());
    }
    identity
}

/// `firstName` as `first_name`: as the token writes its own claims.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn full_name(user: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| user.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let parts: Vec<&str> = [part("firstName"), part("lastName")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
#[path = "workos_tests.rs"]
mod tests;
