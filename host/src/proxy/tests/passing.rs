//! What passes, passes whole.

use super::*;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

#[tokio::test]
async fn a_request_and_its_answer() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy.raw(b"POST /a?b=c HTTP/1.1\r\nHost: app.test:81\r\nX-Own: 1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello").await;
    assert_eq!(status(&answer), "200", "{answer}");
    let low = answer.to_lowercase();
    assert!(low.contains("post /a?b=c http/1.1\r\n") && low.ends_with("hello"), "{answer}");
    for line in
        ["host: app.test:81", "x-own: 1", "x-forwarded-for: 127.0.0.1", "x-forwarded-port: 81", "content-length: 5"]
    {
        assert!(low.contains(&format!("{line}\r\n")), "{line}: {answer}");
    }
    let seen = proxy.judge.last();
    assert_eq!(
        (seen.method.as_str(), seen.authority.as_str(), seen.client.as_str()),
        ("POST", "app.test:81", "127.0.0.1")
    );
    assert_eq!((seen.target.as_slice(), seen.now, seen.scheme.as_str()), (&b"/a?b=c"[..], 1_800_000_000, "http"));
    assert!(seen.headers.is_empty());
}

#[tokio::test]
async fn the_permit_says_what_is_sent() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy.raw(b"GET /rewrite HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("GET /elsewhere?a=b HTTP/1.1\r\n"), "{answer}");
}

#[tokio::test]
async fn only_named_headers_are_judged() {
    let proxy = proxy(mirror().await, |_| {}).await;
    proxy
        .raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-Seen: 1\r\nX-Other: 2\r\nX-Seen: \xff\r\nConnection: close\r\n\r\n")
        .await;
    let expected = [("x-seen".to_owned(), b"1".to_vec()), ("x-seen".to_owned(), vec![0xff])];
    assert_eq!(proxy.judge.last().headers, expected);
}

#[tokio::test]
async fn a_head_answer_keeps_its_length_and_the_connection() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer =
        proxy.raw(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let (first, second) = answer.split_once("\r\n\r\n").unwrap();
    assert!(first.to_lowercase().contains("content-length: "), "{first}");
    assert!(second.starts_with("HTTP/1.1 200") && second.contains("GET /2 "), "{answer}");
}

