//! One pattern, from its text to a match.

use super::automaton::Automaton;
use super::js::{self, Fault, Flags};
use super::node::{Assert, Node, Tree};
use super::shape::{self, Shape};
use super::{Dialect, Options, Params, PatternError, glob, nfa, route};
use std::sync::Arc;

/// Longest pattern, in characters: the limit of Next.js for a `source`.
const MAX_CHARS: usize = 4_096;

/// One compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    /// Number of the capture and name, in pattern order.
    names: Vec<(usize, String)>,
    literal: Vec<u8>,
    fold: bool,
    rest: Rest,
}

/// What follows the literal text.
#[derive(Debug, Clone)]
enum Rest {
    Shape(Shape),
    Automaton(Arc<Automaton>),
}

/// A path, in UTF-16 units too once somebody needs them.
pub(super) struct Subject<'p> {
    path: &'p str,
    ascii: bool,
    units: Vec<u16>,
}

impl<'p> Subject<'p> {
    pub(super) fn new(path: &'p str) -> Self {
        Self { path, ascii: path.is_ascii(), units: Vec::new() }
    }

    fn units(&mut self) -> &[u16] {
        if self.units.is_empty() {
            self.units.extend(self.path.encode_utf16());
        }
        &self.units
    }
}

impl Pattern {
    /// Compile `text`.
    ///
    /// # Errors
    /// [`PatternError`] with a stable code and the place. Codes of path-to-regexp: `group-starts-with-question`,
    /// `capturing-group`, `unbalanced-group`, `empty-group`, `missing-name`, `adjacent-params`,
    /// `repeat-without-prefix`, `unexpected-token`. Of all expressions: `invalid-regexp`, `look-around`,
    /// `look-behind`, `look-capture`, `back-reference`. Of globs: `invalid-glob`, `astral-class`. Limits: `too-long` (4,096
    /// characters), `too-deep` (50 groups), `too-many-states` (20,000).
    pub fn compile(dialect: Dialect, text: &str, options: Options) -> Result<Self, PatternError> {
        let length = text.chars().take(MAX_CHARS + 1).count();
        if length > MAX_CHARS {
            let message = format!("longer than {MAX_CHARS} characters");
            return Err(PatternError::new("too-long", 0..text.len(), message));
        }
        let flags = Flags { fold: options.ignore_case, dot_all: options.dot_all, plain: false };
        match dialect {
            Dialect::Pattern => {
                let route = route::translate(text)?;
                let tree = js::parse(&route.regex, flags).map_err(|fault| in_route(text, &route, fault))?;
                let names = route.keys.into_iter().take(tree.captures.len()).enumerate().collect();
                let nodes = anchored(&tree.root).ok_or_else(|| {
                    PatternError::new("invalid-regexp", 0..text.len(), "a group does not end where it seems to")
                        .help("write a parenthesis within `[]` as `\\(` or `\\)`")
                })?;
                Self::build(text, names, &tree, nodes, flags)
            }
            Dialect::Glob => {
                let regex = glob::translate(text)?;
                let tree = js::parse(&regex, Flags { dot_all: true, ..flags })
                    .map_err(|fault| PatternError::new(fault.code, 0..text.len(), fault.message))?;
                Self::build(text, Vec::new(), &tree, sequence(&tree.root), flags)
            }
            Dialect::Regex => {
                let tree = js::parse(text, Flags { plain: true, ..flags }).map_err(|fault| {
                    let at = byte_offset(text, fault.at);
                    PatternError::new(fault.code, at..next_char(text, at), fault.message)
                })?;
                let names = tree.captures.iter().flatten().cloned().enumerate().collect();
                let nodes = anchored(&tree.root).unwrap_or_else(|| sequence(&tree.root));
                Self::build(text, names, &tree, nodes, flags)
            }
        }
    }

