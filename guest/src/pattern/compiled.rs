//! One pattern, from its text to a match.

use super::automaton::Automaton;
use super::expression::Expression;
use super::js::Flags;
use super::route::RouteOptions;
use super::shape::{self, Shape};
use super::{Dialect, Options, Params, PatternError, nfa};
use std::sync::Arc;

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
        let flags = options.flags();
        let expression = match dialect {
            Dialect::Pattern => Expression::route(text, &RouteOptions::default(), flags)?,
            Dialect::Glob => Expression::glob(text, flags)?,
            Dialect::Regex => Expression::regex(text, flags)?,
        };
        Self::build(text, expression, flags)
    }

    /// Compile a route pattern as path-to-regexp does with these options.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn route(text: &str, route: &RouteOptions<'_>, options: Options) -> Result<Self, PatternError> {
        let flags = options.flags();
        Self::build(text, Expression::route(text, route, flags)?, flags)
    }

    /// Compile a JavaScript `RegExp` as `createRouteMatcher` takes it: found anywhere in the path unless it says
    /// otherwise, case by its own flags. Named groups capture.
    ///
    /// # Errors
    /// As [`Self::compile`]; besides `stateful-regexp` for the flags `g` and `y`, with which the same path matches and
    /// does not match in turn, and `unsupported-flag` for `m`, `u`, `v` and unknown ones.
    pub fn regexp(source: &str, flags: &str) -> Result<Self, PatternError> {
        let flags = Flags::read(flags)?;
        Self::build(source, Expression::regexp(source, flags)?, flags)
    }

    pub(super) fn build(text: &str, expression: Expression, flags: Flags) -> Result<Self, PatternError> {
        let Expression { tree, names } = expression;
        let nodes = tree.root.sequence();
        let (literal, taken) = shape::literal(&tree, nodes, flags.fold);
        let nodes = nodes.get(taken..).unwrap_or_default();
        let rest = match Shape::of(&tree, nodes) {
            Some(shape) => Rest::Shape(shape),
            None => Rest::Automaton(Arc::new(Automaton::compile(&tree, nodes).map_err(|nfa::TooMany| {
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

    /// About how many bytes its automata take.
    pub fn weight(&self) -> usize {
        match &self.rest {
            Rest::Shape(_) => 0,
            Rest::Automaton(automaton) => automaton.weight(),
        }
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
