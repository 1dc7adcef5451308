//! What all kinds of session have in common: what they are asked with, what they may answer, and what they share.
//!
//! A kind is two things. Its settings ([`Kind`]) say what it needs to see; made ready, they become a [`Reader`], which turns
//! a request into an identity, a reason, or questions.

use super::Identity;
use super::cache::{Cache, Entry, Looked, Proof};
use super::jwt::{By, Place, Source, Verifier};
use super::prepare::Prepare;
use super::refused::Refused;
use crate::question::{Answers, Asked};
use crate::request::{CookieRead, CookieRule, Cookies, Head, Kind as RequestKind, Target};
use crate::trace::{Outcome, Stage, Trace};
use std::fmt;
use std::sync::Arc;

/// The settings of a provider of some kind.
pub trait Kind: fmt::Debug {
    /// Request headers that it reads, besides `cookie`; lower case.
    fn headers(&self) -> Vec<String>;

    /// Request headers that no client may send: those by which the app behind learns who it is.
    fn stripped(&self) -> Vec<String> {
        Vec::new()
    }

    /// Must the session be read for every request, also where no rule asks?
    fn everywhere(&self) -> bool {
        false
    }

    /// The path at which it answers by itself, without any rule.
    fn endpoint(&self) -> Option<&str> {
        None
    }

    /// Does it read cookies?
    fn reads_cookies(&self) -> bool {
        true
    }
}

/// A provider made ready.
pub(super) trait Reader: Send {
    /// The cookies that it reads: in conflict they are nobody's, and are kept from the app.
    fn cookies(&self) -> Vec<CookieRule>;

    /// Judge a request.
    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged;

    /// Addresses that it calls.
    fn calls(&self) -> Vec<String> {
        Vec::new()
    }

    /// Answer a request to [`Kind::endpoint`]. `None`: this is none.
    fn serve(&self, _turn: &mut Turn<'_, '_>) -> Option<Served> {
        None
    }
}

/// Where the settings become a reader: the second half of [`Kind`], which only this room sees.
pub(super) trait Ready {
    /// `None`: what is wrong has been said to `prepare`, or a supply is missing.
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>>;
}

/// A request, as a session is read from it.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The head.
    pub head: &'a Head,
    /// Its cookies.
    pub cookies: &'a Cookies<'a>,
    /// Its canonical target.
    pub target: &'a Target,
    /// `https://app.example.com`: where this site is for browsers, as the config says or as is safe to believe.
    pub origin: Option<&'a str>,
    /// Which client step it is.
    pub kind: RequestKind,
    /// The path as the app behind knows it: below its base path.
    pub page: &'a str,
    /// Would the middleware of the app behind run?
    pub runs: bool,
    /// Where the visitor was going when the sign-in page came up that this request was sent from; checked.
    pub back: Option<&'a str>,
    /// Answers so far.
    pub answers: Answers<'a>,
}

impl<'a> Asking<'a> {
    /// A request of which nothing is known but itself.
    pub fn new(head: &'a Head, cookies: &'a Cookies<'a>, target: &'a Target, answers: Answers<'a>) -> Self {
        let (kind, page) = (RequestKind::of(head, target), target.path());
        Self { head, cookies, target, origin: None, kind, page, runs: true, back: None, answers }
    }
}

/// A request in front of one provider.
pub(super) struct Turn<'a, 'b> {
    /// The request.
    pub(super) asking: Asking<'a>,
    /// Number of the provider.
    pub(super) index: usize,
    /// Its name, for reasons.
    pub(super) name: &'a str,
    /// Keys and verified tokens.
    pub(super) learnt: &'b mut Learnt,
    /// Cookies that several providers read, taken apart once.
    pub(super) memo: &'b mut super::plain::Memo,
    /// What goes along with the answer, whatever it is.
    pub(super) carry: &'b mut Carry,
    /// Why.
    pub(super) trace: &'b mut Trace,
}

