//! Sessions of a project: envelopes in all spellings, and what is believed of them.

use super::*;
use crate::diagnostic::Span;
use crate::request::CookieRead;
use crate::session::crypto::text::to_base64url;
use crate::session::tests::world::{NOW, Signer, World, jwks, literal, sign_shared, word};
use crate::session::{Algorithm, Found, KindSettings, ProviderSettings, Sessions};
use crate::supply::Supplies;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

const PROJECT: &str = "https://vectorref.supabase.co";
const JWKS: &str = "https://vectorref.supabase.co/auth/v1/.well-known/jwks.json";
const COOKIE: &str = "sb-vectorref-auth-token";
const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

fn settings() -> SupabaseSettings {
    SupabaseSettings {
        project_url: Some(literal(PROJECT)),
        cookie: None,
        token: TokenSettings { audiences: vec![literal("authenticated")], ..TokenSettings::new(KeySource::Discovery) },
        roles: vec!["authenticated".to_owned()],
    }
}

fn room(settings: SupabaseSettings) -> Result<Sessions, Vec<&'static str>> {
    let kind = KindSettings::Supabase(settings);
    let one = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
    Sessions::prepare(&[one], &Supplies::default(), (1, 2)).map_err(|all| all.iter().map(|one| one.code).collect())
}

fn start(signer: &Signer) -> (World, Sessions) {
    let mut world = World::new(NOW);
    world.serve(JWKS, jwks(&[signer.jwk("k1")]));
    (world, room(settings()).unwrap())
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": format!("{PROJECT}/auth/v1"), "sub": "u1", "aud": "authenticated", "role": "authenticated",
        "email": "ada@example.com", "session_id": "s1", "is_anonymous": false, "exp": NOW + 3600, "iat": NOW - 60,
    });
    for (name, value) in change.as_object().unwrap() {
        if value == "-" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn session(token: &str, expires_at: i64) -> String {
    let user = json!({"id": "forged", "role": "service_role", "email": "mallory@example.com"});
    json!({
        "access_token": token, "token_type": "bearer", "expires_in": 3600, "expires_at": expires_at,
        "refresh_token": "rt-1", "user": user,
    })
    .to_string()
}

fn encoded(session: &str) -> String {
    format!("base64-{}", to_base64url(session))
}

fn ask(world: &mut World, room: &mut Sessions, cookies: &[(&str, &str)]) -> Found {
    let read: Vec<_> = cookies.iter().map(|(name, text)| (*name, CookieRead::Value((*text).to_owned()))).collect();
    world.cookies(std::slice::from_mut(room), &read)
}

fn one(world: &mut World, room: &mut Sessions, text: &str) -> String {
    word(&ask(world, room, &[(COOKIE, text)]))
}

#[test]
fn the_token_decides_and_the_user_beside_it_is_not_believed() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let text = encoded(&session(&token, NOW + 3600));
    let Found::Verified(identity) = ask(&mut world, &mut room, &[(COOKIE, &text)]) else { panic!() };
    assert_eq!(Value::Object(identity.claims.clone()), claims(json!({})));
    assert_eq!(identity.token_identifier().as_deref(), Some("https://vectorref.supabase.co/auth/v1|u1"));
    let Found::Verified(again) = ask(&mut world, &mut room, &[(COOKIE, &text)]) else { panic!() };
    assert!(Arc::ptr_eq(&identity, &again));
    assert_eq!((world.fetches, world.checks), (1, 1));
}

