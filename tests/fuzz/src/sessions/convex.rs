//! The gate in the place of Convex Auth's middleware: cookies, bodies and answers of a deployment, all of them anybody's.

use super::{NOW, head, started};
use portcullis_gate::question::{Answer, Answered, Question};
use portcullis_gate::verdict::{Action, HeaderEdit, Step};

const CONFIG: &str = r#"
version = 1
presets = ["convex"]
default = "public"
proxy.public-origin = "https://app.example.test"
[sign-in]
path = "/signin"
return-param = "next"
[session.convex]
kind = "convex-auth"
deployment = "otter-1"
"#;
/// What a deployment says when a session is over.
const OVER: &[u8] = br#"{"status":"success","value":{"tokens":null}}"#;

/// Five parts, split at line breaks: a letter (`p`: a page, else the endpoint) with the status of calls behind it, the query, the
/// Cookie line, the body, and what calls answer.
///
/// No signature is good here. Cookies are only taken away when the deployment has said so, when what is there is nothing a
/// deployment could renew, or by a sign-out; and no token of the deployment leaves but in a cookie or as the access token.
pub fn convex(data: &[u8]) {
    let mut parts = data.splitn(5, |&b| b == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (kind, query, cookies, body, said) = (part(), part(), part(), part(), part());
    let page = kind.first() == Some(&b'p');
    let status = kind.get(1..).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok()).unwrap_or(200);
    let mut head = head("cookie", &[cookies], NOW);
    head.headers.push(("accept".to_owned(), b"text/html".to_vec()));
    head.target = [if page { b"/page?".as_slice() } else { b"/api/auth?".as_slice() }, query].concat();
    if !page {
        head.method = "POST".to_owned();
        head.headers.push(("referer".to_owned(), [b"https://app.example.test/signin?next=", query].concat()));
    }
    let mut called = false;
    let verdict = started(CONFIG, &[], |gate| {
        let mut answers: Vec<Answered> = Vec::new();
        for _ in 0..super::ROUNDS {
            match gate.decide(&head, &answers) {
                Step::Verdict(verdict) => return verdict,
                Step::Questions(asked) => answers.extend(asked.into_iter().map(|one| {
                    let answer = match one.question {
                        Question::Body { .. } => Answer::Body(body.to_vec()),
                        Question::Call(call) => {
                            assert_eq!(call.url, "https://otter-1.convex.cloud/api/action");
                            called = true;
                            Answer::Call { status, headers: Vec::new(), body: said.to_vec() }
                        }
                        Question::Verify { .. } => Answer::Verify(false),
                        _ => Answer::Failed("not here".to_owned()),
                    };
                    Answered { id: one.id, answer }
                })),
            }
        }
        panic!("still asking");
    });
    let lines: Vec<String> = match &verdict.action {
        Action::Pass(forward) | Action::Rewrite(forward) => {
            let added = forward.response.iter().filter_map(|edit| match edit {
                HeaderEdit::Append(header) if header.name() == "set-cookie" => Some(header.value()),
                _ => None,
            });
            added.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
        }
        Action::Redirect(reply) | Action::Respond(reply) => {
            let set = reply.headers.iter().filter(|header| header.name() == "set-cookie");
            set.map(|header| String::from_utf8_lossy(header.value()).into_owned()).collect()
        }
    };
    for line in &lines {
        assert!(line.contains("HttpOnly") && line.contains("Secure") && line.contains("Path=/"), "{line}");
    }
    let cleared = lines.iter().filter(|line| line.contains("Token=;") || line.contains("JWT=;")).count();
    // Something to renew with, and an answer that is unclear: that ends nothing, save that the visitor signs out.
    let refresh = b"__Host-__convexAuthRefreshToken=r%7Cs";
    let renewable = cookies.split(|&b| b == b';').any(|pair| pair.trim_ascii() == refresh)
        && cookies.windows(12).filter(|part| part == b"RefreshToken").count() == 1;
    let clear = said == OVER || serde_json::from_slice::<serde_json::Value>(said).is_ok();
    let signs_out = body.windows(12).any(|part| part == b"auth:signOut") || body.contains(&b'\\');
    if renewable && cleared > 0 && (page || !signs_out) {
        assert!(clear && called && matches!(status, 200..=299 | 560), "cleared by status {status}");
    }
    if let Action::Respond(reply) = &verdict.action {
        let told = serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap_or_default();
        let secret = told.get("refreshToken").or_else(|| told.get("tokens")?.get("refreshToken"));
        assert!(secret.is_none_or(|secret| secret == "dummy"), "a refresh token is told");
    }
}
