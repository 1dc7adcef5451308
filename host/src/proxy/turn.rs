//! One request on its way to an answer: what a door does with it, told to the log and the counters as it goes.

use super::Judge;
use super::body::{Inbound, Outgoing};
use super::handler::{Client, Revision};
use super::inbound::{self, Checked, Refusal};
use super::log::Entry;
use super::metrics::{Metrics, count};
use super::reply;
use super::settings::Settings;
use crate::contract::RequestHead;
use crate::gate::{BodySource, Decision, Failure, Outcome, Permit, Reply};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// What becomes of the requests that one listener takes. The reverse proxy sends them on; forward auth says what
/// another proxy shall do with them. All else (sockets, timers, limits, log, draining) is the same for every door.
pub trait Door<J: Judge>: Clone + Send + Sync + 'static {
    /// Answer one request. Never fails: whatever happens has an answer.
    fn answer(&self, turn: Turn<'_, J>, head: Parts, body: Inbound) -> impl Future<Output = Response<Outgoing>> + Send;
}

/// What is asked for, as the door has understood it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub(crate) method: &'a str,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The one host; passed the checks of `inbound`.
    pub(crate) authority: &'a HeaderValue,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) client: IpAddr,
}

/// One request, with the policy that it sees from beginning to end.
#[derive(Debug)]
pub struct Turn<'a, J> {
    pub(super) client: &'a Client<J>,
    pub(super) revision: Arc<Revision<J>>,
    pub(super) id: u64,
    pub(super) entry: Option<&'a mut Entry>,
}

impl<J: Judge> Turn<'_, J> {
    /// Who has connected.
    pub(crate) fn peer(&self) -> IpAddr {
        self.client.peer.ip().to_canonical()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.revision.settings
    }

    /// May no client send this header?
    pub(crate) fn is_stripped(&self, name: &str) -> bool {
        self.revision.stripped.contains(name, true)
    }

    /// All such headers that the policy names one by one.
    pub(crate) fn stripped_names(&self) -> impl Iterator<Item = HeaderName> {
        let stripped = &self.revision.judge.loaded().stripped;
        stripped.iter().filter(|name| !name.ends_with('*')).filter_map(|name| HeaderName::try_from(name).ok())
    }

    /// What the policy calls that upstream.
    pub(crate) fn upstream_name(&self, number: usize) -> Option<&Arc<str>> {
        self.revision.upstreams.get(number).map(|upstream| &upstream.name)
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.client.shared.metrics
    }

    /// The checks of a head as it came over the wire.
    pub(crate) fn check(&self, head: &Parts) -> Result<Checked, Refusal> {
        inbound::check(head, &self.client.pulse.fragments)
    }

    /// The log shall speak of this request, and not of the one that asks about it.
    pub(crate) fn speaks_of(&mut self, method: Method, target: PathAndQuery) {
        if let Some(entry) = self.entry.as_deref_mut() {
            (entry.method, entry.path) = (method, Some(target));
        }
    }

    /// The log shall give this status, and not that of the answer on the wire.
    pub(crate) fn comes_to(&mut self, status: StatusCode) {
        if let Some(entry) = self.entry.as_deref_mut() {
            entry.status = Some(status);
        }
    }

    /// The log shall name this upstream.
    pub(super) fn goes_to(&mut self, upstream: &Arc<str>) {
        if let Some(entry) = self.entry.as_deref_mut() {
            entry.upstream = Some(Arc::clone(upstream));
        }
    }

    /// Say in the log what went wrong.
    pub(crate) fn note(&mut self, why: &'static str, detail: Option<String>) {
        if let Some(entry) = self.entry.as_deref_mut() {
            (entry.note, entry.detail) = (why, detail);
        }
    }

    /// The answer to a request that is not judged.
    pub(crate) fn refuse(&mut self, refusal: Refusal) -> Reply {
        count(&self.metrics().refused);
        self.note(refusal.why, None);
        reply::refusal(refusal, self.id)
    }

    /// A fixed answer to a request that was judged, and cannot have what the verdict says.
    pub(crate) fn fail(&mut self, status: StatusCode, why: &'static str, detail: Option<String>) -> Reply {
        self.note(why, detail);
        reply::fixed(status, why, self.id)
    }

    /// Ask the policy. Without a permit there is an answer: the gate's own, or a fixed one if there is no decision.
    pub(crate) async fn judge<B: BodySource>(
        &mut self,
        asked: Asked<'_>,
        headers: &HeaderMap,
        body: &mut B,
    ) -> Result<Permit, Reply> {
        let head = self.request_head(asked, headers);
        let begun = Instant::now();
        let decision = self.revision.judge.decide(&head, body).await;
        if let Some(entry) = self.entry.as_deref_mut() {
            entry.client = asked.client;
            entry.decided = begun.elapsed();
        }
        let Decision { outcome, rule, kind, reason, subject } = match decision {
            Ok(decision) => decision,
            Err(failure) => {
                count(&self.metrics().failures);
                let detail = match &failure {
                    Failure::Trap(text) | Failure::Nonsense(text) => Some(text.clone()),
                    _ => None,
                };
                self.note(reply::failure_note(&failure), detail);
                return Err(reply::failure(&failure, self.id));
            }
        };
        if let Some(entry) = self.entry.as_deref_mut() {
            entry.rule = Some((Arc::clone(&self.revision.rules), rule));
            entry.kind = Some(kind);
            entry.reason = reason;
            entry.subject = subject;
        }
        match outcome {
            Outcome::Forward(permit) => {
                count(&self.metrics().forwarded);
                Ok(permit)
            }
            Outcome::Reply(answer) => {
                count(&self.metrics().answered);
                if let Some(entry) = self.entry.as_deref_mut() {
                    let location = answer.headers.iter().find(|(name, _)| name == header::LOCATION);
                    entry.location = location.map(|(_, value)| value.clone());
                }
                Err(answer)
            }
        }
    }

    fn request_head(&self, asked: Asked<'_>, all: &HeaderMap) -> RequestHead {
        let mut headers = Vec::with_capacity(self.revision.wanted.len().min(all.len()));
        for name in &self.revision.wanted {
            for value in all.get_all(name) {
                headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
            }
        }
        let is_peer = asked.client == self.peer();
        RequestHead {
            method: asked.method.to_owned(),
            scheme: asked.scheme.to_owned(),
            // Checked to be ASCII.
            authority: asked.authority.to_str().unwrap_or_default().to_owned(),
            target: asked.target.as_bytes().to_vec(),
            headers,
            client: if is_peer { self.client.text.clone() } else { asked.client.to_string() },
            now: self.client.shared.clock.now(),
        }
    }
}
