//! `[[guard]]`, `[[route]]` and what stands in them.

use super::paths::REGEXP;
use super::{Key, Names, Shape, Table};

const ID: Key = key!("id", &Shape::Text("name"), "Name of the rule, in logs, in `explain` and in tests.");
const GLOB: Key =
    key!("glob", &Shape::Texts("glob"), "Paths as globs: `/admin/**` (takes `/admin` too), `/img/*.png`.");
const PATTERN: Key = key!(
    "pattern",
    &Shape::Choice(&[
        Shape::Text("route pattern"),
        Shape::List(&Shape::Choice(&[Shape::Text("route pattern"), Shape::Table(&REGEXP)])),
        Shape::Table(&REGEXP),
    ]),
    "Paths as in `createRouteMatcher`: `/product(.*)`, `/docs/:path*`, one or a list; a `RegExp` is a table."
);
const REGEX: Key = key!(
    "regex",
    &Shape::Texts("regular expression"),
    "Paths as regular expressions, anchored at both ends, without look-around."
);
const EXCEPT: Key = key!("except", &Shape::Table(&EXCEPTIONS), "Paths that the rule leaves out.");
const HOST: Key =
    key!("host", &Shape::Texts("host"), "Hosts: `example.com`, `*.example.com`, `{tenant}.example.com`, `tenants`.");
const METHODS: Key =
    key!("methods", &Shape::Texts("method"), "Methods, in upper case: `GET`, `POST`.", default "every method");
const HAS: Key = key!("has", &Shape::List(&Shape::Table(&CONDITION)), "Conditions that all must hold.");
const MISSING: Key = key!("missing", &Shape::List(&Shape::Table(&CONDITION)), "Conditions of which none may hold.");
const WHEN: Key = key!(
    "when",
    &Shape::Text("`env:NAME`"),
    "A switch: the rule applies while the variable is set, and not to `0`, `false`, `off` or `no`."
);
const REQUIRE: Key = key!("require", &REQUIREMENT, "Who may pass.");
const REDIRECT: Key = key!(
    "redirect",
    &Shape::Choice(&[Shape::Text("address template"), Shape::Table(&REDIRECTION)]),
    "Send everybody elsewhere: `\"/new/:slug*\"`, or a table."
);
const RESPOND: Key = key!("respond", &Shape::Table(&RESPONSE), "Answer everybody.");
const REQUEST_HEADERS: Key =
    key!("request-headers", &Shape::Table(&EDITS), "Changes of the request that goes to the server behind.");
const RESPONSE_HEADERS: Key = key!("response-headers", &Shape::Table(&EDITS), "Changes of the response.");
const SET_COOKIES: Key =
    key!("set-cookies", &Shape::List(&Shape::Table(&COOKIE)), "Cookies to set, with fixed values.");
const CLEAR_COOKIES: Key = key!("clear-cookies", &Shape::Texts("cookie name"), "Cookies to remove (path `/`).");
const ON_ANONYMOUS: Key = key!(
    "on-anonymous",
    &Shape::Table(&ON_REFUSAL),
    "What visitors without a session get instead of the answer by request kind."
);
const ON_FORBIDDEN: Key =
    key!("on-forbidden", &Shape::Table(&ON_REFUSAL), "What visitors get who have a session but are not allowed.");

const HABITS: &[(&str, &str)] = &[
    ("path", "`glob` or `pattern`: they name the dialect"),
    ("paths", "`glob` or `pattern`: they name the dialect"),
    ("match", "`glob` or `pattern`: they name the dialect"),
    ("matcher", "`pattern`"),
    ("source", "`pattern`"),
    ("destination", "`redirect` or `rewrite`"),
    ("method", "`methods`"),
    ("hosts", "`host`"),
    ("name", "`id`"),
    ("headers", "`request-headers` or `response-headers`"),
    ("auth", "`require`"),
    ("allow", "`require`"),
];

pub(super) static GUARD: Table = Table {
    name: "guard",
    title: "[[guard]]",
    doc: "Rules that every request meets before any route: all that match, in order. At most one of `require`, `redirect` and `respond`; without paths it is for all paths.",
    example: "[[guard]]\nid = \"maintenance\"\nwhen = \"env:MAINTENANCE\"\nmissing = [{ type = \"cookie\", key = \"staff\" }]\nrespond = { status = 503, file = \"503.html\", headers = { retry-after = \"600\" } }",
    keys: &[
        ID,
        WHEN,
        GLOB,
        PATTERN,
        REGEX,
        EXCEPT,
        HOST,
        METHODS,
        HAS,
        MISSING,
        REQUIRE,
        REDIRECT,
        RESPOND,
        REQUEST_HEADERS,
        RESPONSE_HEADERS,
        SET_COOKIES,
        CLEAR_COOKIES,
        ON_ANONYMOUS,
        ON_FORBIDDEN,
    ],
    habits: HABITS,
};

