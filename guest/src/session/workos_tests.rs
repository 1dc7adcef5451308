//! Sessions of AuthKit: sealed here, with tokens that a test's own issuer has signed.

use super::*;
use crate::diagnostic::Span;
use crate::question::Answers;
use crate::request::{Cookies, Head, Target};
use crate::session::tests::seals::{PASSWORD, Sealer};
use crate::session::tests::world::{NOW, Signer, World, jwks, literal};
use crate::session::{Asking, Carry, Found, KindSettings, ProviderSettings, Read, Sessions};
use crate::supply::Supplies;
use crate::trace::Trace;
use proptest::prelude::*;
use serde_json::json;
use std::cell::RefCell;

const JWKS: &str = "https://api.workos.com/sso/jwks/client_01";

fn settings() -> WorkosSettings {
    WorkosSettings {
        cookie: "wos-session".to_owned(),
        passwords: SealPasswords::Single(literal(PASSWORD)),
        client_id: Some(literal("client_01")),
        token: TokenSettings { any_issuer: true, ..TokenSettings::new(KeySource::Discovery) },
        app_headers: true,
        redirect_uri: Some(literal("https://app.example/callback")),
    }
}

fn room(settings: WorkosSettings) -> Result<Sessions, Vec<&'static str>> {
    let kind = KindSettings::Workos(settings);
    let one = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
    Sessions::prepare(&[one], &Supplies::default(), (1, 2)).map_err(|all| all.iter().map(|one| one.code).collect())
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "https://api.workos.com/user_management/client_01", "sub": "user_01", "sid": "session_01",
        "org_id": "org_01", "role": "admin", "permissions": ["posts:read"], "exp": NOW + 300, "iat": NOW - 10,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn session(token: &str) -> Value {
    let user = json!({
        "object": "user", "id": "user_01", "email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace",
        "role": "owner", "orgId": "org_02",
    });
    json!({"accessToken": token, "refreshToken": "rt_1", "user": user})
}

fn read(world: &mut World, room: &mut Sessions, cookie: &str) -> (Found, Carry) {
    let line = format!("wos-session={cookie}");
    let head = Head { now: world.now, headers: vec![("cookie".to_owned(), line.into_bytes())], ..Head::default() };
    let cookies = Cookies::parse(head.lines("cookie")).unwrap();
    let target = Target::parse(b"/dashboard?tab=1").unwrap();
    let carried = RefCell::new(Carry::default());
    let found = world.run(std::slice::from_mut(room), |room, answers: Answers<'_>| {
        let origin = Some("https://app.example");
        let asking = Asking { origin, ..Asking::new(&head, &cookies, &target, answers) };
        let Read { found, carry } = room.session(asking, &mut Trace::off());
        *carried.borrow_mut() = carry;
        found
    });
    (found, carried.into_inner())
}

fn word(found: &Found) -> String {
    crate::session::tests::world::word(found)
}

fn start(signer: &Signer, settings: WorkosSettings) -> (World, Sessions) {
    let mut world = World::new(NOW);
    world.serve(JWKS, jwks(&[signer.jwk("sso_k1")]));
    (world, room(settings).unwrap())
}

#[test]
fn token_and_user_make_the_identity() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer, settings());
    let token = signer.sign(Some("sso_k1"), &claims(json!({})));
    let seal = Sealer::default().seal(&session(&token));
    let (Found::Verified(identity), carry) = read(&mut world, &mut room, &seal) else { panic!() };
    assert_eq!(identity.subject.as_deref(), Some("user_01"));
    assert_eq!(identity.expires, NOW + 300);
    let claim = |path: &str| identity.claim(path).cloned().unwrap_or_default();
    assert_eq!(claim("email"), "ada@example.com");
    assert_eq!((claim("first_name"), claim("name")), (json!("Ada"), json!("Ada Lovelace")));
    assert_eq!((claim("user.firstName"), claim("sid")), (json!("Ada"), json!("session_01")));
    assert_eq!((claim("role"), claim("org_id")), (json!("admin"), json!("org_01")), "what the token says");
    let all = Value::Object(identity.claims.clone()).to_string();
    assert!(!all.contains("rt_1") && !all.contains(&token), "{all}");
    let expected = [
        ("x-workos-middleware", "true"),
        ("x-url", "https://app.example/dashboard?tab=1"),
        ("x-redirect-uri", "https://app.example/callback"),
        ("x-workos-session", seal.as_str()),
    ];
    assert_eq!(carry.request_headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    // The second time the seal is not opened, and the app behind is told the same.
    let (Found::Verified(again), carried) = read(&mut world, &mut room, &seal) else { panic!() };
    assert!(Arc::ptr_eq(&identity, &again));
    assert_eq!(carried, carry);
    assert_eq!((world.fetches, world.checks), (1, 1));
    world.now = NOW + 300;
    let (found, carry) = read(&mut world, &mut room, &seal);
    assert_eq!(word(&found), "expired 0 s ago");
    assert!(carry.request_headers.iter().all(|(name, _)| name != "x-workos-session"));
}

