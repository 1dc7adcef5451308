//! Every resource has a number.

use super::*;
use std::time::Instant;

#[tokio::test]
async fn heads() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let big = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(70_000));
    assert_eq!(status(&proxy.raw(big.as_bytes()).await), "431");
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(150));
    assert_eq!(status(&proxy.raw(many.as_bytes()).await), "431");
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "a".repeat(9000));
    assert_eq!(status(&proxy.raw(long.as_bytes()).await), "200");
    let method = format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "A".repeat(70_000));
    assert!(matches!(status(&proxy.raw(method.as_bytes()).await), "400" | "431"));
}

#[tokio::test]
async fn a_declared_body_over_the_limit_is_refused_at_once() {
    let proxy = proxy(mirror().await, |settings| settings.max_body = 10).await;
    let answer = proxy.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world").await;
    assert_eq!(status(&answer), "413", "{answer}");
    assert!(proxy.judge.seen.lock().unwrap().is_empty());
    let fits =
        proxy.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello worl").await;
    assert_eq!(status(&fits), "200", "{fits}");
}

#[tokio::test]
async fn a_chunked_body_is_counted_and_the_upstream_aborted() {
    let (ended, end) = oneshot::channel();
    let ended = Arc::new(Mutex::new(Some(ended)));
    let address = upstream(move |mut stream| {
        let ended = Arc::clone(&ended);
        async move {
            let (_, mut all) = read_head(&mut stream).await.unwrap();
            while stream.read_buf(&mut all).await.is_ok_and(|n| n > 0) {}
            if let Some(ended) = ended.lock().unwrap().take() {
                let _ = ended.send(all);
            }
        }
    })
    .await;
    let proxy = proxy(address, |settings| settings.max_body = 10).await;
    let answer = proxy.raw(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n").await;
    assert_eq!(status(&answer), "413", "{answer}");
    let upstream_saw = tokio::time::timeout(Duration::from_secs(2), end).await.unwrap().unwrap();
    assert!(!upstream_saw.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&upstream_saw));
}

#[tokio::test]
async fn a_slow_head_is_closed() {
    let proxy = proxy(mirror().await, |settings| settings.head_timeout = Duration::from_millis(300)).await;
    for start in ["", "G", "P", "GET / HTTP/1.1\r\nHos"] {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2) && rest.is_empty(), "{start}: {rest:?}");
    }
}

#[tokio::test]
async fn a_slow_second_head_is_closed_and_idling_is_not_slow() {
    let proxy = proxy(mirror().await, |settings| {
        settings.head_timeout = Duration::from_millis(200);
        settings.idle_timeout = Duration::from_millis(1500);
    })
    .await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut stream).await), "200");
    // Half a second has passed: longer than a head may take, shorter than a connection may be idle.
    stream.write_all(b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut stream).await), "200");
    let begun = Instant::now();
    stream.write_all(b"GET /3").await.unwrap();
    assert_eq!(stream.read(&mut [0; 10]).await.unwrap(), 0);
    assert!(begun.elapsed() < Duration::from_millis(900));

    let mut idle = TcpStream::connect(proxy.address).await.unwrap();
    idle.write_all(b"GET /4 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut idle).await), "200");
    let begun = Instant::now();
    assert_eq!(idle.read(&mut [0; 10]).await.unwrap(), 0);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn an_early_answer_to_a_large_upload_is_read_by_the_client() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n").await.unwrap();
    stream.write_all(&[b'x'; 30_000]).await.unwrap();
    let (head, _) = read_head(&mut stream).await.unwrap();
    assert_eq!(status(&head), "403");
    // More than is drained: the connection ends, and nothing of it is taken for a request.
    let _ = stream.write_all(&[b'x'; 4_000_000]).await;
    read_all(&mut stream).await;
    assert_eq!(proxy.judge.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let policy = policy_settings("http://127.0.0.1:1");
    let mut settings = Settings::new(&policy, &Overrides::default()).unwrap();
    settings.listen = taken.local_addr().unwrap();
    let error = Server::bind(settings, Script::new(policy)).unwrap_err().to_string();
    let expected = format!(
        "cannot listen on {} (`listen`): the port is in use; stop the other program or choose another port",
        taken.local_addr().unwrap()
    );
    assert_eq!(error, expected);
}
