//! Route dialects: parse, compile, match. Knows nothing of sessions, verdicts or requests; it sees a path.
//!
//! Linear time always: no backtracking engine. See `docs/routes.md`.
//!
//! The way of a pattern: `route` (path-to-regexp) and `glob` turn their text into the source of a JavaScript
//! expression, `js` parses that into a tree (`node`, `class`), and `expression` sees to it that the tree takes a
//! whole path. Literal text at the front is taken off; if what
//! follows has a simple `shape` that is all, else it becomes an `automaton` (`nfa`), run as a `table`, as `bits` or as a `list`
//! of states, or with `capture`s (`rounds`). `set` finds among many patterns those whose literal text fits. `language`
//! reasons about what patterns take, for the linter.

mod automaton;
mod bits;
mod capture;
mod class;
mod compiled;
mod error;
mod exec;
mod expression;
mod find;
mod glob;
mod js;
mod language;
mod list;
mod misplaced;
mod next;
mod nfa;
mod node;
mod rounds;
mod route;
mod set;
mod shape;
mod table;
#[cfg(test)]
mod tests;

pub use compiled::Pattern;
pub use error::PatternError;
pub use find::{Entry, Finder, Found};
pub use language::{Answer, Edit, Effort, End, Language, Question};
pub use misplaced::misplaced;
pub use next::NextOptions;
pub use route::RouteOptions;
pub use set::PatternSet;

/// How a route is written. Named by its key in the config, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `createRouteMatcher` and `config.matcher` strings: path-to-regexp 6.3 with its default options, without
    /// look-behind and back-references. [`Options::ignore_case`] stands for its `sensitive`.
    Pattern,
    /// `globset` syntax with three corrections: `/x/**` takes `/x` too, no class takes `/`, and elsewhere one
    /// trailing slash is ignored.
    Glob,
    /// Anchored JavaScript regular expression without look-around and back-references. Named groups capture.
    Regex,
}

/// How to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Compare letters without case, as JavaScript's `i` flag does: ASCII and non-ASCII letters never mix.
    pub ignore_case: bool,
    /// `.` takes line breaks too. Off only for bit-exact JavaScript behaviour.
    pub dot_all: bool,
}

impl Options {
    fn flags(self) -> js::Flags {
        js::Flags { fold: self.ignore_case, dot_all: self.dot_all, plain: false }
    }
}

/// Named captures, percent-encoded as they stood in the path, in pattern order.
pub type Params = Vec<(String, String)>;
