//! The only normaliser: request target to the canonical path that is judged, logged and forwarded, and the
//! other readings (views) that a server behind might make of it. The rules are told in `docs/paths.md`.

mod readings;
#[cfg(test)]
mod tests;

use super::Refusal;
use super::percent::{Unit, is_unreserved, push_escape, units};

/// Most bytes of a path: what common servers take in one request line (nginx, Apache httpd: 8 KiB).
pub const MAX_PATH: usize = 8 * 1024;
/// Most bytes of path and query together.
pub const MAX_TARGET: usize = 16 * 1024;

/// Another reading of the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which reading: `canonical`, `decoded`, `decoded twice`, `without parameters`…
    pub name: &'static str,
    /// The path as that reading sees it.
    pub path: String,
}

/// Which checks of a path are relaxed (`[paths]`). The default relaxes none. Whatever is kept, the readings that it makes
/// possible are judged, too, and a dangerous one is refused as ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathRules {
    /// Keep `%2F`; the reading with a slash in its place is judged beside it.
    pub keep_encoded_slash: bool,
    /// Keep `%5C`; the readings with a backslash and with a slash in its place are judged beside it.
    pub keep_encoded_backslash: bool,
    /// Keep a `%` that starts no escape.
    pub keep_bad_escape: bool,
    /// Keep escapes of control characters and line separators; the reading that ends before a NUL is judged, too.
    pub keep_encoded_control: bool,
    /// Do not refuse `//`: send the client to the path with single slashes ([`without_empty_segments`]).
    pub redirect_double_slash: bool,
}

/// A target that has passed every refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Canonical path: starts with `/`, unreserved characters decoded, escapes in upper case.
    path: String,
    /// Query without `?`; `None` when there is no `?`.
    query: Option<String>,
    /// Further readings, without duplicates and without the canonical one. Mostly empty.
    views: Vec<View>,
}

impl Target {
    /// Read an origin-form target (RFC 9112 section 3.2.1).
    ///
    /// # Errors
    /// A [`Refusal`] with its reason: status 414 for `target-too-long`, else 400.
    pub fn parse(raw: &[u8]) -> Result<Self, Refusal> {
        Self::parse_with(raw, PathRules::default())
    }

    /// The same, with relaxed checks.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn parse_with(raw: &[u8], rules: PathRules) -> Result<Self, Refusal> {
        let (path, query) = match raw.iter().position(|&b| b == b'?') {
            Some(at) => {
                let (path, query) = raw.split_at(at);
                (path, Some(query.get(1..).unwrap_or_default()))
            }
            None => (raw, None),
        };
        if raw.len() > MAX_TARGET || path.len() > MAX_PATH {
            let detail = format!("path of {} bytes, {} in all", path.len(), raw.len());
            return Err(Refusal { status: 414, reason: "target-too-long", detail });
        }
        match path.first() {
            Some(b'/') => {}
            None => return Err(refuse("empty-target")),
            Some(_) => return Err(refuse("not-origin-form")),
        }
        let query = query.map(canonical_query).transpose()?;
        if let Some(path) = plain_path(path) {
            return Ok(Self { path, query, views: Vec::new() });
        }
        let path = canonical_path(path, rules)?;
        let views = readings::of(&path, rules).map_err(refuse)?;
        Ok(Self { path, query, views })
    }

    /// Canonical path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Canonical query without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Further readings.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// The same target with another query, which must be a part of the canonical one.
    #[must_use]
    pub fn with_query(self, query: Option<String>) -> Self {
        Self { query, ..self }
    }

    /// Path and query, as sent upstream.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// Check a path (and query) that the gate itself is about to send upstream, such as a filled-in rewrite, by the same
/// rules as a client's, and give its canonical form.
///
/// # Errors
/// The reason for which [`Target::parse_with`] would refuse it.
pub fn check_path(text: &str, rules: PathRules) -> Result<String, &'static str> {
    let target = Target::parse_with(text.as_bytes(), rules);
    target.map(|target| target.path_and_query()).map_err(|refusal| refusal.reason)
}

/// The target with runs of slashes in its path made one, if that was all that was wrong with it.
pub fn without_empty_segments(raw: &[u8], rules: PathRules) -> Option<String> {
    let end = raw.iter().position(|&byte| byte == b'?').unwrap_or(raw.len());
    let (path, query) = raw.split_at(end);
    let mut merged = Vec::with_capacity(raw.len());
    for &byte in path {
        if byte != b'/' || merged.last() != Some(&b'/') {
            merged.push(byte);
        }
    }
    merged.extend_from_slice(query);
    (merged != raw).then(|| Target::parse_with(&merged, rules).ok())?.map(|target| target.path_and_query())
}

