//! The world of a case: a clock that stands still until it is moved, and pages that are served by name.

use portcullis::clock::{Clock as _, ManualClock};
use portcullis::gate::{Fetch, FetchError, FetchFuture, Fetched};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What an address answers.
#[derive(Debug, Clone)]
pub enum Page {
    /// 200 with this body.
    Body(Vec<u8>),
    /// That status and no body.
    Status(u16),
    /// No connection.
    Down,
}

/// Clock and pages; every fetch is counted.
#[derive(Debug)]
pub struct World {
    clock: Arc<ManualClock>,
    pages: Mutex<BTreeMap<String, Page>>,
    fetched: Mutex<Vec<String>>,
}

impl World {
    /// A world without pages, standing at `now` (Unix time).
    pub fn at(now: i64) -> Arc<Self> {
        Arc::new(Self { clock: Arc::new(ManualClock::new(now)), pages: Mutex::default(), fetched: Mutex::default() })
    }

    /// The clock, to hand to a host.
    pub fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.clock)
    }

    /// What the clock says.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Put a page at an address.
    pub fn serve(&self, url: &str, page: Page) {
        self.pages.lock().unwrap().insert(url.to_owned(), page);
    }

    /// How many fetches there were so far.
    pub fn fetches(&self) -> usize {
        self.fetched.lock().unwrap().len()
    }
}

impl Fetch for World {
    /// Every fetch is counted, whatever comes of it.
    fn fetch<'a>(&'a self, url: &'a str) -> FetchFuture<'a> {
        self.fetched.lock().unwrap().push(url.to_owned());
        let page = self.pages.lock().unwrap().get(url).cloned();
        let reply =
            |status, body| Fetched { status, content_type: Some("application/json".to_owned()), encoding: None, body };
        Box::pin(async move {
            match page {
                Some(Page::Body(body)) => Ok(reply(200, body)),
                Some(Page::Status(status)) => Ok(reply(status, Vec::new())),
                Some(Page::Down) => Err(FetchError::Unreachable("connection refused".to_owned())),
                None => Err(FetchError::Unreachable(format!("nothing is served at {url}"))),
            }
        })
    }
}
