//! Answers that do not come from an upstream: the gate's own, and fixed ones for everything that went wrong.

use super::body::Outgoing;
use super::inbound::Refusal;
use super::upstream::SendError;
use crate::gate::{Failure, Reply};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, Version, header};

/// Seconds until a client may try again after a 503. A deadline is passed under load; a second later it may be gone.
const RETRY_AFTER: &str = "1";

/// An answer on the wire. hyper leaves the body away for HEAD.
pub(crate) fn gate(reply: Reply) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::own(reply.body));
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value);
    }
    response
}

/// An answer to a request that was not judged.
pub(super) fn refusal(refusal: Refusal, id: u64) -> Reply {
    let mut reply = fixed(refusal.status, refusal.why, id);
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        // RFC 9110 section 15.5.6 wants a list; the gate lets all others through to be judged.
        let allow = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        reply.headers.push((header::ALLOW, allow));
    }
    reply
}

/// An answer when there is no decision. Says nothing of why: that is in the log.
pub(super) fn failure(failure: &Failure, id: u64) -> Reply {
    match failure {
        Failure::Deadline => {
            let mut reply = fixed(StatusCode::SERVICE_UNAVAILABLE, "no decision in time", id);
            reply.headers.push((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER)));
            reply
        }
        _ => fixed(StatusCode::INTERNAL_SERVER_ERROR, "no decision", id),
    }
}

/// What the log says of a failure.
pub(super) fn failure_note(failure: &Failure) -> &'static str {
    match failure {
        Failure::Trap(_) => "guest trapped",
        Failure::Deadline => "guest ran past its deadline",
        Failure::Memory => "guest wanted too much memory",
        Failure::Nonsense(_) => "guest answered nonsense",
        Failure::Rounds => "guest asked too often",
    }
}

/// Status and words for an upstream that gave no response.
pub(super) fn send_error(error: &SendError) -> (StatusCode, &'static str) {
    match error {
        SendError::Connect(_) => (StatusCode::BAD_GATEWAY, "upstream cannot be reached"),
        SendError::Broken(_) => (StatusCode::BAD_GATEWAY, "upstream gave no usable response"),
        SendError::Timeout => (StatusCode::GATEWAY_TIMEOUT, "upstream did not answer in time"),
        SendError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "request body is too large"),
        SendError::ClientGone => (StatusCode::BAD_REQUEST, "request body broke off"),
    }
}

/// Plain text with a reference that is also in the log.
pub(super) fn fixed(status: StatusCode, why: &str, id: u64) -> Reply {
    let text = format!("{} {why} (reference {id:016x})\n", status.as_u16());
    let headers = vec![
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Reply { status, headers, body: Bytes::from(text) }
}

/// Close the connection after this response. HTTP/2 has no such header (RFC 9113 section 8.2.2).
pub(crate) fn close_after(response: &mut Response<Outgoing>, version: Version) {
    if version != Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
