//! Issuers that are known by a name: Cloudflare Access, Firebase.

use super::{AGE, CLAIMS, HABITS, KEYS, LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

const ISSUER: Key =
    key!("issuer", &Shape::Texts("issuer"), "Who issues the tokens.", default "what follows from the name");

pub(in crate::config::grammar) static CLOUDFLARE: Table = Table {
    name: "session-cloudflare-access",
    title: "[session.NAME] of kind cloudflare-access",
    doc: "Behind Cloudflare Access: the token that it puts on every request. Verified here, so that a request that did not come through Cloudflare has no session.",
    example: "[session.access]\nkind = \"cloudflare-access\"\nteam = \"acme\"\naudience = \"env:CF_ACCESS_AUD\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("cloudflare-access", "the token of Cloudflare Access")]),
            "Whose token it is.",
            required
        ),
        key!("team", &Shape::Text("team name"), "Name of the team: `acme` of `acme.cloudflareaccess.com`.", required),
        key!("audience", &Shape::Texts("AUD tag"), "The application's AUD tag.", required),
        key!("header", &Shape::Text("header name"), "Header of the token; looked at first.", default "\"Cf-Access-Jwt-Assertion\""),
        key!("cookie", &Shape::Text("cookie name"), "Cookie of the token; looked at without the header.", default "\"CF_Authorization\""),
        ISSUER,
        LEEWAY,
        AGE,
        CLAIMS,
        KEYS,
    ],
    habits: HABITS,
};

const TOKENS: &[(&str, &str)] = &[
    ("session-cookie", "a session cookie that the app made with the Admin SDK"),
    ("id", "an ID token, as the client SDK holds it"),
];

pub(in crate::config::grammar) static FIREBASE: Table = Table {
    name: "session-firebase",
    title: "[session.NAME] of kind firebase",
    doc: "Firebase Authentication: session cookies, or ID tokens in `Authorization: Bearer`.",
    example: "[session.firebase]\nkind = \"firebase\"\nproject = \"env:FIREBASE_PROJECT\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("firebase", "a token of Firebase Authentication")]),
            "Whose token it is.",
            required
        ),
        key!("project", &Shape::Text("project id"), "Id of the project.", required),
        key!("token", &Shape::Word(TOKENS), "Which of its tokens.", default "\"session-cookie\""),
        key!("cookie", &Shape::Text("cookie name"), "Cookie of the token; with `id` it is read only if this is written, and after the header.", default "\"__session\""),
        ISSUER,
        key!("audience", &Shape::Texts("project id"), "For whom the tokens are.", default "the project"),
        LEEWAY,
        AGE,
        CLAIMS,
        KEYS,
    ],
    habits: HABITS,
};
