//! A small upstream that records every request that reaches it and answers in a few known ways.

use crate::wire;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as the upstream got it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// Method.
    pub method: String,
    /// Target, byte for byte.
    pub target: String,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, with chunks joined.
    pub body: Vec<u8>,
}

impl Received {
    /// First value of that header as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    }
}

/// How to answer: gets the request and a stream to write the whole response to.
pub type Handler = dyn Fn(&Received, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A running upstream; stopped when dropped.
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Seen>,
    stop: Arc<AtomicBool>,
}

/// What has come.
#[derive(Debug, Default)]
struct Seen {
    /// Heads, as soon as they are there: a request without the end of its body has come, too.
    heads: Mutex<Vec<Received>>,
    /// Whole requests.
    whole: Mutex<Vec<Received>>,
}

impl Upstream {
    /// Answers `200` with a short body.
    pub fn start() -> Self {
        Self::with(|_, stream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nupstream"))
    }

    /// Answers as `handler` says; keep-alive, HTTP/1.1.
    pub fn with(handler: impl Fn(&Received, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let seen = Arc::<Seen>::default();
        let stop = Arc::<AtomicBool>::default();
        let handler: Arc<Handler> = Arc::new(handler);
        let (all, ended) = (Arc::clone(&seen), Arc::clone(&stop));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (handler, all) = (Arc::clone(&handler), Arc::clone(&all));
                std::thread::spawn(move || serve(stream, &all, handler.as_ref()));
            }
        });
        Self { address, seen, stop }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://address`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.seen.whole.lock().unwrap())
    }

    /// All heads since the last call, whether their bodies came or not.
    pub fn take_heads(&self) -> Vec<Received> {
        std::mem::take(&mut self.seen.heads.lock().unwrap())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wake the accept loop so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, seen: &Seen, handler: &Handler) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    while let Some(mut request) = read_head(&mut stream, &mut buffer) {
        seen.heads.lock().unwrap().push(request.clone());
        if read_body(&mut request, &mut stream, &mut buffer).is_none() {
            break;
        }
        seen.whole.lock().unwrap().push(request.clone());
        if handler(&request, &mut stream).is_err() {
            break;
        }
    }
}

/// Read one head; what follows it stays in `buffer`.
fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, buffer)?;
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let mut lines = head.split(|&b| b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let first = String::from_utf8_lossy(lines.next()?).into_owned();
    let mut words = first.split(' ');
    let mut request =
        Received { method: words.next()?.to_owned(), target: words.next()?.to_owned(), ..Received::default() };
    for line in lines {
        if let Some(colon) = line.iter().position(|&b| b == b':') {
            let name = String::from_utf8_lossy(&line[..colon]).to_lowercase();
            request.headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
    }
    Some(request)
}

/// Read the body that the head announces; what follows it stays in `buffer`.
fn read_body(request: &mut Received, stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    if request.header("transfer-encoding").is_some() {
        while !buffer.ends_with(b"0\r\n\r\n") {
            more(stream, buffer)?;
        }
        request.body = wire::unchunk(&std::mem::take(buffer));
    } else if let Some(length) = request.header("content-length").and_then(|l| l.parse::<usize>().ok()) {
        while buffer.len() < length {
            more(stream, buffer)?;
        }
        request.body = buffer.drain(..length).collect();
    }
    Some(())
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 64 * 1024];
    match stream.read(&mut chunk) {
        Ok(count) if count > 0 => {
            buffer.extend_from_slice(&chunk[..count]);
            Some(())
        }
        _ => None,
    }
}
