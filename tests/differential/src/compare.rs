//! One pattern and one path, asked of both sides.

use crate::glob::{Asked, Corrected, corrected};
use crate::reference::regexp::{self, Fault, Flags, Found, Node, Regexp, Uses};
use crate::reference::route;
use portcullis_gate::pattern::{Dialect, Options, Params, Pattern, PatternError};

/// A pattern with how it is read.
#[derive(Debug, Clone)]
pub struct Case {
    /// How it is written.
    pub dialect: Dialect,
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
    theirs: Theirs,
}

#[derive(Debug)]
enum Theirs {
    Regexp {
        regexp: Regexp,
        flags: Flags,
        /// The whole text must match: the expression has no anchors of its own.
        whole: bool,
        /// Number and name of each parameter.
        names: Vec<(usize, String)>,
    },
    Glob(Box<Corrected>),
}

/// Compile on both sides.
pub fn open(case: &Case) -> Opened {
    let ours = Pattern::compile(case.dialect, &case.text, case.options);
    let flags = Flags { ignore_case: case.options.ignore_case, dot_all: case.options.dot_all };
    match case.dialect {
        Dialect::Pattern => {
            let route = match route::translate(&case.text, &route::Options::default()) {
                Ok(route) => route,
                Err(fault) => return both_refuse(&case.text, ours, &fault),
            };
            open_regexp(ours, &route.source, |regexp| Theirs::Regexp {
                names: (1..=regexp.groups).zip(route.keys.iter().map(|key| key.name.clone())).collect(),
                regexp,
                flags,
                whole: false,
            })
        }
        Dialect::Regex => open_regexp(ours, &case.text, |regexp| Theirs::Regexp {
            names: regexp.names.iter().map(|(name, number)| (*number, name.clone())).collect(),
            regexp,
            flags,
            whole: true,
        }),
        Dialect::Glob => match (ours, corrected(&case.text, case.options.ignore_case)) {
            (Ok(pattern), Asked::Matcher(corrected)) => {
                Opened::Both(Box::new(Pair { pattern, theirs: Theirs::Glob(corrected) }))
            }
            (Err(error), Asked::Refused) => Opened::Refused(error.code),
            (Err(error), _) if matches!(error.code, "astral-class" | "too-deep" | "too-many-states") => {
                Opened::Restricted(error.code)
            }
            (Ok(_), Asked::Excluded(why)) => Opened::Excluded(why),
            (Ok(_), Asked::Refused) => Opened::Differs("taken; globset refuses it".to_owned()),
            (Err(error), _) => Opened::Differs(format!("refused: {error}; globset takes it")),
        },
    }
}

/// path-to-regexp refuses a pattern.
fn both_refuse(text: &str, ours: Result<Pattern, PatternError>, theirs: &route::Fault) -> Opened {
    match ours {
        Ok(_) => Opened::Differs(format!("taken; path-to-regexp says {theirs:?}")),
        Err(error) => {
            let at = text.get(..error.span.start).map(|before| before.encode_utf16().count());
            if error.code == theirs.code && (theirs.at.is_none() || theirs.at == at) {
                Opened::Refused(error.code)
            } else {
                Opened::Differs(format!("refused: {error} (unit {at:?}); path-to-regexp says {theirs:?}"))
            }
        }
    }
}

/// Compare what is made of an expression. One that path-to-regexp made has anchors, and not only named parameters.
fn open_regexp(ours: Result<Pattern, PatternError>, source: &str, theirs: impl FnOnce(Regexp) -> Theirs) -> Opened {
    let regexp = match (regexp::parse(source), &ours) {
        (Ok(regexp), _) => regexp,
        (Err(Fault::TooDeep), _) => return Opened::Excluded("too deep for the reference"),
        (Err(Fault::Syntax(_)), Ok(_)) => return Opened::Differs(format!("taken; {source} is not valid")),
        (Err(Fault::Syntax(uses)), Err(error)) => {
            // What ours does not support may come before what is wrong.
            return if matches!(error.code, "invalid-regexp" | "too-deep") || refusals(uses).contains(&error.code) {
                Opened::Refused(error.code)
            } else {
                Opened::Differs(format!("refused: {error}; {source} is not valid for another reason"))
            };
        }
    };
    let uses = regexp.uses;
    let anchored = is_anchored(&regexp.root);
    let theirs = theirs(regexp);
    let Theirs::Regexp { whole: alone, .. } = theirs else { return Opened::Excluded("no expression") };
    let mut expected = refusals(uses);
    // Only on its own has an expression no use for look-ahead; and only there all groups but the named are plain.
    if !alone {
        expected.retain(|code| *code != "look-around");
    }
    match ours {
        Ok(pattern) if expected.is_empty() => Opened::Both(Box::new(Pair { pattern, theirs })),
        Ok(_) => Opened::Differs(format!("taken; {source} should be refused: {expected:?}")),
        Err(error) if expected.contains(&error.code) => Opened::Restricted(error.code),
        Err(error) if matches!(error.code, "too-long" | "too-deep" | "too-many-states") => {
            Opened::Restricted(error.code)
        }
        // A parenthesis within a class has turned the expression inside out.
        Err(error) if error.code == "invalid-regexp" && !alone && !anchored => Opened::Restricted("inside-out"),
        Err(error) => Opened::Differs(format!("refused: {error}; {source} is valid")),
    }
}

/// The codes with which ours may refuse what is valid.
fn refusals(uses: Uses) -> Vec<&'static str> {
    [
        (uses.look_ahead, "look-around"),
        (uses.look_behind, "look-behind"),
        (uses.back_reference, "back-reference"),
        (uses.capture_in_look_ahead, "look-capture"),
    ]
    .into_iter()
    .filter_map(|(used, code)| used.then_some(code))
    .collect()
}

fn is_anchored(root: &Node) -> bool {
    match root {
        Node::Sequence(nodes) => matches!(nodes[..], [Node::Start, .., Node::End]),
        _ => false,
    }
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
                let theirs = match found {
                    Found::TooSlow => return Answer::Excluded("too slow for the reference"),
                    Found::Nothing => None,
                    Found::Match(captures) => {
                        let value = |number: usize| captures.get(number).cloned().flatten();
                        let params: Params = names
                            .iter()
                            .filter_map(|(number, name)| {
                                Some((name.clone(), String::from_utf16_lossy(&text[value(*number)?])))
                            })
                            .collect();
                        Some(params)
                    }
                };
                if ours == theirs {
                    Answer::Same { matched, correction: None }
                } else {
                    Answer::Differs(format!("ours: {ours:?}; reference: {theirs:?}"))
                }
            }
        }
    }
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
