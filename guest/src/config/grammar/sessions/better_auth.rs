//! Better Auth.

use super::{ALGORITHMS, CLAIMS, KEY_SOURCES, MAX_AGE, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

/// What a cookie of the app is.
const STRATEGIES: &[(&str, &str)] = &[
    ("compact", "signed JSON"),
    ("jwt", "a signed token (JWT)"),
    ("jwe", "an encrypted token (JWE)"),
    (
        "token",
        "no cached session: only that the app has signed the session token, which tells neither who it is nor whether the session still lives",
    ),
];

pub(in crate::config::grammar) static BETTER_AUTH: Table = Table {
    name: "session-better-auth",
    title: "[session.NAME] of kind better-auth",
    doc: "The session of Better Auth, as the app caches it in a cookie (`session.cookieCache`).",
    example: "[session.main]\nkind = \"better-auth\"\nstrategy = \"jwe\"\nsecret = \"env:BETTER_AUTH_SECRET\"",
    keys: &[
        key!("kind", &Shape::Word(&[("better-auth", "a session of Better Auth")]), "What the cookie holds.", required),
        key!("strategy", &Shape::Word(STRATEGIES), "`session.cookieCache.strategy` of the app.", default "\"compact\""),
        key!(
            "secret",
            &Shape::Texts("`env:` or `file:`"),
            "`BETTER_AUTH_SECRET`, by name; of several the first is current, the others are still good. At least 32 bytes."
        ),
        key!("cookie-prefix", &Shape::Text("prefix"), "`advanced.cookiePrefix` of the app.", default "\"better-auth\""),
        key!("secure", &Shape::Bool, "Do the names of cookies begin with `__Secure-`? They do unless the app runs on `http`.", default "true"),
        key!("data-cookie", &Shape::Text("cookie name"), "Exact name of the cached session, if the app gives it one.", default "`PREFIX.session_data`"),
        key!("token-cookie", &Shape::Text("cookie name"), "Exact name of the session token, if the app gives it one.", default "`PREFIX.session_token`"),
        key!("version", &Shape::Text("version"), "`session.cookieCache.version` of the app: a cache of another one is no session.", default "not looked at"),
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with for the cache; at most 5 minutes.", default "\"15s\" for `jwe` and `keys`, else \"0s\""),
        key!("max-age", &Shape::Duration(MAX_AGE), "How long ago the cache may have been written.", default "as long as it says itself (5 minutes, in most apps)"),
        key!("issuer", &Shape::Texts("issuer"), "With `keys`: what `iss` must be. Else: what stands for the issuer in `{token-identifier}`.", default "any; the name of the provider"),
        key!(
            "keys",
            &Shape::Table(&KEY_SOURCES),
            "With strategy `jwt`: keys of the app, if it signs the cache with keys instead of the secret."
        ),
        key!("audience", &Shape::Texts("audience"), "With `keys`: what `aud` must be or hold.", default "\"better-auth:session-cache\""),
        key!("typ", &Shape::Text("media type"), "With `keys`: demanded `typ` of the token header.", default "\"better-auth.session-cache+jwt\""),
        ALGORITHMS,
        CLAIMS,
    ],
    habits: &[
        ("cookiePrefix", "`cookie-prefix`"),
        ("prefix", "`cookie-prefix`"),
        ("cookie", "`data-cookie`"),
        ("isSecure", "`secure`"),
        ("secrets", "`secret`"),
        ("useSecureCookies", "`secure`"),
        ("jwks", "`keys.jwks`"),
    ],
};
