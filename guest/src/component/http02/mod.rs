//! The stock door of WASI 0.2: `wasi:http/incoming-handler`. Bodies are moved on here; what is decided is `door`'s.

mod exchange;
mod fetch;
mod stream;
mod words;

use super::{DOOR, GATE, environment, fields};
use crate::door::{Line, Outcome, Passing, Received, Reply, Setup};
use exchange::Failed;
use fetch::Runtime;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use stream::RequestBody;
use wasip2::http::types::{IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wasip2::http::proxy::export!(Handler);

struct Handler;

impl wasip2::exports::http::incoming_handler::Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let Some(setup) = environment::setup() else {
            reply(out, Reply::fixed(503, "the gate has not started"), false);
            return;
        };
        let method = words::method(&request.method());
        let target = request.path_with_query().unwrap_or_default();
        let mut line = Line::new(&method, &target);
        let is_head = method == "HEAD";
        let (mut body, judged) = judge(request, method, target, &setup, &mut line);
        let (status, error) = match judged {
            Ok(Outcome::Reply(answer)) => {
                let status = answer.status;
                reply(out, answer, is_head);
                (status, None)
            }
            Ok(Outcome::Pass(passing)) => pass(out, &passing, &mut body, &setup, is_head),
            Err((answer, error)) => {
                let status = answer.status;
                reply(out, answer, is_head);
                (status, Some(error))
            }
        };
        if setup.log {
            environment::log(&line.json(status, error.as_deref()));
        }
    }
}

type Judged = Result<Outcome, (Reply, String)>;

/// Check what came, and ask the policy.
fn judge(
    request: IncomingRequest,
    method: String,
    target: String,
    setup: &Setup,
    line: &mut Line,
) -> (RequestBody, Judged) {
    let scheme = request.scheme().as_ref().map(words::scheme);
    let authority = request.authority();
    let headers = fields::read(&request.headers().entries());
    let mut body = RequestBody::new(request, setup.max_body);
    let refused = |status, why: &str| Err((Reply::fixed(status, why), why.to_owned()));
    let Some(headers) = headers else { return (body, refused(400, "malformed headers")) };
    let received = Received { method, scheme, authority, target, headers };
    let world = Runtime;
    let (head, said) =
        match received.check(&setup.wanted, setup.site.as_deref(), setup.forwarded, crate::door::World::now(&world)) {
            Ok(checked) => checked,
            Err(refusal) => return (body, Err((refusal.into(), refusal.why.to_owned()))),
        };
    body.declared = received.declared();
    if body.declared.is_some_and(|length| length > setup.max_body) {
        return (body, refused(413, "request body is too large"));
    }
    let verdict = GATE.with(|gate| DOOR.with(|door| now(door.judge(gate, setup, &head, &mut body, &world))));
    let outcome = verdict.and_then(|verdict| {
        line.decided(&verdict, setup);
        Outcome::new(verdict.action, received, said, setup)
    });
    (body, outcome.map_err(|failure| (Reply::fixed(500, "no decision"), failure.0)))
}

/// Drive a future whose world never makes it wait: every call of WASI 0.2 blocks until it is done.
fn now<T>(future: impl Future<Output = Result<T, crate::door::Failure>>) -> Result<T, crate::door::Failure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(crate::door::Failure("a decision waits for something".to_owned())),
    }
}

/// Send a judged request upstream, and what comes back to the client. Gives the status and what went wrong.
fn pass(
    out: ResponseOutparam,
    passing: &Passing,
    body: &mut RequestBody,
    setup: &Setup,
    is_head: bool,
) -> (u16, Option<String>) {
    let fail = |out, status: u16, why: &str, detail: String| {
        reply(out, Reply::fixed(status, why), is_head);
        (status, Some(detail))
    };
    let mut exchange = match exchange::open(passing, body, setup) {
        Ok(exchange) => exchange,
        Err(Failed { status, why, detail }) => return fail(out, status, why, detail),
    };
    let incoming = exchange.response.status();
    let Some(mut headers) = fields::read(&exchange.response.headers().entries()) else {
        return fail(out, 502, "upstream gave no usable response", "malformed headers".to_owned());
    };
    let bodiless = is_head || matches!(incoming, 204 | 304);
    let status = passing.answer(incoming, &mut headers, bodiless);
    let Some(fields) = words::write(&headers) else {
        return fail(out, 502, "upstream gave no usable response", "headers that cannot be sent".to_owned());
    };
    let response = OutgoingResponse::new(fields);
    if response.set_status_code(status).is_err() {
        return fail(out, 502, "upstream gave no usable response", format!("status {status}"));
    }
    let Ok(outgoing) = response.body() else {
        return fail(out, 500, "the response has no body", "no body".to_owned());
    };
    ResponseOutparam::set(out, Ok(response));
    if bodiless {
        // It ends here; that a length is told which never comes is right for these (RFC 9110 section 8.6).
        let _ = OutgoingBody::finish(outgoing, None);
        return (status, None);
    }
    // From here on the status is out: what fails breaks the body off, and never ends it cleanly.
    match exchange.deliver(&outgoing, body) {
        Ok(()) => match OutgoingBody::finish(outgoing, None) {
            Ok(()) => (status, None),
            Err(error) => (status, Some(format!("upstream broke off: {error:?}"))),
        },
        Err(why) => (status, Some(why)),
    }
}

fn reply(out: ResponseOutparam, mut answer: Reply, is_head: bool) {
    if !answer.body.is_empty() {
        answer.headers.insert(http::header::CONTENT_LENGTH, answer.body.len().into());
    }
    let Some(fields) = words::write(&answer.headers) else {
        // Headers of the gate's own are checked when they are made; without them this is a plain refusal.
        return ResponseOutparam::set(out, Ok(bare(500)));
    };
    let response = OutgoingResponse::new(fields);
    if response.set_status_code(answer.status).is_err() {
        return ResponseOutparam::set(out, Ok(bare(500)));
    }
    // Some runtimes want a body to be taken, even if nothing is written to it.
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    if let Ok(body) = body
        && (is_head || stream::write_all(&body, &answer.body).is_ok())
    {
        let _ = OutgoingBody::finish(body, None);
    }
}

fn bare(status: u16) -> OutgoingResponse {
    let response = OutgoingResponse::new(wasip2::http::types::Fields::new());
    let _ = response.set_status_code(status);
    let _ = response.body().map(|body| OutgoingBody::finish(body, None));
    response
}
