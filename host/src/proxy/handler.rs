//! The life of one request: received, checked, judged, then sent upstream or answered.

use super::Judge;
use super::body::{Inbound, Outbound, Outgoing, UploadState};
use super::forwarded::{self, Origin};
use super::inbound::{self, Checked};
use super::log::{Entry, Log};
use super::metrics::{Metrics, count};
use super::outbound;
use super::settings::Settings;
use super::upstream::{SendError, Upstream};
use super::wire::{Busy, Pulse};
use super::{reply, tunnel};
use crate::clock::Clock;
use crate::contract::RequestHead;
use crate::gate::{Decision, Outcome, Permit};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use hyper::body::Incoming;
use portcullis_wire::{FoldedNames, Said, is_ambiguous};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;
use tokio::sync::mpsc;

/// One policy with everything that was made for it. A request sees exactly one.
#[derive(Debug)]
pub(super) struct Revision<J> {
    judge: J,
    pub(super) settings: Settings,
    /// Headers that the policy reads.
    wanted: Vec<HeaderName>,
    /// Headers that no client may send upstream.
    dropped: FoldedNames,
    rules: Arc<[String]>,
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

/// A judged request on its way upstream.
struct Passing<'a, J> {
    client: &'a Client<J>,
    revision: &'a Revision<J>,
    websocket: bool,
    id: u64,
}

impl<J: Judge> Client<J> {
    /// Serve one request. Never fails: whatever happens has an answer.
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let shared = &*self.shared;
        let _panics = PanicCount(&shared.metrics);
        let busy = Busy::new(&self.pulse);
        count(&shared.metrics.requests);
        let id = shared.ids.fetch_add(1, Relaxed);
        let (head, body) = request.into_parts();
        let mut entry = shared.log.is_on().then(|| Box::new(self.entry(id, &head)));
        let version = head.version;

