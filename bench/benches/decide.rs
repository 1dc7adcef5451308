//! One decision: native and in the component, instance reused and fresh, token known and new, 10 to 1,000 routes.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use portcullis_bench::{NOW, page, policy, token};
use portcullis_tests::engine::{Component, Door, Engine, Native, Plain, Policy, Request};
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use portcullis_tests::{iron, seal};
use serde_json::{Value, json};
use std::hint::black_box;

/// More tokens than any cache of verified tokens holds, so that each one is new when its turn comes again.
const MANY: usize = 20_000;

/// Time inside the decision alone, without making the head and reading the answer.
fn bench<'a>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    door: &mut dyn Door,
    mut request: impl FnMut() -> &'a Request,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            (0..times).map(|_| door.ask(black_box(request())).expect("no HTTP in between").took).sum()
        });
    });
}

fn one(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, door: &mut dyn Door, request: &Request) {
    bench(group, name, door, || request);
}

fn workloads(criterion: &mut Criterion, group: &str, engine: &dyn Engine, isolate: bool) {
    let signer = Signer::new();
    let mut group = criterion.benchmark_group(group);
    for routes in [10, 100, 1_000] {
        let mut policy = policy(&signer, routes);
        if isolate && let Some(document) = policy.document.as_object_mut() {
            document.insert("proxy".to_owned(), json!({ "isolation": "request" }));
        }
        let mut door = engine.open(&policy, &World::at(NOW)).expect("the policy loads");
        let known = token(&signer, 0);
        let door = door.as_mut();
        one(&mut group, &format!("stranger to sign-in/{routes} routes"), door, &page("/product/1k", None));
        one(&mut group, &format!("public page/{routes} routes"), door, &page("/pub/1k", None));
        one(&mut group, &format!("known token/{routes} routes"), door, &page("/product/1k", Some(&known)));
        if routes == 10 {
            let requests: Vec<Request> =
                (0..MANY).map(|number| page("/product/1k", Some(&token(&signer, number)))).collect();
            let mut turn = requests.iter().cycle();
            bench(&mut group, "new token, ES256/10 routes", door, || turn.next().expect("a cycle has no end"));
        }
    }
    group.finish();
}

fn decide(criterion: &mut Criterion) {
    workloads(criterion, "native", &Native, false);
    workloads(criterion, "component, instance reused", &Component, false);
    workloads(criterion, "component, instance fresh", &Component, true);
}

/// What a call costs: the same head natively, in the component, and in the component handed in as a record.
fn call(criterion: &mut Criterion) {
    let signer = Signer::new();
    let (policy, request) = (policy(&signer, 10), page("/product/1k", Some(&token(&signer, 0))));
    let mut group = criterion.benchmark_group("JWT cookie, cache hit, 10 headers");
    let engines: [(&str, &dyn Engine); 3] =
        [("native", &Native), ("component, reused", &Component), ("component, reused, head as a record", &Plain)];
    for (name, engine) in engines {
        let mut door = engine.open(&policy, &World::at(NOW)).expect("the policy loads");
        one(&mut group, name, door.as_mut(), &request);
    }
    group.finish();
}

/// A sealed cookie, opened anew each time, and one that is remembered: the whole decision.
fn seals(criterion: &mut Criterion) {
    const PASSWORD: &str = "a password of at least 32 characters";
    let policy = Policy::new(json!({
        "version": 1,
        "default": "session",
        "session": { "main": {
            "kind": "iron-session", "cookie": "app_session", "password": "env:PASSWORD", "subject": "user.id",
        } },
        "identity": { "headers": { "x-user-id": "{claim.user.id}" } },
    }))
    .env("PASSWORD", PASSWORD);
    let sealed = |number: usize| {
        let user = json!({ "id": format!("user-{number:06}"), "email": "ada@example.test", "roles": ["editor"] });
        let text = iron::seal(PASSWORD, &json!({ "user": user, "views": number }), Some((NOW + 86_400) * 1000));
        page("/product/1k", None).header("cookie", format!("app_session={text}"))
    };
    let requests: Vec<Request> = (0..MANY).map(sealed).collect();
    let mut group = criterion.benchmark_group("component, instance reused");
    let mut door = Component.open(&policy, &World::at(NOW)).expect("the policy loads");
    let mut turn = requests.iter().cycle();
    let known = sealed(MANY);
    assert!(door.ask(&known).expect("no HTTP in between").forwarded(), "the seal does not open");
    bench(&mut group, "seal open", door.as_mut(), || turn.next().expect("a cycle has no end"));
    one(&mut group, "seal known", door.as_mut(), &known);
    group.finish();
}

