//! WorkOS AuthKit.

use super::iron_session::PASSWORD;
use super::{ALGORITHMS, AUDIENCE, CLAIMS, KEY_SOURCES, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

pub(in crate::config::grammar) static WORKOS: Table = Table {
    name: "session-workos",
    title: "[session.NAME] of kind workos",
    doc: "The session of WorkOS AuthKit: an access token, sealed by the app into a cookie together with the user.",
    example: "[session.main]\nkind = \"workos\"\nclient-id = \"env:WORKOS_CLIENT_ID\"\npassword = \"env:WORKOS_COOKIE_PASSWORD\"",
    keys: &[
        key!("kind", &Shape::Word(&[("workos", "a session of WorkOS AuthKit")]), "What the cookie holds.", required),
        key!(
            "client-id",
            &Shape::Text("client id"),
            "The client whose keys verify the tokens: `WORKOS_CLIENT_ID`. Needed unless `keys` are given."
        ),
        key!("cookie", &Shape::Text("cookie name"), "Exact name of the cookie: `WORKOS_COOKIE_NAME`.", default "\"wos-session\""),
        PASSWORD,
        key!("issuer", &Shape::Texts("issuer"), "Who issues the tokens; `iss` must equal one of them. `env:NAME` is allowed.", default "anybody with the client's keys"),
        AUDIENCE,
        ALGORITHMS,
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with for the token; at most 5 minutes.", default "\"0s\""),
        CLAIMS,
        key!("keys", &Shape::Table(&KEY_SOURCES), "Where the keys come from.", default "`https://api.workos.com/sso/jwks/` with the client id"),
        key!("app-headers", &Shape::Bool, "Set the request headers that `withAuth` of the app behind reads, on every page.", default "true"),
        key!(
            "redirect-uri",
            &Shape::Text("address"),
            "`WORKOS_REDIRECT_URI`, told to the app behind in `x-redirect-uri`. `env:NAME` is allowed."
        ),
    ],
    habits: &[
        ("clientId", "`client-id`"),
        ("cookie-name", "`cookie`"),
        ("cookie-password", "`password`"),
        ("redirectUri", "`redirect-uri`"),
        ("middlewareAuth", "`default` and `[[route]]`"),
        ("unauthenticatedPaths", "`[[route]]` with `require = \"public\"`"),
    ],
};
