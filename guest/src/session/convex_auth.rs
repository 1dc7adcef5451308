//! `kind = "convex-auth"`: the session of Convex Auth as its middleware reads it. Two cookies: a token (RS256, without
//! `kid` and `typ`) and a refresh token. One without the other is no session, and a request that another origin sent has
//! none. Nothing is renewed here.
//!
//! The names of the cookies depend on where the site is: on this very machine (`http://localhost:3000`) browsers take no
//! `__Host-` cookies, so the prefix is left out there. The config says where that is; the Host header does only where it
//! is told to.

use super::jwt::{TokenSettings, Verifier};
use super::kind::{Asking, Judged, Kind, Reader, Ready, Turn};
use super::known::{Known, KnownSettings};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::request::{Authority, CookieRead, CookieRule, Head};
use crate::supply::Text;

/// `kind = "convex-auth"`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexAuthSettings {
    /// What the issuer is known by, if `token` does not say.
    pub issuer: Option<(Known, Text)>,
    /// What the token must be.
    pub token: TokenSettings,
    /// Names of the cookies.
    pub names: CookieNames,
    /// Where the site is.
    pub place: Place,
}

/// Names of the cookies, without the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieNames {
    /// What stands in front of them unless the site is on this very machine.
    pub prefix: String,
    /// The token.
    pub token: String,
    /// The refresh token.
    pub refresh: String,
    /// What ties a sign-in to a browser; never read, and kept from the app like the others.
    pub verifier: String,
}

/// Where the site is for browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As the config says: `https://app.example.com`.
    Origin(String),
    /// Wherever the request says that it is.
    AsAsked,
    /// Nobody says; not on this very machine.
    Elsewhere,
}

impl Kind for ConvexAuthSettings {
    fn headers(&self) -> Vec<String> {
        vec!["origin".to_owned()]
    }
}

impl Ready for ConvexAuthSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let token = match &self.issuer {
            Some((known, name)) => {
                let name = KnownSettings::resolve(*known, name, prepare)?;
                known.fill(&name, true, &self.token)?
            }
            None => self.token.clone(),
        };
        let verifier = Verifier::ready(&token, prepare)?;
        let names = |prefix: &str| Names::new(prefix, &self.names);
        Some(Box::new(ConvexAuth {
            verifier,
            remote: names(&self.names.prefix),
            local: names(""),
            place: self.place.clone(),
        }))
    }
}

/// The three cookies.
struct Names {
    token: CookieRule,
    refresh: CookieRule,
    verifier: String,
}

impl Names {
    fn new(prefix: &str, names: &CookieNames) -> Self {
        let name = |name: &str| format!("{prefix}{name}");
        Self {
            token: CookieRule::token(&name(&names.token), false),
            refresh: CookieRule::text(&name(&names.refresh), None),
            verifier: name(&names.verifier),
        }
    }

    fn rules(&self) -> Vec<CookieRule> {
        vec![self.token.clone(), self.refresh.clone(), CookieRule::text(&self.verifier, None)]
    }
}

struct ConvexAuth {
    verifier: Verifier,
    remote: Names,
    local: Names,
    place: Place,
}

impl Reader for ConvexAuth {
    fn cookies(&self) -> Vec<CookieRule> {
        match &self.place {
            Place::Origin(origin) => self.at(is_local(origin)).rules(),
            Place::AsAsked => [self.remote.rules(), self.local.rules()].concat(),
            Place::Elsewhere => self.remote.rules(),
        }
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let asking = turn.asking;
        let names = self.at(match &self.place {
            Place::Origin(origin) => is_local(origin),
            Place::AsAsked => is_local_authority(&asking.head.authority),
            Place::Elsewhere => false,
        });
        let (token, refresh) = (asking.cookies.read(&names.token), asking.cookies.read(&names.refresh));
        if (token != CookieRead::Absent || refresh != CookieRead::Absent) && self.is_foreign(asking) {
            let hidden = names.rules().into_iter().map(|rule| (rule.name, None));
            turn.carry.cookies.extend(hidden);
            return turn.refuse(Refused::Unreadable("sent by another origin, cookies not read"));
        }
        match (token, refresh) {
            (CookieRead::Absent, CookieRead::Absent) => turn.refuse(Refused::Absent("no cookie")),
            (CookieRead::Refused(why), _) | (_, CookieRead::Refused(why)) => turn.refuse(Refused::Unreadable(why)),
            (CookieRead::Value(_), CookieRead::Absent) => turn.refuse(Refused::State("token without refresh token")),
            (CookieRead::Absent, CookieRead::Value(_)) => turn.refuse(Refused::State("refresh token without token")),
            (CookieRead::Value(text), CookieRead::Value(_)) => turn.token(&self.verifier, &text),
        }
    }
}

impl ConvexAuth {
    fn at(&self, local: bool) -> &Names {
        if local { &self.local } else { &self.remote }
    }

    /// Did another origin send this? Without `origin` nobody says so: browsers send it with everything but plain
    /// navigations and same-origin reads.
    fn is_foreign(&self, asking: Asking<'_>) -> bool {
        if !asking.head.has("origin") {
            return false;
        }
        let sent = asking.head.single("origin").and_then(|line| std::str::from_utf8(line).ok()).and_then(parts);
        match &self.place {
            Place::Origin(own) => sent.is_none() || sent != parts(own),
            Place::AsAsked | Place::Elsewhere => !sent.is_some_and(|sent| is_host_of(asking.head, &sent)),
        }
    }
}

/// Scheme, host and port of an origin; the port of the scheme if none is written. `null` is none.
fn parts(origin: &str) -> Option<(String, String, u16)> {
    let (scheme, authority) = origin.split_once("://")?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = Authority::parse(authority).ok()?;
    Some((scheme.to_owned(), authority.host, authority.port.unwrap_or(usual)))
}

/// Is it the host that was asked? The scheme is not compared: before a proxy that ends TLS and does not say so, only
/// the browser knows it.
fn is_host_of(head: &Head, (scheme, host, port): &(String, String, u16)) -> bool {
    let usual = if scheme == "https" { 443 } else { 80 };
    Authority::parse(&head.authority).is_ok_and(|own| own.host == *host && own.port.unwrap_or(usual) == *port)
}

/// `http://localhost:3000`: on this very machine, and with a port, as Convex Auth has it.
fn is_local(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, authority)| is_local_authority(authority))
}

fn is_local_authority(authority: &str) -> bool {
    let local = |own: Authority| matches!(own.host.as_str(), "localhost" | "127.0.0.1") && own.port.is_some();
    Authority::parse(authority).is_ok_and(local)
}

#[cfg(test)]
#[path = "convex_auth_tests.rs"]
mod tests;
