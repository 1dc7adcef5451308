//! `sessions/better-auth.json`: what `getCookieCache` found in the cached session; without a strategy, what the signed token
//! cookie is worth.
//!
//! The package gives out the session's token as well. The gate tells it nobody: who has it is signed in.

use super::{Put, config, guarded_by, request, verdict};
use crate::vectors::text;
use serde_json::{Value, json};

/// Member of the identity, header, claim.
const CLAIMS: [(&str, &str, &str); 4] = [
    ("sub", "x-sub", "{claim.sub}"),
    ("email", "x-email", "{claim.email}"),
    ("name", "x-name", "{claim.name}"),
    ("sessionExpiresAt", "x-session-expires", "{claim.session.expiresAt}"),
];

pub(super) fn put(document: &Value, case: &Value) -> Result<Put, String> {
    let config = config(document, case);
    let mut settings = json!({ "kind": "better-auth" });
    let mut env = Vec::new();
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "secret" => {
                settings["secret"] = json!("env:SECRET");
                env.push(("SECRET".to_owned(), text(config, name).to_owned()));
            }
            "strategy" => settings["strategy"] = if value.is_null() { json!("token") } else { value.clone() },
            "secureCookies" | "isSecure" => settings["secure"] = value.clone(),
            "cookiePrefix" => settings["cookie-prefix"] = value.clone(),
            "cookieName" => {
                let start = if config["secureCookies"] == false { "" } else { "__Secure-" };
                let prefix = config["cookiePrefix"].as_str().unwrap_or("better-auth");
                settings["data-cookie"] = json!(format!("{start}{prefix}.{}", text(config, name)));
            }
            "version" => settings["version"] = value.clone(),
            "jwt" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match name.as_str() {
                        "jwks" => settings["keys"] = json!({ "jwks": value }),
                        "issuer" | "audience" => settings[name] = value.clone(),
                        _ => return Err(format!("unknown option `jwt.{name}`")),
                    }
                }
            }
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    let headers: Vec<(&str, &str)> = CLAIMS.iter().map(|(_, header, claim)| (*header, *claim)).collect();
    let mut policy = guarded_by(&settings, &headers);
    policy.env = env;
    let expect = case["expect"].clone();
    Ok(Put {
        policy,
        pages: Vec::new(),
        request: request(case)?,
        judge: Box::new(move |answer| {
            let members: Vec<(&str, &str)> = CLAIMS.iter().map(|(member, header, _)| (*member, *header)).collect();
            verdict(&expect, &members, answer)
        }),
    })
}
