//! The front of path-to-regexp 6.3.0 with its default options: lexer, parser, `tokensToRegexp`.
//!
//! The result is the very text that path-to-regexp gives to `new RegExp`, since groups are not parsed by it: what
//! a strange group does to the rest must come out the same. Works on characters, not UTF-16 units; only characters
//! of ASCII mean anything here.

use super::error::PatternError;
use std::ops::Range;

/// What path-to-regexp makes of a pattern.
#[derive(Debug)]
pub(super) struct Route {
    /// Source of the regular expression.
    pub(super) regex: String,
    /// Names of the parameters; unnamed ones are numbered from 0.
    pub(super) keys: Vec<String>,
    /// Groups written by the user: where they lie in `regex` and in the pattern.
    pub(super) groups: Vec<(Range<usize>, Range<usize>)>,
}

/// Default of `delimiter`, escaped for a class.
const DELIMITER: &str = r"\/#\?";

/// Translate `text`.
pub(super) fn translate(text: &str) -> Result<Route, PatternError> {
    let tokens = lex(text)?;
    let parts = Parser { tokens: &tokens, at: 0, parts: Vec::new(), keys: 0 }.parse()?;
    write(&parts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
    fn word(self) -> &'static str {
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
struct Token<'t> {
    kind: Kind,
    at: Range<usize>,
    /// Without the marks around it.
    value: &'t str,
}

fn lex(text: &str) -> Result<Vec<Token<'_>>, PatternError> {
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

/// A stretch of text or a parameter.
#[derive(Debug)]
enum Part<'t> {
    Text(String),
    Key(Key<'t>),
}

#[derive(Debug)]
struct Key<'t> {
    /// None for `{text}`, which catches nothing.
    name: Option<String>,
    prefix: String,
    suffix: String,
    pattern: Pattern<'t>,
    modifier: &'t str,
    at: Range<usize>,
}

#[derive(Debug)]
enum Pattern<'t> {
    None,
    /// Written by the user, with its place.
    User(&'t str, Range<usize>),
    /// One segment.
    Default(String),
}

struct Parser<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
    parts: Vec<Part<'t>>,
    /// Number of the next unnamed parameter.
    keys: usize,
}

impl<'a, 't> Parser<'a, 't> {
    fn take(&mut self, kind: Kind) -> Option<&'a Token<'t>> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token)
    }

    fn must(&mut self, kind: Kind) -> Result<(), PatternError> {
        if self.take(kind).is_some() {
            return Ok(());
        }
        let (found, at) = self.tokens.get(self.at).map_or((Kind::End, 0..0), |token| (token.kind, token.at.clone()));
        let message = format!("unexpected {}, expected {}", found.word(), kind.word());
        let error = PatternError::new("unexpected-token", at, message);
        Err(match found {
            Kind::Modifier => {
                error.help("`*`, `+` and `?` follow a parameter; a wildcard is written `(.*)` or `:path*`")
            }
            _ => error,
        })
    }

    /// Text of any kind that follows.
    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(token) = self.take(Kind::Char).or_else(|| self.take(Kind::Escaped)) {
            text.push_str(token.value);
        }
        text
    }

    fn flush(&mut self, path: &mut String) {
        if !path.is_empty() {
            self.parts.push(Part::Text(std::mem::take(path)));
        }
    }

    fn number(&mut self) -> String {
        self.keys += 1;
        (self.keys - 1).to_string()
    }

    fn modifier(&mut self) -> &'t str {
        self.take(Kind::Modifier).map_or("", |token| token.value)
    }

    fn user(token: &Token<'t>) -> Pattern<'t> {
        Pattern::User(token.value, token.at.start + 1..token.at.end - 1)
    }

    fn parse(mut self) -> Result<Vec<Part<'t>>, PatternError> {
        let mut path = String::new();
        while let Some(first) = self.tokens.get(self.at) {
            let start = first.at.start;
            let char = self.take(Kind::Char);
            let name = self.take(Kind::Name);
            let pattern = self.take(Kind::Pattern);
            if name.is_some() || pattern.is_some() {
                let mut prefix = char.map_or("", |token| token.value);
                if !matches!(prefix, "" | "." | "/") {
                    path.push_str(prefix);
                    prefix = "";
                }
                self.flush(&mut path);
                let at = start..name.or(pattern).map_or(start, |token| token.at.end);
                let name = name.map_or_else(|| self.number(), |token| token.value.to_owned());
                let pattern = match pattern {
                    Some(token) => Self::user(token),
                    None => self.safe_pattern(prefix, &at)?,
                };
                let modifier = self.modifier();
                let (prefix, suffix) = (prefix.to_owned(), String::new());
                self.parts.push(Part::Key(Key { name: Some(name), prefix, suffix, pattern, modifier, at }));
                continue;
            }
            if let Some(token) = char.or_else(|| self.take(Kind::Escaped)) {
                path.push_str(token.value);
                continue;
            }
            self.flush(&mut path);
            if self.take(Kind::Open).is_some() {
                let prefix = self.text();
                let name = self.take(Kind::Name);
                let pattern = self.take(Kind::Pattern);
                let suffix = self.text();
                self.must(Kind::Close)?;
                let at = start..self.tokens.get(self.at - 1).map_or(start, |token| token.at.end);
                let key = match (name, pattern) {
                    (Some(token), _) => Some(token.value.to_owned()),
                    (None, Some(_)) => Some(self.number()),
                    (None, None) => None,
                };
                let pattern = match (name, pattern) {
                    (_, Some(token)) => Self::user(token),
                    (Some(_), None) => self.safe_pattern(&prefix, &at)?,
                    (None, None) => Pattern::None,
                };
                let modifier = self.modifier();
                self.parts.push(Part::Key(Key { name: key, prefix, suffix, pattern, modifier, at }));
                continue;
            }
            self.must(Kind::End)?;
        }
        Ok(self.parts)
    }

    /// What a parameter without a group takes, which depends on the text before it.
    fn safe_pattern(&self, prefix: &str, at: &Range<usize>) -> Result<Pattern<'t>, PatternError> {
        let before = match self.parts.last() {
            _ if !prefix.is_empty() => prefix,
            Some(Part::Text(text)) => text,
            Some(Part::Key(_)) => {
                return Err(PatternError::new("adjacent-params", at.clone(), "two parameters need text between them")
                    .help("or give the second one a group of its own, as in `:name(\\\\d+)`"));
            }
            None => "",
        };
        let segment = format!("[^{DELIMITER}]");
        Ok(Pattern::Default(if before.is_empty() || before.contains(['/', '#', '?']) {
            format!("{segment}+?")
        } else {
            format!("(?:(?!{}){segment})+?", escape(before))
        }))
    }
}

