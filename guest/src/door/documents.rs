//! Key sets and discovery documents of one instance: those that came with the component, and those that it fetched.
//!
//! The rules of age and retry are the host's (`portcullis_wire::document`). What differs: nothing runs beside a request
//! here, so a copy that is to be renewed ahead of its time is renewed by the request that finds it so.

use super::{DOCUMENT_TIME, Fetch, FetchError, World};
use crate::question::{Answer, Document, Freshness};
use portcullis_wire::document::{self, Entry, Fault, Fetched, MAX_BYTES, Plan};
use std::cell::RefCell;

/// Documents that a component may carry: more than any policy names.
pub const MAX_HELD: usize = 64;

/// A document that came with the component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where it is from.
    pub url: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// Unix time of the fetch.
    pub fetched: i64,
    /// Unix time until which it is used without a look at its address.
    pub until: i64,
}

/// All documents of one instance. They are few: a list is searched faster than a map is hashed.
#[derive(Debug, Default)]
pub(super) struct Documents {
    held: Vec<Held>,
    entries: Vec<(String, Entry)>,
    /// Changed copies so far.
    revisions: u64,
}

/// The revision of every document that came with the component; fetched ones count on from it.
const HELD: u64 = 1;

impl Documents {
    pub(super) fn hold(&mut self, documents: Vec<Held>) -> Result<(), String> {
        if documents.len() > MAX_HELD {
            return Err(format!("{} documents, the limit is {MAX_HELD}", documents.len()));
        }
        for Held { url, body, fetched, until } in &documents {
            if until < fetched {
                return Err(format!("the document of `{url}` ends before it begins"));
            }
            check(body.clone()).map_err(|fault| format!("the document of `{url}` cannot be used: {}", text(fault)))?;
        }
        self.held = documents;
        Ok(())
    }

    pub(super) fn held(&self) -> &[Held] {
        &self.held
    }

    fn held_at(&self, url: &str, now: i64) -> Option<&Held> {
        self.held.iter().find(|held| held.url == url && (held.fetched..held.until).contains(&now))
    }

    fn entry(&mut self, url: &str) -> &mut Entry {
        let at = self.entries.iter().position(|(known, _)| known == url).unwrap_or_else(|| {
            self.entries.push((url.to_owned(), Entry::default()));
            self.entries.len() - 1
        });
        // It is there: found, or pushed just now.
        #[expect(clippy::indexing_slicing, reason = "`at` was found in this list or is its end")]
        &mut self.entries[at].1
    }

    /// Only what the policy names, and the key set that a document it names leads to.
    fn allows(&self, named: &[String], url: &str) -> bool {
        let leads = |from: &String| {
            let entry = self.entries.iter().find(|(known, _)| known == from);
            let fetched = entry.and_then(|(_, entry)| entry.leads_to());
            let held = || self.held.iter().filter(|held| held.url == *from).find_map(leads_to);
            fetched.or_else(held).is_some_and(|followed| followed == url)
        };
        named.iter().any(|name| name == url) || named.iter().any(leads)
    }

    fn answer(&mut self, url: &str, now: i64) -> Answer {
        match self.entry(url).answer(now) {
            Ok(document::Held { revision, fetched, fresh_until, body }) => {
                Answer::Document(Document { revision: HELD + revision, fetched, fresh_until, body })
            }
            Err(why) => match self.held_at(url, now) {
                Some(Held { body, fetched, until, .. }) => Answer::Document(Document {
                    revision: HELD,
                    fetched: *fetched,
                    fresh_until: *until,
                    body: body.clone(),
                }),
                None => Answer::Failed(why),
            },
        }
    }
}

/// What does this address say?
pub(super) async fn ask<W: World>(
    documents: &RefCell<Documents>,
    named: &[String],
    url: &str,
    freshness: Freshness,
    world: &W,
) -> Answer {
    let now = world.now();
    let wanted = {
        let mut documents = documents.borrow_mut();
        if !documents.allows(named, url) {
            return Answer::Failed("the policy does not name this address".to_owned());
        }
        let unknown_key = freshness == Freshness::UnknownKey;
        let covered = !unknown_key && documents.held_at(url, now).is_some();
        let entry = documents.entry(url);
        match entry.plan(unknown_key, now) {
            _ if covered && !entry.is_usable(now) => None,
            // Another request of this instance is fetching it: two fetches are better than a refusal.
            Plan::Join if entry.flight().is_some() => Some(document::Cause::Age),
            Plan::Fetch(cause) | Plan::Background(cause) => Some(cause),
            Plan::Answer | Plan::Join => None,
        }
    };
    if let Some(cause) = wanted {
        documents.borrow_mut().entry(url).take_off(cause, now, ());
        let result = fetch(url, world).await;
        let mut documents = documents.borrow_mut();
        let revision = documents.revisions + 1;
        let mut changed = false;
        documents.entry(url).land(result, world.now(), || {
            changed = true;
            revision
        });
        if changed {
            documents.revisions = revision;
        }
    }
    documents.borrow_mut().answer(url, world.now())
}

async fn fetch<W: World>(url: &str, world: &W) -> Result<document::Document, Fault> {
    let headers =
        [("accept", "application/json"), ("accept-encoding", "identity"), ("user-agent", super::calls::USER_AGENT)];
    let request = Fetch {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec(),
        body: Vec::new(),
        timeout: DOCUMENT_TIME,
        limit: MAX_BYTES,
    };
    let fetched = world.fetch(request).await.map_err(|error| match error {
        FetchError::Unreachable(why) => Fault::Down(why),
        FetchError::TooLarge => Fault::Useless("it is too large".to_owned()),
    })?;
    let header = |name: &str| {
        let line = fetched.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        line.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let (content_type, encoding) = (header("content-type"), header("content-encoding"));
    document::check(Fetched { status: fetched.status, content_type, encoding, body: fetched.body })
}

fn check(body: Vec<u8>) -> Result<document::Document, Fault> {
    document::check(Fetched { status: 200, content_type: None, encoding: None, body })
}

fn leads_to(held: &Held) -> Option<String> {
    check(held.body.clone()).ok()?.leads_to
}

fn text(fault: Fault) -> String {
    match fault {
        Fault::Down(why) | Fault::Useless(why) => why,
    }
}
