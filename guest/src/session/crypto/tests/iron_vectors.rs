//! Seals of iron-session and AuthKit.

use super::super::iron::{Passwords, Seal};
use super::{Carried, Count, cookie, load, text};
use serde_json::Value;

/// The seal behind a cookie's text: iron-session's version is taken off, as a caller must.
fn open(passwords: &Passwords, text: &str, now: i64) -> Result<(Value, bool), &'static str> {
    let (text, version) = match text.split_once('~') {
        Some((text, version)) => (text, Some(version)),
        None => (text, None),
    };
    let seal = Seal::parse(text)?;
    let plain: Value = serde_json::from_slice(&passwords.open(&seal)?).unwrap();
    // The first major wrote no number and kept the data one level down.
    let data = match version {
        Some("2") => plain,
        None => plain["persistent"].clone(),
        Some(_) => return Err("unknown version"),
    };
    // As iron judges: not before 60 s later.
    let expired = seal.expires.is_some_and(|at| at <= (now - 60) * 1000);
    if data.is_null() { Err("no data") } else { Ok((data, expired)) }
}

#[test]
fn iron_session() {
    let mut count = Count::default();
    for case in load("iron-session.json")["cases"].as_array().unwrap() {
        let passwords = match &case["config"]["password"] {
            Value::String(password) => Passwords::single(password),
            Value::Object(map) => {
                Passwords::by_id(map.iter().map(|(id, password)| (&**id, password.as_str().unwrap())))
            }
            other => panic!("{other}"),
        };
        let Some(seal) = count.carried(case, cookie(case, text(&case["config"], "cookieName"), ".")) else { continue };
        let opened = open(&passwords.unwrap(), &seal, case["now"].as_i64().unwrap());
        if let Ok((data, expired)) = &opened
            && text(&case["expect"], "verdict") == "accept"
        {
            assert_eq!((data, *expired), (&case["expect"]["claims"], false), "{}", text(case, "id"));
        }
        count.judge(case, opened, |(_, expired)| expired.then_some("expired"));
    }
    count.finish("iron-session", 7, 9, 2);
}

/// AuthKit judges the access token inside, which is not of this room: a seal opens or does not.
#[test]
fn workos() {
    let file = load("workos.json");
    let passwords = Passwords::single(text(&file["config"], "password")).unwrap();
    let (mut opened, mut refused, mut none) = (0, 0, 0);
    for case in file["cases"].as_array().unwrap() {
        let id = text(case, "id");
        let Carried::Text(seal) = cookie(case, "wos-session", ".") else {
            none += 1;
            continue;
        };
        match open(&passwords, &seal, case["now"].as_i64().unwrap()) {
            Ok((data, expired)) => {
                assert!(!["workos/wrong-password", "workos/garbage"].contains(&id), "{id}");
                assert!(data["accessToken"].is_string() && data["user"]["id"].is_string(), "{id}");
                assert!(!expired, "{id}: sealed without an expiry");
                opened += 1;
            }
            Err(why) => {
                assert!(["workos/wrong-password", "workos/garbage"].contains(&id), "{id}: {why}");
                refused += 1;
            }
        }
    }
    println!("workos: {opened} opened, {refused} refused, {none} without a cookie");
    assert_eq!((opened, refused, none), (4, 2, 7));
}
