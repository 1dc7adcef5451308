//! The world of WASI 0.2: its clock, and requests of the gate's own over `wasi:http`.

use super::stream::{self, Incoming};
use super::words;
use crate::door::{Fetch, FetchError, Fetched, Place, World};
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::StreamError;

/// Nanoseconds of a millisecond.
const MS: u64 = 1_000_000;

pub(super) struct Runtime;

impl World for Runtime {
    fn now(&self) -> i64 {
        i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX)
    }

    async fn fetch(&self, request: Fetch) -> Result<Fetched, FetchError> {
        fetch(request)
    }
}

/// A request to `authority`, its body still to come.
pub(super) fn outgoing(
    fields: Fields,
    method: &str,
    https: bool,
    authority: &str,
    target: &str,
) -> Result<OutgoingRequest, &'static str> {
    let request = OutgoingRequest::new(fields);
    let scheme = if https { Scheme::Https } else { Scheme::Http };
    request.set_method(&words::to_method(method)).map_err(|()| "the runtime refuses the method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "the runtime refuses the scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "the runtime refuses the authority")?;
    request.set_path_with_query(Some(target)).map_err(|()| "the runtime refuses the target")?;
    Ok(request)
}

/// Times in milliseconds. Not every runtime knows them; the deadline of a fetch is kept here in any case.
pub(super) fn options(connect: u32, response: u32) -> RequestOptions {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(u64::from(connect) * MS));
    let _ = options.set_first_byte_timeout(Some(u64::from(response) * MS));
    options
}

fn fetch(request: Fetch) -> Result<Fetched, FetchError> {
    let down = |why: &str| FetchError::Unreachable(why.to_owned());
    let Place { https, authority, target } = request.place()?;
    let Fetch { method, headers, body, timeout, limit, .. } = request;
    let deadline = monotonic_clock::subscribe_duration(u64::from(timeout) * MS);

    let mut lines = headers;
    if !body.is_empty() {
        lines.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    let fields = Fields::from_list(&lines).map_err(|_| down("the runtime refuses a header"))?;
    let request = outgoing(fields, &method, https, &authority, &target).map_err(down)?;
    let outgoing_body = if body.is_empty() { None } else { request.body().ok() };
    let future = outgoing_handler::handle(request, Some(options(timeout, timeout)))
        .map_err(|error| FetchError::Unreachable(format!("{error:?}")))?;
    if let Some(outgoing) = outgoing_body {
        stream::write_all(&outgoing, &body).map_err(FetchError::Unreachable)?;
        OutgoingBody::finish(outgoing, None).map_err(|error| FetchError::Unreachable(format!("{error:?}")))?;
    }
    let response = response(&future, &deadline).map_err(FetchError::Unreachable)?;
    let status = response.status();
    let headers = response.headers().entries();
    let body = read(&response, limit, &deadline)?;
    Ok(Fetched { status, headers, body })
}

/// Wait for a response until the deadline.
fn response(future: &FutureIncomingResponse, deadline: &Pollable) -> Result<IncomingResponse, String> {
    let ready = future.subscribe();
    loop {
        if let Some(result) = future.get() {
            return match result {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(error)) => Err(format!("{error:?}")),
                Err(()) => Err("the response was taken twice".to_owned()),
            };
        }
        if deadline.ready() {
            return Err("no answer in time".to_owned());
        }
        poll(&[&ready, deadline]);
    }
}

fn read(response: &IncomingResponse, limit: usize, deadline: &Pollable) -> Result<Vec<u8>, FetchError> {
    let broke = || FetchError::Unreachable("its body broke off".to_owned());
    let incoming = Incoming::new(response.consume()).ok_or_else(broke)?;
    let ready = incoming.stream.subscribe();
    let mut body = Vec::new();
    loop {
        match incoming.stream.read(64 << 10) {
            Ok(bytes) if bytes.is_empty() => {
                if deadline.ready() {
                    return Err(FetchError::Unreachable("no whole answer in time".to_owned()));
                }
                poll(&[&ready, deadline]);
            }
            Ok(bytes) => {
                body.extend_from_slice(&bytes);
                if body.len() > limit {
                    return Err(FetchError::TooLarge);
                }
            }
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(broke()),
        }
    }
}
