//! Clerk.

use super::{HABITS, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

const FORMATS: &[(&str, &str)] = &[
    ("token", "a signed token, which is read here"),
    ("nonce", "a nonce for the Backend API, which only the app behind can resolve"),
];

pub(in crate::config::grammar) static CLERK: Table = Table {
    name: "session-clerk",
    title: "[session.NAME] of kind clerk",
    doc: "Sessions of Clerk: the session token in its cookies or in `Authorization`, and the handshake that renews it.",
    example: "[proxy]\npublic-origin = \"https://app.example.com\"\n\n[session.main]\nkind = \"clerk\"\npublishable-key = \"env:NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY\"\nsecret-key = \"env:CLERK_SECRET_KEY\"\nauthorized-parties = \"https://app.example.com\"",
    keys: &[
        key!("kind", &Shape::Word(&[("clerk", "a session of Clerk")]), "What the cookie holds.", required),
        key!(
            "publishable-key",
            &Shape::Text("`pk_live_…`, `pk_test_…` or `env:NAME`"),
            "The publishable key: it says which instance it is, who issues its tokens and what its cookies are called.",
            required
        ),
        key!(
            "secret-key",
            &Shape::Text("`env:` or `file:`"),
            "The secret key: signs the token for the app behind. Nothing else is done with it."
        ),
        key!(
            "authorized-parties",
            &Shape::Texts("origin"),
            "Origins whose tokens are taken (`azp`). A token without `azp` is not."
        ),
        key!("audience", &Shape::Texts("audience"), "What `aud` must be or hold, in tokens that have one."),
        key!("issuer", &Shape::Texts("issuer"), "What `iss` must be.", default "the Frontend API of the instance"),
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with, for `exp`, `nbf` and `iat`; at most 5 minutes.", default "\"5s\""),
        key!("keys", &Shape::Table(&CLERK_KEYS), "Where the keys come from.", default "`/.well-known/jwks.json` of the Frontend API"),
        key!("bearer", &Shape::Bool, "Take tokens from `Authorization`, too; they come before cookies.", default "true"),
        key!("handshake", &Shape::Bool, "Send a browser whose session has ended to the Frontend API, which sends it back with a new one.", default "true"),
        key!("handshake-format", &Shape::Word(FORMATS), "What it is to bring back.", default "\"token\""),
        key!("max-redirects", &Shape::Integer(1, 10), "This many handshakes in a row, and no more.", default "3"),
        key!("cross-origin-sync", &Shape::Bool, "Also do so when a link of another site leads to a page: sessions of several domains follow each other.", default "true"),
        key!("api-version", &Shape::Text("date"), "Version of the API that the handshake names.", default "\"2026-05-12\""),
        key!("proxy-url", &Shape::Text("address"), "Where browsers reach the Frontend API, if not at its own host."),
        key!("app-headers", &Shape::Bool, "Tell the app behind in `x-clerk-auth-*` headers, as Clerk's own middleware does.", default "true"),
        key!("cookie", &Shape::Text("cookie name"), "Name of the session cookie, without the suffix of the instance.", default "\"__session\""),
        key!("client-uat-cookie", &Shape::Text("cookie name"), "Name of the cookie that says since when somebody is signed in.", default "\"__client_uat\""),
        key!("refresh-cookie", &Shape::Text("cookie name"), "Name of the refresh cookie.", default "\"__refresh\""),
        key!("handshake-cookie", &Shape::Text("cookie name"), "Name of the cookie that a handshake brings back.", default "\"__clerk_handshake\""),
        key!("handshake-nonce-cookie", &Shape::Text("cookie name"), "Name of the cookie with the nonce of a handshake.", default "\"__clerk_handshake_nonce\""),
        key!("dev-browser-cookie", &Shape::Text("cookie name"), "Name of the cookie that names the browser to a development instance.", default "\"__clerk_db_jwt\""),
        key!("redirect-count-cookie", &Shape::Text("cookie name"), "Name of the cookie that counts handshakes.", default "\"__clerk_redirect_count\""),
    ],
    habits: CLERK_HABITS,
};

const CLERK_HABITS: &[(&str, &str)] = &[
    ("publishableKey", "`publishable-key`"),
    ("secretKey", "`secret-key`"),
    ("secret", "`secret-key`"),
    ("jwtKey", "`keys.pem`"),
    ("jwt-key", "`keys.pem`"),
    ("authorizedParties", "`authorized-parties`"),
    ("azp", "`authorized-parties`"),
    ("clockSkewInMs", "`leeway`"),
    ("clock-skew", "`leeway`"),
    ("proxyUrl", "`proxy-url`"),
    ("iss", "`issuer`"),
    ("aud", "`audience`"),
];

static CLERK_KEYS: Table = Table {
    name: "clerk-keys",
    title: "keys of kind clerk",
    doc: "Where the public keys of the instance come from: one of these.",
    example: "[proxy]\npublic-origin = \"https://app.example.com\"\n\n[session.main]\nkind = \"clerk\"\npublishable-key = \"env:CLERK_PUBLISHABLE_KEY\"\nsecret-key = \"env:CLERK_SECRET_KEY\"\nkeys.pem = \"env:CLERK_JWT_KEY\"",
    keys: &[
        key!(
            "pem",
            &Shape::Text("`file:` or `env:`"),
            "The JWT public key of the dashboard, in PEM: no network is needed then."
        ),
        key!("jwks-url", &Shape::Text("address"), "Address of a JWK set: `https`, or `http` on loopback."),
        key!(
            "jwks",
            &Shape::Choice(&[Shape::Text("`file:`, `env:` or JSON"), Shape::Foreign("a JWK set")]),
            "A JWK set: `file:PATH`, `env:NAME`, or the set itself."
        ),
    ],
    habits: HABITS,
};