/// `escapeString`
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if r".+*?=^!:${}()[]|/\".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// `tokensToRegexp`
fn write(parts: &[Part<'_>]) -> Result<Route, PatternError> {
    let mut route = Route { regex: String::from("^"), keys: Vec::new(), groups: Vec::new() };
    for part in parts {
        let key = match part {
            Part::Text(text) => {
                route.regex.push_str(&escape(text));
                continue;
            }
            Part::Key(key) => key,
        };
        let (prefix, suffix) = (escape(&key.prefix), escape(&key.suffix));
        let bare = prefix.is_empty() && suffix.is_empty();
        let repeated = matches!(key.modifier, "*" | "+");
        if let Some(name) = key.name.as_ref().filter(|_| !matches!(key.pattern, Pattern::None)) {
            route.keys.push(name.clone());
            if bare && repeated {
                return Err(PatternError::new(
                    "repeat-without-prefix",
                    key.at.clone(),
                    format!("`{name}` cannot repeat without text before or after it"),
                )
                .help("write `/:name*`, or `{-:name}*` for another separator"));
            }
            if bare {
                route.regex.push('(');
                route.pattern(&key.pattern);
                route.regex.push(')');
                route.regex.push_str(key.modifier);
            } else if repeated {
                route.push(&["(?:", &prefix, "((?:"]);
                route.pattern(&key.pattern);
                route.push(&[")(?:", &suffix, &prefix, "(?:"]);
                route.pattern(&key.pattern);
                route.push(&["))*)", &suffix, ")", if key.modifier == "*" { "?" } else { "" }]);
            } else {
                route.push(&["(?:", &prefix, "("]);
                route.pattern(&key.pattern);
                route.push(&[")", &suffix, ")", key.modifier]);
            }
        } else {
            route.push(&["(?:", &prefix, &suffix, ")", key.modifier]);
        }
    }
    route.push(&["[", DELIMITER, "]?$"]);
    Ok(route)
}

impl Route {
    fn push(&mut self, texts: &[&str]) {
        self.regex.extend(texts.iter().copied());
    }

    fn pattern(&mut self, pattern: &Pattern<'_>) {
        let start = self.regex.len();
        match pattern {
            Pattern::None => {}
            Pattern::Default(text) => self.regex.push_str(text),
            Pattern::User(text, at) => {
                self.regex.push_str(text);
                self.groups.push((start..self.regex.len(), at.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regexes() {
        for (pattern, regex) in [
            ("/", r"^\/[\/#\?]?$"),
            ("", r"^[\/#\?]?$"),
            ("/foo(.*)", r"^\/foo(.*)[\/#\?]?$"),
            ("/foo/:path*", r"^\/foo(?:\/((?:[^\/#\?]+?)(?:\/(?:[^\/#\?]+?))*))?[\/#\?]?$"),
            ("/:a{-:b}", r"^(?:\/([^\/#\?]+?))(?:-((?:(?!-)[^\/#\?])+?))[\/#\?]?$"),
            ("/:a.:b", r"^(?:\/([^\/#\?]+?))(?:\.((?:(?!\.)[^\/#\?])+?))[\/#\?]?$"),
            (r"/a\:b\", r"^\/a\:b[\/#\?]?$"),
            ("/a{/b}?", r"^\/a(?:\/b)?[\/#\?]?$"),
            ("/é:x", r"^\/é([^\/#\?]+?)[\/#\?]?$"),
        ] {
            assert_eq!(translate(pattern).expect(pattern).regex, regex, "{pattern}");
        }
        assert_eq!(translate("/(a)/:b/(c)").expect("valid").keys, ["0", "b", "1"]);
    }

    #[test]
    fn refusals() {
        for (pattern, code, at) in [
            ("*", "unexpected-token", 0),
            ("/admin/**", "unexpected-token", 7),
            ("/a}", "unexpected-token", 2),
            ("/{:a", "unexpected-token", 4),
            ("/(?:foo)", "group-starts-with-question", 2),
            ("/(a(b))", "capturing-group", 3),
            ("/(", "unbalanced-group", 1),
            (r"/(\)", "unbalanced-group", 1),
            ("/()", "empty-group", 1),
            ("/a:", "missing-name", 2),
            ("/:a:b", "adjacent-params", 3),
            ("/{:a}*", "repeat-without-prefix", 1),
        ] {
            let error = translate(pattern).expect_err(pattern);
            assert_eq!((error.code, error.span.start), (code, at), "{pattern}");
        }
    }
}
