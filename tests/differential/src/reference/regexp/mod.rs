//! JavaScript regular expressions without the flags `u` and `v`, as ECMA-262 (edition 2024) and its Annex B define
//! them: a parser by the grammar, and a matcher by the algorithm of section 22.2.2.
//!
//! Backtracking, on UTF-16 units, with the flags `i` and `s`. Look-behind and back-references are there too, so that
//! every vector can be asked, though our engine refuses them.

mod canonical;
mod exec;
mod parse;
mod tree;

pub use exec::{Captures, Found};
pub use parse::parse;
pub use tree::{Class, Node};

/// A parsed expression.
#[derive(Debug)]
pub struct Regexp {
    /// The whole disjunction.
    pub root: Node,
    /// Number of capturing groups.
    pub groups: usize,
    /// Named groups and their numbers, in the order of the text.
    pub names: Vec<(String, usize)>,
    /// What it is made of.
    pub uses: Uses,
}

/// Things that our engine refuses, here or there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Uses {
    /// `(?=…)` or `(?!…)`.
    pub look_ahead: bool,
    /// `(?<=…)` or `(?<!…)`.
    pub look_behind: bool,
    /// `\1` or `\k<name>`.
    pub back_reference: bool,
    /// A capturing group within `(?=…)`.
    pub capture_in_look_ahead: bool,
}

/// The flags that change what matches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flags {
    /// `i`
    pub ignore_case: bool,
    /// `s`
    pub dot_all: bool,
}

/// Why there is no expression.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// A `SyntaxError`. With what was seen before it.
    Syntax(Uses),
    /// Nested deeper than this parser goes, which JavaScript would take.
    TooDeep,
}
