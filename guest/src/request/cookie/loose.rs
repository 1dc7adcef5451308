//! What any other parser might take for a cookie of ours.
//!
//! Seen in parsers: names trimmed of Unicode spaces and percent-decoded (Rust `cookie`), pairs separated by commas or
//! spaces (RFC 2965, Python), quotes around names and values, names compared without case (ASP.NET), `.` read as `_`
//! and `[x]` cut off (PHP), cookies without a name whose value looks like a pair (browsers).

use crate::request::percent::units;
use std::borrow::Cow;

/// Most levels of percent-encoding that are looked through.
const MAX_DEPTH: usize = 3;

/// Might some parser read a cookie called `name`, or one of its chunks `name.N`, in this pair?
pub(super) fn names(pair: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    let separated = |b: &u8| matches!(b, b',' | b' ' | b'\t');
    is_named(pair, name)
        || (memchr::memchr3(b',', b' ', b'\t', pair).is_some()
            && pair.split(separated).any(|part| is_named(part, name)))
}

fn is_named(pair: &[u8], wanted: &[u8]) -> bool {
    let start = pair.iter().position(|&b| b != b'=').unwrap_or(pair.len());
    let found = pair.get(start..).unwrap_or_default();
    let found = decoded(found.split(|&b| b == b'=').next().unwrap_or_default());
    let found = found.split(|&b| b == b'[').next().unwrap_or_default();
    is_alike(found, wanted) || without_number(found).is_some_and(|base| is_alike(base, wanted))
}

/// `name` of `name.N` or `name__N`.
fn without_number(name: &[u8]) -> Option<&[u8]> {
    let end = name.iter().rposition(|&b| is_written(b) && !b.is_ascii_digit())?;
    let (before, numbered) = (name.get(..=end)?, end + 1 < name.len());
    before.strip_suffix(b"__").or_else(|| before.strip_suffix(b".")).filter(|_| numbered)
}

fn decoded(name: &[u8]) -> Cow<'_, [u8]> {
    let mut name = Cow::Borrowed(name);
    for _ in 0..MAX_DEPTH {
        if !name.contains(&b'%') {
            break;
        }
        name = Cow::Owned(units(&name).map(|unit| unit.byte()).collect());
    }
    name
}

/// Does this byte count in a name? Spaces of all kinds, quotes and everything beyond ASCII do not.
fn is_written(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'+')
}

fn is_alike(found: &[u8], wanted: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'.' { b'_' } else { byte.to_ascii_lowercase() };
    found.iter().filter(|b| is_written(**b)).map(fold).eq(wanted.iter().map(fold))
}
