//! How questions, documents, memory and several providers play together.

use super::super::{Carrier, Found, KeySource, Sessions};
use super::world::{
    Made, NOW, Signer, World, bearer, cookie, jwks, literal, room, session, settings, sign_shared, word,
};
use crate::question::{Answer, Answered, Answers, Question};
use crate::request::{CookieRead, Head};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: &str = "https://issuer.example/keys";
const DISCOVERY: &str = "https://issuer.example/.well-known/openid-configuration";
const SECRET: &str = "a shared secret of 40 characters, I hope";

fn claims(change: Value) -> Value {
    let mut claims = json!({"iss": "https://issuer.example", "sub": "u1", "iat": NOW - 60, "exp": NOW + 3600});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn value(token: &str) -> CookieRead {
    CookieRead::Value(token.to_owned())
}

fn at_address() -> Made {
    settings(cookie("s"), KeySource::JwksUrl(literal(KEYS)))
}

fn shared(secrets: &[&str]) -> Made {
    settings(cookie("s"), KeySource::Secret(secrets.iter().map(|secret| literal(secret)).collect()))
}

/// A world that serves `signer`'s key, and one room.
fn start(signer: &Signer) -> (World, Sessions) {
    let mut world = World::new(NOW);
    world.serve(KEYS, jwks(&[signer.jwk("k1")]));
    (world, room(&[at_address()]).unwrap())
}

fn ask(world: &mut World, room: &mut Sessions, token: &str) -> String {
    word(&world.cookies(std::slice::from_mut(room), &[("s", value(token))]))
}

#[test]
fn one_fetch_one_check_then_memory() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    for _ in 0..3 {
        assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
    }
    assert_eq!((world.fetches, world.checks), (1, 1));
    // The clock is looked at each time.
    world.now = NOW + 3604;
    assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
    world.now = NOW + 3605;
    assert_eq!(ask(&mut world, &mut room, &token), "expired 5 s ago");
    world.now = NOW - 121;
    assert_eq!(ask(&mut world, &mut room, &token), "issued 61 s ahead of this clock");
}

#[test]
fn any_instance_takes_the_next_step() {
    let signer = Signer::new();
    let mut world = World::new(NOW);
    world.serve(DISCOVERY, json!({"issuer": "https://issuer.example", "jwks_uri": KEYS}));
    world.serve(KEYS, jwks(&[signer.jwk("k1")]));
    let one = settings(cookie("s"), KeySource::Discovery);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let mut rooms: Vec<Sessions> = (0..5).map(|_| room(std::slice::from_ref(&one)).unwrap()).collect();
    assert_eq!(rooms[0].documents(), [DISCOVERY]);
    for _ in 0..4 {
        assert_eq!(word(&world.cookies(&mut rooms, &[("s", value(&token))])), "ok u1");
        rooms.rotate_left(1);
    }
    assert_eq!(world.fetches, 2);
}

#[test]
fn numbers_do_not_depend_on_what_an_instance_knows() {
    let signer = Signer::new();
    let (mut world, mut warm) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let other = signer.sign(Some("k1"), &claims(json!({"sub": "u2"})));
    assert_eq!(ask(&mut world, &mut warm, &token), "ok u1");

    let asked = |room: &mut Sessions, answers: &[Answered]| match session(room, &other, NOW, Answers::new(answers)) {
        Found::Ask(asked) => asked.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    };
    let by_warm = asked(&mut warm, &[]);
    let mut cold = room(&[at_address()]).unwrap();
    let first = asked(&mut cold, &[]);
    assert!(matches!(first.question, Question::Document { .. }));
    let answers = [Answered { id: first.id, answer: world.answer(&first.question) }];
    let mut third = room(&[at_address()]).unwrap();
    assert_eq!(asked(&mut third, &answers), by_warm);
}

