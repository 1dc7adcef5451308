//! Bodies of WASI 0.2: read ahead, moved on, limited.

use crate::door::Body;
use wasip2::http::types::{IncomingBody, IncomingRequest, OutgoingBody};
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// Bytes moved at once.
const CHUNK: u64 = 64 << 10;
/// Bytes that `blocking-write-and-flush` takes (`wasi:io/streams`).
const BLOCKING_WRITE: usize = 4096;

/// A body that comes in. The stream is a child of the body, and goes first.
pub(super) struct Incoming {
    pub(super) stream: InputStream,
    _body: IncomingBody,
}

impl Incoming {
    pub(super) fn new(body: Result<IncomingBody, ()>) -> Option<Self> {
        let body = body.ok()?;
        let stream = body.stream().ok()?;
        Some(Self { stream, _body: body })
    }
}

/// The body of the client's request: what was read ahead, and the rest.
pub(super) struct RequestBody {
    request: IncomingRequest,
    incoming: Option<Incoming>,
    ahead: Vec<u8>,
    ended: bool,
    /// The length that the client declared.
    pub(super) declared: Option<u64>,
    /// Bytes that may still come.
    left: u64,
}

/// What moving a body came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// Some bytes.
    Some,
    /// None until the reader has more.
    WaitIn,
    /// None until the writer takes more.
    WaitOut,
    /// All of them.
    End,
    /// The other side takes no more.
    Refused,
    /// It broke off.
    Broken,
    /// It is longer than it may be.
    TooLarge,
}

impl RequestBody {
    pub(super) fn new(request: IncomingRequest, limit: u64) -> Self {
        Self { request, incoming: None, ahead: Vec::new(), ended: false, declared: None, left: limit }
    }

    fn stream(&mut self) -> Option<&InputStream> {
        if self.incoming.is_none() {
            self.incoming = Incoming::new(self.request.consume());
            self.ended |= self.incoming.is_none();
        }
        self.incoming.as_ref().map(|incoming| &incoming.stream)
    }

    /// Read one more piece ahead, and wait for it. `Ok(false)`: there is no more.
    fn read_ahead(&mut self) -> Result<bool, String> {
        if self.ended {
            return Ok(false);
        }
        let Some(stream) = self.stream() else { return Ok(false) };
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => {
                self.ahead.extend_from_slice(&bytes);
                Ok(true)
            }
            Err(StreamError::Closed) => {
                self.ended = true;
                Ok(false)
            }
            Err(StreamError::LastOperationFailed(_)) => Err("request body broke off".to_owned()),
        }
    }

    /// Is there a body? Where none was declared, the first piece or the end tells.
    pub(super) fn is_empty(&mut self) -> Result<bool, String> {
        if let Some(length) = self.declared {
            return Ok(length == 0);
        }
        while self.ahead.is_empty() {
            if !self.read_ahead()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Move what can be moved now.
    pub(super) fn advance(&mut self, output: &OutputStream, splice: bool) -> Moved {
        if !self.ahead.is_empty() {
            let permit = match output.check_write() {
                Ok(0) => return Moved::WaitOut,
                Ok(permit) => usize::try_from(permit.min(CHUNK)).unwrap_or(BLOCKING_WRITE).min(self.ahead.len()),
                Err(_) => return Moved::Refused,
            };
            if self.left < permit as u64 {
                return Moved::TooLarge;
            }
            self.left -= permit as u64;
            let piece: Vec<u8> = self.ahead.drain(..permit).collect();
            return if output.write(&piece).is_ok() { Moved::Some } else { Moved::Refused };
        }
        if self.ended {
            return Moved::End;
        }
        let mut left = self.left;
        let Some(stream) = self.stream() else { return Moved::End };
        let moved = advance(stream, output, splice, &mut left);
        self.left = left;
        self.ended = moved == Moved::End;
        moved
    }

    /// What to wait for.
    pub(super) fn readable(&self) -> Option<Pollable> {
        self.incoming.as_ref().map(|incoming| incoming.stream.subscribe())
    }
}

impl Body for RequestBody {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Vec<u8>>, String> {
        if self.declared.is_some_and(|length| length > limit as u64) {
            return Ok(None);
        }
        while self.ahead.len() <= limit {
            if !self.read_ahead()? {
                return Ok(Some(self.ahead.clone()));
            }
        }
        Ok(None)
    }
}

/// Move what can be moved now from one stream to another, at most `left` bytes of it in all.
///
/// `splice` lets the runtime move them. Where it may not, they pass through here: some runtimes do not count bytes that are
/// spliced, and then miss them at the end.
pub(super) fn advance(input: &InputStream, output: &OutputStream, splice: bool, left: &mut u64) -> Moved {
    let permit = match output.check_write() {
        Ok(0) => return Moved::WaitOut,
        Ok(permit) => permit.min(CHUNK),
        Err(_) => return Moved::Refused,
    };
    let moved = if splice {
        output.splice(input, permit)
    } else {
        input.read(permit).map(|bytes| {
            // A write that fails is told by the next check.
            let _ = if bytes.is_empty() { Ok(()) } else { output.write(&bytes) };
            bytes.len() as u64
        })
    };
    match moved {
        Ok(0) => Moved::WaitIn,
        Ok(count) if count > *left => Moved::TooLarge,
        Ok(count) => {
            *left -= count;
            Moved::Some
        }
        Err(StreamError::Closed) => Moved::End,
        Err(StreamError::LastOperationFailed(_)) => Moved::Broken,
    }
}

/// Write all of a body that is held, and wait for it.
pub(super) fn write_all(body: &OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    let stream = body.write().map_err(|()| "the body cannot be written".to_owned())?;
    for piece in bytes.chunks(BLOCKING_WRITE) {
        stream.blocking_write_and_flush(piece).map_err(|error| format!("{error:?}"))?;
    }
    Ok(())
}
