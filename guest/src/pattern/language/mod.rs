//! Languages of patterns: which words they take, exactly, look-aheads included.
//!
//! A [`Question`] asks for a shortest word that is in some languages and not in others; so whether two patterns overlap, or one
//! takes all that another takes, is found and not guessed. `machine` makes an expression into a deterministic automaton over
//! words read from their end (built by `build`), `question` searches the automata of several expressions at once.
//!
//! Words are those of the characters that a canonical path holds, which is ASCII: an expression is asked for no others.

mod backtrack;
mod build;
mod letters;
mod machine;
mod meet;
mod question;
mod reader;
mod row;
mod search;
mod store;
#[cfg(test)]
mod tests;

use super::automaton::Automaton;
use super::class::Class;
use super::expression::Expression;
use super::js::{self, Flags};
use super::node::{Node, Repeat, Tree};
use super::route::RouteOptions;
use super::{Dialect, Options, PatternError, glob, shape};
use machine::Machine;
pub use question::{Answer, Edit, Question};
use std::sync::Arc;

/// How much may still be spent on questions, in steps of about five nanoseconds.
#[derive(Debug, Clone)]
pub struct Effort {
    /// In all.
    left: usize,
    /// What one question may take of it.
    each: usize,
}

impl Effort {
    /// So much for all questions together, and for one.
    pub fn new(all: usize, each: usize) -> Self {
        Self { left: all, each }
    }

    /// What is left.
    pub fn left(&self) -> usize {
        self.left
    }
}

/// What one expression takes.
#[derive(Debug, Clone)]
pub struct Language {
    machine: Machine,
    /// For single words: much faster.
    automaton: Arc<Automaton>,
    literal: String,
    end: End,
    backtracks: bool,
}

/// What follows the literal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing, but perhaps a trailing delimiter.
    Exact,
    /// Anything.
    Open,
    /// Nothing, or `/` and what one or more segments may hold raw, or more than that.
    Below,
    /// Something else.
    Other,
}

impl Language {
    /// That of a pattern.
    ///
    /// # Errors
    /// As [`Pattern::compile`](super::Pattern::compile); besides `too-tangled` for an expression that is too large or has too
    /// many conditions to be reasoned about.
    pub fn compile(dialect: Dialect, text: &str, options: Options) -> Result<Self, PatternError> {
        let flags = options.flags();
        let expression = match dialect {
            Dialect::Pattern => Expression::route(text, &RouteOptions::default(), flags)?,
            Dialect::Glob => Expression::glob(text, flags)?,
            Dialect::Regex => Expression::regex(text, flags)?,
        };
        Self::of(text, &expression.tree, flags)
    }

