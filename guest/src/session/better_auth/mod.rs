//! Better Auth: the cached session (`session_data`) that the app signs or encrypts into a cookie; or, asked for by name, only the
//! signed `session_token`.
//!
//! [`settings`] (what the config says, and keys), [`open`] (cookie text → payload), [`cached`] (payload → identity and end),
//! [`date`]. The token cookie names a row of the app's database; what it says is not known here, only that the app signed it.

mod cached;
mod date;
mod open;
mod settings;
#[cfg(test)]
mod tests;

pub use settings::{BetterAuthSettings, BetterAuthStrategy};

use super::cache::Proof;
use super::escapes::unescaped;
use super::identity::Identity;
use super::jwt::{Times, Verifier, Window};
use super::kind::{Judged, Reader, Turn};
use super::refused::Refused;
use crate::request::{CookieRead, CookieRule};
use crate::trace::Outcome;
use cached::{Demands, Session};
use open::Opener;
use serde_json::Map;
use std::sync::Arc;

struct BetterAuth {
    data: CookieRule,
    token: CookieRule,
    way: Way,
    demands: Demands,
    /// Stands for the issuer.
    issuer: Option<String>,
}

/// What is read, and by what it is believed.
enum Way {
    /// The cached session, by secrets.
    Secrets(Opener),
    /// The cached session, a token that the app's keys verify.
    Keys(Box<Verifier>),
    /// The token cookie alone, by secrets.
    TokenOnly(Opener),
}

impl Reader for BetterAuth {
    fn cookies(&self) -> Vec<CookieRule> {
        match self.way {
            Way::TokenOnly(_) => vec![self.token.clone()],
            _ => vec![self.data.clone(), self.token.clone()],
        }
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let token = match turn.asking.cookies.read(&self.token) {
            CookieRead::Value(text) => Some(text),
            CookieRead::Absent => None,
            CookieRead::Refused(why) => return turn.refuse(Refused::Unreadable(why)),
        };
        match &self.way {
            Way::Secrets(opener) => self.cached(turn, token.as_deref(), opener),
            Way::Keys(verifier) => self.verified(turn, token.as_deref(), verifier),
            Way::TokenOnly(opener) => self.token_only(turn, token, opener),
        }
    }
}

impl BetterAuth {
    /// The cached session, and the text by which it is remembered: of both cookies, as both must agree.
    fn data(&self, turn: &mut Turn<'_, '_>, token: Option<&str>) -> Result<(String, String), Judged> {
        let data = match turn.asking.cookies.read(&self.data) {
            CookieRead::Value(text) => text,
            CookieRead::Absent => return Err(turn.refuse(Refused::Absent("no cached session"))),
            CookieRead::Refused(why) => return Err(turn.refuse(Refused::Unreadable(why))),
        };
        // No cookie holds a space.
        let both = format!("{} {data}", token.unwrap_or_default());
        match turn.known(&both) {
            Some(known) => Err(Judged::Verified(known)),
            None => Ok((data, both)),
        }
    }

    fn cached(&self, turn: &mut Turn<'_, '_>, token: Option<&str>, opener: &Opener) -> Judged {
        let (data, both) = match self.data(turn, token) {
            Ok(read) => read,
            Err(judged) => return judged,
        };
        let opened = match opener.open(&data, turn.now()) {
            Ok(opened) => opened,
            Err(why) => return turn.refuse(why),
        };
        let session = match Session::read(opened.payload, &self.demands).and_then(|session| agree(session, token)) {
            Ok(session) => session,
            Err(why) => return turn.refuse(why),
        };
        let times = Times::until(Some(opened.ends.min(session.ends)));
        if let Err(why) = times.check(&Window::default(), turn.now()) {
            return turn.refuse(why);
        }
        turn.note(Outcome::Yes, || "the cached session is the app's".to_owned());
        let issuer = self.issuer.clone().unwrap_or_else(|| turn.name.to_owned());
        let identity = Arc::new(session.identity((turn.index, turn.name), issuer, times.expires()));
        turn.keep(&both, Proof::sealed(times, Window::default()), &identity);
        Judged::Verified(identity)
    }

    fn verified(&self, turn: &mut Turn<'_, '_>, token: Option<&str>, verifier: &Verifier) -> Judged {
        let (data, both) = match self.data(turn, token) {
            Ok(read) => read,
            Err(judged) => return judged,
        };
        let judged = turn.token(verifier, &data);
        let Judged::Verified(verified) = judged else { return judged };
        let session = match Session::of_token(&verified, &self.demands).and_then(|session| agree(session, token)) {
            Ok(session) => session,
            Err(why) => return turn.refuse(why),
        };
        let times = Times::until(Some(session.ends));
        if let Err(why) = times.check(&Window::default(), turn.now()) {
            return turn.refuse(why);
        }
        let lasts = times.expires() >= verified.expires.saturating_add(verifier.rules.window.leeway);
        let expires = verified.expires.min(times.expires());
        let identity = Arc::new(session.identity((turn.index, turn.name), verified.issuer.clone(), expires));
        // What is remembered ends with the token; a session that ends sooner is judged anew each time.
        if lasts {
            turn.keep_as(&both, &data, &identity);
        }
        Judged::Verified(identity)
    }

    fn token_only(&self, turn: &mut Turn<'_, '_>, token: Option<String>, opener: &Opener) -> Judged {
        let Some(text) = token else { return turn.refuse(Refused::Absent("no cookie")) };
        if let Some(known) = turn.known(&text) {
            return Judged::Verified(known);
        }
        let signed = unescaped(&text).and_then(|text| opener.signed(&text).map(|_| ()));
        if let Err(why) = signed {
            return turn.refuse(why);
        }
        turn.note(Outcome::Yes, || "the app has signed this token, whatever it is worth".to_owned());
        let times = Times::until(None);
        let identity = Arc::new(Identity {
            provider: turn.index,
            provider_name: turn.name.to_owned(),
            subject: None,
            issuer: self.issuer.clone().unwrap_or_else(|| turn.name.to_owned()),
            expires: times.expires(),
            claims: Map::new(),
            app_headers: Vec::new(),
        });
        turn.keep(&text, Proof::sealed(times, Window::default()), &identity);
        Judged::Verified(identity)
    }
}

/// The app behind goes by the token cookie: if one is there, it must name the cached session. Its signature is the app's to
/// check; one that is not good signs nobody in there.
fn agree(session: Session, token: Option<&str>) -> Result<Session, Refused> {
    let Some(token) = token else { return Ok(session) };
    let token = unescaped(token)?;
    match token.rsplit_once('.') {
        Some((token, _)) if token == session.token => Ok(session),
        _ => Err(Refused::State("the token cookie names another session than the cached one")),
    }
}
