//! Convex Auth: the preset `convex`, the endpoint, and what a session that is only read along changes.

use super::*;
use crate::question::{Answer, Answered, Question};

const APP: &str = r#"
version = 1
presets = ["nextjs", "convex"]
default = "public"

[proxy]
public-origin = "https://app.test"

[next]
matcher = ["/((?!.*\\..*|_next).*)", "/", "/(api|trpc)(.*)"]

[sign-in]
path = "/signin"
after = "/product"
return-param = "next"

[session.convex]
kind = "convex-auth"
deployment = "otter-1"

[[guard]]
id = "closed"
glob = "/api/auth"
methods = ["DELETE"]
respond = { status = 410 }

[[route]]
id = "product"
pattern = "/product(.*)"
require = "session"
"#;

#[test]
fn refusals_of_the_preset() {
    let gate = &mut gate(APP);
    let rsc: &[(&str, &str)] = &[("rsc", "1"), ("next-router-state-tree", "x")];
    let preflight: &[(&str, &str)] = &[("origin", "https://evil.test"), ("access-control-request-method", "POST")];
    for (who, method, target, headers, wanted) in [
        ("anonymous", "GET", "/product?a=b", PAGE, "redirect /signin?next=%2Fproduct%3Fa%3Db by product"),
        ("anonymous", "HEAD", "/product", &[], "redirect /signin?next=%2Fproduct by product"),
        ("anonymous", "GET", "/product?_rsc=x", rsc, "redirect /signin?next=%2Fproduct&_rsc=x by product"),
        ("anonymous", "GET", "/product/a.pdf", PAGE, "redirect /signin?next=%2Fproduct%2Fa.pdf by product"),
        ("anonymous", "POST", "/product", PAGE, "redirect /signin by product"),
        ("anonymous", "OPTIONS", "/product", preflight, "redirect /signin by product"),
        ("user", "GET", "/product", PAGE, "pass by product"),
        ("user", "POST", "/signin?next=%2Fproduct%2F7", PAGE, "redirect /product/7 by sign-in"),
        ("user", "GET", "/signin", &[("purpose", "prefetch"), ("accept", "*/*")], "pass by sign-in"),
        ("user", "GET", "/signin?_rsc=x", rsc, "redirect /product?_rsc=x by sign-in"),
        ("anonymous", "POST", "/signin", PAGE, "pass by sign-in"),
        // Nobody real can sign in, but the answer is the gate's and no rule's.
        ("anonymous", "POST", "/api/auth", PAGE, "400 by session"),
        ("user", "GET", "/api/auth/", PAGE, "400 by session"),
        ("user", "DELETE", "/api/auth", PAGE, "410 by closed"),
        ("user", "POST", "/api/auth/extra", PAGE, "pass by default"),
        ("user", "POST", "/api/%2561uth", PAGE, "pass by default"),
    ] {
        let got = brief(gate, who, method, target, headers);
        assert_eq!(got, wanted, "{who} {method} {target} {headers:?}");
    }
    let form: &[(&str, &str)] = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for (headers, status) in [(PAGE, 307), (form, 303)] {
        for (who, method, target) in [("anonymous", "POST", "/product"), ("user", "POST", "/signin")] {
            let Action::Redirect(reply) = ask(gate, who, method, target, headers).action else { panic!() };
            assert_eq!(reply.status, status, "{method} {target}");
        }
    }
    // The router of Next.js reads where a server action leads.
    let action = [("next-action", "x"), ("referer", "http://app.test/product/7")];
    for (who, target, wanted) in [
        ("user", "/signin?next=%2Fproduct%2F7", "/product/7"),
        ("anonymous", "/product/7", "/signin?next=%2Fproduct%2F7"),
    ] {
        let verdict = ask(gate, who, "POST", target, &action);
        assert_eq!(header(&verdict, "x-action-redirect"), [wanted], "{target}");
        assert_eq!(header(&verdict, "cache-control"), ["private, no-store"]);
        let Action::Respond(reply) = verdict.action else { panic!() };
        assert_eq!((reply.status, reply.body.len()), (303, 0));
    }
    let mut plain = super::gate(&APP.replace(", \"convex\"", ""));
    assert_eq!(brief(&mut plain, "anonymous", "HEAD", "/product", &[]), "401 by product");
    assert_eq!(brief(&mut plain, "user", "POST", "/signin", PAGE), "pass by sign-in");
}

/// A real request; calls are answered with `said`, the body is `body`.
fn real(
    gate: &mut Gate,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
    said: &str,
) -> (Verdict, Vec<String>) {
    let head = Head { scheme: "https".to_owned(), ..head(method, target, headers) };
    let (mut answers, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        match gate.decide(&head, &answers) {
            Step::Verdict(verdict) => return (verdict, calls),
            Step::Questions(asked) => answers.extend(asked.into_iter().map(|one| {
                let answer = match one.question {
                    Question::Body { .. } => Answer::Body(body.as_bytes().to_vec()),
                    Question::Call(call) => {
                        calls.push(String::from_utf8(call.body).unwrap());
                        match said {
                            "" => Answer::Failed("down".to_owned()),
                            said => Answer::Call { status: 200, headers: Vec::new(), body: said.as_bytes().to_vec() },
                        }
                    }
                    _ => Answer::Failed("down".to_owned()),
                };
                Answered { id: one.id, answer }
            })),
        }
    }
    panic!("no end");
}

