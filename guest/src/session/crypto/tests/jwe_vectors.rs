//! Cookies of NextAuth, Auth.js, nextjs-auth0 and Better Auth.

use super::super::derive::{Thumbprint, auth_js, auth0, better_auth, next_auth, thumbprint};
use super::super::jwe::{Enc, Jwe};
use super::super::jwe_key::JweKey;
use super::{Carried, Count, cookie, load, percent_decoded, text};
use serde_json::Value;

type Opened = Result<Value, &'static str>;

/// What opening alone costs: form, key, decryption; with `--release -- --ignored --nocapture open_cost`.
#[test]
#[ignore = "a measurement, not a test"]
fn open_cost() {
    let file = load("authjs.json");
    let secret = b"vector-nextauth-secret-0123456789abcdef";
    let secure = "__Secure-authjs.session-token";
    let long: [u8; 64] = auth_js(secret, secure).unwrap();
    for (id, name, enc, key) in [
        ("authjs/v4-ok", "__Secure-next-auth.session-token", Enc::A256Gcm, next_auth(secret).unwrap().to_vec()),
        ("authjs/v5-cookie-wins", secure, Enc::A256CbcHs512, long.to_vec()),
        ("authjs/v5-chunked", secure, Enc::A256CbcHs512, long.to_vec()),
    ] {
        let case = file["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap();
        let Carried::Text(token) = cookie(case, name, ".") else { panic!("{id}") };
        let key = JweKey::new(enc, &key).unwrap();
        let rounds = 20_000;
        let started = std::time::Instant::now();
        for _ in 0..rounds {
            assert!(key.open(&Jwe::parse(std::hint::black_box(&token)).unwrap()).is_ok());
        }
        println!("{} of {} bytes: {:?}", enc.name(), token.len(), started.elapsed() / rounds);
    }
}

/// A key and the `kid` that would name it.
struct Named {
    kid: String,
    enc: Enc,
    key: JweKey,
}

fn named(enc: Enc, key: &[u8], hash: Thumbprint) -> Named {
    Named { kid: thumbprint(key, hash), enc, key: JweKey::new(enc, key).unwrap() }
}

/// The keys of the token's `enc`: the one it names, or the first if it names none.
fn open(token: &str, keys: &[Named]) -> Opened {
    let jwe = Jwe::parse(token)?;
    let mut fitting = keys.iter().filter(|key| key.enc == jwe.enc);
    let key = fitting.find(|key| jwe.kid.as_ref().is_none_or(|kid| *kid == key.kid)).ok_or("no key of this name")?;
    Ok(serde_json::from_slice(&key.key.open(&jwe)?).unwrap())
}

/// A time that is over, or not yet come, with the 15 s that all of these allow.
fn clock(case: &Value, claims: &Value) -> Option<&'static str> {
    let now = case["now"].as_i64().unwrap();
    if claims["exp"].as_i64().is_some_and(|exp| exp <= now - 15) {
        return Some("expired");
    }
    claims["nbf"].as_i64().is_some_and(|nbf| nbf > now + 15).then_some("not yet")
}

#[test]
fn authjs() {
    let file = load("authjs.json");
    for (version, expected) in [(4, (8, 8, 7)), (5, (16, 13, 7))] {
        let mut count = Count::default();
        for case in file["cases"].as_array().unwrap().iter().filter(|case| case["version"] == version) {
            let name = text(&case["config"], "cookieName");
            let mut keys = Vec::new();
            for secret in case["config"]["secrets"].as_array().unwrap() {
                let secret = secret.as_str().unwrap().as_bytes();
                if version == 4 {
                    keys.push(named(Enc::A256Gcm, &next_auth(secret).unwrap(), Thumbprint::Sha256));
                } else {
                    let key: [u8; 64] = auth_js(secret, name).unwrap();
                    keys.push(named(Enc::A256CbcHs512, &key, Thumbprint::Sha512));
                    let key: [u8; 32] = auth_js(secret, name).unwrap();
                    keys.push(named(Enc::A256Gcm, &key, Thumbprint::Sha256));
                }
            }
            let bearer =
                case["request"]["headers"]["authorization"].as_str().and_then(|line| line.strip_prefix("Bearer "));
            let token = match (cookie(case, name, "."), bearer) {
                (Carried::Text(token), _) => token,
                (Carried::Nothing, Some(token)) => percent_decoded(token),
                (Carried::Nothing, None) => {
                    count.skip(case, "no token");
                    continue;
                }
                (Carried::Doubtful(why), _) => {
                    count.skip(case, why);
                    continue;
                }
            };
            let opened = open(&token, &keys);
            if let (Ok(claims), Some(identity)) = (&opened, case["expect"]["identity"].as_object()) {
                for (name, value) in identity {
                    assert_eq!(&claims[name], value, "{}", text(case, "id"));
                }
            }
            count.judge(case, opened, |claims| clock(case, claims));
        }
        count.finish(&format!("authjs v{version}"), expected.0, expected.1, expected.2);
    }
}

#[test]
fn nextjs_auth0() {
    let mut count = Count::default();
    for case in load("auth0.json")["cases"].as_array().unwrap() {
        let keys =
            [named(Enc::A256Gcm, &auth0(text(&case["config"], "secret").as_bytes()).unwrap(), Thumbprint::Sha256)];
        let token = match (cookie(case, "__session", "__"), cookie(case, "appSession", ".")) {
            (Carried::Text(token), _) | (Carried::Nothing, Carried::Text(token)) => token,
            (Carried::Doubtful(why), _) | (_, Carried::Doubtful(why)) => {
                count.skip(case, why);
                continue;
            }
            (Carried::Nothing, Carried::Nothing) => {
                count.skip(case, "no cookie");
                continue;
            }
        };
        let opened = open(&token, &keys);
        if let (Ok(claims), Some(subject)) = (&opened, case["expect"]["identity"]["sub"].as_str()) {
            assert_eq!(claims["user"]["sub"], subject, "{}", text(case, "id"));
        }
        count.judge(case, opened, |claims| clock(case, claims));
    }
    count.finish("auth0", 14, 7, 9);
}

#[test]
fn better_auth_jwe() {
    let mut count = Count::default();
    let file = load("better-auth.json");
    for case in file["cases"].as_array().unwrap().iter().filter(|case| case["config"]["strategy"] == "jwe") {
        let config = &case["config"];
        let keys =
            [named(Enc::A256CbcHs512, &better_auth(text(config, "secret").as_bytes()).unwrap(), Thumbprint::Sha256)];
        let secure = if config["secureCookies"] == true { "__Secure-" } else { "" };
        let Some(token) = count.carried(case, cookie(case, &format!("{secure}better-auth.session_data"), ".")) else {
            continue;
        };
        let opened = open(&token, &keys);
        if let (Ok(claims), Some(subject)) = (&opened, case["expect"]["identity"]["sub"].as_str()) {
            assert_eq!(claims["user"]["id"], subject, "{claims}");
        }
        count.judge(case, opened, |claims| clock(case, claims));
    }
    count.finish("better-auth jwe", 4, 2, 3);
}