#[test]
fn an_answer_about_an_old_key_says_nothing_about_its_successor() {
    let (old, new) = (Signer::new(), Signer::new());
    let (mut world, mut before) = start(&old);
    let token = old.sign(Some("k1"), &claims(json!({})));
    let mut answers = Vec::new();
    let step = |room: &mut Sessions, answers: &[Answered]| session(room, &token, NOW, Answers::new(answers));
    for _ in 0..2 {
        let Found::Ask(asked) = step(&mut before, &answers) else { panic!() };
        for one in asked {
            let answer = world.answer(&one.question);
            answers.push(Answered { id: one.id, answer });
        }
    }
    // Another instance has seen the key replaced under the same kid.
    world.now += 600;
    world.serve(KEYS, jwks(&[new.jwk("k1")]));
    let mut after = room(&[at_address()]).unwrap();
    let fresh = new.sign(Some("k1"), &claims(json!({})));
    assert_eq!(ask(&mut world, &mut after, &fresh), "ok u1");
    assert!(matches!(step(&mut before, &answers), Found::Verified(_)));
    assert!(matches!(step(&mut after, &answers), Found::Ask(_)), "the old answer passed for the new key");
}

#[test]
fn a_replaced_set_takes_its_tokens_along() {
    let (old, new) = (Signer::new(), Signer::new());
    let (mut world, mut room) = start(&old);
    let token = old.sign(Some("k1"), &claims(json!({})));
    assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
    world.serve(KEYS, jwks(&[new.jwk("k2")]));
    assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
    // A token of the new key makes the set known; the old key is gone with everything it signed.
    world.now += 40;
    assert_eq!(ask(&mut world, &mut room, &new.sign(Some("k2"), &claims(json!({})))), "ok u1");
    assert_eq!(ask(&mut world, &mut room, &token), "kid unknown, keys fetched 0 s ago");
    world.now += 4;
    assert_eq!(ask(&mut world, &mut room, &token), "kid unknown, keys fetched 4 s ago");
}

#[test]
fn the_same_kid_with_another_key() {
    let (old, new) = (Signer::new(), Signer::new());
    let (mut world, mut room) = start(&old);
    let token = old.sign(Some("k1"), &claims(json!({})));
    assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
    world.serve(KEYS, jwks(&[new.jwk("k1")]));
    world.now += 700;
    assert_eq!(ask(&mut world, &mut room, &token), "signature does not verify");
}

#[test]
fn an_unchanged_set_keeps_its_tokens() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({})));
    for _ in 0..4 {
        assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
        world.now += 601;
    }
    assert_eq!((world.fetches, world.checks), (4, 1));
}

#[test]
fn made_up_kids_cost_one_fetch_a_pause() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    for number in 0..60 {
        world.now = NOW + number;
        let token = signer.sign(Some(&format!("evil{number}")), &claims(json!({})));
        assert!(ask(&mut world, &mut room, &token).starts_with("kid unknown, keys fetched "));
    }
    assert_eq!(world.fetches, 2);
    // A token that is refused anyway costs none.
    let mut cold = start(&signer);
    let expired = signer.sign(Some("evil"), &claims(json!({"exp": NOW - 10})));
    assert_eq!(ask(&mut cold.0, &mut cold.1, &expired), "expired 10 s ago");
    assert_eq!(cold.0.fetches, 0);
}

#[test]
fn no_keys_is_unavailable_not_signed_out() {
    let signer = Signer::new();
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let mut world = World::new(NOW);
    let mut room = room(&[at_address()]).unwrap();
    assert_eq!(ask(&mut world, &mut room, &token), "unavailable: keys not to be had: nobody there");
    world.serve(KEYS, "<html>");
    assert_eq!(
        ask(&mut world, &mut room, &token),
        "unavailable: keys not to be had: the document is no JWKS: not JSON"
    );
    // The bad copy is still in time, but the world is made to look again.
    world.serve(KEYS, jwks(&[signer.jwk("k1")]));
    world.now += 40;
    assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
}