/// The path as it is, when it is in canonical form and has one reading only. Ordinary paths end here: one pass, one copy.
fn plain_path(path: &[u8]) -> Option<String> {
    let mut before = 0;
    for &byte in path {
        let ordinary = match byte {
            b'/' => !matches!(before, b'/' | b'.'),
            b'.' => before != b'/',
            b'!' | b'$' | b'&'..=b',' | b'=' | b'@' | b'[' | b']' | b'|' => true,
            other => is_unreserved(other),
        };
        if !ordinary {
            return None;
        }
        before = byte;
    }
    if before == b'.' { None } else { std::str::from_utf8(path).ok().map(str::to_owned) }
}

/// One spelling: unreserved characters decoded, other escapes upper case, and what no URL may hold raw
/// (the path percent-encode set of the WHATWG URL standard) encoded. The rest stays.
fn canonical_path(raw: &[u8], rules: PathRules) -> Result<String, Refusal> {
    let (out, broken) = spelled(raw, rules)?;
    // `%%341` would become `%41`, another path: what is kept must stay what it is.
    if broken && spelled(out.as_bytes(), rules)?.0 != out {
        return Err(refuse("bad-escape"));
    }
    Ok(out)
}

/// The path in one spelling, and whether it holds a `%` that starts no escape.
fn spelled(raw: &[u8], rules: PathRules) -> Result<(String, bool), Refusal> {
    let mut out = String::with_capacity(raw.len() + 8);
    let mut broken = false;
    for unit in units(raw) {
        match unit {
            Unit::Broken if rules.keep_bad_escape => {
                broken = true;
                out.push('%');
            }
            Unit::Broken => return Err(refuse("bad-escape")),
            Unit::Escape(byte) if is_unreserved(byte) => out.push(char::from(byte)),
            Unit::Escape(byte) => push_escape(&mut out, byte),
            Unit::Plain(b'\\') => return Err(refuse("backslash")),
            Unit::Plain(byte @ (b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}')) => push_escape(&mut out, byte),
            Unit::Plain(byte) => out.push(visible(byte)?),
        }
    }
    Ok((out, broken))
}

/// A query is not ours to understand: bad escapes and odd characters are kept, as real applications send them. Only
/// what would break a request line is refused, and what no URL may hold raw is encoded as browsers do.
fn canonical_query(raw: &[u8]) -> Result<String, Refusal> {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'#');
    if let (true, Ok(text)) = (raw.iter().all(plain), std::str::from_utf8(raw)) {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(raw.len());
    for &byte in raw {
        match byte {
            b'"' | b'<' | b'>' => push_escape(&mut out, byte),
            _ => out.push(visible(byte)?),
        }
    }
    Ok(out)
}

fn visible(byte: u8) -> Result<char, Refusal> {
    match byte {
        b' ' => Err(refuse("raw-space")),
        0..0x20 | 0x7f => Err(refuse("raw-control")),
        0x80.. => Err(refuse("not-ascii")),
        b'#' => Err(refuse("fragment")),
        _ => Ok(char::from(byte)),
    }
}

/// All reasons with their explanation.
const REASONS: &[(&str, &str)] = &[
    ("empty-target", "the target is empty"),
    ("not-origin-form", "the target does not start with `/`"),
    ("raw-space", "a space in the target must be written %20"),
    ("raw-control", "a control character in the target"),
    ("not-ascii", "characters beyond ASCII in the target must be percent-encoded"),
    ("fragment", "`#` never belongs into a request"),
    ("backslash", "a backslash in the path: some servers read it as a slash"),
    ("bad-escape", "`%` must be followed by two hexadecimal digits"),
    ("bad-utf8", "the decoded path is not UTF-8 (invalid or overlong)"),
    ("encoded-control", "the decoded path holds a control character or line separator"),
    ("encoded-slash", "an encoded slash in the path: servers disagree whether it separates"),
    ("encoded-backslash", "an encoded backslash in the path: some servers read it as a slash"),
    ("dot-segment", "a dot segment, in some reading of the path"),
    ("empty-segment", "two slashes in a row, in some reading of the path"),
    ("nested-escapes", "the path is encoded over and over again"),
    ("too-many-readings", "the path can be read in too many ways"),
];

fn refuse(reason: &'static str) -> Refusal {
    let detail = REASONS.iter().find(|(r, _)| *r == reason).map_or(reason, |(_, detail)| detail);
    Refusal::bad(reason, detail)
}
