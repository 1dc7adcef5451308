//! From text in one of the dialects to a tree that the whole of a path must match.

use super::error::PatternError;
use super::glob;
use super::js::{self, Fault, Flags};
use super::node::{Assert, Node, Repeat, Tree};
use super::route::{self, Parameter, Route, RouteOptions};

/// Longest pattern, in characters: the limit of Next.js for a `source`.
pub(super) const MAX_CHARS: usize = 4_096;

/// A pattern, parsed.
#[derive(Debug)]
pub(super) struct Expression {
    /// Its root takes the whole of a path.
    pub(super) tree: Tree,
    /// Number of the capture and name, in pattern order.
    pub(super) names: Vec<(usize, String)>,
}

impl Expression {
    /// A route pattern.
    pub(super) fn route(text: &str, options: &RouteOptions<'_>, flags: Flags) -> Result<Self, PatternError> {
        check_length(text)?;
        let route = route::translate(text, options)?;
        let tree = js::parse(&route.regex, flags).map_err(|fault| in_route(text, &route, fault))?;
        let names = route.keys.iter().map(Parameter::name).take(tree.captures.len()).enumerate().collect();
        let anchored = tree.is_anchored();
        if options.start && options.end && options.ends_with.is_empty() && !anchored && flags.dot_all {
            // `^` and `$` are parts of an alternation then. JavaScript takes that, and the pattern opens more than it says.
            let message = "a group does not end where it seems to";
            return Err(PatternError::new("invalid-regexp", 0..text.len(), message)
                .help("write a parenthesis within `[]` as `\\(` or `\\)`"));
        }
        Ok(Self { tree: tree.searched(), names })
    }

    /// A route pattern whose match may be followed by a slash, with its named parameters alone.
    pub(super) fn next_rule(text: &str, options: &RouteOptions<'_>, flags: Flags) -> Result<Self, PatternError> {
        let route = route::translate(text, options)?;
        // Its own faults first: they have places.
        Self::route(text, options, flags)?;
        let regex = route.regex.strip_suffix('$').unwrap_or(&route.regex);
        let tree = js::parse(&format!("{regex}(?:\\/)?$"), flags).map_err(|fault| in_route(text, &route, fault))?;
        let names = route.keys.iter().take(tree.captures.len()).enumerate().filter_map(|(number, key)| match key {
            Parameter::Named(name) => Some((number, name.clone())),
            Parameter::Numbered(_) => None,
        });
        Ok(Self { names: names.collect(), tree: tree.searched() })
    }

    /// A glob.
    pub(super) fn glob(text: &str, flags: Flags) -> Result<Self, PatternError> {
        check_length(text)?;
        let regex = glob::translate(text)?;
        let tree = js::parse(&regex, Flags { dot_all: true, ..flags })
            .map_err(|fault| PatternError::new(fault.code, 0..text.len(), fault.message))?;
        Ok(Self { tree, names: Vec::new() })
    }

    /// An anchored regular expression without look-around.
    pub(super) fn regex(text: &str, flags: Flags) -> Result<Self, PatternError> {
        check_length(text)?;
        let tree = js::parse(text, Flags { plain: true, ..flags }).map_err(|fault| in_text(text, fault))?;
        let tree = if tree.is_anchored() { tree.searched() } else { tree };
        Ok(Self { names: named(&tree), tree })
    }

    /// A JavaScript `RegExp`, which is found anywhere in a text unless it says otherwise.
    pub(super) fn regexp(source: &str, flags: Flags) -> Result<Self, PatternError> {
        check_length(source)?;
        let tree = js::parse(source, flags).map_err(|fault| in_text(source, fault))?;
        Ok(Self { names: named(&tree), tree: tree.searched() })
    }
}

fn check_length(text: &str) -> Result<(), PatternError> {
    if text.chars().nth(MAX_CHARS).is_none() {
        return Ok(());
    }
    Err(PatternError::new("too-long", 0..text.len(), format!("longer than {MAX_CHARS} characters")))
}

/// Named groups.
fn named(tree: &Tree) -> Vec<(usize, String)> {
    (0..).zip(&tree.captures).filter_map(|(number, name)| Some((number, name.clone()?))).collect()
}

impl Tree {
    /// Does it begin with `^` and end with `$`, whatever it takes?
    fn is_anchored(&self) -> bool {
        matches!(self.root.sequence(), [Node::Assert(Assert::Start), .., Node::Assert(Assert::End)])
    }

    /// The same expression, with what may stand before and after a match: it is found in a text if this takes the whole
    /// of it. The earliest match is preferred, as in JavaScript.
    pub(super) fn searched(mut self) -> Self {
        let all = self.class_of_all();
        let anything = |greedy| Node::Repeat(Box::new(Repeat { node: Node::Class(all), min: 0, max: None, greedy }));
        let mut nodes = match self.root {
            Node::Concat(nodes) => nodes,
            node => vec![node],
        };
        match nodes.first() {
            Some(Node::Assert(Assert::Start)) => drop(nodes.remove(0)),
            _ => nodes.insert(0, anything(false)),
        }
        match nodes.last() {
            Some(Node::Assert(Assert::End)) => drop(nodes.pop()),
            _ => nodes.push(anything(true)),
        }
        self.root = Node::Concat(nodes);
        self.mark_looks();
        self
    }
}

/// Where a fault in the expression that path-to-regexp makes lies in the pattern: at the place in the group that
/// holds it, or nowhere in particular.
fn in_route(text: &str, route: &Route, fault: Fault) -> PatternError {
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

fn in_text(text: &str, fault: Fault) -> PatternError {
    let at = byte_offset(text, fault.at);
    PatternError::new(fault.code, at..next_char(text, at), fault.message)
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
