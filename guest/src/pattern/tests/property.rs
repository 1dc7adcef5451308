//! Agreement between ways that must agree.

use super::*;
use proptest::prelude::*;

/// Texts made of what patterns are made of.
fn pattern() -> impl Strategy<Value = (Dialect, String)> {
    let route = prop::sample::select(vec![
        "/",
        "/a",
        "/ab",
        "/Api",
        "(.*)",
        "/:x",
        ":y",
        "/:p*",
        "/:p+",
        "?",
        "{-:z}?",
        "((?!a|b).*)",
        "(a|b)",
        ".",
        "/é",
        "(\\d+)",
        "{/(.*)}?",
        "((?:(?!ab).)*)",
        "((?:a|a)*)",
        "\\",
        "(",
        ")",
        "*",
        "([^/]+)",
    ]);
    let glob = prop::sample::select(vec![
        "/", "/a", "/ab", "/Api", "/**", "*", "/*", "?", "{a,b}", "{,/**}", "[!a]", "[a-c]", ".", "/é", "/**/", "{",
        "[",
    ]);
    let regex = prop::sample::select(vec![
        "/", "/a", "a", ".*", "a+", "(a|b)", "[^/]+", "(?<n>.)", "?", "|", "^", "$", "\\b", "é", "(", "{2}", "(?:/.*)?",
    ]);
    let join = |dialect| move |parts: Vec<&'static str>| (dialect, parts.concat());
    prop_oneof![
        prop::collection::vec(route, 0..6).prop_map(join(Dialect::Pattern)),
        prop::collection::vec(glob, 0..6).prop_map(join(Dialect::Glob)),
        prop::collection::vec(regex, 0..6).prop_map(join(Dialect::Regex)),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "/", "/a", "a", "b", "/ab", "/API", "x", "-", ".", "é", "/É", "1", "\n", "?", "#", "/api", "😀", "\u{2028}",
    ]);
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn options() -> impl Strategy<Value = Options> {
    (any::<bool>(), any::<bool>()).prop_map(|(ignore_case, dot_all)| Options { ignore_case, dot_all })
}

/// Without literal text taken off and without shapes.
fn by_automaton(dialect: Dialect, text: &str, options: Options) -> Option<automaton::Automaton> {
    let flags = js::Flags { fold: options.ignore_case, dot_all: options.dot_all, plain: false };
    let (regex, flags) = match dialect {
        Dialect::Pattern => (route::translate(text, &RouteOptions::default()).ok()?.regex, flags),
        Dialect::Glob => (glob::translate(text).ok()?, js::Flags { dot_all: true, ..flags }),
        Dialect::Regex => (text.to_owned(), js::Flags { plain: true, ..flags }),
    };
    let tree = js::parse(&regex, flags).ok()?;
    automaton::Automaton::compile(&tree, std::slice::from_ref(&tree.root)).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// A set answers as its members do; a member as the bare automaton; captures come with a match.
    #[test]
    fn set_is_its_members(
        texts in prop::collection::vec((pattern(), options()), 0..20),
        paths in prop::collection::vec(path(), 1..12),
    ) {
        let members: Vec<_> = texts
            .iter()
            .filter_map(|((dialect, text), options)| {
                let pattern = Pattern::compile(*dialect, text, *options).ok()?;
                Some((by_automaton(*dialect, text, *options).expect("compiled before"), pattern))
            })
            .collect();
        let set = PatternSet::new(members.iter().map(|(_, pattern)| pattern.clone()).collect());
        let mut hits = vec![7];
        for path in &paths {
            set.matches(path, &mut hits);
            let units: Vec<u16> = path.encode_utf16().collect();
            for (number, (automaton, pattern)) in members.iter().enumerate() {
                let hit = hits.contains(&u32::try_from(number).expect("few"));
                prop_assert_eq!(hit, pattern.is_match(path), "{} {:?}", pattern.source(), path);
                prop_assert_eq!(hit, automaton.is_match(units.as_slice(), 0), "{} {:?}", pattern.source(), path);
                prop_assert_eq!(hit, pattern.captures(path).is_some(), "{} {:?}", pattern.source(), path);
                if let (Some(params), Some(found)) = (pattern.captures(path), automaton.captures(units.as_slice(), 0)) {
                    let found: Vec<String> = found
                        .into_iter()
                        .flatten()
                        .map(|(start, end)| String::from_utf16_lossy(&units[start..end]))
                        .collect();
                    let params: Vec<String> = params.into_iter().map(|(_, value)| value).collect();
                    prop_assert_eq!(params, found, "{} {:?}", pattern.source(), path);
                }
            }
            prop_assert!(hits.is_sorted());
        }
    }

    /// No text makes the parsers panic, and every place they name is one.
    #[test]
    fn no_text_panics(text in r"[/a:(){}\[\]*+?|\\.<>!=^$,0-9k-né😀-]{0,40}", path in path()) {
        for dialect in [Dialect::Pattern, Dialect::Glob, Dialect::Regex] {
            let _ = misplaced(dialect, &text);
            match Pattern::compile(dialect, &text, FOLD) {
                Ok(pattern) => prop_assert_eq!(pattern.is_match(&path), pattern.captures(&path).is_some()),
                Err(error) => prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{}: {}", text, error),
            }
        }
    }

    /// Globs take what `globset` takes.
    #[test]
    fn globs_take_what_globset_takes(text in r"/[ab/*?{},\[\]!]{0,10}", path in r"/[ab/]{0,8}") {
        let theirs = globset::GlobBuilder::new(&text).literal_separator(true).empty_alternates(true).build();
        let ours = Pattern::compile(Dialect::Glob, &text, PLAIN);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs)
            && !text.contains('[')
            && theirs.compile_matcher().is_match(&path)
        {
            prop_assert!(ours.is_match(&path), "{} {}", text, path);
        }
    }
}
