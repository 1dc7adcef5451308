//! Globs as `globset` reads them, and our three corrections said in its own syntax.
//!
//! So `globset`'s own matcher can be asked about corrected globs too: `/x/**` becomes `/x{,/**}`, `[!a]` becomes
//! `[!a/]`, and one slash at the end is taken off, of the glob and, on a second try, of the path.

use globset::{GlobBuilder, GlobMatcher};

/// A part of a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Itself. A comma outside of braces, too.
    Char(char),
    /// Itself after `\`.
    Escaped(char),
    /// `?`
    Any,
    /// `*`
    Star,
    /// `**`, whatever it comes to where it stands.
    DoubleStar,
    /// `[…]`
    Class {
        /// `[!…]` or `[^…]`
        negated: bool,
        /// As written.
        members: String,
    },
    /// `{`
    Open,
    /// `}`
    Close,
    /// `,` between alternatives.
    Comma,
}

/// The tokens of a glob; of one that is broken, as far as it makes sense.
pub fn tokens(glob: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut depth = 0usize;
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '\\' => match chars.next() {
                Some(c) => Token::Escaped(c),
                None => break,
            },
            '?' => Token::Any,
            '*' if chars.next_if_eq(&'*').is_some() => Token::DoubleStar,
            '*' => Token::Star,
            '{' => {
                depth += 1;
                Token::Open
            }
            '}' => {
                depth = depth.saturating_sub(1);
                Token::Close
            }
            ',' if depth > 0 => Token::Comma,
            '[' => {
                let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
                // The first member may be a `]`.
                let mut members: String = chars.next().into_iter().collect();
                while let Some(c) = chars.next().filter(|c| *c != ']') {
                    members.push(c);
                }
                Token::Class { negated, members }
            }
            c => Token::Char(c),
        });
    }
    tokens
}

/// Does a class list `/`?
fn lists_slash(members: &str) -> bool {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut in_range = false;
    for c in members.chars() {
        match ranges.last_mut() {
            // A second `-` moves the end of the range before it: `[a-z-c]` is `[a-c]`.
            Some((_, last)) if in_range => {
                *last = c;
                in_range = false;
            }
            Some(_) if c == '-' => in_range = true,
            _ => ranges.push((c, c)),
        }
    }
    ranges.iter().any(|&(first, last)| (first..=last).contains(&'/'))
}

/// A glob and how `globset` is asked about it.
#[derive(Debug)]
pub struct Corrected {
    matcher: GlobMatcher,
    /// What had to be said in another way, or nothing.
    respelt: Option<&'static str>,
    /// The glob is `/`, which takes no second one.
    root: bool,
    /// It holds `?` or a class.
    counts_bytes: bool,
    ascii: bool,
    ignore_case: bool,
}

/// How `globset` sees a glob.
#[derive(Debug)]
pub enum Asked {
    /// It can be asked.
    Matcher(Box<Corrected>),
    /// It refuses the glob.
    Refused,
    /// It cannot be asked, for that reason.
    Excluded(&'static str),
}

/// `globset`'s view of `glob`.
pub fn corrected(glob: &str, ignore_case: bool) -> Asked {
    if build(glob, ignore_case).is_err() {
        return Asked::Refused;
    }
    if glob.contains(STAND_IN) {
        return Asked::Excluded("a control character that stands for others here");
    }
    let mut tokens = tokens(glob);
    let mut respelt = None;
    if glob.len() > 1 && tokens.last() == Some(&Token::Char('/')) {
        tokens.pop();
        respelt = Some("one slash at the end of the glob");
    }
    let mut text = String::new();
    let mut depth = 0usize;
    let mut counts_bytes = false;
    let slash = Some(&Token::Char('/'));
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let ends = |next: Option<&Token>| match next {
            None => true,
            Some(Token::Comma | Token::Close) => depth > 0,
            _ => false,
        };
        match token {
            Token::DoubleStar if tokens.get(at + 1) == slash && tokens.get(at + 2) == Some(&Token::DoubleStar) => {
                return Asked::Excluded("`**/**`");
            }
            Token::Escaped('/') if tokens.get(at + 1) == Some(&Token::DoubleStar) => {
                return Asked::Excluded("`\\/**`");
            }
            // `globset` takes the escaped character for one between alternatives, and drops it.
            Token::Escaped(',' | '{') if tokens.get(at + 1) == Some(&Token::DoubleStar) => {
                return Asked::Excluded("`\\,**`");
            }
            // The root of the site is below itself.
            Token::Char('/')
                if tokens.get(at + 1) == Some(&Token::DoubleStar)
                    && ends(tokens.get(at + 2))
                    && (at, tokens.len()) != (0, 2) =>
            {
                text.push_str("{,/**}");
                respelt = Some("`/x/**` takes `/x`");
                at += 2;
                continue;
            }
            Token::Class { members, .. } if !members.is_ascii() => {
                return Asked::Excluded("a class with characters beyond ASCII: `globset` takes bytes");
            }
            Token::Class { negated, members } => {
                counts_bytes = true;
                let lists = lists_slash(members);
                text.push_str(if *negated { "[!" } else { "[" });
                text.push_str(members);
                if lists && !negated {
                    return Asked::Excluded("a class that lists `/`");
                }
                if *negated && !lists {
                    if members.ends_with('-') {
                        return Asked::Excluded("a class that cannot be respelt");
                    }
                    text.push('/');
                    respelt = Some("no class takes `/`");
                }
                text.push(']');
            }
            Token::Char(c) => text.push(*c),
            Token::Escaped(c) => {
                text.push('\\');
                text.push(*c);
            }
            Token::Any => {
                counts_bytes = true;
                text.push('?');
            }
            Token::Star => text.push('*'),
            Token::DoubleStar => text.push_str("**"),
            Token::Open => {
                depth += 1;
                text.push('{');
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                text.push('}');
            }
            Token::Comma => text.push(','),
        }
        at += 1;
    }
    // As it was written, unless it had to be respelt.
    let spelling = if respelt.is_some() { &text } else { glob };
    let Ok(built) = build(spelling, ignore_case) else { return Asked::Excluded("what was respelt does not compile") };
    Asked::Matcher(Box::new(Corrected {
        matcher: built.compile_matcher(),
        respelt,
        root: matches!(tokens[..], [Token::Char('/') | Token::Escaped('/')]) && respelt.is_none(),
        counts_bytes,
        ascii: glob.is_ascii(),
        ignore_case,
    }))
}

