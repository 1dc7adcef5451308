//! The program as a process in front of a real upstream: what goes through, what does not, and byte for byte.

use futures_util::{SinkExt as _, StreamExt as _};
use portcullis_tests::process::Server;
use portcullis_tests::sign::Signer;
use portcullis_tests::site::{self, Folder};
use portcullis_tests::upstream::Upstream;
use portcullis_tests::wire;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

struct Site {
    signer: Signer,
    server: Server,
    _folder: Folder,
}

fn before(upstream: &str) -> Site {
    let (folder, signer) = (Folder::new(), Signer::new());
    let server = site::start(&folder, site::document(&signer), upstream).unwrap_or_else(|e| panic!("{e:?}"));
    Site { signer, server, _folder: folder }
}

impl Site {
    fn get(&self, target: &str, headers: &[(&str, &str)]) -> wire::Response {
        wire::get(self.server.address(), target, headers).unwrap()
    }

    fn cookie(&self) -> String {
        site::cookie(&self.signer, "u1")
    }
}

/// Bytes that repeat nowhere soon, so that a lost or doubled chunk shows.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

const TEN_MIB: usize = 10 * 1024 * 1024;

#[test]
fn a_stranger_is_sent_to_sign_in_and_nothing_reaches_the_upstream() {
    let upstream = Upstream::start();
    let site = before(&upstream.url());
    let response = site.get("/product/7?tab=a", &[("accept", "text/html")]);
    assert_eq!(response.status, 307);
    assert_eq!(response.header("location").unwrap(), "/signin?next=%2Fproduct%2F7%3Ftab%3Da");
    assert!(response.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(upstream.take(), []);
}

#[test]
fn a_session_passes_with_an_identity_that_the_client_cannot_make_up() {
    let upstream = Upstream::start();
    let site = before(&upstream.url());
    let lie = [("cookie", &*site.cookie()), ("x-user", "root"), ("X_User", "root"), ("x-forwarded-for", "9.9.9.9")];
    let response = site.get("/product/7?tab=a", &lie);
    assert_eq!((response.status, response.body.as_slice()), (200, b"upstream".as_slice()));
    let got = upstream.take();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].target, "/product/7?tab=a");
    let users: Vec<_> = got[0].headers.iter().filter(|(n, _)| n.replace('_', "-") == "x-user").collect();
    assert_eq!(users, [&("x-user".to_owned(), b"u1".to_vec())]);
    assert!(!got[0].header("x-forwarded-for").unwrap_or_default().contains("9.9.9.9"));
}

#[test]
fn on_a_public_page_a_made_up_identity_is_removed() {
    let upstream = Upstream::start();
    let site = before(&upstream.url());
    assert_eq!(site.get("/", &[("x-user", "root"), ("x_user", "root")]).status, 200);
    let got = upstream.take();
    assert!(got[0].headers.iter().all(|(n, _)| n.replace('_', "-") != "x-user"), "{:?}", got[0].headers);
}

#[test]
fn ten_mebibytes_go_up_unchanged() {
    let upstream = Upstream::start();
    let site = before(&upstream.url());
    let body = noise(TEN_MIB);
    let headers = [("cookie", &*site.cookie())];
    let response = wire::send(site.server.address(), "POST", "/product/upload", &headers, &body).unwrap();
    assert_eq!(response.status, 200);
    assert!(upstream.take()[0].body == body, "the body differs");
}

#[test]
fn a_stream_comes_down_unchanged_and_without_waiting_for_its_end() {
    let body = noise(TEN_MIB);
    let sent = body.clone();
    let upstream = Upstream::with(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        for (number, part) in sent.chunks(100_000).enumerate() {
            stream.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
            stream.write_all(part)?;
            stream.write_all(b"\r\n")?;
            if number == 0 {
                std::thread::sleep(Duration::from_millis(700));
            }
        }
        stream.write_all(b"0\r\n\r\n")
    });
    let site = before(&upstream.url());
    let started = Instant::now();
    let mut stream = TcpStream::connect(site.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /file HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n").unwrap();
    let mut first = [0; 8 * 1024];
    assert!(stream.read(&mut first).unwrap() > 0);
    assert!(started.elapsed() < Duration::from_millis(600), "the head waited for the body: {:?}", started.elapsed());
    let response = site.get("/file", &[]);
    assert!(response.body == body, "the body differs: {} bytes", response.body.len());
}