/// A secret of an app whose sessions are encrypted.
const SECRET: &str = "a secret of an app that is long enough for it";
/// Name of the Auth.js cookie.
const AUTHJS: &str = "__Secure-authjs.session-token";

/// The encrypted cookie of user `number`, as the package writes it, with its name.
type Seal = fn(number: usize) -> (&'static str, String);

fn authjs(number: usize) -> (&'static str, String) {
    let claims = json!({
        "sub": format!("user{number:06}"), "name": "Ada Lovelace", "email": "ada@example.com",
        "picture": "https://img.example.com/a.png", "iat": NOW - 60, "exp": NOW + 86_400, "jti": format!("{number:032}"),
    });
    (AUTHJS, seal::auth_js(SECRET, AUTHJS, &claims))
}

fn auth0(number: usize) -> (&'static str, String) {
    let content = json!({
        "user": { "sub": format!("auth0|{number:06}"), "name": "Ada Lovelace", "email": "ada@example.com", "sid": "s" },
        "tokenSet": { "accessToken": "opaque", "refreshToken": "opaque", "expiresAt": NOW + 3600, "scope": "openid" },
        "internal": { "sid": "s", "createdAt": NOW - 3600 },
        "exp": NOW + 86_400,
    });
    ("__session", seal::auth0(SECRET, &content))
}

/// Whole decisions on encrypted sessions: known, new at every request, and rolled on.
fn sealed(criterion: &mut Criterion) {
    let kinds: [(&str, Value, Seal); 3] = [
        ("A256CBC-HS512 (authjs)", json!({ "kind": "authjs", "secret": "env:SECRET" }), authjs),
        ("A256GCM (auth0)", json!({ "kind": "auth0", "secret": "env:SECRET" }), auth0),
        ("A256GCM, rolled on (auth0)", json!({ "kind": "auth0", "secret": "env:SECRET", "rolling": true }), auth0),
    ];
    let engines: [(&str, &dyn Engine); 2] = [("JWE, native", &Native), ("JWE, component, instance reused", &Component)];
    for (name, engine) in engines {
        let mut group = criterion.benchmark_group(name);
        for (kind, settings, seal) in &kinds {
            let mut policy = policy(&Signer::new(), 10).env("SECRET", SECRET);
            if let Some(document) = policy.document.as_object_mut() {
                document.insert("session".to_owned(), json!({ "main": settings }));
            }
            let mut door = engine.open(&policy, &World::at(NOW)).expect("the policy loads");
            let request = |number| {
                let (cookie, token) = seal(number);
                let mut request = page("/product/1k", None);
                if let Some((_, line)) = request.headers.last_mut() {
                    line.extend(format!("; {cookie}={token}").bytes());
                }
                request
            };
            let known = request(0);
            one(&mut group, &format!("known token, {kind}"), door.as_mut(), &known);
            let requests: Vec<Request> = (1..=MANY).map(request).collect();
            let mut turn = requests.iter().cycle();
            bench(&mut group, &format!("JWE open, {kind}"), door.as_mut(), || turn.next().expect("a cycle has no end"));
        }
        group.finish();
    }
}

criterion_group!(benches, decide, call, seals, sealed);
criterion_main!(benches);
