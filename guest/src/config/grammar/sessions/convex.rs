//! Convex: providers as in `auth.config.ts`, and the session of Convex Auth.

use super::{AGE, CLAIMS, KEYS, MAX_AGE, MAX_LEEWAY};
use crate::config::grammar::{Key, Shape, Table};

const NO_LEEWAY: Key = key!("leeway", &Shape::Duration(MAX_LEEWAY), "Clock difference to put up with; at most 5 minutes.", default "\"0s\"");

const PRESETS: &[(&str, &str)] = &[
    ("0.0.95", "the current release"),
    (
        "2.0-alpha",
        "the coming generation (experimental): no prefix, a mutation `auth:refreshSession`, renewed 10 s before the end",
    ),
];

const TYPES: &[(&str, &str)] = &[
    ("oidc", "`domain` and `application-id`: an OpenID Connect issuer, RS256"),
    ("custom-jwt", "`issuer`, `jwks` and `algorithm`: any other issuer"),
];

const ALGORITHM_WORDS: &[(&str, &str)] = &[("RS256", "RSA"), ("ES256", "ECDSA with P-256")];

pub(in crate::config::grammar) static BEARER: Table = Table {
    name: "bearer-convex",
    title: "[bearer.NAME] of kind convex",
    doc: "A provider as in Convex's `auth.config.ts`. Several of them: `require = { any = [{ bearer = \"a\" }, { bearer = \"b\" }] }`.",
    example: "[bearer.clerk]\nkind = \"convex\"\ndomain = \"https://clerk.example.com\"\napplication-id = \"convex\"\n\n[bearer.own]\nkind = \"convex\"\ntype = \"custom-jwt\"\nissuer = \"https://my.example.com\"\njwks = \"https://my.example.com/jwks.json\"\nalgorithm = \"ES256\"\napplication-id = \"app\"",
    keys: &[
        key!("kind", &Shape::Word(&[("convex", "a provider as in `auth.config.ts`")]), "What the token is.", required),
        key!("type", &Shape::Word(TYPES), "Which form of provider.", default "\"oidc\""),
        key!(
            "domain",
            &Shape::Text("domain or issuer"),
            "With `oidc`: the issuer, with or without `https://`; keys are found by discovery there."
        ),
        key!(
            "application-id",
            &Shape::Texts("audience"),
            "For whom the tokens are: `aud` must be or hold it. With `custom-jwt` it may be left out."
        ),
        key!(
            "issuer",
            &Shape::Texts("issuer"),
            "With `custom-jwt`: who issues the tokens. A slash at the end does not count."
        ),
        key!(
            "jwks",
            &Shape::Text("address"),
            "With `custom-jwt`: address of the keys, or a `data:` URL with the JWK set in it."
        ),
        key!("algorithm", &Shape::Word(ALGORITHM_WORDS), "With `custom-jwt`: the signature algorithm.", default "\"RS256\""),
        key!("header", &Shape::Text("header name"), "Read the token from this header, which holds nothing else.", default "`Authorization: Bearer`"),
        NO_LEEWAY,
        AGE,
        CLAIMS,
        KEYS,
    ],
    habits: &[
        ("applicationid", "`application-id`"),
        ("applicationID", "`application-id`"),
        ("audience", "`application-id`"),
        ("algorithms", "`algorithm`"),
        ("jwks-url", "`jwks`"),
    ],
};

