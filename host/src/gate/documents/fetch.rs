//! How a document comes over the network. Nothing is kept open.

use crate::gate::https::{self, BodyError, Client, USER_AGENT, with_causes};
use http::{Request, header};
use http_body_util::Empty;
use portcullis_wire::document::{Fetched, MAX_BYTES};
use std::pin::Pin;
use std::sync::OnceLock;

/// Connections kept. One fetch in minutes: an idle connection would only be closed by the other side.
const IDLE: usize = 0;

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// No connection, no TLS, no head, no body; the text is for logs.
    Unreachable(String),
    /// The body is longer than may be held.
    TooLarge,
}

/// The future of a [`Fetch`].
pub type FetchFuture<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// Something that can GET an address once, following nothing. Whoever calls it sets a time limit.
pub trait Fetch: Send + Sync + std::fmt::Debug {
    /// GET `url`.
    fn fetch<'a>(&'a self, url: &'a str) -> FetchFuture<'a>;
}

/// Over HTTP with the certificates of the operating system, which are read at the first fetch.
#[derive(Debug, Default)]
pub struct HttpFetch {
    client: OnceLock<Result<Client<Empty<bytes::Bytes>>, String>>,
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, url: &'a str) -> FetchFuture<'a> {
        Box::pin(self.get(url))
    }
}

impl HttpFetch {
    async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        let client = self.client.get_or_init(|| https::client(IDLE)).as_ref();
        let client = client.map_err(|why| FetchError::Unreachable(why.clone()))?;
        let request = Request::get(url)
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, USER_AGENT)
            .body(Empty::new())
            .map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let response = client.request(request).await;
        let (head, body) = response.map_err(|error| FetchError::Unreachable(with_causes(&error)))?.into_parts();
        let text = |name| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let (content_type, encoding) = (text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING));
        let body = https::read(body, MAX_BYTES).await.map_err(|error| match error {
            BodyError::TooLarge => FetchError::TooLarge,
            BodyError::BrokeOff(why) => FetchError::Unreachable(why),
        })?;
        Ok(Fetched { status: head.status.as_u16(), content_type, encoding, body })
    }
}
