//! nextjs-auth0 v4, and v3 cookies.

use super::{MAX_AGE, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

pub(in crate::config::grammar) static TABLE: Table = Table {
    name: "session-auth0",
    title: "[session.NAME] of kind auth0",
    doc: "The encrypted session cookie of nextjs-auth0 v4, and of v3 while such cookies live, also in chunks. What the app mounts below `/auth` stays with the app.",
    example: "[session.main]\nkind = \"auth0\"\nsecret = \"env:AUTH0_SECRET\"\ndomain = \"tenant.eu.auth0.com\"\nrolling = true",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("auth0", "the encrypted cookie of nextjs-auth0")]),
            "What the cookie holds.",
            required
        ),
        key!(
            "secret",
            &Shape::Texts("`env:` or `file:`"),
            "The app's `AUTH0_SECRET`, byte for byte, at least 32 of them. Of several the first is current, the others are still good.",
            required
        ),
        key!("cookie", &Shape::Text("cookie name"), "Name of the session cookie.", default "\"__session\""),
        key!(
            "legacy-cookie",
            &Shape::Choice(&[Shape::Text("cookie name"), Shape::Bool]),
            "Name of the v3 cookie; `false`: those are not read.", default "\"appSession\""),
        key!(
            "domain",
            &Shape::Text("domain"),
            "The tenant, e.g. `tenant.eu.auth0.com`: the issuer is `https://DOMAIN/`. `env:NAME` is allowed."
        ),
        key!("issuer", &Shape::Text("issuer"), "Whose sessions these are, if there is no `domain`. `env:NAME` is allowed.", default "the provider's name"),
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"15s\""),
        key!("rolling", &Shape::Bool, "Write the session again, with a new end, at every request that uses it.", default "false"),
        key!("inactivity", &Shape::Duration(MAX_AGE), "How long a session may go unused: `inactivityDuration` of the app.", default "\"1d\""),
        key!("absolute", &Shape::Duration(MAX_AGE), "How long a session may last in all: `absoluteDuration` of the app.", default "\"3d\""),
        key!("attributes", &Shape::Table(&ATTRIBUTES), "How rolled cookies are set; the same as in the app.", default "those of the package"),
        key!("auth-path", &Shape::Text("path"), "Below it the app signs in and out: nothing is rolled there.", default "\"/auth\""),
        key!(
            "connection-cookies",
            &Shape::Choice(&[Shape::Text("cookie name"), Shape::Bool]),
            "What the cookies with the tokens of connected accounts begin with; they are rolled along. `false`: they are left alone.", default "\"__FC\""),
    ],
    habits: &[
        ("secrets", "`secret`"),
        ("cookie-name", "`cookie`"),
        ("absoluteDuration", "`absolute`"),
        ("absolute-duration", "`absolute`"),
        ("inactivityDuration", "`inactivity`"),
        ("inactivity-duration", "`inactivity`"),
        ("path", "`attributes.path`"),
        ("secure", "`attributes.secure`"),
        ("same-site", "`attributes.same-site`"),
        ("transient", "`attributes.transient`"),
    ],
};

static ATTRIBUTES: Table = Table {
    name: "session-auth0-attributes",
    title: "attributes of kind auth0",
    doc: "Attributes of the cookies that rolling sets. They must be those of the app: a browser keeps a cookie with another path or domain beside the old one.",
    example: "[session.main]\nkind = \"auth0\"\nsecret = \"env:AUTH0_SECRET\"\nrolling = true\nattributes = { domain = \"example.com\", same-site = \"strict\" }",
    keys: &[
        key!("path", &Shape::Text("path"), "`Path`.", default "\"/\""),
        key!("domain", &Shape::Text("domain"), "`Domain`.", default "this host only"),
        key!("secure", &Shape::Bool, "`Secure`.", default "`true`, unless `proxy.public-origin` is `http`"),
        key!(
            "same-site",
            &Shape::Word(&[("lax", "`Lax`"), ("strict", "`Strict`"), ("none", "`None`")]),
            "`SameSite`.", default "\"lax\""),
        key!("transient", &Shape::Bool, "Gone when the browser is closed.", default "false"),
    ],
    habits: &[("sameSite", "`same-site`"), ("samesite", "`same-site`")],
};
