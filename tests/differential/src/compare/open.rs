//! A pattern compiled on both sides: taken, refused for the same reason, or refused by ours as it says it does.

use super::{Case, Opened, Pair, Reading, Theirs};
use crate::glob::{Asked, corrected};
use crate::reference::regexp::{self, Fault, Flags, Node, Uses};
use crate::reference::route::{self, Key};
use portcullis_gate::pattern::{Dialect, Entry, Finder, Options, Pattern, PatternError, RouteOptions};

type Compiled = Result<Pattern, PatternError>;

/// Limits of ours, which JavaScript does not have.
const LIMITS: [&str; 3] = ["too-long", "too-deep", "too-many-states"];

/// Compile on both sides.
pub fn open(case: &Case) -> Opened {
    let Case { reading, text, options } = case;
    match reading {
        Reading::Dialect(Dialect::Glob) => open_glob(text, *options),
        Reading::Dialect(dialect @ Dialect::Regex) => {
            open_regexp(case, Pattern::compile(*dialect, text, *options), text, None)
        }
        Reading::RegExp => {
            let letters = [(options.ignore_case, 'i'), (options.dot_all, 's')];
            let letters: String = letters.iter().filter(|(on, _)| *on).map(|(_, letter)| letter).collect();
            open_regexp(case, Pattern::regexp(text, &letters), text, None)
        }
        Reading::Dialect(dialect @ Dialect::Pattern) => {
            open_route(case, Pattern::compile(*dialect, text, *options), &route::Options::default())
        }
        Reading::Route(route) => open_route(case, Pattern::route(text, &route_options(route), *options), route),
    }
}

fn route_options(options: &route::Options) -> RouteOptions<'_> {
    RouteOptions {
        strict: options.strict,
        start: options.start,
        end: options.end,
        delimiter: &options.delimiter,
        prefixes: &options.prefixes,
        ends_with: &options.ends_with,
        ..RouteOptions::default()
    }
}

fn open_glob(text: &str, options: Options) -> Opened {
    let ours = Pattern::compile(Dialect::Glob, text, options);
    match (ours, corrected(text, options.ignore_case)) {
        (Ok(pattern), Asked::Matcher(corrected)) => {
            Opened::Both(Box::new(Pair { pattern, finder: None, theirs: Theirs::Glob(corrected) }))
        }
        (Err(error), Asked::Refused) => Opened::Refused(error.code),
        (Err(error), _) if error.code == "astral-class" || LIMITS.contains(&error.code) => {
            Opened::Restricted(error.code)
        }
        (Ok(_), Asked::Excluded(why)) => Opened::Excluded(why),
        (Ok(_), Asked::Refused) => Opened::Differs("taken; globset refuses it".to_owned()),
        (Err(error), _) => Opened::Differs(format!("refused: {error}; globset takes it")),
    }
}

fn open_route(case: &Case, ours: Compiled, options: &route::Options) -> Opened {
    match route::translate(&case.text, options) {
        Ok(route) => open_regexp(case, ours, &route.source, Some(&route.keys)),
        Err(fault) => both_refuse(&case.text, ours, &fault),
    }
}

/// path-to-regexp refuses a pattern.
fn both_refuse(text: &str, ours: Compiled, theirs: &route::Fault) -> Opened {
    let error = match ours {
        Ok(_) => return Opened::Differs(format!("taken; path-to-regexp says {theirs:?}")),
        Err(error) => error,
    };
    let at = text.get(..error.span.start).map(|before| before.encode_utf16().count());
    // The package may point behind the text.
    let place = theirs.at.map(|at| at.min(text.encode_utf16().count()));
    if error.code == theirs.code && (place.is_none() || place == at) {
        Opened::Refused(error.code)
    } else {
        Opened::Differs(format!("refused: {error} (unit {at:?}); path-to-regexp says {theirs:?}"))
    }
}

/// `source` is what goes to `new RegExp`; `keys` are there if path-to-regexp wrote it.
fn open_regexp(case: &Case, ours: Compiled, source: &str, keys: Option<&[Key]>) -> Opened {
    let dialect = matches!(case.reading, Reading::Dialect(Dialect::Regex));
    let regexp = match (regexp::parse(source), &ours) {
        (Ok(regexp), _) => regexp,
        (Err(Fault::TooDeep), _) => return Opened::Excluded("too deep for the reference"),
        (Err(Fault::Syntax(_)), Ok(_)) => return Opened::Differs(format!("taken; {source} is not valid")),
        // What ours does not support, or a limit, may come before what is wrong.
        (Err(Fault::Syntax(uses)), Err(error)) => {
            let known = error.code == "invalid-regexp" || LIMITS.contains(&error.code);
            return if known || refusals(uses, dialect).contains(&error.code) {
                Opened::Refused(error.code)
            } else {
                Opened::Differs(format!("refused: {error}; {source} is not valid for another reason"))
            };
        }
    };
    let expected = refusals(regexp.uses, dialect);
    let pattern = match ours {
        Ok(pattern) if expected.is_empty() => pattern,
        Ok(_) => return Opened::Differs(format!("taken; {source} should be refused: {expected:?}")),
        Err(error) if expected.contains(&error.code) || LIMITS.contains(&error.code) => {
            return Opened::Restricted(error.code);
        }
        // A parenthesis within a class has turned the expression inside out; taken only where JavaScript's own ways
        // are asked for.
        Err(error)
            if error.code == "invalid-regexp"
                && keys.is_some()
                && case.options.dot_all
                && !is_anchored(&regexp.root) =>
        {
            return Opened::Restricted("inside-out");
        }
        Err(error) => return Opened::Differs(format!("refused: {error}; {source} is valid")),
    };
    let finder = match &case.reading {
        Reading::Dialect(_) => None,
        Reading::Route(options) => {
            Some(Finder::new(&[Entry::Route(&case.text)], &route_options(options), case.options))
        }
        Reading::RegExp => Some(Finder::new(&[Entry::RegExp(&case.text)], &RouteOptions::default(), case.options)),
    };
    // path-to-regexp has no names for groups that it did not write, and trips over them.
    let known = keys.map_or(regexp.groups, <[Key]>::len);
    let finder = match finder.transpose() {
        Ok(finder) => finder.map(|finder| (finder, known)),
        Err(error) => return Opened::Differs(format!("taken as a pattern, not to be found: {error}")),
    };
    let names = match keys {
        Some(keys) => (1..=regexp.groups).zip(keys.iter().map(|key| key.name.clone())).collect(),
        None => regexp.names.iter().map(|(name, number)| (*number, name.clone())).collect(),
    };
    let flags = Flags { ignore_case: case.options.ignore_case, dot_all: case.options.dot_all };
    Opened::Both(Box::new(Pair { pattern, finder, theirs: Theirs::Regexp { regexp, flags, whole: dialect, names } }))
}

/// The codes with which ours may refuse what is valid. Only the dialect of the config has no use for look-ahead.
fn refusals(uses: Uses, dialect: bool) -> Vec<&'static str> {
    [
        (uses.look_ahead && dialect, "look-around"),
        (uses.look_behind, "look-behind"),
        (uses.back_reference, "back-reference"),
        (uses.capture_in_look_ahead, "look-capture"),
    ]
    .into_iter()
    .filter_map(|(used, code)| used.then_some(code))
    .collect()
}

fn is_anchored(root: &Node) -> bool {
    match root {
        Node::Sequence(nodes) => matches!(nodes[..], [Node::Start, .., Node::End]),
        _ => false,
    }
}
