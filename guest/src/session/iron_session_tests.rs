//! Seals of an app, judged with a config's eyes.

use super::*;
use crate::diagnostic::Span;
use crate::request::CookieRead;
use crate::request::Cookies;
use crate::session::tests::seals::{PASSWORD, Sealer};
use crate::session::tests::world::{NOW, World, literal};
use crate::session::{Found, KindSettings, ProviderSettings, Sessions};
use crate::supply::Supplies;
use proptest::prelude::*;
use serde_json::json;

fn settings() -> IronSessionSettings {
    IronSessionSettings {
        cookie: "app".to_owned(),
        passwords: SealPasswords::Single(literal(PASSWORD)),
        leeway: 60,
        subject: None,
        required_claims: Vec::new(),
        issuer: None,
    }
}

fn room(settings: IronSessionSettings) -> Result<Sessions, Vec<&'static str>> {
    let kind = KindSettings::IronSession(settings);
    let one = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
    Sessions::prepare(&[one], &Supplies::default(), (1, 2)).map_err(|all| all.iter().map(|one| one.code).collect())
}

fn ask(room: &mut Sessions, text: &str, now: i64) -> Result<Arc<Identity>, String> {
    let read = vec![("app", CookieRead::Value(text.to_owned()))];
    match World::new(now).cookies(std::slice::from_mut(room), &read) {
        Found::Verified(identity) => Ok(identity),
        Found::None(why) => Err(why),
        other => panic!("{other:?}"),
    }
}

fn judge(settings: IronSessionSettings, text: &str) -> Result<Arc<Identity>, String> {
    ask(&mut room(settings).unwrap(), text, NOW)
}

fn refused(settings: IronSessionSettings, text: &str) -> String {
    judge(settings, text).unwrap_err()
}

#[test]
fn what_is_sealed_is_the_identity() {
    let data = json!({"user": {"id": "u-7", "roles": ["editor"]}, "views": 3});
    let text = Sealer { ends: Some((NOW + 100) * 1000), ..Sealer::default() }.seal(&data);
    let identity = judge(settings(), &text).unwrap();
    assert_eq!((Value::Object(identity.claims.clone()), identity.subject.clone()), (data, None));
    assert_eq!((identity.issuer.as_str(), identity.expires, identity.token_identifier()), ("main", NOW + 100, None));

    let named = IronSessionSettings {
        subject: Some("user.id".to_owned()),
        required_claims: vec!["user.roles".to_owned()],
        issuer: Some("https://app.example".to_owned()),
        ..settings()
    };
    let identity = judge(named, &text.replace('*', "%2A")).unwrap();
    assert_eq!(identity.token_identifier().as_deref(), Some("https://app.example|u-7"));
}

#[test]
fn a_seal_that_a_stranger_may_have_is_no_session() {
    let sealer = Sealer::default();
    let subject = || IronSessionSettings { subject: Some("user.id".to_owned()), ..settings() };
    let required = || IronSessionSettings { required_claims: vec!["user".to_owned()], ..settings() };
    assert_eq!(refused(settings(), &sealer.seal(&json!({}))), "the seal holds an empty session");
    assert_eq!(refused(subject(), &sealer.seal(&json!({"cart": [1]}))), "claim `user.id` names nobody");
    assert_eq!(refused(subject(), &sealer.seal(&json!({"user": {"id": ""}}))), "claim `user.id` names nobody");
    assert_eq!(refused(subject(), &sealer.seal(&json!({"user": {"id": ["u"]}}))), "claim `user.id` names nobody");
    assert_eq!(refused(required(), &sealer.seal(&json!({"user": null}))), "claim `user` missing");
    assert!(judge(required(), &sealer.seal(&json!({"user": 0}))).is_ok());
    assert_eq!(judge(subject(), &sealer.seal(&json!({"user": {"id": 7}}))).unwrap().subject.as_deref(), Some("7"));
}

