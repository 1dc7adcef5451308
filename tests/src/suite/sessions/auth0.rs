//! `sessions/auth0.json`: cookies of nextjs-auth0. A case is asked twice: what `getSession()` says, and what `middleware()`
//! answers: the cookies that it sets when sessions roll, and that the app behind sees them at once.
//!
//! What the package mounts below `/auth` (sign-in, sign-out, profile…) stays with the app: there a request passes, and the
//! gate sets no cookie beside those of the app.

use super::{Put, config, expectation, guarded_by, request, verdict};
use crate::engine::{Answer, Outcome, Policy, values};
use crate::report::Verdict;
use crate::suite::judge;
use crate::vectors::texts;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const HEADERS: [(&str, &str); 4] = [
    ("x-sub", "{claim.sub}"),
    ("x-sid", "{claim.sid}"),
    ("x-email", "{claim.email}"),
    ("x-created", "{claim.internal.createdAt}"),
];

pub(super) fn translate(document: &Value, case: &Value) -> Result<Vec<Put>, String> {
    let site = Site::of(config(document, case))?;
    let request = request(case)?;
    let expect = expectation(case);
    let asked = |policy, judge| Put { policy, pages: Vec::new(), request: request.clone(), judge };
    let mut puts = vec![asked(site.library(), library(&expect))];
    if !expect["middleware"].is_null() {
        let mounted = request.target.starts_with(b"/auth/");
        puts.push(asked(site.middleware(), Box::new(move |answer| middleware(&expect, mounted, answer))));
    }
    Ok(puts)
}

/// A configuration of the package in our words.
struct Site {
    settings: Value,
    secrets: Vec<String>,
    origin: String,
}

impl Site {
    fn of(config: &Value) -> Result<Self, String> {
        let mut site = Self {
            settings: json!({ "kind": "auth0", "rolling": true }),
            secrets: Vec::new(),
            origin: "https://app.example.com".to_owned(),
        };
        for (key, value) in config.as_object().into_iter().flatten() {
            match key.as_str() {
                "secret" => site.secrets = texts(Some(value)),
                "domain" => site.settings["domain"] = value.clone(),
                "appBaseUrl" => value.as_str().unwrap_or_default().clone_into(&mut site.origin),
                "session" => site.session(value)?,
                // What the app needs to sign in; a gate does not.
                "clientId" | "clientSecret" | "authorizationParameters" | "signInReturnToPath" => {}
                other => return Err(format!("unknown member `{other}` of a configuration")),
            }
        }
        let names: Vec<String> = (0..site.secrets.len()).map(|number| format!("env:SECRET_{number}")).collect();
        site.settings["secret"] = json!(names);
        Ok(site)
    }

    fn session(&mut self, config: &Value) -> Result<(), String> {
        let seconds = |value: &Value| json!(format!("{}s", value.as_u64().unwrap_or_default()));
        for (key, value) in config.as_object().into_iter().flatten() {
            match key.as_str() {
                "rolling" => self.settings["rolling"] = value.clone(),
                "absoluteDuration" => self.settings["absolute"] = seconds(value),
                "inactivityDuration" => self.settings["inactivity"] = seconds(value),
                "cookie" => self.cookie(value)?,
                other => return Err(format!("unknown member `session.{other}` of a configuration")),
            }
        }
        Ok(())
    }

    fn cookie(&mut self, config: &Value) -> Result<(), String> {
        for (key, value) in config.as_object().into_iter().flatten() {
            let ours = match key.as_str() {
                "name" => {
                    self.settings["cookie"] = value.clone();
                    continue;
                }
                "sameSite" => "same-site",
                "path" | "domain" | "secure" | "transient" => key.as_str(),
                other => return Err(format!("unknown member `session.cookie.{other}` of a configuration")),
            };
            self.settings["attributes"][ours] = value.clone();
        }
        Ok(())
    }

