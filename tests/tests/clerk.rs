//! Clerk over HTTP: what the data suite cannot see, the answer that the server behind gives through the gate, and keys that come from
//! the address that the publishable key tells.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_tests::engine::{self, Policy, Request, http};
use portcullis_tests::vectors::text;
use portcullis_tests::wire;
use portcullis_tests::world::{Page, World};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// The suite's document and a case of it.
fn case(id: &str) -> (Value, Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/cases/sessions/clerk-authenticate.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = document["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap().clone();
    (document, case)
}

fn policy(document: &Value, keys: Option<Value>) -> Policy {
    let config = &document["configs"]["prod"];
    let mut session = json!({
        "kind": "clerk", "publishable-key": config["publishableKey"], "secret-key": "env:CLERK_SECRET_KEY",
    });
    if let Some(keys) = keys {
        session["keys"] = keys;
    }
    Policy::new(json!({
        "version": 1,
        "default": "public",
        "proxy": { "public-origin": "https://app.example.com" },
        "session": { "x": session },
        "route": [{ "id": "in", "glob": "/in/**", "require": "session" }],
    }))
    .env("CLERK_SECRET_KEY", text(config, "secretKey"))
    .env("CLERK_JWT_KEY", text(config, "jwtKey"))
}

/// A handshake that came back: the browser gets its lines, and the app behind sees the new cookies already.
#[test]
fn what_a_handshake_brings_reaches_both_sides() {
    let (document, case) = case("clerk/hs-resolve-prod");
    let world = World::at(case["now"].as_i64().unwrap());
    let policy = policy(&document, Some(json!({ "pem": "env:CLERK_JWT_KEY" })));
    let served = http::serve(&policy, &world, Ipv4Addr::LOCALHOST.into()).unwrap();
    let cookie = format!("{}; theme=dark", text(&case["request"]["headers"], "cookie"));
    for target in ["/in/a", "/"] {
        let headers = [("cookie", cookie.as_str()), ("sec-fetch-dest", "document"), ("x-clerk-auth-token", "forged")];
        let response = wire::get(served.address(), target, &headers).unwrap();
        assert_eq!(response.status, 200, "{target}");
        let wanted: Vec<&str> =
            case["expect"]["setCookie"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(response.all("set-cookie"), wanted);
        assert_eq!(response.header("cache-control").as_deref(), Some("private, no-store"));
        let received = served.upstream().take().remove(0);
        let seen = received.header("cookie").unwrap();
        assert!(seen.starts_with("theme=dark; __session_naoXFJnI=ey"), "{seen}");
        assert!(seen.ends_with("; __client_uat_naoXFJnI=1799999700") && !seen.contains("handshake"), "{seen}");
        let token = received.header("x-clerk-auth-token").unwrap();
        assert!(wanted[0].starts_with(&format!("__session_naoXFJnI={token};")));
        assert_eq!(received.header("x-clerk-auth-status").as_deref(), Some("signed-in"));
    }
}

/// An ended session on a public page, too.
#[test]
fn a_public_page_renews_an_ended_session() {
    let (document, case) = case("clerk/exp-6s-ago");
    let world = World::at(case["now"].as_i64().unwrap());
    let policy = policy(&document, Some(json!({ "pem": "env:CLERK_JWT_KEY" })));
    let served = http::serve(&policy, &world, Ipv4Addr::LOCALHOST.into()).unwrap();
    let cookie = text(&case["request"]["headers"], "cookie");
    let page = wire::get(served.address(), "/", &[("cookie", cookie), ("sec-fetch-dest", "document")]).unwrap();
    assert_eq!(page.status, 307);
    let location = page.header("location").unwrap();
    assert!(
        location.starts_with(
            "https://clerk.example.com/v1/client/handshake?redirect_url=https%3A%2F%2Fapp.example.com%2F&"
        )
    );
    assert!(!location.contains("format="), "the default asks for a token: {location}");
    assert_eq!(served.upstream().take().len(), 0);
    // What a script or a picture asks for goes on as it is.
    for destination in ["empty", "image"] {
        let answer = wire::get(served.address(), "/", &[("cookie", cookie), ("sec-fetch-dest", destination)]).unwrap();
        assert_eq!((answer.status, served.upstream().take().len()), (200, 1));
    }
}

/// Without `keys` they come from the Frontend API, once.
#[test]
fn the_publishable_key_says_where_the_keys_are() {
    let (document, case) = case("clerk/ok-bearer");
    let pem = text(&document["configs"]["prod"], "jwtKey");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    // The last parts of an RSA key of 2048 bits: modulus, then the exponent 65537 in five bytes.
    let modulus = &der[der.len() - 5 - 256..der.len() - 5];
    let key =
        json!({ "kty": "RSA", "kid": "ins_vector1", "use": "sig", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" });
    let jwks = json!({ "keys": [key] }).to_string().into_bytes();
    for engine in engine::all() {
        let world = World::at(case["now"].as_i64().unwrap());
        world.serve("https://clerk.example.com/.well-known/jwks.json", Page::Body(jwks.clone()));
        let mut door = engine.open(&policy(&document, None), &world).unwrap();
        let token = text(&case["request"]["headers"], "authorization");
        for _ in 0..2 {
            let request = Request::get("/in/a").header("authorization", token);
            let answer = door.ask(&request).unwrap();
            assert!(answer.forwarded(), "{}: {}", engine.name(), answer.summary());
        }
        assert_eq!(world.fetches(), 1, "{}", engine.name());
    }
}
