//! One request and its response with an upstream: both bodies move at the same time, so that a server may answer before it
//! has read all, and neither side waits for the other for ever.

use super::stream::{self, Incoming, Moved, RequestBody};
use super::{environment, fetch, words};
use crate::door::{Passing, Setup};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, IncomingResponse, OutgoingBody};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::OutputStream;

/// Why there is no response.
pub(super) struct Failed {
    pub(super) status: u16,
    pub(super) why: &'static str,
    pub(super) detail: String,
}

/// A response whose head has come, and the upload that may still be under way.
pub(super) struct Exchange {
    pub(super) response: IncomingResponse,
    upload: Option<Upload>,
    splice: bool,
}

/// The stream is a child of the body, and goes first.
struct Upload {
    stream: OutputStream,
    body: OutgoingBody,
}

impl Upload {
    /// Move what can be moved now. `Err`: it is over, and how.
    fn advance(&mut self, body: &mut RequestBody, splice: bool) -> Result<(), Moved> {
        loop {
            match body.advance(&self.stream, splice) {
                Moved::Some => {}
                Moved::WaitIn | Moved::WaitOut => return Ok(()),
                over => return Err(over),
            }
        }
    }

    /// What to wait for, whatever it is that is missing.
    fn pollables(&self, body: &RequestBody) -> Vec<Pollable> {
        let writable = self.stream.check_write().is_ok_and(|permit| permit > 0);
        if writable { body.readable().into_iter().collect() } else { vec![self.stream.subscribe()] }
    }

    /// All of it was sent.
    fn finish(self) {
        let Self { stream, body } = self;
        let _ = stream.blocking_flush();
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}

/// Send the request, and wait for the head of the response.
pub(super) fn open(passing: &Passing, body: &mut RequestBody, setup: &Setup) -> Result<Exchange, Failed> {
    let unreachable = |detail: String| Failed { status: 502, why: "upstream cannot be reached", detail };
    let Some(Some(origin)) = setup.upstreams.get(passing.upstream()) else {
        return Err(unreachable("nobody said where it is: set UPSTREAM, or `upstream` of `[proxy]`".to_owned()));
    };
    let empty = body.is_empty().map_err(|detail| Failed { status: 400, why: "request body broke off", detail })?;
    let fields =
        words::write(passing.headers()).ok_or_else(|| unreachable("the runtime refuses a header".to_owned()))?;
    let request = fetch::outgoing(fields, passing.method(), origin.https, &origin.authority, passing.target())
        .map_err(|why| unreachable(why.to_owned()))?;
    let outgoing = if empty { None } else { Some(request.body().map_err(|()| unreachable("no body".to_owned()))?) };
    let mut upload = match outgoing {
        None => None,
        Some(outgoing) => {
            let stream = outgoing.write().map_err(|()| unreachable("no body".to_owned()))?;
            Some(Upload { stream, body: outgoing })
        }
    };
    let future = outgoing_handler::handle(request, Some(fetch::options(setup.connect, setup.response)))
        .map_err(|error| failed(&error))?;
    let ready = future.subscribe();
    let splice = environment::is_on("PORTCULLIS_SPLICE");
    loop {
        if let Some(sending) = &mut upload {
            match sending.advance(body, splice) {
                Ok(()) => {}
                Err(Moved::End) => upload.take().into_iter().for_each(Upload::finish),
                Err(Moved::TooLarge) => {
                    let detail = "request body is too large".to_owned();
                    return Err(Failed { status: 413, why: "request body is too large", detail });
                }
                Err(Moved::Broken) => {
                    let detail = "client left".to_owned();
                    return Err(Failed { status: 400, why: "request body broke off", detail });
                }
                // The upstream reads no more; its response says why.
                Err(_) => upload = None,
            }
        }
        match future.get() {
            Some(Ok(Ok(response))) => return Ok(Exchange { response, upload, splice }),
            Some(Ok(Err(error))) => return Err(failed(&error)),
            Some(Err(())) => return Err(unreachable("the response was taken twice".to_owned())),
            None => {}
        }
        let waiting = upload.as_ref().map(|upload| upload.pollables(body)).unwrap_or_default();
        poll(&waiting.iter().chain([&ready]).collect::<Vec<_>>());
    }
}

impl Exchange {
    /// Move the response's body to the client, and what is left of the request's to the upstream.
    pub(super) fn deliver(&mut self, outgoing: &OutgoingBody, body: &mut RequestBody) -> Result<(), String> {
        let incoming = Incoming::new(self.response.consume()).ok_or("upstream gave no body")?;
        let output = outgoing.write().map_err(|()| "the response cannot be written".to_owned())?;
        // What the upstream sends has no limit of ours.
        let mut left = u64::MAX;
        loop {
            let moved = stream::advance(&incoming.stream, &output, self.splice, &mut left);
            match moved {
                Moved::Some => continue,
                Moved::End => {
                    return output.blocking_flush().map_err(|error| format!("client left: {error:?}"));
                }
                Moved::Broken => return Err("upstream broke off".to_owned()),
                Moved::Refused | Moved::TooLarge => return Err("client left".to_owned()),
                Moved::WaitIn | Moved::WaitOut => {}
            }
            let mut waiting =
                vec![if moved == Moved::WaitIn { incoming.stream.subscribe() } else { output.subscribe() }];
            if let Some(upload) = &mut self.upload {
                match upload.advance(body, self.splice) {
                    Ok(()) => waiting.extend(upload.pollables(body)),
                    Err(Moved::End) => self.upload.take().into_iter().for_each(Upload::finish),
                    // It was answered before it had read all: what is left is nobody's.
                    Err(_) => self.upload = None,
                }
            }
            poll(&waiting.iter().collect::<Vec<_>>());
        }
    }
}

/// Which status an error of the runtime is.
fn failed(error: &ErrorCode) -> Failed {
    let detail = format!("{error:?}");
    match error {
        ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => {
            Failed { status: 504, why: "upstream did not answer in time", detail }
        }
        ErrorCode::HttpRequestBodySize(_) => Failed { status: 413, why: "request body is too large", detail },
        ErrorCode::HttpRequestDenied => Failed { status: 502, why: "the runtime denies the request", detail },
        _ => Failed { status: 502, why: "upstream cannot be reached", detail },
    }
}
