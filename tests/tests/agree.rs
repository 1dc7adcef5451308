//! Engines agree: whatever the request, the native function and the component, packed and plain, give the same answer
//! for the same reason.

use portcullis::contract::RequestHead;
use portcullis::gate::pack;
use portcullis_gate::request::Head;
use portcullis_tests::engine::{Component, Door, Native, Plain, Policy, Request};
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::cell::RefCell;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example.test";

/// A bit of everything: guards, all three dialects, exceptions, hosts, conditions, roles, bearer, rewrites, edits.
fn policy(signer: &Signer) -> Policy {
    let keys = json!({ "jwks": signer.jwks().to_string() });
    Policy::new(json!({
        "version": 1,
        "default": "session",
        "proxy": { "public-origin": "https://app.example.test" },
        "sign-in": { "path": "/signin", "after": "/product", "return-param": "next" },
        "session": { "main": {
            "kind": "jwt-cookie", "cookie": "__Host-session", "issuer": ISSUER, "audience": "app", "keys": keys,
        } },
        "bearer": { "api": { "issuer": ISSUER, "audience": "api", "keys": keys } },
        "roles": { "admin": { "claim": "role", "in": ["admin", "owner"] } },
        "identity": { "headers": { "x-user": "{claim.sub}" }, "strip-session-cookie": true },
        "guard": [
            { "id": "gone", "glob": "/gone/**", "missing": [{ "type": "cookie", "key": "staff" }],
              "respond": { "status": 410, "body": "gone" } },
            { "id": "mark", "response-headers": { "set": { "x-gate": "1" } } },
        ],
        "route": [
            { "id": "home", "glob": "/", "require": "public" },
            { "id": "tenant", "host": "{tenant}.example.test", "glob": "/t/**",
              "require": { "claim": "org.slug", "equals": "{tenant}" }, "rewrite": "/sites/{tenant}{path}" },
            { "id": "old", "pattern": "/old/:slug*", "redirect": { "to": "/new/:slug*", "status": 308 } },
            { "id": "query", "glob": "/find", "has": [{ "type": "query", "key": "q", "value": "(?<word>[a-z]+)" }],
              "redirect": "/search/:word" },
            { "id": "admin", "glob": "/admin/**", "except": { "glob": "/admin/login" },
              "require": { "role": "admin" }, "on-forbidden": { "rewrite": "/403", "status": 403 } },
            { "id": "login", "glob": "/admin/login", "require": "signed-out" },
            { "id": "api", "regex": "/v[0-9]+/.*", "methods": ["GET", "POST"],
              "require": { "bearer": "api", "scope": "read" } },
            { "id": "product", "pattern": "/product(.*)", "require": "session",
              "request-headers": { "set": { "x-path": "{path}" }, "remove": ["x-debug"] } },
            { "id": "files", "glob": "/files/*.{png,jpg}", "require": "public" },
            { "id": "none", "glob": "/internal/**", "require": "deny" },
        ],
    }))
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "product", "admin", "login", "old", "new", "find", "v1", "v22", "files", "a.png", "t", "internal", "gone",
            "signin", "_next", "data", "BUILD", "product.json", "index.json", "PRODUCT", "%70roduct", "%2e%2e", "..",
            "%2F", "%00", "a%20b", "%C3%A9", "%zz", ";x=1", "product.rsc", "",
        ])
        .prop_map(str::to_owned),
        1 => "[ -~]{0,8}",
    ]
}

