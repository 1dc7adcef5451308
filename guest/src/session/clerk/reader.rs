//! From a request to a session, in the order of Clerk's own packages: a token in the header beats cookies; what a handshake
//! brought back comes before what was there; the browser's own state (`__client_uat`) before the signature.

use super::ClerkSettings;
use super::cookies::{Crumbs, Names, Said};
use super::handshake::{DEV_BROWSER, is_page};
use super::key::Instance;
use super::outcome::{Out, token_reason};
use super::shown::Shown;
use crate::request::{CookieRule, Head, param};
use crate::session::crypto::mac::HmacSha1;
use crate::session::jwt::{Place, Token, Verifier};
use crate::session::kind::{Judged, Reader, Turn};
use crate::session::refused::Refused;
use serde_json::Value;

/// A provider made ready.
pub(super) struct Clerk {
    pub(super) settings: ClerkSettings,
    pub(super) instance: Instance,
    pub(super) names: Names,
    pub(super) verifier: Verifier,
    pub(super) secret: Option<HmacSha1>,
}

impl Reader for Clerk {
    fn cookies(&self) -> Vec<CookieRule> {
        self.names.guarded.clone()
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        if self.settings.bearer {
            let head = turn.asking.head;
            match header_token(head) {
                Ok(Some(text)) => return self.in_header(turn, text),
                Ok(None) => {}
                Err(why) => return self.signed_out(turn, Out::token(token_reason(&why), "header", why)),
            }
        }
        self.in_cookies(turn)
    }
}

impl Clerk {
    fn in_header(&self, turn: &mut Turn<'_, '_>, text: &str) -> Judged {
        let shown = match self.look(turn, text) {
            Ok(shown) if shown.is_no_session() => return self.signed_out(turn, Out::state(CLASS, OTHER_CLASS)),
            Ok(shown) => shown,
            Err(why) => return self.signed_out(turn, Out::token(token_reason(&why), "header", why)),
        };
        let named = names_session(&shown);
        match self.verify(Place::Alone, turn, text, shown) {
            Judged::Verified(identity) => self.signed_in(turn, identity),
            Judged::Refused(why) => match self.crumbs(turn) {
                Ok(crumbs) => self.refused(turn, &crumbs, ("header", text), (named, why)),
                Err(_) => self.signed_out(turn, Out::token(token_reason(&why), "header", why)),
            },
            Judged::Unavailable(why) => self.unavailable(turn, why),
            other => other,
        }
    }

    fn in_cookies(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let crumbs = match self.crumbs(turn) {
            Ok(crumbs) => crumbs,
            Err(why) => return self.signed_out(turn, Out::token(token_reason(&why), "cookie", why)),
        };
        if let Some(judged) = self.returned(turn) {
            return judged;
        }
        if self.instance.development {
            if turn.asking.target.query().and_then(|query| param(query, DEV_BROWSER)).is_some() {
                return self.go(turn, &crumbs, Out::state("dev-browser-sync", "the address names the browser"));
            }
            if self.dev_browser(turn, &crumbs).is_none() {
                return self.go(turn, &crumbs, Out::state("dev-browser-missing", "the browser is not known yet"));
            }
        }
        let Some(text) = crumbs.session.as_deref() else {
            if crumbs.client_uat == 0 {
                let why = Refused::Absent("no session cookie");
                return self.signed_out(turn, Out { why, ..Out::state("session-token-and-uat-missing", "") });
            }
            let why = "signed in at the issuer, but there is no session token";
            return self.go(turn, &crumbs, Out::state("client-uat-but-no-session-token", why));
        };
        if crumbs.client_uat == 0 {
            let why = "a session token, but signed out at the issuer";
            return self.go(turn, &crumbs, Out::state("session-token-but-no-client-uat", why));
        }
        let shown = match self.look(turn, text) {
            Ok(shown) if shown.is_no_session() => return self.signed_out(turn, Out::state(CLASS, OTHER_CLASS)),
            Ok(shown) => shown,
            Err(why) => return self.signed_out(turn, Out::token(token_reason(&why), "cookie", why)),
        };
        let issued = shown.claims().get("iat").and_then(Value::as_f64);
        if issued.is_some_and(|iat| iat < crumbs.client_uat as f64) {
            let why = "the session token is older than the state of the browser";
            return self.go(turn, &crumbs, Out::state("session-token-iat-before-client-uat", why));
        }
        let named = names_session(&shown);
        match self.verify(Place::Alone, turn, text, shown) {
            Judged::Verified(identity) => {
                if self.led_from_elsewhere(turn) {
                    let out = Out::state("primary-domain-cross-origin-sync", "a link of another site led here");
                    let message = Some("the session may have changed on another domain".to_owned());
                    if let Ok(judged) = self.handshake(turn, &crumbs, None, Out { message, ..out }) {
                        return judged;
                    }
                }
                self.signed_in(turn, identity)
            }
            Judged::Refused(why) => self.refused(turn, &crumbs, ("cookie", text), (named, why)),
            Judged::Unavailable(why) => self.unavailable(turn, why),
            other => other,
        }
    }

    /// A handshake if it can help, else nobody.
    fn go(&self, turn: &mut Turn<'_, '_>, crumbs: &Crumbs, out: Out) -> Judged {
        self.handshake(turn, crumbs, None, out).unwrap_or_else(|out| self.signed_out(turn, out))
    }

