//! Tests of the kind. That it opens what the package writes is shown by the data suite.

use super::super::KindSettings;
use super::super::tests::one::{Came, One, head, seal};
use super::super::tests::world::{NOW, literal, word};
use super::*;
use crate::request::Head;
use crate::session::{CookieAttributes, SameSite};
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";
const OLD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const HEADER: &str = r#"{"enc":"A256GCM","alg":"dir"}"#;
const DAY: i64 = 86_400;

fn settings() -> Auth0Settings {
    Auth0Settings {
        secrets: vec![literal(SECRET), literal(OLD)],
        cookie: "__session".to_owned(),
        legacy: Some("appSession".to_owned()),
        domain: Some(literal("t.auth0.com")),
        issuer: None,
        leeway: 15,
        absolute: 3 * DAY,
        inactivity: DAY,
        rolling: None,
    }
}

fn rolling() -> Auth0Settings {
    let attributes = CookieAttributes {
        path: "/".to_owned(),
        domain: None,
        secure: true,
        same_site: SameSite::Lax,
        transient: false,
    };
    let rolling = Auth0Rolling { attributes, auth_path: "/auth".to_owned(), connections: Some("__FC".to_owned()) };
    Auth0Settings { rolling: Some(rolling), ..settings() }
}

fn ready(settings: Auth0Settings) -> One {
    One::new(KindSettings::Auth0(settings))
}

fn sealed_by(secret: &str, header: &str, content: &Value) -> String {
    seal(&derive::auth0(secret.as_bytes()).unwrap(), header, content)
}

fn token(content: &Value) -> String {
    sealed_by(SECRET, HEADER, content)
}

/// A session that began `ago` seconds ago.
fn session(ago: i64) -> Value {
    json!({
        "user": {"sub": "auth0|1", "email": "a@b.c", "org_id": "o1"},
        "tokenSet": {"accessToken": "at", "refreshToken": "rt"},
        "internal": {"sid": "s1", "createdAt": NOW - ago},
        "exp": NOW + 600,
    })
}

fn with(mut session: Value, pointer: &str, value: Value) -> Value {
    let (at, name) = pointer.rsplit_once('/').unwrap();
    session.pointer_mut(at).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
    session
}

fn without(mut session: Value, name: &str) -> Value {
    session.as_object_mut().unwrap().remove(name);
    session
}

fn cookie(content: &Value) -> String {
    format!("__session={}", token(content))
}

#[test]
fn what_is_a_session() {
    let mut one = ready(settings());
    let ago = 3600;
    for (content, expected) in [
        (session(ago), "ok auth0|1"),
        (with(session(ago), "/exp", json!(NOW - 14)), "ok auth0|1"),
        (with(session(ago), "/exp", json!(NOW - 15)), "expired 15 s ago"),
        (with(session(ago), "/nbf", json!(NOW + 16)), "not valid for another 16 s"),
        (without(session(ago), "exp"), "ok auth0|1"),
        // Without an end of its own, the absolute one counts.
        (without(session(3 * DAY + 14), "exp"), "ok auth0|1"),
        (without(session(3 * DAY + 15), "exp"), "expired 15 s ago"),
        // With one, the app has said how long it lasts.
        (session(30 * DAY), "ok auth0|1"),
        // The end that the identity provider gave counts 30 s early.
        (with(session(ago), "/internal/sessionExpiresAt", json!(NOW + 31)), "ok auth0|1"),
        (with(session(ago), "/internal/sessionExpiresAt", json!(NOW + 30)), "expired 15 s ago"),
        (with(session(ago), "/internal/sessionExpiresAt", Value::Null), "ok auth0|1"),
        (with(session(ago), "/internal/mcd", json!({"domain": "t.auth0.com"})), "ok auth0|1"),
        (with(session(ago), "/internal/mcd", json!({"domain": "u.auth0.com"})), "issuer not accepted"),
        (json!({"user": {}}), "ok ?"),
        // Other things that the same key seals: tokens of connections, the state of a sign-in.
        (json!({"accessToken": "x", "connection": "github", "exp": NOW + 600}), "claim `user` is missing: no session"),
        (json!({"nonce": "x", "state": "y", "user": "z"}), "claim `user` is missing: no session"),
    ] {
        for _ in 0..2 {
            assert_eq!(one.word(NOW, &cookie(&content)), expected, "{content}");
        }
    }
    assert_eq!(one.word(NOW, &format!("__session={}", sealed_by(OLD, HEADER, &session(ago)))), "ok auth0|1");
    assert_eq!(one.word(NOW, "__session=garbage"), "malformed token: not five parts");
    let other = sealed_by("ffffffffffffffffffffffffffffffffffff", HEADER, &session(ago));
    assert_eq!(one.word(NOW, &format!("__session={other}")), "no configured secret opens it");
    assert_eq!(one.word(NOW, ""), "no cookie");
}

