//! Signed texts of Better Auth and Clerk.

use super::super::mac::{HmacSha1, HmacSha256};
use super::super::text::{base64, base64url, to_hex};
use super::{Count, cookie, load, text};
use serde_json::Value;

/// `token.signature`; the last dot divides, the signature is padded base64.
fn signed_cookie(key: &HmacSha256, text: &str) -> Result<(), &'static str> {
    let (token, signature) = text.rsplit_once('.').ok_or("no signature")?;
    let signature = base64(signature).ok_or("signature is not base64")?;
    if token.is_empty() {
        return Err("empty token");
    }
    key.verify(&[token.as_bytes()], &signature).then_some(()).ok_or("other signature")
}

/// `{"session":…,"expiresAt":…,"signature":…}`: signed is the session's text with `expiresAt` as its last member.
fn compact(key: &HmacSha256, text: &str) -> Result<Value, &'static str> {
    let json = base64url(text).and_then(|json| String::from_utf8(json).ok()).ok_or("not base64url of text")?;
    let value: Value = serde_json::from_str(&json).map_err(|_| "not JSON")?;
    let session = json.strip_prefix(r#"{"session":"#).and_then(|rest| rest.rsplit_once(r#","expiresAt":"#));
    let (session, rest) = session.ok_or("not the compact text")?;
    let (expires, _) = rest.split_once(',').ok_or("not the compact text")?;
    let session = session.strip_suffix('}').ok_or("not the compact text")?;
    let signature = value["signature"].as_str().and_then(base64url).ok_or("signature is not base64url")?;
    let signed = [session, r#","expiresAt":"#, expires, "}"].map(str::as_bytes);
    key.verify(&signed, &signature).then_some(value).ok_or("other signature")
}

fn jws(key: &HmacSha256, text: &str) -> Result<Value, &'static str> {
    let (signed, signature) = text.rsplit_once('.').ok_or("no signature")?;
    let signature = base64url(signature).ok_or("signature is not base64url")?;
    if !key.verify(&[signed.as_bytes()], &signature) {
        return Err("other signature");
    }
    let claims = signed.split_once('.').and_then(|(_, claims)| base64url(claims)).unwrap();
    Ok(serde_json::from_slice(&claims).unwrap())
}

#[test]
fn better_auth() {
    let mut count = Count::default();
    let file = load("better-auth.json");
    for case in file["cases"].as_array().unwrap().iter().filter(|case| case["config"]["strategy"] != "jwe") {
        let config = &case["config"];
        let now = case["now"].as_i64().unwrap();
        let key = HmacSha256::new(text(config, "secret").as_bytes()).unwrap();
        let secure = if config["secureCookies"] == true { "__Secure-" } else { "" };
        let name = if config["strategy"].is_null() { "session_token" } else { "session_data" };
        let Some(value) = count.carried(case, cookie(case, &format!("{secure}better-auth.{name}"), ".")) else {
            continue;
        };
        match config["strategy"].as_str() {
            None => count.judge(case, signed_cookie(&key, &value), |()| None),
            Some("compact") => match (text(case, "id"), compact(&key, &value)) {
                // Allowed to be refused, and refused: other spellings of what was written.
                ("better-auth/compact-whitespace", Err("not the compact text"))
                | ("better-auth/compact-sig-padded", Err("signature is not base64url")) => count.refused += 1,
                (_, read) => count.judge(case, read, |value| {
                    let over = value["expiresAt"].as_i64().unwrap() < now * 1000;
                    let version = config.get("version").is_some_and(|version| *version != value["session"]["version"]);
                    (over || version).then_some("over")
                }),
            },
            Some(_) => count.judge(case, jws(&key, &value), |claims| {
                claims["exp"].as_i64().is_some_and(|exp| exp <= now).then_some("expired")
            }),
        }
    }
    count.finish("better-auth, signed", 13, 15, 5);
}

/// `x-clerk-auth-signature` of the vectors, which the app behind checks against the token.
#[test]
fn clerk_signature() {
    let file = load("clerk-middleware.json");
    let mut checked = 0;
    for case in file["cases"].as_array().unwrap() {
        let headers = &case["expect"]["forwardRequestHeaders"];
        let (Some(token), Some(signature)) =
            (headers["x-clerk-auth-token"].as_str(), headers["x-clerk-auth-signature"].as_str())
        else {
            continue;
        };
        if token.is_empty() {
            // Signed out: nothing is signed.
            assert_eq!(signature, "", "{}", text(case, "id"));
            continue;
        }
        let secret = text(&file["config"], "secretKey");
        let key = HmacSha1::new(secret.as_bytes()).unwrap();
        assert_eq!(to_hex(key.tag(&[token.as_bytes()])), signature, "{}", text(case, "id"));
        checked += 1;
    }
    println!("clerk signatures: {checked} checked");
    assert_eq!(checked, 12);
}
