//! One pattern and one path, asked of both sides.

mod open;

pub use open::open;

use crate::glob::Corrected;
use crate::reference::regexp::{Captures, Flags, Found, Regexp};
use crate::reference::route;
use portcullis_gate::pattern::{Dialect, Finder, Options, Params, Pattern};

/// How a pattern is written and asked.
#[derive(Debug, Clone)]
pub enum Reading {
    /// A dialect of the config.
    Dialect(Dialect),
    /// A route pattern with options of path-to-regexp, found in a path.
    Route(route::Options),
    /// A JavaScript `RegExp`, found in a path.
    RegExp,
}

/// A pattern with how it is read.
#[derive(Debug, Clone)]
pub struct Case {
    /// How it is written and asked.
    pub reading: Reading,
    /// The pattern.
    pub text: String,
    /// How it is compiled.
    pub options: Options,
}

/// What became of a pattern on both sides.
#[derive(Debug)]
pub enum Opened {
    /// Both take it.
    Both(Box<Pair>),
    /// Both refuse it, ours with that code.
    Refused(&'static str),
    /// It is valid, and ours refuses it, as it says it does, with that code.
    Restricted(&'static str),
    /// The reference has no answer, for that reason.
    Excluded(&'static str),
    /// They disagree.
    Differs(String),
}

/// What became of a path.
#[derive(Debug)]
pub enum Answer {
    /// The same on both sides.
    Same {
        /// Does it match?
        matched: bool,
        /// Of a glob, the correction that had a part in it.
        correction: Option<&'static str>,
    },
    /// The reference has no answer, for that reason.
    Excluded(&'static str),
    /// They disagree.
    Differs(String),
}

/// A pattern that both sides take.
#[derive(Debug)]
pub struct Pair {
    /// Ours.
    pub pattern: Pattern,
    /// Ours, where it tells the place of the match, and how many groups it knows.
    finder: Option<(Finder, usize)>,
    theirs: Theirs,
}

#[derive(Debug)]
enum Theirs {
    Regexp {
        regexp: Regexp,
        flags: Flags,
        /// The whole text must match, as if between `^(?:` and `)$`.
        whole: bool,
        /// Number and name of each parameter.
        names: Vec<(usize, String)>,
    },
    Glob(Box<Corrected>),
}

impl Pair {
    /// The tree of the expression, to make paths from; a glob has none.
    pub fn regexp(&self) -> Option<&Regexp> {
        match &self.theirs {
            Theirs::Regexp { regexp, .. } => Some(regexp),
            Theirs::Glob(_) => None,
        }
    }

    /// Ask both sides about `path`.
    pub fn ask(&self, path: &str) -> Answer {
        let matched = self.pattern.is_match(path);
        let ours = self.pattern.captures(path);
        if matched != ours.is_some() {
            return Answer::Differs(format!("is_match says {matched}, captures says {ours:?}"));
        }
        match &self.theirs {
            Theirs::Glob(corrected) => match corrected.takes(path) {
                Err(why) => Answer::Excluded(why),
                Ok((theirs, correction)) if theirs == matched => Answer::Same { matched, correction },
                Ok((theirs, correction)) => {
                    let correction = correction.unwrap_or("none");
                    Answer::Differs(format!("ours: {matched}; globset: {theirs} (correction: {correction})"))
                }
            },
            Theirs::Regexp { regexp, flags, whole, names } => {
                let text: Vec<u16> = path.encode_utf16().collect();
                let found = if *whole { regexp.exec_whole(*flags, &text) } else { regexp.exec(*flags, &text, 0) };
                let captures = match found {
                    Found::TooSlow => return Answer::Excluded("too slow for the reference"),
                    Found::Nothing => None,
                    Found::Match(captures) => Some(captures),
                };
                let theirs = captures.as_ref().map(|captures| params(names, captures, &text));
                if ours != theirs {
                    return Answer::Differs(format!("ours: {ours:?}; reference: {theirs:?}"));
                }
                if let Some(how) = self.place_differs(path, &text, captures.as_ref()) {
                    return Answer::Differs(how);
                }
                Answer::Same { matched, correction: None }
            }
        }
    }

    /// Where the match lies and what the groups took, if ours can tell.
    fn place_differs(&self, path: &str, text: &[u16], captures: Option<&Captures>) -> Option<String> {
        let (finder, known) = self.finder.as_ref()?;
        let ours = finder.find(path).map(|found| {
            let values: Vec<String> = found.params.into_iter().map(|(_, value)| value).collect();
            (found.at, found.text, values)
        });
        let theirs = captures.and_then(|captures| {
            let (whole, groups) = captures.split_first()?;
            let whole = whole.clone()?;
            let slice = |range| String::from_utf16_lossy(&text[range]);
            let values: Vec<String> = groups.iter().take(*known).flatten().cloned().map(slice).collect();
            Some((whole.start, slice(whole), values))
        });
        (ours != theirs).then(|| format!("ours: {ours:?}; reference: {theirs:?}"))
    }
}

fn params(names: &[(usize, String)], captures: &Captures, text: &[u16]) -> Params {
    let value = |number: usize| captures.get(number).cloned().flatten();
    let param =
        |(number, name): &(usize, String)| Some((name.clone(), String::from_utf16_lossy(&text[value(*number)?])));
    names.iter().filter_map(param).collect()
}

/// How the two sides disagree on the pattern, or on the path if there is one.
pub fn difference(case: &Case, path: Option<&str>) -> Option<String> {
    match (open(case), path) {
        (Opened::Differs(how), None) => Some(how),
        (Opened::Both(pair), Some(path)) => match pair.ask(path) {
            Answer::Differs(how) => Some(how),
            _ => None,
        },
        _ => None,
    }
}

/// Make a disagreement smaller by leaving out characters while it lasts.
pub fn minimise(mut case: Case, mut path: Option<String>) -> (Case, Option<String>) {
    loop {
        let smaller = without_each(&case.text)
            .map(|text| (Case { text, ..case.clone() }, path.clone()))
            .chain(path.iter().flat_map(|path| without_each(path)).map(|path| (case.clone(), Some(path))))
            .find(|(case, path)| difference(case, path.as_deref()).is_some());
        match smaller {
            Some((smaller_case, smaller_path)) => (case, path) = (smaller_case, smaller_path),
            None => return (case, path),
        }
    }
}

fn without_each(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().map(|(at, c)| format!("{}{}", &text[..at], &text[at + c.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str, reading: Reading) -> Pair {
        let options = Options { ignore_case: false, dot_all: true };
        match open(&Case { reading, text: text.to_owned(), options }) {
            Opened::Both(pair) => *pair,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// A comparison that cannot tell things apart proves nothing: each side answers for another pattern.
    #[test]
    fn what_differs_is_seen() {
        let found = || Reading::Route(route::Options::default());
        for (ours, theirs, reading, path) in [
            ("/a", "/b", Reading::Dialect(Dialect::Pattern), "/a"),
            ("/:x", "/:y", Reading::Dialect(Dialect::Pattern), "/a"),
            ("/(a?)(a*)", "/(a??)(a*)", Reading::Dialect(Dialect::Pattern), "/a"),
            ("(?<n>.*)(?<m>.*)", "(?<n>.*?)(?<m>.*)", Reading::Dialect(Dialect::Regex), "x"),
            ("/*", "/**", Reading::Dialect(Dialect::Glob), "/a/b"),
            ("/x/**", "/x/*", Reading::Dialect(Dialect::Glob), "/x"),
            ("/a(.*)", "/(a.*)", found(), "/ab"),
        ] {
            let mut mixed = pair(ours, reading.clone());
            mixed.theirs = pair(theirs, reading).theirs;
            assert!(matches!(mixed.ask(path), Answer::Differs(_)), "{ours} {theirs} {path}");
        }
        let mut mixed = pair("b", Reading::RegExp);
        mixed.finder = pair("ab", Reading::RegExp).finder;
        assert!(matches!(mixed.ask("ab"), Answer::Differs(_)), "the place of the match");
    }
}
