//! Sessions: from a cookie or an `Authorization` header to a verified identity. Knows nothing of routes.
//!
//! The strict pre-check and the claim checks are ours; the signature step is a question to the world. In the order
//! of a token: [`token`] (form), [`claims`], [`source`] and [`jwk`] (which key), the question ([`judge`]), [`cache`].
//! For users: `docs/sessions.md`.

mod algorithm;
mod cache;
mod claims;
pub mod codes;
mod der;
mod identity;
mod json;
mod judge;
mod jwk;
mod number;
mod pem;
mod provider;
mod refused;
mod roca;
mod secret;
mod settings;
mod source;
mod token;
mod url;

#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use identity::Identity;
pub use number::FIRST_FREE_QUESTION;
pub use settings::{Carrier, KeySource, ProviderSettings};

use crate::diagnostic::Diagnostic;
use crate::question::{Answers, Asked};
use crate::request::{CookieRead, Cookies, Head};
use crate::supply::Supplies;
use crate::trace::{Outcome, Trace};
use cache::Cache;
use judge::{Judged, Learnt, Moment, note};
use provider::Provider;
use refused::Refused;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use token::Token;

/// What reading a session came to.
#[derive(Debug, Clone)]
pub enum Found {
    /// A verified session.
    Verified(Arc<Identity>),
    /// None; the text says why, for logs: `no cookie`, `expired 12 s ago`, `kid unknown, keys fetched 4 s ago`.
    None(String),
    /// It cannot be told now (keys not to be had): guarded routes answer 503. The text says why.
    Unavailable(String),
    /// Answer these first.
    Ask(Vec<Asked>),
}

/// All providers of a started policy, with their keys and the tokens already verified.
#[derive(Default)]
pub struct Sessions {
    providers: Vec<Provider>,
    learnt: Learnt,
}

/// Shows no key, no secret and no token.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions({} providers)", self.providers.len())
    }
}

impl Sessions {
    /// Make the providers ready: resolve names, parse keys. `seed` is random; it keeps the hash map of verified tokens
    /// from being aimed at.
    ///
    /// # Errors
    /// Everything that is wrong with what was supplied, with the codes of [`codes`], pointing at the provider. The
    /// list is empty if all that is wrong is that supplies are missing: who handed them in has reported those.
    pub fn prepare(
        settings: &[ProviderSettings],
        supplies: &Supplies,
        seed: (u64, u64),
    ) -> Result<Self, Vec<Diagnostic>> {
        let (providers, sources) = provider::prepare(settings, supplies)?;
        Ok(Self { providers, learnt: Learnt { sources, cache: Cache::new(seed) } })
    }

    /// Addresses that [`Found::Ask`] may name, besides the `jwks_uri` of the discovery documents among them.
    pub fn documents(&self) -> Vec<String> {
        self.learnt.sources.iter().map(source::Source::document).collect()
    }

    /// The session of this request: cookie providers in config order; the first that verifies.
    ///
    /// If none does: [`Found::Unavailable`] if one of them could not tell, else the reason of the provider that the
    /// cookie came furthest with.
    pub fn session(&mut self, head: &Head, cookies: &Cookies<'_>, answers: Answers<'_>, trace: &mut Trace) -> Found {
        self.session_by(|name, chunks| cookies.token(name, chunks), Moment { now: head.now, answers }, trace)
    }

    fn session_by(&mut self, read: impl Fn(&str, bool) -> CookieRead, moment: Moment<'_>, trace: &mut Trace) -> Found {
        let Self { providers, learnt } = self;
        let mut cookies: BTreeMap<(&str, bool), Cookie> = BTreeMap::new();
        let mut end = End::new(Refused::Absent("no cookie"));
        for (index, provider) in providers.iter().enumerate() {
            let Carrier::Cookie { name, chunks } = &provider.carrier else { continue };
            let cookie = cookies.entry((name, *chunks)).or_insert_with(|| Cookie::new(read(name, *chunks)));
            let text = match &cookie.read {
                CookieRead::Value(text) => text.as_str(),
                CookieRead::Absent => {
                    note(trace, Outcome::No, provider, || format!("no cookie `{name}`"));
                    continue;
                }
                CookieRead::Refused(why) => {
                    note(trace, Outcome::No, provider, || format!("cookie `{name}` refused: {why}"));
                    end.refuse(Refused::Unreadable(why));
                    continue;
                }
            };
            note(trace, Outcome::Info, provider, || format!("cookie `{name}`, {} bytes", text.len()));
            let same = |other: &Provider| other.carrier == provider.carrier;
            let later = providers.iter().enumerate().skip(index + 1).filter(|(_, other)| same(other));
            match judge_text(learnt, (index, provider), later, text, &mut cookie.token, moment, trace) {
                Judged::Verified(identity) => return Found::Verified(identity),
                Judged::Ask(asked) => return Found::Ask(asked),
                Judged::Refused(why) => end.refuse(why),
                Judged::Unavailable(why) => end.unavailable = Some(why),
            }
        }
        end.into()
    }

