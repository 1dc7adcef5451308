//! `security/open-redirect.json`: where a signed-in visitor of the sign-in page is sent.

use super::judge;
use crate::engine::{Answer, Door, Engine, Policy, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::sign::Signer;
use crate::vectors::{File, list, text};
use crate::world::World;
use serde_json::{Value, json};
use url::Url;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://issuer.example.test";

/// Run the file under one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    let site = Site::of(&file.document);
    let signer = Signer::new();
    match engine.open(&site.policy(&signer), &World::at(NOW)) {
        Ok(mut door) => {
            let token = signer.token(&json!({ "iss": ISSUER, "aud": "app", "sub": "u", "exp": NOW + 3600 }));
            for case in list(&file.document) {
                row.note(text(case, "id"), site.one(case, &token, door.as_mut()));
            }
        }
        Err(findings) => row.note("policy", Verdict::Failed(findings)),
    }
    report.push(row);
}

struct Site {
    origin: Url,
    sign_in: String,
    fallback: String,
}

impl Site {
    fn of(document: &Value) -> Self {
        let base = Url::parse(text(document, "base")).expect("the base is an address");
        Self {
            origin: Url::parse(text(document, "origin")).expect("the origin is an address"),
            sign_in: base.path().to_owned(),
            fallback: text(document, "fallback").to_owned(),
        }
    }

    fn policy(&self, signer: &Signer) -> Policy {
        Policy::new(json!({
            "version": 1,
            "default": "session",
            "proxy": { "public-origin": self.origin.origin().ascii_serialization() },
            "sign-in": { "path": self.sign_in, "after": self.fallback, "return-param": "returnTo" },
            "session": { "main": {
                "kind": "jwt-cookie",
                "cookie": "__Host-session",
                "issuer": ISSUER,
                "audience": "app",
                "keys": { "jwks": signer.jwks().to_string() },
            } },
        }))
    }

    fn one(&self, case: &Value, token: &str, door: &mut dyn Door) -> Verdict {
        let mut request = Request::get(&format!("{}?returnTo={}", self.sign_in, text(case, "param")))
            .header("cookie", format!("__Host-session={token}"));
        request.authority = self.origin.host_str().unwrap_or_default().to_owned();
        let answer = match door.ask(&request) {
            Ok(answer) => answer,
            Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
        };
        let Some(location) = redirection(&answer) else { return judge(false, "a redirect", &answer) };
        // As a browser would go there.
        let goes_to = self.origin.join(&location).ok();
        let stays = goes_to.as_ref().is_some_and(|url| url.origin() == self.origin.origin());
        let is = |wanted: &str| {
            location == wanted || location == format!("{}{wanted}", self.origin.origin().ascii_serialization())
        };
        match (text(case, "expect"), text(case, "alt")) {
            _ if !stays => judge(false, "to stay on the site", &answer),
            ("either", _) | (_, "either") => Verdict::Passed,
            ("allow", _) => judge(is(text(case, "location")), text(case, "location"), &answer),
            ("fallback", _) => judge(is(&self.fallback), &format!("the fallback {}", self.fallback), &answer),
            (other, _) => Verdict::Skipped(format!("unknown expectation `{other}`")),
        }
    }
}

fn redirection(answer: &Answer) -> Option<String> {
    answer.status().filter(|status| (300..400).contains(status))?;
    answer.reply_header("location")
}