#[tokio::test]
async fn ten_megabytes_up_and_down() {
    let size = 10_000_000;
    let address = upstream(move |mut stream| async move {
        let (head, mut rest) = read_head(&mut stream).await.unwrap();
        assert!(head.to_lowercase().contains("content-length: 10000000\r\n"), "{head}");
        let body = body_of(&head, &mut rest, &mut stream).await;
        let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
        let start = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Sum: {sum}\r\n\r\n");
        stream.write_all(start.as_bytes()).await.unwrap();
        for piece in body.chunks(100_000) {
            stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
            stream.write_all(piece).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let proxy = proxy(address, |_| {}).await;
    let body: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
    let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
    let stream = TcpStream::connect(proxy.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("/up").header("host", "a").body(Full::new(Bytes::from(body.clone()))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.headers()["x-sum"], sum.to_string());
    assert!(response.into_body().collect().await.unwrap().to_bytes() == body);
}

#[tokio::test]
async fn a_chunked_upload_is_chunked_again_and_trailers_are_dropped() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy
        .raw(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-User-Id\r\nConnection: close\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-User-Id: admin\r\n\r\n")
        .await;
    let low = answer.to_lowercase();
    assert!(low.contains("transfer-encoding: chunked\r\n") && low.contains("5\r\nhello\r\n0\r\n\r\n"), "{answer}");
    assert!(!low.contains("x-user-id"), "{answer}");
}

#[tokio::test]
async fn expect_continue_is_answered_here() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream
        .write_all(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let (head, _) = read_head(&mut stream).await.unwrap();
    assert_eq!(status(&head), "100");
    stream.write_all(b"hi").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(status(&answer) == "200" && answer.ends_with("hi"), "{answer}");
    assert!(!answer.to_lowercase().contains("expect:"), "{answer}");
}

#[tokio::test]
async fn the_gate_may_read_the_start_of_a_body() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let good =
        proxy.raw(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nConnection: close\r\n\r\ngoodbody").await;
    assert!(
        status(&good) == "200" && good.to_lowercase().contains("content-length: 8\r\n") && good.ends_with("goodbody"),
        "{good}"
    );
    let chunked = proxy.raw(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\ngood\r\n1\r\n!\r\n0\r\n\r\n").await;
    assert!(status(&chunked) == "200" && chunked.contains("good\r\n") && chunked.contains('!'), "{chunked}");
    let bad = proxy.raw(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad").await;
    assert!(status(&bad) == "403" && bad.ends_with("bad"), "{bad}");
    let long = proxy
        .raw(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nConnection: close\r\n\r\nhello world")
        .await;
    assert_eq!(status(&long), "413", "{long}");
}

#[tokio::test]
async fn the_first_event_comes_before_the_last() {
    let address = upstream(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await.unwrap();
        // The stream stays open, as such streams do.
        let _ = stream.read_u8().await;
    })
    .await;
    let proxy = proxy(address, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    let first = async {
        while !seen.windows(9).any(|window| window == b"data: 1\n\n") {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
        }
    };
    tokio::time::timeout(Duration::from_secs(2), first).await.unwrap();
}

#[tokio::test]
async fn a_websocket_is_byte_exact() {
    let address = upstream(|mut stream| async move {
        let (head, mut rest) = read_head(&mut stream).await.unwrap();
        let low = head.to_lowercase();
        assert!(low.contains("upgrade: websocket\r\n") && low.contains("connection: upgrade\r\n") && low.contains("sec-websocket-key: k\r\n"), "{head}");
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n").await.unwrap();
        stream.write_all(&rest).await.unwrap();
        rest.clear();
        let (mut from, mut to) = stream.split();
        let _ = tokio::io::copy(&mut from, &mut to).await;
    })
    .await;
    let mut proxy = proxy(address, |settings| settings.grace = Duration::from_millis(500)).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\nearly").await.unwrap();
    let (head, rest) = read_head(&mut stream).await.unwrap();
    assert!(status(&head) == "101" && head.to_lowercase().contains("sec-websocket-accept: x"), "{head}");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 7 % 256) as u8).collect();
    let expected = [&b"early"[..], &bytes].concat();
    let (mut from, mut to) = stream.split();
    let mut got = rest;
    let receive = async { while got.len() < expected.len() && from.read_buf(&mut got).await.unwrap() > 0 {} };
    let (sent, ()) = tokio::join!(to.write_all(&bytes), receive);
    sent.unwrap();
    assert!(got == expected);
    proxy.end().await;
}

#[tokio::test]
async fn an_upgrade_to_anything_else_is_an_ordinary_request() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy.raw(b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n").await;
    assert!(
        status(&answer) == "200" && !answer.to_lowercase().contains("upgrade") && !answer.contains("http2-settings"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_unasked_switch_of_protocols_is_a_bad_gateway() {
    let address = upstream(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        let _ = stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .await;
    })
    .await;
    let proxy = proxy(address, |_| {}).await;
    assert_eq!(status(&proxy.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await), "502");
}

#[tokio::test]
async fn http2_without_tls() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let stream = TcpStream::connect(proxy.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for n in 0..3 {
        let request = http::Request::post(format!("http://app.test/h2/{n}"))
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .body(Full::new(Bytes::from_static(b"body")))
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(&format!("POST /h2/{n} HTTP/1.1\r\n")) && text.ends_with("body"), "{text}");
        assert!(text.contains("host: app.test\r\n") && text.contains("cookie: a=1; b=2\r\n"), "{text}");
    }
    let traced = http::Request::builder().method("TRACE").uri("http://app.test/").body(Full::default()).unwrap();
    assert_eq!(sender.send_request(traced).await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_new_policy_takes_over_for_the_next_request() {
    let (first, second) = (
        mirror().await,
        upstream(|mut stream| async move {
            read_head(&mut stream).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond").await;
        })
        .await,
    );
    let proxy = proxy(first, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.contains("GET /one"));
    let policy = policy_settings(&format!("http://{second}"));
    let settings = Settings::new(&policy, &Overrides::default()).unwrap();
    proxy.handle.replace(settings, Script::new(policy)).unwrap();
    stream.write_all(b"GET /two HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.ends_with("second"));
}

#[tokio::test]
async fn health_is_on_its_own_listener() {
    let proxy = proxy(mirror().await, |_| {}).await;
    for (path, part) in
        [("/healthz", "200 OK"), ("/readyz", "ready"), ("/metrics", "portcullis_requests_total 0"), ("/", "404")]
    {
        let mut stream = TcpStream::connect(proxy.admin).await.unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.contains(part), "{path}: {answer}");
    }
    let judged = proxy.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(judged.contains("GET /healthz HTTP/1.1"), "{judged}");
    assert_eq!(proxy.judge.last().target, b"/healthz");
}

#[tokio::test]
async fn each_request_is_one_log_line() {
    let mut proxy = proxy(mirror().await, |_| {}).await;
    proxy.raw(b"GET /a?token=secret HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\nGET /trap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    proxy.end().await;
    let text = proxy.log.text();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |n: usize, key: &str| lines[n][key].clone();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!((of(0, "path"), of(0, "status"), of(0, "upstream")), ("/a".into(), 200.into(), "default".into()));
    assert_eq!((of(1, "path"), of(1, "status"), of(1, "rule")), ("/no".into(), 403.into(), "script".into()));
    assert_eq!((of(2, "status"), of(2, "error")), (500.into(), "guest trapped".into()));
    assert!(of(0, "bytes").as_u64().unwrap() > 0 && !text.contains("secret"), "{text}");
}