pub(in crate::config::grammar) static SESSION: Table = Table {
    name: "session-convex-auth",
    title: "[session.NAME] of kind convex-auth",
    doc: "The session of Convex Auth: a token and a refresh token in two cookies, verified here without a call, renewed before it ends, and signed in and out under `/api/auth`, as its middleware does. Names have a prefix, save where `proxy.public-origin` is this very machine (`http://localhost:3000`).",
    example: "[session.convex]\nkind = \"convex-auth\"\nsite-url = \"env:CONVEX_SITE_URL\"",
    keys: &[
        key!(
            "kind",
            &Shape::Word(&[("convex-auth", "the session of Convex Auth")]),
            "What the cookies hold.",
            required
        ),
        key!(
            "site-url",
            &Shape::Text("address"),
            "HTTP actions address of the deployment (`CONVEX_SITE_URL`): it is the issuer."
        ),
        key!(
            "deployment",
            &Shape::Text("deployment name"),
            "Instead: its name, `happy-otter-123`; the issuer is `https://NAME.convex.site`."
        ),
        key!(
            "issuer",
            &Shape::Texts("issuer"),
            "Instead: the issuer as the tokens write it. A slash at the end does not count."
        ),
        key!("audience", &Shape::Texts("audience"), "For whom the tokens are (`applicationID`).", default "\"convex\""),
        key!("cookie", &Shape::Text("cookie name"), "Cookie of the token, without the prefix.", default "\"__convexAuthJWT\""),
        key!("refresh-cookie", &Shape::Text("cookie name"), "Cookie of the refresh token, without the prefix.", default "\"__convexAuthRefreshToken\""),
        key!("verifier-cookie", &Shape::Text("cookie name"), "Cookie of a sign-in that is under way, without the prefix.", default "\"__convexAuthOAuthVerifier\""),
        key!("cookie-prefix", &Shape::Text("prefix"), "What stands in front of the names, save on this very machine; may be empty.", default "\"__Host-\""),
        key!("trust-host", &Shape::Bool, "Without `proxy.public-origin`: believe the Host header about where the site is.", default "`true` when `proxy.listen` is a loopback address"),
        key!("max-age", &Shape::Duration(MAX_AGE), "How long the cookies live, as `cookieConfig.maxAge` has it.", default "as long as the browser is open"),
        key!("renew", &Shape::Bool, "Renew sessions, exchange codes, and answer sign-in and sign-out. `false`: the app does.", default "`true`"),
        key!(
            "convex-url",
            &Shape::Text("address"),
            "Address of the deployment (`CONVEX_URL`), where its functions are called.", default "`https://NAME.convex.cloud`, if the issuer is `https://NAME.convex.site`"
        ),
        key!("preset", &Shape::Word(PRESETS), "Which release of Convex Auth the deployment has: what names and margins are unless they are written.", default "\"0.0.95\""),
        key!("action-path", &Shape::Text("path"), "Where the app signs in and out (`apiRoute`).", default "\"/api/auth\""),
        key!("sign-in-action", &Shape::Text("function"), "Action that signs in and exchanges codes.", default "\"auth:signIn\""),
        key!("sign-out-action", &Shape::Text("function"), "Action that signs out.", default "\"auth:signOut\""),
        key!("refresh-action", &Shape::Text("function"), "Action that gives new tokens for a refresh token.", default "\"auth:signIn\""),
        key!("refresh-mutation", &Shape::Text("function"), "Instead: a mutation that does."),
        key!("refresh-margin", &Shape::Duration(3_600_000), "How long before its end a token is renewed.", default "a tenth of its life, at least 10 s and at most 60 s"),
        key!("refresh-grace", &Shape::Duration(60_000), "How long new tokens are given to whoever comes with the old ones: as long as the deployment lets an old refresh token be used once more. `0s`: only while it is being renewed.", default "\"10s\""),
        key!("code-paths", &Shape::Texts("pattern"), "Pages where `?code=` is exchanged, as `pattern` has them; `[]`: nowhere.", default "everywhere that `next.matcher` leads"),
        key!("timeout", &Shape::Duration(30_000), "How long renewing a token or exchanging a code may take.", default "\"5s\""),
        key!("forward-token", &Shape::Bool, "Tell the server behind the token as `Authorization: Bearer`.", default "`false`"),
        NO_LEEWAY,
        CLAIMS,
        KEYS,
    ],
    habits: &[
        ("url", "`convex-url`"),
        ("maxage", "`max-age`"),
        ("cookie-max-age", "`max-age`"),
        ("apiroute", "`action-path`"),
        ("api-route", "`action-path`"),
        ("shouldhandlecode", "`code-paths`"),
        ("iss", "`issuer`"),
        ("aud", "`audience`"),
        ("alg", "`algorithms`"),
        ("jwks", "`keys.jwks` or `keys.jwks-url`"),
        ("jwks-url", "`keys.jwks-url`"),
        ("key", "`keys`"),
        ("clock-skew", "`leeway`"),
    ],
};