#[test]
fn a_bad_copy_does_not_replace_a_good_one_at_once() {
    let signer = Signer::new();
    let token = signer.sign(Some("k1"), &claims(json!({"exp": NOW + 90_000})));
    for bad in ["<html>", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#] {
        let (mut world, mut room) = start(&signer);
        assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
        world.serve(KEYS, bad);
        world.now = NOW + 3599;
        assert_eq!(ask(&mut world, &mut room, &token), "ok u1", "{bad}");
        world.now = NOW + 3600;
        let late = ask(&mut world, &mut room, &token);
        assert!(late.starts_with("unavailable: keys not to be had: "), "{bad}: {late}");
    }
}

#[test]
fn discovery_must_speak_for_the_issuer() {
    let signer = Signer::new();
    let token = signer.sign(Some("k1"), &claims(json!({})));
    let tried = |document: Value| {
        let mut world = World::new(NOW);
        world.serve(DISCOVERY, document);
        world.serve(KEYS, jwks(&[signer.jwk("k1")]));
        world.serve("http://localhost/keys", jwks(&[signer.jwk("k1")]));
        let mut room = room(&[settings(cookie("s"), KeySource::Discovery)]).unwrap();
        ask(&mut world, &mut room, &token)
    };
    assert_eq!(tried(json!({"issuer": "https://issuer.example", "jwks_uri": KEYS, "x": 1})), "ok u1");
    let other = "unavailable: discovery document not to be had: the document is of another issuer";
    assert_eq!(tried(json!({"issuer": "https://issuer.example/", "jwks_uri": KEYS})), other);
    assert_eq!(tried(json!({"jwks_uri": KEYS})), other);
    let bad = "unavailable: discovery document not to be had: its `jwks_uri` is missing or not an https address";
    for uri in [json!(null), json!("http://issuer.example/keys"), json!("http://localhost/keys"), json!("/keys")] {
        assert_eq!(tried(json!({"issuer": "https://issuer.example", "jwks_uri": uri})), bad);
    }
}

#[test]
fn each_issuer_has_its_own_keys() {
    let (a, b) = (Signer::new(), Signer::new());
    let mut world = World::new(NOW);
    for (issuer, signer) in [("https://a.example", &a), ("https://b.example", &b)] {
        let keys = format!("{issuer}/keys");
        world.serve(&format!("{issuer}/.well-known/openid-configuration"), json!({"issuer": issuer, "jwks_uri": keys}));
        world.serve(&keys, jwks(&[signer.jwk("k1")]));
    }
    let issuers = vec![literal("https://a.example"), literal("https://b.example")];
    let mut room = room(&[Made { issuers, ..settings(cookie("s"), KeySource::Discovery) }]).unwrap();
    let mut tried = |signer: &Signer, issuer: &str| {
        ask(&mut world, &mut room, &signer.sign(Some("k1"), &claims(json!({ "iss": issuer }))))
    };
    assert_eq!(tried(&a, "https://a.example"), "ok u1");
    assert_eq!(tried(&b, "https://b.example"), "ok u1");
    assert_eq!(tried(&a, "https://b.example"), "signature does not verify");
    assert_eq!(tried(&b, "https://a.example"), "signature does not verify");
}

#[test]
fn secrets_rotate() {
    let (new, old) = (SECRET.to_owned(), SECRET.replace('a', "b"));
    let mut world = World::new(NOW);
    let mut room = room(&[shared(&[&new, &old])]).unwrap();
    for secret in [&new, &old] {
        let token = sign_shared(secret, &claims(json!({"sub": secret})));
        assert_eq!(ask(&mut world, &mut room, &token), format!("ok {secret}"));
    }
    let wrong = sign_shared(&SECRET.replace('a', "c"), &claims(json!({})));
    assert_eq!(ask(&mut world, &mut room, &wrong), "signature does not verify");
    assert!(room.documents().is_empty());
}

