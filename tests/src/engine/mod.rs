//! Four ways to answer one request under one policy.

mod answers;
pub mod component;
pub mod http;
mod native;

pub(crate) use answers::verify_to_host;
pub use component::{Component, Plain};
pub use http::Http;
pub use native::{Native, NativeDoor};

use crate::world::World;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A config as data, with the environment that it names. Rendered as TOML, the form that users write.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The document.
    pub document: Value,
    /// What `env:NAME` stands for.
    pub env: Vec<(String, String)>,
}

impl Policy {
    /// A document that names no environment variable.
    pub fn new(document: Value) -> Self {
        Self { document, env: Vec::new() }
    }

    /// Set an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same policy before another upstream, listening on a free port.
    #[must_use]
    pub fn before(mut self, upstream: &str) -> Self {
        let proxy = &mut self.document["proxy"];
        if proxy.is_null() {
            *proxy = json!({});
        }
        proxy["upstream"] = json!(upstream);
        proxy["listen"] = json!("127.0.0.1:0");
        proxy["access-log"] = json!(false);
        self
    }

    /// As TOML.
    pub fn toml(&self) -> String {
        toml::to_string(&self.document).expect("a config has no null")
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// `http` or `https`, as the client sees it.
    pub scheme: String,
    /// Host, maybe with port.
    pub authority: String,
    /// Target, origin form.
    pub target: Vec<u8>,
    /// Header lines in order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// `GET target` on `app.example.test`, as a browser opens a page.
    pub fn get(target: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            scheme: "https".to_owned(),
            authority: "app.example.test".to_owned(),
            target: target.as_bytes().to_vec(),
            headers: vec![("accept".to_owned(), b"text/html".to_vec())],
            body: Vec::new(),
        }
    }

    /// With a further header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With another method and a body.
    #[must_use]
    pub fn body(mut self, method: &str, body: impl Into<Vec<u8>>) -> Self {
        self.method = method.to_owned();
        self.body = body.into();
        self
    }
}

/// Header lines: name in lower case, value.
pub type Lines = Vec<(String, Vec<u8>)>;

/// All values of that name.
pub fn values<'a>(lines: &'a Lines, name: &str) -> Vec<&'a [u8]> {
    lines.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_slice()).collect()
}

/// The first value of that name as text.
pub fn text(lines: &Lines, name: &str) -> Option<String> {
    values(lines, name).first().map(|value| String::from_utf8_lossy(value).into_owned())
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The upstream got it, with this target and these headers.
    Forwarded(String, Lines),
    /// The gate answered; status 0: it closed the connection without a word.
    Replied(u16, Lines),
    /// There was no decision; a fixed 5xx, as text.
    Failed(String),
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What happened.
    pub outcome: Outcome,
    /// Headers that the client gets with the answer: those of a reply, or what the gate adds to the upstream's own (over
    /// HTTP both together).
    pub back: Lines,
    /// Why, where the engine can see it.
    pub reason: String,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Did it reach the upstream?
    pub fn forwarded(&self) -> bool {
        matches!(self.outcome, Outcome::Forwarded(..))
    }

    /// Status of the gate's own answer.
    pub fn status(&self) -> Option<u16> {
        if let Outcome::Replied(status, _) = &self.outcome { Some(*status) } else { None }
    }

    /// A header as the upstream sees it; `None` too when it did not get there.
    pub fn upstream_header(&self, name: &str) -> Option<String> {
        if let Outcome::Forwarded(_, lines) = &self.outcome { text(lines, name) } else { None }
    }

    /// A header of the gate's own answer.
    pub fn reply_header(&self, name: &str) -> Option<String> {
        if let Outcome::Replied(_, lines) = &self.outcome { text(lines, name) } else { None }
    }

    /// All `set-cookie` lines that the client gets.
    pub fn set_cookies(&self) -> Vec<String> {
        values(&self.back, "set-cookie").into_iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// In one line, for failures.
    pub fn summary(&self) -> String {
        let what = match &self.outcome {
            Outcome::Forwarded(target, _) => format!("forwarded as {target}"),
            Outcome::Replied(0, _) => "connection closed".to_owned(),
            Outcome::Replied(status, lines) => match text(lines, "location") {
                Some(to) => format!("{status} to {to}"),
                None => format!("{status}"),
            },
            Outcome::Failed(text) => format!("no decision: {text}"),
        };
        format!("{what} ({})", self.reason)
    }
}

/// Why a request cannot be put to an engine; counted as a skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsent(pub &'static str);

/// A way to answer requests.
pub trait Engine {
    /// For the report.
    fn name(&self) -> &'static str;

    /// Make a policy ready in a world.
    ///
    /// # Errors
    /// The findings, as text.
    fn open(&self, policy: &Policy, world: &Arc<World>) -> Result<Box<dyn Door>, String>;
}

/// A policy that is ready.
pub trait Door {
    /// Answer a request.
    ///
    /// # Errors
    /// [`Unsent`] when this engine has no way to receive such a request.
    fn ask(&mut self, request: &Request) -> Result<Answer, Unsent>;
}

/// All of them.
pub fn all() -> Vec<Box<dyn Engine>> {
    vec![Box::new(Native), Box::new(Component), Box::new(Plain), Box::new(Http)]
}

/// Without the names that no client may send: equal after every character but letters and digits is mapped to `-`;
/// a name that ends in `*` stands for all that begin so.
fn strip(lines: &Lines, stripped: &[String]) -> Lines {
    let fold = |name: &str| -> String {
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
    };
    let is_stripped = |name: &str| {
        stripped.iter().any(|one| match one.strip_suffix('*') {
            Some(start) => fold(name).starts_with(&fold(start)),
            None => fold(name) == fold(one),
        })
    };
    lines.iter().filter(|(name, _)| !is_stripped(name)).cloned().collect()
}

/// A runtime for one engine, on this thread.
fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())
}

/// Let what was begun in the background end: pages of a [`World`] come at once, so a few turns are enough.
async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

/// Replace all lines of that name by one.
fn set(lines: &mut Lines, name: &str, value: &[u8]) {
    lines.retain(|(n, _)| n != name);
    lines.push((name.to_owned(), value.to_vec()));
}

/// Replace the Cookie lines by one, or by none.
fn replace_cookie(lines: &mut Lines, value: Option<&[u8]>) {
    lines.retain(|(n, _)| n != "cookie");
    lines.extend(value.map(|value| ("cookie".to_owned(), value.to_vec())));
}
