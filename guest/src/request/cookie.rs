//! The Cookie header, on bytes. No Unicode trim, no name decoding; a conflict is no session and never forwarded.
//!
//! Parsers disagree on half of all odd Cookie headers, so there are two comparisons here: the strict one reads our own
//! cookie, the loose one ([`loose`]) finds what any other parser might take for it.

mod loose;
#[cfg(test)]
mod tests;

use super::Refusal;
use super::percent::{Unit, units};

/// Most bytes of all Cookie lines together; what common servers take for one header line is 8 to 16 KiB.
pub const MAX_BYTES: usize = 16 * 1024;
/// Most cookies: what browsers keep for one site (Chrome: 180).
pub const MAX_PAIRS: usize = 180;

/// What became of reading one cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieRead {
    /// Not there.
    Absent,
    /// There, once or always the same.
    Value(String),
    /// There, but it must not be used; the word says why (`conflict`, `not-a-token`, `percent`…).
    Refused(&'static str),
}

/// All cookies of one request.
#[derive(Debug, Clone, Default)]
pub struct Cookies<'a> {
    lines: usize,
    /// What stands between semicolons, without spaces and tabs in front and behind; never empty.
    pairs: Vec<Pair<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    /// All of it.
    text: &'a [u8],
    /// Before the first `=`, exactly. All, when there is no `=`.
    name: &'a [u8],
    /// After it; `None` when there is no `=`.
    value: Option<&'a [u8]>,
    /// Was there anything but spaces in front? Then the name is not read as ours.
    tab_before: bool,
}

impl<'a> Pair<'a> {
    fn read(raw: &'a [u8]) -> Self {
        let text = trim(raw);
        let before = raw.len() - raw.trim_ascii_start().len();
        let tab_before = raw.iter().take(before).any(|&b| b != b' ');
        match memchr::memchr(b'=', text) {
            Some(at) => {
                let (name, value) = text.split_at(at);
                Self { text, name, value: value.get(1..), tab_before }
            }
            None => Self { text, name: text, value: None, tab_before },
        }
    }

    fn is(&self, name: &[u8]) -> bool {
        self.name == name && !self.tab_before
    }

    /// The number of the chunk, if this is `name.N`.
    fn chunk_of(&self, name: &str) -> Option<&'a [u8]> {
        let digits = self.name.strip_prefix(name.as_bytes())?.strip_prefix(b".")?;
        (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && !self.tab_before).then_some(digits)
    }
}

