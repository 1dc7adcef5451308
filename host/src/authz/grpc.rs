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
use crate::proxy::inbound::{Refusal, bad};
use crate::proxy::reply;
use crate::proxy::settings::MAX_HEADERS;
use crate::proxy::{Inbound, Judge, Outgoing, Turn};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt;
use std::pin::Pin;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

/// Answer one call. A call that fails has status 200 on the wire, which would let a request pass if a proxy of another
/// kind had asked; so nothing but a call of Envoy's gets as far as that.
pub(super) async fn answer<J: Judge>(mut turn: Turn<'_, J>, head: Parts, body: Inbound) -> Response<Outgoing> {
    let kind = head.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    let is_grpc = head.version == Version::HTTP_2 && kind.is_some_and(|kind| kind.starts_with(b"application/grpc"));
    if !is_grpc || head.uri.path() != CHECK {
        let why = "only ext_authz over gRPC is answered here";
        let refused = turn.refuse(Refusal { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, why });
        body.drain();
        return reply::gate(refused);
    }
    let codec = ProstCodec::<CheckResponse, CheckRequest>::default();
    let framed = Grpc::new(codec).unary(Check(Some(turn)), Request::from_parts(head, body)).await;
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
fn headers(http: &HttpRequest) -> Result<HeaderMap, Refusal> {
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
    let cookie = (!own).then(|| (header::COOKIE, cookie.iter().cloned().collect()));
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

#[cfg(test)]
mod tests {
    use super::super::ext_authz::{Address, AttributeContext, HeaderMap as Lines, Peer, Request, SocketAddress};
    use super::*;
    use crate::gate::BodySource;

    fn lines(list: &[(&str, &str)]) -> Option<Lines> {
        let line = |(key, value): &(&str, &str)| Line {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            raw_value: Vec::new(),
        };
        Some(Lines { headers: list.iter().map(line).collect() })
    }

    fn question(change: impl FnOnce(&mut HttpRequest)) -> CheckRequest {
        let mut http = HttpRequest {
            method: "POST".to_owned(),
            path: "/a?b=c".to_owned(),
            host: "app.example".to_owned(),
            header_map: lines(&[(":path", "/other"), ("x-forwarded-proto", "https"), ("cookie", "a=1")]),
            ..HttpRequest::default()
        };
        change(&mut http);
        let address = Address { socket_address: Some(SocketAddress { address: "2001:db8::1".to_owned() }) };
        let source = Some(Peer { address: Some(address) });
        CheckRequest { attributes: Some(AttributeContext { source, request: Some(Request { http: Some(http) }) }) }
    }

    fn unread(change: impl FnOnce(&mut HttpRequest)) -> (&'static str, &'static str) {
        let unread = read(question(change)).unwrap_err();
        (unread.header, unread.refusal.why)
    }

    #[test]
    fn the_attributes_name_the_request() {
        let (asked, headers, body) = read(question(|_| ())).unwrap();
        assert_eq!((asked.method.as_str(), asked.target.as_str(), asked.scheme), ("POST", "/a?b=c", "https"));
        assert_eq!(
            (asked.authority.to_str().unwrap(), asked.client.to_string()),
            ("app.example", "2001:db8::1".into())
        );
        assert_eq!((headers.len(), &headers["cookie"]), (2, &HeaderValue::from_static("a=1")));
        assert!(matches!(body, Given::Nothing));
        let joined = |http: &mut HttpRequest| {
            http.header_map = None;
            http.headers = [("x-forwarded-proto".to_owned(), "http".to_owned())].into();
        };
        assert_eq!(read(question(joined)).unwrap().0.scheme, "http");
    }

    #[test]
    fn a_request_that_is_not_named_well_is_refused() {
        assert_eq!(unread(|http| http.method = "CONNECT".to_owned()).0, "request.http.method");
        assert_eq!(unread(|http| http.path = "a".to_owned()).0, "request.http.path");
        assert_eq!(unread(|http| http.path = "/a#b".to_owned()).0, "request.http.path");
        assert_eq!(unread(|http| http.host = String::new()).0, "request.http.host");
        assert_eq!(unread(|http| http.header_map = None).0, "x-forwarded-proto");
        let twice = [("x-forwarded-proto", "http"), ("X-Forwarded-Proto", "https")];
        assert_eq!(unread(|http| http.header_map = lines(&twice)).1, "the request is named twice");
        assert_eq!(unread(|http| http.header_map = lines(&[("a\n", "1")])).1, "a header is malformed");
        let many = vec![("a", "1"); MAX_HEADERS + 1];
        assert_eq!(unread(|http| http.header_map = lines(&many)).1, "too many header lines");
        assert_eq!(unread(|http| drop(http.headers.insert("a".into(), "b".into()))).1, "the headers are named twice");
        let mut nowhere = question(|_| ());
        nowhere.attributes.as_mut().unwrap().source = None;
        assert_eq!(read(nowhere).unwrap_err().header, "source.address");
    }

    #[tokio::test]
    async fn a_body_counts_only_if_it_is_whole() {
        for (mark, size, whole) in [
            (Some("false"), 4, Some(true)),
            (Some("false"), -1, Some(true)),
            (Some("false"), 5, Some(false)),
            (Some("true"), 4, Some(false)),
            (None, 4, None),
        ] {
            let (_, _, mut body) = read(question(|http| {
                let marks = mark.iter().map(|mark| ("x-envoy-auth-partial-body", *mark));
                http.header_map = lines(&marks.chain([("x-forwarded-proto", "http")]).collect::<Vec<_>>());
                (http.size, http.raw_body) = (size, Bytes::from_static(b"good"));
            }))
            .unwrap();
            let read = body.prefix(4).await;
            assert_eq!(read.ok().map(|bytes| bytes.is_some()), whole, "{mark:?} {size}");
        }
    }

    #[test]
    fn an_answer_that_is_no_text_is_not_given() {
        let status = StatusCode::FORBIDDEN;
        assert!(deny(Reply { status, headers: vec![], body: Bytes::from_static(b"\xff") }).is_err());
        let denied = deny(Reply { status, headers: vec![], body: Bytes::from_static(b"no") }).unwrap();
        assert_eq!(denied.status.unwrap().code, 7);
    }
}
