//! `[paths]` and `[next]`: what a path may look like, and what a Next.js app makes of it.

use super::rules::CONDITION;
use super::{Key, Shape, Table};

const REJECT_OR_KEEP: &Shape = &Shape::Word(&[
    ("reject", "answered with 400"),
    ("keep", "passed on as it is; every reading that it makes possible is judged, and a dangerous one refused"),
]);

pub(super) static PATHS: Table = Table {
    name: "paths",
    title: "[paths]",
    doc: "Checks of a path, each of which can be relaxed for a server behind that needs it. See the page on paths.",
    example: "[paths]\nencoded-slash = \"keep\"",
    keys: &[
        key!("encoded-slash", REJECT_OR_KEEP, "`%2F`, at any level of encoding.", default "\"reject\""),
        key!("encoded-backslash", REJECT_OR_KEEP, "`%5C`, at any level of encoding.", default "\"reject\""),
        key!("encoded-control", REJECT_OR_KEEP, "Escapes of control characters and line separators: `%00`, `%0A`.", default "\"reject\""),
        key!("bad-escape", REJECT_OR_KEEP, "`%` without two hexadecimal digits.", default "\"reject\""),
        key!(
            "double-slash",
            &Shape::Word(&[
                ("reject", "answered with 400"),
                ("redirect", "answered with 308 to the path with single slashes, as Next.js does"),
            ]),
            "`//` in the path.",
            default "\"reject\"; with the preset `nextjs` \"redirect\""
        ),
    ],
    habits: &[("double-slashes", "`double-slash`"), ("encoded-slashes", "`encoded-slash`")],
};

pub(super) static NEXT: Table = Table {
    name: "next",
    title: "[next]",
    doc: "A Next.js app is behind: the parts of its `next.config` that change what a path means. The table alone has the effect of the preset `nextjs`. Rules are written as in the app: without base path and locale.",
    example: "presets = [\"nextjs\"]\n\n[next]\nbase-path = \"/shop\"\nlocales = [\"en\", \"fr\"]\ndefault-locale = \"en\"\nmatcher = [\"/((?!.*\\\\..*|_next).*)\", \"/\", \"/(api|trpc)(.*)\"]",
    keys: &[
        key!("base-path", &Shape::Text("path"), "`basePath` of the app.", default "none"),
        key!("locales", &Shape::Texts("locale"), "`i18n.locales` of the app.", default "none"),
        key!("default-locale", &Shape::Text("locale"), "`i18n.defaultLocale` of the app; goes with `locales`."),
        key!("trailing-slash", &Shape::Bool, "`trailingSlash` of the app.", default "false"),
        key!(
            "matcher",
            &Shape::Choice(&[
                Shape::Text("matcher source"),
                Shape::List(&Shape::Choice(&[Shape::Text("matcher source"), Shape::Table(&MATCHER_ENTRY)])),
            ]),
            "`config.matcher` of the app's middleware. It narrows where redirects, rewrites and header changes apply; rules that protect apply everywhere."
        ),
        key!(
            "outside-matcher",
            &Shape::Word(&[
                ("protected", "rules that protect apply there, too"),
                ("unprotected", "nothing is protected there, as in Next.js: a page outside the matcher is open to everybody"),
            ]),
            "What happens outside `matcher`.",
            default "\"protected\""
        ),
    ],
    habits: &[
        ("basepath", "`base-path`"),
        ("trailingslash", "`trailing-slash`"),
        ("i18n", "`locales` and `default-locale`"),
        ("defaultlocale", "`default-locale`"),
    ],
};

static MATCHER_ENTRY: Table = Table {
    name: "matcher-entry",
    title: "next.matcher",
    doc: "An entry of `config.matcher` with conditions, as the app has it.",
    example: "[next]\nmatcher = [{ source = \"/api/:path*\", has = [{ type = \"header\", key = \"x-flag\" }] }]",
    keys: &[
        key!("source", &Shape::Text("matcher source"), "The path.", required),
        key!("locale", &Shape::Bool, "`false`: the path stands as it is, without a locale.", default "true"),
        key!("has", &Shape::List(&Shape::Table(&CONDITION)), "Conditions that all must hold."),
        key!("missing", &Shape::List(&Shape::Table(&CONDITION)), "Conditions of which none may hold."),
    ],
    habits: &[("regexp", "`source`")],
};

pub(super) static REGEXP: Table = Table {
    name: "regexp",
    title: "pattern",
    doc: "A JavaScript `RegExp` in a list of `createRouteMatcher`: found anywhere in the path unless it says otherwise, with case unless its flags say otherwise.",
    example: "[[route]]\npattern = [\"/account(.*)\", { regexp = \"^/api/v[0-9]+/private\", flags = \"i\" }]\nrequire = \"session\"",
    keys: &[
        key!("regexp", &Shape::Text("source of a `RegExp`"), "What stands between the slashes.", required),
        key!("flags", &Shape::Text("flags"), "`i`, `s`; `g` and `y` would make the same path match and not match in turn.", default "none"),
    ],
    habits: &[("source", "`regexp`"), ("re", "`regexp`")],
};
