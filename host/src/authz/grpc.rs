//! `envoy.service.auth.v3.Authorization/Check`. tonic frames the messages; connection, limits and log are the proxy's.

use super::ext_authz::{
    AppendAction, CHECK, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderValue as Line, HeaderValueOption,
    HttpRequest, HttpResponse, HttpStatus, OkHttpResponse, Status as RpcStatus,
};
use super::mode::Mode;
use super::orders::Orders;
use super::original::{self, Original, Unread};
use super::{Cannot, Given, Held, answer, front};
use crate::gate::{Edit, Permit, Reply};
use crate::proxy::inbound::bad;
use crate::proxy::settings::MAX_HEADERS;
use crate::proxy::{Inbound, Judge, Outgoing, Turn};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use std::pin::Pin;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

/// Answer one call.
pub(super) async fn answer<J: Judge>(turn: Turn<'_, J>, head: Parts, body: Inbound) -> Response<Outgoing> {
    let framed = if head.uri.path() == CHECK {
        let codec = ProstCodec::<CheckResponse, CheckRequest>::default();
        let call = Check(Some(turn));
        Grpc::new(codec).unary(call, Request::from_parts(head, body)).await
    } else {
        body.drain();
        Status::unimplemented("only envoy.service.auth.v3.Authorization/Check is served").into_http()
    };
    let (head, body) = framed.into_parts();
    // Made in memory, so it does not fail; and a caller without a message and a status lets nothing pass.
    let (bytes, trailers) = match body.collect().await {
        Ok(collected) => {
            let trailers = collected.trailers().cloned();
            (collected.to_bytes(), trailers)
        }
        Err(_) => (Bytes::new(), None),
    };
    Response::from_parts(head, Outgoing::with_trailers(bytes, trailers))
}

/// One call; the turn is taken by it.
struct Check<'a, J>(Option<Turn<'a, J>>);

impl<'a, J: Judge> UnaryService<CheckRequest> for Check<'a, J> {
    type Response = CheckResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<CheckResponse>, Status>> + Send + 'a>>;

    fn call(&mut self, request: tonic::Request<CheckRequest>) -> Self::Future {
        let turn = self.0.take();
        Box::pin(async move {
            let turn = turn.ok_or_else(|| Status::internal("called twice"))?;
            Ok(tonic::Response::new(check(turn, request.into_inner()).await))
        })
    }
}

async fn check<J: Judge>(mut turn: Turn<'_, J>, request: CheckRequest) -> CheckResponse {
    let reply = match read(request) {
        Err(unread) => front::refuse(&mut turn, unread),
        Ok((asked, headers, mut body)) => {
            turn.speaks_of(asked.method.clone(), asked.target.clone());
            match turn.judge(asked.asked(), &headers, &mut body).await {
                Ok(permit) => {
                    let orders = Orders::new(&permit, &asked, &headers, |name| Mode::Envoy.is_own(name), &turn);
                    match orders.and_then(|orders| allow(&permit, &orders)) {
                        Ok(response) => return response,
                        Err(cannot) => front::fail(&mut turn, cannot),
                    }
                }
                Err(reply) => reply,
            }
        }
    };
    turn.comes_to(reply.status);
    deny(reply).unwrap_or_else(|cannot| {
        let reply = front::fail(&mut turn, cannot);
        deny(reply).unwrap_or_else(|_| refused(DeniedHttpResponse::default()))
    })
}

/// The request that is asked about, its headers, and its body if it came along.
fn read(request: CheckRequest) -> Result<(Original, HeaderMap, Given<Held>), Unread> {
    let missing = |header| Unread { refusal: bad("the proxy does not name the whole request"), header };
    let context = request.attributes.ok_or_else(|| missing("attributes"))?;
    let address = context.source.and_then(|peer| peer.address?.socket_address).map(|socket| socket.address);
    let client = address.and_then(|text| text.parse().ok()).ok_or_else(|| missing("source.address"))?;
    let http = context.request.and_then(|request| request.http).ok_or_else(|| missing("request.http"))?;

    let said = |header: &'static str| move |refusal| Unread { refusal, header };
    let method = original::method(http.method.as_bytes()).map_err(said("request.http.method"))?;
    let authority = original::authority(http.host.as_bytes()).map_err(said("request.http.host"))?;
    let target = original::target(http.path.as_bytes()).map_err(said("request.http.path"))?;
    let headers = headers(&http).map_err(said("request.http.headers"))?;
    let proto = Mode::Envoy.names().scheme;
    let scheme = original::one(&headers, proto, |value| original::scheme(value.as_bytes()))?;

    let body = if http.raw_body.is_empty() { Bytes::from(http.body) } else { http.raw_body };
    let body = match front::given(&headers, Held(body)) {
        // A body whose length is not the declared one is not the whole.
        Given::Whole(Held(body)) if u64::try_from(http.size).is_ok_and(|size| size != body.len() as u64) => Given::Part,
        given => given,
    };
    Ok((Original { method, scheme, authority, target, client }, headers, body))
}