#[test]
fn several_providers_read_one_cookie() {
    let signer = Signer::new();
    let mut world = World::new(NOW);
    world.serve(KEYS, jwks(&[signer.jwk("k1")]));
    let mut room = room(&[at_address(), shared(&[SECRET])]).unwrap();
    let (public, secret) = (signer.sign(Some("k1"), &claims(json!({}))), sign_shared(SECRET, &claims(json!({}))));
    // A token of the second provider never makes the first one fetch.
    for _ in 0..2 {
        assert_eq!(ask(&mut world, &mut room, &secret), "ok u1");
    }
    assert_eq!((world.fetches, world.checks), (0, 1));
    assert_eq!(ask(&mut world, &mut room, &public), "ok u1");
    let Found::Verified(identity) = world.cookies(std::slice::from_mut(&mut room), &[("s", value(&secret))]) else {
        panic!()
    };
    assert_eq!(identity.provider, 1);
    // The reason is that of the provider that the token was meant for.
    let expired = sign_shared(SECRET, &claims(json!({"exp": NOW - 12})));
    assert_eq!(ask(&mut world, &mut room, &expired), "expired 12 s ago");
    let stranger = sign_shared(SECRET, &claims(json!({"iss": "https://x.example"})));
    assert_eq!(ask(&mut world, &mut room, &stranger), "issuer not accepted");
}

#[test]
fn several_cookies() {
    let mut world = World::new(NOW);
    let other = Made { carrier: cookie("t"), ..shared(&[SECRET]) };
    let mut rooms = [room(&[shared(&[SECRET]), other]).unwrap()];
    let good = value(&sign_shared(SECRET, &claims(json!({}))));
    let second = value(&sign_shared(SECRET, &claims(json!({"sub": "u2"}))));
    let mut tried = |cookies: &[(&str, CookieRead)]| word(&world.cookies(&mut rooms, cookies));
    assert_eq!(tried(&[]), "no cookie");
    assert_eq!(tried(&[("s", good.clone()), ("t", second.clone())]), "ok u1");
    assert_eq!(tried(&[("t", second.clone())]), "ok u2");
    assert_eq!(tried(&[("s", CookieRead::Refused("conflict"))]), "conflict");
    assert_eq!(tried(&[("s", value("a.b.c"))]), "malformed token: header is not base64url");
}

#[test]
fn an_outage_of_one_provider_does_not_hide_another() {
    let mut world = World::new(NOW);
    let mut lenient = shared(&[SECRET]);
    lenient.carrier = cookie("t");
    let signer = Signer::new();
    let public = value(&signer.sign(Some("k1"), &claims(json!({}))));
    let secret = value(&sign_shared(SECRET, &claims(json!({"sub": "u2"}))));
    let mut rooms = [room(&[at_address(), lenient]).unwrap()];
    let both = word(&world.cookies(&mut rooms, &[("s", public.clone()), ("t", secret)]));
    assert_eq!(both, "ok u2");
    assert!(word(&world.cookies(&mut rooms, &[("s", public)])).starts_with("unavailable: "));
}

#[test]
fn bearer_lines() {
    let mut world = World::new(NOW);
    let one = Made { carrier: Carrier::Bearer, ..shared(&[SECRET]) };
    let mut rooms = [room(&[one, shared(&[SECRET])]).unwrap()];
    let token = sign_shared(SECRET, &claims(json!({})));
    for (line, expected) in [
        (format!("Bearer {token}"), "ok u1"),
        (format!("bEARER {token}"), "ok u1"),
        (format!("Bearer  {token}"), "malformed token: header is not base64url"),
        (format!("Bearer {token} {token}"), "malformed token: not three parts"),
        (format!("Bearer {token},Basic x"), "malformed token: signature is not base64url"),
        (format!("Bearer\t{token}"), "authorization is not one bearer token"),
        ("Bearer ".to_owned(), "authorization is not one bearer token"),
        ("Bearer".to_owned(), "authorization is not one bearer token"),
        (String::new(), "authorization is not one bearer token"),
        ("Basic dTpw".to_owned(), "no bearer token"),
        (token.clone(), "authorization is not one bearer token"),
    ] {
        assert_eq!(word(&world.bearer(&mut rooms, 0, &line)), expected, "{line:.20}");
    }
    // A cookie provider takes no bearer token, and nobody's number is nobody.
    for index in [1, 2, 99] {
        assert_eq!(word(&world.bearer(&mut rooms, index, &format!("Bearer {token}"))), "no bearer token");
    }
    let line = ("authorization".to_owned(), format!("Bearer {token}").into_bytes());
    let twice = Head { now: NOW, headers: vec![line.clone(), line], ..Head::default() };
    let found = bearer(&mut rooms[0], 0, &twice, Answers::new(&[]));
    assert_eq!(word(&found), "more than one authorization header");
}

