//! `sessions/oidc-bearer.json`: bearer tokens against fixed key sets, judged by jose.

use super::keys::allowed_and_able;
use super::{Seen, judge, seen, too_slow};
use crate::engine::{Answer, Door, Engine, Policy, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, list, text, texts};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Code of the finding about a key set without a usable key.
const NO_USABLE_KEY: &str = "P405";

fn rejects(case: &Value) -> bool {
    text(&case["expect"], "verdict") == "reject"
}

/// A policy that is ready, with its world.
type Ready = Result<(Box<dyn Door>, Arc<World>), String>;

/// Run the file under one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    let mut doors: BTreeMap<String, Ready> = BTreeMap::new();
    for case in list(&file.document) {
        let config = match &case["config"] {
            Value::String(name) => &file.document["configs"][name],
            Value::Null => &file.document["config"],
            own => own,
        };
        let verdict = match policy(config) {
            Err(why) => Verdict::Skipped(why),
            Ok(policy) => {
                let now = case["now"].as_i64().unwrap_or_default();
                let ready = doors.entry(format!("{now} {} {:?}", policy.toml(), policy.env)).or_insert_with(|| {
                    let world = World::at(now);
                    engine.open(&policy, &world).map(|door| (door, world))
                });
                match ready {
                    Ok((door, world)) => one(case, door.as_mut(), world),
                    // A set without any usable key is refused before anything listens: no token can be accepted.
                    Err(findings) if findings.contains(NO_USABLE_KEY) && rejects(case) => Verdict::Passed,
                    Err(findings) => Verdict::Failed(findings.clone()),
                }
            }
        };
        row.note(text(case, "id"), verdict);
    }
    report.push(row);
}

/// Seconds from a number, or from the words that jose takes (`10m`, `2 hours`).
fn seconds(value: &Value) -> Option<u64> {
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let text = value.as_str()?.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    Some(number * unit)
}

/// A provider from the options of `jwtVerify`; an option nobody knows is a reason to skip.
pub(super) fn provider(config: &Value) -> Result<Value, String> {
    let mut settings = json!({});
    for (key, value) in config.as_object().into_iter().flatten() {
        let bad = || format!("cannot be said in a config: `{key}` = {value}");
        match key.as_str() {
            // By name: some sets hold shared secrets, which may not stand in a config.
            "jwks" => settings["keys"] = json!({ "jwks": "env:JWKS" }),
            "issuer" => settings["issuer"] = json!(texts(Some(value))),
            "audience" => settings["audience"] = json!(texts(Some(value))),
            "algorithms" if config.get("jwks").is_some() => {
                settings["algorithms"] = json!(allowed_and_able(value, &config["jwks"]));
            }
            "algorithms" => settings["algorithms"] = value.clone(),
            "clockTolerance" => settings["leeway"] = json!(format!("{}s", seconds(value).ok_or_else(bad)?)),
            "maxTokenAge" => settings["max-age"] = json!(format!("{}s", seconds(value).ok_or_else(bad)?)),
            "typ" => settings["typ"] = value.clone(),
            "requiredClaims" => settings["required-claims"] = value.clone(),
            _ => return Err(format!("unknown option `{key}`")),
        }
    }
    Ok(settings)
}

/// A policy with that one provider.
pub(super) fn guarded_by(provider: &Value) -> Policy {
    Policy::new(json!({
        "version": 1,
        "default": "deny",
        "bearer": { "x": provider },
        "route": [{
            "id": "api",
            "glob": "/**",
            "require": { "bearer": "x" },
            "request-headers": { "set": {
                "x-sub": "{claim.sub}",
                "x-iss": "{claim.iss}",
                "x-token-identifier": "{token-identifier}",
            } },
        }],
    }))
}

fn policy(config: &Value) -> Result<Policy, String> {
    provider(config).map(|provider| guarded_by(&provider).env("JWKS", &config["jwks"].to_string()))
}

fn request(case: &Value) -> Result<Request, String> {
    let request = &case["request"];
    let url = Url::parse(text(request, "url")).map_err(|error| format!("the address cannot be read: {error}"))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let headers = request["headers"].as_object().into_iter().flatten();
    Ok(Request {
        method: text(request, "method").to_owned(),
        scheme: url.scheme().to_owned(),
        authority: url[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
        target: target.as_bytes().to_vec(),
        headers: headers.map(|(n, v)| (n.to_lowercase(), v.as_str().unwrap_or_default().as_bytes().to_vec())).collect(),
        body: text(request, "body").as_bytes().to_vec(),
    })
}

fn one(case: &Value, door: &mut dyn Door, world: &World) -> Verdict {
    let before = world.fetches();
    let answer = match request(case).map(|request| door.ask(&request)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(Unsent(why))) => return Verdict::Skipped(why.to_owned()),
        Err(why) => return Verdict::Skipped(why),
    };
    if world.fetches() != before {
        return Verdict::Failed("a fetch, though all keys are fixed".to_owned());
    }
    if let Some(verdict) = too_slow(case["max_ms"].as_u64(), &answer) {
        return verdict;
    }
    let expect = &case["expect"];
    let may = texts(expect.get("may"));
    let wanted = text(expect, "verdict");
    match (seen(&answer), wanted) {
        (Seen::Accept, "accept") => identity(&expect["identity"], &answer),
        (Seen::Accept, _) if may.iter().any(|m| m == "accept") => Verdict::Passed,
        (Seen::Reject, "reject" | "error") => Verdict::Passed,
        (Seen::Reject, _) if may.iter().any(|m| m == "reject") => Verdict::Passed,
        _ => judge(false, wanted, &answer),
    }
}

/// Does the upstream learn what it must?
fn identity(wanted: &Value, answer: &Answer) -> Verdict {
    for (member, header) in [("sub", "x-sub"), ("issuer", "x-iss"), ("tokenIdentifier", "x-token-identifier")] {
        if let Some(wanted) = wanted[member].as_str()
            && answer.upstream_header(header).as_deref() != Some(wanted)
        {
            let got = answer.upstream_header(header);
            return Verdict::Failed(format!("wanted the identity member {member} = {wanted:?}, got {got:?}"));
        }
    }
    Verdict::Passed
}
