//! `portcullis explain`: what would happen to a request, and why.

use super::exit::{Exit, Stop};
use super::{Global, out};
use crate::contract::{Explained, RequestHead};
use crate::gate::Gate;
use crate::{proxy, report};
use clap::Args;

/// Say what would happen to a request, and why.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Method, e.g. GET
    #[arg(value_name = "METHOD")]
    method: String,
    /// Path, or address with host
    #[arg(value_name = "URL")]
    url: String,
    /// Who asks: anonymous, user, user+role, user@tenant, bearer+scope
    #[arg(long = "as", value_name = "WHO", conflicts_with = "cookie")]
    who: Option<String>,
    /// The Cookie line of the request
    #[arg(long, value_name = "LINE")]
    cookie: Option<String>,
    /// A header of the request; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// What must come out, in the words of a test case: `pass`, `redirect /signin`, `401`…
    #[arg(long, value_name = "ANSWER")]
    expect: Option<String>,
}

impl Explain {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let mut options = global.options()?;
        // A persona needs no keys; a real request does.
        options.lenient = self.who.is_some();
        let clock = std::sync::Arc::clone(&options.clock);
        let gate = Gate::load(options).map_err(|error| Stop::from_load(error, global.color()))?;
        let head = self.head(clock.now(), gate.loaded())?;
        let explained = proxy::run_blocking(1, gate.explain(&head, self.who.as_deref()))
            .map_err(|error| Stop::new(Exit::Component, error))?
            .map_err(|failure| Stop::new(Exit::Usage, failure))?;
        self.print(global, &gate, &explained);
        let answer = report::explained_json(&explained, gate.loaded());
        let answer = answer.get("answer").and_then(|answer| answer.as_str()).unwrap_or_default();
        match &self.expect {
            Some(expected) if expected != answer => {
                out::note(&format!("error: expected `{expected}`, but the answer is `{answer}`"));
                Ok(Exit::Mismatch)
            }
            _ => Ok(Exit::Ok),
        }
    }

    fn print(&self, global: &Global, gate: &Gate, explained: &Explained) {
        if global.json {
            out::json(&report::explained_json(explained, gate.loaded()));
            return;
        }
        out::data(&report::render_trace(&explained.trace, ""));
        out::data(&report::step_line(&explained.step, gate.loaded()));
    }

    fn head(&self, now: i64, loaded: &crate::contract::Loaded) -> Result<RequestHead, Stop> {
        let origin = loaded.proxy.public_origin.as_deref().unwrap_or("http://localhost");
        let (mut scheme, mut authority) = origin.split_once("://").unwrap_or(("http", "localhost"));
        let mut target = self.url.as_str();
        if let Some((named, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) {
            let slash = rest.find('/').unwrap_or(rest.len());
            (scheme, authority) = (named, rest.get(..slash).unwrap_or_default());
            target = rest.get(slash..).filter(|path| !path.is_empty()).unwrap_or("/");
        }
        let mut headers = Vec::new();
        for header in &self.headers {
            let (name, value) = header
                .split_once(':')
                .ok_or_else(|| Stop::new(Exit::Usage, format!("`{header}` is no header; write `name: value`")))?;
            headers.push((name.trim().to_ascii_lowercase(), value.trim().as_bytes().to_vec()));
        }
        if let Some(cookie) = &self.cookie {
            headers.push(("cookie".to_owned(), cookie.as_bytes().to_vec()));
        }
        // A browser that opens a page, unless the headers say something else.
        if !headers.iter().any(|(name, _)| name != "cookie" && name != "authorization") {
            headers.push(("accept".to_owned(), b"text/html,*/*;q=0.8".to_vec()));
        }
        headers.retain(|(name, _)| loaded.headers.contains(name));
        Ok(RequestHead {
            method: self.method.to_ascii_uppercase(),
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            target: target.as_bytes().to_vec(),
            headers,
            client: "127.0.0.1".to_owned(),
            now,
        })
    }
}
