//! What `match` of path-to-regexp tells: where in a path the pattern was found, and with which parameters.

use super::automaton::Automaton;
use super::expression::{Expression, MAX_CHARS};
use super::js::{self, Flags};
use super::node::Node;
use super::route::{self, Parameter, RouteOptions};
use super::{Options, Params, PatternError, nfa};

/// One entry of a list that path-to-regexp makes one expression of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'e> {
    /// A route pattern.
    Route(&'e str),
    /// The source of a `RegExp`.
    RegExp(&'e str),
}

/// A pattern, or a list of them, to be found in paths.
#[derive(Debug)]
pub struct Finder {
    source: String,
    automaton: Automaton,
    names: Vec<String>,
}

/// Where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Place of the match, in UTF-16 units from the start of the path.
    pub at: usize,
    /// What was matched.
    pub text: String,
    /// The parameters. Unnamed ones are numbered from `0`; one that took no part is left out; one that repeats is one text
    /// with its separators; of two with the same name, both are given.
    pub params: Params,
}

impl Finder {
    /// Compile `pathToRegexp(entries, options)`.
    ///
    /// # Errors
    /// As [`Pattern::compile`](super::Pattern::compile), for the first entry that is wrong.
    pub fn new(entries: &[Entry<'_>], route: &RouteOptions<'_>, options: Options) -> Result<Self, PatternError> {
        let mut sources = Vec::new();
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Entry::Route(text) => {
                    // Its own faults first: they have places.
                    Expression::route(text, route, Flags { dot_all: false, ..options.flags() })?;
                    let made = route::translate(text, route)?;
                    names.extend(made.keys.iter().map(Parameter::name));
                    sources.push(made.regex);
                }
                Entry::RegExp(source) => {
                    let named = Expression::regexp(source, options.flags())?.tree.captures;
                    names.extend((0..).zip(named).map(|(number, name): (usize, _)| name.unwrap_or(number.to_string())));
                    sources.push((*source).to_owned());
                }
            }
        }
        let source = match sources.as_slice() {
            [one] => one.clone(),
            many => format!("(?:{})", many.join("|")),
        };
        let whole = || 0..source.len();
        let mut tree = js::parse(&source, options.flags())
            .map_err(|fault| PatternError::new(fault.code, whole(), fault.message))?;
        let number = u32::try_from(tree.captures.len()).unwrap_or(u32::MAX);
        tree.captures.push(None);
        tree.root = Node::Capture(number, Box::new(tree.root));
        let tree = tree.searched();
        let automaton = Automaton::compile(&tree, tree.root.sequence()).map_err(|nfa::TooMany| {
            PatternError::new("too-many-states", whole(), format!("too large for {MAX_CHARS} characters"))
        })?;
        Ok(Self { source, automaton, names })
    }

    /// `source` of the expression.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The first match in `path`, as JavaScript finds it.
    pub fn find(&self, path: &str) -> Option<Found> {
        let units: Vec<u16> = path.encode_utf16().collect();
        let mut captures = self.automaton.captures(units.as_slice(), 0)?;
        let (at, end) = captures.pop()??;
        let text = |start: usize, end: usize| units.get(start..end).map(String::from_utf16_lossy);
        let params = self.names.iter().zip(captures).filter_map(|(name, place)| {
            let (start, end) = place?;
            Some((name.clone(), text(start, end)?))
        });
        Some(Found { at, text: text(at, end)?, params: params.collect() })
    }
}
