//! How a document comes over the network. No redirects, no cookies, no compression, nothing kept open.

use super::content::MAX_BYTES;
use http::{Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

/// Wall time to open a connection.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `content-encoding`.
    pub encoding: Option<String>,
    /// At most 256 KiB.
    pub body: Vec<u8>,
}

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

type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<bytes::Bytes>>;

/// Over HTTP with the certificates of the operating system, which are read at the first fetch.
#[derive(Debug, Default)]
pub struct HttpFetch {
    client: OnceLock<Result<HttpClient, String>>,
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a self, url: &'a str) -> FetchFuture<'a> {
        Box::pin(self.get(url))
    }
}

impl HttpFetch {
    async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        let client = self.client.get_or_init(client).as_ref().map_err(|why| FetchError::Unreachable(why.clone()))?;
        let request = Request::get(url)
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let (head, body) = client.request(request).await.map_err(|error| unreachable(&error))?.into_parts();
        let text = |name| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let (content_type, encoding) = (text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING));
        let body = match Limited::new(body, MAX_BYTES).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => return Err(FetchError::TooLarge),
            Err(error) => return Err(unreachable(error.as_ref())),
        };
        Ok(Fetched { status: head.status.as_u16(), content_type, encoding, body })
    }
}

fn client() -> Result<HttpClient, String> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT_TIME));
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .map_err(|error| format!("no certificates to trust: {error}"))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    // One fetch in minutes: an idle connection would only be closed by the other side.
    Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https))
}

/// An error with its causes: the outer text of most is only "error sending request".
fn unreachable(error: &(dyn std::error::Error + 'static)) -> FetchError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchError::Unreachable(text)
}
