//! Bodies: all bytes arrive, both ways, without waiting for the end; and one that is signed is looked at.

use super::Play;
use super::stage::{LARGE, WEBHOOK_SECRET, noise};
use super::visitor::{FETCH, NAVIGATION, Visit, expect, same_bytes};
use crate::site::now;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

pub(super) const LIST: &[(&str, Play)] = &[
    ("body", body),
    ("body in chunks", body_in_chunks),
    ("upload of 1 MiB", upload),
    ("body of a stranger", body_of_a_stranger),
    ("download of 1 MiB", download),
    ("events one by one", events_one_by_one),
    ("webhook", webhook),
    ("webhook, changed", webhook_changed),
];

fn arrives(visit: &Visit<'_>, raw: &[u8], body: &[u8]) -> Result<(), String> {
    expect("status", visit.exchange(raw)?.status, 200)?;
    let request = visit.reached()?;
    expect("method", request.method.as_str(), "POST")?;
    same_bytes(&request.body, body)
}

fn post(visit: &Visit<'_>, body: &[u8]) -> Result<(), String> {
    let session = visit.stage.session("u1");
    let headers = [FETCH, ("cookie", &*session), ("content-type", "application/octet-stream")];
    arrives(visit, &visit.raw("POST", "/product/form", &headers, body), body)
}

fn body(visit: &Visit<'_>) -> Result<(), String> {
    post(visit, b"{ \"a\":1 }\r\n\0\xff")
}

fn upload(visit: &Visit<'_>) -> Result<(), String> {
    post(visit, &noise(LARGE))
}

/// The request with its body in pieces.
fn chunked(visit: &Visit<'_>, target: &str, headers: &[(&str, &str)], body: &[u8], size: usize) -> Vec<u8> {
    let lines = [headers, &[("transfer-encoding", "chunked")]].concat();
    let mut raw = visit.raw("POST", target, &lines, &[]);
    for chunk in body.chunks(size) {
        raw.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        raw.extend_from_slice(chunk);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"0\r\n\r\n");
    raw
}

fn body_in_chunks(visit: &Visit<'_>) -> Result<(), String> {
    let (session, body) = (visit.stage.session("u1"), noise(100_000));
    let headers = [FETCH, ("cookie", &*session), ("content-type", "application/octet-stream")];
    arrives(visit, &chunked(visit, "/product/form", &headers, &body, 7_777), &body)
}

fn body_of_a_stranger(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.send("POST", "/product/form", &[FETCH], b"a=1")?;
    visit.untouched()?;
    expect("status", response.status, 401)
}

fn download(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/product/large", &[NAVIGATION, ("cookie", &visit.stage.session("u1"))])?;
    expect("status", response.status, 200)?;
    same_bytes(&response.body, &noise(LARGE))
}

/// The app writes the last event only when the first one has arrived here; it says so if that never happened.
fn events_one_by_one(visit: &Visit<'_>) -> Result<(), String> {
    let session = visit.stage.session("u1");
    let raw = visit.raw("GET", "/product/events", &[("accept", "text/event-stream"), ("cookie", &session)], &[]);
    let fail = |e: std::io::Error| format!("the connection broke: {e}");
    let mut stream = TcpStream::connect(visit.front.address).map_err(fail)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(fail)?;
    stream.write_all(&raw).map_err(fail)?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let all = loop {
        let count = stream.read(&mut buffer).map_err(fail)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("data: first") {
            visit.stage.lift();
        }
        if count == 0 || text.contains("data: called for") || text.contains("data: waited") {
            break text.into_owned();
        }
    };
    let status = all.lines().next().unwrap_or_default();
    match (all.contains("data: called for"), all.contains("data: first")) {
        (true, true) => Ok(()),
        (_, true) => Err("the first event came with the last one".to_owned()),
        _ => Err(format!("no event came: {status}")),
    }
}

/// Header lines that sign a body (Svix).
fn signed(body: &[u8]) -> [(&'static str, String); 3] {
    let secret = WEBHOOK_SECRET.1.trim_start_matches("whsec_");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).expect("a secret in base64"));
    let time = now().to_string();
    let tag = hmac::sign(&key, &[format!("msg_1.{time}.").as_bytes(), body].concat());
    let signature = format!("v1,{}", STANDARD.encode(tag.as_ref()));
    [("svix-id", "msg_1".to_owned()), ("svix-timestamp", time), ("svix-signature", signature)]
}

fn webhook(visit: &Visit<'_>) -> Result<(), String> {
    for body in [b"{ \"type\": \"user.created\" }\n".to_vec(), noise(100_000)] {
        let lines = signed(&body);
        let headers = lines.each_ref().map(|(name, value)| (*name, value.as_str()));
        arrives(visit, &visit.raw("POST", "/hook", &headers, &body), &body)?;
    }
    Ok(())
}

fn webhook_changed(visit: &Visit<'_>) -> Result<(), String> {
    let lines = signed(b"{ \"amount\": 1 }");
    let headers = lines.each_ref().map(|(name, value)| (*name, value.as_str()));
    let response = visit.send("POST", "/hook", &headers, b"{ \"amount\": 9 }")?;
    visit.untouched()?;
    expect("status", response.status, 401)
}