/// Line by line if Envoy sends them so; pseudo headers are no headers.
fn headers(http: &HttpRequest) -> Result<HeaderMap, crate::proxy::inbound::Refusal> {
    let lines = http.header_map.iter().flat_map(|map| &map.headers).map(|line| {
        let value = if line.raw_value.is_empty() { line.value.as_bytes() } else { line.raw_value.as_slice() };
        (line.key.as_str(), value)
    });
    let joined = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    if http.header_map.is_some() && !http.headers.is_empty() {
        return Err(bad("the headers are named twice"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in lines.chain(joined).filter(|(name, _)| !name.starts_with(':')) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Err(bad("a header is malformed"));
        };
        if headers.len() >= MAX_HEADERS {
            return Err(bad("too many header lines"));
        }
        headers.append(name, value);
    }
    Ok(headers)
}

/// The request passes, in this way.
fn allow(permit: &Permit, orders: &Orders) -> Result<CheckResponse, Cannot> {
    let mut ok = OkHttpResponse::default();
    if permit.rewritten() || orders.moved {
        ok.headers.push(line(":path", orders.target.as_str().as_bytes(), AppendAction::Overwrite));
    }
    let mut removed = orders.foreign.clone();
    let (cookie, own) = &orders.cookie;
    let cookie = (!own).then(|| (http::header::COOKIE, cookie.iter().cloned().collect()));
    for (name, values) in orders.request.iter().chain(&cookie) {
        if values.is_empty() {
            removed.push(name.clone());
        }
        let actions = [AppendAction::Overwrite].into_iter().chain(std::iter::repeat(AppendAction::Append));
        ok.headers
            .extend(values.iter().zip(actions).map(|(value, action)| line(name.as_str(), value.as_bytes(), action)));
    }
    if let Some(upstream) = &orders.upstream {
        ok.headers.push(line(answer::UPSTREAM.as_str(), upstream.as_bytes(), AppendAction::Overwrite));
        removed.retain(|name| *name != answer::UPSTREAM);
    }
    ok.headers_to_remove = removed.iter().map(|name| name.as_str().to_owned()).collect();
    for edit in &orders.response {
        ok.response_headers_to_add.push(match edit {
            Edit::Set(name, value) => line(name.as_str(), value.as_bytes(), AppendAction::Overwrite),
            Edit::Append(name, value) => line(name.as_str(), value.as_bytes(), AppendAction::Append),
            Edit::Remove(_) => return Err(Cannot::told("forward auth cannot remove a header of the response")),
        });
    }
    let status = Some(RpcStatus { code: Code::Ok.into(), message: String::new() });
    Ok(CheckResponse { status, http_response: Some(HttpResponse::Ok(ok)) })
}

/// The request does not pass; this is for the visitor.
fn deny(reply: Reply) -> Result<CheckResponse, Cannot> {
    let body = String::from_utf8(reply.body.into())
        .map_err(|_| Cannot::told("ext_authz cannot give a body that is no text"))?;
    let lines = reply.headers.iter();
    let headers = lines.map(|(name, value)| line(name.as_str(), value.as_bytes(), AppendAction::Append)).collect();
    let status = Some(HttpStatus { code: i32::from(reply.status.as_u16()) });
    Ok(refused(DeniedHttpResponse { status, headers, body }))
}

fn refused(denied: DeniedHttpResponse) -> CheckResponse {
    let status = Some(RpcStatus { code: Code::PermissionDenied.into(), message: String::new() });
    CheckResponse { status, http_response: Some(HttpResponse::Denied(denied)) }
}

fn line(name: &str, value: &[u8], action: AppendAction) -> HeaderValueOption {
    let (value, raw_value) = match std::str::from_utf8(value) {
        Ok(text) => (text.to_owned(), Vec::new()),
        Err(_) => (String::new(), value.to_vec()),
    };
    let header = Some(Line { key: name.to_owned(), value, raw_value });
    HeaderValueOption { header, append_action: action.into() }
}
