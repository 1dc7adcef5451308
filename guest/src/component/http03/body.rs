//! Bodies of WASI 0.3. A body that the policy reads is read ahead as far as it asks; the rest follows from where it is.

use crate::door::Body;
use wasip3::http::types::{Fields, Request, RequestOptions};
use wasip3::wit_bindgen::{self, StreamReader, StreamResult};
use wasip3::{wit_future, wit_stream};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// The body of the client's request: still with it, or taken and read ahead.
pub(super) struct RequestBody {
    state: State,
    declared: Option<u64>,
}

enum State {
    /// Nobody has asked for it.
    Whole(Request),
    /// Some of it was read.
    Taken { ahead: Vec<u8>, rest: Option<StreamReader<u8>> },
    /// Between two states.
    Gone,
}

impl RequestBody {
    pub(super) fn new(request: Request, declared: Option<u64>) -> Self {
        Self { state: State::Whole(request), declared }
    }

    /// The request that goes on, with this body.
    pub(super) fn into_request(self, head: Fields, options: RequestOptions) -> Request {
        let empty = self.declared == Some(0);
        let contents = match self.state {
            State::Whole(request) => Some(take(request)),
            State::Taken { ahead, rest } => match rest {
                None if ahead.is_empty() => None,
                rest => Some(joined(ahead, rest)),
            },
            State::Gone => None,
        };
        // Trailers end here, as in our own proxy: nobody has judged them.
        let (_, none) = wit_future::new(|| Ok(None));
        Request::new(head, contents.filter(|_| !empty), none, Some(options)).0
    }
}

fn take(request: Request) -> StreamReader<u8> {
    let (_, read) = wit_future::new(|| Ok(()));
    Request::consume_body(request, read).0
}

impl Body for RequestBody {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Vec<u8>>, String> {
        if self.declared.is_some_and(|length| length > limit as u64) {
            return Ok(None);
        }
        let (mut ahead, mut rest) = match std::mem::replace(&mut self.state, State::Gone) {
            State::Whole(request) => (Vec::new(), Some(take(request))),
            State::Taken { ahead, rest } => (ahead, rest),
            State::Gone => return Err("request body broke off".to_owned()),
        };
        while ahead.len() <= limit
            && let Some(stream) = &mut rest
        {
            let (result, bytes) = stream.read(Vec::with_capacity(CHUNK)).await;
            ahead.extend_from_slice(&bytes);
            if result == StreamResult::Dropped {
                rest = None;
            }
        }
        let whole = (rest.is_none() && ahead.len() <= limit).then(|| ahead.clone());
        self.state = State::Taken { ahead, rest };
        Ok(whole)
    }
}

/// A body that is held.
pub(super) fn stream(bytes: Vec<u8>) -> StreamReader<u8> {
    joined(bytes, None)
}

/// What was read, and then the rest. It is written beside the request: nobody reads before it is sent.
fn joined(ahead: Vec<u8>, mut rest: Option<StreamReader<u8>>) -> StreamReader<u8> {
    let (mut writer, reader) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        if !writer.write_all(ahead).await.is_empty() {
            return;
        }
        while let Some(stream) = &mut rest {
            let (result, bytes) = stream.read(Vec::with_capacity(CHUNK)).await;
            if !bytes.is_empty() && !writer.write_all(bytes).await.is_empty() {
                return;
            }
            if result == StreamResult::Dropped {
                rest = None;
            }
        }
    });
    reader
}

/// All of a body, if it has at most `limit` bytes. `None`: it has more.
pub(super) async fn collect(mut stream: StreamReader<u8>, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (result, bytes) = stream.read(Vec::with_capacity(CHUNK)).await;
        body.extend_from_slice(&bytes);
        if body.len() > limit {
            return None;
        }
        if result == StreamResult::Dropped {
            return Some(body);
        }
    }
}