#[test]
fn both_generations() {
    let mut one = ready(settings());
    let v3 = |iat: i64, uat: i64, exp: Value| {
        let header = json!({"alg": "dir", "enc": "A256GCM", "iat": iat, "uat": uat, "exp": exp});
        let content = json!({
            "user": {"sub": "auth0|3", "sid": "s3"}, "accessToken": "at", "accessTokenScope": "openid", "idToken": null,
        });
        sealed_by(SECRET, &header.to_string(), &content)
    };
    let good = v3(NOW - 60, NOW - 60, json!(NOW + 60));
    let came = one.ask(&head(NOW, &[("cookie", &format!("appSession={good}"))]));
    let identity = came.identity();
    assert_eq!(identity.token_identifier().unwrap(), "https://t.auth0.com/|auth0|3");
    assert_eq!(identity.claim("tokenSet"), Some(&json!({"accessToken": "at", "scope": "openid"})));
    assert_eq!(identity.claim("internal"), Some(&json!({"sid": "s3", "createdAt": NOW - 60})));
    assert_eq!((identity.claim("sid"), identity.expires), (Some(&json!("s3")), NOW + 60));

    // The header is as good as the content: what it says of the end counts.
    let late = v3(NOW - 60, NOW - 60, json!(NOW - 15));
    assert_eq!(one.word(NOW, &format!("appSession={late}")), "expired 15 s ago");
    let header = json!({"alg": "dir", "enc": "A256GCM", "iat": NOW - 2 * DAY, "uat": NOW - DAY - 15});
    let idle = sealed_by(SECRET, &header.to_string(), &json!({"user": {"sub": "x"}}));
    assert_eq!(one.word(NOW, &format!("appSession={idle}")), "expired 15 s ago");

    let new = token(&session(60));
    let (left, right) = new.split_at(100);
    let (old_left, old_right) = good.split_at(100);
    for (cookies, expected) in [
        (format!("__session={new}; appSession={good}"), "ok auth0|1"),
        (format!("appSession={good}; __session=x.y"), "malformed token: not five parts"),
        (format!("__session=; appSession={good}"), "ok auth0|3"),
        (format!("__session__1={right}; __session__0={left}"), "ok auth0|1"),
        (format!("__session={new}; __session__0=stale"), "ok auth0|1"),
        (format!("__session__1={right}"), "chunk-missing"),
        (format!("appSession.0={old_left}; appSession.1={old_right}"), "ok auth0|3"),
        (format!("__session={new}; __session=other"), "conflict"),
    ] {
        assert_eq!(one.word(NOW, &cookies), expected, "{cookies}");
    }
    let mut one = ready(Auth0Settings { legacy: None, ..settings() });
    assert_eq!(one.word(NOW, &format!("appSession={good}")), "no cookie");
}

#[test]
fn who_it_is() {
    let settings = Auth0Settings { domain: None, issuer: Some(literal("idp")), ..settings() };
    let content = with(session(60), "/user/tokenSet", json!("no"));
    let came = ready(settings).ask(&head(NOW, &[("cookie", &cookie(&content))]));
    let identity = came.identity();
    assert_eq!(identity.token_identifier().unwrap(), "idp|auth0|1");
    for (claim, value) in [
        ("email", json!("a@b.c")),
        ("org_id", json!("o1")),
        ("sid", json!("s1")),
        ("user.email", json!("a@b.c")),
        ("tokenSet.accessToken", json!("at")),
        ("internal.createdAt", json!(NOW - 60)),
    ] {
        assert_eq!(identity.claim(claim), Some(&value), "{claim}");
    }
    assert_eq!(came.carry, crate::session::Carry::default());
}

/// The cookies that the app behind sees after a request with these.
fn seen(came: &Came) -> Vec<(&str, Option<&str>)> {
    came.carry.cookies.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect()
}

fn opened(text: &str) -> Value {
    let keys = keys(&[SECRET.to_owned()]).unwrap();
    let opened = encrypted::open(text, &keys, false).unwrap();
    assert_eq!(Value::Object(opened.header), json!({"enc": "A256GCM", "alg": "dir"}));
    Value::Object(opened.content)
}

