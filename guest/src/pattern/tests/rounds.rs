//! What rounds of a repetition capture, as JavaScript has it. Each of these was told otherwise by the plain automaton.

use super::*;

fn captures(dialect: Dialect, text: &str, path: &str) -> Vec<String> {
    let params = compile(dialect, text, PLAIN).captures(path).unwrap_or_else(|| panic!("{text} must match {path}"));
    params.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn an_optional_round_that_takes_nothing_captures_nothing() {
    for (text, path, expected) in [
        ("/x(.*)?", "/x", &[][..]),
        ("/x(.*)?", "/xy", &["0=y"]),
        ("/x(a*)?(b*)", "/xb", &["1=b"]),
        ("/x((?:))?", "/x", &[]),
        ("/x((?=y)|y)?", "/xy", &["0=y"]),
        // Without the question mark it is no round.
        ("/x(.*)", "/x", &["0="]),
        ("/:a{-:b(y*)}?", "/x-", &["a=x", "b="]),
    ] {
        assert_eq!(captures(Dialect::Pattern, text, path), expected, "{text} {path}");
    }
    for (text, path, expected) in [
        ("(?<d>[^]*?)+", "aA", &["d=A"][..]),
        ("(?<d>a*)*", "", &[]),
        // Needed rounds may be empty.
        ("(?<d>a*)+", "", &["d="]),
        ("(?<d>a*){2}", "a", &["d="]),
        ("(?<d>a*){2,}", "aa", &["d="]),
        ("(?<d>|a)+", "a", &["d=a"]),
        ("(?:(?<a>x?)(?<b>y?))*z", "xyz", &["a=x", "b=y"]),
        ("(?:(?<a>x?)*(?<b>y?))*?z", "xyxz", &["a=x", "b="]),
    ] {
        assert_eq!(captures(Dialect::Regex, text, path), expected, "{text} {path}");
    }
}

#[test]
fn each_round_forgets_what_the_one_before_captured() {
    for (text, path, expected) in [
        ("(?:(?<a>x)|(?<b>y))+", "xy", &["b=y"][..]),
        ("(?:(?<a>x)|y){2}", "xy", &[]),
        ("(?:(?<a>x)|y){1,3}z", "xyz", &[]),
        ("(?:(?<a>x)?y)*", "xyxy", &["a=x"]),
        ("(?:(?<a>x)?y)*", "xyy", &[]),
        ("(?<o>(?:(?<a>x)|y)*-)+", "x-y-", &["o=y-"]),
        // An optional part is one round: there is nothing to forget.
        ("(?:(?<a>x)|y)?(?<b>z)", "xz", &["a=x", "b=z"]),
    ] {
        assert_eq!(captures(Dialect::Regex, text, path), expected, "{text} {path}");
    }
}

#[test]
fn rounds_within_rounds_stay_small() {
    let nested = format!("(?<a>{}x{}*)", "(?:".repeat(40), "*)".repeat(40));
    assert_eq!(captures(Dialect::Regex, &nested, "xxx"), ["a=xxx"]);
    assert_eq!(captures(Dialect::Regex, &nested, ""), ["a="]);
}
