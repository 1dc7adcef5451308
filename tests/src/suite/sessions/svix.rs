//! `sessions/svix.json`: signed messages, judged by the svix package.

use super::{Put, config, request, verdict};
use crate::engine::{Answer, Outcome, Policy};
use crate::report::Verdict;
use serde_json::{Value, json};

/// The secrets come by name, as in any config.
pub(super) fn translate(document: &Value, case: &Value) -> Result<Put, String> {
    let mut settings = json!({ "scheme": "svix" });
    let mut env = Vec::new();
    for (key, value) in config(document, case).as_object().into_iter().flatten() {
        let bad = || format!("cannot be said in a config: `{key}` = {value}");
        match key.as_str() {
            "secret" | "secrets" => {
                let secrets = crate::vectors::texts(Some(value));
                settings["secret"] = (0..secrets.len()).map(|number| format!("env:SECRET_{number}")).collect();
                env = secrets.into_iter().enumerate().map(|(n, secret)| (format!("SECRET_{n}"), secret)).collect();
            }
            "tolerance" => settings["tolerance"] = json!(format!("{}s", value.as_u64().ok_or_else(bad)?)),
            _ => return Err(format!("unknown member `{key}` of the configuration")),
        }
    }
    let policy = Policy {
        document: json!({
            "version": 1,
            "default": "deny",
            "webhook": { "x": settings },
            "route": [{ "id": "hook", "glob": "/**", "require": { "webhook": "x" } }],
        }),
        env,
    };
    let expect = case["expect"].clone();
    let judge = move |answer: &Answer| match &answer.outcome {
        // Whoever sends without a good signature is told 401, and nothing else.
        Outcome::Replied(status, _) if *status != 401 => {
            Verdict::Failed(format!("wanted a refusal with 401, got {}", answer.summary()))
        }
        _ => verdict(&expect, &[], answer),
    };
    Ok(Put { policy, pages: Vec::new(), request: request(case)?, judge: Box::new(judge) })
}
