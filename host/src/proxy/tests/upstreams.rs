//! Upstreams that fail (rows U1 to U6 of the reliability bar).

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn refused_is_502_at_once_and_recovers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut proxy = proxy(address, |_| {}).await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let (head, _) = read_head(&mut stream).await.unwrap();
    assert!(status(&head) == "502" && begun.elapsed() < Duration::from_millis(500), "{head}");
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    });
    assert_eq!(status(&proxy.raw(GET).await), "204");
    proxy.end().await;
    assert!(proxy.log.text().contains("refused"), "{}", proxy.log.text());
}

#[tokio::test]
async fn silence_is_504_at_the_limit() {
    let address = upstream(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let proxy = proxy(address, |settings| settings.response_timeout = Duration::from_millis(400)).await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let (head, _) = read_head(&mut stream).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(status(&head), "504");
    assert!((Duration::from_millis(390)..Duration::from_millis(900)).contains(&took), "{took:?}");
}

/// Answers `good` requests on each connection, then closes after reading one more. Counts requests.
async fn closer(good: usize, seen: Arc<AtomicUsize>) -> SocketAddr {
    upstream(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            let first = seen.load(SeqCst) == 0;
            for _ in 0..if first { good } else { usize::MAX } {
                if read_head(&mut stream).await.is_none() {
                    return;
                }
                seen.fetch_add(1, SeqCst);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
            let _ = read_head(&mut stream).await;
            seen.fetch_add(1, SeqCst);
        }
    })
    .await
}

#[tokio::test]
async fn a_safe_request_on_a_stale_connection_is_sent_again() {
    let seen = Arc::<AtomicUsize>::default();
    let proxy = proxy(closer(1, Arc::clone(&seen)).await, |_| {}).await;
    assert_eq!(status(&proxy.raw(GET).await), "200");
    assert_eq!(status(&proxy.raw(GET).await), "200");
    assert_eq!(seen.load(SeqCst), 3);
}

#[tokio::test]
async fn a_post_is_never_sent_twice() {
    let seen = Arc::<AtomicUsize>::default();
    let proxy = proxy(closer(1, Arc::clone(&seen)).await, |_| {}).await;
    assert_eq!(status(&proxy.raw(GET).await), "200");
    let post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&proxy.raw(post).await), "502");
    assert_eq!(seen.load(SeqCst), 2);
}

#[tokio::test]
async fn a_fresh_connection_that_closes_is_502_without_another_try() {
    let seen = Arc::<AtomicUsize>::default();
    let proxy = proxy(closer(0, Arc::clone(&seen)).await, |_| {}).await;
    assert_eq!(status(&proxy.raw(GET).await), "502");
    assert_eq!(seen.load(SeqCst), 1);
}

#[tokio::test]
async fn a_broken_body_breaks_the_answer() {
    for start in ["Content-Length: 100\r\n\r\npart", "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"] {
        let address = upstream(move |mut stream| async move {
            read_head(&mut stream).await.unwrap();
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{start}").as_bytes()).await.unwrap();
        })
        .await;
        let mut proxy = proxy(address, |_| {}).await;
        let answer = proxy.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.contains("part") && !answer.ends_with("0\r\n\r\n"), "{answer}");
        proxy.end().await;
        assert!(proxy.log.text().contains("upstream broke off"), "{}", proxy.log.text());
    }
}

#[tokio::test]
async fn nonsense_is_502() {
    let big = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(300_000));
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
        &big,
    ] {
        let text = answer.to_owned();
        let address = upstream(move |mut stream| {
            let text = text.clone();
            async move {
                read_head(&mut stream).await.unwrap();
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        })
        .await;
        let proxy = proxy(address, |_| {}).await;
        let got = proxy.raw(GET).await;
        assert_eq!(status(&got), "502", "{}", answer.chars().take(80).collect::<String>());
    }
}

#[tokio::test]
async fn an_early_answer_is_passed_on_and_the_connection_closed() {
    let address = upstream(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nearly").await.unwrap();
        let mut sink = vec![0; 65_536];
        while stream.read(&mut sink).await.is_ok_and(|n| n > 0) {}
    })
    .await;
    let proxy = proxy(address, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nstart").await.unwrap();
    let (head, _) = read_head(&mut stream).await.unwrap();
    assert!(status(&head) == "401" && head.to_lowercase().contains("connection: close"), "{head}");
    let _ = stream.write_all(b"GET /product/smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
    read_all(&mut stream).await;
    assert_eq!(proxy.judge.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_never_completed() {
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
    let proxy = proxy(address, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stream);
    let got = tokio::time::timeout(Duration::from_secs(3), end).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&got), "5\r\nhello\r\n");
}

#[tokio::test]
async fn connections_are_used_again() {
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    let address = upstream(move |mut stream| {
        counted.fetch_add(1, SeqCst);
        async move {
            while read_head(&mut stream).await.is_some() {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
        }
    })
    .await;
    let proxy = proxy(address, |_| {}).await;
    for _ in 0..5 {
        assert_eq!(status(&proxy.raw(GET).await), "200");
    }
    assert_eq!(connections.load(SeqCst), 1);
}