fn build(glob: &str, ignore_case: bool) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .empty_alternates(true)
        .backslash_escape(true)
        .case_insensitive(ignore_case)
        .build()
}

/// No glob names this one.
const STAND_IN: &str = "\u{1}";

/// `path` with one byte for each unit beyond ASCII. A glob of ASCII cannot tell them apart.
fn stood_in(path: &str) -> String {
    let unit = |c: char| if c.is_ascii() { c.to_string() } else { STAND_IN.repeat(c.len_utf16()) };
    path.chars().map(unit).collect()
}

impl Corrected {
    /// Should `path` be taken? With the correction that had a part in it, or why it cannot be said.
    ///
    /// # Errors
    /// Why `globset` cannot be asked.
    pub fn takes(&self, path: &str) -> Result<(bool, Option<&'static str>), &'static str> {
        if !path.is_ascii() && !self.ascii && self.counts_bytes {
            return Err("`?` or a class, and both beyond ASCII: `globset` takes bytes");
        }
        if !path.is_ascii() && !self.ascii && self.ignore_case {
            return Err("without case, and both beyond ASCII: `globset` folds ASCII only");
        }
        let path = &if self.ascii { stood_in(path) } else { path.to_owned() };
        if self.matcher.is_match(path) {
            return Ok((true, self.respelt));
        }
        match path.strip_suffix('/').filter(|_| !self.root) {
            Some(short) => {
                Ok((self.matcher.is_match(short), self.respelt.or(Some("one slash at the end of the path"))))
            }
            None => Ok((false, self.respelt)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_list_a_slash() {
        for (members, lists) in [
            ("/", true),
            ("a", false),
            ("+-9", true),
            ("a-", false),
            ("-/", true),
            ("]-a", false),
            // The end of a range is moved by a second `-`.
            ("----_", true),
            ("!-/-,", false),
        ] {
            assert_eq!(lists_slash(members), lists, "[{members}]");
        }
    }

    #[test]
    fn corrections() {
        let takes = |glob: &str, path: &str| match corrected(glob, false) {
            Asked::Matcher(corrected) => corrected.takes(path),
            other => panic!("{glob}: {other:?}"),
        };
        for (glob, path, expected, correction) in [
            ("/x/*", "/x/y", true, None),
            ("/x/**", "/x", true, Some("`/x/**` takes `/x`")),
            ("/**", "/", true, None),
            ("/{a,b/**}", "/b", true, Some("`/x/**` takes `/x`")),
            ("/x[!a]y", "/x/y", false, Some("no class takes `/`")),
            ("/x", "/x/", true, Some("one slash at the end of the path")),
            ("/x/", "/x", true, Some("one slash at the end of the glob")),
            (r"/x\\/", r"/x\", true, Some("one slash at the end of the glob")),
            ("/", "//", false, None),
            ("/a?b", "/aéb", true, None),
            ("/a?b", "/a😀b", false, None),
        ] {
            assert_eq!(takes(glob, path), Ok((expected, correction)), "{glob} {path}");
        }
        assert!(takes("/é?", "/éé").is_err());
        assert!(matches!(corrected("/[/]", false), Asked::Excluded(_)));
        assert!(matches!(corrected("/[", false), Asked::Refused));
    }
}
