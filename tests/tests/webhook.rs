//! Webhooks over sockets: the body is looked at, and goes on to the upstream as it came.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_tests::engine::Policy;
use portcullis_tests::engine::http::{Served, serve};
use portcullis_tests::wire;
use portcullis_tests::world::World;
use serde_json::json;
use std::net::Ipv4Addr;

const NOW: i64 = 1_800_000_000;
const SECRET: &[u8] = b"a secret of many bytes..";

fn served() -> Served {
    let policy = Policy::new(json!({
        "version": 1,
        "default": "deny",
        "webhook": { "shop": { "scheme": "standard", "secret": "env:SECRET", "max-body": "300KiB" } },
        "route": [{ "id": "hook", "glob": "/hook", "require": { "webhook": "shop" } }],
    }))
    .env("SECRET", &format!("whsec_{}", STANDARD.encode(SECRET)));
    serve(&policy, &World::at(NOW), Ipv4Addr::LOCALHOST.into()).unwrap()
}

fn headers(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let signed = [format!("msg_1.{NOW}.").as_bytes(), body].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), &signed);
    let signature = format!("v1,{}", STANDARD.encode(tag.as_ref()));
    [("webhook-id", "msg_1".to_owned()), ("webhook-timestamp", NOW.to_string()), ("webhook-signature", signature)]
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .to_vec()
}

/// Not text, and no two pieces alike.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

fn chunked(mut lines: Vec<(String, Vec<u8>)>, body: &[u8], size: usize) -> Vec<u8> {
    lines.push(("transfer-encoding".to_owned(), b"chunked".to_vec()));
    let mut raw = wire::request("POST", b"/hook", "app.example.com", &lines, &[]);
    for chunk in body.chunks(size) {
        raw.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        raw.extend_from_slice(chunk);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"0\r\n\r\n");
    raw
}

#[test]
fn a_signed_body_reaches_the_upstream_unchanged() {
    let served = served();
    for body in [b"{ \"a\":1 }\r\n".to_vec(), Vec::new(), noise(300 * 1024)] {
        let lines = headers(&body);
        for raw in
            [wire::request("POST", b"/hook", "app.example.com", &lines, &body), chunked(lines.clone(), &body, 7_777)]
        {
            let response = wire::exchange(served.address(), &raw).unwrap();
            assert_eq!((response.status, response.body.as_slice()), (200, b"upstream".as_slice()));
            assert!(response.header("cache-control").unwrap().contains("no-store"));
            let got = served.upstream().take();
            assert_eq!(got.len(), 1);
            assert!(got[0].body == body, "{} bytes came, {} were sent", got[0].body.len(), body.len());
            assert_eq!(got[0].header("webhook-id").as_deref(), Some("msg_1"));
        }
    }
}

#[test]
fn a_changed_or_long_body_reaches_nobody() {
    let served = served();
    let body = noise(5_000);
    let mut changed = body.clone();
    changed[4_999] ^= 1;
    let long = noise(300 * 1024 + 1);
    for (raw, status) in [
        (wire::request("POST", b"/hook", "app.example.com", &headers(&body), &changed), 401),
        (chunked(headers(&body), &changed, 1_000), 401),
        (wire::request("POST", b"/hook", "app.example.com", &[], &body), 401),
        (wire::request("POST", b"/hook", "app.example.com", &headers(&long), &long), 413),
        (chunked(headers(&long), &long, 50_000), 413),
    ] {
        assert_eq!(wire::exchange(served.address(), &raw).unwrap().status, status);
        assert_eq!(served.upstream().take_heads(), []);
    }
}
