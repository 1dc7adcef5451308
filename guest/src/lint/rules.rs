//! The rules of the linter: number, what is found, why it matters. A number never changes its meaning.

/// Number, what is found, why it matters.
pub const RULES: &[(&str, &str, &str)] = &[
    (
        "R01",
        "no slash at the start",
        "Paths start with `/`. `createRouteMatcher` silently never matches, Next.js refuses to build.",
    ),
    ("R02", "does not compile", "The package throws when the app is loaded or built."),
    (
        "R03",
        "goes on past its last segment",
        "`/docs(.*)` takes `/docs-internal`, too: in a public list that opens it.",
    ),
    ("R04", "an exact entry, and what is below is open", "`/admin` is protected, `/admin/users` is not."),
    ("R05", "a sub-tree without its root", "`/admin/(.*)` does not take `/admin`."),
    (
        "R06",
        "paths with a dot or an extension are left out",
        "Pages have dots in their paths, too: `/reports/v1.2`, `/users/a.b`.",
    ),
    ("R07", "an extension is left out anywhere in the path", "Without `$` after it, `/a.png/secret` is left out, too."),
    ("R08", "a word that is left out has no end", "`(?!api)` leaves out `/apiary`, too."),
    ("R09", "`/api` is left out altogether", "Handlers below `/api` have to check for themselves, each of them."),
    (
        "R10",
        "the client decides",
        "Headers, cookies, queries and hosts are sent by the client: whoever wants to, meets the condition.",
    ),
    ("R11", "a lost or doubled escape", "`.` takes any character, `[w]` the letter w, and no path holds a backslash."),
    (
        "R12",
        "a matcher that ends in a slash",
        "Next.js asks again without the slash at the end, so it never runs unless `trailingSlash` is on.",
    ),
    (
        "R13",
        "upper and lower case differ",
        "A matcher or `RegExp` compares letters with their case; servers and file systems may not.",
    ),
    (
        "R14",
        "characters that are sent in escapes",
        "A browser sends `/café` as `/caf%C3%A9`. Some servers decode that, others do not.",
    ),
    (
        "R15",
        "a route group in the pattern",
        "A folder `(auth)` is no part of the path; in a pattern `(auth)` is the text `auth`.",
    ),
    (
        "R16",
        "a star that means something else",
        "In route patterns `*` repeats what is before it; in globs it stays within one segment.",
    ),
    (
        "R17",
        "an expression that remembers",
        "With `g` or `y`, `test` goes on where it stopped: the same path matches and does not, in turn.",
    ),
    (
        "R18",
        "an expression without a fixed start or end",
        "`/\\/public/` takes `/admin/public`, and `/^\\/admin/` takes `/administrator`.",
    ),
    (
        "R19",
        "exponential elsewhere",
        "Harmless here. An engine that backtracks, like that of JavaScript, takes seconds for a short path.",
    ),
    ("R20", "not supported", "Back-references and look-behind cannot be matched in linear time."),
    ("R21", "a public entry and a protecting one take the same path", "The one that comes first wins."),
    ("R22", "a wildcard before the text", "`/(.*)inngest(.*)` opens every path that holds `inngest` anywhere."),
    ("R23", "a protected path that the matcher does not reach", "The check never runs for it."),
    (
        "R24",
        "twins of Next.js are not covered",
        "A page is also served as `/_next/data/…json`, `.rsc` and `.segments`.",
    ),
    ("R25", "nothing is left for this entry", "Other entries take all of its paths."),
    ("R26", "`.` stops at a line break", "`/admin/%0Ax` is not taken by `/admin(.*)` once it is decoded."),
    ("R27", "spellings of one path differ", "The escaped spelling is public, the decoded one protected."),
    ("R28", "an escaped slash stays within a parameter", "`:id` takes `a%2Fb`; a server behind may read two segments."),
    ("R29", "what is in no list is open", "A page that is forgotten in the list is open to everybody."),
    ("R30", "a parameter at the root", "`/:user` takes `/login`, `/admin` and `/api`, too."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty() {
        for (number, (rule, title, reason)) in (1..).zip(RULES) {
            assert_eq!(*rule, format!("R{number:02}"));
            assert!(!title.ends_with('.') && reason.ends_with('.'), "{rule}");
        }
        assert_eq!(RULES.len(), 30);
    }
}
