//! Key sets and discovery documents: one copy of each for all instances, one flight for each address.
//!
//! Nothing is fetched because of a token: addresses come from the policy, and from the discovery documents it names.
//! How often is bounded whatever clients send (security rows J1 to J6; `docs/runtime.md` has the table of rules).

mod fetch;

pub use fetch::{Fetch, FetchError, FetchFuture, HttpFetch};
pub use portcullis_wire::document::Fetched;

use crate::clock::Clock;
use crate::contract::{Answer, DocumentAnswer, DocumentQuestion, Freshness, HeldDocument};
use portcullis_wire::document::{self, Cause, Fault, Held, Plan};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Wall time of one fetch, all of it.
const FETCH_TIME: Duration = Duration::from_secs(5);

/// One address, and how its flight is waited for.
type Entry = document::Entry<watch::Receiver<()>>;

/// All documents of one gate.
#[derive(Clone)]
pub struct Documents {
    shared: Arc<Shared>,
}

struct Shared {
    fetcher: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    /// Addresses of the policy.
    named: Vec<String>,
    entries: Mutex<HashMap<String, Entry>>,
    /// Changed copies so far, over all documents.
    revisions: AtomicU64,
}

/// What a question comes to before anything is waited for.
pub(super) enum Asked {
    /// The answer is there.
    Now(Answer),
    /// A fetch is under way.
    Later(Waiting),
}

/// Someone who waits for a flight.
pub(super) struct Waiting {
    documents: Documents,
    url: String,
    landed: watch::Receiver<()>,
}

impl Waiting {
    /// What is held when the flight is over, however it ended.
    pub(super) async fn answer(mut self) -> Answer {
        // An error means that the flight's task is gone: landed, or dropped with its runtime.
        while self.landed.changed().await.is_ok() {}
        let now = self.documents.shared.clock.now();
        self.documents.entries().get(&self.url).map_or_else(not_named, |entry| held(entry, now))
    }
}

impl Documents {
    /// For the addresses in `named` (`started.documents`).
    pub fn new(fetcher: Arc<dyn Fetch>, clock: Arc<dyn Clock>, named: Vec<String>) -> Self {
        let shared = Shared { fetcher, clock, named, entries: Mutex::default(), revisions: AtomicU64::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// The document at `url`: held, or fetched now if the rules allow it. Must run inside a tokio runtime.
    pub async fn get(&self, url: &str, freshness: Freshness) -> Answer {
        match self.ask(&DocumentQuestion { url: url.to_owned(), freshness }) {
            Asked::Now(answer) => answer,
            Asked::Later(waiting) => waiting.answer().await,
        }
    }

    /// Fetch what the policy names and is not held. Says what could not be had; the gate works without it, failing closed.
    pub async fn prefetch(&self) -> Vec<String> {
        let current = |url: &String| DocumentQuestion { url: url.clone(), freshness: Freshness::Current };
        let asked: Vec<_> = self.shared.named.iter().map(|url| self.ask(&current(url))).collect();
        for asked in asked {
            if let Asked::Later(waiting) = asked {
                let _ = waiting.answer().await;
            }
        }
        let followed = self.followed();
        for url in &followed {
            let _ = self.get(url, Freshness::Current).await;
        }
        self.missing()
    }

    /// Addresses of the policy (and the key sets they lead to) of which no usable copy is held.
    pub fn missing(&self) -> Vec<String> {
        let (wanted, now) = ([self.shared.named.clone(), self.followed()].concat(), self.shared.clock.now());
        let entries = self.entries();
        wanted.into_iter().filter(|url| !entries.get(url).is_some_and(|entry| entry.is_usable(now))).collect()
    }

    /// Every usable copy that is held, to travel inside a component until `until`.
    pub fn copies(&self, until: i64) -> Vec<HeldDocument> {
        let now = self.shared.clock.now();
        let entries = self.entries();
        let copy = |(url, entry): (&String, &Entry)| {
            let Held { fetched, body, .. } = entry.answer(now).ok()?;
            Some(HeldDocument { url: url.clone(), body, fetched, until })
        };
        let mut copies: Vec<_> = entries.iter().filter_map(copy).collect();
        // A map has no order of its own, and a component with the same inside shall have the same bytes.
        copies.sort_by(|a, b| a.url.cmp(&b.url));
        copies
    }

    pub(super) fn ask(&self, question: &DocumentQuestion) -> Asked {
        if !self.allows(&question.url) {
            return Asked::Now(not_named());
        }
        let now = self.shared.clock.now();
        let mut entries = self.entries();
        let entry = entries.entry(question.url.clone()).or_default();
        let plan = entry.plan(question.freshness == Freshness::UnknownKey, now);
        // One that has not landed: its sender is still there.
        let under_way = entry.flight().cloned().filter(|flight| flight.has_changed().is_ok());
        let flight = match (plan, under_way) {
            (Plan::Answer, _) => None,
            (Plan::Background(_) | Plan::Join, Some(flight)) => Some(flight),
            (Plan::Background(cause) | Plan::Fetch(cause), None) => Some(self.launch(&question.url, entry, cause, now)),
            (Plan::Fetch(_), Some(flight)) => Some(flight),
            (Plan::Join, None) => None,
        };
        match flight {
            Some(landed) if plan.waits() => {
                Asked::Later(Waiting { documents: self.clone(), url: question.url.clone(), landed })
            }
            _ => Asked::Now(held(entry, now)),
        }
    }

    /// Start a flight. It goes on although the request that caused it may go away.
    fn launch(&self, url: &str, entry: &mut Entry, cause: Cause, now: i64) -> watch::Receiver<()> {
        let (landing, landed) = watch::channel(());
        entry.take_off(cause, now, landed.clone());
        let (documents, url) = (self.clone(), url.to_owned());
        tokio::spawn(async move {
            let fetched = tokio::time::timeout(FETCH_TIME, documents.shared.fetcher.fetch(&url)).await;
            let result = match fetched {
                Ok(Ok(fetched)) => document::check(fetched),
                Ok(Err(FetchError::TooLarge)) => Err(Fault::Useless("it is too large".to_owned())),
                Ok(Err(FetchError::Unreachable(why))) => Err(Fault::Down(why)),
                Err(_) => Err(Fault::Down(format!("no answer in {} s", FETCH_TIME.as_secs()))),
            };
            let now = documents.shared.clock.now();
            if let Some(entry) = documents.entries().get_mut(&url) {
                let next = || documents.shared.revisions.fetch_add(1, Ordering::Relaxed) + 1;
                entry.land(result, now, next);
            }
            drop(landing);
        });
        landed
    }

    /// May this address be asked for? Only what the policy names, and the key set that a document it names leads to.
    fn allows(&self, url: &str) -> bool {
        self.shared.named.iter().any(|named| named == url) || self.followed().iter().any(|followed| followed == url)
    }

    fn followed(&self) -> Vec<String> {
        let entries = self.entries();
        self.shared
            .named
            .iter()
            .filter_map(|url| entries.get(url)?.leads_to())
            .filter(|url| !self.shared.named.contains(url))
            .collect()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn held(entry: &Entry, now: i64) -> Answer {
    match entry.answer(now) {
        Ok(Held { revision, fetched, fresh_until, body }) => {
            Answer::Document(DocumentAnswer { revision, fetched, fresh_until, body })
        }
        Err(why) => Answer::Failed(why),
    }
}

fn not_named() -> Answer {
    Answer::Failed("the policy does not name this address".to_owned())
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents").field("named", &self.shared.named).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
