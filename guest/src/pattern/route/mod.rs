//! The front of path-to-regexp 6.3.0: lexer, parser, `tokensToRegexp`.
//!
//! The result is the very text that path-to-regexp gives to `new RegExp`, since groups are not parsed by it: what
//! a strange group does to the rest must come out the same. Works on characters, not UTF-16 units; only characters
//! of ASCII mean anything here.

mod lex;
mod parse;
#[cfg(test)]
mod tests;
mod write;

use super::error::PatternError;
use std::ops::Range;

/// Options of path-to-regexp 6.3 that say what the text means. [`Options::ignore_case`](super::Options) stands for
/// `sensitive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteOptions<'o> {
    /// No delimiter is taken after the end of the pattern.
    pub strict: bool,
    /// The match starts where the text starts.
    pub start: bool,
    /// The match ends where the text ends.
    pub end: bool,
    /// Characters that end a parameter.
    pub delimiter: &'o str,
    /// Characters that belong to a parameter when they stand right before it.
    pub prefixes: &'o str,
    /// Characters before which the text may end, too.
    pub ends_with: &'o str,
    /// A parameter that repeats without text around it repeats as segments, as `config.matcher` of Next.js has it;
    /// path-to-regexp refuses it.
    pub repeat_as_segments: bool,
}

impl Default for RouteOptions<'_> {
    /// The defaults of path-to-regexp 6.3.
    fn default() -> Self {
        Self {
            strict: false,
            start: true,
            end: true,
            delimiter: "/#?",
            prefixes: "./",
            ends_with: "",
            repeat_as_segments: false,
        }
    }
}

/// What path-to-regexp makes of a pattern.
#[derive(Debug)]
pub(super) struct Route {
    /// Source of the regular expression.
    pub(super) regex: String,
    /// The parameters.
    pub(super) keys: Vec<Parameter>,
    /// Groups written by the user: where they lie in `regex` and in the pattern.
    pub(super) groups: Vec<(Range<usize>, Range<usize>)>,
}

/// Name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parameter {
    /// `:name`, which may be all digits.
    Named(String),
    /// A group without a name; numbered from 0.
    Numbered(usize),
}

impl Parameter {
    /// As params call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Numbered(number) => number.to_string(),
        }
    }
}

/// Translate `text`.
pub(super) fn translate(text: &str, options: &RouteOptions<'_>) -> Result<Route, PatternError> {
    write::write(&parse::parse(text, options)?, options)
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
