//! The world of WASI 0.3: its clock, and requests of the gate's own.

use super::body;
use crate::door::{Fetch, FetchError, Fetched, Place, World};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use wasip3::clocks::{monotonic_clock, system_clock};
use wasip3::http::client;
use wasip3::http::types::{Fields, Method, Request, RequestOptions, Response, Scheme};
use wasip3::wit_future;

/// Nanoseconds of a millisecond.
const MS: u64 = 1_000_000;

pub(super) struct Runtime;

impl World for Runtime {
    fn now(&self) -> i64 {
        system_clock::now().seconds
    }

    async fn fetch(&self, request: Fetch) -> Result<Fetched, FetchError> {
        let time = u64::from(request.timeout) * MS;
        let mut fetching = pin!(fetch(request));
        let mut over = pin!(monotonic_clock::wait_for(time));
        poll_fn(|context| match fetching.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => {
                over.as_mut().poll(context).map(|()| Err(FetchError::Unreachable("no answer in time".to_owned())))
            }
        })
        .await
    }
}

/// Say where a request goes.
pub(super) fn address(
    request: &Request,
    method: &str,
    https: bool,
    authority: &str,
    target: &str,
) -> Result<(), &'static str> {
    let scheme = if https { Scheme::Https } else { Scheme::Http };
    request.set_method(&to_method(method)).map_err(|()| "the runtime refuses the method")?;
    request.set_scheme(Some(&scheme)).map_err(|()| "the runtime refuses the scheme")?;
    request.set_authority(Some(authority)).map_err(|()| "the runtime refuses the authority")?;
    request.set_path_with_query(Some(target)).map_err(|()| "the runtime refuses the target")
}

/// Times in milliseconds; not every runtime knows them.
pub(super) fn options(connect: u32, response: u32) -> RequestOptions {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(u64::from(connect) * MS));
    let _ = options.set_first_byte_timeout(Some(u64::from(response) * MS));
    options
}

async fn fetch(request: Fetch) -> Result<Fetched, FetchError> {
    let down = |why: &str| FetchError::Unreachable(why.to_owned());
    let Place { https, authority, target } = request.place()?;
    let Fetch { method, headers, body, timeout, limit, .. } = request;
    let mut lines = headers;
    if !body.is_empty() {
        lines.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    let fields = Fields::from_list(&lines).map_err(|_| down("the runtime refuses a header"))?;
    let contents = (!body.is_empty()).then(|| body::stream(body));
    let (_, none) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(fields, contents, none, Some(options(timeout, timeout)));
    address(&request, &method, https, &authority, &target).map_err(down)?;
    let response = client::send(request).await.map_err(|error| FetchError::Unreachable(format!("{error:?}")))?;
    let (status, headers) = (response.get_status_code(), response.get_headers().copy_all());
    let (_, read) = wit_future::new(|| Ok(()));
    let (contents, whole) = Response::consume_body(response, read);
    match body::collect(contents, limit).await {
        None => Err(FetchError::TooLarge),
        // A stream ends in silence; whether it ended well is told apart.
        Some(body) => match whole.await {
            Ok(_) => Ok(Fetched { status, headers, body }),
            Err(_) => Err(down("its body broke off")),
        },
    }
}

fn to_method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}
