//! What a handshake brings back: a token that holds `set-cookie` lines, the new session among them. Production instances put it
//! into a cookie, development instances into the address.

use super::outcome::{Out, token_reason};
use super::reader::Clerk;
use crate::request::{CookieRead, param};
use crate::session::jwt::{Place, Token};
use crate::session::kind::{Detour, Judged, Turn};
use crate::session::refused::Refused;
use crate::trace::Outcome;
use serde_json::Value;

use super::handshake::{DEV_BROWSER, without};
use super::shown::Shown;

/// Parameters of an address that a handshake leaves behind.
const HANDSHAKE: &str = "__clerk_handshake";
const NONCE: &str = "__clerk_handshake_nonce";
const HELP: &str = "__clerk_help";
/// Lines in one handshake: two generations of four cookies, each set and cleared on two domains.
const MAX_LINES: usize = 32;
/// Bytes of a line: what browsers keep of one cookie.
const MAX_LINE: usize = 4 * 1024;
/// Cookies that a handshake may set begin so.
const OWN: [&str; 4] = ["__session", "__client", "__refresh", "__clerk"];

const MISSING: &str = "session-token-missing";

impl Clerk {
    /// Take what a handshake brought back. `None`: nothing that counts.
    pub(super) fn returned(&self, turn: &mut Turn<'_, '_>) -> Option<Judged> {
        let (query, cookies) = (turn.asking.target.query(), turn.asking.cookies);
        let in_query = |name: &str| query.and_then(|query| param(query, name)).filter(|value| !value.is_empty());
        let in_cookie = |rule| match cookies.read(rule) {
            CookieRead::Value(text) => Some(text),
            CookieRead::Absent | CookieRead::Refused(_) => None,
        };
        if in_query(NONCE).is_some() || in_cookie(&self.names.nonce).is_some() {
            // It stands for lines that only the Backend API has. Another handshake would end in the same way.
            let why = "the handshake brought a nonce, which cannot be read here";
            return Some(self.signed_out(turn, Out::state(MISSING, why)));
        }
        // In the address of a production instance it would be whoever made the link that decides who is signed in.
        let from_query = if self.instance.development { in_query(HANDSHAKE) } else { None };
        let text = from_query.or_else(|| in_cookie(&self.names.handshake))?;
        match self.lines(turn, &text) {
            Ok(lines) => self.take(turn, &lines),
            Err(Judged::Refused(why)) if self.instance.development => {
                Some(self.signed_out(turn, Out::token(token_reason(&why), "cookie", why)))
            }
            Err(Judged::Refused(why)) => {
                turn.note(Outcome::Info, || format!("the handshake is passed over: {why}"));
                None
            }
            Err(Judged::Unavailable(why)) => Some(self.unavailable(turn, why)),
            Err(other) => Some(other),
        }
    }

    /// The `set-cookie` lines of a handshake token that this instance signed.
    fn lines(&self, turn: &mut Turn<'_, '_>, text: &str) -> Result<Vec<String>, Judged> {
        let token = Token::parse(text).map_err(Judged::Refused)?;
        let shown = Shown::New(Box::new(token));
        if shown.is_no_session() {
            return Err(Judged::Refused(Refused::Type));
        }
        let Shown::New(token) = shown else { return Err(Judged::Refused(Refused::Type)) };
        if !token.plain_type {
            return Err(Judged::Refused(Refused::Type));
        }
        let by = turn.by(&self.verifier).at(Place::Around);
        turn.learnt.signed(by, text, &token, turn.trace)?;
        let lines = match token.claims.get("handshake") {
            Some(Value::Array(lines)) => lines.as_slice(),
            _ => &[],
        };
        let odd = || Judged::Refused(Refused::claim("handshake", "holds what is no cookie of this system"));
        let line = |line: &Value| line.as_str().filter(|line| is_own(line)).map(str::to_owned);
        let lines: Option<Vec<String>> = lines.iter().map(line).collect();
        lines.filter(|lines| lines.len() <= MAX_LINES).ok_or_else(odd)
    }

