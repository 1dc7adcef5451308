//! From a place inside a value to the place in the text that wrote it.

use crate::diagnostic::Span;
use std::ops::Range;

/// The span of bytes `range` of `value`, which is written as a string at `written`. Escapes are followed; where
/// that is not possible (line continuations) the whole string is the answer.
pub(super) fn inside(text: &str, written: Span, value: &str, range: Range<usize>) -> Span {
    exact(text, written, value, range).unwrap_or(written)
}

fn exact(text: &str, written: Span, value: &str, range: Range<usize>) -> Option<Span> {
    let raw = text.get(written.start..written.end)?;
    let (open, body) = body(raw)?;
    let from = written.start + open;
    if body == value {
        // Nothing was escaped: offsets agree.
        let end = range.end.min(value.len());
        return value.get(range.start..end).map(|_| Span::new(from + range.start, from + end));
    }
    let (mut start, mut end) = (None, None);
    let (mut raw_at, mut value_at) = (0usize, 0usize);
    loop {
        if value_at >= range.start && start.is_none() {
            start = Some(raw_at);
        }
        if value_at >= range.end && end.is_none() {
            end = Some(raw_at);
        }
        let Some(rest) = body.get(raw_at..).filter(|rest| !rest.is_empty()) else { break };
        let (taken, made) = step(rest)?;
        raw_at += taken;
        value_at += made;
    }
    if value_at != value.len() {
        return None;
    }
    let end = end.unwrap_or(raw_at);
    Some(Span::new(from + start?.min(end), from + end))
}

/// Length of the opening quotes, and what stands between the quotes.
fn body(raw: &str) -> Option<(usize, &str)> {
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(rest) = raw.strip_prefix(quote)
            && let Some(body) = rest.strip_suffix(quote)
        {
            // A line break right after three quotes is not part of the value (TOML, "multi-line strings").
            let skip = match quote.len() {
                3 if body.starts_with("\r\n") => 2,
                3 if body.starts_with('\n') => 1,
                _ => 0,
            };
            return Some((quote.len() + skip, body.get(skip..)?));
        }
    }
    None
}

/// Bytes taken from the text and bytes made of them, for the next character or escape.
fn step(rest: &str) -> Option<(usize, usize)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let hex = |digits: usize, from: usize| u32::from_str_radix(rest.get(from..from + digits)?, 16).ok();
    let (taken, code) = match chars.next()? {
        'x' => (4, hex(2, 2)?),
        'U' => (10, hex(8, 2)?),
        'u' => match hex(4, 2)? {
            high @ 0xd800..0xdc00 => (12, 0x10000 + ((high - 0xd800) << 10) + (hex(4, 8)?.checked_sub(0xdc00)?)),
            code => (6, code),
        },
        c if c.is_ascii_whitespace() => return None,
        _ => (2, u32::from(b'x')),
    };
    Some((taken, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn underlined<'a>(text: &'a str, value: &str, part: &str) -> &'a str {
        let at = value.find(part).unwrap();
        let span = inside(text, Span::new(0, text.len()), value, at..at + part.len());
        &text[span.start..span.end]
    }

    #[test]
    fn escapes_are_followed() {
        assert_eq!(underlined(r#""/a(b""#, "/a(b", "(b"), "(b");
        assert_eq!(underlined(r#""/a\\.(b""#, "/a\\.(b", "(b"), "(b");
        assert_eq!(underlined(r#""\u00e9\U0001F600(x""#, "é😀(x", "(x"), "(x");
        assert_eq!(underlined(r#""\ud83d\ude00(x""#, "😀(x", "(x"), "(x");
        assert_eq!(underlined(r#""\t(x\"y""#, "\t(x\"y", "x\"y"), "x\\\"y");
        assert_eq!(underlined("'''\n/a(b'''", "/a(b", "(b"), "(b");
        assert_eq!(underlined("'/é(b'", "/é(b", "(b"), "(b");
        let continued = "\"\"\"/a\\\n  (b\"\"\"";
        assert_eq!(underlined(continued, "/a(b", "(b"), continued);
    }
}
