//! Sessions: from cookies and headers to a verified identity. Knows nothing of routes.
//!
//! [`jwt`] verifies signed tokens, [`crypto`] opens sealed cookies; each kind of session has a file or a folder and is made of
//! these ([`plain`] is the kind that is a token and nothing else). [`kind`] is what they have in common, [`prepare`] makes them
//! ready, [`cache`] remembers what was verified. For users: `docs/sessions.md`.

mod auth0;
mod authjs;
mod better_auth;
mod cache;
mod clerk;
pub mod codes;
mod convex_auth;
mod crypto;
mod encrypted;
mod escapes;
mod identity;
mod iron_seal;
mod iron_session;
mod json;
mod jwt;
mod kind;
mod known;
mod number;
mod plain;
mod prepare;
mod refused;
mod secret;
mod set_cookie;
mod settings;
mod supabase;
mod url;
mod workos;

#[cfg(test)]
mod tests;

pub use auth0::{Auth0Rolling, Auth0Settings};
pub use authjs::{AuthJsSettings, AuthJsVersion};
pub use better_auth::{BetterAuthSettings, BetterAuthStrategy};
pub use clerk::{ClerkCookies, ClerkSettings, Entitlement, Handshake, Has, Level, Reverification, is_publishable_key};
pub use convex_auth::{
    CodePaths, ConvexAuthSettings, ConvexService, CookieNames, FunctionKind, Margin, Place, Renewal, is_at,
};
pub use identity::Identity;
pub use iron_seal::SealPasswords;
pub use iron_session::IronSessionSettings;
pub use jwt::{Algorithm, KeySource, SigningKey, TokenSettings};
pub use kind::{Asking, Carry, Detour, Kind, Served};
pub use known::{Known, KnownSettings};
pub use number::FIRST_FREE_QUESTION;
pub use plain::{Carrier, PlainSettings};
pub use set_cookie::{CookieAttributes, SameSite};
pub use settings::{KindSettings, ProviderSettings};
pub use supabase::SupabaseSettings;
pub use workos::WorkosSettings;

use crate::diagnostic::Diagnostic;
use crate::question::Asked;
use crate::request::CookieRule;
use crate::supply::Supplies;
use crate::trace::Trace;
use cache::Cache;
use kind::{Judged, Learnt, Turn};
use plain::Memo;
use prepare::Provider;
use refused::Refused;
use std::fmt;
use std::sync::Arc;

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
    /// The visitor must go elsewhere first.
    Detour(Box<Detour>),
    /// Nothing can be done for this request now, whatever the rules say: 503. The text says why.
    Later(String),
}

/// A session, and what goes along with the answer.
#[derive(Debug, Clone)]
pub struct Read {
    /// What it came to.
    pub found: Found,
    /// What goes along.
    pub carry: Carry,
}

/// All providers of a started policy, with their keys and the tokens already verified.
#[derive(Default)]
pub struct Sessions {
    providers: Vec<Provider>,
    /// Numbers of those that stand under `[session]`, in config order; the others under `[bearer]`.
    ordered: Vec<usize>,
    cookies: Vec<CookieRule>,
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
        let (providers, sources) = prepare::prepare(settings, supplies)?;
        let mut cookies: Vec<CookieRule> = providers.iter().flat_map(|provider| provider.reader.cookies()).collect();
        cookies.sort();
        cookies.dedup();
        let ordered = settings.iter().enumerate().filter(|(_, one)| !one.bearer).map(|(index, _)| index).collect();
        Ok(Self { providers, ordered, cookies, learnt: Learnt { sources, cache: Cache::new(seed) } })
    }

    /// Addresses that [`Found::Ask`] may name, besides the `jwks_uri` of the discovery documents among them.
    pub fn documents(&self) -> Vec<String> {
        self.learnt.sources.iter().map(jwt::Source::document).collect()
    }

    /// Addresses that a [`Question::Call`](crate::question::Question::Call) may name.
    pub fn calls(&self) -> Vec<String> {
        self.providers.iter().flat_map(|provider| provider.reader.calls()).collect()
    }

    /// What a session system answers by itself, without any rule: its own endpoint. `None`: this request is none of that.
    pub fn serve(&mut self, asking: Asking<'_>, trace: &mut Trace) -> Option<(Served, Carry)> {
        let Self { providers, ordered, learnt, .. } = self;
        let (mut memo, mut carry) = (Memo::default(), Carry::default());
        for (index, provider) in ordered.iter().filter_map(|index| Some((*index, providers.get(*index)?))) {
            let name = provider.name.as_str();
            let mut turn = Turn { asking, index, name, learnt, memo: &mut memo, carry: &mut carry, trace: &mut *trace };
            if let Some(served) = provider.reader.serve(&mut turn) {
                return Some((served, carry));
            }
        }
        None
    }

    /// The cookies that sessions are read from.
    pub fn cookies(&self) -> &[CookieRule] {
        &self.cookies
    }

    /// The session of this request: session providers in config order; the first that verifies.
    ///
    /// If none does: [`Found::Unavailable`] if one of them could not tell, else the reason of the provider that the
    /// request came furthest with.
    pub fn session(&mut self, asking: Asking<'_>, trace: &mut Trace) -> Read {
        let Self { providers, ordered, learnt, .. } = self;
        first_of(providers, (ordered, "no session"), learnt, asking, trace)
    }

    /// The bearer token of this request, judged by the provider with that number (its place in the settings).
    pub fn bearer(&mut self, provider: usize, asking: Asking<'_>, trace: &mut Trace) -> Read {
        let Self { providers, ordered, learnt, .. } = self;
        let among: &[usize] = if ordered.contains(&provider) { &[] } else { &[provider] };
        first_of(providers, (among, "no bearer token"), learnt, asking, trace)
    }
}

fn first_of(
    providers: &[Provider],
    (among, nobody): (&[usize], &'static str),
    learnt: &mut Learnt,
    asking: Asking<'_>,
    trace: &mut Trace,
) -> Read {
    let (mut memo, mut carry) = (Memo::default(), Carry::default());
    let mut end = End { refused: Refused::Absent(nobody), asked: false, unavailable: None };
    for (index, provider) in among.iter().filter_map(|index| Some((*index, providers.get(*index)?))) {
        let name = provider.name.as_str();
        let mut turn = Turn { asking, index, name, learnt, memo: &mut memo, carry: &mut carry, trace: &mut *trace };
        let found = match provider.reader.read(&mut turn) {
            Judged::Verified(identity) => Found::Verified(identity),
            Judged::Ask(asked) => Found::Ask(asked),
            Judged::Detour(detour) => Found::Detour(detour),
            Judged::Later(why) => Found::Later(why),
            Judged::Refused(why) => {
                end.refuse(why);
                continue;
            }
            Judged::Unavailable(why) => {
                end.unavailable = Some(why);
                continue;
            }
        };
        return Read { found, carry };
    }
    Read { found: end.into(), carry }
}

/// How it ends if nobody verifies.
struct End {
    refused: Refused,
    asked: bool,
    unavailable: Option<String>,
}

impl End {
    /// Keep the reason that tells most; of equals the first.
    fn refuse(&mut self, why: Refused) {
        if !self.asked || why.weight() > self.refused.weight() {
            self.refused = why;
        }
        self.asked = true;
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
