//! What `check` says of routes: the rule, the very text, and a path that shows it.

use super::*;
use crate::config::lint;
use crate::diagnostic::Severity;

const HEAD: &str = "version = 1
[session.s]
kind = \"jwt-cookie\"
cookie = \"session\"
issuer = \"https://login.example.com\"
audience = \"app\"
";

/// Rule, underlined text, and how bad it is.
fn found(default: &str, rules: &str) -> Vec<(&'static str, String, Severity)> {
    let text = format!("default = \"{default}\"\n{HEAD}{rules}");
    load(&text, Format::Toml).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let linted = lint(&text, Format::Toml);
    assert_eq!(linted.undecided, 0);
    let found = linted.findings.iter().map(|finding| {
        assert!(finding.help.is_some(), "{finding:?}");
        (finding.code, underlined(&text, finding).to_owned(), finding.severity)
    });
    found.collect()
}

fn codes(default: &str, rules: &str) -> Vec<(&'static str, String)> {
    found(default, rules).into_iter().map(|(code, text, _)| (code, text)).collect()
}

fn route(paths: &str, require: &str) -> String {
    format!("[[route]]\n{paths}\nrequire = \"{require}\"\n")
}

#[track_caller]
fn has(found: &[(&'static str, String)], code: &str, text: &str) {
    assert!(found.iter().any(|(c, t)| *c == code && t == text), "no {code} at {text}: {found:?}");
}

#[test]
fn open_ends_and_half_protected_pages() {
    has(&codes("session", &route("pattern = \"/docs(.*)\"", "public")), "R03", "(.*)");
    has(&codes("public", &route("glob = \"/admin\"", "session")), "R04", "/admin");
    has(&codes("public", &route("pattern = \"/admin/:path+\"", "session")), "R05", "/admin/:path+");
    has(&codes("session", &route("pattern = \"/:user\"", "public")), "R30", ":user");
    // What is below is not open: nothing to say.
    let closed = codes("session", &route("glob = \"/admin\"", "deny"));
    assert!(!closed.iter().any(|(code, _)| *code == "R04"), "{closed:?}");
    let whole = codes("public", &route("glob = \"/admin/**\"", "session"));
    assert!(!whole.iter().any(|(code, _)| ["R04", "R05"].contains(code)), "{whole:?}");
}

#[test]
fn a_path_shows_it() {
    let text = format!("default = \"session\"\n{HEAD}{}", route("pattern = \"/docs(.*)\"", "public"));
    let linted = lint(&text, Format::Toml);
    let finding = linted.findings.iter().find(|finding| finding.code == "R03").expect("found");
    let label = &finding.labels[0].message;
    let path = label.split('`').nth(1).expect("a path");
    assert!(path.starts_with("/docs") && !path.starts_with("/docs/"), "{label}");
}

#[test]
fn rules_that_hide_others() {
    let two = |a: &str, a_require: &str, b: &str, b_require: &str| {
        codes("public", &format!("{}{}", route(a, a_require), route(b, b_require)))
    };
    for (first, first_require, second, hidden) in [
        ("glob = \"/x/**\"", "session", "glob = \"/x/**\"", "/x/**"),
        ("glob = \"/**\"", "session", "glob = \"/y/**\"", "/y/**"),
        ("pattern = [\"/a/:p*\", \"/b(.*)\"]", "session", "glob = \"/{a,b}/x\"", "/{a,b}/x"),
        (
            "glob = \"/x/**\"\nmethods = \"GET\"",
            "session",
            "glob = \"/x/**\"\nmethods = \"GET\"\nhost = \"a.test\"",
            "/x/**",
        ),
    ] {
        has(&two(first, first_require, second, "deny"), "R25", hidden);
    }
    // What leaves something hides nothing.
    for (first, second) in [
        ("glob = \"/x/**\"\nmethods = \"GET\"", "glob = \"/x/**\""),
        ("glob = \"/x/**\"\nexcept.glob = \"/x/y\"", "glob = \"/x/**\""),
        ("glob = \"/x/*\"", "glob = \"/x/**\""),
    ] {
        let found = two(first, "session", second, "deny");
        assert!(!found.iter().any(|(code, _)| *code == "R25"), "{first}, {second}: {found:?}");
    }
    // A public rule takes paths as they are written, a protecting one in any case: `/X/a` is left to the second.
    has(&two("glob = \"/x/**\"", "public", "glob = \"/x/**\"", "deny"), "R21", "/x/**");
    has(&two("pattern = \"/a/:id\"", "public", "glob = \"/a/admin/**\"", "session"), "R21", "/a/:id");
}

/// A redirect hides a rule as well as any other, and opens nothing by itself.
#[test]
fn redirects_hide_rules() {
    let redirect = "[[route]]\ncompat = \"js\"\npattern = \"/old(.*)\"\nredirect = \"/new\"\n";
    let found = codes("public", &format!("{redirect}{}", route("glob = \"/old/admin/**\"", "session")));
    has(&found, "R25", "/old/admin/**");
    assert!(!codes("session", redirect).iter().any(|(code, _)| *code == "R03"));
}

const MATCHER: &str = "[next]\nmatcher = [\"/((?!.*\\\\..*|_next).*)\", \"/\", \"/(api|trpc)(.*)\"]\n";

/// The gate protects outside of the matcher, so what it leaves out is worth knowing and no more; unless the config opens it.
#[test]
fn what_a_matcher_leaves_out() {
    let rules = route("pattern = \"/account(.*)\"", "session");
    let notes = found("public", &format!("{MATCHER}{rules}"));
    for code in ["R06", "R23"] {
        let of = |(found, _, severity): &&(&str, String, Severity)| *found == code && *severity == Severity::Note;
        assert!(notes.iter().any(|finding| of(&finding)), "{code}: {notes:?}");
    }
    let open = MATCHER.replace("[next]\n", "[next]\noutside-matcher = \"unprotected\"\n");
    let warnings = found("public", &format!("{open}{rules}"));
    let of = |(found, _, severity): &&(&str, String, Severity)| *found == "R23" && *severity == Severity::Warning;
    assert!(warnings.iter().any(|finding| of(&finding)), "{warnings:?}");
}

#[test]
fn conditions_that_a_client_chooses() {
    let matcher = "[next]\noutside-matcher = \"unprotected\"\nmatcher = [{ source = \"/a/:path*\", missing = [{ type = \"header\", key = \"next-action\" }] }]\n";
    has(&codes("session", matcher), "R10", "{ type = \"header\", key = \"next-action\" }");
    has(
        &codes("public", &route("glob = \"/a/**\"\nhas = [{ type = \"cookie\", key = \"x\" }]", "session")),
        "R10",
        "{ type = \"cookie\", key = \"x\" }",
    );
    // Methods and hosts are checked by the gate itself.
    let found = codes("public", &route("glob = \"/a/**\"\nmethods = \"POST\"\nhost = \"a.test\"", "session"));
    assert!(!found.iter().any(|(code, _)| *code == "R10"), "{found:?}");
}

#[test]
fn nothing_is_said_of_a_config_that_cannot_be_loaded() {
    assert_eq!(lint("version = 1\n", Format::Toml), crate::config::Linted::default());
    assert_eq!(lint("", Format::Json), crate::config::Linted::default());
}
