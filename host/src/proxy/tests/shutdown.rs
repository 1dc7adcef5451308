//! Ending without losing a response (rows S1 and D1 of the reliability bar).

use super::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

#[tokio::test]
async fn a_request_in_flight_is_answered() {
    let address = upstream(|mut stream| async move {
        read_head(&mut stream).await.unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate").await.unwrap();
    })
    .await;
    let mut proxy = proxy(address, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let read = tokio::spawn(async move {
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        all
    });
    proxy.end().await;
    let answer = read.await.unwrap();
    assert!(
        status(&answer) == "200" && answer.ends_with("late") && answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    assert!(TcpStream::connect(proxy.address).await.is_err());
}

#[tokio::test]
async fn what_outlives_the_grace_is_ended() {
    let address = upstream(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut proxy = proxy(address, |settings| settings.grace = Duration::from_millis(400)).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = std::time::Instant::now();
    proxy.end().await;
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_under_load() {
    let mut proxy = proxy(mirror().await, |_| {}).await;
    let (lost, served, stop) =
        (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (lost, served, stop, address) = (Arc::clone(&lost), Arc::clone(&served), Arc::clone(&stop), proxy.address);
        clients.spawn(async move {
            'connect: while !stop.load(SeqCst) {
                let Ok(mut stream) = TcpStream::connect(address).await else { return };
                loop {
                    let sent = stream.write_all(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
                    match (sent, read_head(&mut stream).await) {
                        (Ok(()), Some((head, mut rest))) => {
                            body_of(&head, &mut rest, &mut stream).await;
                            served.fetch_add(1, SeqCst);
                            if head.to_lowercase().contains("connection: close") {
                                continue 'connect;
                            }
                        }
                        _ => {
                            lost.fetch_add(1, SeqCst);
                            continue 'connect;
                        }
                    }
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    proxy.end().await;
    stop.store(true, SeqCst);
    while clients.join_next().await.is_some() {}
    assert!(served.load(SeqCst) > 100, "{served:?}");
    assert_eq!(lost.load(SeqCst), 0, "of {served:?}");
}

#[tokio::test]
async fn readiness_ends_before_the_process() {
    let address = upstream(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut proxy = proxy(address, |settings| settings.grace = Duration::from_millis(800)).await;
    let mut busy = TcpStream::connect(proxy.address).await.unwrap();
    busy.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let _ = proxy.stop.take().unwrap().send(());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut stream = TcpStream::connect(proxy.admin).await.unwrap();
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut stream).await), "503");
}