#[test]
fn a_session_rolls_on_until_its_absolute_end() {
    for (ago, left) in [(60, DAY), (2 * DAY + 60, DAY - 60), (3 * DAY - 60, 60)] {
        let mut one = ready(rolling());
        let sent = sealed_by(OLD, HEADER, &with(session(ago), "/extra", json!([1.5, "é"])));
        let came = one.ask(&head(NOW, &[("cookie", &format!("a=b; __session={sent}"))]));
        assert_eq!(came.identity().expires, NOW + left.min(600));
        let seen = seen(&came);
        let [("__session", Some(text)), cleared @ ..] = seen.as_slice() else { panic!("{seen:?}") };
        // Under the current secret, the same but for the end.
        let expected = with(with(session(ago), "/extra", json!([1.5, "é"])), "/exp", json!(NOW + left));
        assert_eq!(opened(text), expected);
        let names: Vec<&str> = cleared.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["__session__0", "__session__1", "__session__2", "__session__3", "__session__4"]);
        assert!(cleared.iter().all(|(_, value)| value.is_none()));
        let lines = &came.carry.set_cookies;
        assert!(lines[0].starts_with(&format!(
            "__session={text}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age={left}; Expires="
        )));
        assert_eq!(lines[1], "__session__0=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
        assert_eq!(lines.len(), 6);
        // The same request gives the same text: a decision may run several times.
        let again = one.ask(&head(NOW, &[("cookie", &format!("__session={sent}"))]));
        assert_eq!(again.carry, came.carry);
    }
    // Over, but for the leeway: it counts once more and is not written again.
    let mut one = ready(rolling());
    let came = one.ask(&head(NOW, &[("cookie", &cookie(&session(3 * DAY + 5)))]));
    assert_eq!((word(&came.found).as_str(), &came.carry), ("ok auth0|1", &crate::session::Carry::default()));
    assert_eq!(one.word(NOW, &cookie(&session(3 * DAY + 15))), "expired 15 s ago");
    // Who does not say when it began has no absolute end.
    let came = one.ask(&head(NOW, &[("cookie", &cookie(&without(session(60), "internal")))]));
    assert_eq!((word(&came.found).as_str(), &came.carry), ("ok auth0|1", &crate::session::Carry::default()));
}

#[test]
fn long_sessions_are_split_and_left_overs_cleared() {
    let mut one = ready(rolling());
    let long = with(session(60), "/user/blob", json!("x".repeat(9000)));
    let text = token(&long);
    let chunks: Vec<String> = text.as_bytes().chunks(2000).map(|c| String::from_utf8(c.to_vec()).unwrap()).collect();
    let sent: Vec<String> = chunks.iter().enumerate().map(|(n, chunk)| format!("__session__{n}={chunk}")).collect();
    assert!(sent.len() > 6);
    let came = one.ask(&head(NOW, &[("cookie", &sent.join("; "))]));
    assert_eq!(word(&came.found), "ok auth0|1");
    let seen = seen(&came);
    let written: Vec<&str> = seen.iter().map_while(|(_, value)| *value).collect();
    assert_eq!(opened(&written.concat()), with(long, "/exp", json!(NOW + DAY)));
    assert!(written[..written.len() - 1].iter().all(|chunk| chunk.len() == 3500));
    for (number, (name, _)) in seen[..written.len()].iter().enumerate() {
        assert_eq!(*name, format!("__session__{number}"));
    }
    let mut cleared: Vec<&str> = seen[written.len()..].iter().map(|(name, _)| *name).collect();
    cleared.sort_unstable();
    let mut expected: Vec<String> = (written.len()..sent.len()).map(|n| format!("__session__{n}")).collect();
    expected.insert(0, "__session".to_owned());
    assert_eq!(cleared, expected);
    assert_eq!(came.carry.set_cookies.len(), seen.len());
}

#[test]
fn sessions_of_v3_move_on() {
    let header = json!({"alg": "dir", "enc": "A256GCM", "iat": NOW - 60, "uat": NOW - 60, "exp": NOW + 60});
    let old = sealed_by(SECRET, &header.to_string(), &json!({"user": {"sub": "auth0|3", "sid": "s3"}}));
    let (left, right) = old.split_at(90);
    let came = ready(rolling()).ask(&head(NOW, &[("cookie", &format!("appSession.0={left}; appSession.1={right}"))]));
    let seen = seen(&came);
    assert_eq!(opened(seen[0].1.unwrap())["internal"], json!({"sid": "s3", "createdAt": NOW - 60}));
    let cleared: Vec<&str> = seen.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    assert!(["appSession", "appSession.0", "appSession.1"].iter().all(|name| cleared.contains(name)), "{cleared:?}");
}

