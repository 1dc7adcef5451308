//! Keys that come from an address: a JWKS, or one that OpenID Connect discovery names.
//!
//! Nothing is fetched here, and nothing here decides when to fetch: the world holds the documents, their
//! lifetime, the pause between two fetches and the last good copy. What is kept is only the parsed form, so that
//! a set is parsed once for each changed copy.

use super::Algorithm;
use super::jwk::{Choice, KeySet, NamedKey};
use crate::question::{Answer, Answers, Asked, Document, Freshness, Question};
use crate::session::number::{Kind, epoch, number};
use crate::session::refused::Refused;
use crate::session::{json, url};
use serde_json::Value;

/// Seconds after its fetch for which a good copy outlives a bad successor (an HTML page, an empty set).
const MAX_STALE: i64 = 3600;

/// Where the keys of a source are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum Origin {
    /// At this address.
    Jwks(String),
    /// Where the discovery document of this issuer says; the flag: the document may write the issuer with another slash
    /// at the end, or none.
    Discovery(String, bool),
}

/// One origin and what was learnt from it.
#[derive(Debug)]
pub(in crate::session) struct Source {
    pub(in crate::session) origin: Origin,
    /// `jwks_uri`.
    discovered: Slot<String>,
    /// The address that `keys` came from.
    keys_url: String,
    keys: Slot<KeySet>,
}

/// Why there is no key.
#[derive(Debug)]
pub(in crate::session) enum NoKey {
    Ask(Box<Asked>),
    Unavailable(String),
    Refused(Refused),
}

/// A key, and the copy of the set it stands in.
#[derive(Debug)]
pub(in crate::session) struct Found {
    pub(in crate::session) key: NamedKey,
    pub(in crate::session) epoch: u64,
}

/// What a token wants, and in which request.
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Wanted<'a> {
    pub(in crate::session) provider: usize,
    pub(in crate::session) algorithm: Algorithm,
    pub(in crate::session) kid: Option<&'a str>,
    pub(in crate::session) now: i64,
    pub(in crate::session) answers: Answers<'a>,
}

impl Source {
    pub(in crate::session) fn new(origin: Origin) -> Self {
        let keys_url = match &origin {
            Origin::Jwks(url) => url.clone(),
            Origin::Discovery(..) => String::new(),
        };
        Self { origin, discovered: Slot::default(), keys_url, keys: Slot::default() }
    }

    /// The address that the policy names.
    pub(in crate::session) fn document(&self) -> String {
        match &self.origin {
            Origin::Jwks(url) => url.clone(),
            Origin::Discovery(issuer, _) => url::discovery(issuer),
        }
    }

    /// The copy of the keys that is in force at `now`, if nothing has to be asked for it.
    pub(in crate::session) fn in_force(&self, now: i64) -> Option<u64> {
        self.keys.held.as_ref().filter(|held| now < held.fresh_until).map(|held| self.epoch(held.revision))
    }

    /// The key to verify with.
    pub(in crate::session) fn key(&mut self, wanted: &Wanted<'_>) -> Result<Found, NoKey> {
        if self.in_force(wanted.now).is_none() {
            self.locate(wanted)?;
            let ask = self.question(wanted, Kind::Keys, Freshness::Current);
            let answer = wanted.answers.get(ask.id);
            match self.keys.renew(wanted.now, answer, read_keys) {
                State::Ready => {}
                State::Missing => return Err(NoKey::Ask(ask)),
                State::Failed(why) => return Err(NoKey::Unavailable(format!("keys not to be had: {why}"))),
                // The world may hold a bad copy for minutes: an unknown key makes it look again, at its own pace.
                State::Unusable(why) => {
                    self.look_again(wanted).map_err(NoKey::Ask)?;
                    if self.keys.held.is_none() {
                        return Err(NoKey::Unavailable(format!("keys not to be had: {why}")));
                    }
                }
            }
        }
        let chosen = self.choose(wanted);
        if !matches!(chosen, Err(Refused::KeyUnknown(_))) {
            return chosen.map_err(NoKey::Refused);
        }
        self.look_again(wanted).map_err(NoKey::Ask)?;
        self.choose(wanted).map_err(NoKey::Refused)
    }

    /// Find out where the keys are.
    fn locate(&mut self, wanted: &Wanted<'_>) -> Result<(), NoKey> {
        let Origin::Discovery(issuer, any_slash) = &self.origin else { return Ok(()) };
        let id = number(wanted.provider, 0, Kind::Discovery);
        match self
            .discovered
            .renew(wanted.now, wanted.answers.get(id), |body, _| read_discovery(issuer, *any_slash, body))
        {
            State::Ready => {}
            State::Missing => {
                let question = Question::Document { url: self.document(), freshness: Freshness::Current };
                return Err(NoKey::Ask(Box::new(Asked { id, question })));
            }
            State::Failed(why) | State::Unusable(why) => {
                return Err(NoKey::Unavailable(format!("discovery document not to be had: {why}")));
            }
        }
        if let Some(held) = &self.discovered.held
            && held.value != self.keys_url
        {
            // Keys of another address say nothing about this one.
            self.keys_url.clone_from(&held.value);
            self.keys = Slot::default();
        }
        Ok(())
    }

