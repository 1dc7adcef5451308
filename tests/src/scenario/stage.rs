//! What stands behind and beside the gate: the app, which records what reaches it, and an issuer with its keys.

use crate::sign::{RsaSigner, Signer};
use crate::site::now;
use crate::upstream::{Received, Upstream};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The policy, before its addresses are filled in.
pub const POLICY: &str = include_str!("policy.toml");
/// The variable that the policy names, and what is in it.
pub const WEBHOOK_SECRET: (&str, &str) = ("WEBHOOK_SECRET", "whsec_YSBzZWNyZXQgb2YgbWFueSBieXRlcy4u");
/// Cookie of a session.
const COOKIE: &str = "__Host-session";
/// Bytes of the large bodies.
pub(super) const LARGE: usize = 1024 * 1024;
/// How long the app holds back the rest of an answer that nobody calls for.
const PATIENCE: Duration = Duration::from_secs(5);

/// App, issuer and keys of one run.
pub struct Stage {
    app: Upstream,
    issuer: Upstream,
    rsa: RsaSigner,
    ec: Signer,
    stranger: Signer,
    gate: Arc<Latch>,
}

/// A latch that the app waits at in the middle of an answer, until a scenario lifts it.
#[derive(Default)]
struct Latch {
    lifted: Mutex<bool>,
    moved: Condvar,
}

impl Latch {
    fn set(&self, lifted: bool) {
        *self.lifted.lock().unwrap() = lifted;
        self.moved.notify_all();
    }

    /// Was it lifted, or was nobody there?
    fn wait(&self) -> &'static str {
        let lifted = self.lifted.lock().unwrap();
        let (lifted, _) = self.moved.wait_timeout_while(lifted, PATIENCE, |lifted| !*lifted).unwrap();
        if *lifted { "called for" } else { "waited in vain" }
    }
}

impl Stage {
    /// Start app and issuer on free ports.
    pub fn start() -> Self {
        let (rsa, ec, gate) = (RsaSigner::new(), Signer::new(), Arc::<Latch>::default());
        let latch = Arc::clone(&gate);
        let app = Upstream::with(move |request, stream| answer(request, stream, &latch));
        let keys = [rsa.jwks(), ec.jwks()].map(|mut set| set["keys"][0].take());
        let issuer = Upstream::with(move |request, stream| {
            let address = format!("http://{}", request.header("host").unwrap_or_default());
            let document = match request.target.as_str() {
                "/jwks.json" => json!({ "keys": keys }),
                "/.well-known/openid-configuration" => {
                    json!({ "issuer": address, "jwks_uri": format!("{address}/jwks.json") })
                }
                _ => return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
            };
            let body = document.to_string();
            let head = format!("content-type: application/json\r\ncontent-length: {}", body.len());
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes())
        });
        Self { app, issuer, rsa, ec, stranger: Signer::new(), gate }
    }

    /// The policy for this stage, as TOML.
    pub fn policy(&self) -> String {
        // In two steps: a real port may begin with the digits of one that is replaced.
        let marked = POLICY.replace("http://127.0.0.1:3000", "{app}").replace("http://127.0.0.1:4000", "{issuer}");
        marked.replace("{app}", &self.app.url()).replace("{issuer}", &self.issuer.url())
    }

    /// Where the app listens.
    pub fn app(&self) -> SocketAddr {
        self.app.address()
    }

    /// Forget what was seen, and close the latch.
    pub(super) fn forget(&self) {
        self.gate.set(false);
        self.clear();
    }

    /// Forget what was seen.
    pub fn clear(&self) {
        self.app.take();
        self.app.take_heads();
    }

    /// Let the app go on with an answer that it holds back.
    pub(super) fn lift(&self) {
        self.gate.set(true);
    }

    /// What reached the app since the last look.
    pub(super) fn seen(&self) -> Vec<Received> {
        self.app.take_heads();
        self.app.take()
    }

    /// Did even the head of a request reach the app?
    pub(super) fn touched(&self) -> bool {
        !self.app.take_heads().is_empty()
    }

    /// Claims of a good token for `audience`, to be spoilt at will.
    pub(super) fn claims(&self, audience: &str, subject: &str) -> Value {
        json!({ "iss": self.issuer.url(), "aud": audience, "sub": subject, "iat": now(), "exp": now() + 3600 })
    }

    /// A token signed with RS256.
    pub(super) fn rs256(&self, claims: &Value) -> String {
        self.rsa.token(claims)
    }

    /// A token signed with ES256.
    pub(super) fn es256(&self, claims: &Value) -> String {
        self.ec.token(claims)
    }

    /// The same with a key that the issuer does not have, under the name of one that it has.
    pub(super) fn forged(&self, claims: &Value) -> String {
        self.stranger.token(claims)
    }

    /// A Cookie line with a good session (RS256) of `subject`.
    pub fn session(&self, subject: &str) -> String {
        cookie(&self.rs256(&self.claims("app", subject)))
    }
}

/// A Cookie line with that token, among others.
pub(super) fn cookie(token: &str) -> String {
    format!("theme=dark; {COOKIE}={token}")
}

/// Bytes that repeat nowhere soon, so that a lost or doubled piece shows.
pub(super) fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

/// What the app answers.
fn answer(request: &Received, stream: &mut TcpStream, gate: &Latch) -> std::io::Result<()> {
    let path = request.target.split('?').next().unwrap_or_default();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    match path {
        "/product/large" => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n").as_bytes())?;
            stream.write_all(&noise(LARGE))
        }
        "/product/events" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all((head.to_owned() + &chunk("data: first\n\n")).as_bytes())?;
            let last = format!("data: {}\n\n", gate.wait());
            stream.write_all((chunk(&last) + "0\r\n\r\n").as_bytes())
        }
        "/held" => {
            let body = gate.wait();
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes())
        }
        _ => {
            // A cache could keep this for everybody, if the gate did not say otherwise.
            let body = "app";
            let head = format!(
                "content-type: text/plain\r\ncache-control: public, max-age=60\r\nset-cookie: own=1; Path=/\r\n\
                 x-frame-options: SAMEORIGIN\r\ncontent-length: {}",
                body.len()
            );
            let body = if request.method == "HEAD" { "" } else { body };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes())
        }
    }
}
