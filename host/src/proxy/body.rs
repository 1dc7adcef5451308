//! Bodies on their way, never held as a whole: what a client sends, what goes upstream, what comes back.

use super::log::Entry;
use super::settings::{DRAIN_BYTES, DRAIN_TIME};
use super::upstream::Lease;
use super::wire::{Busy, Pulse};
use crate::gate::BodySource;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

/// Why a body broke off.
#[derive(Debug)]
pub enum BodyError {
    /// The sender's connection failed, or its framing did.
    Broken(hyper::Error),
    /// More bytes than `max-body`.
    TooLarge,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "body broke off: {error}"),
            Self::TooLarge => f.write_str("body is too large"),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::TooLarge => None,
        }
    }
}

/// The body of a request as it comes in, with what the gate has read of it already.
#[derive(Debug)]
pub struct Inbound {
    incoming: Incoming,
    /// Read for the gate, still to be sent upstream.
    replay: VecDeque<Bytes>,
    ended: bool,
    /// Counted in `Pulse::waiting`?
    waiting: bool,
    pulse: Arc<Pulse>,
}

impl Inbound {
    pub(super) fn new(incoming: Incoming, pulse: &Arc<Pulse>) -> Self {
        let ended = incoming.is_end_stream();
        Self { incoming, replay: VecDeque::new(), ended, waiting: false, pulse: Arc::clone(pulse) }
    }

    /// Is there nothing (more) to read from the client?
    pub(super) fn is_ended(&self) -> bool {
        self.ended || self.incoming.is_end_stream()
    }

    /// Has the client sent no body at all?
    pub(super) fn is_empty(&self) -> bool {
        self.is_ended() && self.replay.is_empty()
    }

    /// Length that the client declared.
    pub(super) fn declared(&self) -> Option<u64> {
        self.incoming.size_hint().exact().filter(|_| self.replay.is_empty())
    }

    fn wait(&mut self, waiting: bool) {
        if self.waiting != waiting {
            self.waiting = waiting;
            if waiting {
                self.pulse.waiting.fetch_add(1, Relaxed);
            } else {
                self.pulse.waiting.fetch_sub(1, Relaxed);
            }
        }
    }

    /// The next bytes from the client. Trailers are read and dropped: nothing after the decision may add a header.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let polled = Pin::new(&mut self.incoming).poll_frame(cx);
            self.wait(polled.is_pending());
            match ready!(polled) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.ended = true,
            }
        }
    }

    /// After an early answer: read a little more, so that the client is not reset before it has read the answer, and
    /// the connection can be used again if that was all (RFC 9112 section 9.6). Ends by dropping the body; hyper then
    /// closes the connection unless all was read.
    pub(crate) fn drain(mut self) {
        if self.is_ended() {
            return;
        }
        tokio::spawn(async move {
            let mut left = DRAIN_BYTES;
            let drained = std::future::poll_fn(|cx| {
                while let Some(Ok(data)) = ready!(self.poll_client(cx)) {
                    let Some(rest) = left.checked_sub(data.len() as u64) else { break };
                    left = rest;
                }
                Poll::Ready(())
            });
            let _ = tokio::time::timeout(DRAIN_TIME, drained).await;
        });
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        self.wait(false);
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        match this.replay.pop_front() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => this.poll_client(cx).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }
}

impl BodySource for Inbound {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Bytes>, String> {
        let too_long = |n: u64| n > limit as u64;
        if self.declared().is_some_and(too_long) {
            return Ok(None);
        }
        let mut have: usize = self.replay.iter().map(Bytes::len).sum();
        while have <= limit {
            match std::future::poll_fn(|cx| self.poll_client(cx)).await {
                Some(Ok(data)) => {
                    have += data.len();
                    self.replay.push_back(data);
                }
                Some(Err(error)) => return Err(format!("the body could not be read: {error}")),
                None => break,
            }
        }
        if have > limit {
            return Ok(None);
        }
        let mut whole = BytesMut::with_capacity(have);
        self.replay.iter().for_each(|piece| whole.extend_from_slice(piece));
        Ok(Some(whole.freeze()))
    }
}

/// How an upload went; shared with the one who waits for the response.
#[derive(Debug, Default)]
pub(super) struct UploadState {
    done: AtomicBool,
    too_large: AtomicBool,
    broken: AtomicBool,
}

impl UploadState {
    /// Has all of it gone upstream?
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Relaxed)
    }

    /// Was it longer than allowed?
    pub(super) fn is_too_large(&self) -> bool {
        self.too_large.load(Relaxed)
    }

    /// Did the client break it off?
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Relaxed)
    }
}