    fn build(
        text: &str,
        names: Vec<(usize, String)>,
        tree: &Tree,
        nodes: &[Node],
        flags: Flags,
    ) -> Result<Self, PatternError> {
        let (literal, taken) = shape::literal(tree, nodes, flags.fold);
        let nodes = nodes.get(taken..).unwrap_or_default();
        let rest = match Shape::of(tree, nodes) {
            Some(shape) => Rest::Shape(shape),
            None => Rest::Automaton(Arc::new(Automaton::compile(tree, nodes).map_err(|nfa::TooMany| {
                let message = format!("needs more than {} states", nfa::MAX_STATES);
                PatternError::new("too-many-states", 0..text.len(), message).help("use smaller numbers in `{n,m}`")
            })?)),
        };
        Ok(Self { source: text.to_owned(), names, literal, fold: flags.fold, rest })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the parameters, in order. Unnamed groups of a [`Dialect::Pattern`] are numbered from `0`.
    pub fn names(&self) -> Vec<String> {
        self.names.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Does the whole of `path` match?
    pub fn is_match(&self, path: &str) -> bool {
        self.starts(path) && self.rest_matches(&mut Subject::new(path))
    }

    /// The parameters, if the whole of `path` matches. A parameter that took no part is left out.
    ///
    /// One that repeats (`:path*`) is a single text with its separators. Of two with the same name, both are given.
    pub fn captures(&self, path: &str) -> Option<Params> {
        if !self.starts(path) {
            return None;
        }
        let mut subject = Subject::new(path);
        let automaton = match &self.rest {
            Rest::Shape(shape) => {
                let rest = path.get(self.literal.len()..)?;
                if !shape.is_match(rest.as_bytes()) {
                    return None;
                }
                let value = shape.capture(rest);
                return Some(
                    self.names.iter().zip(value).map(|((_, name), value)| (name.clone(), value.to_owned())).collect(),
                );
            }
            Rest::Automaton(automaton) => automaton,
        };
        let found = if subject.ascii {
            automaton.captures(path.as_bytes(), self.literal.len())?
        } else {
            automaton.captures(subject.units(), self.literal.len())?
        };
        let mut params = Params::new();
        for (number, name) in &self.names {
            let Some(&Some((start, end))) = found.get(*number) else { continue };
            let value = if subject.ascii {
                path.get(start..end).map(str::to_owned)
            } else {
                subject.units().get(start..end).map(String::from_utf16_lossy)
            };
            params.extend(value.map(|value| (name.clone(), value)));
        }
        Some(params)
    }

    /// The text that every match starts with, in lower case if letters are compared without case. ASCII.
    pub(super) fn literal(&self) -> &[u8] {
        &self.literal
    }

    /// Letters are compared without case.
    pub(super) fn folds(&self) -> bool {
        self.fold
    }

    fn starts(&self, path: &str) -> bool {
        let Some(start) = path.as_bytes().get(..self.literal.len()) else { return false };
        if self.fold { start.eq_ignore_ascii_case(&self.literal) } else { start == self.literal }
    }

    /// Does what follows the literal text match, given that the path starts with it?
    #[inline]
    pub(super) fn rest_matches(&self, subject: &mut Subject<'_>) -> bool {
        let from = self.literal.len();
        match &self.rest {
            Rest::Shape(shape) => subject.path.as_bytes().get(from..).is_some_and(|rest| shape.is_match(rest)),
            Rest::Automaton(automaton) if subject.ascii => automaton.is_match(subject.path.as_bytes(), from),
            Rest::Automaton(automaton) => automaton.is_match(subject.units(), from),
        }
    }
}

fn sequence(root: &Node) -> &[Node] {
    match root {
        Node::Concat(nodes) => nodes,
        node => std::slice::from_ref(node),
    }
}

/// What stands between `^` and `$`.
fn anchored(root: &Node) -> Option<&[Node]> {
    match sequence(root) {
        [Node::Assert(Assert::Start), nodes @ .., Node::Assert(Assert::End)] => Some(nodes),
        _ => None,
    }
}

/// Where a fault in the expression that path-to-regexp makes lies in the pattern: at the place in the group that
/// holds it, or nowhere in particular.
fn in_route(text: &str, route: &route::Route, fault: Fault) -> PatternError {
    let at = byte_offset(&route.regex, fault.at);
    let group = route.groups.iter().find(|(made, _)| made.contains(&at));
    let at = match group {
        Some((made, written)) => {
            let at = written.start + (at - made.start);
            at..next_char(text, at)
        }
        None => 0..text.len(),
    };
    PatternError::new(fault.code, at, fault.message)
}

/// From UTF-16 units to bytes.
fn byte_offset(text: &str, units: usize) -> usize {
    let mut left = units;
    let chars = text.chars().take_while(|c| {
        let taken = left > 0;
        left = left.saturating_sub(c.len_utf16());
        taken
    });
    chars.map(char::len_utf8).sum()
}

fn next_char(text: &str, at: usize) -> usize {
    at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}
