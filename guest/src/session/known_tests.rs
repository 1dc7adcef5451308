//! What follows from names, and tokens of such issuers.

use super::*;
use crate::diagnostic::Span;
use crate::request::{CookieRule, Cookies, Head, Target};
use crate::session::tests::world::{NOW, Signer, World, jwks, literal, word};
use crate::session::{Asking, Carrier, KindSettings, ProviderSettings, Sessions};
use crate::supply::Supplies;
use crate::trace::Trace;
use proptest::prelude::*;
use serde_json::json;

fn filled(known: Known, name: &str) -> Option<(String, Option<String>, KeySource)> {
    let token = known.fill(name, false, &TokenSettings::new(KeySource::Discovery))?;
    let text = |text: &Text| match text {
        Text::Literal(text) => text.clone(),
        Text::Need(_) => panic!("not a need"),
    };
    Some((text(&token.issuers[0]), token.audiences.first().map(text), token.keys))
}

#[test]
fn what_follows_from_a_name() {
    let at = |url: &str| KeySource::JwksUrl(Text::Literal(url.to_owned()));
    for (known, name, issuer, audience, keys) in [
        (Known::Domain, "tenant.auth0.com", "https://tenant.auth0.com", None, KeySource::Discovery),
        (Known::Domain, "https://a.example/x/", "https://a.example/x/", None, KeySource::Discovery),
        (Known::Domain, "http://127.0.0.1:3211", "http://127.0.0.1:3211", None, KeySource::Discovery),
        (Known::ConvexDeployment, "otter-1", "https://otter-1.convex.site", None, KeySource::Discovery),
        (Known::ConvexDeployment, "dev:otter-1", "https://otter-1.convex.site", None, KeySource::Discovery),
        (
            Known::CloudflareTeam,
            "acme",
            "https://acme.cloudflareaccess.com",
            None,
            at("https://acme.cloudflareaccess.com/cdn-cgi/access/certs"),
        ),
        (
            Known::FirebaseCookie,
            "p-1",
            "https://session.firebase.google.com/p-1",
            Some("p-1"),
            at(FIREBASE_COOKIE_KEYS),
        ),
        (
            Known::FirebaseId,
            "example.com:p",
            "https://securetoken.google.com/example.com:p",
            Some("example.com:p"),
            at(FIREBASE_ID_KEYS),
        ),
    ] {
        assert_eq!(filled(known, name), Some((issuer.to_owned(), audience.map(str::to_owned), keys)), "{name}");
    }
    for (known, name) in [
        (Known::Domain, ""),
        (Known::Domain, "http://a.example"),
        (Known::Domain, "a.example/?x"),
        (Known::Domain, "good@evil.example"),
        (Known::ConvexDeployment, "a.b"),
        (Known::ConvexDeployment, "dev:"),
        (Known::CloudflareTeam, "acme.cloudflareaccess.com"),
        (Known::CloudflareTeam, "evil.example/x"),
        (Known::FirebaseCookie, "a/b"),
        (Known::FirebaseId, ""),
    ] {
        assert_eq!(filled(known, name), None, "{name}");
    }
}

#[test]
fn what_is_written_stays() {
    let text = |text: &str| vec![Text::Literal(text.to_owned())];
    let written = TokenSettings {
        issuers: text("https://other.example"),
        audiences: text("x"),
        ..TokenSettings::new(KeySource::Discovery)
    };
    assert_eq!(Known::FirebaseCookie.fill("p", true, &written), Some(written));
}

/// A provider that takes the test's kind of key instead of RSA.
fn provider(known: Known, name: &str, carriers: Vec<Carrier>) -> ProviderSettings {
    let token = TokenSettings {
        audiences: if known == Known::CloudflareTeam { vec![literal("tag")] } else { Vec::new() },
        longest_subject: (known != Known::CloudflareTeam).then_some(128),
        ..TokenSettings::new(KeySource::Discovery)
    };
    let plain = PlainSettings { carriers, token };
    let kind = KindSettings::Known(KnownSettings { known, name: literal(name), own_keys: false, plain });
    ProviderSettings { name: "k".to_owned(), span: Span::default(), bearer: false, kind }
}

fn ask(world: &mut World, room: &mut Sessions, lines: &[(&str, &str)]) -> String {
    let headers = lines.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
    let head = Head { now: NOW, headers, ..Head::default() };
    let found = world.run(std::slice::from_mut(room), |room, answers| {
        let cookies = Cookies::parse(head.lines("cookie")).unwrap();
        let target = Target::parse(b"/").unwrap();
        let asking = Asking::new(&head, &cookies, &target, answers);
        room.session(asking, &mut Trace::off()).found
    });
    word(&found)
}