impl<'a> Turn<'a, '_> {
    /// This provider as a judge of tokens.
    pub(super) fn by<'v>(&self, verifier: &'v Verifier) -> By<'v>
    where
        'a: 'v,
    {
        let Asking { head, answers, .. } = self.asking;
        By { index: self.index, name: self.name, verifier, place: Place::Alone, now: head.now, answers }
    }

    /// The identity of this very token, if it is known to be good.
    pub(super) fn recall(&mut self, text: &str) -> Option<Arc<Identity>> {
        let looked = self.learnt.cache.look(text);
        self.learnt.recall(self.index, looked, self.asking.head.now)
    }

    /// Judge a text that must be a token.
    pub(super) fn token(&mut self, verifier: &Verifier, text: &str) -> Judged {
        let by = self.by(verifier);
        self.learnt.token(by, text, self.trace)
    }

    /// Unix time.
    pub(super) fn now(&self) -> i64 {
        self.asking.head.now
    }

    /// A line of reasoning about this provider.
    pub(super) fn note(&mut self, outcome: Outcome, detail: impl FnOnce() -> String) {
        note(self.trace, outcome, self.name, detail);
    }

    /// Refuse, and say so.
    pub(super) fn refuse(&mut self, why: Refused) -> Judged {
        self.note(Outcome::No, || why.to_string());
        Judged::Refused(why)
    }

    /// The text of the one cookie that this kind reads.
    ///
    /// # Errors
    /// The refusal, when it is not there or must not be read.
    pub(super) fn cookie(&mut self, rule: &CookieRule) -> Result<String, Judged> {
        match self.asking.cookies.read(rule) {
            CookieRead::Value(text) => Ok(text),
            CookieRead::Absent => Err(self.refuse(Refused::Absent("no cookie"))),
            CookieRead::Refused(why) => Err(self.refuse(Refused::Unreadable(why))),
        }
    }

    /// The identity that this very cookie stood for before, if it still does.
    pub(super) fn known(&mut self, text: &str) -> Option<Arc<Identity>> {
        let looked = self.learnt.cache.look_whole(text);
        let found = self.learnt.recall(self.index, looked, self.asking.head.now)?;
        self.note(Outcome::Yes, || "opened before".to_owned());
        Some(found)
    }

    /// Remember what a cookie stands for.
    pub(super) fn keep(&mut self, text: &str, proof: Proof, identity: &Arc<Identity>) {
        let looked = self.learnt.cache.look_whole(text);
        self.learnt.cache.insert(self.index, looked, Entry::new(text, proof, Arc::clone(identity)));
    }

    /// Remember that `outer` (a cookie) stands for as much as the token `inner` in it, and for as long.
    pub(super) fn keep_as(&mut self, outer: &str, inner: &str, identity: &Arc<Identity>) {
        let looked = self.learnt.cache.look(inner);
        if let Some(proof) = self.learnt.cache.get(self.index, looked).map(|entry| entry.proof) {
            self.keep(outer, proof, identity);
        }
    }

    /// From now on a token that is remembered stands for this identity.
    pub(super) fn retell(&mut self, token: &str, identity: &Arc<Identity>) {
        let looked = self.learnt.cache.look(token);
        if let Some(proof) = self.learnt.cache.get(self.index, looked).map(|entry| entry.proof) {
            self.learnt.cache.insert(self.index, looked, Entry::new(token, proof, Arc::clone(identity)));
        }
    }
}

/// What one provider says about one request.
#[derive(Debug)]
pub(super) enum Judged {
    /// A session.
    Verified(Arc<Identity>),
    /// None.
    Refused(Refused),
    /// It cannot be told now.
    Unavailable(String),
    /// Answer these first.
    Ask(Vec<Asked>),
    /// The visitor must go elsewhere first, and comes back.
    Detour(Box<Detour>),
    /// Nothing can be done for this request now, whatever the rules say.
    Later(String),
}

/// What a session system answers by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// Answer these first.
    Ask(Vec<Asked>),
    /// With this.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers besides those that every answer of a session has.
        headers: Vec<(&'static str, String)>,
        /// Body.
        body: Vec<u8>,
        /// For logs.
        reason: String,
    },
}

/// A way that the visitor must take before anything else can be said: a handshake with the issuer, a clean address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detour {
    /// 307 for what is asked again elsewhere.
    pub status: u16,
    /// Absolute address.
    pub location: String,
    /// For logs.
    pub reason: String,
}

/// What goes along with the answer, whatever it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carry {
    /// Request headers for the app behind; their names are among [`Kind::stripped`].
    pub request_headers: Vec<(String, String)>,
    /// Headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// `set-cookie` lines of the answer.
    pub set_cookies: Vec<String>,
    /// What the app behind sees instead of what the client sent, by cookie name; `None`: nothing.
    pub cookies: Vec<(String, Option<String>)>,
    /// Signed out for now, but not to sign in again: goes below the sign-in page, e.g. `/tasks`.
    pub sign_in_below: Option<&'static str>,
    /// Where this site is for browsers, if the config does not say so but the system of this session knows.
    pub origin: Option<String>,
}

/// Keys and verified tokens: what an instance has learnt. Nothing here changes an answer, only its price.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) sources: Vec<Source>,
    pub(super) cache: Cache,
}

impl Learnt {
    /// The identity, if this very token is known to be good by keys that are still in force, and in time.
    pub(super) fn recall(&mut self, index: usize, looked: Looked<'_>, now: i64) -> Option<Arc<Identity>> {
        let entry = self.cache.get(index, looked)?;
        entry.proof.holds(&self.sources, now).then(|| Arc::clone(&entry.identity))
    }
}

/// A line of reasoning about a provider.
pub(super) fn note(trace: &mut Trace, outcome: Outcome, provider: &str, detail: impl FnOnce() -> String) {
    trace.note(Stage::Session, outcome, || (provider.to_owned(), detail()));
}
