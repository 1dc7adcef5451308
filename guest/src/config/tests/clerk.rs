//! Sessions of kind clerk, and what rules ask of them.

use super::mistakes::{help, whole};
use super::*;
use crate::policy::{Policy, Refusals, Require, Test, Then};
use crate::session::{KeySource, KindSettings};

const LIVE: &str = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k";

fn site(session: &str, more: &str) -> String {
    format!("version = 1\ndefault = \"deny\"\n[session.main]\nkind = \"clerk\"\n{session}\n{more}\n")
}

fn sound(more: &str) -> String {
    let origin = "[proxy]\npublic-origin = \"https://app.example.com\"\n";
    site(&format!("publishable-key = \"{LIVE}\"\nsecret-key = \"env:CLERK_SECRET_KEY\""), &format!("{origin}{more}"))
}

#[track_caller]
fn policy(text: &str) -> Policy {
    let (policy, findings) = load(text, Format::Toml).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!(shown(text, &findings), [], "{text}");
    policy
}

#[test]
fn defaults_are_those_of_the_packages() {
    let policy = policy(&sound(""));
    let KindSettings::Clerk(settings) = &policy.providers[0].kind else { panic!() };
    assert_eq!((settings.token.leeway, settings.token.ahead), (5, 5));
    assert!(settings.token.audience_if_present && settings.bearer && settings.app_headers && settings.handshake.on);
    assert_eq!(settings.token.keys, KeySource::Discovery);
    assert_eq!(settings.cookies.session, "__session");
    assert_eq!((settings.handshake.max_redirects, settings.handshake.api_version.as_str()), (3, "2026-05-12"));
    assert!(policy.needs[0].secret && policy.refusals == Refusals::ByKind);
}

#[test]
fn everything_can_be_changed() {
    let text = site(
        "publishable-key = \"env:KEY\"\nauthorized-parties = [\"https://a.test\", \"env:PARTY\"]\naudience = \"api\"\n\
         leeway = \"0s\"\nkeys.pem = \"env:PEM\"\nbearer = false\nhandshake = false\nhandshake-format = \"nonce\"\n\
         max-redirects = 2\ncross-origin-sync = false\napi-version = \"2025-01-01\"\nproxy-url = \"https://a.test/__clerk\"\n\
         app-headers = false\ncookie = \"s\"\nclient-uat-cookie = \"u\"",
        "",
    );
    let policy = policy(&text);
    let KindSettings::Clerk(settings) = &policy.providers[0].kind else { panic!() };
    assert_eq!((settings.token.leeway, settings.token.ahead, settings.token.parties.len()), (0, 0, 2));
    assert!(!settings.bearer && !settings.app_headers && !settings.handshake.on && settings.handshake.nonce);
    assert!(matches!(settings.token.keys, KeySource::Pem(_)));
    assert_eq!(settings.handshake.proxy_url.as_deref(), Some("https://a.test/__clerk"));
    assert_eq!((settings.cookies.session.as_str(), settings.cookies.client_uat.as_str()), ("s", "u"));
}

#[test]
fn keys_and_what_will_not_work() {
    whole(&site("secret-key = \"env:S\"\nhandshake = false", ""), &[("P103", "[session.main]")]);
    let key = format!("publishable-key = \"{LIVE}\"");
    whole(
        &site("publishable-key = \"pk_live_x\"\nsecret-key = \"env:S\"\nhandshake = false", ""),
        &[("P445", "\"pk_live_x\"")],
    );
    let found = whole(
        &site(&format!("{key}\nsecret-key = \"sk_live_abc\"\nhandshake = false\napp-headers = false"), ""),
        &[("P443", "\"sk_live_abc\"")],
    );
    assert!(!found[0].message.contains("sk_live_abc"));
    let found = whole(&site(&format!("{key}\nsecret-key = \"env:S\""), ""), &[("P446", "[session.main]")]);
    assert!(help(&found).contains("public-origin"));
    whole(&site(&format!("{key}\nsecret-key = \"env:S\"\nauthorized-parties = \"https://a.test\""), ""), &[]);
    whole(&site(&format!("{key}\nhandshake = false"), ""), &[("P447", "[session.main]")]);
    whole(
        &site(&format!("{key}\nsecret-key = \"env:S\"\nhandshake = false\nkeys.secret = \"env:X\""), ""),
        &[("P101", "secret")],
    );
    whole(
        &site(&format!("{key}\nsecret-key = \"env:S\"\nhandshake = false\nproxy-url = \"/__clerk\""), ""),
        &[("P322", "\"/__clerk\"")],
    );
}

#[test]
fn what_a_session_must_have() {
    let text = sound(
        "[roles]\nbilling = { clerk = { permission = \"org:billing:manage\" } }\n[[route]]\nglob = \"/a\"\n\
         require = { clerk = { role = \"org:admin\", feature = \"user:beta\", reverification = { level = \"first_factor\", after-minutes = 5 } } }\n\
         [[route]]\nglob = \"/b\"\nrequire = { any = [{ role = \"billing\" }, { clerk = { plan = \"pro\" } }] }\n\
         [tests]\ncases = [\"user+billing GET /b => pass\", \"user GET /b => 403\"]",
    );
    let policy = policy(&text);
    let Then::Require(Require::Claim { bearer: None, label, test: Test::Clerk(has) }) = &policy.routes[0].then else {
        panic!()
    };
    assert_eq!(has.providers, [0]);
    assert_eq!(label, "clerk role org:admin, feature user:beta, reverified within 5 min");
    let gate = crate::Gate::load(&text, Format::Toml).unwrap();
    assert!(gate.test().iter().all(|result| result.passed), "{:#?}", gate.test());

    let route = |has: &str| sound(&format!("[[route]]\nglob = \"/a\"\nrequire = {{ clerk = {has} }}"));
    whole(&route("{}"), &[("P444", "{}")]);
    whole(&route("{ role = \"\" }"), &[("P111", "\"\"")]);
    whole(&route("{ feature = \"team:x\" }"), &[("P444", "\"team:x\"")]);
    whole(&route("{ plan = \"org:\" }"), &[("P444", "\"org:\"")]);
    whole(&route("{ rol = \"x\" }"), &[("P101", "rol")]);
    whole(&route("{ reverification = \"nonsense\" }"), &[("P106", "\"nonsense\"")]);
    whole(&route("{ reverification = { level = \"strict\", after-minutes = 1 } }"), &[("P106", "\"strict\"")]);
    whole(&route("{ reverification = { level = \"first_factor\", after-minutes = 0 } }"), &[("P109", "0")]);
    whole(&route("{ reverification = { level = \"first_factor\" } }"), &[("P103", "{ level = \"first_factor\" }")]);
    whole("version = 1\ndefault = \"deny\"\n[roles]\na = { clerk = { role = \"admin\" } }\n", &[("P448", "clerk")]);
    whole(&sound("[roles]\na = { claim = \"x\", clerk = { role = \"admin\" } }"), &[("P314", "clerk")]);
    whole(&sound("[roles]\na = { has = \"x\" }"), &[("P103", "{ has = \"x\" }")]);
}