    /// The bearer token of this request, judged by the provider with that number (its place in the settings).
    pub fn bearer(&mut self, provider: usize, head: &Head, answers: Answers<'_>, trace: &mut Trace) -> Found {
        let Self { providers, learnt } = self;
        let mut end = End::new(Refused::Absent("no bearer token"));
        let index = provider;
        let Some(provider) = providers.get(index).filter(|provider| provider.carrier == Carrier::Bearer) else {
            return end.into();
        };
        let text = match bearer_token(head) {
            Ok(text) => text,
            Err(why) => {
                note(trace, Outcome::No, provider, || why.to_string());
                end.refuse(why);
                return end.into();
            }
        };
        note(trace, Outcome::Info, provider, || format!("bearer token, {} bytes", text.len()));
        let moment = Moment { now: head.now, answers };
        match judge_text(learnt, (index, provider), std::iter::empty(), text, &mut None, moment, trace) {
            Judged::Verified(identity) => return Found::Verified(identity),
            Judged::Ask(asked) => return Found::Ask(asked),
            Judged::Refused(why) => end.refuse(why),
            Judged::Unavailable(why) => end.unavailable = Some(why),
        }
        end.into()
    }
}

/// A cookie, read and taken apart once for all providers.
struct Cookie {
    read: CookieRead,
    token: Option<Result<Token, Refused>>,
}

impl Cookie {
    fn new(read: CookieRead) -> Self {
        Self { read, token: None }
    }
}

/// Judge a text: from memory if it can be, else from its parts.
///
/// A token that a `later` provider of the same cookie has verified tells its algorithm and issuer without being
/// parsed; that is enough to pass over a provider that would not take either.
fn judge_text<'p>(
    learnt: &mut Learnt,
    (index, provider): (usize, &Provider),
    later: impl Iterator<Item = (usize, &'p Provider)>,
    text: &str,
    parsed: &mut Option<Result<Token, Refused>>,
    moment: Moment<'_>,
    trace: &mut Trace,
) -> Judged {
    let looked = learnt.cache.look(text);
    if let Some(identity) = learnt.recall(index, provider, looked, moment.now) {
        note(trace, Outcome::Yes, provider, || "verified before".to_owned());
        return Judged::Verified(identity);
    }
    if parsed.is_none() {
        for (other, _) in later {
            let Some(entry) = learnt.cache.get(other, looked) else { continue };
            let why = if !provider.algorithms.contains(&entry.algorithm) {
                Refused::Algorithm
            } else if !provider.rules.accepts_issuer(&entry.identity.issuer) {
                Refused::Issuer
            } else {
                break;
            };
            note(trace, Outcome::No, provider, || format!("before the signature: {why}"));
            return Judged::Refused(why);
        }
    }
    match parsed.get_or_insert_with(|| Token::parse(text)) {
        Ok(token) => learnt.judge(index, provider, looked, token, moment, trace),
        Err(why) => {
            note(trace, Outcome::No, provider, || why.to_string());
            Judged::Refused(why.clone())
        }
    }
}

/// The one token behind the one `Authorization: Bearer` (RFC 6750 section 2.1). The scheme's case does not count
/// (RFC 9110 section 11.1); exactly one space is taken.
fn bearer_token(head: &Head) -> Result<&str, Refused> {
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

/// How it ends if nobody verifies.
struct End {
    refused: Refused,
    unavailable: Option<String>,
}

impl End {
    fn new(refused: Refused) -> Self {
        Self { refused, unavailable: None }
    }

    fn refuse(&mut self, why: Refused) {
        if why.weight() > self.refused.weight() {
            self.refused = why;
        }
    }
}

impl From<End> for Found {
    fn from(end: End) -> Self {
        match end.unavailable {
            Some(why) => Self::Unavailable(why),
            None => Self::None(end.refused.to_string()),
        }
    }
}
