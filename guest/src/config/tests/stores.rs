//! Kinds whose sessions an app seals or caches in its cookies: what loads, what is underlined, what is only warned of.

use super::{findings, shown, well_worded};
use crate::config::{Format, load};
use crate::session::{BetterAuthStrategy, KeySource, KindSettings};
use crate::supply::Text;

fn config(session: &str) -> String {
    format!("version = 1\ndefault = \"session\"\n\n[session.x]\n{session}\n")
}

fn says(session: &str) -> Vec<(&'static str, String)> {
    let text = config(session);
    let found = findings(&text, Format::Toml);
    found.iter().for_each(well_worded);
    let short = |text: &str| text.split('\n').next().unwrap_or_default().to_owned();
    shown(&text, &found).into_iter().map(|(code, text)| (code, short(text))).collect()
}

fn settings(session: &str) -> KindSettings {
    let (policy, findings) = load(&config(session), Format::Toml).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    policy.providers[0].kind.clone()
}

#[test]
fn the_least_that_loads() {
    for session in [
        "kind = \"supabase\"\nproject-url = \"env:URL\"",
        "kind = \"supabase\"\ncookie = \"s\"\nkeys.secret = \"env:S\"",
        "kind = \"better-auth\"\nsecret = \"env:S\"",
        "kind = \"better-auth\"\nstrategy = \"token\"\nsecret = [\"env:S\", \"file:old\"]",
        "kind = \"better-auth\"\nstrategy = \"jwt\"\nkeys.jwks-url = \"https://app.example/jwks\"",
        "kind = \"iron-session\"\ncookie = \"s\"\npassword = \"env:P\"\nsubject = \"user.id\"",
        "kind = \"iron-session\"\ncookie = \"s\"\npassword = { 1 = \"env:P\", 2 = \"file:p\" }\nrequired-claims = [\"user\"]",
        "kind = \"workos\"\nclient-id = \"env:ID\"\npassword = \"env:P\"",
        "kind = \"workos\"\npassword = \"env:P\"\nkeys.jwks-url = \"https://auth.example/jwks\"",
    ] {
        settings(session);
    }
}

#[test]
fn what_is_missing_or_written_out() {
    for (session, expected) in [
        ("kind = \"supabase\"", ("P457", "[session.x]")),
        ("kind = \"supabase\"\ncookie = \"s\"", ("P457", "[session.x]")),
        ("kind = \"supabase\"\nproject-url = \"env:U\"\ncookie = \"a b\"", ("P431", "\"a b\"")),
        ("kind = \"better-auth\"", ("P103", "[session.x]")),
        ("kind = \"better-auth\"\nsecret = \"hunter2\"", ("P443", "\"hunter2\"")),
        ("kind = \"better-auth\"\nsecret = \"env:S\"\ncookie-prefix = \"a b\"", ("P431", "\"a b\"")),
        ("kind = \"better-auth\"\nsecret = \"env:S\"\nversion = \"2\"\nstrategy = \"token\"", ("P326", "\"2\"")),
        ("kind = \"better-auth\"\nsecret = \"env:S\"\ntyp = \"x\"", ("P326", "\"x\"")),
        ("kind = \"iron-session\"\ncookie = \"s\"\npassword = \"env:P\"", ("P456", "[session.x]")),
        ("kind = \"iron-session\"\ncookie = \"s\"\npassword = \"hunter2\"\nsubject = \"a\"", ("P443", "\"hunter2\"")),
        (
            "kind = \"iron-session\"\ncookie = \"s\"\npassword = { 1 = \"hunter2\" }\nsubject = \"a\"",
            ("P443", "\"hunter2\""),
        ),
        ("kind = \"iron-session\"\ncookie = \"s\"\npassword = {}\nsubject = \"a\"", ("P111", "{}")),
        ("kind = \"workos\"\npassword = \"env:P\"", ("P457", "[session.x]")),
    ] {
        assert_eq!(says(session), [(expected.0, expected.1.to_owned())], "{session}");
    }
}

#[test]
fn defaults_are_those_of_the_packages() {
    let KindSettings::Supabase(one) = settings("kind = \"supabase\"\nproject-url = \"https://a.supabase.co\"") else {
        panic!()
    };
    let signed_in = Text::Literal("authenticated".to_owned());
    assert_eq!(
        (one.roles.as_slice(), one.token.audiences.as_slice()),
        (&["authenticated".to_owned()][..], &[signed_in][..])
    );
    assert_eq!((one.token.leeway, &one.token.keys), (0, &KeySource::Discovery));
    let any = "kind = \"supabase\"\nproject-url = \"https://a.supabase.co\"\naudience = \"*\"\nroles = [\"*\"]";
    let KindSettings::Supabase(any) = settings(any) else { panic!() };
    assert!(any.roles.is_empty() && any.token.audiences.is_empty());

    let better = |more: &str| match settings(&format!("kind = \"better-auth\"\nsecret = \"env:S\"\n{more}")) {
        KindSettings::BetterAuth(one) => one,
        other => panic!("{other:?}"),
    };
    let one = better("");
    assert_eq!((one.strategy, one.leeway, one.max_age), (BetterAuthStrategy::Compact, 0, None));
    assert_eq!(one.data_cookie, "__Secure-better-auth.session_data");
    assert_eq!(one.token_cookie, "__Secure-better-auth.session_token");
    let one = better("strategy = \"jwe\"\nsecure = false\ncookie-prefix = \"app\"\ntoken-cookie = \"t\"");
    assert_eq!((one.leeway, one.data_cookie.as_str(), one.token_cookie.as_str()), (15, "app.session_data", "t"));
    assert_eq!(better("strategy = \"jwe\"\nleeway = \"3s\"").leeway, 3);

    let KindSettings::IronSession(one) =
        settings("kind = \"iron-session\"\ncookie = \"s\"\npassword = \"env:P\"\nsubject = \"a\"")
    else {
        panic!()
    };
    assert_eq!(one.leeway, 60);
    let KindSettings::Workos(one) = settings("kind = \"workos\"\nclient-id = \"env:ID\"\npassword = \"env:P\"") else {
        panic!()
    };
    assert_eq!((one.cookie.as_str(), one.app_headers, one.token.leeway), ("wos-session", true, 0));
}
