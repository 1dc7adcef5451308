//! `[session.NAME]` and `[bearer.NAME]`: what their kinds have in common.

use super::{Key, Shape, Table};

mod auth0;
mod authjs;
mod better_auth;
mod clerk;
mod convex;
mod iron_session;
mod known;
mod plain;
mod supabase;
mod workos;

/// All kinds of `[session.NAME]`; each has a file here, one in `config/lower/sessions`, and a room in `session`.
pub(super) static SESSIONS: &[&Table] = &[
    &plain::JWT_COOKIE,
    &auth0::TABLE,
    &authjs::TABLE,
    &better_auth::BETTER_AUTH,
    &clerk::CLERK,
    &known::CLOUDFLARE,
    &convex::SESSION,
    &known::FIREBASE,
    &iron_session::IRON_SESSION,
    &supabase::SUPABASE,
    &workos::WORKOS,
];
/// All kinds of `[bearer.NAME]`; the first one needs no `kind`.
pub(super) static BEARERS: &[&Table] = &[&plain::BEARER, &convex::BEARER];

/// More than this is no clock difference but a broken clock: 5 minutes, in milliseconds.
pub(super) const MAX_LEEWAY: u64 = 300_000;
/// Ten years, in milliseconds.
pub(super) const MAX_AGE: u64 = 10 * 365 * 86_400_000;

const ISSUER: Key = key!(
    "issuer",
    &Shape::Texts("issuer"),
    "Who issues the tokens; `iss` must equal one of them, byte for byte. `env:NAME` is allowed."
);
const AUDIENCE: Key =
    key!("audience", &Shape::Texts("audience"), "For whom the tokens are; `aud` must be or hold one of them.");
const ALGORITHMS: Key = key!(
    "algorithms",
    &Shape::Texts("algorithm"),
    "Allowed signature algorithms: `RS256`, `ES256`, `EdDSA`, … `HS256` only with `keys.secret`.", default "what the keys can do");
const LEEWAY: Key = key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"5s\"");
const AGE: Key = key!("max-age", &Shape::Duration(MAX_AGE), "How long ago the token may have been issued (`iat`).", default "as long as it is not expired");
const TYP: Key = key!("typ", &Shape::Text("media type"), "Demanded `typ` of the token header, e.g. `at+jwt`.", default "the common ones");
const CLAIMS: Key =
    key!("required-claims", &Shape::Texts("claim"), "Claims that must be present besides `exp`, `iss` and `sub`.");
const KEYS: Key =
    key!("keys", &Shape::Table(&KEY_SOURCES), "Where the keys come from.", default "discovery at `issuer`");

const HABITS: &[(&str, &str)] = &[
    ("iss", "`issuer`"),
    ("aud", "`audience`"),
    ("alg", "`algorithms`"),
    ("secret", "`keys.secret`"),
    ("jwks", "`keys.jwks` or `keys.jwks-url`"),
    ("jwks-url", "`keys.jwks-url`"),
    ("jwks_uri", "`keys.jwks-url`"),
    ("key", "`keys`"),
    ("clock-skew", "`leeway`"),
];

static KEY_SOURCES: Table = Table {
    name: "keys",
    title: "keys",
    doc: "Where the keys of a provider come from: one of these. Without this table they are found by OpenID Connect discovery at `issuer`.",
    example: "[session.main]\nkind = \"jwt-cookie\"\ncookie = \"session\"\nissuer = \"app\"\naudience = \"app\"\nkeys.secret = [\"env:SESSION_SECRET\", \"env:SESSION_SECRET_OLD\"]",
    keys: &[
        key!("jwks-url", &Shape::Text("address"), "Address of a JWK set: `https`, or `http` on loopback."),
        key!(
            "jwks",
            &Shape::Choice(&[Shape::Text("`file:`, `env:` or JSON"), Shape::Foreign("a JWK set")]),
            "A JWK set: `file:PATH`, `env:NAME`, or the set itself."
        ),
        key!("pem", &Shape::Text("`file:` or `env:`"), "Public keys in PEM: `file:PATH` or `env:NAME`."),
        key!(
            "secret",
            &Shape::Texts("`env:` or `file:`"),
            "Shared secrets for HS256, HS384, HS512: the first one is current, the others are still good. Values may be `base64:…` or `hex:…`."
        ),
    ],
    habits: &[("url", "`jwks-url`"), ("jwks-uri", "`jwks-url`"), ("jwks_url", "`jwks-url`"), ("public", "`pem`")],
};
