//! The signed message as its headers describe it: id, timestamp, signatures.
//!
//! What is signed is `id.timestamp.body`. With a dot in the id, or a timestamp that is no plain number, one signed text
//! could be read as two messages; neither is taken.

use super::Scheme;
use crate::request::Head;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of an id; those in use have about 30.
const MAX_ID: usize = 256;
/// Digits of a timestamp: enough for milliseconds, which are then said to be far ahead.
const MAX_DIGITS: usize = 15;
/// Signatures that are looked at. A sender that rotates its secret sends two.
const MAX_SIGNATURES: usize = 16;
/// Bytes of HMAC-SHA256.
pub(super) const TAG: usize = 32;

/// What the headers say. Nothing in it is to be believed yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    /// Unix time.
    pub(super) timestamp: i64,
    /// Those of version 1 that have the right form.
    pub(super) tags: Vec<[u8; TAG]>,
}

impl<'a> Message<'a> {
    /// Read the headers of one spelling. Of two spellings the first of which anything is there counts: a message is
    /// never put together from both.
    pub(super) fn read(scheme: Scheme, head: &'a Head) -> Result<Self, &'static str> {
        let names = scheme.names().iter().find(|names| names.iter().any(|name| head.has(name)));
        let Some([id, timestamp, signature]) = names else { return Err("no webhook headers") };
        let id = once(head, id, "id")?;
        if id.len() > MAX_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("id is not a short word");
        }
        if id.contains('.') {
            return Err("id holds a dot");
        }
        let timestamp = once(head, timestamp, "timestamp")?;
        if timestamp.len() > MAX_DIGITS || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err("timestamp is not a number of seconds");
        }
        let timestamp = timestamp.parse().map_err(|_| "timestamp is not a number of seconds")?;
        let tags = tags(once(head, signature, "signature")?);
        if tags.is_empty() { Err("no signature of version 1") } else { Ok(Self { id, timestamp, tags }) }
    }

    /// Is it from about now? The limits are inclusive.
    pub(super) fn in_time(&self, now: i64, tolerance: i64) -> Result<(), String> {
        let age = now.saturating_sub(self.timestamp);
        match age {
            _ if age > tolerance => Err(format!("timestamp {age} s old")),
            _ if age < -tolerance => Err(format!("timestamp {} s ahead", age.saturating_neg())),
            _ => Ok(()),
        }
    }
}

/// The one value of a header; `what` is for the reason.
fn once<'a>(head: &'a Head, name: &'a str, what: &'static str) -> Result<&'a str, &'static str> {
    let mut lines = head.lines(name);
    let text = lines.next().and_then(|line| std::str::from_utf8(line).ok()).map(str::trim);
    match (text.filter(|text| !text.is_empty()), lines.next(), what) {
        (Some(text), None, _) => Ok(text),
        (_, None, "id") => Err("no id"),
        (_, None, "timestamp") => Err("no timestamp"),
        (_, None, _) => Err("no signature"),
        _ => Err("a webhook header comes twice"),
    }
}

/// The tags of `v1,BASE64` words; other versions (`v1a` is Ed25519), other alphabets and other lengths are passed over.
fn tags(line: &str) -> Vec<[u8; TAG]> {
    let words = line.split(' ').filter(|word| !word.is_empty()).take(MAX_SIGNATURES);
    let tag = |word: &str| STANDARD.decode(word.strip_prefix("v1,")?).ok()?.try_into().ok();
    words.filter_map(tag).collect()
}