    /// Set them, and go on with the session that they bring.
    fn take(&self, turn: &mut Turn<'_, '_>, lines: &[String]) -> Option<Judged> {
        let session = &self.settings.cookies.session;
        let mut sessions = lines.iter().map(|line| pair(line)).filter(|(name, _)| name.starts_with(session.as_str()));
        let text = sessions.next_back().map(|(_, value)| value).unwrap_or_default();
        if text.is_empty() {
            if self.instance.development {
                return Some(self.clean(turn, lines));
            }
            self.set(turn, lines);
            return Some(self.signed_out(turn, Out::state(MISSING, "the handshake brought no session")));
        }
        let judged = match self.look(turn, text) {
            Ok(shown) => self.verify(Place::Inside, turn, text, shown),
            Err(why) => Judged::Refused(why),
        };
        match judged {
            Judged::Verified(_) if self.instance.development => Some(self.clean(turn, lines)),
            // The clock of a development machine may be off; the next request says more.
            Judged::Refused(Refused::Expired(_) | Refused::NotYet(_) | Refused::Ahead(_))
                if self.instance.development =>
            {
                Some(self.clean(turn, lines))
            }
            Judged::Verified(identity) => {
                self.set(turn, lines);
                Some(self.signed_in(turn, identity))
            }
            Judged::Refused(why) => {
                turn.note(Outcome::Info, || format!("the handshake is passed over: {why}"));
                None
            }
            Judged::Unavailable(why) => Some(self.unavailable(turn, why)),
            other => Some(other),
        }
    }

    /// The browser gets the cookies, and the app behind sees them as if it had sent them.
    fn set(&self, turn: &mut Turn<'_, '_>, lines: &[String]) {
        for line in lines {
            let (name, value) = pair(line);
            let value = (!value.is_empty()).then(|| value.to_owned());
            turn.carry.cookies.retain(|(known, _)| known != name);
            turn.carry.cookies.push((name.to_owned(), value));
            turn.carry.set_cookies.push(line.clone());
        }
        let handshake = &self.names.handshake.name;
        turn.carry.cookies.retain(|(known, _)| known != handshake);
        turn.carry.cookies.push((handshake.clone(), None));
    }

    /// To the same address without what the handshake left in it, with the cookies.
    fn clean(&self, turn: &mut Turn<'_, '_>, lines: &[String]) -> Judged {
        let target = turn.asking.target;
        let query = without(target.query(), &[HANDSHAKE, NONCE, HELP, DEV_BROWSER]);
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let origin = self.origin(turn).unwrap_or_default();
        let location = format!("{origin}{}{query}", target.path());
        turn.carry.set_cookies.extend(lines.iter().cloned());
        let reason = "the handshake is done: to the clean address".to_owned();
        Judged::Detour(Box::new(Detour { status: 307, location, reason }))
    }
}

/// Is it a line that sets one of Clerk's cookies, fit to be sent?
fn is_own(line: &str) -> bool {
    let (name, _) = pair(line);
    let plain = line.len() <= MAX_LINE && line.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    plain && named && OWN.iter().any(|own| name.starts_with(own))
}

/// Name and value of a `set-cookie` line.
fn pair(line: &str) -> (&str, &str) {
    let pair = line.split(';').next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (name.trim(), value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_handshake() {
        assert_eq!(pair("__session_x=a.b.c; Path=/; SameSite=Lax"), ("__session_x", "a.b.c"));
        assert_eq!(pair("__session=; Max-Age=0"), ("__session", ""));
        assert!(
            is_own("__session_x=a.b.c; Path=/") && is_own("__client_uat=5") && is_own("__clerk_handshake=; Max-Age=0")
        );
        for bad in ["", "id=1; Path=/", "__session=a\r\nx: y", "__session_é=1", "__session a=1", " __Secure-x=1"] {
            assert!(!is_own(bad), "{bad}");
        }
        assert!(!is_own(&format!("__session={}", "a".repeat(MAX_LINE))));
    }
}