#[test]
fn cloudflare_by_header_then_cookie() {
    let carriers = vec![
        Carrier::Header("cf-access-jwt-assertion".to_owned()),
        Carrier::Cookie(CookieRule::token("CF_Authorization", false)),
    ];
    let settings = [provider(Known::CloudflareTeam, "acme", carriers)];
    let room = &mut Sessions::prepare(&settings, &Supplies::default(), (1, 2)).unwrap();
    let keys = "https://acme.cloudflareaccess.com/cdn-cgi/access/certs";
    assert_eq!(room.documents(), [keys]);
    let (signer, world) = (Signer::new(), &mut World::new(NOW));
    world.serve(keys, jwks(&[signer.jwk("old"), signer.jwk("new")]));
    let token = |change: serde_json::Value| {
        let mut claims = json!({"iss": "https://acme.cloudflareaccess.com", "aud": ["tag"], "sub": "u1", "type": "app",
            "email": "a@b.example", "iat": NOW, "nbf": NOW, "exp": NOW + 60});
        change.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        signer.sign(Some("new"), &claims)
    };
    let good = token(json!({}));
    let cookie = format!("CF_Authorization={good}");
    assert_eq!(ask(world, room, &[("cf-access-jwt-assertion", &good)]), "ok u1");
    assert_eq!(ask(world, room, &[("cookie", &cookie)]), "ok u1");
    let other = token(json!({"aud": ["another"]}));
    let both = [("cf-access-jwt-assertion", &*other), ("cookie", &*cookie)];
    assert_eq!(ask(world, room, &both), "audience not accepted");
    assert_eq!(ask(world, room, &[("cf-access-jwt-assertion", &token(json!({"sub": ""})))]), "claim `sub` empty");
    let foreign = token(json!({"iss": "https://evil.cloudflareaccess.com"}));
    assert_eq!(ask(world, room, &[("cf-access-jwt-assertion", &foreign)]), "issuer not accepted");
}

#[test]
fn firebase_tokens_are_told_apart() {
    let cookie = vec![Carrier::Cookie(CookieRule::token("__session", false))];
    let pages = provider(Known::FirebaseCookie, "p-1", cookie);
    let api = provider(Known::FirebaseId, "p-1", vec![Carrier::Bearer]);
    let room = &mut Sessions::prepare(&[pages, api], &Supplies::default(), (1, 2)).unwrap();
    let (signer, world) = (Signer::new(), &mut World::new(NOW));
    [FIREBASE_COOKIE_KEYS, FIREBASE_ID_KEYS].iter().for_each(|url| world.serve(url, jwks(&[signer.jwk("k")])));
    let token = |issuer: &str, audience: &str, subject: &str| {
        let issuer = format!("https://{issuer}.google.com/{audience}");
        let claims = json!({"iss": issuer, "aud": audience, "sub": subject, "iat": NOW, "exp": NOW + 60});
        signer.sign(Some("k"), &claims)
    };
    let (made, id) = (token("session.firebase", "p-1", "u1"), token("securetoken", "p-1", "u1"));
    let mut page = |token: &str| ask(world, room, &[("cookie", &format!("__session={token}"))]);
    assert_eq!(page(&made), "ok u1");
    assert_eq!(page(&id), "issuer not accepted");
    assert_eq!(page(&token("session.firebase", "p-2", "u1")), "issuer not accepted");
    assert_eq!(page(&token("session.firebase", "p-1", &"u".repeat(128))), format!("ok {}", "u".repeat(128)));
    assert_eq!(page(&token("session.firebase", "p-1", &"u".repeat(129))), "claim `sub` too long");
    let mut call = |token: &str| ask(world, room, &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(call(&id), "ok u1");
    assert_eq!(call(&made), "issuer not accepted");
}

#[test]
fn a_name_that_comes_at_start_is_not_repeated() {
    let text = |name: Text| match provider(Known::CloudflareTeam, "", Vec::new()).kind {
        KindSettings::Known(known) => KindSettings::Known(KnownSettings { name, ..known }),
        other => other,
    };
    let one = ProviderSettings { kind: text(Text::Need(0)), ..provider(Known::CloudflareTeam, "", Vec::new()) };
    let supplied = |value: &str| {
        let supplies = Supplies::new(vec![Some(value.as_bytes().to_vec())]);
        Sessions::prepare(std::slice::from_ref(&one), &supplies, (1, 2)).map(|room| room.documents())
    };
    assert_eq!(supplied("acme\n").unwrap(), ["https://acme.cloudflareaccess.com/cdn-cgi/access/certs"]);
    let findings = supplied("hunter2/").unwrap_err();
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), ["P424"]);
    assert!(!format!("{findings:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn never_panics_and_stays_on_its_host(name in "\\PC{0,80}") {
        for known in [Known::Domain, Known::ConvexDeployment, Known::CloudflareTeam, Known::FirebaseCookie, Known::FirebaseId] {
            if let Some((issuer, ..)) = filled(known, &name) {
                prop_assert!(url::is_issuer(&issuer), "{}", issuer);
            }
        }
    }
}
