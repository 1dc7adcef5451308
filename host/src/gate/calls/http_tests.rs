//! Over HTTP, against a server that says what it is told.

use super::*;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Whether a connection stays open after an answer.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Stays,
    Closes,
    /// One more request is read on it, and then it closes without an answer.
    ClosesOnNext,
}

/// A backend that counts requests and connections, and remembers the last request.
#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    connections: AtomicUsize,
    last: Mutex<String>,
}

async fn server(answer: impl Into<Vec<u8>>, after: After) -> (SocketAddr, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, seen, answer) = (listener.local_addr().unwrap(), Arc::new(Seen::default()), Arc::new(answer.into()));
    let counts = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            seen.connections.fetch_add(1, SeqCst);
            tokio::spawn(serve(stream, answer.clone(), after, seen.clone()));
        }
    });
    (address, counts)
}

async fn serve(mut stream: TcpStream, answer: Arc<Vec<u8>>, after: After, seen: Arc<Seen>) {
    while let Some(request) = request(&mut stream).await {
        seen.requests.fetch_add(1, SeqCst);
        *seen.last.lock().unwrap() = request;
        // Whoever is sent too much goes away.
        if stream.write_all(&answer).await.is_err() || after == After::Closes {
            return;
        }
        if after == After::ClosesOnNext {
            if self::request(&mut stream).await.is_some() {
                seen.requests.fetch_add(1, SeqCst);
            }
            return;
        }
    }
}

/// One request with its body, as text.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn question(address: SocketAddr) -> CallQuestion {
    CallQuestion {
        method: "POST".to_owned(),
        url: format!("http://{address}/api/action?a=b"),
        headers: vec![("authorization".to_owned(), b"Bearer x".to_vec())],
        body: b"{\"a\":1}".to_vec(),
        key: String::new(),
        grace: 0,
        keep: Vec::new(),
        timeout: 30_000,
    }
}

fn calls(address: SocketAddr) -> Calls {
    Calls::new(Arc::new(HttpCall::default()), vec![question(address).url])
}

/// The status and text of an answer, or what failed.
async fn told(calls: &Calls, question: &CallQuestion) -> Result<(u16, String), String> {
    match calls.answer(question).await {
        Answer::Call(answer) => Ok((answer.status, String::from_utf8(answer.body).unwrap())),
        Answer::Failed(why) => Err(why),
        other => panic!("{other:?}"),
    }
}

/// Long enough for the runtime to hear what the kernel already knows, and for a connection to become idle.
async fn hear() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn a_call_says_what_it_was_told_to() {
    let answer = "HTTP/1.1 429 Slow Down\r\ncontent-type: text/plain\r\nset-cookie: a=b\r\nretry-after: 3\r\n\
                  content-length: 2\r\n\r\nno";
    let (address, seen) = server(answer, After::Stays).await;
    let calls = calls(address);
    let Answer::Call(answer) = calls.answer(&question(address)).await else { panic!("no answer") };
    assert_eq!((answer.status, answer.body.as_slice()), (429, b"no".as_slice()));
    let line = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    assert_eq!(answer.headers, [line("content-type", "text/plain"), line("retry-after", "3")]);
    let request = seen.last.lock().unwrap().clone();
    assert!(
        request.starts_with("POST /api/action?a=b HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"),
        "{request}"
    );
    let host = format!("\r\nhost: {address}\r\n");
    for line in
        [&host, "\r\nauthorization: Bearer x\r\n", "\r\ncontent-length: 7\r\n", "\r\naccept-encoding: identity\r\n"]
    {
        assert!(request.contains(line), "{line:?} in {request}");
    }
    assert!(request.contains(&format!("\r\nuser-agent: {}\r\n", crate::gate::https::USER_AGENT)), "{request}");

    hear().await;
    let headers = vec![("user-agent".to_owned(), b"mine".to_vec())];
    calls.answer(&CallQuestion { headers, body: Vec::new(), ..question(address) }).await;
    let request = seen.last.lock().unwrap().clone();
    assert!(request.contains("\r\nuser-agent: mine\r\n") && request.contains("\r\ncontent-length: 0\r\n"), "{request}");
    assert!(!request.contains("portcullis") && !request.contains("transfer-encoding"), "{request}");
    hear().await;
    calls.answer(&CallQuestion { method: "GET".to_owned(), body: Vec::new(), ..question(address) }).await;
    assert!(!seen.last.lock().unwrap().contains("content-length"));
    assert_eq!((seen.requests.load(SeqCst), seen.connections.load(SeqCst)), (3, 1), "the connection is kept");
}

#[tokio::test]
async fn redirects_are_answers() {
    let (address, seen) =
        server("HTTP/1.1 302 Found\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n", After::Stays).await;
    assert_eq!(told(&calls(address), &question(address)).await, Ok((302, String::new())));
    assert_eq!(seen.requests.load(SeqCst), 1);
}

#[tokio::test]
async fn an_answer_has_a_limit() {
    let sized = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}", "a".repeat(length));
    let (address, _) = server(sized(256 << 10), After::Stays).await;
    assert_eq!(told(&calls(address), &question(address)).await.map(|(_, body)| body.len()), Ok(256 << 10));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(300 << 10));
    for answer in [sized((256 << 10) + 1), endless] {
        let (address, _) = server(answer, After::Closes).await;
        let calls = calls(address);
        assert_eq!(told(&calls, &question(address)).await, Err("an answer of more than 256 KiB".to_owned()));
        assert_eq!(calls.counts(), (1, 1));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let compressed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok";
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
    for answer in ["", "hello\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "SSH-2.0-x\r\n", half, compressed] {
        let (address, seen) = server(answer, After::Closes).await;
        let told = told(&calls(address), &question(address)).await;
        assert!(told.as_ref().is_err_and(|why| !why.is_empty() && !why.contains("Bearer")), "{answer}: {told:?}");
        assert_eq!(seen.requests.load(SeqCst), 1, "{answer}");
    }
}

#[tokio::test]
async fn nobody_there_is_a_failure() {
    // A port that was just given back may be another test's by now.
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let told = told(&calls(address), &question(address)).await;
    assert!(told.as_ref().is_err_and(|why| why.contains("refused")), "{told:?}");
}

/// A server may close an idle connection at any time (RFC 9112 section 9.3.1).
#[tokio::test]
async fn a_closed_idle_connection_does_no_harm() {
    let (address, seen) = server(OK, After::Closes).await;
    let calls = calls(address);
    for number in 1..=5 {
        assert_eq!(told(&calls, &question(address)).await, Ok((200, "ok".to_owned())));
        assert_eq!((seen.requests.load(SeqCst), seen.connections.load(SeqCst)), (number, number));
        hear().await;
    }
}

#[tokio::test]
async fn a_call_that_was_sent_is_not_sent_again() {
    let (address, seen) = server(OK, After::ClosesOnNext).await;
    let calls = calls(address);
    assert_eq!(told(&calls, &question(address)).await, Ok((200, "ok".to_owned())));
    hear().await;
    assert!(told(&calls, &question(address)).await.is_err());
    hear().await;
    assert_eq!((seen.requests.load(SeqCst), seen.connections.load(SeqCst)), (2, 1));
}
