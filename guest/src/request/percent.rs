//! Percent-coding (RFC 3986 section 2.1), shared by paths, queries and cookies.

/// One step through percent-encoded bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A byte that stands for itself.
    Plain(u8),
    /// What a `%XX` stands for.
    Escape(u8),
    /// A `%` that starts no escape.
    Broken,
}

impl Unit {
    /// The byte after decoding; a broken `%` stays.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Plain(byte) | Self::Escape(byte) => byte,
            Self::Broken => b'%',
        }
    }
}

/// Walk through `bytes`, each escape as one unit.
pub(super) fn units(bytes: &[u8]) -> impl Iterator<Item = Unit> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        rest = tail;
        if first != b'%' {
            return Some(Unit::Plain(first));
        }
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let Some((&[high, low], after)) = tail.split_first_chunk::<2>() else { return Some(Unit::Broken) };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Some(Unit::Broken) };
        rest = after;
        Some(Unit::Escape(high << 4 | low))
    })
}

/// Unreserved characters (RFC 3986 section 2.3): the only ones with one meaning in every part of a URL.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Append `%XX`.
pub(super) fn push_escape(out: &mut String, byte: u8) {
    out.push('%');
    for digit in [byte >> 4, byte & 0xf] {
        out.extend(char::from_digit(u32::from(digit), 16).map(|d| d.to_ascii_uppercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_one_unit() {
        use Unit::*;
        let walk = |text: &str| units(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(walk("a%2fb"), [Plain(b'a'), Escape(b'/'), Plain(b'b')]);
        assert_eq!(walk("%%41%4"), [Broken, Escape(b'A'), Broken, Plain(b'4')]);
        assert_eq!(walk("%+1%"), [Broken, Plain(b'+'), Plain(b'1'), Broken]);
    }

    #[test]
    fn escapes_are_written_in_upper_case() {
        let mut out = String::new();
        push_escape(&mut out, 0xaf);
        push_escape(&mut out, 0x0a);
        assert_eq!(out, "%AF%0A");
    }
}
