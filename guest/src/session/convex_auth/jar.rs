//! The three cookies of one request: what they hold, and what the browser and the app behind shall have instead.

use super::{CookieNames, Place, Tokens};
use crate::request::{CookieRead, CookieRule, encode_component};
use crate::session::escapes::unescaped;
use crate::session::kind::{Asking, Carry, Turn};
use crate::session::refused::Refused;
use crate::session::set_cookie::{CookieAttributes, SameSite};
use std::borrow::Cow;

/// Full names of the cookies at one place.
pub(super) struct Names {
    token: CookieRule,
    refresh: CookieRule,
    verifier: CookieRule,
}

impl Names {
    pub(super) fn new(prefix: &str, names: &CookieNames) -> Self {
        let rule = |name: &str| CookieRule::text(&format!("{prefix}{name}"), None);
        Self { token: rule(&names.token), refresh: rule(&names.refresh), verifier: rule(&names.verifier) }
    }

    pub(super) fn rules(&self) -> Vec<CookieRule> {
        vec![self.token.clone(), self.refresh.clone(), self.verifier.clone()]
    }
}

/// What a request brought.
pub(super) struct Jar<'n> {
    names: &'n Names,
    secure: bool,
    /// The token, as it stands there; may be anything.
    pub(super) token: Option<String>,
    /// The refresh token, decoded; may be anything.
    pub(super) refresh: Option<String>,
    /// What ties a sign-in that is under way to this browser.
    pub(super) verifier: Option<String>,
}

impl<'n> Jar<'n> {
    /// # Errors
    /// One of them comes twice with different values: nobody can say which is meant, and the app behind sees none.
    pub(super) fn read(names: &'n Names, place: &Place, asking: &Asking<'_>) -> Result<Self, Refused> {
        let read = |rule: &CookieRule| match asking.cookies.read(rule) {
            CookieRead::Absent => Ok(None),
            CookieRead::Value(text) => Ok(Some(match unescaped(&text) {
                Ok(Cow::Owned(decoded)) => decoded,
                _ => text,
            })),
            CookieRead::Refused(why @ "conflict") => Err(Refused::Unreadable(why)),
            // There, and of no use: as good as an empty one.
            CookieRead::Refused(_) => Ok(Some(String::new())),
        };
        Ok(Self {
            names,
            secure: place.is_secure(asking),
            token: read(&names.token)?,
            refresh: read(&names.refresh)?,
            verifier: read(&names.verifier)?.filter(|verifier| !verifier.is_empty()),
        })
    }

    /// Is there nothing that could be a session?
    pub(super) fn is_empty(&self) -> bool {
        self.token.is_none() && self.refresh.is_none()
    }

    /// Somebody signed in: the browser has these tokens from now on, and the app behind sees them.
    pub(super) fn fill(&self, carry: &mut Carry, tokens: &Tokens, until: Lifetime) {
        self.session(carry, Some(tokens), until, true);
    }

    /// As [`Jar::fill`], but a sign-in under way, in another tab maybe, goes on.
    pub(super) fn renew(&self, carry: &mut Carry, tokens: &Tokens, until: Lifetime) {
        self.session(carry, Some(tokens), until, self.verifier.is_none());
    }

    /// From now on there is no session.
    pub(super) fn empty(&self, carry: &mut Carry) {
        self.session(carry, None, Lifetime::default(), true);
    }

    /// As [`Jar::empty`], but a sign-in under way goes on.
    pub(super) fn end(&self, carry: &mut Carry) {
        self.session(carry, None, Lifetime::default(), self.verifier.is_none());
    }

    fn session(&self, carry: &mut Carry, tokens: Option<&Tokens>, until: Lifetime, verifier: bool) {
        let token = tokens.map(|tokens| encode_component(&tokens.token));
        let refresh = tokens.map(|tokens| encode_component(&tokens.refresh));
        self.write(carry, [(&self.names.token, token), (&self.names.refresh, refresh)], until);
        if verifier {
            self.write(carry, [(&self.names.verifier, None)], until);
        }
    }

    /// A sign-in begins. The app behind has no use for it.
    pub(super) fn begin(&self, carry: &mut Carry, verifier: &str, until: Lifetime) {
        self.write(carry, [(&self.names.verifier, Some(encode_component(verifier)))], until);
    }

    /// The app behind shall not see the token: it is not what it says.
    pub(super) fn hide_token(&self, carry: &mut Carry) {
        see(carry, &self.names.token.name, None);
    }

    fn write<const N: usize>(&self, carry: &mut Carry, cookies: [(&CookieRule, Option<String>); N], until: Lifetime) {
        let attributes = CookieAttributes {
            path: "/".to_owned(),
            domain: None,
            secure: self.secure,
            same_site: SameSite::Lax,
            transient: until.max_age.is_none(),
        };
        for (rule, value) in cookies {
            let line = match &value {
                Some(value) => {
                    let end = until.max_age.map(|age| until.now.saturating_add(age));
                    attributes.line(&rule.name, value, until.now, end)
                }
                None => attributes.gone(&rule.name),
            };
            let own = |line: &String| line.strip_prefix(&rule.name).is_some_and(|rest| rest.starts_with('='));
            carry.set_cookies.retain(|line| !own(line));
            carry.set_cookies.push(line);
            see(carry, &rule.name, value);
        }
    }
}

/// How long cookies that are set live.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lifetime {
    /// Unix time.
    pub(super) now: i64,
    /// Seconds; `None`: as long as the browser is open.
    pub(super) max_age: Option<i64>,
}

/// The app behind sees this instead.
fn see(carry: &mut Carry, name: &str, value: Option<String>) {
    carry.cookies.retain(|(known, _)| known != name);
    carry.cookies.push((name.to_owned(), value));
}

/// Keep all of them from the app behind.
pub(super) fn hide(names: &Names, turn: &mut Turn<'_, '_>) {
    for rule in names.rules() {
        see(turn.carry, &rule.name, None);
    }
}