fn started(text: &str) -> Gate {
    let mut gate = gate(text);
    let addresses = gate.start(Vec::new(), (1, 2)).unwrap();
    assert_eq!(addresses.calls, ["https://otter-1.convex.cloud/api/action"]);
    gate
}

const STALE: (&str, &str) =
    ("cookie", "theme=dark; __Host-__convexAuthJWT=a.b.c; __Host-__convexAuthRefreshToken=r%7Cs");
const DEAD: &str = "{\"status\":\"success\",\"value\":{\"tokens\":null}}";

fn header<'v>(verdict: &'v Verdict, name: &str) -> Vec<&'v str> {
    let (Action::Redirect(reply) | Action::Respond(reply)) = &verdict.action else { panic!("{verdict:?}") };
    let lines = reply.headers.iter().filter(|header| header.name() == name);
    lines.map(|header| std::str::from_utf8(header.value()).unwrap()).collect()
}

/// Whatever a session does to cookies, a refusal stays one and a redirect too.
#[test]
fn an_answer_stays_what_it_is() {
    let gate = &mut started(&APP.replace("require = \"session\"", "require = { all = [\"session\", \"deny\"] }"));
    let (verdict, calls) = real(gate, "GET", "/product", &[STALE, PAGE[0]], "", DEAD);
    assert_eq!(header(&verdict, "location"), ["/signin?next=%2Fproduct"]);
    assert_eq!((header(&verdict, "set-cookie").len(), calls.len()), (3, 1));
    assert_eq!(header(&verdict, "cache-control"), ["private, no-store"]);

    // Nobody knows: 503 where a rule asks, nothing where none does, and no cookie changes.
    let gate = &mut started(APP);
    let (verdict, _) = real(gate, "GET", "/product", &[STALE, PAGE[0]], "", "");
    let Action::Respond(reply) = &verdict.action else { panic!("{verdict:?}") };
    assert_eq!(
        (reply.status, header(&verdict, "retry-after"), header(&verdict, "set-cookie").len()),
        (503, vec!["5"], 0)
    );
    let (verdict, _) = real(gate, "GET", "/about", &[STALE, PAGE[0]], "", "");
    let Action::Pass(forward) = &verdict.action else { panic!("{verdict:?}") };
    assert!(forward.response.is_empty() && forward.cookie.is_none(), "{forward:?}");
    let (verdict, calls) = real(gate, "GET", "/product?code=1", &[PAGE[0]], "", "");
    let Action::Respond(reply) = &verdict.action else { panic!("{verdict:?}") };
    assert_eq!((reply.status, calls.len()), (503, 1));
}

/// Read along on a public page, a session that changes nothing leaves the page as cacheable as it was.
#[test]
fn a_page_that_nobody_asks_about_stays_public() {
    let gate = &mut started(APP);
    for headers in [vec![PAGE[0]], vec![PAGE[0], ("cookie", "theme=dark")]] {
        let (verdict, calls) = real(gate, "GET", "/about", &headers, "", "");
        let Action::Pass(forward) = &verdict.action else { panic!("{verdict:?}") };
        assert!(forward.response.is_empty() && calls.is_empty(), "{forward:?}");
    }
    let (verdict, _) = real(gate, "GET", "/about", &[STALE, PAGE[0]], "", DEAD);
    let Action::Pass(forward) = &verdict.action else { panic!("{verdict:?}") };
    assert_eq!(forward.cookie.as_deref(), Some(b"theme=dark".as_slice()));
    let line = |edit: &HeaderEdit| match edit {
        HeaderEdit::Set(header) | HeaderEdit::Append(header) => header.name().to_owned(),
        HeaderEdit::Remove(name) => format!("-{name}"),
    };
    let names: Vec<String> = forward.response.iter().map(line).collect();
    assert_eq!(names, ["set-cookie", "set-cookie", "set-cookie", "cache-control", "vary"]);
    // Outside the matcher nothing is renewed.
    let (verdict, calls) = real(gate, "GET", "/logo.svg", &[STALE], "", DEAD);
    assert!(matches!(verdict.action, Action::Pass(_)) && calls.is_empty());
}

#[test]
fn the_way_back_goes_along_to_the_backend() {
    let gate = &mut started(APP);
    let body = r#"{"action":"auth:signIn","args":{"provider":"github","params":{}}}"#;
    let said = r#"{"status":"success","value":{"redirect":"https://otter-1.convex.site/x","verifier":"v"}}"#;
    for (referer, wanted) in [
        ("https://app.test/signin?next=%2Fproduct%2F7", Some("/product/7")),
        ("https://app.test/signin?next=https%3A%2F%2Fevil.test%2F", None),
        ("https://app.test/other?next=%2Fproduct%2F7", None),
        ("https://evil.test/signin?next=%2Fproduct%2F7", None),
        ("https://app.test/signin", None),
    ] {
        let headers = [("origin", "https://app.test"), ("referer", referer)];
        let (verdict, calls) = real(gate, "POST", "/api/auth", &headers, body, said);
        assert_eq!(calls[0].contains("redirectTo"), wanted.is_some(), "{referer}: {}", calls[0]);
        assert!(wanted.is_none_or(|wanted| calls[0].contains(&format!("\"redirectTo\":\"{wanted}\""))));
        let cookies = header(&verdict, "set-cookie");
        assert_eq!(cookies, ["__Host-__convexAuthOAuthVerifier=v; HttpOnly; SameSite=Lax; Secure; Path=/"]);
        assert_eq!(header(&verdict, "content-type"), ["application/json"]);
    }
}
