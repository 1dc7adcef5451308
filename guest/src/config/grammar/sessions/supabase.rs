//! Supabase.

use super::{ALGORITHMS, CLAIMS, KEY_SOURCES, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

pub(in crate::config::grammar) static SUPABASE: Table = Table {
    name: "session-supabase",
    title: "[session.NAME] of kind supabase",
    doc: "The session of Supabase, as `@supabase/ssr` keeps it in a cookie.",
    example: "[session.main]\nkind = \"supabase\"\nproject-url = \"env:NEXT_PUBLIC_SUPABASE_URL\"",
    keys: &[
        key!("kind", &Shape::Word(&[("supabase", "a session of Supabase")]), "What the cookie holds.", required),
        key!(
            "project-url",
            &Shape::Text("address"),
            "Address of the project; cookie, issuer and keys are named after it. `env:NAME` is allowed. Without it, write `cookie` and `keys`."
        ),
        key!("cookie", &Shape::Text("cookie name"), "Exact name of the cookie, without the number of a chunk.", default "`sb-REF-auth-token` of the project"),
        key!("issuer", &Shape::Texts("issuer"), "Who issues the tokens; `iss` must equal one of them. `env:NAME` is allowed.", default "`/auth/v1` of the project"),
        key!("audience", &Shape::Texts("audience"), "`aud` must be or hold one of them; `*` stands for any.", default "\"authenticated\""),
        key!("roles", &Shape::Texts("role"), "`role` must be one of them; `*` stands for any. People who signed in anonymously are `authenticated`, too.", default "\"authenticated\""),
        ALGORITHMS,
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"0s\""),
        CLAIMS,
        key!("keys", &Shape::Table(&KEY_SOURCES), "Where the keys come from; `keys.secret` for a project that signs with HS256.", default "`/auth/v1/.well-known/jwks.json` of the project"),
    ],
    habits: &[
        ("url", "`project-url`"),
        ("projectUrl", "`project-url`"),
        ("project", "`project-url`"),
        ("cookie-name", "`cookie`"),
        ("storageKey", "`cookie`"),
        ("jwt-secret", "`keys.secret`"),
        ("jwtSecret", "`keys.secret`"),
        ("role", "`roles`"),
        ("aud", "`audience`"),
        ("anon-key", "nothing: the gate asks nobody"),
    ],
};