/// A control character other than a tab? Eight bytes at a time: the lines of a browser have a kilobyte and none.
fn has_control(line: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let control = |&b: &u8| (b < b' ' && b != b'\t') || b == 0x7f;
    let (words, tail) = line.as_chunks::<8>();
    tail.iter().any(control)
        || words.iter().any(|word| {
            let bits = u64::from_le_bytes(*word);
            // The high bit of a byte below 0x20, and of a byte that is 0x7F (and maybe of one after it).
            let low = bits.wrapping_sub(ONES * 0x20) & !bits;
            let delete = (bits ^ (ONES * 0x7f)).wrapping_sub(ONES) & !(bits ^ (ONES * 0x7f));
            (low | delete) & (ONES * 0x80) != 0 && word.iter().any(control)
        })
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Spaces and tabs, nothing else: Unicode spaces in front of a name have been used to get around `__Host-`.
fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&b| !is_blank(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|&b| !is_blank(b)).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

impl<'a> Cookies<'a> {
    /// Read the Cookie lines in order, in time linear in their length.
    ///
    /// # Errors
    /// A [`Refusal`]: control characters (400), more than 16 KiB or 180 pairs (431).
    pub fn parse(lines: impl Iterator<Item = &'a [u8]>) -> Result<Self, Refusal> {
        let mut cookies = Self::default();
        let mut bytes = 0;
        for line in lines {
            cookies.lines += 1;
            bytes += line.len();
            if bytes > MAX_BYTES {
                let detail = format!("more than {MAX_BYTES} bytes of cookies");
                return Err(Refusal { status: 431, reason: "cookies-too-large", detail });
            }
            if has_control(line) {
                return Err(Refusal::bad("cookie-control", "a control character in the Cookie header"));
            }
            let mut rest = line;
            loop {
                let (pair, after) = match memchr::memchr(b';', rest) {
                    Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
                    None => (rest, None),
                };
                let pair = Pair::read(pair);
                if !pair.text.is_empty() {
                    cookies.pairs.push(pair);
                }
                let Some(after) = after else { break };
                rest = after;
            }
            if cookies.pairs.len() > MAX_PAIRS {
                return Err(Refusal {
                    status: 431,
                    reason: "too-many-cookies",
                    detail: format!("more than {MAX_PAIRS} cookies"),
                });
            }
        }
        Ok(cookies)
    }

    /// Read a cookie that holds a compact token (`[A-Za-z0-9_-]` and dots, three parts), by strict rules: the name byte
    /// for byte, no quotes, no escapes, one value. With `chunks`, `name.0`, `name.1`… are joined.
    pub fn token(&self, name: &str, chunks: bool) -> CookieRead {
        let whole = self.only_value(name.as_bytes());
        if !chunks || !self.pairs.iter().any(|pair| pair.chunk_of(name).is_some()) {
            return whole;
        }
        if whole != CookieRead::Absent {
            return CookieRead::Refused("whole-and-chunks");
        }
        match self.joined(name) {
            Ok(token) => as_token(&token),
            Err(reason) => CookieRead::Refused(reason),
        }
    }

    /// The one value of all pairs of that name, as a token.
    fn only_value(&self, name: &[u8]) -> CookieRead {
        let mut values = self.pairs.iter().filter(|pair| pair.is(name)).map(|pair| pair.value);
        let Some(first) = values.next() else { return CookieRead::Absent };
        if values.any(|value| value != first) {
            return CookieRead::Refused("conflict");
        }
        first.map_or(CookieRead::Refused("no-value"), as_token)
    }

    /// `name.0`, `name.1`… in the order of their numbers.
    fn joined(&self, name: &str) -> Result<Vec<u8>, &'static str> {
        let mut chunks: Vec<Option<&[u8]>> = Vec::new();
        for (digits, pair) in self.pairs.iter().filter_map(|pair| Some((pair.chunk_of(name)?, pair))) {
            let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<usize>().ok());
            let number = number
                .filter(|n| *n < MAX_PAIRS && (*n == 0 || !digits.starts_with(b"0")) && (*n > 0 || digits.len() == 1));
            let (Some(number), Some(value)) = (number, pair.value) else { return Err("chunk-number") };
            if chunks.len() <= number {
                chunks.resize(number + 1, None);
            }
            match chunks.get_mut(number) {
                Some(slot @ None) => *slot = Some(value),
                Some(Some(known)) if *known == value => {}
                _ => return Err("conflict"),
            }
        }
        let parts: Option<Vec<_>> = chunks.into_iter().collect();
        parts.map(|parts| parts.concat()).ok_or("chunk-missing")
    }

    /// Read an ordinary cookie as Next.js does (last one wins, percent-decoded, `true` without `=`, bytes as Latin-1); for
    /// conditions, never for sessions. A value that cannot be decoded is passed over. Unlike Next.js, blanks at the end of
    /// a value are dropped.
    pub fn plain(&self, name: &str) -> Option<String> {
        self.pairs.iter().rev().filter(|pair| pair.is(name.as_bytes())).find_map(|pair| match pair.value {
            Some(value) => decode_plain(value),
            None => Some("true".to_owned()),
        })
    }

    /// The line to send upstream when it must differ from the client's: without `drop`ped cookies (a name takes its chunks
    /// `name.N` along), and without the pairs that a server behind might read as one of the `guarded` names (names of
    /// token cookies) though we refused them. `None`: the client's own will do. Empty: send none.
    pub fn forward(&self, drop: &[&str], guarded: &[&str]) -> Option<Vec<u8>> {
        let trusted: Vec<Trusted> = guarded.iter().map(|name| self.trusted(name)).collect();
        let keep = |pair: &&Pair<'_>| {
            !drop.iter().any(|name| loose::names(pair.text, name))
                && guarded.iter().zip(&trusted).all(|(name, trusted)| match trusted {
                    Trusted::Whole if pair.is(name.as_bytes()) => true,
                    Trusted::Chunks if pair.chunk_of(name).is_some() => true,
                    _ => !loose::names(pair.text, name),
                })
        };
        let kept: Vec<&[u8]> = self.pairs.iter().filter(keep).map(|pair| pair.text).collect();
        let same = kept.len() == self.pairs.len() && self.lines <= 1;
        (!same).then(|| kept.join(b"; ".as_slice()))
    }

    /// Which spelling of a guarded cookie is good, if any. Whole and chunks together are good for nobody.
    fn trusted(&self, name: &str) -> Trusted {
        let chunks = self.pairs.iter().any(|pair| pair.chunk_of(name).is_some());
        match self.token(name, true) {
            CookieRead::Value(_) if chunks => Trusted::Chunks,
            CookieRead::Value(_) => Trusted::Whole,
            CookieRead::Absent | CookieRead::Refused(_) => Trusted::None,
        }
    }
}

#[derive(Clone, Copy)]
enum Trusted {
    Whole,
    Chunks,
    None,
}

/// Three parts of base64url without padding, none empty (RFC 7515 section 3.1).
fn as_token(value: &[u8]) -> CookieRead {
    let is_part =
        |part: &[u8]| !part.is_empty() && part.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let mut parts = 0;
    let good = value.split(|&b| b == b'.').inspect(|_| parts += 1).all(is_part);
    match std::str::from_utf8(value) {
        Ok(text) if good && parts == 3 => CookieRead::Value(text.to_owned()),
        _ if value.is_empty() => CookieRead::Refused("empty"),
        _ if value.contains(&b'%') => CookieRead::Refused("percent"),
        _ if value.contains(&b'"') => CookieRead::Refused("quoted"),
        _ => CookieRead::Refused("not-a-token"),
    }
}

/// `decodeURIComponent` on a text whose characters are the bytes (a header as JavaScript sees it).
fn decode_plain(value: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut run = Vec::new();
    for unit in units(value) {
        match unit {
            Unit::Broken => return None,
            Unit::Escape(byte) => run.push(byte),
            Unit::Plain(byte) => {
                out.push_str(std::str::from_utf8(&run).ok()?);
                run.clear();
                out.push(char::from(byte));
            }
        }
    }
    out.push_str(std::str::from_utf8(&run).ok()?);
    Some(out)
}
