//! A signed token and nothing else.

use super::{AGE, ALGORITHMS, AUDIENCE, CLAIMS, HABITS, ISSUER, KEYS, LEEWAY, TYP};
use crate::config::grammar::{Key, Shape, Table};

pub(in crate::config::grammar) static JWT_COOKIE: Table = Table {
    name: "session-jwt-cookie",
    title: "[session.NAME] of kind jwt-cookie",
    doc: "A signed token (JWT) in an http-only cookie. Sessions are tried in file order; the first one that verifies is the session.",
    example: "[session.main]\nkind = \"jwt-cookie\"\ncookie = \"__Host-session\"\nissuer = \"https://login.example.com\"\naudience = \"app\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("jwt-cookie", "a signed token (JWT) in a cookie")]),
            "What the cookie holds.",
            required
        ),
        key!("cookie", &Shape::Text("cookie name"), "Exact name of the cookie, prefix included.", required),
        key!("chunks", &Shape::Bool, "Join `NAME.0`, `NAME.1`, … when the token is split.", default "false"),
        ISSUER,
        AUDIENCE,
        ALGORITHMS,
        LEEWAY,
        AGE,
        TYP,
        CLAIMS,
        KEYS,
    ],
    habits: HABITS,
};

pub(in crate::config::grammar) static BEARER: Table = Table {
    name: "bearer-jwt",
    title: "[bearer.NAME]",
    doc: "Tokens in `Authorization: Bearer`. Rules name the provider: `require = { bearer = \"NAME\" }`.",
    example: "[bearer.api]\nissuer = \"https://auth.example.com/\"\naudience = \"https://api.example.com\"\nalgorithms = [\"RS256\", \"ES256\"]\nleeway = \"30s\"",
    keys: &[
        key!("kind", &Shape::Word(&[("jwt", "a signed token (JWT)")]), "What the token is.", default "\"jwt\""),
        key!("header", &Shape::Text("header name"), "Read the token from this header, which holds nothing else.", default "`Authorization: Bearer`"),
        ISSUER,
        AUDIENCE,
        ALGORITHMS,
        LEEWAY,
        AGE,
        TYP,
        CLAIMS,
        KEYS,
    ],
    habits: HABITS,
};