#[test]
fn tokens_of_connections_are_rolled_along() {
    let connection = |name: &str, exp: i64| token(&json!({"connection": name, "accessToken": "x", "exp": exp}));
    let line = format!(
        "{}; __FC_0={}; __FC_1={}; __FC_2=garbage; __FC_7={}; __FCother=x",
        cookie(&session(60)),
        connection("a", NOW + 60),
        connection("late", NOW - 60),
        connection("b", NOW + 60),
    );
    let came = ready(rolling()).ask(&head(NOW, &[("cookie", &line)]));
    let seen = seen(&came);
    let of = |name: &str| seen.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    assert_eq!(
        opened(of("__FC_0").unwrap().unwrap()),
        json!({"connection": "a", "accessToken": "x", "exp": NOW + DAY})
    );
    assert_eq!(opened(of("__FC_1").unwrap().unwrap())["connection"], "b");
    assert_eq!((of("__FC_2"), of("__FC_7"), of("__FCother")), (Some(None), Some(None), None));
    let mut off = rolling();
    off.rolling.as_mut().unwrap().connections = None;
    let came = ready(off).ask(&head(NOW, &[("cookie", &line)]));
    assert!(came.carry.cookies.iter().all(|(name, _)| !name.starts_with("__FC")));
}

#[test]
fn guesses_pictures_and_the_apps_own_paths_do_not_roll() {
    let line = cookie(&session(60));
    let rolls = |settings: Auth0Settings, target: &str, extra: &[(&str, &str)]| {
        let mut lines = vec![("cookie", line.as_str())];
        lines.extend(extra);
        let asked = Head { target: target.as_bytes().to_vec(), ..head(NOW, &lines) };
        let came = ready(settings).ask(&asked);
        assert_eq!(word(&came.found), "ok auth0|1");
        !came.carry.set_cookies.is_empty() && !came.carry.cookies.is_empty()
    };
    for (target, extra, expected) in [
        ("/", &[][..], true),
        ("/authors", &[][..], true),
        ("/x", &[("rsc", "1")][..], true),
        ("/auth", &[][..], false),
        ("/auth/logout?x=1", &[][..], false),
        ("/x", &[("rsc", "1"), ("next-router-prefetch", "1")][..], false),
        ("/x", &[("purpose", "prefetch")][..], false),
        ("/x.png", &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")][..], false),
        ("/x", &[("upgrade", "websocket")][..], false),
    ] {
        assert_eq!(rolls(rolling(), target, extra), expected, "{target} {extra:?}");
        assert!(!rolls(settings(), target, extra));
    }
    assert!(KindSettings::Auth0(rolling()).kind().everywhere());
    assert!(!KindSettings::Auth0(settings()).kind().everywhere());
}

#[test]
fn attributes_of_the_cookies() {
    let mut settings = rolling();
    settings.rolling.as_mut().unwrap().attributes = CookieAttributes {
        path: "/app".to_owned(),
        domain: Some("example.com".to_owned()),
        secure: false,
        same_site: SameSite::Strict,
        transient: true,
    };
    let came = ready(settings).ask(&head(NOW, &[("cookie", &cookie(&session(60)))]));
    let [first, second, ..] = came.carry.set_cookies.as_slice() else { panic!() };
    assert_eq!(first.split_once("; ").unwrap().1, "HttpOnly; SameSite=Strict; Path=/app; Domain=example.com");
    assert_eq!(
        second.split_once("; ").unwrap().1,
        "HttpOnly; SameSite=Strict; Path=/app; Domain=example.com; Max-Age=0"
    );
}

#[test]
fn what_cannot_be_made_ready() {
    let codes = |settings| One::try_new(KindSettings::Auth0(settings)).err();
    assert_eq!(codes(Auth0Settings { secrets: vec![literal("x")], ..settings() }), Some(vec![codes::SHORT_SECRET]));
    assert_eq!(codes(Auth0Settings { domain: Some(literal("")), ..settings() }), Some(vec![codes::BAD_NAME]));
}

proptest! {
    #[test]
    fn any_cookie_is_survived(name in "(__session|appSession)((__|\\.)[0-9]{1,3})?|__FC_[0-9]{0,3}", text in "[!-:<-~]{0,200}|eyJ[A-Za-z0-9_.-]{0,80}") {
        let mut one = ready(rolling());
        let alone = one.word(NOW, &format!("{name}={text}"));
        prop_assert!(!alone.starts_with("ok"), "{}", alone);
        // Beside a good one it never makes a difference but to refuse it.
        let word = one.word(NOW, &format!("{}; {name}={text}", cookie(&session(60))));
        prop_assert!(word == "ok auth0|1" || word == "conflict", "{}", word);
    }

    /// Whatever an app keeps in a session comes out of rolling as it was.
    #[test]
    fn content_survives(text in "\\PC{0,40}", number in any::<i64>(), fraction in -1e15f64..1e15, length in 0..6000usize) {
        let content = with(session(60), "/user/x", json!([text, number, fraction, null, {"": "y".repeat(length)}]));
        let came = ready(rolling()).ask(&head(NOW, &[("cookie", &cookie(&content))]));
        let text: String = came.carry.cookies.iter().map_while(|(_, value)| value.as_deref()).collect();
        prop_assert_eq!(opened(&text), with(content, "/exp", json!(NOW + DAY)));
    }
}
