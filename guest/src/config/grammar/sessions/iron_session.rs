//! Cookies that iron-session seals.

use super::MAX_LEEWAY;
use crate::config::grammar::{Key, Names, Shape, Table};

/// Password of a seal.
pub(super) const PASSWORD: Key = key!(
    "password",
    &Shape::Choice(&[
        Shape::Text("`env:` or `file:`"),
        Shape::Map(Names::Own("password id"), &Shape::Text("`env:` or `file:`"))
    ]),
    "The password that seals the cookie, by name; or several by their ids: `{ 1 = \"env:OLD\", 2 = \"env:NEW\" }`. At least 32 characters.",
    required
);

/// What stands for the issuer where a system has none.
pub(super) const OWN_ISSUER: Key = key!("issuer", &Shape::Text("name"), "What stands for the issuer in `{token-identifier}`.", default "the name of the provider");

pub(in crate::config::grammar) static IRON_SESSION: Table = Table {
    name: "session-iron-session",
    title: "[session.NAME] of kind iron-session",
    doc: "A cookie that iron-session seals. Apps may seal what they like for strangers, too: say with `subject` or `required-claims` what a session holds.",
    example: "[session.main]\nkind = \"iron-session\"\ncookie = \"app_session\"\npassword = \"env:SESSION_PASSWORD\"\nsubject = \"user.id\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("iron-session", "a cookie that iron-session seals")]),
            "What the cookie holds.",
            required
        ),
        key!("cookie", &Shape::Text("cookie name"), "Exact name of the cookie: `cookieName` of the app.", required),
        PASSWORD,
        key!("subject", &Shape::Text("claim"), "Path of the claim that says who it is: `user.id`. A seal without it is no session.", default "nobody is named"),
        key!("required-claims", &Shape::Texts("claim"), "Paths of claims that must be there and not null: `user`."),
        key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"60s\""),
        OWN_ISSUER,
    ],
    habits: &[
        ("cookieName", "`cookie`"),
        ("cookie-name", "`cookie`"),
        ("secret", "`password`"),
        ("ttl", "nothing: a seal carries its end itself"),
        ("required", "`required-claims`"),
    ],
};
