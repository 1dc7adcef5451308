//! Connections to one upstream: opened, kept, handed out one request at a time, and given up whenever their state is
//! not certain.

use super::body::{Outbound, UploadState};
use super::settings::{MAX_HEADERS, Settings, UPSTREAM_IDLE, UPSTREAM_IDLE_CONNECTIONS, UpstreamSettings};
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, pki_types::ServerName};

/// How often idle connections are looked through.
pub(super) const SWEEP: Duration = Duration::from_secs(2);

type Sender = SendRequest<Outbound>;

/// One upstream and its idle connections.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) name: Arc<str>,
    /// The Host of requests to it, if not the one that was asked.
    pub(super) host: Option<HeaderValue>,
    target: UpstreamSettings,
    tls: Option<Tls>,
    connect_timeout: Duration,
    response_timeout: Duration,
    max_head: usize,
    idle: Mutex<Vec<(Sender, Instant)>>,
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({:?})", self.name)
    }
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum SendError {
    /// No connection: refused, unresolvable, or not within the time.
    Connect(io::Error),
    /// The connection ended or spoke nonsense before the head was complete.
    Broken(hyper::Error),
    /// No head within the time.
    Timeout,
    /// The client sent more than it may.
    TooLarge,
    /// The client broke off its upload.
    ClientGone,
}

impl SendError {
    /// The system's or hyper's words, for the log.
    pub(super) fn detail(&self) -> Option<String> {
        match self {
            Self::Connect(error) => Some(error.to_string()),
            Self::Broken(error) => Some(error.to_string()),
            Self::Timeout | Self::TooLarge | Self::ClientGone => None,
        }
    }
}

/// A connection that is busy with a response. Goes back to the pool by [`Lease::give_back`]; otherwise it is closed.
#[derive(Debug)]
pub(super) struct Lease {
    sender: Sender,
    home: Arc<Upstream>,
    upload: Option<Arc<UploadState>>,
}

impl Lease {
    /// The response was read to its end. Only a connection that also took all of the request is used again.
    pub(super) fn give_back(self) {
        if self.sender.is_closed() || self.upload.is_some_and(|upload| !upload.is_done()) {
            return;
        }
        let mut idle = self.home.lock();
        if idle.len() < UPSTREAM_IDLE_CONNECTIONS {
            idle.push((self.sender, Instant::now()));
        }
    }

    /// Is the request still being sent?
    pub(super) fn is_uploading(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| !upload.is_done())
    }
}

impl Upstream {
    /// Nothing is opened yet.
    ///
    /// # Errors
    /// No root certificates, or a name that TLS cannot check.
    pub(super) fn new(target: &UpstreamSettings, settings: &Settings) -> io::Result<Self> {
        Ok(Self {
            name: Arc::from(target.name.as_str()),
            host: HeaderValue::try_from(target.authority()).ok().filter(|_| target.external),
            tls: if target.tls { Some(tls(&target.host)?) } else { None },
            target: target.clone(),
            connect_timeout: settings.connect_timeout,
            response_timeout: settings.response_timeout,
            max_head: settings.max_head,
            idle: Mutex::default(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Sender, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, which is the one least likely to have been closed.
    fn idle(&self) -> Option<Sender> {
        let mut idle = self.lock();
        while let Some((sender, since)) = idle.pop() {
            if since.elapsed() >= UPSTREAM_IDLE {
                idle.clear();
                return None;
            }
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    /// Give up connections that were idle too long.
    pub(super) fn sweep(&self) {
        self.lock().retain(|(sender, since)| !sender.is_closed() && since.elapsed() < UPSTREAM_IDLE);
    }

    async fn connect(&self) -> Result<Sender, SendError> {
        match tokio::time::timeout(self.connect_timeout, self.open()).await {
            Ok(Ok(sender)) => Ok(sender),
            Ok(Err(error)) => Err(SendError::Connect(error)),
            Err(_) => Err(SendError::Connect(io::ErrorKind::TimedOut.into())),
        }
    }

    async fn open(&self) -> io::Result<Sender> {
        let stream = TcpStream::connect((self.target.host.as_str(), self.target.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => self.handshake(stream).await,
            Some(tls) => self.handshake(tls.connector.connect(tls.name.clone(), stream).await?).await,
        }
    }

    async fn handshake<S>(&self, stream: S) -> io::Result<Sender>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_header_size(self.max_head)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // One task for each connection; how it ends is told to whoever waits for a response.
        tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    /// Send one request and wait for the head of the response.
    ///
    /// A request is sent twice only if the first time was on a connection that had been idle, and either nothing of it
    /// was written or it is safe (RFC 9110 section 9.2.1) and has no body: then the upstream had closed before it came.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: Request<Outbound>,
    ) -> Result<(Response<Incoming>, Lease), SendError> {
        let upload = match request.body() {
            Outbound::Empty => None,
            Outbound::Upload { state, .. } => Some(Arc::clone(state)),
        };
        let is_upgrade = request.headers().contains_key(header::UPGRADE);
        if let Some(sender) = (!is_upgrade).then(|| self.idle()).flatten() {
            let spare = (upload.is_none() && is_safe(request.method())).then(|| copy(&request));
            match self.exchange(sender, request, upload.as_deref()).await {
                Ok((response, sender)) => {
                    return Ok((response, Lease { sender, home: Arc::clone(self), upload }));
                }
                Err((error, unsent)) => match (unsent, spare) {
                    (Some(unsent), _) => request = unsent,
                    (None, Some(spare)) if matches!(error, SendError::Broken(_)) => request = spare,
                    _ => return Err(error),
                },
            }
        }
        let sender = self.connect().await?;
        match self.exchange(sender, request, upload.as_deref()).await {
            Ok((response, sender)) => Ok((response, Lease { sender, home: Arc::clone(self), upload })),
            Err((error, _)) => Err(error),
        }
    }

    /// One request on one connection. An error comes with the request if nothing of it was written.
    async fn exchange(
        &self,
        mut sender: Sender,
        request: Request<Outbound>,
        upload: Option<&UploadState>,
    ) -> Result<(Response<Incoming>, Sender), (SendError, Option<Request<Outbound>>)> {
        if let Err(error) = sender.ready().await {
            return Err((SendError::Broken(error), Some(request)));
        }
        let mut sending = std::pin::pin!(sender.try_send_request(request));
        let result = loop {
            match tokio::time::timeout(self.response_timeout, &mut sending).await {
                Ok(result) => break result,
                // The clock starts when the upstream has the whole request; how slow an upload may be is settled
                // on the client's side.
                Err(_) if upload.is_some_and(|upload| !upload.is_done()) => {}
                Err(_) => return Err((SendError::Timeout, None)),
            }
        };
        match result {
            Ok(response) => Ok((response, sender)),
            Err(mut error) => {
                let unsent = error.take_message();
                let error = match upload {
                    Some(upload) if upload.is_too_large() => SendError::TooLarge,
                    Some(upload) if upload.is_broken() => SendError::ClientGone,
                    _ => SendError::Broken(error.into_error()),
                };
                Err((error, unsent))
            }
        }
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn copy(request: &Request<Outbound>) -> Request<Outbound> {
    let mut copy = Request::new(Outbound::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn tls(host: &str) -> io::Result<Tls> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(io::Error::other("no root certificates were found on this machine"));
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Tls { connector: TlsConnector::from(Arc::new(config)), name })
}