#[test]
fn versions_and_forms() {
    let with = |version| Sealer { version, ..Sealer::default() };
    assert!(judge(settings(), &with("").seal(&json!({"persistent": {"user": 1}}))).is_ok());
    for (version, data, why) in [
        ("", json!({"user": 1}), "sealed by an old version of iron-session, without data"),
        ("", json!({"persistent": {}}), "the seal holds an empty session"),
        ("", json!({"persistent": [1]}), "sealed by an old version of iron-session, without data"),
        ("~3", json!({"user": 1}), "sealed by an unknown version of iron-session"),
        ("~", json!({"user": 1}), "sealed by an unknown version of iron-session"),
        ("~2~2", json!({"user": 1}), "sealed by an unknown version of iron-session"),
        ("~02", json!({"user": 1}), "sealed by an unknown version of iron-session"),
        ("~2", json!(["user"]), "not a JSON object"),
        ("~2", json!(null), "not a JSON object"),
    ] {
        assert_eq!(refused(settings(), &with(version).seal(&data)), why, "{version} {data}");
    }
    assert_eq!(refused(settings(), &with("~2").seal_text(r#"{"user":1,"user":2}"#)), "duplicate member");
    assert_eq!(refused(settings(), "%zz"), "cookie is not percent-encoded text");
    assert_eq!(refused(settings(), "garbage"), "not eight parts");
    let other = Sealer { password: "another password, of more than 32 characters", ..Sealer::default() };
    assert_eq!(refused(settings(), &other.seal(&json!({"user": 1}))), "does not open with this key");
    let other = Sealer { id: "2", ..Sealer::default() };
    assert_eq!(refused(settings(), &other.seal(&json!({"user": 1}))), "no password of this id");
}

#[test]
fn a_remembered_session_ends_in_time() {
    let mut room = room(settings()).unwrap();
    let text = Sealer { ends: Some(NOW * 1000), ..Sealer::default() }.seal(&json!({"user": 1}));
    for (now, good) in [(NOW, true), (NOW + 59, true), (NOW + 60, false), (NOW + 59, true), (NOW + 3600, false)] {
        assert_eq!(ask(&mut room, &text, now).is_ok(), good, "{now}");
    }
    assert_eq!(ask(&mut room, &text, NOW + 60).unwrap_err(), "expired 60 s ago");
    let endless = Sealer::default().seal(&json!({"user": 1}));
    assert!(ask(&mut room, &endless, NOW + 1_000_000_000).is_ok());
}

#[test]
fn a_hit_opens_nothing() {
    let mut room = room(settings()).unwrap();
    let text = Sealer::default().seal(&json!({"user": 1}));
    let first = ask(&mut room, &text, NOW).unwrap();
    assert!(Arc::ptr_eq(&first, &ask(&mut room, &text, NOW).unwrap()));
}

#[test]
fn passwords() {
    let by_id = |all: &[(&str, &str)]| IronSessionSettings {
        passwords: SealPasswords::ById(all.iter().map(|(id, text)| ((*id).to_owned(), literal(text))).collect()),
        ..settings()
    };
    let new = "a second password of 32 characters!";
    let both = by_id(&[("1", PASSWORD), ("2", new)]);
    for sealer in [Sealer::default(), Sealer { id: "2", password: new, ..Sealer::default() }] {
        assert!(judge(both.clone(), &sealer.seal(&json!({"user": 1}))).is_ok());
    }
    let swapped = Sealer { id: "2", ..Sealer::default() };
    assert!(judge(both, &swapped.seal(&json!({"user": 1}))).is_err());
    assert_eq!(room(by_id(&[("1", "short"), ("2", "é")])).unwrap_err(), ["P409", "P409"]);
    // 32 bytes, but 16 characters.
    assert_eq!(room(by_id(&[("1", &"é".repeat(16))])).unwrap_err(), ["P409"]);
    assert!(room(by_id(&[])).unwrap_err().is_empty());
}

#[test]
fn a_conflict_is_nobody() {
    let good = Sealer::default().seal(&json!({"user": 1}));
    let line = format!("app=garbage; app={good}");
    let cookies = Cookies::parse(std::iter::once(line.as_bytes())).unwrap();
    let rules = room(settings()).unwrap().cookies().to_vec();
    assert_eq!(cookies.read(&rules[0]), CookieRead::Refused("conflict"));
    assert_eq!(cookies.forward(&[], &rules), Some(Vec::new()));
}

proptest! {
    #[test]
    fn never_panics(text in "[!-~]{0,80}") {
        let _ = judge(settings(), &text);
    }

    #[test]
    fn never_panics_inside(text in "\\PC{0,60}", version in "(~[0-9]{0,2})?", escaped in any::<bool>()) {
        let sealed = Sealer { version: &version, ..Sealer::default() }.seal_text(&text);
        let _ = judge(settings(), &if escaped { sealed.replace('*', "%2a") } else { sealed });
    }
}