#[test]
fn only_the_token_says_what_somebody_may() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer, settings());
    let mut bare = claims(json!({}));
    bare.as_object_mut().unwrap().remove("role");
    bare.as_object_mut().unwrap().remove("org_id");
    let seal = Sealer::default().seal(&session(&signer.sign(Some("sso_k1"), &bare)));
    let (Found::Verified(identity), _) = read(&mut world, &mut room, &seal) else { panic!() };
    assert_eq!((identity.claim("role"), identity.claim("org_id")), (None, None));
    assert_eq!(identity.claim("user.role"), Some(&json!("owner")));
}

#[test]
fn refusals() {
    let (signer, stranger) = (Signer::new(), Signer::new());
    let (mut world, mut room) = start(&signer, settings());
    let seal = |token: &str| Sealer::default().seal(&session(token));
    let signed = |change: Value| seal(&signer.sign(Some("sso_k1"), &claims(change)));
    for (cookie, why) in [
        ("garbage".to_owned(), "not eight parts"),
        (signed(json!({"exp": NOW})), "expired 0 s ago"),
        (signed(json!({"exp": NOW - 1})), "expired 1 s ago"),
        (signed(json!({"exp": "x"})), "claim `exp` is no number"),
        (seal(&stranger.sign(Some("sso_k1"), &claims(json!({})))), "signature does not verify"),
        (seal(&signer.sign(Some("zzz"), &claims(json!({})))), "kid unknown, keys fetched 0 s ago"),
        (seal("a.b"), "malformed token: not three parts"),
        (Sealer::default().seal(&json!({"user": {"id": "user_01"}})), "claim `accessToken` missing"),
        (Sealer::default().seal(&json!({})), "claim `accessToken` missing"),
        (
            Sealer { ends: Some((NOW - 60) * 1000), ..Sealer::default() }
                .seal(&session(&signer.sign(Some("sso_k1"), &claims(json!({}))))),
            "expired 60 s ago",
        ),
    ] {
        assert_eq!(word(&read(&mut world, &mut room, &cookie).0), why);
    }
}

#[test]
fn a_seal_with_an_end_of_its_own_is_held_to_it() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer, settings());
    let token = signer.sign(Some("sso_k1"), &claims(json!({})));
    let seal = Sealer { ends: Some(NOW * 1000), ..Sealer::default() }.seal(&session(&token));
    assert_eq!(word(&read(&mut world, &mut room, &seal).0), "ok user_01");
    world.now = NOW + 60;
    assert_eq!(word(&read(&mut world, &mut room, &seal).0), "expired 60 s ago");
}

#[test]
fn settings_one_by_one() {
    let signer = Signer::new();
    let token = signer.sign(Some("sso_k1"), &claims(json!({})));
    let seal = Sealer::default().seal(&session(&token));
    let issued_by = |issuer: &str| WorkosSettings {
        token: TokenSettings { issuers: vec![literal(issuer)], ..settings().token },
        ..settings()
    };
    for (issuer, found) in [
        ("https://api.workos.com/user_management/client_01", "ok user_01"),
        ("https://api.workos.com", "issuer not accepted"),
    ] {
        let (mut world, mut room) = start(&signer, issued_by(issuer));
        assert_eq!(word(&read(&mut world, &mut room, &seal).0), found);
    }
    let (mut world, mut room) = start(&signer, WorkosSettings { app_headers: false, ..settings() });
    let (found, carry) = read(&mut world, &mut room, &seal);
    assert_eq!((word(&found), carry), ("ok user_01".to_owned(), Carry::default()));
    let kind = WorkosSettings { app_headers: false, ..settings() };
    assert!(!kind.everywhere() && settings().everywhere());
    assert!(kind.stripped().contains(&"x-workos-*".to_owned()), "also then");

    for client in ["", "a/b", "a b", "../x", "a?b"] {
        let settings = WorkosSettings { client_id: Some(literal(client)), ..settings() };
        assert_eq!(room_error(settings), ["P418"], "{client}");
    }
    let short = WorkosSettings { passwords: SealPasswords::Single(literal("short")), ..settings() };
    assert_eq!(room_error(short), ["P409"]);
}

fn room_error(settings: WorkosSettings) -> Vec<&'static str> {
    room(settings).unwrap_err()
}

#[test]
fn names_of_members() {
    for (given, made) in [("firstName", "first_name"), ("email", "email"), ("Email", "email"), ("", ""), ("aB", "a_b")]
    {
        assert_eq!(snake_case(given), made);
    }
}

proptest! {
    #[test]
    fn never_panics(text in "[!-~]{0,80}", inner in "\\PC{0,40}") {
        let signer = Signer::new();
        let (mut world, mut room) = start(&signer, settings());
        read(&mut world, &mut room, text.trim_matches(';'));
        read(&mut world, &mut room, &Sealer::default().seal_text(&inner));
        read(&mut world, &mut room, &Sealer::default().seal(&session(&inner)));
    }
}

#[test]
fn the_token_without_its_seal_is_no_session_even_when_it_is_known() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer, settings());
    let token = signer.sign(Some("sso_k1"), &claims(json!({})));
    let before = word(&read(&mut world, &mut room, &token).0);
    let sealed = Sealer::default().seal(&session(&token));
    assert_eq!(word(&read(&mut world, &mut room, &sealed).0), "ok user_01");
    assert_eq!(word(&read(&mut world, &mut room, &token).0), before, "memory changes the answer");
    assert!(!before.starts_with("ok"), "{before}");
}
