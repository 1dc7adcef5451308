//! `sessions/authjs.json`: cookies of Auth.js v5 and NextAuth v4. A case is asked twice: what `getToken()` says (it reads a
//! bearer token, too), and what the middleware does, `withAuth` of v4 or `auth()` of v5.
//!
//! Of the redirect to sign-in, what a gate says is judged: status, page, and the place that leads back. v4 writes that as a
//! path and v5 as an address, and v5 leaves the old query on the page; none of that changes where a visitor ends up. The
//! cookies that v5 sets on its own (CSRF, a session rolled on) come from the app.

use super::{Put, config, expectation, guarded_by, request, verdict};
use crate::engine::{Answer, Outcome, Policy, Request};
use crate::report::Verdict;
use crate::suite::judge;
use crate::vectors::{text, texts};
use serde_json::{Value, json};
use url::Url;

/// Claims that a case may name, each in a header of its own.
const CLAIMS: [&str; 7] = ["sub", "email", "name", "picture", "iat", "exp", "jti"];

pub(super) fn translate(document: &Value, case: &Value) -> Result<Vec<Put>, String> {
    let config = config(document, case);
    let version = case["version"].as_i64().ok_or("the case names no version")?;
    let site = Site::of(version, config)?;
    let request = request(case)?;
    let expect = expectation(case);
    let asked = |policy, judge| Put { policy, pages: Vec::new(), request: request.clone(), judge };
    let mut puts = vec![asked(site.library(), library(&expect))];
    if !expect["middleware"].is_null() {
        let url = Url::parse(text(&case["request"], "url")).map_err(|error| error.to_string())?;
        puts.push(asked(site.middleware(), middleware(&expect, site.sign_in, url, &request)));
    }
    Ok(puts)
}

/// A configuration of the package in our words.
struct Site {
    version: i64,
    settings: Value,
    secrets: Vec<String>,
    sign_in: String,
}

impl Site {
    fn of(version: i64, config: &Value) -> Result<Self, String> {
        let mut site = Self {
            version,
            settings: json!({ "kind": "authjs", "version": version }),
            secrets: Vec::new(),
            sign_in: "/api/auth/signin".to_owned(),
        };
        for (key, value) in config.as_object().into_iter().flatten() {
            match key.as_str() {
                "secret" | "secrets" => site.secrets = texts(Some(value)),
                "cookieName" => site.settings["cookie"] = value.clone(),
                "secure" | "secureCookie" | "useSecureCookies" => site.settings["secure"] = value.clone(),
                "salt" => site.settings["salt"] = value.clone(),
                "pages" => {
                    if let Some(page) = value["signIn"].as_str() {
                        page.clone_into(&mut site.sign_in);
                    }
                }
                other => return Err(format!("unknown member `{other}` of a configuration")),
            }
        }
        let names: Vec<String> = (0..site.secrets.len()).map(|number| format!("env:SECRET_{number}")).collect();
        site.settings["secret"] = json!(names);
        Ok(site)
    }

    fn session(&self, bearer: bool) -> Value {
        let mut settings = self.settings.clone();
        settings["bearer"] = json!(bearer);
        settings
    }

    fn with_secrets(&self, policy: Policy) -> Policy {
        let numbered = self.secrets.iter().enumerate();
        numbered.fold(policy, |policy, (number, secret)| policy.env(&format!("SECRET_{number}"), secret))
    }

    /// Every path needs a session; the app behind is told all claims.
    fn library(&self) -> Policy {
        let headers = CLAIMS.map(|name| (format!("x-{name}"), format!("{{claim.{name}}}")));
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        self.with_secrets(guarded_by(&self.session(true), &headers))
    }

