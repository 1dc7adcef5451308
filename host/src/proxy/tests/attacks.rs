//! What must not pass.

use super::*;

/// Refused with this status, and the judge never asked.
async fn refused(bytes: &[u8], expected: &str) {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy.raw(bytes).await;
    assert_eq!(status(&answer), expected, "{} -> {answer}", String::from_utf8_lossy(bytes));
    assert!(proxy.judge.seen.lock().unwrap().is_empty(), "{}", String::from_utf8_lossy(bytes));
}

#[tokio::test]
async fn host_rules() {
    for hosts in [
        "",
        "Host: \r\n",
        "Host: a b\r\n",
        "Host: a, b\r\n",
        "Host: a/b\r\n",
        "Host: u@a\r\n",
        "Host: a%2eb\r\n",
        "Host: a\r\nHost: a\r\n",
    ] {
        refused(format!("GET / HTTP/1.1\r\n{hosts}\r\n").as_bytes(), "400").await;
    }
}

#[tokio::test]
async fn targets() {
    for target in [
        "http://b/product",
        "http://u:p@a/",
        "ftp://a/",
        "http:/product",
        "product",
        "*",
        "?/product",
        "#/product",
        "/product#/signin",
        "/a?b#c",
        "http://a/product#x",
        "http://a\\product",
    ] {
        refused(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(), "400").await;
    }
    refused(b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    refused(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    refused(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nGET /product HTTP/1.1\r\nHost: a\r\n\r\n", "405").await;
    refused(b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "405").await;
}

#[tokio::test]
async fn a_fragment_in_a_later_or_split_request_is_seen() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(b"GET /one HTTP/1.1\r\nHost: a\r\nCookie: a=#b\r\n\r\n").await.unwrap();
    assert_eq!(status(&read_all(&mut stream).await), "200");
    for piece in ["GE", "T /prod", "uct", "#/signin HT", "TP/1.1\r\nHost: a\r\n\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status(&read_all(&mut stream).await), "400");
}

#[tokio::test]
async fn valid_raw_utf8_and_backslashes_reach_the_judge_as_they_are() {
    let proxy = proxy(mirror().await, |_| {}).await;
    proxy.raw(b"GET /no\\..\\{\"} HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(proxy.judge.last().target, b"/no\\..\\{\"}");
    proxy.raw("GET /no/é HTTP/1.1\r\nHost: a\r\n\r\n".as_bytes()).await;
    assert_eq!(proxy.judge.last().target, "/no/é".as_bytes());
}

#[tokio::test]
async fn absolute_form_with_the_same_host_is_judged_by_its_path() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer =
        proxy.raw(b"GET HTTP://A/no/x?y HTTP/1.1\r\nHost: a\r\n\r\nGET http://a HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let seen: Vec<_> = proxy.judge.seen.lock().unwrap().iter().map(|head| head.target.clone()).collect();
    assert_eq!(seen, [&b"/no/x?y"[..], b"/"], "{answer}");
}

#[tokio::test]
async fn framing() {
    for head in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5,5\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
    ] {
        refused(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n").as_bytes(), "400").await;
    }
    refused(b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400").await;
}

#[tokio::test]
async fn a_length_and_a_coding_never_travel_together() {
    let proxy = proxy(mirror().await, |_| {}).await;
    for order in
        ["Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"]
    {
        let answer = proxy.raw(format!("POST / HTTP/1.1\r\nHost: a\r\n{order}\r\n0\r\n\r\nGET /product/smuggled HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
        let low = answer.to_lowercase();
        assert!(
            !(low.contains("smuggled") || low.contains("content-length: 6\r\n") && low.contains("transfer-encoding")),
            "{answer}"
        );
    }
    assert!(proxy.judge.seen.lock().unwrap().iter().all(|head| head.target == b"/"));
}

#[tokio::test]
async fn identity_and_forwarded_headers_in_any_spelling_stay_outside() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let answer = proxy
        .raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-User-Id: admin\r\nX_User_Id: admin\r\nX.User~Id: admin\r\nx-middleware-subrequest: src\r\nX_Middleware_Rewrite: /\r\nX-Forwarded-For: 6.6.6.6\r\nX_Forwarded_Host: evil\r\nForwarded: for=evil\r\nX-Real-IP: evil\r\nConnection: close, X-Forwarded-For\r\n\r\n")
        .await;
    let low = answer.to_lowercase();
    assert!(low.contains("x-forwarded-for: 127.0.0.1\r\n") && low.contains("x-forwarded-host: a\r\n"), "{answer}");
    for word in ["admin", "6.6.6.6", "evil", "middleware", "forwarded:"] {
        assert!(!low.contains(word), "{word}: {answer}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let proxy = proxy(mirror().await, |settings| settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let answer = proxy.raw(b"GET / HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.test\r\nConnection: close\r\n\r\n").await;
    let low = answer.to_lowercase();
    for line in ["host: app.test", "x-forwarded-for: 192.0.2.7", "x-forwarded-proto: https", "x-forwarded-port: 443"] {
        assert!(low.contains(&format!("\r\n{line}\r\n")), "{line}: {answer}");
    }
    let seen = proxy.judge.last();
    assert_eq!(
        (seen.client.as_str(), seen.scheme.as_str(), seen.authority.as_str()),
        ("192.0.2.7", "https", "app.test")
    );
    let bad = proxy.raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: a/b\r\n\r\n").await;
    assert_eq!(status(&bad), "400");
}

#[tokio::test]
async fn an_unread_body_is_never_the_next_request() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let smuggled = b"GET /product/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = format!("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", smuggled.len());
    let next = b"GET /no/next HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = proxy.raw(&[head.as_bytes(), smuggled, next].concat()).await;
    assert_eq!(answer.matches("HTTP/1.1 403").count(), 2, "{answer}");
    let seen: Vec<_> = proxy.judge.seen.lock().unwrap().iter().map(|head| head.target.clone()).collect();
    assert_eq!(seen, [&b"/no"[..], b"/no/next"]);
}

#[tokio::test]
async fn failures_are_fixed_answers() {
    let proxy = proxy(mirror().await, |_| {}).await;
    let trap = proxy.raw(b"GET /trap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(
        status(&trap) == "500" && !trap.contains("unreachable") && trap.contains("cache-control: no-store"),
        "{trap}"
    );
    let late = proxy.raw(b"GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(status(&late) == "503" && late.contains("retry-after: 1"), "{late}");
    let head = proxy.raw(b"HEAD /trap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(status(&head) == "500" && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    let proxy = proxy(mirror().await, |_| {}).await;
    proxy.raw(b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(proxy.handle.metrics().panics.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(status(&proxy.raw(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await), "200");
}
