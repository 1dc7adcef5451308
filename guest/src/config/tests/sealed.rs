//! `[session.NAME]` of the kinds with an encrypted cookie: defaults, and what is not taken.

use super::{Format, findings, load, shown, well_worded};
use crate::session::{Auth0Settings, AuthJsSettings, AuthJsVersion, KindSettings, SameSite};
use crate::supply::Text;

fn text(kind: &str, keys: &str) -> String {
    let secret = if keys.contains("secret =") { "" } else { "secret = \"env:SECRET\"\n" };
    let (proxy, keys) = keys.split_once("---\n").unwrap_or(("", keys));
    format!("version = 1\ndefault = \"session\"\n{proxy}[session.main]\nkind = \"{kind}\"\n{secret}{keys}\n")
}

fn kind(text: &str) -> KindSettings {
    let (policy, findings) = load(text, Format::Toml).unwrap_or_else(|findings| panic!("{text}\n{findings:#?}"));
    assert_eq!(shown(text, &findings), [], "{text}");
    policy.providers[0].kind.clone()
}

fn authjs(keys: &str) -> AuthJsSettings {
    match kind(&text("authjs", keys)) {
        KindSettings::AuthJs(settings) => settings,
        other => panic!("{other:?}"),
    }
}

fn auth0(keys: &str) -> Auth0Settings {
    match kind(&text("auth0", keys)) {
        KindSettings::Auth0(settings) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_of_the_auth_js_cookie() {
    let http = "[proxy]\npublic-origin = \"http://localhost:3000\"\n---\n";
    let https = "[proxy]\npublic-origin = \"https://app.example.com\"\n---\n";
    for (keys, name) in [
        (String::new(), "__Secure-authjs.session-token"),
        ("version = 5".to_owned(), "__Secure-authjs.session-token"),
        ("version = 4".to_owned(), "__Secure-next-auth.session-token"),
        ("secure = false".to_owned(), "authjs.session-token"),
        (format!("{http}version = 4"), "next-auth.session-token"),
        (format!("{http}secure = true"), "__Secure-authjs.session-token"),
        (https.to_owned(), "__Secure-authjs.session-token"),
        ("cookie = \"__Host-mine\"".to_owned(), "__Host-mine"),
    ] {
        assert_eq!(authjs(&keys).cookie, name, "{keys}");
    }
}

#[test]
fn auth_js_keys() {
    let settings = authjs("");
    assert_eq!((settings.version, settings.leeway, settings.max_age), (AuthJsVersion::V5, 15, None));
    assert_eq!((settings.salt, settings.issuer, settings.bearer), (None, None, false));
    assert_eq!(settings.secrets, [Text::Need(0)]);
    let settings = authjs(
        "secret = [\"env:A\", \"file:b\"]\nsalt = \"s\"\nissuer = \"https://a\"\nbearer = true\nleeway = \"0s\"\nmax-age = \"1h\"",
    );
    assert_eq!((settings.secrets.len(), settings.salt.as_deref(), settings.bearer), (2, Some("s"), true));
    assert_eq!((settings.leeway, settings.max_age), (0, Some(3600)));
    assert_eq!(settings.issuer, Some(Text::Literal("https://a".to_owned())));
}

#[test]
fn auth0_keys() {
    let settings = auth0("");
    assert_eq!((settings.cookie.as_str(), settings.legacy.as_deref()), ("__session", Some("appSession")));
    assert_eq!((settings.leeway, settings.inactivity, settings.absolute), (15, 86_400, 259_200));
    assert_eq!((settings.rolling, settings.domain), (None, None));
    assert_eq!(auth0("legacy-cookie = false").legacy, None);
    assert_eq!(auth0("legacy-cookie = \"old\"").legacy.as_deref(), Some("old"));

    let rolling = auth0("rolling = true").rolling.unwrap();
    assert_eq!((rolling.auth_path.as_str(), rolling.connections.as_deref()), ("/auth", Some("__FC")));
    let set = &rolling.attributes;
    assert_eq!((set.path.as_str(), &set.domain, set.secure, set.transient), ("/", &None, true, false));
    assert_eq!(set.same_site, SameSite::Lax);
    let http = "[proxy]\npublic-origin = \"http://localhost:3000\"\n---\nrolling = true";
    assert!(!auth0(http).rolling.unwrap().attributes.secure);

    let rolling = auth0(
        "rolling = true\nauth-path = \"/api/auth\"\nconnection-cookies = false\n\
         attributes = { path = \"/app\", domain = \"example.com\", same-site = \"none\", transient = true }",
    );
    let rolling = rolling.rolling.unwrap();
    assert_eq!((rolling.auth_path.as_str(), rolling.connections), ("/api/auth", None));
    let set = rolling.attributes;
    assert_eq!((set.path.as_str(), set.domain.as_deref(), set.transient), ("/app", Some("example.com"), true));
    assert_eq!(set.same_site, SameSite::None);
}

#[test]
fn what_is_not_taken() {
    for (kind, keys, expected) in [
        ("authjs", "version = 3", &["P109"][..]),
        ("authjs", "secret = \"written out\"", &["P443"][..]),
        ("authjs", "cookie = \"a b\"", &["P431"][..]),
        ("authjs", "secrets = \"env:A\"", &["P101"][..]),
        ("authjs", "leeway = \"1h\"", &["P109"][..]),
        ("auth0", "rolling = \"yes\"", &["P102"][..]),
        ("auth0", "legacy-cookie = \"a;b\"", &["P431"][..]),
        ("auth0", "rolling = true\nauth-path = \"auth\"", &["P210"][..]),
        ("auth0", "rolling = true\nattributes = { same-site = \"none\", secure = false }", &["P319"][..]),
        ("auth0", "rolling = true\ncookie = \"__Host-s\"\nattributes = { path = \"/a\" }", &["P319"][..]),
        ("auth0", "rolling = true\ncookie = \"__Secure-s\"\nattributes = { secure = false }", &["P319"][..]),
        ("auth0", "rolling = true\nattributes = { domain = \"a b\" }", &["P319"][..]),
        ("auth0", "attributes = { transient = true }", &["P326"][..]),
        ("auth0", "domain = \"t.auth0.com\"\nissuer = \"x\"", &["P326"][..]),
    ] {
        let text = text(kind, keys);
        let found = findings(&text, Format::Toml);
        found.iter().for_each(well_worded);
        let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{text}");
    }
    let missing = "version = 1\ndefault = \"session\"\n[session.main]\nkind = \"auth0\"\n";
    assert_eq!(shown(missing, &findings(missing, Format::Toml)).len(), 1);
}
