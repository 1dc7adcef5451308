//! `sessions/convex.json`: the cookies of Convex Auth, and bearer tokens by the providers of an `auth.config.ts`.
//!
//! The backend takes a token of any provider, in the cookie and as bearer token; so each provider with a domain is a
//! session, and each provider is a bearer one. Keys come the way they come in life: by discovery, or from an address.

use super::{Put, request, verdict};
use crate::engine::{Answer, Policy};
use crate::report::Verdict;
use crate::vectors::text;
use crate::world::Page;
use serde_json::{Map, Value, json};

/// Member of the identity, and the header that tells it.
const MEMBERS: &[(&str, &str)] = &[("sub", "x-sub"), ("issuer", "x-iss"), ("tokenIdentifier", "x-token-identifier")];

pub(super) fn translate(document: &Value, case: &Value) -> Result<Put, String> {
    let config = |key: &str| match case.get("config").and_then(|own| own.get(key)) {
        Some(own) => own,
        None => &document[key],
    };
    let mut providers = Providers::default();
    for (number, provider) in config("providers").as_array().into_iter().flatten().enumerate() {
        providers.put(number, provider, config("cookies"))?;
    }
    let request = request(case)?;
    let mut any = vec![json!("session")];
    any.extend(providers.bearers.keys().map(|name| json!({ "bearer": name })));
    let policy = Policy::new(json!({
        "version": 1,
        "default": "deny",
        // Where the app is deployed is what its address says.
        "proxy": { "public-origin": format!("{}://{}", request.scheme, request.authority) },
        "session": providers.sessions,
        "bearer": providers.bearers,
        "identity": { "headers": {
            "x-sub": "{claim.sub}",
            "x-iss": "{claim.iss}",
            "x-token-identifier": "{token-identifier}",
        } },
        "route": [{ "id": "page", "glob": "/**", "require": { "any": any } }],
    }));
    let expect = case["expect"].clone();
    // A session that would be renewed is a session until it ends, and one that would be cleared is none: the verdict says it.
    let judge = move |answer: &Answer| match answer.status() {
        Some(status) if status != 401 => Verdict::Failed(format!("wanted a decision, got {}", answer.summary())),
        _ => verdict(&expect, MEMBERS, answer),
    };
    Ok(Put { policy, pages: providers.pages, request, judge: Box::new(judge) })
}

/// Providers in the words of a config, and what the network says for them.
#[derive(Default)]
struct Providers {
    sessions: Map<String, Value>,
    bearers: Map<String, Value>,
    pages: Vec<(String, Page)>,
}

impl Providers {
    fn put(&mut self, number: usize, provider: &Value, cookies: &Value) -> Result<(), String> {
        let known = ["type", "domain", "issuer", "applicationID", "jwks", "algorithm"];
        if let Some(other) =
            provider.as_object().into_iter().flatten().map(|(key, _)| key).find(|key| !known.contains(&key.as_str()))
        {
            return Err(format!("unknown member `{other}` of a provider"));
        }
        let mut bearer = json!({ "kind": "convex" });
        if let Some(audience) = provider.get("applicationID") {
            bearer["application-id"] = audience.clone();
        }
        match text(provider, "type") {
            "" => {
                let domain = text(provider, "domain");
                bearer["domain"] = json!(domain);
                let issuer = if domain.contains("://") { domain.to_owned() } else { format!("https://{domain}") };
                let base = issuer.trim_end_matches('/');
                let keys = format!("{base}/.well-known/jwks.json");
                let discovery = json!({ "issuer": issuer, "jwks_uri": keys });
                self.page(format!("{base}/.well-known/openid-configuration"), &discovery);
                self.page(keys, &provider["jwks"]);
                self.sessions.insert(format!("s{number}"), session(domain, provider, cookies)?);
            }
            "customJwt" => {
                bearer["type"] = json!("custom-jwt");
                bearer["issuer"] = provider["issuer"].clone();
                bearer["algorithm"] = provider["algorithm"].clone();
                let keys = format!("https://keys.example.test/{number}");
                match &provider["jwks"] {
                    Value::String(url) => bearer["jwks"] = json!(url),
                    set => {
                        bearer["jwks"] = json!(keys);
                        self.page(keys, set);
                    }
                }
            }
            other => return Err(format!("unknown type of provider `{other}`")),
        }
        self.bearers.insert(format!("b{number}"), bearer);
        Ok(())
    }

    fn page(&mut self, url: String, body: &Value) {
        self.pages.push((url, Page::Body(body.to_string().into_bytes())));
    }
}

fn session(domain: &str, provider: &Value, cookies: &Value) -> Result<Value, String> {
    // What is judged is the middleware's reading; renewals have tests of their own.
    let audience = &provider["applicationID"];
    let mut session = json!({ "kind": "convex-auth", "site-url": domain, "audience": audience, "renew": false });
    for (member, key) in [("token", "cookie"), ("refresh", "refresh-cookie"), ("verifier", "verifier-cookie")] {
        let (secure, local) = (text(&cookies["secure"], member), text(&cookies["localhost"], member));
        let prefix = secure.strip_suffix(local).ok_or("the names of the cookies differ by more than a prefix")?;
        session["cookie-prefix"] = json!(prefix);
        session[key] = json!(local);
    }
    Ok(session)
}
