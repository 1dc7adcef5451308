//! The door of WASI 0.3: `wasi:http/handler`, exported and imported, so that the gate stands between a server and the
//! application. Bodies that nobody asks for pass as handles, and are not read here.

mod body;
mod fetch;

mod bindings {
    wit_bindgen::generate!({
        path: "../wit/middleware",
        world: "middleware",
        with: {
            "wasi:http/types@0.3.2": wasip3::http::types,
            "wasi:clocks/types@0.3.2": wasip3::clocks::types,
            "wasi:http/handler@0.3.2": generate,
        },
    });
}

use super::{DOOR, GATE, environment, fields};
use crate::door::{Line, Outcome, Passing, Received, Reply, Setup, World as _};
use body::RequestBody;
use fetch::Runtime;
use http::HeaderMap;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};
use wasip3::wit_future;

wasip3::http::service::export!(Handler);

struct Handler;

impl wasip3::exports::http::handler::Guest for Handler {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let Some(setup) = environment::setup() else {
            return reply(Reply::fixed(503, "the gate has not started"), false);
        };
        let method = method(&request.get_method());
        let target = request.get_path_with_query().unwrap_or_default();
        let mut line = Line::new(&method, &target);
        let is_head = method == "HEAD";
        let mut error = None;
        let answered = match judge(request, method, target, &setup, &mut line).await {
            Ok((Outcome::Reply(answer), _)) => reply(answer, is_head),
            Ok((Outcome::Pass(passing), body)) => match pass(&passing, body, &setup).await {
                Ok(response) => Ok(response),
                Err((answer, why)) => {
                    error = Some(why);
                    reply(answer, is_head)
                }
            },
            Err((answer, why)) => {
                error = Some(why);
                reply(answer, is_head)
            }
        };
        if setup.log {
            let status = answered.as_ref().map_or(500, Response::get_status_code);
            environment::log(&line.json(status, error.as_deref()));
        }
        answered
    }
}

/// Check what came, and ask the policy.
async fn judge(
    request: Request,
    method: String,
    target: String,
    setup: &Setup,
    line: &mut Line,
) -> Result<(Outcome, RequestBody), (Reply, String)> {
    let refused = |status, why: &str| (Reply::fixed(status, why), why.to_owned());
    let scheme = request.get_scheme().as_ref().map(scheme);
    let authority = request.get_authority();
    let headers = fields::read(&request.get_headers().copy_all()).ok_or(refused(400, "malformed headers"))?;
    let received = Received { method, scheme, authority, target, headers };
    let checked = received.check(&setup.wanted, setup.site.as_deref(), setup.forwarded, Runtime.now());
    let (head, said) = checked.map_err(|refusal| (refusal.into(), refusal.why.to_owned()))?;
    let length = received.declared();
    if length.is_some_and(|length| length > setup.max_body) {
        return Err(refused(413, "request body is too large"));
    }
    let mut body = RequestBody::new(request, length);
    let failed = |failure: crate::door::Failure| (Reply::fixed(500, "no decision"), failure.0);
    // Instances have one thread; what is borrowed is given back before anything is waited for.
    let (gate, door) = (GATE.with(std::rc::Rc::clone), DOOR.with(std::rc::Rc::clone));
    let verdict = door.judge(&gate, setup, &head, &mut body, &Runtime).await.map_err(failed)?;
    line.decided(&verdict, setup);
    let outcome = Outcome::new(verdict.action, received, said, setup).map_err(failed)?;
    Ok((outcome, body))
}

/// Hand a judged request to the application behind, or to the upstream that the rule names.
async fn pass(passing: &Passing, body: RequestBody, setup: &Setup) -> Result<Response, (Reply, String)> {
    let unreachable = |why: String| (Reply::fixed(502, "upstream cannot be reached"), why);
    let head = fields(passing.headers()).ok_or_else(|| unreachable("the runtime refuses a header".to_owned()))?;
    let request = body.into_request(head, fetch::options(setup.connect, setup.response));
    let origin = setup.upstreams.get(passing.upstream()).and_then(Option::as_ref);
    // The first upstream is what was plugged in; the others are addresses.
    let away = if passing.upstream() == 0 { None } else { origin };
    let authority = away.map_or_else(
        || passing.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default(),
        |origin| origin.authority.as_str(),
    );
    let https = away.map_or(passing.https(), |origin| origin.https);
    fetch::address(&request, passing.method(), https, authority, passing.target())
        .map_err(|why| unreachable(why.to_owned()))?;
    let response = match away {
        None => bindings::wasi::http::handler::handle(request).await,
        Some(_) => wasip3::http::client::send(request).await,
    };
    let response = response.map_err(|error| match error {
        ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => {
            (Reply::fixed(504, "upstream did not answer in time"), format!("{error:?}"))
        }
        _ => unreachable(format!("{error:?}")),
    })?;
    let unusable = |why: &str| (Reply::fixed(502, "upstream gave no usable response"), why.to_owned());
    let mut headers = fields::read(&response.get_headers().copy_all()).ok_or(unusable("malformed headers"))?;
    let incoming = response.get_status_code();
    let bodiless = passing.method() == "HEAD" || matches!(incoming, 204 | 304);
    let status = passing.answer(incoming, &mut headers, bodiless);
    let head = self::fields(&headers).ok_or(unusable("headers that cannot be sent"))?;
    let (_, read) = wit_future::new(|| Ok(()));
    let (contents, trailers) = Response::consume_body(response, read);
    let (answer, _) = Response::new(head, Some(contents), trailers);
    answer.set_status_code(status).map_err(|()| unusable("a status that cannot be sent"))?;
    Ok(answer)
}

fn reply(mut answer: Reply, is_head: bool) -> Result<Response, ErrorCode> {
    if !answer.body.is_empty() {
        answer.headers.insert(http::header::CONTENT_LENGTH, answer.body.len().into());
    }
    let internal = |why: &str| ErrorCode::InternalError(Some(why.to_owned()));
    let head = fields(&answer.headers).ok_or_else(|| internal("headers that cannot be sent"))?;
    let contents = (!is_head && !answer.body.is_empty()).then(|| body::stream(answer.body));
    let (_, none) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(head, contents, none);
    response.set_status_code(answer.status).map_err(|()| internal("a status that cannot be sent"))?;
    Ok(response)
}

/// As `http02::words::write`: `Host` is the runtime's where it says so.
fn fields(headers: &HeaderMap) -> Option<Fields> {
    let (lines, host) = fields::lines(headers);
    let fields = Fields::from_list(&lines).ok()?;
    if let Some(host) = host {
        let _ = fields.append("host", host);
    }
    Some(fields)
}

fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
    .to_owned()
}

fn scheme(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Http => "http".to_owned(),
        Scheme::Https => "https".to_owned(),
        Scheme::Other(name) => name.clone(),
    }
}