const COMPAT: &[(&str, &str)] = &[
    ("js", "`pattern` as path-to-regexp 6.3 does it, bit for bit: case does not count, `.` stops at line breaks"),
    (
        "next",
        "`pattern` as Next.js reads the `source` of redirects, rewrites and headers: a segment ends at `/` alone, one slash may follow",
    ),
];

pub(super) static ROUTE: Table = Table {
    name: "route",
    title: "[[route]]",
    doc: "Rules by path, in order: the first one that matches decides. Needs at least one condition, and exactly one of `require`, `redirect` and `respond`.",
    example: "[[route]]\nid = \"admin\"\nglob = \"/admin/**\"\nexcept.glob = \"/admin/health\"\nrequire = { role = \"admin\" }\non-forbidden = { rewrite = \"/403\", status = 403 }",
    keys: &[
        ID,
        GLOB,
        PATTERN,
        REGEX,
        EXCEPT,
        HOST,
        METHODS,
        HAS,
        MISSING,
        WHEN,
        key!("compat", &Shape::Word(COMPAT), "How `pattern` is read."),
        REQUIRE,
        REDIRECT,
        RESPOND,
        key!(
            "rewrite",
            &Shape::Text("path template"),
            "Path to ask the server behind for instead; goes with `require`."
        ),
        key!("upstream", &Shape::Text("upstream name"), "Which of `proxy.upstreams` serves it.", default "the default upstream"),
        REQUEST_HEADERS,
        RESPONSE_HEADERS,
        SET_COOKIES,
        CLEAR_COOKIES,
        ON_ANONYMOUS,
        ON_FORBIDDEN,
    ],
    habits: HABITS,
};

static EXCEPTIONS: Table = Table {
    name: "except",
    title: "except",
    doc: "Paths that a rule leaves out, in the same dialects.",
    example: "[[route]]\nglob = \"/api/**\"\nexcept.glob = [\"/api/auth/**\", \"/api/health\"]\nrequire = \"session\"",
    keys: &[GLOB, PATTERN, REGEX],
    habits: &[("path", "`glob` or `pattern`"), ("paths", "`glob` or `pattern`")],
};

const CONDITION_TYPES: &[(&str, &str)] = &[
    ("header", "a request header"),
    ("cookie", "a cookie"),
    ("query", "a query parameter"),
    ("host", "the host; takes no `key`"),
];

pub(super) static CONDITION: Table = Table {
    name: "condition",
    title: "has / missing",
    doc: "A condition, as in Next.js. Named groups of `value` are captures: `(?<id>\\d+)` is `:id` in `redirect` and `rewrite`.",
    example: "[[route]]\nglob = \"/old\"\nhas = [{ type = \"query\", key = \"action\", value = \"logout\" }]\nredirect = \"/logout\"",
    keys: &[
        key!("type", &Shape::Word(CONDITION_TYPES), "What is looked at.", required),
        key!("key", &Shape::Text("name"), "Its name."),
        key!("value", &Shape::Text("regular expression"), "What the value must be, as a whole.", default "anything but the empty text"),
    ],
    habits: &[("name", "`key`")],
};

static REQUIREMENT: Shape = Shape::Choice(&[Shape::Word(REQUIRE_WORDS), Shape::Table(&REQUIRE_TABLE)]);

const REQUIRE_WORDS: &[(&str, &str)] = &[
    ("public", "everybody"),
    ("session", "anybody with a session"),
    ("signed-out", "only those without a session; others go to `sign-in.after`"),
    ("deny", "nobody; answered with 404"),
];

static REQUIRE_TABLE: Table = Table {
    name: "require",
    title: "require",
    doc: "Who may pass, as a table: exactly one of `role`, `claim`, `bearer`, `clerk`, `webhook`, `any` and `all`. In an `all` that holds a `bearer`, roles and claims are those of that token; elsewhere those of the session.",
    example: "[roles]\nadmin = { claim = \"groups\", has = \"admins\" }\n\n[[route]]\nglob = \"/billing/**\"\nrequire = { any = [{ role = \"admin\" }, { claim = \"plan\", in = [\"pro\", \"team\"] }] }",
    keys: &[
        key!("role", &Shape::Text("role name"), "A role of `[roles]`."),
        key!("claim", &Shape::Text("claim"), "A claim: `email`, `org.slug`; alone it must be present and not empty."),
        EQUALS,
        IN,
        CLAIM_HAS,
        key!("bearer", &Shape::Text("provider name"), "A bearer token of `[bearer.NAME]`."),
        key!("scope", &Shape::Texts("scope"), "With `bearer`: scopes that the token must have, all of them."),
        CLERK,
        key!("webhook", &Shape::Text("webhook name"), "A signed message of `[webhook.NAME]`."),
        key!("any", &Shape::List(&REQUIREMENT), "One of these."),
        key!("all", &Shape::List(&REQUIREMENT), "All of these."),
    ],
    habits: &[("roles", "`role`, several of them in `any`"), ("scopes", "`scope`"), ("or", "`any`"), ("and", "`all`")],
};