#[test]
fn spellings_of_a_session() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let json = session(&token, NOW + 3600);
    let escaped: String = json.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for text in [encoded(&json), format!("{}==", encoded(&json)), json.clone(), escaped] {
        assert_eq!(one(&mut world, &mut room, &text), "ok u1", "{text:.20}");
    }
    let null = "null";
    for (text, why) in [
        (encoded(null), "not a JSON object"),
        (encoded("not json"), "not JSON"),
        ("base64-***".to_owned(), "session is not base64url"),
        ("base64-".to_owned(), "not JSON"),
        (null.to_owned(), "not a JSON object"),
        (format!("base65-{}", to_base64url(&json)), "not JSON"),
        ("%7".to_owned(), "cookie is not percent-encoded text"),
        (encoded(&json.replace("\"token_type\"", "\"access_token\"")), "duplicate member"),
        (encoded(&json.replace("access_token", "accesstoken")), "claim `access_token` missing"),
        (encoded(&json.replace("refresh_token", "x")), "claim `refresh_token` missing"),
        (encoded(&json.replace("expires_at", "x")), "claim `expires_at` missing"),
        (encoded(&json.replace("\"expires_at\":", "\"expires_at\":null,\"x\":")), "claim `expires_at` is no number"),
    ] {
        assert_eq!(one(&mut world, &mut room, &text), why, "{text:.30}");
    }
}

#[test]
fn chunks() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let text = encoded(&session(&signer.sign(Some("k1"), &claims(json!({}))), NOW + 3600));
    let (first, rest) = text.split_at(300);
    let (second, third) = rest.split_at(200);
    let name = |number: u8| format!("{COOKIE}.{number}");
    let (zero, one, two, four) = (name(0), name(1), name(2), name(4));
    let mut ask = |cookies: &[(&str, &str)]| word(&ask(&mut world, &mut room, cookies));
    assert_eq!(ask(&[(&two, third), (&zero, first), (&one, second)]), "ok u1");
    assert_eq!(ask(&[(&zero, first), (&one, second), (&two, third), (&four, "stale")]), "ok u1", "stops at the gap");
    assert_eq!(ask(&[(COOKIE, &text), (&zero, first), (&one, "stale")]), "ok u1", "the whole one wins");
    assert_ne!(ask(&[(&zero, first), (&two, third)]), "ok u1");
    assert_ne!(ask(&[(&zero, first), (&one, second)]), "ok u1");
    assert_eq!(ask(&[(&one, second), (&two, third)]), "chunk-missing");
    assert_eq!(ask(&[]), "no cookie");
}

#[test]
fn what_a_token_must_say() {
    let signer = Signer::new();
    for (change, found) in [
        (json!({"is_anonymous": true, "email": ""}), "ok u1"),
        (json!({"aud": ["authenticated", "x"]}), "ok u1"),
        (json!({"aud": "other"}), "audience not accepted"),
        (json!({"role": "anon"}), "claim `role` is not accepted"),
        (json!({"role": "-"}), "claim `role` is not accepted"),
        (json!({"role": ["authenticated"]}), "claim `role` is not accepted"),
        (json!({"iss": "https://other.supabase.co/auth/v1"}), "issuer not accepted"),
        (json!({"nbf": NOW + 1}), "not valid for another 1 s"),
        (json!({"exp": NOW}), "expired 0 s ago"),
        (json!({"exp": "-"}), "claim `exp` missing"),
        (json!({"sub": "-"}), "claim `sub` missing"),
    ] {
        let (mut world, mut room) = start(&signer);
        let text = encoded(&session(&signer.sign(Some("k1"), &claims(change.clone())), NOW + 3600));
        for _ in 0..2 {
            assert_eq!(one(&mut world, &mut room, &text), found, "{change}");
        }
    }
    let (mut world, _) = start(&signer);
    let open = SupabaseSettings {
        token: TokenSettings { audiences: Vec::new(), ..settings().token },
        roles: Vec::new(),
        ..settings()
    };
    let mut room = room(open).unwrap();
    let token = signer.sign(Some("k1"), &claims(json!({"aud": "other", "role": "anon"})));
    assert_eq!(one(&mut world, &mut room, &encoded(&session(&token, NOW + 3600))), "ok u1");
}

#[test]
fn the_sooner_end_counts() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({"exp": NOW + 100})));
    for (expires_at, last) in [(NOW + 100, 99), (NOW + 50, 49), (NOW + 500, 99)] {
        let text = encoded(&session(&token, expires_at));
        for (after, found) in [(0, true), (last, true), (last + 1, false), (last, true)] {
            world.now = NOW + after;
            assert_eq!(one(&mut world, &mut room, &text) == "ok u1", found, "{expires_at} {after}");
        }
    }
}

