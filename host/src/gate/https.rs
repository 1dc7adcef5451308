//! How the gate reaches others over HTTP/1.1: by the certificates of the operating system, following nothing, with a limit on
//! what comes back.

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;

/// What the gate calls itself.
pub(super) const USER_AGENT: &str = concat!("portcullis/", env!("CARGO_PKG_VERSION"));
/// Wall time to open a connection.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// Idle connections are closed after this. Node closes its own after 5 s; a request that meets such an end may or may not have
/// been taken.
const IDLE: Duration = Duration::from_secs(4);

/// Opens connections and keeps some.
pub(super) type Client<B> = legacy::Client<HttpsConnector<HttpConnector>, B>;

/// A client that keeps so many idle connections for each host. The certificates are read now.
pub(super) fn client<B>(idle: usize) -> Result<Client<B>, String>
where
    B: Body + Send,
    B::Data: Send,
{
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIME));
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .map_err(|error| format!("no certificates to trust: {error}"))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle)
        .build(https))
}

/// Why a body is not whole.
pub(super) enum BodyError {
    /// It is longer than may be held.
    TooLarge,
    /// It ended before its end.
    BrokeOff(String),
}

/// All of a body, of at most so many bytes.
pub(super) async fn read(body: Incoming, limit: usize) -> Result<Vec<u8>, BodyError> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(Bytes::into(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Err(error) => Err(BodyError::BrokeOff(with_causes(error.as_ref()))),
    }
}

/// An error with its causes: the outer text of most is only "error sending request".
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