        let mut response = self.answer(head, Inbound::new(body, &self.pulse), id, entry.as_deref_mut()).await;
        if shared.is_draining() {
            reply::close_after(&mut response, version);
        }
        if let Some(entry) = &mut entry {
            entry.status = response.status();
        }
        response.body_mut().finish_with(entry, busy);
        response
    }

    async fn answer(
        &self,
        head: Parts,
        mut body: Inbound,
        id: u64,
        mut entry: Option<&mut Entry>,
    ) -> Response<Outgoing> {
        let shared = &*self.shared;
        let version = head.version;
        let revision = shared.revision();
        let settings = &revision.settings;

        let checked = inbound::check(&head, &self.pulse.fragments).and_then(|checked| {
            let origin = forwarded::origin(self.peer, &settings.trusted_proxies, &head.headers);
            let authority = match origin.host {
                Some(host) => inbound::forwarded_authority(host)?,
                None => checked.authority,
            };
            Ok((Checked { authority, ..checked }, Origin { host: None, ..origin }))
        });
        let refused = match checked {
            Ok((checked, origin)) if checked.websocket && !body.is_empty() => {
                let _ = (checked, origin);
                Err(inbound::Refusal { status: StatusCode::BAD_REQUEST, why: "a websocket request has no body" })
            }
            Ok(_) if body.declared().is_some_and(|length| length > settings.max_body) => {
                Err(inbound::Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, why: "request body is too large" })
            }
            other => other,
        };
        let (checked, origin) = match refused {
            Ok(checked) => checked,
            Err(refusal) => {
                count(&shared.metrics.refused);
                if let Some(entry) = entry {
                    entry.note = refusal.why;
                }
                body.drain();
                let mut response = reply::refusal(refusal, id);
                reply::close_after(&mut response, version);
                return response;
            }
        };

        let is_peer = origin.client == self.peer.ip().to_canonical();
        let judged = self.request_head(&head, &checked, &origin, is_peer, &revision);
        let begun = Instant::now();
        let decision = revision.judge.decide(&judged, &mut body).await;
        if let Some(entry) = entry.as_deref_mut() {
            entry.client = origin.client;
            entry.decided = begun.elapsed();
        }
        let Decision { outcome, rule, kind, reason, subject } = match decision {
            Ok(decision) => decision,
            Err(failure) => {
                count(&shared.metrics.failures);
                if let Some(entry) = entry {
                    entry.note = reply::failure_note(&failure);
                    if let crate::gate::Failure::Trap(text) | crate::gate::Failure::Nonsense(text) = &failure {
                        entry.detail = Some(text.clone());
                    }
                }
                body.drain();
                return reply::failure(&failure, id);
            }
        };
        if let Some(entry) = entry.as_deref_mut() {
            entry.rule = Some((Arc::clone(&revision.rules), rule));
            entry.kind = Some(kind);
            entry.reason = reason;
            entry.subject = subject;
        }
        match outcome {
            Outcome::Reply(answer) => {
                count(&shared.metrics.answered);
                body.drain();
                let response = reply::gate(answer);
                if let Some(entry) = entry {
                    entry.location = response.headers().get(header::LOCATION).cloned();
                }
                response
            }
            Outcome::Forward(permit) => {
                count(&shared.metrics.forwarded);
                let address = if is_peer { self.address.clone() } else { outbound::address(origin.client) };
                let host = revision.upstreams.get(permit.upstream()).and_then(|upstream| upstream.host.clone());
                let (trusted, authority) = (origin.trusted, checked.authority);
                let said = Said { trusted, address, scheme: origin.scheme, authority, host };
                let passing = Passing { client: self, revision: &revision, websocket: checked.websocket, id };
                passing.send(&permit, head, said, body, entry).await
            }
        }
    }

    fn entry(&self, id: u64, head: &Parts) -> Entry {
        Entry {
            log: Arc::clone(&self.shared.log),
            id,
            started: Instant::now(),
            client: self.peer.ip().to_canonical(),
            method: head.method.clone(),
            path: head.uri.path_and_query().cloned(),
            status: StatusCode::OK,
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

    fn request_head(
        &self,
        head: &Parts,
        checked: &Checked,
        origin: &Origin<'_>,
        is_peer: bool,
        revision: &Revision<J>,
    ) -> RequestHead {
        let mut headers = Vec::with_capacity(revision.wanted.len().min(head.headers.len()));
        for name in &revision.wanted {
            for value in head.headers.get_all(name) {
                headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
            }
        }
        RequestHead {
            method: head.method.as_str().to_owned(),
            scheme: origin.scheme.to_owned(),
            // Checked to be ASCII.
            authority: checked.authority.to_str().unwrap_or_default().to_owned(),
            target: inbound::asked(head).into_owned().into_bytes(),
            headers,
            client: if is_peer { self.text.clone() } else { origin.client.to_string() },
            now: self.shared.clock.now(),
        }
    }
}

impl<J: Judge> Passing<'_, J> {
    async fn send(
        self,
        permit: &Permit,
        mut head: Parts,
        said: Said,
        body: Inbound,
        mut entry: Option<&mut Entry>,
    ) -> Response<Outgoing> {
        let Some(upstream) = self.revision.upstreams.get(permit.upstream()) else {
            body.drain();
            return self.failed(StatusCode::INTERNAL_SERVER_ERROR, "no such upstream", entry);
        };
        if let Some(entry) = entry.as_deref_mut() {
            entry.upstream = Some(Arc::clone(&upstream.name));
        }
        let version = head.version;
        let is_head = head.method == Method::HEAD;
        let client_side = self.websocket.then(|| head.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
        outbound::request(&mut head, permit, &self.revision.dropped, said, self.websocket);
        let outgoing = if body.is_empty() {
            Outbound::Empty
        } else {
            Outbound::Upload { body, left: self.revision.settings.max_body, state: Arc::<UploadState>::default() }
        };
        let (response, lease) = match upstream.send(Request::from_parts(head, outgoing)).await {
            Ok(sent) => sent,
            Err(error) => {
                let (status, why) = reply::send_error(&error);
                if let Some(entry) = entry.as_deref_mut() {
                    entry.detail = error.detail();
                }
                let mut response = self.failed(status, why, entry);
                if matches!(error, SendError::TooLarge | SendError::ClientGone) {
                    reply::close_after(&mut response, version);
                }
                return response;
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return match client_side {
                Some(client_side) if inbound::upgrades_to_websocket(response.headers()) => {
                    self.tunnel(permit, response, client_side)
                }
                _ => self.failed(StatusCode::BAD_GATEWAY, "upstream switched protocols unasked", entry),
            };
        }
        if is_ambiguous(response.headers()) {
            return self.failed(StatusCode::BAD_GATEWAY, "upstream gave two lengths", entry);
        }
        let (mut head, body) = response.into_parts();
        let bodiless = is_head || head.status == StatusCode::NOT_MODIFIED;
        outbound::response(&mut head, permit, body.size_hint().exact(), bodiless);
        let is_early = lease.is_uploading();
        let mut response = Response::from_parts(head, Outgoing::upstream(body, lease));
        if is_early {
            // The rest of the upload is nobody's; the connection cannot go on after it.
            reply::close_after(&mut response, version);
        }
        response
    }

    fn failed(&self, status: StatusCode, why: &'static str, entry: Option<&mut Entry>) -> Response<Outgoing> {
        count(&self.client.shared.metrics.upstream_errors);
        if let Some(entry) = entry {
            entry.note = why;
        }
        reply::fixed(status, why, self.id)
    }

    /// The upstream has agreed: tell the client, then carry bytes (RUSTSEC-2026-0033: not before).
    fn tunnel(
        &self,
        permit: &Permit,
        mut response: Response<Incoming>,
        client_side: hyper::upgrade::OnUpgrade,
    ) -> Response<Outgoing> {
        let upstream_side = hyper::upgrade::on(&mut response);
        let (mut head, _) = response.into_parts();
        outbound::response(&mut head, permit, None, false);
        head.status = StatusCode::SWITCHING_PROTOCOLS;
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let idle = self.revision.settings.tunnel_idle;
        let (tunnels, alive) = (Arc::clone(&self.client.shared.tunnels), self.client.alive.clone());
        tokio::spawn(async move {
            tunnels.fetch_add(1, Relaxed);
            tokio::select! {
                () = tunnel::run(client_side, upstream_side, idle) => {}
                // The process ends: the receiver is gone.
                () = alive.closed() => {}
            }
            tunnels.fetch_sub(1, Relaxed);
        });
        Response::from_parts(head, Outgoing::own(bytes::Bytes::new()))
    }
}