    /// A token was refused: a new one helps if only the clock is against it. `carrier`: where it stood. `named`: it names its
    /// session.
    fn refused(
        &self,
        turn: &mut Turn<'_, '_>,
        crumbs: &Crumbs,
        (carrier, text): (&str, &str),
        (named, why): (bool, Refused),
    ) -> Judged {
        let reason = match why {
            Refused::Expired(_) => expired(turn.asking.head, self.names.refresh(turn.asking.cookies), named),
            Refused::NotYet(_) => "session-token-nbf",
            Refused::Ahead(_) => "session-token-iat-in-the-future",
            _ => return self.signed_out(turn, Out::token(token_reason(&why), carrier, why)),
        };
        if let Err(judged) = self.is_signed(turn, text) {
            return match judged {
                Judged::Refused(why) => self.signed_out(turn, Out::token(token_reason(&why), carrier, why)),
                Judged::Unavailable(why) => self.unavailable(turn, why),
                other => other,
            };
        }
        let bearer = (carrier == "header").then_some(text);
        let out = Out::token(reason, carrier, why);
        self.handshake(turn, crumbs, bearer, out).unwrap_or_else(|out| self.signed_out(turn, out))
    }

    /// Only a token that this instance did sign is worth a handshake. Where there will be none, it is not asked.
    fn is_signed(&self, turn: &mut Turn<'_, '_>, text: &str) -> Result<(), Judged> {
        if !self.settings.handshake.on || !is_page(turn.asking.head) {
            return Ok(());
        }
        let token = Token::parse(text).map_err(Judged::Refused)?;
        let by = turn.by(&self.verifier);
        turn.learnt.signed(by, text, &token, turn.trace)
    }

    fn crumbs(&self, turn: &mut Turn<'_, '_>) -> Result<Crumbs, Refused> {
        let (now, index, learnt) = (turn.asking.head.now, turn.index, &mut *turn.learnt);
        let host = &self.instance.host;
        // A token that was verified before has been taken apart.
        let said = |text: &str| {
            let looked = learnt.cache.look(text);
            match learnt.recall(index, looked, now) {
                Some(identity) => Said::of(&identity.claims, host),
                None => Said::in_token(text, host),
            }
        };
        Crumbs::read(&self.names, turn.asking.cookies, self.instance.development, now, said)
    }

    /// The name of the browser, for a development instance.
    pub(super) fn dev_browser(&self, turn: &Turn<'_, '_>, crumbs: &Crumbs) -> Option<String> {
        let in_query = turn.asking.target.query().and_then(|query| param(query, DEV_BROWSER));
        in_query.filter(|name| !name.is_empty()).or_else(|| crumbs.dev_browser(&self.names, turn.asking.cookies))
    }
}

const CLASS: &str = "token-type-mismatch";
const OTHER_CLASS: &str = "the token is no session token";

/// Why an expired session was not renewed here: that takes a call to the Backend API, which the gate does not make.
fn expired(head: &Head, refresh: bool, named: bool) -> &'static str {
    match (head.method == "GET", refresh, named) {
        (false, ..) => "session-token-expired-refresh-non-eligible-non-get",
        (true, false, _) => "session-token-expired-refresh-non-eligible-no-refresh-cookie",
        (true, true, false) => "session-token-expired-refresh-expired-session-token-missing-sid-claim",
        (true, true, true) => "session-token-expired-refresh-fetch-error",
    }
}

fn names_session(shown: &Shown) -> bool {
    shown.claims().get("sid").and_then(Value::as_str).is_some_and(|sid| !sid.is_empty())
}

/// The token of `authorization`: behind `Bearer ` in this very spelling, or alone. Another scheme is none of ours.
fn header_token(head: &Head) -> Result<Option<&str>, Refused> {
    let Some(line) = head.single("authorization") else {
        let none = !head.has("authorization");
        return if none { Ok(None) } else { Err(Refused::Unreadable("more than one authorization header")) };
    };
    let Ok(line) = std::str::from_utf8(line) else {
        return Err(Refused::Unreadable("authorization is not one token"));
    };
    Ok(match line.split_once(' ') {
        None | Some((_, "")) => Some(line.trim_end()).filter(|token| !token.is_empty()),
        Some(("Bearer", token)) => Some(token),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_the_header() {
        let head = |lines: &[&str]| Head {
            headers: lines.iter().map(|line| ("authorization".to_owned(), line.as_bytes().to_vec())).collect(),
            ..Head::default()
        };
        let token = |line: &str| header_token(&head(&[line])).unwrap().map(str::to_owned);
        assert_eq!(token("Bearer a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(token("a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(token("Bearer a.b.c x").as_deref(), Some("a.b.c x"));
        assert_eq!(token("Bearer").as_deref(), Some("Bearer"));
        for none in ["", "bearer a.b.c", "Basic dTpw", "BEARER a.b.c"] {
            assert_eq!(token(none), None, "{none}");
        }
        assert_eq!(header_token(&head(&[])), Ok(None));
        assert!(header_token(&head(&["Bearer a", "Bearer b"])).is_err());
    }

    #[test]
    fn why_there_is_no_new_token() {
        let head = |method: &str| Head { method: method.to_owned(), ..Head::default() };
        assert!(expired(&head("POST"), true, true).ends_with("non-eligible-non-get"));
        assert!(expired(&head("GET"), false, true).ends_with("non-eligible-no-refresh-cookie"));
        assert!(expired(&head("GET"), true, false).ends_with("missing-sid-claim"));
        assert!(expired(&head("GET"), true, true).ends_with("fetch-error"));
    }
}
