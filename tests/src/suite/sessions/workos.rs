//! `sessions/workos.json`: what `authkitMiddleware` did with a page.
//!
//! Where the package sends somebody to the hosted sign-in, with a state and a code challenge of its own making, the gate
//! sends documents to the app's sign-in route, which does the same, and answers 401 to what is no document. So the way is
//! judged by being one, not by its address.

use super::iron_session::passwords;
use super::{Put, config, guarded_by, request};
use crate::engine::{Answer, Outcome};
use crate::report::Verdict;
use crate::vectors::{text, texts};
use crate::world::Page;
use serde_json::{Value, json};
use url::Url;

const SIGN_IN: &str = "/login";
/// Names by which the package talks to the app behind.
const OF_PACKAGE: [&str; 5] = ["x-redirect-uri", "x-sign-up-paths", "x-url", "x-workos-middleware", "x-workos-session"];

pub(super) fn put(document: &Value, case: &Value) -> Result<Put, String> {
    let config = config(document, case);
    let mut settings = json!({ "kind": "workos" });
    let (mut env, mut pages, mut routes) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in config.as_object().into_iter().flatten() {
        match name.as_str() {
            "cookieName" => settings["cookie"] = value.clone(),
            "password" => settings["password"] = passwords(value, &mut env)?,
            "clientId" => settings["client-id"] = value.clone(),
            "jwks" => {
                let address = format!("https://api.workos.com/sso/jwks/{}", text(config, "clientId"));
                pages.push((address, Page::Body(value.to_string().into_bytes())));
            }
            "redirectUri" => {
                settings["redirect-uri"] = value.clone();
                let url = Url::parse(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
                routes.push(json!({ "id": "callback", "glob": url.path(), "require": "public" }));
            }
            "unauthenticatedPaths" => {
                routes.push(json!({ "id": "open", "pattern": value, "require": "public" }));
            }
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    let mut policy = guarded_by(&settings, &[("x-sub", "{claim.sub}")]);
    policy.document["sign-in"] = json!({ "path": SIGN_IN, "return-param": "next" });
    policy.document["route"] = json!(routes);
    policy.env = env;
    let expect = case["expect"].clone();
    Ok(Put { policy, pages, request: request(case)?, judge: Box::new(move |answer| judged(&expect, answer)) })
}

fn judged(expect: &Value, answer: &Answer) -> Verdict {
    let failed = |wanted: &str| Verdict::Failed(format!("wanted {wanted}, got {}", answer.summary()));
    let signed_in = expect["signedIn"] == true;
    match (&answer.outcome, text(expect, "verdict")) {
        (Outcome::Forwarded(_, lines), "pass") => {
            let mut told: Vec<&str> =
                OF_PACKAGE.into_iter().filter(|name| lines.iter().any(|(line, _)| line == name)).collect();
            told.sort_unstable();
            if told != texts(expect.get("forwards")) {
                return failed(&format!("the headers {}, not {told:?}", expect["forwards"]));
            }
            if answer.upstream_header("x-sub").is_some() != signed_in {
                return failed(if signed_in { "somebody" } else { "nobody" });
            }
            Verdict::Passed
        }
        (Outcome::Replied(status, _), "redirect") => {
            let sent = matches!(status, 302 | 303 | 307)
                && answer.reply_header("location").is_some_and(|to| to.starts_with(SIGN_IN));
            if !sent && *status != 401 {
                return failed("a way to sign in, or 401");
            }
            let kept = answer.reply_header("cache-control").is_some_and(|line| line.contains("no-store"));
            let varies = answer.reply_header("vary").is_some_and(|line| line.contains("cookie"));
            if expect.get("cacheControl").is_some() && !kept || expect.get("vary").is_some() && !varies {
                return failed("an answer that nobody else gets");
            }
            Verdict::Passed
        }
        (_, wanted) => failed(wanted),
    }
}
