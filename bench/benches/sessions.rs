//! Sessions of people, as a whole decision: an RS256 token that is known and one that is new (the host checks its signature),
//! in a plain cookie and as Clerk and Convex Auth have it, natively and in the component.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_bench::{NOW, page};
use portcullis_tests::engine::{Component, Engine, Native, Policy, Request};
use portcullis_tests::sign::RsaSigner;
use portcullis_tests::world::World;
use serde_json::{Value, json};
use std::hint::black_box;

/// More tokens than the cache of verified tokens holds (4,096), so that each one is new when its turn comes again.
const MANY: usize = 6_000;
const PUBLISHABLE_KEY: &str = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k";
const SUFFIX: &str = "naoXFJnI";

/// A policy with that session, asked for at `/product`.
fn policy(session: &Value) -> Policy {
    Policy::new(json!({
        "version": 1,
        "default": "public",
        "proxy": { "public-origin": "https://app.example.test" },
        "sign-in": { "path": "/signin", "after": "/product" },
        "session": { "main": session },
        "route": [{
            "id": "product", "pattern": "/product(.*)", "require": "session",
            "request-headers": { "set": { "x-user-sub": "{claim.sub}" } },
        }],
    }))
    .env("CLERK_SECRET_KEY", "sk_live_made.up.bench.key")
}

fn claims(number: usize) -> Value {
    json!({
        "iss": "https://clerk.example.com", "aud": "app", "azp": "https://app.example.test", "sub": format!("user_{number:06}"),
        "sid": format!("sess_{number:06}"), "sts": "active", "v": 2, "iat": NOW - 30, "nbf": NOW - 40, "exp": NOW + 3600,
    })
}

fn rs256(criterion: &mut Criterion) {
    let signer = RsaSigner::new();
    let tokens: Vec<String> = (0..MANY).map(|number| signer.token(&claims(number))).collect();
    let keys = json!({ "jwks": signer.jwks().to_string() });
    let plain = json!({
        "kind": "jwt-cookie", "cookie": "__Host-session", "issuer": "https://clerk.example.com", "audience": "app", "keys": keys,
    });
    let clerk = json!({
        "kind": "clerk", "publishable-key": PUBLISHABLE_KEY, "secret-key": "env:CLERK_SECRET_KEY", "keys": keys,
        "authorized-parties": ["https://app.example.test"],
    });
    let convex = json!({
        "kind": "convex-auth", "issuer": "https://clerk.example.com", "audience": "app", "keys": keys,
        "convex-url": "https://happy-otter-123.convex.cloud",
    });
    let cookies = |name: &str, token: &str| match name {
        "clerk" => format!("__session_{SUFFIX}={token}; __client_uat_{SUFFIX}={}", NOW - 300),
        "convex-auth" => format!("__Host-__convexAuthJWT={token}; __Host-__convexAuthRefreshToken=r%7Cs"),
        _ => format!("__Host-session={token}"),
    };
    let engines: [(&str, &dyn Engine); 2] = [("native", &Native), ("component, instance reused", &Component)];
    for (engine_name, engine) in engines {
        let mut group = criterion.benchmark_group(format!("RS256, {engine_name}"));
        for (name, session) in [("jwt-cookie", &plain), ("clerk", &clerk), ("convex-auth", &convex)] {
            let mut door = engine.open(&policy(session), &World::at(NOW)).expect("the policy loads");
            let request = |token: &String| -> Request {
                let mut request = page("/product/1k", None);
                if let Some((_, line)) = request.headers.last_mut() {
                    *line = format!("theme=dark; {}", cookies(name, token)).into_bytes();
                }
                request
            };
            let requests: Vec<Request> = tokens.iter().map(request).collect();
            let known = requests.first().expect("there are many");
            assert!(door.ask(known).expect("no HTTP in between").forwarded(), "{name}: the token is not taken");
            let mut took = |request: &Request| door.ask(black_box(request)).expect("no HTTP in between").took;
            group.bench_function(format!("{name}, known"), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| took(known)).sum());
            });
            let mut turn = requests.iter().cycle();
            group.bench_function(format!("{name}, new"), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| took(turn.next().expect("no end"))).sum());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, rs256);
criterion_main!(benches);
