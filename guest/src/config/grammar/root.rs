//! The document, and the tables that are about the whole site.

use super::paths::{NEXT, PATHS};
use super::proxy::PROXY;
use super::rules::{CLAIM_TEST, GUARD, ROUTE};
use super::sessions::{BEARERS, SESSIONS};
use super::webhook::WEBHOOK;
use super::{Key, Names, Shape, Table};

/// The whole document.
pub(in crate::config) static ROOT: Table = Table {
    name: "config",
    title: "the config",
    doc: "Keys that stand before the first table.",
    example: "version = 1\ndefault = \"session\"",
    keys: &[
        key!("$schema", &Shape::Text("address"), "Address of the JSON Schema, for editors; not read."),
        key!("version", &Shape::Integer(1, 1), "Version of this format: `1`.", required),
        key!(
            "default",
            &Shape::Word(DEFAULTS),
            "What happens to a path that no route names; there is no implied default.",
            required
        ),
        key!("presets", &Shape::List(&Shape::Word(PRESETS)), "What is behind: settings that go together."),
        key!("proxy", &Shape::Table(&PROXY), "Settings of the proxy; a runtime that is no proxy ignores them."),
        key!("paths", &Shape::Table(&PATHS), "Checks of a path that can be relaxed."),
        key!("next", &Shape::Table(&NEXT), "A Next.js app is behind."),
        key!("sign-in", &Shape::Table(&SIGN_IN), "Where visitors without a session are sent."),
        key!(
            "session",
            &Shape::Map(Names::Own("provider"), &Shape::Kinds(SESSIONS, None)),
            "Sessions of people, by name."
        ),
        key!(
            "bearer",
            &Shape::Map(Names::Own("provider"), &Shape::Kinds(BEARERS, BEARERS.first().copied())),
            "Bearer tokens of machines, by name."
        ),
        key!(
            "webhook",
            &Shape::Map(Names::Own("webhook"), &Shape::Table(&WEBHOOK)),
            "Signed messages of other services, by name."
        ),
        key!(
            "roles",
            &Shape::Map(Names::Own("role"), &Shape::Table(&CLAIM_TEST)),
            "Roles, by name: what the token must say."
        ),
        key!("identity", &Shape::Table(&IDENTITY), "What the server behind learns about the visitor."),
        key!("tenants", &Shape::Table(&TENANTS), "Custom domains of tenants."),
        key!(
            "guard",
            &Shape::List(&Shape::Table(&GUARD)),
            "Rules that every request meets before any route, in order."
        ),
        key!("route", &Shape::List(&Shape::Table(&ROUTE)), "Rules by path; the first one that matches decides."),
        key!("tests", &Shape::Table(&TESTS), "Cases that `portcullis test` runs."),
    ],
    habits: &[
        ("routes", "`[[route]]`"),
        ("guards", "`[[guard]]`"),
        ("test", "`[tests]`"),
        ("signin", "`[sign-in]`"),
        ("login", "`[sign-in]`"),
        ("sessions", "`[session.NAME]`"),
        ("webhooks", "`[webhook.NAME]`"),
        ("role", "`[roles]`"),
        ("tenant", "`[tenants]`"),
        ("preset", "`presets`"),
        ("nextjs", "`[next]`"),
        ("matcher", "`[next]` with `matcher`"),
        ("path", "`[paths]`"),
    ],
};

const PRESETS: &[(&str, &str)] = &[
    (
        "nextjs",
        "a Next.js app: other names of a page are judged as the page, its internal headers and query parameters are removed, `//` is redirected",
    ),
    (
        "clerk",
        "an app that uses Clerk: refusals are answered as `protect()` answers them, with 404 where we would say 401 or 403",
    ),
    (
        "convex",
        "the app of the Convex Auth guide: whatever may not pass is led to the sign-in page by 307, and whoever is signed in is led on from there, whatever the method",
    ),
];

const RETURN_FORMS: &[(&str, &str)] = &[
    ("path", "path and query of this site"),
    (
        "url",
        "an absolute address, where the config says what this site is called (`proxy.public-origin`); else path and query",
    ),
];

const DEFAULTS: &[(&str, &str)] = &[
    ("public", "everybody may pass"),
    ("session", "a session is needed"),
    ("deny", "answered with 404, as if there were nothing"),
];

