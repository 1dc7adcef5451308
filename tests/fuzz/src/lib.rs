//! What each target does with its bytes, and what must hold whatever they are. Each is one call, so that a crash
//! can be replayed as a test.

mod sessions;
mod signature;

pub use sessions::{chunks, convex, documents, sealed, token, webhook};
pub use signature::signature;

use portcullis_differential::compare::{Case, Reading, difference};
use portcullis_differential::reference::route;
use portcullis_differential::with_stack;
use portcullis_gate::Gate;
use portcullis_gate::config::Format;
use portcullis_gate::pattern::{Dialect, Options, Pattern};
use portcullis_gate::request::{CookieRule, Cookies, Head, ReturnRules, Target, checked_return};

/// A config text, as TOML and as JSON: findings point into the text, and what is refused says why.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in [Format::Toml, Format::Json] {
        let findings = match Gate::load(text, format) {
            Ok(gate) => gate.findings().to_vec(),
            Err(findings) => {
                assert!(findings.iter().any(|f| f.is_error()), "refused without an error");
                findings
            }
        };
        for label in findings.iter().flat_map(|f| &f.labels) {
            assert!(text.get(label.span.start..label.span.end).is_some(), "a label outside the text");
        }
    }
}

/// A request target: the canonical form is a fixed point.
pub fn target(data: &[u8]) {
    let Ok(target) = Target::parse(data) else { return };
    let canonical = target.path_and_query();
    let again = Target::parse(canonical.as_bytes()).expect("what is forwarded can be read again");
    assert_eq!(again.path_and_query(), canonical, "canonical twice differs from canonical once");
}

/// A packed head: one way to write each, so what can be read has all its bytes in it.
pub fn head(data: &[u8]) {
    let Ok(head) = Head::unpack(data) else { return };
    let texts = [&head.method, &head.scheme, &head.authority, &head.client];
    let lines: usize = head.headers.iter().map(|(name, value)| 8 + name.len() + value.len()).sum();
    let size = 1 + 8 + texts.iter().map(|text| 4 + text.len()).sum::<usize>() + 4 + head.target.len() + 4 + lines;
    assert_eq!(size, data.len(), "bytes that are not in the head");
}

/// Cookie lines: what goes on has no control character, and reads the same.
pub fn cookie(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&b| b == b'\n').collect();
    let Ok(cookies) = Cookies::parse(lines.iter().copied()) else { return };
    let _ = cookies.plain("theme");
    let read = cookies.token("session", true);
    if let Some(line) = cookies.forward(&[], &[CookieRule::token("session", true)]) {
        let forwarded = Cookies::parse(std::iter::once(line.as_slice())).expect("what is forwarded can be read again");
        assert_eq!(forwarded.token("session", true), read, "the server behind reads another session");
    }
}

fn compile_and_match(dialect: Dialect, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (pattern, path) = text.split_once('\n').unwrap_or((text, "/a/b"));
    for ignore_case in [false, true] {
        let options = Options { ignore_case, dot_all: true };
        match Pattern::compile(dialect, pattern, options) {
            Ok(compiled) => assert_eq!(compiled.is_match(path), compiled.captures(path).is_some(), "two answers"),
            Err(error) => assert!(pattern.get(error.span.start..error.span.end).is_some(), "a span outside the text"),
        }
    }
}

/// A route pattern and a path, one line each.
pub fn pattern(data: &[u8]) {
    compile_and_match(Dialect::Pattern, data);
}

/// A glob and a path, one line each.
pub fn glob(data: &[u8]) {
    compile_and_match(Dialect::Glob, data);
}

/// A byte of choices, a pattern and a path, split at the first line break: ours and the reference say the same.
pub fn differential(data: &[u8]) {
    let Some((&choices, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let (pattern, path) = text.split_once('\n').unwrap_or((text, "/a/b"));
    // The reference backtracks.
    if text.len() > 400 {
        return;
    }
    let reading = match choices >> 2 & 7 {
        0 => Reading::Dialect(Dialect::Regex),
        1 => Reading::Dialect(Dialect::Glob),
        2 => Reading::Route(route::Options { end: false, ..route::Options::default() }),
        3 => Reading::Route(route::Options { strict: true, delimiter: "/".to_owned(), ..route::Options::default() }),
        4 => Reading::RegExp,
        _ => Reading::Dialect(Dialect::Pattern),
    };
    let options = Options { ignore_case: choices & 1 != 0, dot_all: choices & 2 != 0 };
    let case = Case { reading, text: pattern.to_owned(), options };
    let path = path.to_owned();
    let found = with_stack(move || difference(&case, None).or_else(|| difference(&case, Some(&path))));
    assert_eq!(found, None, "ours and the reference disagree");
}

/// A return address: what is let through stays on the site.
pub fn return_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let rules = ReturnRules { origin: Some("https://app.example.test".to_owned()), ..ReturnRules::default() };
    if let Some(address) = checked_return(text, &rules) {
        let path = address.strip_prefix("https://app.example.test").unwrap_or(&address);
        let second = path.as_bytes().get(1);
        assert!(path.starts_with('/') && !matches!(second, Some(b'/' | b'\\')), "leads elsewhere: {address}");
        assert!(!address.bytes().any(|b| b < 0x20 || b == 0x7f), "a control character in {address:?}");
    }
}