    /// Take the answer to "a key is unknown", if it was given.
    fn look_again(&mut self, wanted: &Wanted<'_>) -> Result<(), Box<Asked>> {
        let ask = self.question(wanted, Kind::UnknownKey, Freshness::UnknownKey);
        match wanted.answers.get(ask.id) {
            None => Err(ask),
            Some(Answer::Document(document)) => {
                // A bad copy or none: what is held stays, and the key stays unknown.
                let _ = self.keys.take(wanted.now, document, read_keys);
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    fn choose(&self, wanted: &Wanted<'_>) -> Result<Found, Refused> {
        let Some(held) = &self.keys.held else { return Err(Refused::KeyUnknown(None)) };
        match held.value.choose(wanted.algorithm, wanted.kid) {
            Choice::Key(key) => Ok(Found { key: key.clone(), epoch: self.epoch(held.revision) }),
            Choice::Unfit(why) => Err(Refused::KeyUnfit(why)),
            Choice::Unknown => Err(Refused::KeyUnknown(Some(wanted.now.saturating_sub(held.fetched).max(0)))),
        }
    }

    fn question(&self, wanted: &Wanted<'_>, kind: Kind, freshness: Freshness) -> Box<Asked> {
        let id = number(wanted.provider, self.epoch(0), kind);
        Box::new(Asked { id, question: Question::Document { url: self.keys_url.clone(), freshness } })
    }

    fn epoch(&self, keys: u64) -> u64 {
        epoch(self.discovered.held.as_ref().map_or(0, |held| held.revision), keys)
    }
}

/// A JWKS; a set without any usable key does not take the place of one that has some.
fn read_keys(body: &[u8], before: Option<&KeySet>) -> Result<KeySet, String> {
    let set = KeySet::parse(body).map_err(|why| format!("the document is no JWKS: {why}"))?;
    if set.is_empty() && before.is_some_and(|before| !before.is_empty()) {
        return Err("the JWKS holds no usable key".to_owned());
    }
    Ok(set)
}

/// The `jwks_uri` of a discovery document (OpenID Connect Discovery 1.0 sections 3 and 4.3).
fn read_discovery(issuer: &str, any_slash: bool, body: &[u8]) -> Result<String, String> {
    let document = json::object(body).map_err(|why| format!("the document is {why}"))?;
    let bare = |text: &str| if any_slash { text.strip_suffix('/').unwrap_or(text).to_owned() } else { text.to_owned() };
    if document.get("issuer").and_then(Value::as_str).map(bare) != Some(bare(issuer)) {
        return Err("the document is of another issuer".to_owned());
    }
    match document.get("jwks_uri").and_then(Value::as_str) {
        Some(uri) if url::is_safe(uri, url::is_loopback_http(issuer)) => Ok(uri.to_owned()),
        _ => Err("its `jwks_uri` is missing or not an https address".to_owned()),
    }
}

/// A document in its parsed form.
#[derive(Debug)]
struct Held<T> {
    value: T,
    revision: u64,
    fetched: i64,
    fresh_until: i64,
}

#[derive(Debug)]
struct Slot<T> {
    held: Option<Held<T>>,
    /// Revision of a copy that could not be used, and why: it is not parsed again for each request.
    rejected: Option<(u64, String)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { held: None, rejected: None }
    }
}

#[derive(Debug)]
enum State {
    /// There is one to use.
    Ready,
    /// Nobody has answered yet.
    Missing,
    /// The world could not get it.
    Failed(String),
    /// The world got something that cannot be used.
    Unusable(String),
}

impl<T> Slot<T> {
    /// Make sure of a document that is in time at `now`, taking the answer if it is needed.
    fn renew(
        &mut self,
        now: i64,
        answer: Option<&Answer>,
        read: impl FnOnce(&[u8], Option<&T>) -> Result<T, String>,
    ) -> State {
        if self.held.as_ref().is_some_and(|held| now < held.fresh_until) {
            return State::Ready;
        }
        match answer {
            None => State::Missing,
            Some(Answer::Document(document)) => self.take(now, document, read),
            Some(Answer::Failed(why)) => State::Failed(why.clone()),
            Some(_) => State::Failed("an answer of another kind".to_owned()),
        }
    }

    /// Take a copy: it replaces the one before, whole.
    fn take(&mut self, now: i64, new: &Document, read: impl FnOnce(&[u8], Option<&T>) -> Result<T, String>) -> State {
        if let Some(held) = &mut self.held {
            if held.revision == new.revision {
                held.fetched = held.fetched.max(new.fetched);
                held.fresh_until = held.fresh_until.max(new.fresh_until);
                return State::Ready;
            }
            if held.fetched > new.fetched {
                // Answered for a step that began before another request brought a newer copy.
                return State::Ready;
            }
        }
        let why = match &self.rejected {
            Some((revision, why)) if *revision == new.revision => why.clone(),
            _ => match read(&new.body, self.held.as_ref().map(|held| &held.value)) {
                Ok(value) => {
                    let Document { revision, fetched, fresh_until, .. } = *new;
                    self.held = Some(Held { value, revision, fetched, fresh_until });
                    self.rejected = None;
                    return State::Ready;
                }
                Err(why) => why,
            },
        };
        self.rejected = Some((new.revision, why.clone()));
        match &mut self.held {
            Some(held) if now < held.fresh_until.max(held.fetched.saturating_add(MAX_STALE)) => {
                let until = new.fresh_until.min(held.fetched.saturating_add(MAX_STALE));
                held.fresh_until = held.fresh_until.max(until);
                State::Ready
            }
            _ => {
                self.held = None;
                State::Unusable(why)
            }
        }
    }
}
