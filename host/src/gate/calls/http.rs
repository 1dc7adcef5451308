//! How a call is made over the network. No redirects, no cookies, no compression; connections are kept for a moment.

use super::CallRequest;
use crate::contract::CallAnswer;
use crate::gate::https::{self, BodyError, Client, USER_AGENT, with_causes};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use http_body_util::Full;
use std::fmt;
use std::pin::Pin;
use std::sync::OnceLock;

/// Bytes of an answer.
const MAX_ANSWER: usize = 256 << 10;
/// Headers of an answer that a policy gets to see.
static SHOWN: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];
/// Idle connections kept for each backend: calls come when somebody signs in, or a token ends.
const IDLE: usize = 8;

/// The future of a [`Call`]. The error says why nothing came back, for logs.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<CallAnswer, String>> + Send + 'a>>;

/// Something that can make one call, following nothing. Whoever asks sets a time limit.
pub trait Call: Send + Sync + fmt::Debug {
    /// Make it, once.
    fn call(&self, request: CallRequest) -> CallFuture<'_>;
}

/// Over HTTP with the certificates of the operating system, which are read at the first call.
#[derive(Debug, Default)]
pub struct HttpCall {
    client: OnceLock<Result<Client<Full<Bytes>>, String>>,
}

impl Call for HttpCall {
    fn call(&self, request: CallRequest) -> CallFuture<'_> {
        Box::pin(self.send(request))
    }
}

impl HttpCall {
    async fn send(&self, call: CallRequest) -> Result<CallAnswer, String> {
        let client = self.client.get_or_init(|| https::client(IDLE)).as_ref().map_err(Clone::clone)?;
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.url)
            .body(Full::new(call.body))
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = call.headers;
        request.headers_mut().entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let (head, body) = client.request(request).await.map_err(|error| with_causes(&error))?.into_parts();
        let body = https::read(body, MAX_ANSWER).await.map_err(|error| match error {
            BodyError::TooLarge => format!("the answer is longer than {MAX_ANSWER} bytes"),
            BodyError::BrokeOff(why) => why,
        })?;
        let lines = |name: &'static HeaderName| head.headers.get_all(name).iter().map(move |value| (name, value));
        Ok(CallAnswer {
            status: head.status.as_u16(),
            headers: SHOWN
                .iter()
                .flat_map(lines)
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body,
        })
    }
}
