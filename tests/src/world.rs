//! The world of a case: a clock that stands still until it is moved, pages that are served by name, and backends that
//! answer calls.

use portcullis::clock::{Clock as _, ManualClock};
use portcullis::contract::CallAnswer;
use portcullis::gate::{Call, CallFuture, CallRequest, Fetch, FetchError, FetchFuture, Fetched};
use std::collections::BTreeMap;
use std::fmt;
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

/// What a backend does with a call: status and JSON, or why nothing came back.
type Backend = dyn Fn(&CallRequest) -> Result<(u16, String), String> + Send + Sync;

/// Clock, pages and backends; every fetch and every call is counted.
pub struct World {
    clock: Arc<ManualClock>,
    pages: Mutex<BTreeMap<String, Page>>,
    fetched: Mutex<Vec<String>>,
    backends: Mutex<BTreeMap<String, Arc<Backend>>>,
    called: Mutex<Vec<CallRequest>>,
}

impl World {
    /// A world without pages and backends, standing at `now` (Unix time).
    pub fn at(now: i64) -> Arc<Self> {
        let (pages, fetched, backends, called) = Default::default();
        Arc::new(Self { clock: Arc::new(ManualClock::new(now)), pages, fetched, backends, called })
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

    /// Put a backend at an address: what `answer` makes of a call is sent back, or it is as if there was no connection.
    pub fn respond(
        &self,
        url: &str,
        answer: impl Fn(&CallRequest) -> Result<(u16, String), String> + Send + Sync + 'static,
    ) {
        self.backends.lock().unwrap().insert(url.to_owned(), Arc::new(answer));
    }

    /// The calls so far, whatever came of them.
    pub fn calls(&self) -> Vec<CallRequest> {
        self.called.lock().unwrap().clone()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("clock", &self.clock).field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl Call for World {
    fn call(&self, request: CallRequest) -> CallFuture<'_> {
        self.called.lock().unwrap().push(request.clone());
        let backend = self.backends.lock().unwrap().get(&request.url).cloned();
        Box::pin(async move {
            let backend = backend.ok_or_else(|| format!("nobody answers at {}", request.url))?;
            let (status, body) = backend(&request)?;
            let headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
            Ok(CallAnswer { status, headers, body: body.into_bytes() })
        })
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
