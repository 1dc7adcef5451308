//! How a backend is called over the network.

use super::request::CallRequest;
use crate::contract::CallAnswer;
use crate::gate::https::{self, BodyError, Client, USER_AGENT, with_causes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use std::pin::Pin;
use std::sync::OnceLock;

/// Idle connections kept for each backend: calls come when somebody signs in, or a token ends.
const IDLE: usize = 8;
/// Bytes of the body of an answer.
const MAX_ANSWER: usize = 256 << 10;
/// What a policy may see of the head of an answer.
const HANDED_BACK: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// The future of a [`Call`]; an error says for logs what failed.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<CallAnswer, String>> + Send + 'a>>;

/// Something that can call an address once, following nothing. Whoever uses it sets a time limit.
pub trait Call: Send + Sync + std::fmt::Debug {
    /// Make the call. It may change something there, so it is not made again when it has failed.
    fn call(&self, request: CallRequest) -> CallFuture<'_>;
}

/// Over HTTP with the certificates of the operating system, which are read at the first call.
#[derive(Debug, Default)]
pub struct HttpCall {
    client: OnceLock<Result<Client<Full<bytes::Bytes>>, String>>,
}

impl Call for HttpCall {
    fn call(&self, request: CallRequest) -> CallFuture<'_> {
        Box::pin(self.send(request))
    }
}

impl HttpCall {
    async fn send(&self, call: CallRequest) -> Result<CallAnswer, String> {
        let client = self.client.get_or_init(|| https::client(IDLE)).as_ref().map_err(Clone::clone)?;
        // The client takes another connection if an idle one turns out to be closed, and only then: nothing was sent.
        let response = client.request(outgoing(call)?).await.map_err(|error| with_causes(&error))?;
        let (head, body) = response.into_parts();
        if head.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err("the answer is compressed although that was not asked for".to_owned());
        }
        let body = https::read(body, MAX_ANSWER).await.map_err(|error| match error {
            BodyError::TooLarge => format!("an answer of more than {} KiB", MAX_ANSWER >> 10),
            BodyError::BrokeOff(why) => why,
        })?;
        Ok(CallAnswer { status: head.status.as_u16(), headers: handed_back(&head.headers), body })
    }
}

fn outgoing(call: CallRequest) -> Result<Request<Full<bytes::Bytes>>, String> {
    let CallRequest { method, url, headers, body } = call;
    // A method that has a use for a body says so when there is none (RFC 9110 section 8.6).
    let says_none = body.is_empty() && matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let request = Request::builder().method(method).uri(url).body(Full::new(body));
    let mut request = request.map_err(|error| error.to_string())?;
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if says_none {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(request)
}

fn handed_back(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let lines = headers.iter().filter(|(name, _)| HANDED_BACK.contains(name));
    lines.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}
