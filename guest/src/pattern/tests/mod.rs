//! The engine as a whole: a table of our own, properties, and the vectors of the real packages.

use super::*;

mod property;
mod rounds;
mod speed;
mod table;

/// Bit-exact JavaScript, as `createRouteMatcher` compiles.
const JS: Options = Options { ignore_case: true, dot_all: false };
/// Letters and line breaks as the gate takes them in public rules.
const PLAIN: Options = Options { ignore_case: false, dot_all: true };
/// The same in protecting rules.
const FOLD: Options = Options { ignore_case: true, dot_all: true };

fn compile(dialect: Dialect, text: &str, options: Options) -> Pattern {
    Pattern::compile(dialect, text, options).unwrap_or_else(|error| panic!("{text}: {error}"))
}