fn target() -> impl Strategy<Value = Vec<u8>> {
    let path = prop::collection::vec(segment(), 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let query = prop::option::of(prop_oneof![
        prop::sample::select(vec!["q=abc", "q=ABC", "next=%2Fproduct", "next=%2F%2Fevil.test", "a=1&a=2", "", "%"])
            .prop_map(str::to_owned),
        "[ -~]{0,12}",
    ]);
    let usual = (path, query).prop_map(|(path, query)| match query {
        Some(query) => format!("{path}?{query}").into_bytes(),
        None => path.into_bytes(),
    });
    prop_oneof![12 => usual, 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

/// Tokens of every fate, as cookie values or after `Bearer `.
fn tokens(signer: &Signer) -> Vec<String> {
    let token = |claims: serde_json::Value| {
        let mut all =
            json!({ "iss": ISSUER, "aud": ["app", "api"], "sub": "u1", "exp": NOW + 600, "scope": "read write" });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        signer.token(&all)
    };
    let good = token(json!({}));
    let tampered = good.replacen('e', "f", 1);
    vec![
        token(json!({ "role": "admin" })),
        token(json!({ "org": { "slug": "acme" } })),
        token(json!({ "exp": NOW - 60 })),
        token(json!({ "nbf": NOW + 60 })),
        token(json!({ "iss": "https://elsewhere.example.test" })),
        token(json!({ "aud": "other", "scope": "none" })),
        Signer::new().token(&json!({ "iss": ISSUER, "aud": "app", "sub": "u1", "exp": NOW + 600 })),
        tampered,
        good,
        "a.b.c".to_owned(),
        String::new(),
    ]
}

fn header(tokens: Vec<String>) -> impl Strategy<Value = (String, Vec<u8>)> {
    let token = prop::sample::select(tokens);
    let cookie = (token.clone(), prop::sample::select(vec!["", "; staff=1", "; __Host-session=x", "; a=\u{e9}"]))
        .prop_map(|(token, more)| ("cookie".to_owned(), format!("a=1; __Host-session={token}{more}").into_bytes()));
    let bearer = token.prop_map(|token| ("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
    let known = prop::sample::select(vec![
        ("accept", "text/html"),
        ("accept", "application/json"),
        ("rsc", "1"),
        ("next-action", "abc"),
        ("next-router-prefetch", "1"),
        ("purpose", "prefetch"),
        ("x-nextjs-data", "1"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-dest", "image"),
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("origin", "https://app.example.test"),
        ("origin", "https://evil.example.test"),
        ("referer", "https://app.example.test/product"),
        ("x-user", "root"),
        ("x_user", "root"),
        ("x-debug", "1"),
        ("access-control-request-method", "POST"),
        ("x-middleware-subrequest", "middleware"),
    ])
    .prop_map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let wild = prop::collection::vec(any::<u8>(), 0..40).prop_map(|value| ("cookie".to_owned(), value));
    prop_oneof![3 => cookie, 2 => bearer, 6 => known, 1 => wild]
}

fn request(tokens: Vec<String>) -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND", "get"]);
    let host = prop::sample::select(vec![
        "app.example.test",
        "acme.example.test",
        "ACME.example.test:443",
        "acme.example.test.",
        "localhost:3000",
        "",
        "a b",
        "[::1]:80",
    ]);
    (method, host, target(), prop::collection::vec(header(tokens), 0..5)).prop_map(|(method, host, target, headers)| {
        Request {
            method: method.to_owned(),
            scheme: "https".to_owned(),
            authority: host.to_owned(),
            target,
            headers,
            body: Vec::new(),
        }
    })
}

#[test]
fn native_and_component_agree_on_random_requests() {
    let signer = Signer::new();
    let policy = policy(&signer);
    let open = |engine: &dyn portcullis_tests::engine::Engine| -> RefCell<Box<dyn Door>> {
        RefCell::new(engine.open(&policy, &World::at(NOW)).unwrap_or_else(|e| panic!("{}: {e}", engine.name())))
    };
    let (native, component, plain) = (open(&Native), open(&Component), open(&Plain));
    let mut forwarded = 0;
    let counted = RefCell::new(&mut forwarded);
    let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
    let result = runner.run(&request(tokens(&signer)), |request| {
        let one = native.borrow_mut().ask(&request).expect("no HTTP in between");
        let other = component.borrow_mut().ask(&request).expect("no HTTP in between");
        prop_assert_eq!(&one.outcome, &other.outcome, "native: {}; component: {}", one.summary(), other.summary());
        prop_assert_eq!(&one.reason, &other.reason);
        let plain = plain.borrow_mut().ask(&request).expect("no HTTP in between");
        prop_assert_eq!((&plain.outcome, &plain.reason), (&other.outcome, &other.reason), "plain, packed");
        if one.forwarded() {
            **counted.borrow_mut() += 1;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // A policy that refuses everything would agree too.
    assert!(forwarded > 50, "only {forwarded} of 2,000 requests were let through");
}

/// The host writes heads as the guest reads them.
#[test]
fn a_packed_head_is_read_as_it_was_written() {
    let lines = prop::collection::vec((any::<String>(), any::<Vec<u8>>()), 0..5);
    let texts = (any::<String>(), any::<String>(), any::<String>(), any::<String>());
    proptest!(|(texts in texts, target in any::<Vec<u8>>(), headers in lines, now in any::<i64>())| {
        let (method, scheme, authority, client) = texts;
        let head = RequestHead { method, scheme, authority, target, headers, client, now };
        let read = Head::unpack(&pack(&head));
        let RequestHead { method, scheme, authority, target, headers, client, now } = head;
        prop_assert_eq!(read, Ok(Head { method, scheme, authority, target, headers, client, now }));
    });
}
