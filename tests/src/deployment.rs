//! A deployment of Convex Auth in a few lines: keys, functions that know everybody, and every way of not answering well.

use crate::sign::RsaSigner;
use crate::site::now;
use crate::upstream::{Received, Upstream};
use serde_json::{Value, json};
use std::io::{Error, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// How functions answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As they should.
    Well,
    /// As they should, after so many milliseconds.
    After(u64),
    /// The connection ends.
    Hangs,
    /// This status, and what would be a definite end with 200.
    Status(u16),
    /// What is no JSON.
    Nonsense,
    /// There is no such session, no such code.
    Knows(Nobody),
    /// The function throws.
    Throws,
}

/// Of whom nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nobody;

/// A running deployment; stopped when dropped.
pub struct Deployment {
    server: Upstream,
    signer: Arc<RsaSigner>,
    mood: Arc<Mutex<Mood>>,
    calls: Arc<Mutex<Vec<Called>>>,
}

/// A call that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// `auth:signIn`.
    pub function: String,
    /// Its arguments.
    pub args: Value,
    /// The bearer token.
    pub token: Option<String>,
}

impl Deployment {
    /// In a good mood.
    pub fn start() -> Self {
        let (signer, mood) = (Arc::new(RsaSigner::new()), Arc::new(Mutex::new(Mood::Well)));
        let (calls, number) = (Arc::<Mutex<Vec<Called>>>::default(), AtomicUsize::new(0));
        let site = Arc::new(OnceLock::new());
        let (keys, feels, log, own) = (signer.clone(), mood.clone(), calls.clone(), site.clone());
        let server = Upstream::with(move |request, stream| {
            let site: &String = own.get().expect("it has an address");
            match request.target.as_str() {
                "/.well-known/openid-configuration" => {
                    let keys = format!("{site}/.well-known/jwks.json");
                    answer(stream, 200, &json!({ "issuer": site, "jwks_uri": keys }).to_string())
                }
                "/.well-known/jwks.json" => answer(stream, 200, &keys.jwks().to_string()),
                _ => {
                    let called = called(request);
                    log.lock().unwrap().push(called.clone());
                    let mood = *feels.lock().unwrap();
                    let session = number.fetch_add(1, Ordering::SeqCst);
                    react(stream, mood, || value(&called, &token(&keys, site, session, 3600), session))
                }
            }
        });
        site.set(server.url()).expect("once");
        Self { server, signer, mood, calls }
    }

    /// Address of issuer and functions.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on.
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// All calls since the last time.
    pub fn take(&self) -> Vec<Called> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// A token that ends in so many seconds.
    pub fn token(&self, left: i64) -> String {
        token(&self.signer, &self.url(), 0, left)
    }

    /// A Cookie line of a session whose token ends in so many seconds, on this very machine.
    pub fn cookies(&self, left: i64, refresh: &str) -> String {
        format!("__convexAuthJWT={}; __convexAuthRefreshToken={refresh}%7Cs", self.token(left))
    }
}

fn token(signer: &RsaSigner, site: &str, session: usize, left: i64) -> String {
    let end = now() + left;
    let subject = format!("u|s{session}");
    signer.token(&json!({ "iss": site, "aud": "convex", "sub": subject, "iat": end - 3600, "exp": end }))
}

fn called(request: &Received) -> Called {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    Called {
        function: body["path"].as_str().unwrap_or_default().to_owned(),
        args: body["args"][0].clone(),
        token: request.header("authorization").map(|line| line.trim_start_matches("Bearer ").to_owned()),
    }
}

/// What the function returns when all is well.
fn value(called: &Called, token: &str, session: usize) -> Value {
    match (called.function.as_str(), called.args["provider"].as_str()) {
        ("auth:signOut", _) => Value::Null,
        (_, Some("otp")) => json!({ "started": true }),
        (_, Some("github")) => json!({ "redirect": "https://github.test/authorize", "verifier": "v1" }),
        _ => json!({ "tokens": { "token": token, "refreshToken": format!("new{session}|s") } }),
    }
}

fn react(stream: &mut TcpStream, mood: Mood, value: impl FnOnce() -> Value) -> std::io::Result<()> {
    let success = |value: Value| json!({ "status": "success", "value": value, "logLines": [] }).to_string();
    match mood {
        Mood::Well => answer(stream, 200, &success(value())),
        Mood::After(ms) => {
            std::thread::sleep(Duration::from_millis(ms));
            answer(stream, 200, &success(value()))
        }
        Mood::Hangs => Err(Error::other("hangs up")),
        Mood::Status(status) => answer(stream, status, &success(json!({ "tokens": null }))),
        Mood::Nonsense => answer(stream, 200, "<html>not json</html>"),
        Mood::Knows(Nobody) => answer(stream, 200, &success(json!({ "tokens": null }))),
        Mood::Throws => answer(stream, 560, &json!({ "status": "error", "errorMessage": "InvalidSecret" }).to_string()),
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes())
}