#[test]
fn odd_answers_never_verify() {
    let mut room = room(&[shared(&[SECRET])]).unwrap();
    let token = sign_shared(SECRET, &claims(json!({})));
    let mut step = |answers: &[Answered]| session(&mut room, &token, NOW, Answers::new(answers));
    let Found::Ask(asked) = step(&[]) else { panic!() };
    let id = asked[0].id;
    for answer in [Answer::Failed("x".to_owned()), Answer::Body(vec![1]), Answer::TooLarge] {
        assert!(matches!(step(&[Answered { id, answer }]), Found::Unavailable(_)));
    }
    assert!(matches!(step(&[Answered { id: id + 1, answer: Answer::Verify(true) }]), Found::Ask(_)));
    assert!(matches!(step(&[Answered { id, answer: Answer::Verify(false) }]), Found::None(_)));
    assert!(matches!(step(&[Answered { id, answer: Answer::Verify(true) }]), Found::Verified(_)));
}

#[test]
fn reasons_are_told_without_secrets() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let token = signer.sign(Some("k1"), &claims(json!({"sub": "private-subject"})));
    let lines = world.explain(&mut room, &[("s", value(&token))]);
    let details: Vec<&str> = lines.iter().map(|line| line.detail.as_str()).collect();
    let length = format!("cookie `s`, {} bytes", token.len());
    assert_eq!(details, [&length, "header (EdDSA) and claims will do", "key `k1`", "signature verifies"]);
    assert!(lines.iter().all(|line| line.subject == "main"));
    let lines = world.explain(&mut room, &[("s", value(&token))]);
    assert_eq!(lines[1].detail, "verified before");
    let all = format!("{lines:?}{room:?}");
    assert!(!all.contains("private-subject") && !all.contains(&token[..20]));
}

proptest! {
    #[test]
    fn a_changed_token_never_verifies(at in 0usize..400, to in "[A-Za-z0-9._=-]") {
        let mut world = World::new(NOW);
        let mut room = room(&[shared(&[SECRET])]).unwrap();
        let token = sign_shared(SECRET, &claims(json!({})));
        // The good one is in memory.
        prop_assert_eq!(ask(&mut world, &mut room, &token), "ok u1");
        let at = at % token.len();
        let changed = format!("{}{}{}", &token[..at], to, &token[at + 1..]);
        prop_assume!(changed != token);
        prop_assert_ne!(ask(&mut world, &mut room, &changed), "ok u1");
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,300}", body in "\\PC{0,100}") {
        let mut world = World::new(NOW);
        world.serve(KEYS, &body);
        let mut room = room(&[at_address(), shared(&[SECRET])]).unwrap();
        let _ = ask(&mut world, &mut room, &text);
        let signer = Signer::new();
        let _ = ask(&mut world, &mut room, &signer.sign(Some("k1"), &claims(json!({}))));
    }
}

/// Prints what a hit costs: `cargo test --release -p portcullis-gate hit_cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn hit_cost() {
    let signer = Signer::new();
    let (mut world, mut room) = start(&signer);
    let tokens: Vec<String> = (0..1000)
        .map(|number| signer.sign(Some("k1"), &claims(json!({"sub": format!("u{number}"), "x": "y".repeat(500)}))))
        .collect();
    for token in &tokens {
        ask(&mut world, &mut room, token);
    }
    let started = std::time::Instant::now();
    let rounds = 200;
    for _ in 0..rounds {
        for token in &tokens {
            let looked = room.learnt.cache.look(token);
            let found = room.learnt.recall(0, looked, NOW);
            assert!(std::hint::black_box(found).is_some());
        }
    }
    let each = started.elapsed().as_nanos() / (rounds * tokens.len() as u128);
    println!("{each} ns a hit, token of {} bytes", tokens[0].len());
}
