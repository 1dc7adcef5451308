//! `security/jwt.json`: tokens under two providers with fixed keys and a fixed clock; as bearer tokens and in a cookie.

use super::keys::allowed_and_able;
use super::{Seen, judge, seen, too_slow};
use crate::engine::{Answer, Door, Engine, Policy, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, list, text, texts};
use crate::world::World;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Longest token that fits into one Cookie line (16 KiB with the name; `Cookies::parse` refuses more with 431).
const LONGEST_IN_COOKIE: usize = 16 * 1024 - 64;

/// Run the file under one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    for carrier in [Carrier::Bearer, Carrier::Cookie] {
        let mut row = Row::new(format!("{} ({})", file.name, carrier.name()), engine.name());
        let world = World::at(file.document["now"].as_i64().unwrap_or_default());
        match engine.open(&policy(&file.document, carrier), &world) {
            Ok(mut door) => {
                for case in list(&file.document) {
                    row.note(text(case, "id"), one(case, carrier, door.as_mut(), &world));
                }
            }
            Err(findings) => row.note("policy", Verdict::Failed(findings)),
        }
        report.push(row);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Bearer,
    Cookie,
}

impl Carrier {
    fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Cookie => "cookie",
        }
    }

    fn carry(self, token: &str) -> Result<Request, Unsent> {
        let request = Request::get("/private");
        match self {
            Self::Bearer => Ok(request.header("authorization", format!("Bearer {token}"))),
            Self::Cookie if token.bytes().any(|b| matches!(b, b';' | b' ' | b'\t' | b'\r' | b'\n')) => {
                Err(Unsent("the token cannot stand in a cookie"))
            }
            Self::Cookie if token.len() > LONGEST_IN_COOKIE => Err(Unsent("the token is too long for a cookie")),
            Self::Cookie => Ok(request.header("cookie", format!("theme=dark; __Host-session={token}"))),
        }
    }
}

fn policy(document: &Value, carrier: Carrier) -> Policy {
    let mut providers = Map::new();
    let mut any = Vec::new();
    let mut env = Vec::new();
    for (number, provider) in document["providers"].as_array().into_iter().flatten().enumerate() {
        let name = format!("p{number}");
        let mut settings = json!({
            "issuer": provider["issuer"],
            "audience": provider["applicationID"],
            "algorithms": allowed_and_able(&document["allowed_algs"], &provider["jwks"]),
            "leeway": format!("{}s", document["leeway_s"]),
            // By name: the sets hold keys that may not stand in a config (shared secrets), and must load all the same.
            "keys": { "jwks": format!("env:JWKS_{number}") },
        });
        env.push((format!("JWKS_{number}"), provider["jwks"].to_string()));
        // `exp`, `iss` and `sub` are always demanded, `aud` because an audience is set.
        let more: Vec<_> = texts(document.get("required_claims"))
            .into_iter()
            .filter(|claim| !["exp", "iss", "sub", "aud"].contains(&claim.as_str()))
            .collect();
        if !more.is_empty() {
            settings["required-claims"] = json!(more);
        }
        if carrier == Carrier::Cookie {
            settings["kind"] = json!("jwt-cookie");
            settings["cookie"] = json!("__Host-session");
        }
        any.push(json!({ "bearer": name }));
        providers.insert(name, settings);
    }
    let (table, require) = match carrier {
        Carrier::Bearer => ("bearer", json!({ "any": any })),
        Carrier::Cookie => ("session", json!("session")),
    };
    let document = json!({
        "version": 1,
        "default": "deny",
        table: providers,
        "route": [{
            "id": "private",
            "glob": "/private",
            "require": require,
            "request-headers": { "set": { "x-sub": "{claim.sub}" } },
        }],
    });
    Policy { document, env }
}

fn one(case: &Value, carrier: Carrier, door: &mut dyn Door, world: &Arc<World>) -> Verdict {
    let Some(token) = token(case) else {
        return Verdict::Skipped(format!("no recipe for this generated token: {}", case["generate"]));
    };
    let before = world.fetches();
    let answer = match carrier.carry(&token).and_then(|request| door.ask(&request)) {
        Ok(answer) => answer,
        Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
    };
    if world.fetches() != before {
        return Verdict::Failed("a fetch, though all keys are fixed".to_owned());
    }
    if let Some(verdict) = too_slow(case["max_ms"].as_u64(), &answer) {
        return verdict;
    }
    match text(case, "expect") {
        "accept" => judge(seen(&answer) == Seen::Accept && carries_subject(&token, &answer), "accept", &answer),
        "reject" => judge(seen(&answer) == Seen::Reject, "reject", &answer),
        other => Verdict::Skipped(format!("unknown expectation `{other}`")),
    }
}

/// Does the upstream learn the very subject of the token? Only asked when it can stand in a header as it is.
fn carries_subject(token: &str, answer: &Answer) -> bool {
    let claims = crate::sign::claims(token).unwrap_or_default();
    let subject = text(&claims, "sub");
    let plain = subject.bytes().all(|b| b.is_ascii_graphic());
    !plain || answer.upstream_header("x-sub").as_deref() == Some(subject)
}

/// The token, or the one that `generate` describes: a part repeated between a head and a tail.
fn token(case: &Value) -> Option<String> {
    if let Some(token) = case["token"].as_str() {
        return Some(token.to_owned());
    }
    let recipe = &case["generate"];
    if let Some(parts) = recipe.as_array() {
        return parts.iter().map(piece).collect();
    }
    let unit = ["repeat", "char", "unit", "text", "part"].iter().find_map(|k| recipe[*k].as_str())?;
    let times = ["times", "count", "n", "length", "len", "bytes"].iter().find_map(|k| recipe[*k].as_u64())?;
    let head = ["prefix", "head", "before"].iter().find_map(|k| recipe[*k].as_str()).unwrap_or_default();
    let tail = ["suffix", "tail", "after"].iter().find_map(|k| recipe[*k].as_str()).unwrap_or_default();
    Some(format!("{head}{}{tail}", unit.repeat(usize::try_from(times).ok()?)))
}

fn piece(part: &Value) -> Option<String> {
    match part {
        Value::String(text) => Some(text.clone()),
        Value::Array(pair) => Some(pair.first()?.as_str()?.repeat(usize::try_from(pair.get(1)?.as_u64()?).ok()?)),
        _ => None,
    }
}
