//! The world of a case: a clock that stands still until it is moved, and pages that are served by name.

use portcullis::clock::{Clock as _, ManualClock};
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

    /// Fetch a page; the fetch is counted whatever comes of it.
    ///
    /// # Errors
    /// What failed, in one line.
    pub fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        self.fetched.lock().unwrap().push(url.to_owned());
        match self.pages.lock().unwrap().get(url) {
            Some(Page::Body(body)) => Ok(body.clone()),
            Some(Page::Status(status)) => Err(format!("status {status}")),
            Some(Page::Down) => Err("connection refused".to_owned()),
            None => Err(format!("nothing is served at {url}")),
        }
    }

    /// How many fetches there were so far.
    pub fn fetches(&self) -> usize {
        self.fetched.lock().unwrap().len()
    }
}