#[test]
fn server_sent_events_arrive_one_by_one() {
    let upstream = Upstream::with(|_, stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")?;
        for number in 0..3 {
            let event = format!("data: {number}\n\n");
            stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
            std::thread::sleep(Duration::from_millis(300));
        }
        stream.write_all(b"0\r\n\r\n")
    });
    let site = before(&upstream.url());
    let mut stream = TcpStream::connect(site.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
        .write_all(b"GET /events HTTP/1.1\r\nhost: app\r\naccept: text/event-stream\r\nconnection: close\r\n\r\n")
        .unwrap();
    let (mut text, mut seen) = (String::new(), Vec::new());
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            break;
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let events = text.matches("data: ").count();
        if seen.last().is_none_or(|(last, _)| *last < events) {
            seen.push((events, Instant::now()));
        }
    }
    let of = |wanted: usize| seen.iter().find(|(n, _)| *n >= wanted).map(|(_, at)| *at).unwrap();
    assert!(of(3) - of(1) > Duration::from_millis(400), "the events came together");
}

#[test]
fn an_upstream_that_is_down_gives_502_and_comes_back() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let site = before(&format!("http://{address}"));
    assert_eq!(site.get("/", &[]).status, 502);
    // A stranger is turned away as ever: the gate does not depend on what is behind it.
    assert_eq!(site.get("/product", &[("accept", "text/html")]).status, 307);
    let back = std::net::TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = back.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    });
    assert_eq!(site.get("/", &[]).status, 200, "the first request after it is back");
}

#[test]
fn what_the_upstream_refuses_to_say_is_a_502() {
    let upstream = Upstream::with(|_, _| Err(std::io::Error::other("closed without a word")));
    let site = before(&upstream.url());
    assert_eq!(site.get("/", &[]).status, 502);
    let garbage = Upstream::with(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")?;
        Err(std::io::Error::other("done"))
    });
    let site = before(&garbage.url());
    assert_eq!(site.get("/", &[]).status, 502, "two framings at once");
}

#[test]
fn a_request_with_two_readings_is_refused_before_any_rule() {
    let upstream = Upstream::start();
    let site = before(&upstream.url());
    for target in
        ["/%2e%2e/product", "/a/../product", "//product", "/x%2Fproduct", "/product%00", "/a\\product", "/%zz"]
    {
        let response = site.get(target, &[]);
        assert!((300..500).contains(&response.status), "{target}: {}", response.status);
    }
    let both = b"POST / HTTP/1.1\r\nhost: app\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /product HTTP/1.1\r\n\r\n";
    // Both framings at once: the chunked one holds (RFC 9112 section 6.3), and what follows is a request of its own.
    wire::exchange(site.server.address(), both).unwrap();
    assert!(upstream.take().iter().all(|got| !got.target.contains("product")));
}

#[test]
fn a_websocket_carries_ten_mebibytes_both_ways_and_needs_its_session() {
    let upstream_address = echo_server();
    let (folder, signer) = (Folder::new(), Signer::new());
    let mut document = site::document(&signer);
    document["route"] = json!([{ "id": "ws", "glob": "/ws/**", "require": "session" }]);
    let server =
        site::start(&folder, document, &format!("http://{upstream_address}")).unwrap_or_else(|e| panic!("{e:?}"));
    let url = format!("ws://{}/ws/room", server.address());
    runtime().block_on(async {
        let refused = tokio_tungstenite::connect_async(url.as_str()).await.unwrap_err();
        assert!(refused.to_string().contains("401"), "{refused}");
        let mut request = url.as_str().into_client_request().unwrap();
        let cookie = site::cookie(&signer, "u1");
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let origin = format!("http://{}", server.address());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let bytes = noise(TEN_MIB);
        let mut rest = bytes.as_slice();
        // Frames of many sizes, one in flight: 1 byte to 1 MiB.
        let mut size = 1;
        while !rest.is_empty() {
            let (frame, tail) = rest.split_at(size.min(rest.len()));
            socket.send(Message::binary(frame.to_vec())).await.unwrap();
            let back = socket.next().await.unwrap().unwrap();
            assert!(back.into_data() == frame, "a frame of {} bytes differs", frame.len());
            rest = tail;
            size = if size >= 1 << 20 { 1 } else { size * 4 + 1 };
        }
        socket.close(None).await.unwrap();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A WebSocket server that says everything back, on a thread of its own.
fn echo_server() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                    while let Some(Ok(message)) = socket.next().await {
                        if message.is_binary() && socket.send(message).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
    });
    address
}

#[test]
fn a_termination_lets_a_request_in_flight_finish() {
    let upstream = Upstream::with(|_, stream| {
        std::thread::sleep(Duration::from_millis(600));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
    });
    let site = before(&upstream.url());
    let address = site.server.address();
    let slow = std::thread::spawn(move || wire::get(address, "/slow", &[]).unwrap());
    std::thread::sleep(Duration::from_millis(200));
    let ended = site.server.terminate();
    assert_eq!(slow.join().unwrap().body, b"done");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
