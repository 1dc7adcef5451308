//! The shared vectors, if `PORTCULLIS_CASES` names their folder. Each token vector runs with the keys written in the
//! policy and with the keys at an address, and twice, so that the second answer comes from memory.

use super::super::{Algorithm, Carrier, Found, KeySource, Sessions};
use super::world::{Made, World, bearer, literal, room, settings, word};
use serde_json::Value;
use std::path::PathBuf;

fn load(path: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("PORTCULLIS_CASES") else {
        println!("{path}: 0 passed, 0 failed, 1 skipped (PORTCULLIS_CASES is not set)");
        return None;
    };
    let bytes = std::fs::read(PathBuf::from(folder).join(path)).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn report(path: &str, passed: usize, skipped: usize, failed: &[String]) {
    println!("{path}: {passed} passed, {} failed, {skipped} skipped", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(passed > 0, "{path}: nothing ran");
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn algorithms(value: &Value) -> Vec<Algorithm> {
    texts(value).iter().filter_map(|name| Algorithm::from_name(name)).collect()
}

const ADDRESS: &str = "https://keys.example/jwks";

/// A provider with its keys in the policy, or at an address that `world` serves.
fn provider(config: &Value, remote: bool, world: &mut World) -> Made {
    let set = config["jwks"].to_string();
    let address = format!("{ADDRESS}/{}", world.net.len());
    let keys = if remote {
        world.serve(&address, &set);
        KeySource::JwksUrl(literal(&address))
    } else {
        KeySource::Jwks(literal(&set))
    };
    Made {
        issuers: texts(&config["issuer"]).iter().map(|text| literal(text)).collect(),
        audiences: texts(&config["audience"]).iter().map(|text| literal(text)).collect(),
        algorithms: algorithms(&config["algorithms"]),
        leeway: config["clockTolerance"].as_i64().unwrap(),
        max_age: config["maxTokenAge"].as_i64(),
        typ: config["typ"].as_str().map(str::to_owned),
        required_claims: texts(&config["requiredClaims"]),
        ..settings(Carrier::Bearer, keys)
    }
}

/// All providers in turn; the first that verifies.
fn judge(world: &mut World, rooms: &mut [Sessions], providers: usize, line: &str) -> Found {
    let mut last = Found::None("no providers".to_owned());
    for index in 0..providers {
        last = world.bearer(rooms, index, line);
        if matches!(last, Found::Verified(_)) {
            break;
        }
    }
    last
}

#[test]
fn jwt() {
    let path = "security/jwt.json";
    let Some(file) = load(path) else { return };
    let (mut passed, mut skipped, mut failed) = (0, 0, Vec::new());
    for remote in [false, true] {
        let mut world = World::new(file["now"].as_i64().unwrap());
        let mut all = Vec::new();
        for one in file["providers"].as_array().unwrap() {
            let mut config = one.clone();
            config["audience"] = one["applicationID"].clone();
            config["algorithms"] = file["allowed_algs"].clone();
            config["clockTolerance"] = file["leeway_s"].clone();
            // The second provider's set holds RSA keys only, so a written set cannot do ES256.
            if !remote && all.len() == 1 {
                config["algorithms"] = Value::from(vec!["RS256"]);
            }
            all.push(provider(&config, remote, &mut world));
        }
        let mut rooms = [room(&all).unwrap(), room(&all).unwrap()];
        for vector in file["vectors"].as_array().unwrap() {
            let Some(token) = vector["token"].as_str() else {
                println!("{}: skipped, its token is too large to be stored", vector["id"]);
                skipped += 1;
                continue;
            };
            let accept = vector["expect"] == "accept";
            for round in 0..2 {
                let fetches = world.fetches;
                let found = judge(&mut world, &mut rooms, all.len(), &format!("Bearer {token}"));
                let right = matches!(found, Found::Verified(_)) == accept
                    && !matches!(found, Found::Ask(_) | Found::Unavailable(_))
                    && !(remote && round > 0 && world.fetches > fetches);
                if right {
                    passed += 1;
                } else {
                    failed.push(format!("{} ({}) remote {remote}: {}", vector["id"], vector["why"], word(&found)));
                }
            }
        }
    }
    report(path, passed, skipped, &failed);
}

#[test]
fn oidc_bearer() {
    let path = "sessions/oidc-bearer.json";
    let Some(file) = load(path) else { return };
    let (mut passed, mut failed) = (0, Vec::new());
    for remote in [false, true] {
        for case in file["cases"].as_array().unwrap() {
            let config = match case["config"].as_str() {
                Some(name) => &file["configs"][name],
                None => &case["config"],
            };
            let mut world = World::new(case["now"].as_i64().unwrap());
            let mut one = provider(config, remote, &mut world);
            if !remote {
                // A written set must be able to do what is written next to it; the vectors allow more.
                one.algorithms.retain(|algorithm| can(&config["jwks"], *algorithm));
            }
            let line = case["request"]["headers"]["authorization"].as_str();
            let found = match room(std::slice::from_ref(&one)) {
                // Not loading at all refuses everybody.
                Err(findings) => Found::None(findings[0].code.to_owned()),
                Ok(first) => {
                    let mut rooms = [first, room(&[one]).unwrap()];
                    let found = judge_line(&mut world, &mut rooms, line);
                    let again = judge_line(&mut world, &mut rooms, line);
                    assert_eq!(word(&found), word(&again), "{}", case["id"]);
                    found
                }
            };
            let verdict = if matches!(found, Found::Verified(_)) { "accept" } else { "reject" };
            let expect = &case["expect"];
            let mut right = expect["verdict"] == verdict || texts(&expect["may"]).contains(&verdict.to_owned());
            if let (Found::Verified(identity), Some(expected)) = (&found, expect["identity"].as_object()) {
                right &= expected["sub"].as_str() == identity.subject.as_deref()
                    && expected["issuer"] == identity.issuer.as_str()
                    && expected["tokenIdentifier"].as_str() == identity.token_identifier().as_deref();
            }
            if right {
                passed += 1;
            } else {
                failed.push(format!("{} ({}) remote {remote}: {}", case["id"], case["note"], word(&found)));
            }
        }
    }
    report(path, passed, 0, &failed);
}

fn can(set: &Value, algorithm: Algorithm) -> bool {
    super::super::jwt::KeySet::parse(set.to_string().as_bytes()).unwrap().can(algorithm)
}

fn judge_line(world: &mut World, rooms: &mut [Sessions], line: Option<&str>) -> Found {
    match line {
        Some(line) => world.bearer(rooms, 0, line),
        None => {
            let head = crate::request::Head { now: world.now, ..Default::default() };
            world.run(rooms, |room, answers| bearer(room, 0, &head, answers))
        }
    }
}

#[test]
fn jwks_rotation() {
    let path = "sessions/jwks-rotation.json";
    let Some(file) = load(path) else { return };
    let (mut passed, mut skipped, mut failed) = (0, 0, Vec::new());
    for case in file["cases"].as_array().unwrap() {
        if case["judge"] != "jose" {
            // The Clerk SDK's cache of 5 minutes without a pause is what we do not want (a fetch for each made-up kid).
            skipped += 1;
            continue;
        }
        let mut world = World::new(0);
        let one = provider(&file["config"].clone(), true, &mut world);
        let address = format!("{ADDRESS}/0");
        let set = |names: &[String]| {
            super::world::jwks(&names.iter().map(|name| file["keys"][name].clone()).collect::<Vec<_>>())
        };
        let mut served = vec!["A".to_owned()];
        let mut rooms = [room(std::slice::from_ref(&one)).unwrap()];
        for step in case["steps"].as_array().unwrap() {
            if step["serve"].is_array() {
                served = texts(&step["serve"]);
            }
            match &step["status"] {
                Value::Null if matches!(world.net.get(&address), Some(Err(_))) => {}
                Value::Null | Value::Number(_) if step["status"].as_i64().unwrap_or(200) == 200 => {
                    world.serve(&address, set(&served));
                }
                other => {
                    world.net.insert(address.clone(), Err(other.to_string()));
                }
            }
            world.now = case["now"].as_i64().unwrap() + step["at"].as_i64().unwrap();
            let before = world.fetches;
            let found = world.bearer(&mut rooms, 0, &format!("Bearer {}", step["token"].as_str().unwrap()));
            let verdict = if matches!(found, Found::Verified(_)) { "accept" } else { "reject" };
            let fetches = world.fetches - before;
            if step["expect"]["verdict"] == verdict && step["expect"]["fetches"] == fetches {
                passed += 1;
            } else {
                failed.push(format!("{} at {}: {}, {fetches} fetches", case["id"], step["at"], word(&found)));
            }
        }
    }
    report(path, passed, skipped, &failed);
}
