//! What the benches share: policies of a chosen size, and requests as a browser sends them.

use portcullis_tests::engine::{Policy, Request};
use portcullis_tests::sign::Signer;
use serde_json::{Value, json};

pub mod lists;

/// The clock of every bench.
pub const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example.test";

/// `routes` routes in the mixture of real lists (86 % exact or prefix), the first one guarding `/product`.
pub fn policy(signer: &Signer, routes: usize) -> Policy {
    let mut rules = vec![json!({
        "id": "product",
        "pattern": "/product(.*)",
        "require": "session",
        "request-headers": { "set": { "x-user-sub": "{claim.sub}" } },
    })];
    rules.extend((1..routes).map(rule));
    site(signer, rules)
}

/// A site with these routes and without sessions.
pub fn open_site(rules: Vec<Value>) -> Policy {
    Policy::new(json!({ "version": 1, "default": "public", "route": rules }))
}

/// A site with these routes.
pub fn site(signer: &Signer, rules: Vec<Value>) -> Policy {
    Policy::new(json!({
        "version": 1,
        "default": "public",
        "sign-in": { "path": "/signin", "after": "/product" },
        "session": { "main": {
            "kind": "jwt-cookie",
            "cookie": "__convexAuthJWT",
            "issuer": ISSUER,
            "audience": "convex",
            "keys": { "jwks": signer.jwks().to_string() },
        } },
        "route": rules,
    }))
}

fn rule(number: usize) -> Value {
    let id = format!("r{number}");
    match number % 7 {
        0 => json!({ "id": id, "pattern": format!("/shop-{number}/:item/edit"), "require": "session" }),
        1..=3 => json!({ "id": id, "glob": format!("/area-{number}/**"), "require": "session" }),
        _ => json!({ "id": id, "glob": format!("/page-{number}"), "require": "public" }),
    }
}

/// A signed session token of about 400 bytes for subject `number`.
pub fn token(signer: &Signer, number: usize) -> String {
    signer.token(&json!({
        "iss": ISSUER, "aud": "convex", "sub": format!("user{number:06}|sess{number:06}"), "sid": format!("sess_{number:06}"),
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 86_400,
    }))
}

/// A page view with the ten headers of a browser and 1 KiB of Cookie line, with that session if there is one.
pub fn page(target: &str, token: Option<&str>) -> Request {
    let session = token.map(|token| format!("; __convexAuthJWT={token}")).unwrap_or_default();
    let filler = "x".repeat(1024_usize.saturating_sub(session.len() + 20));
    Request::get(target)
        .header("accept-encoding", "gzip, deflate, br")
        .header("accept-language", "en-GB,en;q=0.9")
        .header("cache-control", "max-age=0")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .header("upgrade-insecure-requests", "1")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
        )
        .header("cookie", format!("theme=dark; f={filler}{session}"))
}