    /// That of a route pattern with these options of path-to-regexp.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn route(text: &str, route: &RouteOptions<'_>, options: Options) -> Result<Self, PatternError> {
        let flags = options.flags();
        Self::of(text, &Expression::route(text, route, flags)?.tree, flags)
    }

    /// That of a JavaScript `RegExp`, which is found anywhere in a path unless it says otherwise.
    ///
    /// # Errors
    /// As [`Self::compile`] and [`Pattern::regexp`](super::Pattern::regexp).
    pub fn regexp(source: &str, flags: &str) -> Result<Self, PatternError> {
        let flags = Flags::read(flags)?;
        Self::of(source, &Expression::regexp(source, flags)?.tree, flags)
    }

    /// That of a glob as `globset` reads it (with `literal_separator`), without our corrections.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn globset(text: &str, options: Options) -> Result<Self, PatternError> {
        let flags = Flags { dot_all: true, ..options.flags() };
        let tree = js::parse(&glob::elsewhere(text)?, flags)
            .map_err(|fault| PatternError::new(fault.code, 0..text.len(), fault.message))?;
        Self::of(text, &tree, flags)
    }

    fn of(text: &str, tree: &Tree, flags: Flags) -> Result<Self, PatternError> {
        let Some(machine) = Machine::new(tree) else {
            return Err(PatternError::new("too-tangled", 0..text.len(), "too large to be reasoned about"));
        };
        let nodes = tree.root.sequence();
        let Ok(automaton) = Automaton::compile(tree, nodes) else {
            return Err(PatternError::new("too-many-states", 0..text.len(), "needs too many states"));
        };
        let (literal, taken) = shape::literal(tree, nodes, flags.fold);
        let end = End::of(tree, nodes.get(taken..).unwrap_or_default());
        let literal = literal.into_iter().map(char::from).collect();
        Ok(Self { machine, automaton: Arc::new(automaton), literal, end, backtracks: backtrack::is_exponential(tree) })
    }

    /// Is `word`, which is ASCII, in it?
    pub fn contains(&self, word: &str) -> bool {
        self.automaton.is_match(word.as_bytes(), 0)
    }

    /// Could a word be in both? A quick look that holds conditions for met: if it says no, there is none.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.machine.may_meet(&other.machine)
    }

    /// What every word in it starts with, in lower case if letters are compared without case.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// Would an engine that tries one way after the other, as that of JavaScript does, take exponential time for some text?
    /// Here none does. Not told of what is too large.
    pub fn backtracks(&self) -> bool {
        self.backtracks
    }

    /// What follows that text.
    pub fn end(&self) -> End {
        self.end
    }
}

impl End {
    fn of(tree: &Tree, nodes: &[Node]) -> Self {
        let nodes = match nodes {
            [nodes @ .., Node::Repeat(last)] if (last.min, last.max) == (0, Some(1)) && is_class(&last.node) => nodes,
            nodes => nodes,
        };
        match nodes {
            [] => Self::Exact,
            [Node::Capture(_, node)] if is_anything(tree, node) => Self::Open,
            [node] if is_anything(tree, node) => Self::Open,
            [Node::Repeat(below)] if (below.min, below.max) == (0, Some(1)) && is_below(tree, &below.node) => {
                Self::Below
            }
            _ => Self::Other,
        }
    }
}

fn is_class(node: &Node) -> bool {
    matches!(node, Node::Class(_))
}

/// `/.*`, or `/` and segments.
fn is_below(tree: &Tree, node: &Node) -> bool {
    let [slash, rest @ ..] = node.sequence() else { return false };
    let rest = match rest {
        [Node::Capture(_, node)] => node.sequence(),
        rest => rest,
    };
    is_slash(tree, slash)
        && match rest {
            [node] => is_anything(tree, node),
            [first, Node::Repeat(more)] => {
                let [slash, segment] = more.node.sequence() else { return false };
                (more.min, more.max) == (0, None)
                    && is_slash(tree, slash)
                    && is_segment(tree, first)
                    && is_segment(tree, segment)
            }
            _ => false,
        }
}

fn is_slash(tree: &Tree, node: &Node) -> bool {
    let Node::Class(class) = node else { return false };
    tree.classes.get(*class as usize).is_some_and(|class| class.literal(false) == Some(b'/'))
}

/// `[^/#?]+`
fn is_segment(tree: &Tree, node: &Node) -> bool {
    let Node::Repeat(repeat) = node else { return false };
    let Repeat { node: Node::Class(class), min: 1, max: None, .. } = &**repeat else { return false };
    let left_out = b"/#?".iter().fold(0u128, |set, byte| set | 1 << byte);
    tree.classes.get(*class as usize).is_some_and(|class| class.ascii | left_out == u128::MAX)
}

/// `.*`
fn is_anything(tree: &Tree, node: &Node) -> bool {
    let Node::Repeat(repeat) = node else { return false };
    let Repeat { node: Node::Class(class), min: 0, max: None, .. } = &**repeat else { return false };
    tree.classes.get(*class as usize).is_some_and(|class| class.ascii | Class::line_ends().ascii == u128::MAX)
}
