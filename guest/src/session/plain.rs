//! A signed token and nothing else: in a cookie (`jwt-cookie`), in `Authorization: Bearer`, or in a header of its own.

use super::cache::Looked;
use super::jwt::{Token, TokenSettings, Verifier};
use super::kind::{Judged, Kind, Learnt, Reader, Ready, Turn, note};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::request::{CookieRead, CookieRule, Head};
use crate::trace::Outcome;
use std::collections::BTreeMap;

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// An http-only cookie.
    Cookie(CookieRule),
    /// `Authorization: Bearer`.
    Bearer,
    /// A header that holds the token alone (lower case).
    Header(String),
}

/// `kind = "jwt-cookie"`, and every `[bearer.NAME]`.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainSettings {
    /// The first that is there counts; if its token is bad, the others do not make it good.
    pub carriers: Vec<Carrier>,
    /// What the token must be.
    pub token: TokenSettings,
}

impl Kind for PlainSettings {
    fn headers(&self) -> Vec<String> {
        let name = |carrier: &Carrier| match carrier {
            Carrier::Cookie(_) => None,
            Carrier::Bearer => Some("authorization".to_owned()),
            Carrier::Header(name) => Some(name.clone()),
        };
        self.carriers.iter().filter_map(name).collect()
    }

    fn reads_cookies(&self) -> bool {
        self.carriers.iter().any(|carrier| matches!(carrier, Carrier::Cookie(_)))
    }
}

impl Ready for PlainSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let verifier = Verifier::ready(&self.token, prepare)?;
        // A later provider of the same cookie may already know the token: see `Plain::passes_over`.
        let rivals = prepare.later_with(|other| other.carriers == self.carriers);
        Some(Box::new(Plain { carriers: self.carriers.clone(), verifier, rivals }))
    }
}

struct Plain {
    carriers: Vec<Carrier>,
    verifier: Verifier,
    rivals: Vec<usize>,
}

/// A cookie, read and taken apart once for all providers of one request.
#[derive(Default)]
pub(super) struct Memo(BTreeMap<CookieRule, Cookie>);

struct Cookie {
    read: CookieRead,
    token: Option<Result<Token, Refused>>,
}

impl Reader for Plain {
    fn cookies(&self) -> Vec<CookieRule> {
        let cookie = |carrier: &Carrier| match carrier {
            Carrier::Cookie(rule) => Some(rule.clone()),
            Carrier::Bearer | Carrier::Header(_) => None,
        };
        self.carriers.iter().filter_map(cookie).collect()
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let mut absent = "no token";
        for carrier in &self.carriers {
            let (what, line) = match carrier {
                Carrier::Cookie(rule) => {
                    absent = "no cookie";
                    match self.cookie(rule, turn) {
                        Some(judged) => return judged,
                        None => continue,
                    }
                }
                Carrier::Bearer => ("bearer token", bearer_token(turn.asking.head)),
                Carrier::Header(name) => ("header", header_token(turn.asking.head, name)),
            };
            match line {
                Ok(text) => {
                    turn.note(Outcome::Info, || format!("{what}, {} bytes", text.len()));
                    return turn.token(&self.verifier, text);
                }
                Err(Refused::Absent(what)) => absent = what,
                Err(why) => return turn.refuse(why),
            }
        }
        turn.refuse(Refused::Absent(absent))
    }
}

impl Plain {
    /// `None`: the cookie is not there.
    fn cookie(&self, rule: &CookieRule, turn: &mut Turn<'_, '_>) -> Option<Judged> {
        let (asking, by) = (turn.asking, turn.by(&self.verifier));
        if !turn.memo.0.contains_key(rule) {
            turn.memo.0.insert(rule.clone(), Cookie { read: asking.cookies.read(rule), token: None });
        }
        let cookie = turn.memo.0.get_mut(rule)?;
        let text = match &cookie.read {
            CookieRead::Value(text) => text.as_str(),
            CookieRead::Absent => {
                note(turn.trace, Outcome::No, by.name, || format!("no cookie `{}`", rule.name));
                return None;
            }
            CookieRead::Refused(why) => {
                note(turn.trace, Outcome::No, by.name, || format!("cookie `{}` refused: {why}", rule.name));
                return Some(Judged::Refused(Refused::Unreadable(why)));
            }
        };
        note(turn.trace, Outcome::Info, by.name, || format!("cookie `{}`, {} bytes", rule.name, text.len()));
        let looked = turn.learnt.cache.look(text);
        if let Some(identity) = turn.learnt.recall(by.index, looked, by.now) {
            note(turn.trace, Outcome::Yes, by.name, || "verified before".to_owned());
            return Some(Judged::Verified(identity));
        }
        let passed_over = cookie.token.is_none().then(|| self.passes_over(turn.learnt, looked)).flatten();
        let parsed = match passed_over {
            Some(why) => Err(why),
            None => match cookie.token.get_or_insert_with(|| Token::parse(text)) {
                Ok(token) => Ok(token),
                Err(why) => Err(why.clone()),
            },
        };
        Some(match parsed {
            Ok(token) => turn.learnt.judge(by, looked, token, turn.trace),
            Err(why) => {
                note(turn.trace, Outcome::No, by.name, || format!("before the signature: {why}"));
                Judged::Refused(why)
            }
        })
    }

    /// A token that a later provider of the same cookie has verified tells its algorithm and issuer without being
    /// parsed; that is enough to pass over a provider that would not take either.
    fn passes_over(&self, learnt: &mut Learnt, looked: Looked<'_>) -> Option<Refused> {
        for other in &self.rivals {
            let Some(entry) = learnt.cache.get(*other, looked) else { continue };
            return if entry.proof.algorithm.is_some_and(|algorithm| !self.verifier.algorithms.contains(&algorithm)) {
                Some(Refused::Algorithm)
            } else if !self.verifier.rules.accepts_issuer(&entry.identity.issuer) {
                Some(Refused::Issuer)
            } else {
                None
            };
        }
        None
    }
}

/// The one token behind the one `Authorization: Bearer` (RFC 6750 section 2.1). The scheme's case does not count
/// (RFC 9110 section 11.1); exactly one space is taken.
pub(super) fn bearer_token(head: &Head) -> Result<&str, Refused> {
    let mut lines = head.lines("authorization");
    let line = lines.next().ok_or(Refused::Absent("no bearer token"))?;
    if lines.next().is_some() {
        return Err(Refused::Unreadable("more than one authorization header"));
    }
    let other = Refused::Unreadable("authorization is not one bearer token");
    let Ok(line) = std::str::from_utf8(line) else { return Err(other) };
    match line.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => Ok(token),
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case("bearer") => Err(Refused::Absent("no bearer token")),
        _ => Err(other),
    }
}

/// The token that is the whole value of the one header of that name.
fn header_token<'a>(head: &'a Head, name: &'a str) -> Result<&'a str, Refused> {
    let mut lines = head.lines(name);
    let line = lines.next().ok_or(Refused::Absent("no token header"))?;
    match (std::str::from_utf8(line), lines.next()) {
        (Ok(""), None) => Err(Refused::Absent("no token header")),
        (Ok(text), None) => Ok(text),
        _ => Err(Refused::Unreadable("the token header is not one token")),
    }
}
