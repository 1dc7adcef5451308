//! The engine as a whole: a table of our own, properties, and the vectors of the real packages.

use super::*;

mod property;
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

/// Is `source` with those flags found in `text`, as JavaScript's `RegExp.test` says? None if it is refused.
fn js_test(source: &str, flags: &str) -> Option<impl Fn(&str) -> bool + use<>> {
    // Neither `^` nor `$` binds tighter than the group around it.
    let searching = format!("[^]*?(?:{source})[^]*");
    let flags = js::Flags { fold: flags.contains('i'), dot_all: flags.contains('s'), plain: false };
    let tree = js::parse(&searching, flags).ok()?;
    let automaton = automaton::Automaton::compile(&tree, std::slice::from_ref(&tree.root)).ok()?;
    Some(move |text: &str| {
        if text.is_ascii() {
            automaton.is_match(text.as_bytes(), 0)
        } else {
            automaton.is_match(text.encode_utf16().collect::<Vec<_>>().as_slice(), 0)
        }
    })
}