    fn policy(&self, document: Value) -> Policy {
        let numbered = self.secrets.iter().enumerate();
        let mut policy = Policy::new(document);
        policy.document["proxy"] = json!({ "public-origin": self.origin });
        numbered.fold(policy, |policy, (number, secret)| policy.env(&format!("SECRET_{number}"), secret))
    }

    /// Every path needs a session.
    fn library(&self) -> Policy {
        self.policy(guarded_by(&self.settings, &HEADERS).document)
    }

    /// The package's middleware lets everybody pass.
    fn middleware(&self) -> Policy {
        self.policy(json!({
            "version": 1,
            "default": "public",
            "session": { "x": self.settings },
            "identity": { "headers": { "x-sub": "{claim.sub}" } },
            "route": [{ "glob": "/auth/**", "require": "public" }],
        }))
    }
}

fn library(expect: &Value) -> Box<dyn Fn(&Answer) -> Verdict> {
    let expect = expect.clone();
    let members = [("sub", "x-sub"), ("sid", "x-sid"), ("email", "x-email")];
    Box::new(move |answer| match verdict(&expect, &members, answer) {
        Verdict::Passed if answer.forwarded() && !expect["createdAt"].is_null() => {
            super::identity(&expect, &[("createdAt", "x-created")], answer)
        }
        other => other,
    })
}

fn middleware(expect: &Value, mounted: bool, answer: &Answer) -> Verdict {
    let Outcome::Forwarded(_, lines) = &answer.outcome else { return judge(false, "to reach the app", answer) };
    let lines = values(lines, "cookie").into_iter().map(String::from_utf8_lossy);
    let seen: BTreeMap<String, String> =
        lines.flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>()).filter_map(pair).collect();
    let set: Vec<SetCookie> = answer.set_cookies().iter().map(|line| SetCookie::read(line)).collect();
    if mounted {
        return judge(set.is_empty(), "no cookie beside those of the app", answer);
    }
    let wanted: BTreeSet<SetCookie> =
        texts(expect["middleware"].get("setCookies")).iter().map(|line| SetCookie::read(line)).collect();
    let refused = answer.upstream_header("x-sub").is_none();
    if refused && set.is_empty() && texts(expect.get("may")).iter().any(|may| may == "reject") {
        return Verdict::Passed;
    }
    let got: BTreeSet<SetCookie> = set.iter().map(SetCookie::without_value).collect();
    let wanted = wanted.iter().map(SetCookie::without_value).collect();
    if got != wanted || got.len() != set.len() {
        return Verdict::Failed(format!("wanted the cookies {wanted:?}, got {got:?}"));
    }
    let cache = text_of(answer, "cache-control");
    let private = cache.contains("private") && cache.contains("no-store");
    if !set.is_empty() && !private {
        return Verdict::Failed(format!("wanted an answer that is nobody else's, got cache-control `{cache}`"));
    }
    // The app behind sees what the browser will send next time.
    for cookie in &set {
        let wanted = Some(&cookie.value).filter(|value| !value.is_empty());
        if seen.get(&cookie.name) != wanted {
            return Verdict::Failed(format!("the app behind sees another cookie `{}` than the browser", cookie.name));
        }
    }
    Verdict::Passed
}

fn text_of(answer: &Answer, name: &str) -> String {
    crate::engine::text(&answer.back, name).unwrap_or_default()
}

fn pair(text: impl AsRef<str>) -> Option<(String, String)> {
    text.as_ref().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// A `set-cookie` line; the order and case of attributes do not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SetCookie {
    name: String,
    value: String,
    attributes: BTreeSet<String>,
}

impl SetCookie {
    fn read(line: &str) -> Self {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(pair).unwrap_or_default();
        Self { name, value, attributes: parts.map(str::to_lowercase).collect() }
    }

    /// A value that differs on every run is only there or not.
    fn without_value(&self) -> Self {
        let value = if self.value.is_empty() { "" } else { "<value>" };
        Self { value: value.to_owned(), ..self.clone() }
    }
}
