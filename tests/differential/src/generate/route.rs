//! Random route patterns as path-to-regexp reads them.

use super::damage;
use super::regex::{Style, broken_regex, regex};
use crate::random::Random;

/// A random route pattern; about one of ten does not compile.
pub fn route(random: &mut Random) -> String {
    let mut out = String::from(random.weighted(&[(92, "/"), (4, ""), (2, "//"), (2, "\\/")]));
    for _ in 0..random.weighted(&[(4, 0), (22, 1), (28, 2), (24, 3), (14, 4), (8, 6)]) {
        part(random, &mut out);
    }
    if random.chance(6) {
        return damage(
            random,
            &out,
            &["*", "+", "?", "(", ")", "{", "}", ":", "\\", "[", "]", "()", "(?", ":a", "([)", "(])", "{}", "|"],
        );
    }
    out
}

fn part(random: &mut Random, out: &mut String) {
    match random.below(100) {
        0..40 => text(random, out),
        40..58 => parameter(random, out),
        58..68 => out.push_str("(.*)"),
        68..84 => group(random, out),
        84..94 => braces(random, out),
        94..98 => {
            out.push('\\');
            out.push(random.pick(&[':', '(', ')', '{', '}', '*', '+', '?', '.', '\\', '/', '[', 'a', 'é', '😀', '^']));
        }
        _ => out.push_str(random.pick(&["(.*)(.*)", "/:a/:a", "/:a-:b", ".:ext", "/:a.:b?", "/:x*/:y*", "/(.*)/:x"])),
    }
}

fn text(random: &mut Random, out: &mut String) {
    let texts = [
        "/",
        "/",
        "/a",
        "/b",
        "/ab",
        "/foo",
        "/foo/bar",
        "/admin",
        "/API",
        "/v1",
        "-",
        ".",
        "_",
        "x",
        "a",
        "é",
        "/É",
        "\u{17f}",
        "\u{212a}",
        "/ß",
        "😀",
        "%20",
        "%2F",
        "~",
        "!",
        "=",
        "$",
        ";",
        "|",
        "^",
        "]",
        "[",
        ",",
        " ",
        "#",
        "@",
        "\u{2028}",
        "&",
        "/.well-known",
        "/_next",
        ".json",
        "<",
        "'",
    ];
    out.push_str(random.pick(&texts));
}

fn name(random: &mut Random, out: &mut String) {
    out.push(':');
    out.push_str(random.pick(&["a", "b", "id", "slug", "path", "x1", "_", "9", "0", "A", "a"]));
}

fn modifier(random: &mut Random, out: &mut String) {
    out.push_str(random.weighted(&[(55, ""), (19, "?"), (15, "*"), (11, "+")]));
}

fn parameter(random: &mut Random, out: &mut String) {
    if random.chance(80) {
        out.push_str(random.weighted(&[(85, "/"), (8, "."), (4, "-"), (3, "\\.")]));
    }
    name(random, out);
    if random.chance(30) {
        plain_group(random, out);
    }
    modifier(random, out);
}

fn plain_group(random: &mut Random, out: &mut String) {
    let inner = if random.chance(4) { broken_regex(random, Style::Group) } else { regex(random, Style::Group) };
    // What stands inside must balance for path-to-regexp, which does not know classes.
    out.push('(');
    out.push_str(&inner);
    out.push(')');
}

fn group(random: &mut Random, out: &mut String) {
    if random.chance(70) {
        out.push('/');
    }
    plain_group(random, out);
    // Repeating needs a prefix.
    if random.chance(35) {
        out.push_str(random.weighted(&[(70, "?"), (15, "*"), (15, "+")]));
    }
}

fn braces(random: &mut Random, out: &mut String) {
    out.push('{');
    for _ in 0..random.below(2) {
        text(random, out);
    }
    if random.chance(75) {
        if random.chance(65) {
            name(random, out);
        }
        if random.chance(45) {
            plain_group(random, out);
        }
        if random.chance(30) {
            text(random, out);
        }
    }
    out.push('}');
    modifier(random, out);
}