/// The body of a request as it goes upstream.
#[derive(Debug)]
pub(super) enum Outbound {
    /// None.
    Empty,
    /// The client's.
    Upload {
        /// Where it comes from.
        body: Inbound,
        /// Bytes it may still have.
        left: u64,
        /// How it goes.
        state: Arc<UploadState>,
    },
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self::Upload { body, left, state } = self.get_mut() else { return Poll::Ready(None) };
        let next = match body.replay.pop_front() {
            Some(data) => Some(Ok(data)),
            None => ready!(body.poll_client(cx)),
        };
        match next {
            Some(Ok(data)) => match left.checked_sub(data.len() as u64) {
                Some(rest) => {
                    *left = rest;
                    Poll::Ready(Some(Ok(Frame::data(data))))
                }
                None => {
                    state.too_large.store(true, Relaxed);
                    Poll::Ready(Some(Err(BodyError::TooLarge)))
                }
            },
            Some(Err(error)) => {
                state.broken.store(true, Relaxed);
                Poll::Ready(Some(Err(BodyError::Broken(error))))
            }
            None => {
                state.done.store(true, Relaxed);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Upload { body, state, .. } => {
                let ended = body.is_empty();
                if ended {
                    state.done.store(true, Relaxed);
                }
                ended
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Upload { body, .. } => {
                let held: u64 = body.replay.iter().map(|piece| piece.len() as u64).sum();
                body.incoming.size_hint().exact().map_or_else(SizeHint::default, |n| SizeHint::with_exact(n + held))
            }
        }
    }
}

/// The body of a response as it goes to the client. Whatever must happen at its end happens when it is dropped.
#[derive(Debug)]
pub struct Outgoing {
    kind: Kind,
    /// Written when the body ends or breaks.
    entry: Option<Box<Entry>>,
    /// Held while the request is being served.
    busy: Option<Busy>,
}

#[derive(Debug)]
enum Kind {
    /// Our own bytes, and what follows them.
    Own(Bytes, Option<HeaderMap>),
    /// The upstream's, with the connection it comes over.
    Upstream(Incoming, Option<Lease>),
}

impl Outgoing {
    /// A body of our own; may be empty.
    pub(crate) fn own(bytes: Bytes) -> Self {
        Self { kind: Kind::Own(bytes, None), entry: None, busy: None }
    }

    /// A body of our own with trailers, as gRPC wants them.
    pub(crate) fn with_trailers(bytes: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self { kind: Kind::Own(bytes, trailers), entry: None, busy: None }
    }

    /// An upstream's body; its connection goes back to the pool once it was read to the end.
    pub(super) fn upstream(body: Incoming, lease: Lease) -> Self {
        Self { kind: Kind::Upstream(body, Some(lease)), entry: None, busy: None }
    }

    /// Write this log entry at the end, and count the request as served until then.
    pub(super) fn finish_with(&mut self, entry: Option<Box<Entry>>, busy: Busy) {
        self.entry = entry;
        self.busy = Some(busy);
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match &mut this.kind {
            Kind::Own(bytes, trailers) if bytes.is_empty() => {
                Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Kind::Own(bytes, _) => {
                let bytes = std::mem::take(bytes);
                if let Some(entry) = &mut this.entry {
                    entry.bytes += bytes.len() as u64;
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Upstream(body, lease) => match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let (Some(entry), Some(data)) = (&mut this.entry, frame.data_ref()) {
                        entry.bytes += data.len() as u64;
                    }
                    Poll::Ready(Some(Ok(frame)))
                }
                Some(Err(error)) => {
                    if let Some(entry) = &mut this.entry {
                        entry.note = "upstream broke off";
                    }
                    Poll::Ready(Some(Err(BodyError::Broken(error))))
                }
                None => {
                    if let Some(lease) = lease.take() {
                        lease.give_back();
                    }
                    Poll::Ready(None)
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Own(bytes, trailers) => bytes.is_empty() && trailers.is_none(),
            Kind::Upstream(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Upstream(body, _) => body.size_hint(),
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        let mut whole = true;
        if let Kind::Upstream(body, lease) = &mut self.kind {
            // hyper drops a body that is at its end without asking once more.
            whole = body.is_end_stream() || lease.is_none();
            if let (true, Some(lease)) = (body.is_end_stream(), lease.take()) {
                lease.give_back();
            }
        }
        if let Some(mut entry) = self.entry.take() {
            if !whole && entry.note.is_empty() {
                entry.note = "client left";
            }
            entry.write();
        }
    }
}
