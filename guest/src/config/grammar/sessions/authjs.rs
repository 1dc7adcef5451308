//! Auth.js v5 and NextAuth v4.

use super::{AGE, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

pub(in crate::config::grammar) static TABLE: Table = Table {
    name: "session-authjs",
    title: "[session.NAME] of kind authjs",
    doc: "The encrypted session cookie of Auth.js v5 or NextAuth v4 (strategy `jwt`), also in chunks. A database session is an opaque id, of which nothing can be said without the database.",
    example: "[session.main]\nkind = \"authjs\"\nversion = 5\nsecret = \"env:AUTH_SECRET\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("authjs", "the encrypted cookie of Auth.js v5 or NextAuth v4")]),
            "What the cookie holds.",
            required
        ),
        key!("version", &Shape::Integer(4, 5), "`5`: Auth.js v5. `4`: NextAuth v4.", default "5"),
        key!(
            "secret",
            &Shape::Texts("`env:` or `file:`"),
            "The app's `AUTH_SECRET` or `NEXTAUTH_SECRET`, byte for byte, at least 32 of them. Of several the first is current, the others are still good.",
            required
        ),
        key!("secure", &Shape::Bool, "The cookie has its `__Secure-` name, as on a site with https.", default "`true`, unless `proxy.public-origin` is `http`"),
        key!("cookie", &Shape::Text("cookie name"), "Name of the session cookie, if the app gives it another.", default "by `version` and `secure`: `__Secure-authjs.session-token`, `authjs.session-token`, `__Secure-next-auth.session-token`, `next-auth.session-token`"),
        key!("salt", &Shape::Text("salt"), "Salt of the key derivation, if the app gives one.", default "the cookie's name for v5, none for v4"),
        key!("bearer", &Shape::Bool, "Without a cookie, take the token from `Authorization: Bearer`, as `getToken()` does.", default "false"),
        key!("issuer", &Shape::Text("issuer"), "Whose sessions these are: the first half of the identity. `env:NAME` is allowed.", default "the provider's name"),
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"15s\""),
        AGE,
    ],
    habits: &[
        ("secrets", "`secret`"),
        ("cookie-name", "`cookie`"),
        ("cookieName", "`cookie`"),
        ("secure-cookie", "`secure`"),
        ("secureCookie", "`secure`"),
        ("maxAge", "`max-age`"),
        ("clock-tolerance", "`leeway`"),
    ],
};
