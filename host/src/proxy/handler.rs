//! What all requests share, and the frame of each: counted, logged, and handed to the door it came through.

use super::Judge;
use super::body::{Inbound, Outgoing};
use super::log::{Entry, Log};
use super::metrics::{Metrics, count};
use super::reply;
use super::settings::Settings;
use super::turn::{Door, Turn};
use super::upstream::Upstream;
use super::wire::{Busy, Pulse};
use crate::clock::Clock;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use portcullis_wire::FoldedNames;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;
use tokio::sync::mpsc;

/// One policy with everything that was made for it. A request sees exactly one.
#[derive(Debug)]
pub(super) struct Revision<J> {
    pub(super) judge: J,
    pub(super) settings: Settings,
    /// Headers that the policy reads.
    pub(super) wanted: Vec<HeaderName>,
    /// Headers that no client may send upstream.
    pub(super) dropped: FoldedNames,
    /// Those of them that the policy names.
    pub(super) stripped: FoldedNames,
    pub(super) rules: Arc<[String]>,
    pub(super) upstreams: Vec<Arc<Upstream>>,
}

impl<J: Judge> Revision<J> {
    /// # Errors
    /// TLS to an upstream cannot be prepared.
    pub(super) fn new(settings: Settings, judge: J) -> io::Result<Self> {
        let loaded = judge.loaded();
        Ok(Self {
            wanted: loaded.headers.iter().filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect(),
            dropped: FoldedNames::of_requests(&loaded.stripped),
            stripped: FoldedNames::of_policy(&loaded.stripped),
            rules: loaded.rules.clone().into(),
            upstreams: settings
                .upstreams
                .iter()
                .map(|target| Upstream::new(target, &settings).map(Arc::new))
                .collect::<io::Result<_>>()?,
            settings,
            judge,
        })
    }

    /// Number of the policy.
    pub(super) fn revision(&self) -> u64 {
        self.judge.loaded().revision
    }
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared<J> {
    revision: RwLock<Arc<Revision<J>>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: Arc<Log>,
    pub(super) clock: Arc<dyn Clock>,
    draining: AtomicBool,
    pub(super) tunnels: Arc<AtomicU64>,
    ids: AtomicU64,
}

impl<J> Shared<J> {
    pub(super) fn new(revision: Revision<J>, metrics: Arc<Metrics>, log: Arc<Log>, clock: Arc<dyn Clock>) -> Self {
        // Ids only need to differ; where they start tells two runs apart.
        let start = getrandom::u64().unwrap_or(0);
        Self {
            revision: RwLock::new(Arc::new(revision)),
            metrics,
            log,
            clock,
            draining: AtomicBool::new(false),
            tunnels: Arc::default(),
            ids: AtomicU64::new(start),
        }
    }

    pub(super) fn revision(&self) -> Arc<Revision<J>> {
        Arc::clone(&self.revision.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, revision: Revision<J>) {
        *self.revision.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(revision);
    }

    /// Is the process ending? Then each response closes its connection.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }
}

/// One client connection, as its requests see it.
#[derive(Debug)]
pub(super) struct Client<J> {
    pub(super) shared: Arc<Shared<J>>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) peer: SocketAddr,
    /// The peer's address as a header value.
    pub(super) address: HeaderValue,
    /// Its address as text.
    pub(super) text: String,
    /// Held by everything that must end before the process may.
    pub(super) alive: mpsc::Sender<()>,
}

/// Counts a panic that passes by.
struct PanicCount<'a>(&'a Metrics);

impl Drop for PanicCount<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            count(&self.0.panics);
        }
    }
}

impl<J: Judge> Client<J> {
    /// Serve one request at this door. Never fails: whatever happens has an answer.
    pub(super) async fn handle<D: Door<J>>(&self, door: &D, request: Request<Incoming>) -> Response<Outgoing> {
        let shared = &*self.shared;
        let _panics = PanicCount(&shared.metrics);
        let busy = Busy::new(&self.pulse);
        count(&shared.metrics.requests);
        let id = shared.ids.fetch_add(1, Relaxed);
        let (head, body) = request.into_parts();
        let mut entry = shared.log.is_on().then(|| Box::new(self.entry(id, &head)));
        let version = head.version;

        let turn = Turn { client: self, revision: shared.revision(), id, entry: entry.as_deref_mut() };
        let mut response = door.answer(turn, head, Inbound::new(body, &self.pulse)).await;
        if shared.is_draining() {
            reply::close_after(&mut response, version);
        }
        if let Some(entry) = &mut entry {
            entry.status.get_or_insert(response.status());
        }
        response.body_mut().finish_with(entry, busy);
        response
    }

    fn entry(&self, id: u64, head: &Parts) -> Entry {
        Entry {
            log: Arc::clone(&self.shared.log),
            id,
            started: Instant::now(),
            client: self.peer.ip().to_canonical(),
            method: head.method.clone(),
            path: head.uri.path_and_query().cloned(),
            status: None,
            rule: None,
            kind: None,
            reason: String::new(),
            subject: None,
            location: None,
            upstream: None,
            decided: std::time::Duration::ZERO,
            bytes: 0,
            note: "",
            detail: None,
        }
    }
}
