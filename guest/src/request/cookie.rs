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

/// A session cookie as it is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CookieRule {
    /// Exact name, prefix included.
    pub name: String,
    /// What its value must look like.
    pub form: Form,
    /// How a value that is too long for one cookie is split.
    pub chunks: Option<Chunks>,
}

/// What the value of a session cookie must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A compact token: `[A-Za-z0-9_-]` and dots, three parts, none empty (RFC 7515 section 3.1).
    Token,
    /// Visible ASCII without quotes around it: sealed, signed or percent-encoded texts. Nothing is decoded.
    Text,
}

/// `name.0`, `name.1`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chunks {
    /// What stands between name and number: `.` or `__`.
    pub separator: &'static str,
    /// The whole cookie is read even if there are chunks, too; otherwise both together are refused.
    pub whole_wins: bool,
    /// What comes after a missing number is left out; otherwise a missing number is refused.
    pub stop_at_gap: bool,
}

impl Chunks {
    /// With a dot; whatever is odd is refused.
    pub const STRICT: Self = Self { separator: ".", whole_wins: false, stop_at_gap: false };
}

impl CookieRule {
    /// A compact token in one cookie.
    pub fn token(name: &str, chunks: bool) -> Self {
        Self { name: name.to_owned(), form: Form::Token, chunks: chunks.then_some(Chunks::STRICT) }
    }

    /// A text in one cookie.
    pub fn text(name: &str, chunks: Option<Chunks>) -> Self {
        Self { name: name.to_owned(), form: Form::Text, chunks }
    }