    /// What the middleware leaves open is public. `auth()` of v5 does not read bearer tokens.
    fn middleware(&self) -> Policy {
        let open: &[&str] = if self.version == 4 { &["/_next(.*)", "/favicon.ico(.*)", "/api/auth(.*)"] } else { &[] };
        let routes: Vec<Value> = open.iter().map(|path| json!({ "pattern": path, "require": "public" })).collect();
        let mut policy = self.with_secrets(Policy::new(json!({
            "version": 1,
            "default": "session",
            "proxy": { "public-origin": "https://app.example.com" },
            "sign-in": { "path": self.sign_in, "after": "/", "return-param": "callbackUrl" },
            "session": { "x": self.session(self.version == 4) },
        })));
        if !routes.is_empty() {
            policy.document["route"] = json!(routes);
        }
        policy
    }
}

fn library(expect: &Value) -> Box<dyn Fn(&Answer) -> Verdict> {
    let expect = expect.clone();
    Box::new(move |answer| {
        let members = ["sub", "email", "name"].map(|name| (name, format!("x-{name}")));
        let members: Vec<(&str, &str)> = members.iter().map(|(n, h)| (*n, h.as_str())).collect();
        match verdict(&expect, &members, answer) {
            Verdict::Passed if answer.forwarded() && !expect["claims"].is_null() => {
                let members = CLAIMS.map(|name| (name, format!("x-{name}")));
                let members: Vec<(&str, &str)> = members.iter().map(|(n, h)| (*n, h.as_str())).collect();
                super::identity(&expect["claims"], &members, answer)
            }
            other => other,
        }
    })
}

fn middleware(expect: &Value, sign_in: String, url: Url, request: &Request) -> Box<dyn Fn(&Answer) -> Verdict> {
    let (wanted, may) = (expect["middleware"].clone(), texts(expect.get("may")));
    let accepted = text(expect, "verdict") == "accept";
    // Who brings a bearer token is no browser that opens a page: see docs/request-kinds.md.
    let has = |wanted: &str, start: &[u8]| request.headers.iter().any(|(n, v)| n == wanted && v.starts_with(start));
    let page = has("accept", b"text/html") && !has("authorization", b"");
    Box::new(move |answer| {
        let may = |verdict: &str| may.iter().any(|m| m == verdict);
        let turned_away = || sent_to_sign_in(&wanted, &sign_in, &url, page, answer);
        let on_sign_in = url.path() == sign_in;
        match (text(&wanted, "decision"), &answer.outcome) {
            ("pass", Outcome::Forwarded(..)) => Verdict::Passed,
            // A visitor who is signed in has no business on the sign-in page: the gate leads on.
            ("pass", Outcome::Replied(307, _)) if accepted && on_sign_in => Verdict::Passed,
            ("pass", Outcome::Replied(307 | 401, _)) if may("reject") => Verdict::Passed,
            ("redirect", Outcome::Forwarded(..)) if may("accept") => Verdict::Passed,
            ("redirect", Outcome::Replied(..)) => turned_away(),
            (other, _) => judge(false, other, answer),
        }
    })
}

fn sent_to_sign_in(wanted: &Value, sign_in: &str, url: &Url, page: bool, answer: &Answer) -> Verdict {
    // A script cannot follow a redirect to a page: it is told so.
    if !page && answer.status() == Some(401) {
        return Verdict::Passed;
    }
    let place = |location: &str| url.join(location).ok();
    let (ours, theirs) = (answer.reply_header("location").unwrap_or_default(), text(wanted, "location"));
    let (Some(ours), Some(theirs)) = (place(&ours), place(theirs)) else {
        return judge(false, "a redirect", answer);
    };
    let back = |location: &Url| {
        let (_, value) = location.query_pairs().find(|(name, _)| name == "callbackUrl")?;
        place(&value).map(|url| url[..url::Position::AfterQuery].to_owned())
    };
    let private = answer.reply_header("cache-control").is_some_and(|line| line.contains("no-store"));
    let same = answer.status() == wanted["status"].as_u64().and_then(|status| u16::try_from(status).ok())
        && ours.origin() == theirs.origin()
        && ours.path() == theirs.path()
        && ours.path() == sign_in
        && back(&ours).is_some()
        && back(&ours) == back(&theirs)
        && private;
    judge(same, &format!("{} to {theirs}", wanted["status"]), answer)
}
