//! `sessions/iron-session.json`: what `getIronSession` found in the cookie.

use super::{Put, config, guarded_by, request, verdict};
use crate::vectors::text;
use serde_json::{Map, Value, json};

pub(super) fn put(document: &Value, case: &Value) -> Result<Put, String> {
    let config = config(document, case);
    let mut settings = json!({ "kind": "iron-session" });
    let mut env = Vec::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "cookieName" => settings["cookie"] = value.clone(),
            "password" => settings["password"] = passwords(value, &mut env)?,
            // What a session lives when it is sealed; when it is read, the seal itself says it.
            "ttl" => {}
            // What the browser is told when the app sets the cookie.
            "cookieOptions" => {}
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    let expect = case["expect"].clone();
    let mut wanted = Map::new();
    leaves("", &expect["claims"], &mut wanted);
    let names: Vec<(String, String)> =
        wanted.keys().enumerate().map(|(at, path)| (path.clone(), format!("x-claim-{at}"))).collect();
    let templates: Vec<(&str, String)> =
        names.iter().map(|(path, header)| (header.as_str(), format!("{{claim.{path}}}"))).collect();
    let headers: Vec<(&str, &str)> = templates.iter().map(|(header, path)| (*header, path.as_str())).collect();
    let mut policy = guarded_by(&settings, &headers);
    policy.env = env;
    Ok(Put {
        policy,
        pages: Vec::new(),
        request: request(case)?,
        judge: Box::new(move |answer| {
            let members: Vec<(&str, &str)> =
                names.iter().map(|(path, header)| (path.as_str(), header.as_str())).collect();
            let expect = json!({
                "verdict": text(&expect, "verdict"),
                "may": expect.get("may").cloned().unwrap_or_default(),
                "identity": wanted,
            });
            verdict(&expect, &members, answer)
        }),
    })
}

/// One password or several by their ids, each in a variable.
pub(super) fn passwords(value: &Value, env: &mut Vec<(String, String)>) -> Result<Value, String> {
    let mut named = |password: &Value| {
        let name = format!("PASSWORD_{}", env.len());
        env.push((name.clone(), password.as_str()?.to_owned()));
        Some(json!(format!("env:{name}")))
    };
    let found = match value {
        Value::Object(all) => {
            all.iter().map(|(id, one)| Some((id.clone(), named(one)?))).collect::<Option<_>>().map(Value::Object)
        }
        one => named(one),
    };
    found.ok_or_else(|| "a password that is no text".to_owned())
}

/// Every text, number and truth value with its path: what a header can tell.
fn leaves(path: &str, value: &Value, all: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value, all);
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            all.insert(path.to_owned(), value.clone());
        }
        Value::Array(_) | Value::Null => {}
    }
}
