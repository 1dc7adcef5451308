//! From the text of a route pattern to tokens.

use super::PatternError;
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Pattern,
    Name,
    Char,
    Escaped,
    Modifier,
    End,
}

impl Kind {
    /// As an error message calls it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "`{`",
            Self::Close => "`}`",
            Self::Pattern => "a group",
            Self::Name => "a parameter",
            Self::Char | Self::Escaped => "text",
            Self::Modifier => "a modifier",
            Self::End => "the end of the pattern",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
    /// Without the marks around it.
    pub(super) value: &'t str,
}

pub(super) fn lex(text: &str) -> Result<Vec<Token<'_>>, PatternError> {
    let mut tokens = Vec::with_capacity(text.len() + 1);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let (kind, value) = match c {
            '*' | '+' | '?' => (Kind::Modifier, at..end),
            '{' => (Kind::Open, at..end),
            '}' => (Kind::Close, at..end),
            '\\' => match chars.peek() {
                Some(&(next, c)) => (Kind::Escaped, next..next + c.len_utf8()),
                // path-to-regexp drops a backslash at the end.
                None => continue,
            },
            ':' => {
                let rest = text.get(end..).unwrap_or_default();
                let length = rest.bytes().take_while(|&byte| byte == b'_' || byte.is_ascii_alphanumeric()).count();
                if length == 0 {
                    return Err(PatternError::new("missing-name", at..end, "`:` without a parameter name")
                        .help("a name is made of letters, digits and `_`; write `\\\\:` for a colon"));
                }
                (Kind::Name, end..end + length)
            }
            '(' => (Kind::Pattern, end..group(text, at)?),
            _ => (Kind::Char, at..end),
        };
        let past = if kind == Kind::Pattern { value.end + 1 } else { value.end };
        while chars.peek().is_some_and(|&(next, _)| next < past) {
            chars.next();
        }
        tokens.push(Token { kind, at: at..past, value: text.get(value).unwrap_or_default() });
    }
    tokens.push(Token { kind: Kind::End, at: text.len()..text.len(), value: "" });
    Ok(tokens)
}

/// Where the group that opens at `open` ends: the place of its `)`.
fn group(text: &str, open: usize) -> Result<usize, PatternError> {
    let bytes = text.as_bytes();
    let at = |at: usize| bytes.get(at).copied();
    if at(open + 1) == Some(b'?') {
        return Err(PatternError::new(
            "group-starts-with-question",
            open + 1..open + 2,
            "a group cannot start with `?`",
        )
        .help("the group is a regular expression of its own: write `((?!…)…)` for a look-ahead"));
    }
    let mut depth = 1;
    let mut next = open + 1;
    while let Some(byte) = at(next) {
        match byte {
            b'\\' => next += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    if next == open + 1 {
                        return Err(PatternError::new("empty-group", open..next + 1, "a group without a pattern"));
                    }
                    return Ok(next);
                }
            }
            b'(' => {
                depth += 1;
                if at(next + 1) != Some(b'?') {
                    return Err(PatternError::new(
                        "capturing-group",
                        next..next + 1,
                        "a group within a group cannot capture",
                    )
                    .help("write `(?:…)`"));
                }
            }
            _ => {}
        }
        next += 1;
    }
    Err(PatternError::new("unbalanced-group", open..open + 1, "a group is not closed"))
}
