//! The readings that servers might make of one canonical path: every sequence of the steps below. A dangerous
//! reading refuses the request; the harmless ones are judged beside the canonical path.
//!
//! Each step is something that a known server does: decode once more (double-decoding stacks), drop `;parameters`
//! (Java servlet containers), decode before looking for `?` and `#` (home-made proxies), fold wide characters, drop
//! trailing dots, spaces and stream names, take a backslash for a slash (Windows), and end at a NUL (C strings).

use super::{PathRules, View};
use crate::request::percent::{Unit, units};

/// Most levels of encoding that are looked through. Real links have one, broken re-encoders two.
const MAX_DEPTH: usize = 4;
/// Most readings of one path; ordinary encoded paths have one to three.
const MAX_READINGS: usize = 24;

const DECODED: [&str; MAX_DEPTH] = ["decoded", "decoded twice", "decoded three times", "decoded four times"];

/// All other readings of `canonical`.
///
/// # Errors
/// The reason, when one of them (or the canonical path itself) is dangerous.
pub(super) fn of(canonical: &str, rules: PathRules) -> Result<Vec<View>, &'static str> {
    judge(canonical, rules)?;
    let mut found = vec![(View { name: "canonical", path: canonical.to_owned() }, 0)];
    let mut next = 0;
    while let Some((view, depth)) = found.get(next) {
        let (path, depth) = (view.path.as_str(), *depth);
        let decoded = decode(path, rules)?;
        let name = match (&decoded, DECODED.get(depth)) {
            (Some(_), None) => return Err("nested-escapes"),
            (_, name) => name.copied().unwrap_or_default(),
        };
        let steps = [
            (name, depth + 1, decoded),
            ("without parameters", depth, without_parameters(path)),
            ("cut at the first parameter", depth, cut(path, &[';'])),
            ("cut at a decoded `?` or `#`", depth, cut(path, &['?', '#'])),
            ("folded to ASCII", depth, folded(path)),
            ("without trailing dots", depth, trimmed(path)),
            ("backslash as slash", depth, slashed(path)),
            ("cut at NUL", depth, cut(path, &['\0'])),
        ];
        for (name, depth, path) in steps {
            let Some(path) = path else { continue };
            if found.iter().any(|(known, _)| known.path == path) {
                continue;
            }
            judge(&path, rules)?;
            if found.len() > MAX_READINGS {
                return Err("too-many-readings");
            }
            found.push((View { name, path }, depth));
        }
        next += 1;
    }
    Ok(found.into_iter().skip(1).map(|(view, _)| view).collect())
}

/// Is this reading one that no honest client asks for?
fn judge(path: &str, rules: PathRules) -> Result<(), &'static str> {
    if !rules.keep_encoded_control && path.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("encoded-control");
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err("empty-segment");
        }
        // Windows drops dots and spaces at the end of a name, so `. .` climbs like `..`, and `...` stays like `.`.
        if segment.contains('.') && segment.chars().all(|c| matches!(c, '.' | ' ') || c.is_control()) {
            return Err("dot-segment");
        }
    }
    Ok(())
}

/// Every valid escape decoded; `None` when there is none.
fn decode(path: &str, rules: PathRules) -> Result<Option<String>, &'static str> {
    if !path.contains('%') {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(path.len());
    let mut any = false;
    for unit in units(path.as_bytes()) {
        match unit {
            Unit::Escape(b'/') if !rules.keep_encoded_slash => return Err("encoded-slash"),
            Unit::Escape(b'\\') if !rules.keep_encoded_backslash => return Err("encoded-backslash"),
            _ => {}
        }
        any |= matches!(unit, Unit::Escape(_));
        out.push(unit.byte());
    }
    let text = String::from_utf8(out).map_err(|_| "bad-utf8")?;
    Ok(any.then_some(text))
}

fn each_segment(path: &str, change: impl Fn(&str) -> &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            out.push('/');
        }
        out.push_str(change(segment));
    }
    (out != path).then_some(out)
}

fn without_parameters(path: &str) -> Option<String> {
    path.contains(';').then(|| each_segment(path, |s| s.split(';').next().unwrap_or_default()))?
}

/// As servers on Windows read it.
fn slashed(path: &str) -> Option<String> {
    path.contains('\\').then(|| path.replace('\\', "/"))
}

fn cut(path: &str, at: &[char]) -> Option<String> {
    path.split_once(at).map(|(head, _)| head.to_owned())
}

/// Names as Windows file systems take them: no dots and spaces at the end, no NTFS stream (`::$DATA`).
fn trimmed(path: &str) -> Option<String> {
    each_segment(path, |segment| {
        let name =
            segment.find("::$").or_else(|| segment.find(":$")).and_then(|at| segment.get(..at)).unwrap_or(segment);
        name.trim_end_matches(['.', ' '])
    })
}

/// Characters that best-fit and compatibility mappings (NFKC, Windows code pages) or case mappings turn into ASCII,
/// as far as they have a meaning in a path.
fn folded(path: &str) -> Option<String> {
    if path.is_ascii() {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            // Fullwidth ASCII lies at a fixed distance; a folded backslash separates like a slash.
            '\u{ff3c}' | '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{fe68}' => out.push('/'),
            '\u{ff01}'..='\u{ff5e}' => out.extend(char::from_u32(u32::from(c) - 0xfee0)),
            '\u{2044}' | '\u{2215}' | '\u{29f8}' => out.push('/'),
            '\u{2024}' | '\u{fe52}' => out.push('.'),
            '\u{2025}' => out.push_str(".."),
            '\u{a0}' | '\u{3000}' => out.push(' '),
            'ſ' => out.push('s'),
            '\u{212a}' => out.push('k'),
            'İ' | 'ı' => out.push('i'),
            other => out.push(other),
        }
    }
    (out != path).then_some(out)
}