    /// How its chunks are told: those that are not read are told, too, so that they can be kept from others.
    fn separator(&self) -> &'static str {
        self.chunks.map_or(".", |chunks| chunks.separator)
    }
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
    fn chunk_of(&self, rule: &CookieRule) -> Option<&'a [u8]> {
        let digits = self.name.strip_prefix(rule.name.as_bytes())?.strip_prefix(rule.separator().as_bytes())?;
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

    /// Read a cookie that holds a compact token, by [`Self::read`]; with `chunks`, `name.0`, `name.1`… are joined.
    pub fn token(&self, name: &str, chunks: bool) -> CookieRead {
        self.read(&CookieRule::token(name, chunks))
    }

    /// Read a session cookie by strict rules: the name byte for byte, no quotes, no escapes, one value.
    pub fn read(&self, rule: &CookieRule) -> CookieRead {
        let whole = self.only_value(rule);
        let Some(chunks) = rule.chunks.filter(|_| self.pairs.iter().any(|pair| pair.chunk_of(rule).is_some())) else {
            return whole;
        };
        match (whole, chunks.whole_wins) {
            (CookieRead::Absent, _) => match self.joined(rule, chunks) {
                Ok(value) => as_form(rule.form, &value),
                Err(reason) => CookieRead::Refused(reason),
            },
            (whole, true) => whole,
            _ => CookieRead::Refused("whole-and-chunks"),
        }
    }

    /// Exact names of all cookies, in order.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.pairs.iter().filter(|pair| !pair.tab_before).map(|pair| pair.name)
    }

    /// Is there a cookie whose name begins with the rule's, and that is neither it nor a chunk of it? Empty ones do not
    /// count. Some systems take every such cookie for a piece of theirs.
    pub fn has_namesake(&self, rule: &CookieRule) -> bool {
        let begins = |pair: &Pair<'_>| {
            pair.name.starts_with(rule.name.as_bytes()) && pair.value.is_some_and(|value| !value.is_empty())
        };
        self.pairs.iter().any(|pair| begins(pair) && !pair.is(rule.name.as_bytes()) && pair.chunk_of(rule).is_none())
    }

    /// The one value of all pairs of that name.
    fn only_value(&self, rule: &CookieRule) -> CookieRead {
        let name = rule.name.as_bytes();
        let mut values = self.pairs.iter().filter(|pair| pair.is(name)).map(|pair| pair.value);
        let Some(first) = values.next() else { return CookieRead::Absent };
        if values.any(|value| value != first) {
            return CookieRead::Refused("conflict");
        }
        first.map_or(CookieRead::Refused("no-value"), |value| as_form(rule.form, value))
    }

    /// `name.0`, `name.1`… in the order of their numbers.
    fn joined(&self, rule: &CookieRule, how: Chunks) -> Result<Vec<u8>, &'static str> {
        let mut chunks: Vec<Option<&[u8]>> = Vec::new();
        for (digits, pair) in self.pairs.iter().filter_map(|pair| Some((pair.chunk_of(rule)?, pair))) {
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
        let held: Vec<&[u8]> = chunks.iter().map_while(|chunk| *chunk).collect();
        let whole = held.len() == chunks.len() || (how.stop_at_gap && !held.is_empty());
        if whole { Ok(held.concat()) } else { Err("chunk-missing") }
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
    /// `name.N` along), and without the pairs that a server behind might read as one of the `guarded` cookies (those
    /// that sessions are read from) though we refused them. `None`: the client's own will do. Empty: send none.
    pub fn forward(&self, drop: &[&str], guarded: &[CookieRule]) -> Option<Vec<u8>> {
        let kept = self.kept(drop, guarded);
        let same = kept.len() == self.pairs.len() && self.lines <= 1;
        (!same).then(|| kept.join(b"; ".as_slice()))
    }

    /// What [`Self::forward`] keeps, and instead of the cookies of these names the values given with them.
    pub fn forward_with(&self, drop: &[&str], guarded: &[CookieRule], instead: &[(String, Option<String>)]) -> Vec<u8> {
        let replaced = |text: &&[u8]| {
            let name = text.split(|&b| b == b'=').next().unwrap_or_default();
            !instead.iter().any(|(known, _)| known.as_bytes() == name)
        };
        let mut kept: Vec<Vec<u8>> =
            self.kept(drop, guarded).into_iter().filter(replaced).map(<[u8]>::to_vec).collect();
        let given = instead.iter().filter(|(name, _)| !drop.iter().any(|drop| loose::names(name.as_bytes(), drop)));
        kept.extend(given.filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?).into_bytes())));
        kept.join(b"; ".as_slice())
    }

    fn kept(&self, drop: &[&str], guarded: &[CookieRule]) -> Vec<&'a [u8]> {
        let trusted: Vec<Trusted> = guarded.iter().map(|rule| self.trusted(rule)).collect();
        let own = |pair: &Pair<'_>| guarded.iter().any(|rule| pair.is(rule.name.as_bytes()));
        let keep = |pair: &&Pair<'_>| {
            let own = own(pair);
            !drop.iter().any(|name| loose::names(pair.text, name))
                && guarded.iter().zip(&trusted).all(|(rule, trusted)| match trusted {
                    Trusted::Whole | Trusted::Both if pair.is(rule.name.as_bytes()) => true,
                    Trusted::Chunks | Trusted::Both if pair.chunk_of(rule).is_some() => true,
                    // A name that is guarded itself is judged by its own rule: `a_1` is no chunk of `a` then.
                    _ if own && !pair.is(rule.name.as_bytes()) => true,
                    _ => !loose::names(pair.text, &rule.name),
                })
        };
        self.pairs.iter().filter(keep).map(|pair| pair.text).collect()
    }

    /// Which spelling of a guarded cookie is good, if any.
    fn trusted(&self, rule: &CookieRule) -> Trusted {
        let chunks = self.pairs.iter().any(|pair| pair.chunk_of(rule).is_some());
        let whole = self.pairs.iter().any(|pair| pair.is(rule.name.as_bytes()));
        let read = CookieRule { chunks: rule.chunks.or(Some(Chunks::STRICT)), ..rule.clone() };
        match self.read(&read) {
            CookieRead::Value(_) if chunks && whole => Trusted::Both,
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
    /// The reader takes the whole one, as the server behind does; chunks beside it are left-overs.
    Both,
    None,
}

fn as_form(form: Form, value: &[u8]) -> CookieRead {
    match form {
        Form::Token => as_token(value),
        Form::Text => as_text(value),
    }
}

/// Visible ASCII. A quoted text is none: some servers take the quotes off and some do not.
fn as_text(value: &[u8]) -> CookieRead {
    // To the end and without a branch, so that many bytes are looked at in one step.
    let odd = value.iter().fold(0, |odd, b| odd | u8::from(!b.is_ascii_graphic()));
    match std::str::from_utf8(value) {
        _ if value.is_empty() => CookieRead::Refused("empty"),
        _ if value.starts_with(b"\"") => CookieRead::Refused("quoted"),
        Ok(text) if odd == 0 => CookieRead::Value(text.to_owned()),
        _ => CookieRead::Refused("not-ascii"),
    }
}

/// Three parts of base64url without padding, none empty (RFC 7515 section 3.1).
fn as_token(value: &[u8]) -> CookieRead {
    let is_octet = |b: u8| b.is_ascii_alphanumeric() | (b == b'-') | (b == b'_') | (b == b'.');
    // To the end and without a branch, so that many bytes are looked at in one step.
    let odd = value.iter().fold(0, |odd, &b| odd | u8::from(!is_octet(b)));
    let mut dots = memchr::memchr_iter(b'.', value);
    let parts = match (dots.next(), dots.next(), dots.next()) {
        (Some(one), Some(two), None) => one > 0 && two > one + 1 && two + 1 < value.len(),
        _ => false,
    };
    match std::str::from_utf8(value) {
        Ok(text) if odd == 0 && parts => CookieRead::Value(text.to_owned()),
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
