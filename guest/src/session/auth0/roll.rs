//! A session that is used lives on: the cookie is sealed again with a new end and goes to the browser and to the app behind.

use super::content::Session;
use super::{Auth0, encrypted};
use crate::request::{CookieRead, CookieRule, Kind as RequestKind};
use crate::session::kind::{Asking, Turn};
use crate::session::set_cookie::CookieAttributes;
use crate::trace::Outcome;
use serde_json::{Map, Value};

/// As the package writes it.
const HEADER: &str = r#"{"enc":"A256GCM","alg":"dir"}"#;
/// Bytes of a cookie value before it is split.
const CHUNK: usize = 3500;
/// Chunks that are cleared in any case: another tab may have written them meanwhile.
const SWEPT: usize = 5;
/// Where the tokens of connected accounts are in a session that was read; they have cookies of their own.
const CONNECTIONS: &str = "connectionTokenSets";

/// `rolling = true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth0Rolling {
    /// How the cookies are set.
    pub attributes: CookieAttributes,
    /// Below it the app signs in and out, and writes its cookies itself.
    pub auth_path: String,
    /// What the cookies of connected accounts begin with, before `_0`, `_1`…; `None`: they are left alone.
    pub connections: Option<String>,
}

impl Auth0Rolling {
    /// Is this request a use of the session? Guesses and pictures are none, and what the app answers below
    /// [`auth_path`](Self::auth_path) is its own business.
    pub(super) fn applies(&self, asking: &Asking<'_>) -> bool {
        let below = asking.target.path().strip_prefix(self.auth_path.as_str());
        let own = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.auth_path.ends_with('/'));
        let passive = matches!(
            asking.kind,
            RequestKind::Prefetch | RequestKind::SubResource | RequestKind::WebSocket | RequestKind::Preflight
        );
        !own && !passive
    }
}

impl Auth0 {
    /// Write the session again. Nothing happens when it is over within the leeway, or does not say when it began: then
    /// its end is not known.
    pub(super) fn roll(&self, session: &Session, rolling: &Auth0Rolling, turn: &mut Turn<'_, '_>) {
        let now = turn.now();
        let Some(end) = self.end(session, now) else { return };
        let mut content = session.content.clone();
        content.remove(CONNECTIONS);
        let Some(text) = self.seal(content, end) else { return };
        let mut written: Vec<(String, Option<String>)> = split(&self.rule.name, text);
        written.extend(self.connections(rolling, turn, end));
        for name in self.stale(turn) {
            if !written.iter().any(|(known, _)| *known == name) {
                written.push((name, None));
            }
        }
        let attributes = &rolling.attributes;
        let lines = written.iter().map(|(name, value)| match value {
            Some(value) => attributes.line(name, value, now, Some(end)),
            None => attributes.gone(name),
        });
        turn.carry.set_cookies.extend(lines);
        turn.carry.cookies.extend(written);
        turn.note(Outcome::Info, || format!("written again, for {} s", end - now));
    }

    /// When it ends now that it was used; `None`: it is over.
    fn end(&self, session: &Session, now: i64) -> Option<i64> {
        let last = (session.created()? + self.bounds.absolute as f64).floor() as i64;
        Some(last.min(now.saturating_add(self.bounds.inactivity))).filter(|end| *end > now)
    }

    /// Under the current secret.
    fn seal(&self, mut content: Map<String, Value>, end: i64) -> Option<String> {
        content.insert("exp".to_owned(), Value::from(end));
        let current = self.keys.first()?;
        current.key.seal(HEADER, Value::Object(content).to_string().as_bytes(), &self.nonces).ok()
    }

    /// The cookies of connected accounts, which live as long as the session: those that open, numbered anew.
    fn connections(&self, rolling: &Auth0Rolling, turn: &Turn<'_, '_>, end: i64) -> Vec<(String, Option<String>)> {
        let Some(prefix) = &rolling.connections else { return Vec::new() };
        let prefix = format!("{prefix}_");
        let found = numbered(turn, &prefix);
        let opened = found.iter().filter_map(|name| {
            let CookieRead::Value(text) = turn.asking.cookies.read(&CookieRule::text(name, None)) else { return None };
            let content = encrypted::open(&text, &self.keys, false).ok()?.content;
            let times = crate::session::jwt::Times::optional(&content).ok()?;
            times.check(&self.bounds.window, turn.now()).ok()?;
            self.seal(content, end)
        });
        let mut written: Vec<(String, Option<String>)> =
            opened.enumerate().map(|(number, text)| (format!("{prefix}{number}"), Some(text))).collect();
        let gone: Vec<String> =
            found.into_iter().filter(|name| !written.iter().any(|(known, _)| known == name)).collect();
        written.extend(gone.into_iter().map(|name| (name, None)));
        written
    }

    /// Names that must not stay beside the new cookies: the other form, chunks too many, and those of v3.
    fn stale(&self, turn: &Turn<'_, '_>) -> Vec<String> {
        let prefix = format!("{}__", self.rule.name);
        let mut names: Vec<String> = (0..SWEPT).map(|number| format!("{prefix}{number}")).collect();
        names.extend(numbered(turn, &prefix));
        names.push(self.rule.name.clone());
        if let Some(legacy) = &self.legacy {
            let chunks = numbered(turn, &format!("{}.", legacy.name));
            if !chunks.is_empty() || turn.asking.cookies.names().any(|name| name == legacy.name.as_bytes()) {
                names.push(legacy.name.clone());
            }
            names.extend(chunks);
        }
        names.sort();
        names.dedup();
        names
    }
}

/// Names of cookies that were sent: the prefix and a number. In their order, each once.
fn numbered(turn: &Turn<'_, '_>, prefix: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in turn.asking.cookies.names().filter_map(|name| std::str::from_utf8(name).ok()) {
        let number = name.strip_prefix(prefix).unwrap_or_default();
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// One cookie, or chunks.
fn split(name: &str, text: String) -> Vec<(String, Option<String>)> {
    if text.len() <= CHUNK {
        return vec![(name.to_owned(), Some(text))];
    }
    // A sealed text is ASCII: every byte is a character.
    let chunks = text.as_bytes().chunks(CHUNK).map(|chunk| String::from_utf8_lossy(chunk).into_owned());
    chunks.enumerate().map(|(number, chunk)| (format!("{name}__{number}"), Some(chunk))).collect()
}
