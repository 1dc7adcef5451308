//! Whole decisions over small configs. Sessions come from personas; signatures are judged in the `tests` crate.

mod clerk;
mod convex;
mod next;
mod webhook;

use crate::Gate;
use crate::config::Format;
use crate::request::Head;
use crate::verdict::{Action, HeaderEdit, Step, Verdict};

const GUIDE: &str = r#"
version = 1
default = "public"

[sign-in]
path = "/signin"
after = "/product"
return-param = "next"

[session.main]
kind = "jwt-cookie"
cookie = "__session"
issuer = "https://issuer.test"
audience = "app"

[identity]
headers = { x-user-id = "{claim.sub}", x-missing = "{claim.nothing}" }
strip-session-cookie = true

[[route]]
id = "admin"
glob = "/admin/**"
except.glob = "/admin/health"
require = { claim = "role", equals = "admin" }

[[route]]
id = "product"
pattern = "/product(.*)"
require = "session"

[[route]]
id = "both"
glob = "/both/**"
require = { any = ["session", "public"] }
"#;

fn gate(text: &str) -> Gate {
    Gate::load(text, Format::Toml).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Head {
    Head {
        method: method.to_owned(),
        scheme: "http".to_owned(),
        authority: "app.test".to_owned(),
        target: target.as_bytes().to_vec(),
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect(),
        client: "127.0.0.1".to_owned(),
        now: 1_800_000_000,
    }
}

fn ask(gate: &mut Gate, who: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> Verdict {
    let head = head(method, target, headers);
    match gate.explain(&head, &[], Some(who)).unwrap().0 {
        Step::Verdict(verdict) => verdict,
        Step::Questions(asked) => panic!("{asked:?}"),
    }
}

const PAGE: &[(&str, &str)] = &[("accept", "text/html,*/*")];

fn brief(gate: &mut Gate, who: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let verdict = ask(gate, who, method, target, headers);
    let rule = gate.policy().rules[verdict.rule as usize].clone();
    format!("{} by {rule}", crate::cases::describe(&verdict))
}

#[test]
fn the_guide() {
    let gate = &mut gate(GUIDE);
    for (who, method, target, headers, wanted) in [
        ("anonymous", "GET", "/", PAGE, "pass by default"),
        ("anonymous", "GET", "/product", PAGE, "redirect /signin?next=%2Fproduct by product"),
        ("anonymous", "GET", "/product/7?tab=a", PAGE, "redirect /signin?next=%2Fproduct%2F7%3Ftab%3Da by product"),
        ("anonymous", "GET", "/PRODUCT/1.json", PAGE, "redirect /signin?next=%2FPRODUCT%2F1.json by product"),
        ("anonymous", "GET", "/product/a%0Ab", PAGE, "reject 400 by request"),
        ("anonymous", "GET", "/product/7", &[("rsc", "1")], "401 by product"),
        ("anonymous", "GET", "/product/7", &[("accept", "application/json")], "401 by product"),
        ("anonymous", "POST", "/product/7", PAGE, "401 by product"),
        ("user", "GET", "/product/7", PAGE, "pass by product"),
        ("user", "GET", "/signin", PAGE, "redirect /product by sign-in"),
        ("user", "GET", "/signin?next=%2Fproduct%2F9", PAGE, "redirect /product/9 by sign-in"),
        ("user", "GET", "/signin?next=%2F%2Fevil.example", PAGE, "redirect /product by sign-in"),
        ("user", "POST", "/signin", PAGE, "pass by sign-in"),
        ("anonymous", "GET", "/signin?next=%2Fproduct", PAGE, "pass by sign-in"),
        ("user", "GET", "/admin", PAGE, "403 by admin"),
        ("anonymous", "GET", "/Admin/x", PAGE, "redirect /signin?next=%2FAdmin%2Fx by admin"),
        ("anonymous", "GET", "/admin/health", PAGE, "pass by default"),
        ("anonymous", "GET", "/both/x", PAGE, "pass by both"),
        ("bearer+a", "GET", "/product", PAGE, "redirect /signin?next=%2Fproduct by product"),
    ] {
        assert_eq!(brief(gate, who, method, target, headers), wanted, "{who} {method} {target}");
    }
}

#[test]
fn another_spelling_is_judged_by_the_strictest_rule() {
    let gate = &mut gate(GUIDE);
    // `%2561` is an encoded `%61`: a server that decodes twice sees `/admin`.
    for target in
        ["/%2561dmin/x", "/x;/../admin", "//admin", "/%61dmin", "/admin;x=1", "/admin/health;x", "/admin/%68ealth/x"]
    {
        let answer = brief(gate, "anonymous", "GET", target, PAGE);
        assert!(!answer.starts_with("pass"), "{target}: {answer}");
    }
}

#[test]
fn what_passes_carries_identity_and_no_session_cookie() {
    let gate = &mut gate(GUIDE);
    let needs = gate.policy().needs.len();
    gate.start(vec![Some(b"https://issuer.example".to_vec()); needs], (1, 2)).unwrap();
    let cookie = [("cookie", "a=1; __session=x; b=2"), ("accept", "text/html")];
    let verdict = ask(gate, "user", "GET", "/product", &cookie);
    let Action::Pass(forward) = verdict.action else { panic!("{verdict:?}") };
    assert_eq!(forward.cookie.as_deref(), Some(b"a=1; b=2".as_slice()));
    let set: Vec<_> = forward
        .request
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Set(header) => (header.name().to_owned(), String::from_utf8(header.value().to_vec()).unwrap()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(set, [("x-user-id".to_owned(), "test-user".to_owned())]);
    let names: Vec<_> = forward.response.iter().map(|edit| format!("{edit:?}")).collect();
    assert!(names.iter().any(|e| e.starts_with("Set") && e.contains("cache-control")), "{names:?}");
    assert!(names.iter().any(|e| e.starts_with("Append") && e.contains("vary")), "{names:?}");
    assert!(gate.stripped().iter().any(|name| name == "x-missing"));
}

#[test]
fn a_public_page_does_not_depend_on_the_session() {
    let gate = &mut gate(GUIDE);
    let verdict = ask(gate, "user", "GET", "/", PAGE);
    let Action::Pass(forward) = &verdict.action else { panic!("{verdict:?}") };
    assert!(forward.response.is_empty() && forward.request.is_empty() && verdict.subject.is_none());
    let verdict = ask(gate, "user", "GET", "/both/x", PAGE);
    assert_eq!(verdict.subject.as_deref(), Some("test-user"));
}

#[test]
fn sockets_of_other_origins_get_no_session() {
    let gate = &mut gate(GUIDE);
    let socket = |origin: &'static str| [("connection", "upgrade"), ("upgrade", "websocket"), ("origin", origin)];
    assert_eq!(brief(gate, "user", "GET", "/product/ws", &socket("http://app.test")), "pass by product");
    for origin in ["http://evil.test", "null", "http://app.test.evil.test", "http://app.test:81"] {
        assert_eq!(brief(gate, "user", "GET", "/product/ws", &socket(origin)), "403 by product", "{origin}");
    }
}

#[test]
fn nothing_is_answered_before_start() {
    let mut gate = gate(GUIDE);
    let Step::Verdict(verdict) = gate.decide(&Head::default(), &[]) else { panic!() };
    assert!(matches!(verdict.action, Action::Respond(reply) if reply.status == 503));
}

#[test]
fn tenants_are_rewritten_and_kept_apart() {
    let gate = &mut gate(
        r#"
version = 1
default = "session"
[sign-in]
path = "https://accounts.example.com/signin"
return-param = "return_to"
return-hosts = ["*.example.com"]
[session.main]
kind = "jwt-cookie"
cookie = "__Secure-session"
issuer = "https://accounts.example.com"
audience = "apps"
[tenants]
hosts = { "shop.acme.test" = "acme" }
[[route]]
id = "tenant-app"
host = ["{tenant}.example.com", "tenants"]
glob = "/**"
require = { claim = "org.slug", equals = "{tenant}" }
rewrite = "/t/{tenant}{path}"
request-headers = { set = { x-tenant = "{tenant}" } }
[tests]
cases = [
  "user@acme GET //acme.example.com/orders    => rewrite /t/acme/orders by tenant-app",
  "user@acme GET //shop.acme.test/orders      => rewrite /t/acme/orders by tenant-app",
  "user@acme GET //globex.example.com/orders  => 403 by tenant-app",
  "user@acme GET //other.test/orders          => pass by default",
  "anonymous GET //acme.example.com/orders    => redirect https://accounts.example.com/signin?return_to=https%3A%2F%2Facme.example.com%2Forders by tenant-app",
]
"#,
    );
    for result in gate.test() {
        assert!(result.passed, "{}\n  wanted {}\n  got    {}", result.case.text, result.expected, result.actual);
    }
}