#[test]
fn shared_secrets() {
    let with = |secret: &str| SupabaseSettings {
        token: TokenSettings { keys: KeySource::Secret(vec![literal(secret)]), ..settings().token },
        ..settings()
    };
    let mut world = World::new(NOW);
    let mut room_ = room(with(SECRET)).unwrap();
    let text = encoded(&session(&sign_shared(SECRET, &claims(json!({}))), NOW + 3600));
    assert_eq!(one(&mut world, &mut room_, &text), "ok u1");
    // The API keys of such a project are signed with the same secret, and one of them is public.
    for role in ["anon", "service_role"] {
        let key = json!({"iss": "supabase", "ref": "vectorref", "role": role, "iat": NOW - 9, "exp": NOW + 9_999});
        let text = encoded(&session(&sign_shared(SECRET, &key), NOW + 3600));
        assert_eq!(one(&mut world, &mut room_, &text), "issuer not accepted");
    }
    assert_eq!(room(with("short")).unwrap_err(), ["P409"]);
    // No secret ever stands in for a public key.
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let forged = sign_shared(&signer.jwk("k1").to_string(), &claims(json!({})));
    assert_eq!(one(&mut world, &mut room, &encoded(&session(&forged, NOW + 3600))), "algorithm not allowed");
}

#[test]
fn names_of_a_project() {
    for (address, cookie, issuer) in [
        (PROJECT, COOKIE, "https://vectorref.supabase.co/auth/v1"),
        ("https://vectorref.supabase.co/", COOKIE, "https://vectorref.supabase.co/auth/v1"),
        ("http://127.0.0.1:54321", "sb-127-auth-token", "http://127.0.0.1:54321/auth/v1"),
        ("http://localhost:54321/", "sb-localhost-auth-token", "http://localhost:54321/auth/v1"),
        ("https://Auth.example.com", "sb-auth-auth-token", "https://Auth.example.com/auth/v1"),
        ("https://example.com/base", "sb-example-auth-token", "https://example.com/base/auth/v1"),
    ] {
        let expected = Project { cookie: cookie.to_owned(), issuer: issuer.to_owned() };
        assert_eq!(Project::of(address), Some(expected), "{address}");
    }
    for bad in
        ["", "vectorref", "http://vectorref.supabase.co", "https://", "https://a@b", "https://a?b", "https://[::1]"]
    {
        assert_eq!(Project::of(bad), None, "{bad}");
        let settings = SupabaseSettings { project_url: Some(literal(bad)), ..settings() };
        assert_eq!(room(settings).unwrap_err(), ["P418"], "{bad}");
    }
    let own = SupabaseSettings {
        cookie: Some("session".to_owned()),
        token: TokenSettings { algorithms: vec![Algorithm::Es256], ..settings().token },
        ..settings()
    };
    assert_eq!(room(own).unwrap().cookies()[0].name, "session");
}

proptest! {
    #[test]
    fn never_panics(text in "[!-:<-~]{0,80}", inner in "\\PC{0,60}", token in "\\PC{0,40}", at in any::<i64>()) {
        let signer = Signer::new();
        let (mut world, mut room) = start(&signer);
        one(&mut world, &mut room, &text);
        one(&mut world, &mut room, &encoded(&inner));
        one(&mut world, &mut room, &encoded(&session(&token, at)));
    }
}

#[test]
fn the_token_without_its_envelope_is_no_session_even_when_it_is_known() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    for (role, inside) in [("authenticated", "ok u1"), ("anon", "claim `role` is not accepted")] {
        let token = signer.sign(Some("k1"), &claims(json!({ "role": role })));
        let before = one(&mut world, &mut room, &token);
        assert_eq!(one(&mut world, &mut room, &encoded(&session(&token, NOW + 3600))), inside);
        assert_eq!(one(&mut world, &mut room, &token), before, "memory changes the answer");
        assert!(!before.starts_with("ok"), "{before}");
    }
}
