//! Tests of the kind. That it opens what the packages write is shown by the data suite.

use super::super::KindSettings;
use super::super::tests::one::{One, head, seal};
use super::super::tests::world::{NOW, literal, word};
use super::*;
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "the secret of an app, forty bytes of it.";
const OLD: &str = "the secret that it had before, all of it";
const V5: &str = "__Secure-authjs.session-token";
const V4: &str = "__Secure-next-auth.session-token";

fn settings(version: AuthJsVersion) -> AuthJsSettings {
    AuthJsSettings {
        version,
        secrets: vec![literal(SECRET), literal(OLD)],
        cookie: version.cookie(true).to_owned(),
        salt: None,
        issuer: None,
        leeway: 15,
        max_age: None,
        bearer: false,
    }
}

fn ready(settings: AuthJsSettings) -> One {
    One::new(KindSettings::AuthJs(settings))
}

fn v4(secret: &str, claims: &Value) -> String {
    seal(&derive::next_auth(secret.as_bytes()).unwrap(), r#"{"alg":"dir","enc":"A256GCM"}"#, claims)
}

/// With the name of its own secret, or of another one.
fn v5(secret: &str, named: Option<&str>, salt: &str, claims: &Value) -> String {
    let key = |secret: &str| derive::auth_js::<32>(secret.as_bytes(), salt).unwrap();
    let header = match named {
        Some(other) => {
            let kid = thumbprint(&key(other), Thumbprint::Sha256);
            format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#)
        }
        None => r#"{"alg":"dir","enc":"A256GCM"}"#.to_owned(),
    };
    seal(&key(secret), &header, claims)
}

fn claims() -> Value {
    json!({"sub": "u1", "name": "Ada", "iat": NOW - 100, "exp": NOW + 3600})
}

#[test]
fn every_secret_of_the_list_and_the_key_that_is_named() {
    let mut one = ready(settings(AuthJsVersion::V5));
    let stranger = "a secret that nobody has configured here";
    for (token, expected) in [
        (v5(SECRET, Some(SECRET), V5, &claims()), "ok u1"),
        (v5(OLD, Some(OLD), V5, &claims()), "ok u1"),
        (v5(OLD, None, V5, &claims()), "ok u1"),
        (v5(OLD, Some(SECRET), V5, &claims()), "no configured secret opens it"),
        (v5(stranger, Some(stranger), V5, &claims()), "kid unknown"),
        (v5(stranger, None, V5, &claims()), "no configured secret opens it"),
        (v5(SECRET, Some(SECRET), "authjs.session-token", &claims()), "kid unknown"),
        (v4(SECRET, &claims()), "no configured secret opens it"),
        ("2f6c9a4e-7f0a-4d1e".to_owned(), "an opaque id: database sessions cannot be verified here"),
        ("a.b.c".to_owned(), "malformed token: not five parts"),
    ] {
        // The second time from memory, if it was good.
        for _ in 0..2 {
            assert_eq!(one.word(NOW, &format!("{V5}={token}")), expected, "{token}");
        }
    }
    let mut one = ready(settings(AuthJsVersion::V4));
    assert_eq!(one.word(NOW, &format!("{V4}={}", v4(OLD, &claims()))), "ok u1");
    assert_eq!(one.word(NOW, &format!("{V4}={}", v5(SECRET, None, V4, &claims()))), "no configured secret opens it");
    assert_eq!(one.word(NOW, &format!("next-auth.session-token={}", v4(OLD, &claims()))), "no cookie");
}

#[test]
fn the_clock_counts_also_for_what_is_remembered() {
    let mut one = ready(AuthJsSettings { max_age: Some(7200), ..settings(AuthJsVersion::V4) });
    let cookie = format!("{V4}={}", v4(SECRET, &claims()));
    for (now, expected) in
        [(NOW, "ok u1"), (NOW + 3614, "ok u1"), (NOW + 3615, "expired 15 s ago"), (NOW - 86_400, "ok u1")]
    {
        assert_eq!(one.word(now, &cookie), expected);
    }
    for (change, expected) in [
        (json!({}), "ok ?"),
        (json!({"exp": NOW - 14}), "claim `iat` missing"),
        (json!({"iat": NOW - 7215}), "ok ?"),
        (json!({"iat": NOW - 7216}), "older than allowed by 1 s"),
        (json!({"iat": NOW, "nbf": NOW + 15}), "ok ?"),
        (json!({"iat": NOW, "nbf": NOW + 16}), "not valid for another 16 s"),
        (json!({"iat": NOW, "exp": "soon"}), "claim `exp` is no number"),
        (json!({"iat": NOW, "exp": null}), "claim `exp` is no number"),
    ] {
        let change = if change == json!({}) { json!({"iat": NOW}) } else { change };
        assert_eq!(one.word(NOW, &format!("{V4}={}", v4(SECRET, &change))), expected, "{change}");
    }
}

#[test]
fn who_it_is() {
    let mut one = ready(AuthJsSettings { issuer: Some(literal("https://app")), ..settings(AuthJsVersion::V4) });
    let came = one.ask(&head(NOW, &[("cookie", &format!("{V4}={}", v4(SECRET, &claims())))]));
    let identity = came.identity();
    assert_eq!(identity.token_identifier().unwrap(), "https://app|u1");
    assert_eq!((identity.expires, identity.claim("name")), (NOW + 3600, Some(&json!("Ada"))));
    let mut one = ready(settings(AuthJsVersion::V4));
    let came = one.ask(&head(NOW, &[("cookie", &format!("{V4}={}", v4(SECRET, &json!({"name": "x"}))))]));
    let identity = came.identity();
    assert_eq!((identity.issuer.as_str(), &identity.subject, identity.expires), ("main", &None, i64::MAX));
    // What a sign-in keeps for itself is no session, whoever puts it into the session's cookie.
    let state = v4(SECRET, &json!({"value": "x", "iat": NOW, "exp": NOW + 900, "jti": "1"}));
    assert_eq!(one.word(NOW, &format!("{V4}={state}")), "the state of a sign-in, no session");
}

#[test]
fn chunks_and_namesakes() {
    let mut one = ready(settings(AuthJsVersion::V4));
    let token = v4(SECRET, &claims());
    let (left, right) = token.split_at(token.len() / 2);
    for (cookies, expected) in [
        (format!("{V4}.0={left}; {V4}.1={right}"), "ok u1"),
        (format!("{V4}.1={right}; {V4}.0={left}; {V4}.2="), "ok u1"),
        (format!("{V4}.0={left}"), "malformed token: not five parts"),
        (format!("{V4}.1={right}"), "chunk-missing"),
        (format!("{V4}={token}; {V4}.1=x"), "whole-and-chunks"),
        (format!("{V4}={token}; {V4}={token}"), "ok u1"),
        (format!("{V4}={token}; {V4}=x"), "conflict"),
        (format!("{V4}={token}; {V4}-extra=x"), "another cookie begins with the session cookie's name"),
        (format!("{V4}={token}; {V4}-extra="), "ok u1"),
        (format!("{V4}={}", token.replace("..", "%2E.")), "ok u1"),
        (format!("{V4}=\"{token}\""), "quoted"),
        (format!("{V4}="), "no cookie"),
    ] {
        let expected = if cookies.starts_with(&format!("{V4}.0={left}")) && !cookies.contains(".1=") {
            "malformed token"
        } else {
            expected
        };
        let word = one.word(NOW, &cookies);
        assert!(word.starts_with(expected), "{cookies}: {word}");
    }
}

#[test]
fn bearer_tokens_when_asked_for() {
    let token = v5(SECRET, None, V5, &claims());
    let mut off = ready(settings(AuthJsVersion::V5));
    let mut on = ready(AuthJsSettings { bearer: true, ..settings(AuthJsVersion::V5) });
    let line = format!("Bearer {token}");
    assert_eq!(word(&off.ask(&head(NOW, &[("authorization", &line)])).found), "no cookie");
    for (line, expected) in [
        (line.clone(), "ok u1"),
        (line.replace('.', "%2E"), "ok u1"),
        (format!("{line}%zz"), "the bearer token's percent-encoding is broken"),
        (line.replace("Bearer", "bearer"), "no cookie, no bearer token"),
        ("Basic x".to_owned(), "no cookie, no bearer token"),
        ("Bearer ".to_owned(), "no cookie, no bearer token"),
    ] {
        assert_eq!(word(&on.ask(&head(NOW, &[("authorization", &line)])).found), expected, "{line}");
    }
    let cookie = format!("{V5}={token}");
    let both = |cookie: &str, line: &str| head(NOW, &[("cookie", cookie), ("authorization", line)]);
    assert_eq!(word(&on.ask(&both(&cookie, "Bearer garbage")).found), "ok u1");
    assert!(!word(&on.ask(&both(&format!("{V5}=x.y"), &line)).found).starts_with("ok"));
    assert_eq!(word(&on.ask(&both(&format!("{V5}="), &line)).found), "ok u1");
    assert_eq!(settings(AuthJsVersion::V5).headers(), Vec::<String>::new());
}

#[test]
fn salts_may_be_given() {
    let salted = |version| ready(AuthJsSettings { salt: Some("salt".to_owned()), ..settings(version) });
    let cookie = format!("{V5}={}", v5(SECRET, None, "salt", &claims()));
    assert_eq!(salted(AuthJsVersion::V5).word(NOW, &cookie), "ok u1");
    let key = derive::next_auth_salted(SECRET.as_bytes(), "salt").unwrap();
    let cookie = format!("{V4}={}", seal(&key, r#"{"alg":"dir","enc":"A256GCM"}"#, &claims()));
    assert_eq!(salted(AuthJsVersion::V4).word(NOW, &cookie), "ok u1");
}

#[test]
fn secrets_that_will_not_do() {
    let codes = |secrets: Vec<Text>| {
        One::try_new(KindSettings::AuthJs(AuthJsSettings { secrets, ..settings(AuthJsVersion::V5) })).err()
    };
    assert_eq!(codes(vec![literal("short")]), Some(vec![codes::SHORT_SECRET]));
    assert_eq!(codes(Vec::new()), Some(vec![codes::BAD_SECRET]));
    assert_eq!(codes(vec![literal(SECRET); 9]), Some(vec![codes::BAD_SECRET]));
}

proptest! {
    #[test]
    fn any_cookie_and_header_is_survived(name in "(\\.[0-9]{1,3}|-x)?", text in "[!-~]{0,200}|eyJ[A-Za-z0-9_.%-]{0,80}", line in "[ -~]{0,60}") {
        let mut one = ready(AuthJsSettings { bearer: true, ..settings(AuthJsVersion::V5) });
        let cookie = format!("{V5}{name}={text}");
        let head = head(NOW, &[("cookie", &cookie), ("authorization", &line)]);
        prop_assert!(!word(&one.ask(&head).found).starts_with("ok"));
    }
}