const CLERK: Key =
    key!("clerk", &Shape::Table(&CLERK_TABLE), "What Clerk's `has()` asks of a session; all parts must hold.");
const REVERIFICATION: &[(&str, &str)] = &[
    ("strict_mfa", "both factors within 10 minutes"),
    ("strict", "the second factor within 10 minutes"),
    ("moderate", "the second factor within an hour"),
    ("lax", "the second factor within a day"),
];
const LEVELS: &[(&str, &str)] = &[
    ("first_factor", "the first factor"),
    ("second_factor", "the second factor, or the first for those who have no second"),
    ("multi_factor", "both, or the first for those who have no second"),
];

static CLERK_TABLE: Table = Table {
    name: "clerk",
    title: "clerk",
    doc: "What a session of Clerk must have. All parts that are written must hold; roles and permissions are those in the active organisation.",
    example: "[proxy]\npublic-origin = \"https://app.example.com\"\n\n[session.main]\nkind = \"clerk\"\npublishable-key = \"env:CLERK_PUBLISHABLE_KEY\"\nsecret-key = \"env:CLERK_SECRET_KEY\"\n\n[roles]\nbilling = { clerk = { permission = \"org:billing:manage\" } }\n\n[[route]]\nglob = \"/settings/**\"\nrequire = { clerk = { role = \"org:admin\", reverification = \"strict\" } }",
    keys: &[
        key!("role", &Shape::Text("role"), "The role: `org:admin`; `org:` may be left out."),
        key!("permission", &Shape::Text("permission"), "A permission: `org:billing:manage`; `org:` may be left out."),
        key!("feature", &Shape::Text("feature"), "A feature: `dashboard`, `org:dashboard`, `user:beta`."),
        key!("plan", &Shape::Text("plan"), "A plan: `pro`, `org:pro`, `user:pro`."),
        key!(
            "reverification",
            &Shape::Choice(&[Shape::Word(REVERIFICATION), Shape::Table(&REVERIFICATION_TABLE)]),
            "How recently visitors must have proven who they are."
        ),
    ],
    habits: &[("roles", "`role`"), ("permissions", "`permission`"), ("features", "`feature`"), ("plans", "`plan`")],
};

static REVERIFICATION_TABLE: Table = Table {
    name: "reverification",
    title: "reverification",
    doc: "How recently which factor must have been used.",
    example: "[proxy]\npublic-origin = \"https://app.example.com\"\n\n[session.main]\nkind = \"clerk\"\npublishable-key = \"env:CLERK_PUBLISHABLE_KEY\"\nsecret-key = \"env:CLERK_SECRET_KEY\"\n\n[[route]]\nglob = \"/transfer\"\nrequire = { clerk = { reverification = { level = \"second_factor\", after-minutes = 5 } } }",
    keys: &[
        key!("level", &Shape::Word(LEVELS), "Which.", required),
        key!("after-minutes", &Shape::Integer(1, 525_600), "What is as many minutes old is too old.", required),
    ],
    habits: &[("afterMinutes", "`after-minutes`")],
};

const EQUALS: Key = key!(
    "equals",
    &Shape::Scalar,
    "With `claim`: the claim is this; `{tenant}` and captures of the path are filled in."
);
const IN: Key = key!("in", &Shape::Choice(&[Shape::List(&Shape::Scalar)]), "With `claim`: the claim is one of these.");
const CLAIM_HAS: Key =
    key!("has", &Shape::Scalar, "With `claim`: the claim is a list, or a text of words, that holds this.");

pub(super) static CLAIM_TEST: Table = Table {
    name: "role",
    title: "[roles]",
    doc: "A role: what the token must say. One of `claim` and `clerk`; without `equals`, `in` and `has` the claim must be present and not empty.",
    example: "[roles]\nadmin = { claim = \"o.rol\", in = [\"admin\", \"owner\"] }\nbilling = { claim = \"o.per\", has = \"billing:manage\" }",
    keys: &[key!("claim", &Shape::Text("claim"), "The claim: `role`, `o.rol`."), EQUALS, IN, CLAIM_HAS, CLERK],
    habits: &[("is", "`equals`"), ("contains", "`has`"), ("values", "`in`")],
};

