//! `sessions/supabase.json`: what `getClaims` made of the cookies, with an auth server that refuses every renewal.

use super::{Put, config, guarded_by, request, verdict};
use crate::vectors::text;
use crate::world::Page;
use serde_json::{Value, json};

/// Members of the identity, and the claims they are.
const CLAIMS: [(&str, &str); 5] =
    [("sub", "sub"), ("sid", "session_id"), ("role", "role"), ("aal", "aal"), ("email", "email")];

pub(super) fn put(document: &Value, case: &Value) -> Result<Put, String> {
    let config = config(document, case);
    let mut settings = json!({ "kind": "supabase" });
    let (mut env, mut pages) = (Vec::new(), Vec::new());
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "projectUrl" => {
                settings["project-url"] = json!("env:PROJECT_URL");
                env.push(("PROJECT_URL".to_owned(), text(config, name).to_owned()));
            }
            // These two are made of the project's address; given, they must be what is made.
            "cookieName" | "issuer" => {}
            "jwks" => {
                let address = format!("{}/auth/v1/.well-known/jwks.json", text(config, "projectUrl"));
                pages.push((address, Page::Body(value.to_string().into_bytes())));
            }
            "jwtSecret" => {
                settings["keys"] = json!({ "secret": "env:JWT_SECRET" });
                env.push(("JWT_SECRET".to_owned(), text(config, name).to_owned()));
            }
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    let names: Vec<(String, String)> =
        CLAIMS.iter().map(|(member, claim)| (format!("x-{member}"), format!("{{claim.{claim}}}"))).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|(name, claim)| (name.as_str(), claim.as_str())).collect();
    let mut policy = guarded_by(&settings, &headers);
    policy.env = env;
    let expect = case["expect"].clone();
    Ok(Put {
        policy,
        pages,
        request: request(case)?,
        judge: Box::new(move |answer| {
            let members: Vec<(&str, &str)> =
                CLAIMS.iter().zip(&names).map(|((member, _), (header, _))| (*member, header.as_str())).collect();
            verdict(&expect, &members, answer)
        }),
    })
}