static SIGN_IN: Table = Table {
    name: "sign-in",
    title: "[sign-in]",
    doc: "Where visitors without a session are sent. The page itself is always public. Without this table they get 401.",
    example: "[sign-in]\npath = \"/signin\"\nafter = \"/dashboard\"\nreturn-param = \"next\"",
    keys: &[
        key!(
            "path",
            &Shape::Text("path or address"),
            "The sign-in page: a path of this site, or an absolute `https` address.",
            required
        ),
        key!("after", &Shape::Text("path"), "Where visitors of the sign-in page go who are signed in already.", default "\"/\""),
        key!(
            "return-param",
            &Shape::Text("name"),
            "Query parameter that carries the way back; without it none is sent. Clerk reads `redirect_url`."
        ),
        key!("return-form", &Shape::Word(RETURN_FORMS), "How the way back is written.", default "\"path\"; \"url\" with the preset `clerk`"),
        key!(
            "return-hosts",
            &Shape::Texts("host"),
            "Other hosts that the way back may name: `app.example.com`, `*.example.com`, `tenants`."
        ),
        key!("never-return", &Shape::Texts("path"), "Paths that are no way back, with all below them: a way back to a sign-in page loops, one to a sign-out page signs out.", default "the sign-in path, `/signout`, `/sign-out`, `/logout`, `/api/auth`"),
    ],
    habits: &[("url", "`path`"), ("redirect", "`path`"), ("return", "`return-param`")],
};

static IDENTITY: Table = Table {
    name: "identity",
    title: "[identity]",
    doc: "What the server behind learns about the visitor. The named headers are removed from every incoming request, in any spelling, and set after the session is verified.",
    example: "[identity]\nheaders = { x-user-id = \"{claim.sub}\", x-user-email = \"{claim.email}\" }\nstrip-session-cookie = true",
    keys: &[
        key!(
            "headers",
            &Shape::Map(Names::Header, &Shape::Text("template")),
            "Header name and value; `{claim.NAME}` is a claim, `{token-identifier}` is `issuer|subject`; `{session.subject}`, `{session.issuer}`, `{session.provider}`."
        ),
        key!("user-headers", &Shape::Text("prefix"), "Tell who the visitor is in headers of this prefix: with `x-user-`, `x-user-token-identifier`, `x-user-subject`, `x-user-issuer`, `x-user-name` and `x-user-email`.", default "none"),
        key!("assertion", &Shape::Table(&ASSERTION), "Tell it by a short-lived signed token, too."),
        key!("strip-session-cookie", &Shape::Bool, "Keep session cookies from the server behind.", default "false"),
    ],
    habits: &[("header", "`headers`")],
};

static ASSERTION: Table = Table {
    name: "assertion",
    title: "[identity.assertion]",
    doc: "A signed token (JWT, ES256) about the visitor, in a header of the request to the server behind. It is checked with the key set that the gate itself serves; no client can make one.",
    example: "[identity.assertion]\nkey = \"file:assertion.pem\"\naudience = \"my-app\"\nclaims = [\"email\", \"name\"]",
    keys: &[
        key!(
            "key",
            &Shape::Texts("`env:` or `file:`"),
            "Private keys (P-256, PKCS #8 PEM): the first one signs, the public halves of all are served.",
            required
        ),
        key!("audience", &Shape::Text("audience"), "`aud` of the token: a name of the server behind.", required),
        key!("issuer", &Shape::Text("issuer"), "`iss` of the token.", default "`proxy.public-origin`, else `portcullis`"),
        key!("header", &Shape::Text("header name"), "The header; what clients send under this name is removed.", default "\"x-portcullis-assertion\""),
        key!("lifetime", &Shape::Duration(3_600_000), "From `iat` to `exp`; at most an hour.", default "\"60s\""),
        key!("claims", &Shape::Texts("claim"), "Claims of the session that go in, by their names; besides `sub`, `idp` (its issuer), `provider` and `tokenIdentifier`.", default "none"),
        key!("jwks-path", &Shape::Text("path"), "Where the key set is served, to everybody.", default "\"/.well-known/portcullis/jwks.json\""),
    ],
    habits: &[
        ("keys", "`key`"),
        ("secret", "`key`"),
        ("aud", "`audience`"),
        ("ttl", "`lifetime`"),
        ("jwks", "`jwks-path`"),
    ],
};

static TENANTS: Table = Table {
    name: "tenants",
    title: "[tenants]",
    doc: "Custom domains. `host = \"tenants\"` in a rule stands for all of them, and `{tenant}` is the tenant.",
    example: "[tenants]\nhosts = { \"shop.acme.test\" = \"acme\" }",
    keys: &[key!("hosts", &Shape::Map(Names::Host, &Shape::Text("tenant")), "Domain to tenant.", required)],
    habits: &[("domains", "`hosts`"), ("host", "`hosts`")],
};

static TESTS: Table = Table {
    name: "tests",
    title: "[tests]",
    doc: "Cases, one per line: `WHO METHOD TARGET [kind] => ANSWER by RULE`.",
    example: "[tests]\ncases = [\n  \"anonymous GET /admin => redirect /signin?next=%2Fadmin by admin\",\n  \"user+admin GET /admin => pass by admin\",\n]",
    keys: &[key!("cases", &Shape::Texts("case"), "The cases.", required)],
    habits: &[("case", "`cases`")],
};