static REDIRECTION: Table = Table {
    name: "redirect",
    title: "redirect",
    doc: "Send everybody elsewhere.",
    example: "[[route]]\npattern = \"/old/:slug*\"\nredirect = { to = \"/new/:slug*\", status = 308 }",
    keys: &[
        key!(
            "to",
            &Shape::Text("address template"),
            "A path, or an absolute address; captures are filled in.",
            required
        ),
        key!("status", &Shape::Integer(300, 399), "301, 302, 303, 307 or 308.", default "307"),
    ],
    habits: &[("url", "`to`"), ("permanent", "`status = 308`"), ("destination", "`to`")],
};

static RESPONSE: Table = Table {
    name: "respond",
    title: "respond",
    doc: "A fixed answer.",
    example: "[[route]]\nglob = \"/.env\"\nrespond = { status = 410, body = \"gone\", headers = { cache-control = \"no-store\" } }",
    keys: &[
        key!("status", &Shape::Integer(200, 599), "200 to 599.", required),
        key!("body", &Shape::Text("text"), "The body; `text/plain` unless a header says otherwise."),
        key!(
            "file",
            &Shape::Text("file"),
            "The body from a file, relative to the config file; the content type follows its name."
        ),
        key!("headers", &Shape::Map(Names::Header, &Shape::Text("value")), "Headers."),
    ],
    habits: &[("text", "`body`"), ("code", "`status`")],
};

static EDITS: Table = Table {
    name: "header-edits",
    title: "request-headers / response-headers",
    doc: "Changes of headers. Values may hold `{claim.NAME}`, `{tenant}`, `{path}` and captures of the path.",
    example: "[[route]]\nglob = \"/app/**\"\nrequire = \"session\"\nrequest-headers = { set = { x-user = \"{claim.sub}\" }, remove = [\"x-debug\"] }",
    keys: &[
        key!("set", &Shape::Map(Names::Header, &Shape::Text("template")), "Replace all lines of that name."),
        key!("append", &Shape::Map(Names::Header, &Shape::Text("template")), "Add a line."),
        key!("remove", &Shape::Texts("header name"), "Remove all lines of that name."),
    ],
    habits: &[("add", "`append`"), ("delete", "`remove`")],
};

const SAME_SITE: &[(&str, &str)] = &[
    ("strict", "only from this site"),
    ("lax", "also when a link leads here"),
    ("none", "from everywhere; needs `secure`"),
];

static COOKIE: Table = Table {
    name: "set-cookie",
    title: "set-cookies",
    doc: "A cookie to set, with a fixed value.",
    example: "[[route]]\nglob = \"/beta\"\nredirect = \"/\"\nset-cookies = [{ name = \"beta\", value = \"1\", max-age = \"30d\" }]",
    keys: &[
        key!("name", &Shape::Text("cookie name"), "Name.", required),
        key!("value", &Shape::Text("text"), "Value: visible ASCII without `\"`, `,`, `;` and `\\`.", required),
        key!("path", &Shape::Text("path"), "Path.", default "\"/\""),
        key!("max-age", &Shape::Duration(400 * 86_400_000), "How long it lives; browsers cut at 400 days.", default "until the browser closes"),
        key!("domain", &Shape::Text("domain"), "Domain.", default "this host only"),
        key!("http-only", &Shape::Bool, "Out of reach of scripts.", default "true"),
        key!("secure", &Shape::Bool, "Only over https.", default "true"),
        key!("same-site", &Shape::Word(SAME_SITE), "Which requests carry it.", default "\"lax\""),
    ],
    habits: &[("httponly", "`http-only`"), ("samesite", "`same-site`"), ("expires", "`max-age`")],
};

static ON_REFUSAL: Table = Table {
    name: "on-refusal",
    title: "on-anonymous / on-forbidden",
    doc: "What to do instead of the answer by request kind: a status, or a redirect, or a page of the server behind.",
    example: "[[route]]\nglob = \"/api/**\"\nrequire = \"session\"\non-anonymous = { status = 401 }",
    keys: &[
        key!("status", &Shape::Integer(300, 599), "Status: 400 to 599; with `redirect` a redirect status."),
        key!("redirect", &Shape::Text("path or address"), "Send there."),
        key!("rewrite", &Shape::Text("path"), "Let the server behind answer under this path, with `status`."),
    ],
    habits: &[("to", "`redirect`")],
};
