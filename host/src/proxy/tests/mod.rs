//! The proxy as its peers see it: real sockets, a scripted judge, an upstream that does what the test wants.

mod attacks;
mod limits;
mod passing;
mod shutdown;
mod upstreams;

use super::*;
use crate::contract::{Loaded, ProxySettings, RequestKind, Upstream};
use crate::gate::{Outcome, Permit, Reply};
use bytes::Bytes;
use http::StatusCode;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub(crate) fn policy_settings(upstream: &str) -> ProxySettings {
    ProxySettings {
        listen: None,
        admin: None,
        public_origin: None,
        trusted_proxies: vec![],
        upstreams: vec![Upstream { name: "default".to_owned(), url: upstream.to_owned(), external: false }],
        connect_timeout: None,
        response_timeout: None,
        head_timeout: None,
        idle_timeout: None,
        grace: None,
        max_body: None,
        max_head: None,
        workers: None,
        isolate_requests: false,
        access_log: false,
    }
}

/// Lets `/…` through as it is and answers `/no…` with 403; keeps what it was shown.
#[derive(Debug)]
pub(super) struct Script {
    loaded: Loaded,
    seen: Mutex<Vec<RequestHead>>,
}

impl Script {
    fn new(settings: ProxySettings) -> Arc<Self> {
        let loaded = Loaded {
            revision: 7,
            findings: vec![],
            needs: vec![],
            rules: vec!["script".to_owned()],
            headers: vec!["cookie".to_owned(), "x-seen".to_owned()],
            stripped: vec!["x-user-id".to_owned(), "x-middleware-*".to_owned()],
            proxy: settings,
            tests: 0,
        };
        Arc::new(Self { loaded, seen: Mutex::default() })
    }

    fn last(&self) -> RequestHead {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

impl Judge for Script {
    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    async fn decide<B: BodySource>(&self, head: &RequestHead, body: &mut B) -> Result<Decision, Failure> {
        self.seen.lock().unwrap().push(head.clone());
        let target = String::from_utf8_lossy(&head.target).into_owned();
        let reply = |status, body: Bytes| Outcome::Reply(Reply { status, headers: vec![], body });
        let outcome = match target.as_str() {
            "/trap" => return Err(Failure::Trap("unreachable".to_owned())),
            "/late" => return Err(Failure::Deadline),
            "/panic" => panic!("on purpose"),
            "/read" => match body.prefix(10).await {
                Ok(Some(start)) if start.starts_with(b"good") => Outcome::Forward(Permit::for_test("/read", 0)),
                Ok(Some(start)) => reply(StatusCode::FORBIDDEN, start),
                Ok(None) => reply(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()),
                Err(error) => reply(StatusCode::BAD_REQUEST, error.into()),
            },
            "/rewrite" => Outcome::Forward(Permit::for_test("/elsewhere?a=b", 0)),
            no if no.starts_with("/no") => reply(StatusCode::FORBIDDEN, Bytes::from_static(b"no")),
            path => Outcome::Forward(Permit::for_test(path, 0)),
        };
        let kind = RequestKind::Navigation;
        Ok(Decision { outcome, rule: 0, kind, reason: "scripted".to_owned(), subject: None })
    }
}

/// Collects the access log.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A running proxy.
pub(super) struct Running {
    address: SocketAddr,
    admin: SocketAddr,
    judge: Arc<Script>,
    handle: Handle<Arc<Script>>,
    log: Lines,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<()>,
}

/// In front of `upstream`, with settings to taste.
async fn proxy(upstream: SocketAddr, change: impl FnOnce(&mut Settings)) -> Running {
    let policy = policy_settings(&format!("http://{upstream}"));
    let mut settings = Settings::new(&policy, &Overrides::default()).unwrap();
    settings.listen = "127.0.0.1:0".parse().unwrap();
    settings.admin = Some("127.0.0.1:0".parse().unwrap());
    settings.log = LogForm::Json;
    change(&mut settings);
    let (judge, log) = (Script::new(policy), Lines::default());
    let clock = Arc::new(crate::clock::ManualClock::new(1_800_000_000));
    let server = Server::bind_with(settings, Arc::clone(&judge), clock, Box::new(log.clone())).unwrap();
    let (address, admin, handle) = (server.local_addr(), server.admin_addr().unwrap(), server.handle());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    Running { address, admin, judge, handle, log, stop: Some(stop), ended }
}

impl Running {
    /// Send raw bytes on a new connection and read until the other side closes or is quiet for half a second.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }

    async fn end(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(Duration::from_secs(10), &mut self.ended).await.unwrap().unwrap();
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 65_536];
    while let Ok(Ok(n)) = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut piece)).await {
        if n == 0 {
            break;
        }
        all.extend_from_slice(&piece[..n]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Read until the empty line; returns the head and what came after it.
async fn read_head(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        if let Some(end) = all.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = all.split_off(end + 4);
            return Some((String::from_utf8(all).unwrap(), rest));
        }
        if stream.read_buf(&mut all).await.ok()? == 0 {
            return None;
        }
    }
}

/// An upstream that hands each connection to a closure.
async fn upstream<F, R>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// An upstream that answers each request without a body with what it saw of it, and keeps the connection.
async fn mirror() -> SocketAddr {
    upstream(|mut stream| async move {
        let mut rest = Vec::new();
        while let Some((head, more)) = read_head(&mut stream).await {
            rest.extend(more);
            let body = body_of(&head, &mut rest, &mut stream).await;
            let text = format!("{head}{}", String::from_utf8_lossy(&body));
            let is_head = head.starts_with("HEAD ");
            let sent = if is_head { "" } else { text.as_str() };
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{sent}", text.len());
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}

async fn body_of(head: &str, rest: &mut Vec<u8>, stream: &mut TcpStream) -> Vec<u8> {
    let low = head.to_lowercase();
    let length = low.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    if low.contains("transfer-encoding: chunked") {
        while !rest.ends_with(b"0\r\n\r\n") && stream.read_buf(rest).await.is_ok_and(|n| n > 0) {}
        return std::mem::take(rest);
    }
    let length = length.unwrap_or(0);
    while rest.len() < length && stream.read_buf(rest).await.is_ok_and(|n| n > 0) {}
    let after = rest.split_off(length.min(rest.len()));
    std::mem::replace(rest, after)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}
