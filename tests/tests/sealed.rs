//! Sealed sessions through all engines, sealed by other hands than the gate's: who comes in, and what the server behind is told.

use portcullis_tests::engine::{self, Answer, Policy, Request};
use portcullis_tests::iron::seal;
use portcullis_tests::sign::Signer;
use portcullis_tests::world::{Page, World};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const PASSWORD: &str = "a password of at least 32 characters";
const TOLD: [&str; 5] = ["x-workos-session", "x-workos-middleware", "x-url", "x-redirect-uri", "x-sign-up-paths"];

/// The answers of all engines to a page with that cookie.
fn ask(policy: &Policy, world: &std::sync::Arc<World>, target: &str, headers: &[(&str, &str)]) -> Vec<Answer> {
    let request = headers.iter().fold(Request::get(target), |request, (name, value)| request.header(name, *value));
    let open = |engine: Box<dyn engine::Engine>| engine.open(policy, world).unwrap().ask(&request).unwrap();
    engine::all().into_iter().map(open).collect()
}

fn authkit(signer: &Signer) -> (Policy, std::sync::Arc<World>) {
    let policy = Policy::new(json!({
        "version": 1,
        "default": "session",
        "proxy": { "public-origin": "https://app.example.test" },
        "sign-in": { "path": "/login" },
        "session": { "x": {
            "kind": "workos", "client-id": "client_01", "password": "env:PASSWORD",
            "redirect-uri": "https://app.example.test/callback",
        } },
        "identity": { "headers": { "x-who": "{claim.sub} {claim.email} {claim.role} {claim.name}" } },
        "route": [{ "id": "open", "glob": "/about", "require": "public" }],
    }))
    .env("PASSWORD", PASSWORD);
    let world = World::at(NOW);
    world.serve("https://api.workos.com/sso/jwks/client_01", Page::Body(signer.jwks().to_string().into_bytes()));
    (policy, world)
}

fn session(signer: &Signer, exp: i64) -> String {
    let token = signer.token(&json!({
        "iss": "https://api.workos.com/user_management/client_01", "sub": "user_01", "sid": "session_01",
        "role": "admin", "exp": exp, "iat": NOW - 60,
    }));
    let user = json!({ "id": "user_01", "email": "ada@example.test", "firstName": "Ada", "lastName": "Lovelace" });
    seal(PASSWORD, &json!({ "accessToken": token, "refreshToken": "rt", "user": user }), None)
}

#[test]
fn the_app_behind_authkit_learns_who_it_is() {
    let signer = Signer::new();
    let (policy, world) = authkit(&signer);
    let good = session(&signer, NOW + 300);
    let cookie = format!("wos-session={good}");
    for target in ["/dashboard?tab=1", "/about"] {
        for answer in
            ask(&policy, &world, target, &[("cookie", &cookie), ("x-sign-up-paths", "/evil"), ("x-workos-x", "1")])
        {
            let told = |name: &str| answer.upstream_header(name);
            assert_eq!(
                told("x-who").as_deref(),
                Some("user_01 ada@example.test admin Ada Lovelace"),
                "{}",
                answer.summary()
            );
            assert_eq!(told("x-workos-session").as_deref(), Some(good.as_str()));
            assert_eq!(told("x-workos-middleware").as_deref(), Some("true"));
            assert_eq!(told("x-url"), Some(format!("https://app.example.test{target}")));
            assert_eq!(told("x-redirect-uri").as_deref(), Some("https://app.example.test/callback"));
            assert_eq!((told("x-sign-up-paths"), told("x-workos-x")), (None, None));
            assert_eq!(told("cookie").as_deref(), Some(cookie.as_str()));
        }
    }
}

#[test]
fn a_stranger_is_told_as_one() {
    let signer = Signer::new();
    let (policy, world) = authkit(&signer);
    let old = format!("wos-session={}", session(&signer, NOW));
    let lie = session(&signer, NOW + 300);
    for cookie in ["wos-session=garbage", old.as_str(), "other=1"] {
        for answer in ask(
            &policy,
            &world,
            "/about",
            &[("cookie", cookie), ("x-workos-session", &lie), ("x-url", "https://evil.test/")],
        ) {
            assert!(answer.forwarded(), "{}", answer.summary());
            let told: Vec<_> = TOLD.into_iter().filter(|name| answer.upstream_header(name).is_some()).collect();
            assert_eq!(told, ["x-workos-middleware", "x-url", "x-redirect-uri"]);
            assert_eq!(answer.upstream_header("x-url").as_deref(), Some("https://app.example.test/about"));
        }
        for answer in ask(&policy, &world, "/dashboard", &[("cookie", cookie), ("x-workos-session", &lie)]) {
            assert_eq!(answer.reply_header("location").as_deref(), Some("/login"), "{}", answer.summary());
            assert!(answer.reply_header("cache-control").is_some_and(|line| line.contains("no-store")));
            assert_eq!(answer.reply_header("set-cookie"), None, "the cookie is the app's to clear");
        }
    }
}

#[test]
fn iron_session_by_other_hands() {
    let policy = |more: Value| {
        let mut settings = json!({ "kind": "iron-session", "cookie": "app", "password": "env:PASSWORD" });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Policy::new(json!({
            "version": 1, "default": "session", "session": { "x": settings },
            "identity": { "headers": { "x-who": "{claim.user.id}", "x-id": "{token-identifier}" } },
        }))
        .env("PASSWORD", PASSWORD)
    };
    let world = World::at(NOW);
    let sealed = |data: Value, ends: Option<i64>| format!("app={}", seal(PASSWORD, &data, ends));
    let user = sealed(json!({ "user": { "id": "u 7 Ż" } }), Some((NOW - 59) * 1000));
    for answer in ask(&policy(json!({ "subject": "user.id" })), &world, "/", &[("cookie", &user)]) {
        assert_eq!(answer.upstream_header("x-who").as_deref(), Some("u 7 %C5%BB"));
        assert_eq!(answer.upstream_header("x-id").as_deref(), Some("x|u 7 %C5%BB"));
    }
    let cart = sealed(json!({ "cart": [1] }), None);
    let over = sealed(json!({ "user": { "id": "u" } }), Some((NOW - 60) * 1000));
    for (cookie, more, passes) in [
        (&cart, json!({}), true),
        (&cart, json!({ "subject": "user.id" }), false),
        (&cart, json!({ "required-claims": ["user"] }), false),
        (&over, json!({}), false),
        (&over, json!({ "leeway": "61s" }), true),
    ] {
        for answer in ask(&policy(more.clone()), &world, "/", &[("cookie", cookie)]) {
            assert_eq!(answer.forwarded(), passes, "{more} {}", answer.summary());
        }
    }
}
