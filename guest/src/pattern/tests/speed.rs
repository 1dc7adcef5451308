//! Time grows with the length of the path, whatever the pattern.

use super::*;
use std::time::{Duration, Instant};

/// Patterns that make a backtracking engine take seconds on 28 repeats.
const CATASTROPHIC: &[(&str, &str)] = &[
    ("/((?:a+)+)b", "a"),
    ("/((?:a|a)*)b", "a"),
    ("/((?:a|aa)+)b", "a"),
    ("/((?:.*)*x)", "a"),
    ("/:a*/:b*/:c*/x", "/a"),
    ("/((?:(?=a+b)a|a)*)c", "a"),
    ("/((?:(?!(?:a+)+b)a)*)c", "a"),
    ("/((?:a?){50}a{50})b", "a"),
    ("/((?!(?:.*a)*b).*)c", "a"),
];

/// 50 kB take well under a second even in a debug build; a backtracking engine would take until the end of days.
#[test]
fn long_paths() {
    for (text, part) in CATASTROPHIC {
        let pattern = compile(Dialect::Pattern, text, JS);
        let path = format!("/{}", part.repeat(50_000 / part.len()));
        let start = Instant::now();
        assert!(!pattern.is_match(&path), "{text}");
        let matching = start.elapsed();
        assert_eq!(pattern.captures(&path), None, "{text}");
        println!("{text}: match {matching:?}, captures {:?}", start.elapsed() - matching);
        assert!(start.elapsed() < Duration::from_secs(10), "{text}: {:?}", start.elapsed());
    }
}
