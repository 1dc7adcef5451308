//! The preset `clerk`: refusals as `protect()` answers them, and the form of the way back.

use super::*;

const APP: &str = r#"
version = 1
presets = ["clerk"]
default = "session"

[proxy]
public-origin = "https://app.example.com"

[sign-in]
path = "https://login.example.org/in?brand=x"
return-param = "redirect_url"

[session.main]
kind = "clerk"
publishable-key = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"
secret-key = "env:CLERK_SECRET_KEY"

[bearer.api]
issuer = "https://issuer.test"
audience = "app"

[[route]]
id = "admin"
glob = "/admin/**"
require = { clerk = { role = "admin" } }

[[route]]
id = "elsewhere"
glob = "/elsewhere"
require = { clerk = { role = "admin" } }
on-anonymous = { redirect = "/welcome" }
on-forbidden = { redirect = "/upgrade" }

[[route]]
id = "own"
glob = "/own"
require = "session"
on-anonymous = { status = 401 }

[[route]]
id = "machines"
glob = "/machines"
require = { bearer = "api" }
"#;

const FETCH: &[(&str, &str)] = &[("accept", "application/json"), ("sec-fetch-dest", "empty")];
const ACTION: &[(&str, &str)] = &[("next-url", "/x"), ("next-action", "a"), ("accept", "text/x-component")];
const RSC: &[(&str, &str)] = &[("next-url", "/x"), ("rsc", "1"), ("accept", "*/*")];
const DATA: &[(&str, &str)] = &[("x-nextjs-data", "1"), ("accept", "*/*")];

#[test]
fn refusals() {
    let gate = &mut gate(APP);
    let sign_in = "redirect https://login.example.org/in?brand=x&redirect_url=https%3A%2F%2Fapp.example.com%2Fadmin%3Fa%3Db by admin";
    for (who, method, target, headers, wanted) in [
        ("anonymous", "GET", "/admin?a=b", PAGE, sign_in),
        ("anonymous", "POST", "/admin?a=b", PAGE, sign_in),
        ("anonymous", "GET", "/admin?a=b", RSC, sign_in),
        ("anonymous", "GET", "/admin?a=b", DATA, sign_in),
        ("anonymous", "POST", "/admin?a=b", ACTION, "401 by admin"),
        ("anonymous", "GET", "/admin", FETCH, "404 by admin"),
        ("anonymous", "POST", "/admin", FETCH, "404 by admin"),
        ("user", "GET", "/admin", PAGE, "404 by admin"),
        ("user", "POST", "/admin", ACTION, "404 by admin"),
        ("anonymous", "GET", "/elsewhere", FETCH, "redirect /welcome by elsewhere"),
        ("user", "POST", "/elsewhere", FETCH, "redirect /upgrade by elsewhere"),
        ("anonymous", "GET", "/own", FETCH, "401 by own"),
        ("anonymous", "GET", "/machines", FETCH, "401 by machines"),
        ("user", "GET", "/", PAGE, "pass by default"),
    ] {
        assert_eq!(brief(gate, who, method, target, headers), wanted, "{who} {method} {target} {headers:?}");
    }
    let Action::Redirect(reply) = ask(gate, "anonymous", "POST", "/elsewhere", FETCH).action else { panic!() };
    assert_eq!(reply.status, 307);
    assert!(reply.headers.iter().any(|h| h.name() == "x-clerk-redirect-to" && h.value() == b"true"));
}

#[test]
fn without_the_preset_the_answers_are_ours() {
    let gate = &mut gate(
        &APP.replace("presets = [\"clerk\"]", "").replace("return-param", "return-form = \"url\"\nreturn-param"),
    );
    assert_eq!(brief(gate, "anonymous", "GET", "/admin", FETCH), "401 by admin");
    assert_eq!(brief(gate, "user", "GET", "/admin", FETCH), "403 by admin");
    let to =
        "redirect https://login.example.org/in?brand=x&redirect_url=https%3A%2F%2Fapp.example.com%2Fadmin by admin";
    assert_eq!(brief(gate, "anonymous", "GET", "/admin", PAGE), to);
}

#[test]
fn without_a_sign_in_page_nobody_is_sent_there() {
    let sign_in = "[sign-in]\npath = \"https://login.example.org/in?brand=x\"\nreturn-param = \"redirect_url\"\n";
    let gate = &mut gate(&APP.replace(sign_in, ""));
    assert_eq!(brief(gate, "anonymous", "GET", "/admin", PAGE), "401 by admin");
}

/// What the client says about its host is not believed: the way back is path and query then.
#[test]
fn an_unknown_host_makes_no_address() {
    let gate = &mut gate(&APP.replace("[proxy]\npublic-origin = \"https://app.example.com\"\n", ""));
    let to = "redirect https://login.example.org/in?brand=x&redirect_url=%2Fadmin by admin";
    assert_eq!(brief(gate, "anonymous", "GET", "/admin", PAGE), to);
}
