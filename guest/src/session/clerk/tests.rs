//! Clerk sessions as a whole: what vectors of one answer cannot show.

use super::super::tests::world::{NOW, Signer, World, jwks, literal, word};
use super::super::{
    Algorithm, Asking, Found, KeySource, KindSettings, ProviderSettings, Read, Sessions, TokenSettings,
};
use super::*;
use crate::diagnostic::Span;
use crate::question::{Answered, Answers};
use crate::request::{Cookies, Head, Target};
use crate::supply::Supplies;
use crate::trace::Trace;
use proptest::prelude::*;
use serde_json::{Value, json};

const LIVE: &str = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k";
const TEST: &str = "pk_test_aGFwcHktb3R0ZXItMTIuY2xlcmsuYWNjb3VudHMuZGV2JA";
const ORIGIN: &str = "https://app.example.com";

fn settings(key: &str, signer: &Signer) -> ClerkSettings {
    let name = |name: &str| name.to_owned();
    ClerkSettings {
        publishable_key: literal(key),
        secret_key: Some(literal("sk_live_made.up.for.this.test")),
        token: TokenSettings {
            leeway: 5,
            ahead: 5,
            audience_if_present: true,
            parties: vec![literal(ORIGIN)],
            algorithms: vec![Algorithm::EdDsa],
            ..TokenSettings::new(KeySource::Jwks(literal(&jwks(&[signer.jwk("k")]))))
        },
        cookies: ClerkCookies::default(),
        bearer: true,
        handshake: Handshake {
            on: true,
            nonce: false,
            api_version: name("2026-05-12"),
            max_redirects: 3,
            cross_origin: true,
            proxy_url: None,
        },
        app_headers: true,
    }
}

struct Bench {
    room: Sessions,
    world: World,
}

impl Bench {
    fn new(settings: ClerkSettings) -> Self {
        let kind = KindSettings::Clerk(Box::new(settings));
        let provider = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
        let room = Sessions::prepare(&[provider], &Supplies::default(), (7, 11)).unwrap();
        Self { room, world: World::new(NOW) }
    }

    /// A page that a browser opens, with these cookies.
    fn page(&mut self, target: &str, cookie: &str) -> Read {
        let dest = ("sec-fetch-dest", "document");
        self.ask("GET", target, &[dest, ("cookie", cookie)], Some(ORIGIN))
    }

    fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], origin: Option<&str>) -> Read {
        let head = Head {
            method: method.to_owned(),
            scheme: "https".to_owned(),
            authority: "app.example.com".to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect(),
            now: self.world.now,
            ..Head::default()
        };
        let cookies = Cookies::parse(head.lines("cookie")).unwrap();
        let target = Target::parse(target.as_bytes()).unwrap();
        let mut answers: Vec<Answered> = Vec::new();
        for _ in 0..8 {
            let answers_now = Answers::new(&answers);
            let asking = Asking { origin, ..Asking::new(&head, &cookies, &target, answers_now) };
            let read = self.room.session(asking, &mut Trace::off());
            let Found::Ask(asked) = read.found else { return read };
            for one in asked {
                assert!(answers.iter().all(|known| known.id != one.id), "asked twice: {one:?}");
                let answer = self.world.answer(&one.question);
                answers.push(Answered { id: one.id, answer });
            }
        }
        panic!("too many rounds");
    }
}

fn claims(more: Value) -> Value {
    let mut claims = json!({
        "iss": "https://clerk.example.com", "sub": "user_1", "sid": "sess_1", "azp": ORIGIN, "sts": "active", "v": 2,
        "iat": NOW - 30, "nbf": NOW - 40, "exp": NOW + 30,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn cookies(token: &str) -> String {
    format!("__session_naoXFJnI={token}; __client_uat_naoXFJnI={}", NOW - 300)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_session_is_verified_once_and_told_to_the_app() {
    let signer = Signer::new();
    let token = signer.sign(Some("k"), &claims(json!({"o": {"id": "org_1", "rol": "admin"}})));
    let mut bench = Bench::new(settings(LIVE, &signer));
    for _ in 0..3 {
        let read = bench.page("/a?b=c", &cookies(&token));
        let Found::Verified(identity) = &read.found else { panic!("{}", word(&read.found)) };
        assert_eq!(identity.claims["org_role"], "org:admin");
        let app: Vec<&str> = identity.app_headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(app, ["x-clerk-auth-status", "x-clerk-auth-token", "x-clerk-auth-signature"]);
        assert_eq!(identity.app_headers[1].1, token);
        assert_eq!(identity.app_headers[2].1.len(), 40);
        assert_eq!(header(&read.carry.request_headers, "x-clerk-clerk-url"), Some("https://app.example.com/a?b=c"));
        assert_eq!(read.carry.response_headers, []);
    }
    assert_eq!(bench.world.checks, 1);
    // A remembered session ends in time.
    bench.world.now = NOW + 35;
    let read = bench.page("/", &cookies(&token));
    assert!(matches!(read.found, Found::Detour(_)), "{}", word(&read.found));
}

#[test]
fn without_a_secret_key_no_token_is_handed_on() {
    let signer = Signer::new();
    let token = signer.sign(Some("k"), &claims(json!({})));
    let mut bench = Bench::new(ClerkSettings { secret_key: None, ..settings(LIVE, &signer) });
    let Found::Verified(identity) = bench.page("/", &cookies(&token)).found else { panic!() };
    assert_eq!(identity.app_headers, [("x-clerk-auth-status", "signed-in".to_owned())]);
    let mut bench = Bench::new(ClerkSettings { app_headers: false, ..settings(LIVE, &signer) });
    let read = bench.page("/", &cookies(&token));
    let Found::Verified(identity) = read.found else { panic!() };
    assert_eq!((identity.app_headers.len(), read.carry.request_headers.len()), (0, 0));
}

#[test]
fn a_handshake_goes_where_the_config_says_and_stops() {
    let signer = Signer::new();
    let token = signer.sign(Some("k"), &claims(json!({"exp": NOW - 60, "iat": NOW - 120})));
    let mut bench = Bench::new(settings(LIVE, &signer));
    let read = bench.page("/a?b=c", &cookies(&token));
    let Found::Detour(detour) = &read.found else { panic!("{}", word(&read.found)) };
    let expected = format!(
        "https://clerk.example.com/v1/client/handshake?redirect_url=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3Dc\
         &__clerk_api_version=2026-05-12&suffixed_cookies=true\
         &__clerk_hs_reason=session-token-expired-refresh-non-eligible-no-refresh-cookie&__session={token}"
    );
    assert_eq!(detour.location, expected);
    assert!(!detour.reason.contains(&token), "{}", detour.reason);
    assert_eq!(read.carry.set_cookies, ["__clerk_redirect_count=1; SameSite=Lax; HttpOnly; Max-Age=2"]);
    assert_eq!(header(&read.carry.response_headers, "x-clerk-auth-status"), Some("handshake"));

    let third = bench.page("/", &format!("{}; __clerk_redirect_count=2", cookies(&token)));
    assert_eq!(third.carry.set_cookies, ["__clerk_redirect_count=3; SameSite=Lax; HttpOnly; Max-Age=2"]);
    for count in ["3", "4", "99"] {
        let read = bench.page("/", &format!("{}; __clerk_redirect_count={count}", cookies(&token)));
        assert_eq!(word(&read.found), "handshakes lead nowhere: stopped");
        assert_eq!(header(&read.carry.response_headers, "x-clerk-auth-status"), Some("signed-out"));
    }
}

#[test]
fn a_forged_token_is_not_worth_a_handshake() {
    let (signer, forger) = (Signer::new(), Signer::new());
    let mut bench = Bench::new(settings(LIVE, &signer));
    for times in [json!({"exp": NOW - 60, "iat": NOW - 120}), json!({"nbf": NOW + 60}), json!({"iat": NOW + 20})] {
        let forged = forger.sign(Some("k"), &claims(times.clone()));
        assert_eq!(word(&bench.page("/", &cookies(&forged)).found), "signature does not verify", "{times}");
        let own = signer.sign(Some("k"), &claims(times));
        assert!(word(&bench.page("/", &cookies(&own)).found).starts_with("detour "));
    }
}

#[test]
fn where_this_site_is_never_comes_from_the_client() {
    let signer = Signer::new();
    let token = signer.sign(Some("k"), &claims(json!({"exp": NOW - 60, "iat": NOW - 120})));
    let line = cookies(&token);
    let page = [("sec-fetch-dest", "document"), ("cookie", line.as_str()), ("x-forwarded-host", "evil.example")];
    // An authorized party says so, though the config has no `public-origin`.
    let mut bench = Bench::new(settings(LIVE, &signer));
    let read = bench.ask("GET", "/", &page, None);
    let Found::Detour(detour) = &read.found else { panic!("{}", word(&read.found)) };
    assert!(detour.location.contains("redirect_url=https%3A%2F%2Fapp.example.com%2F&"), "{}", detour.location);
    assert_eq!(read.carry.origin.as_deref(), Some(ORIGIN));
    // Nobody says so.
    let mut other = settings(LIVE, &signer);
    other.token.parties = Vec::new();
    let mut bench = Bench::new(other);
    let read = bench.ask("GET", "/", &page, None);
    assert!(word(&read.found).starts_with("no handshake: "), "{}", word(&read.found));
    assert_eq!(header(&read.carry.request_headers, "x-clerk-clerk-url"), None);
}

#[test]
fn what_a_handshake_brings_is_set_and_seen_by_the_app() {
    let signer = Signer::new();
    let session = signer.sign(Some("k"), &claims(json!({})));
    let lines = json!({"handshake": [
        format!("__session_naoXFJnI={session}; Path=/; Secure"), "__client_uat_naoXFJnI=7; Path=/", "__session=; Max-Age=0",
        format!("__session={session}; Path=/"),
    ]});
    let handshake = signer.sign(Some("k"), &lines);
    let mut bench = Bench::new(settings(LIVE, &signer));
    let read = bench.page("/", &format!("__clerk_handshake={handshake}; theme=dark"));
    assert_eq!(word(&read.found), "ok user_1");
    assert_eq!(read.carry.set_cookies.len(), 4);
    let seen = |name: &str| read.carry.cookies.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    assert_eq!(seen("__session"), Some(Some(session.clone())));
    assert_eq!(seen("__client_uat_naoXFJnI"), Some(Some("7".to_owned())));
    assert_eq!(seen("__clerk_handshake"), Some(None));
    // In the address of a production instance it is anybody's.
    let read = bench.page(&format!("/?__clerk_handshake={handshake}"), "");
    assert_eq!(word(&read.found), "no session cookie");
    assert_eq!(read.carry.set_cookies.len(), 0);
    // One that brings no session signs out.
    let out = signer.sign(Some("k"), &json!({"handshake": ["__client_uat=0; Path=/", "__session=; Max-Age=0"]}));
    let read = bench.page("/", &format!("__clerk_handshake={out}"));
    assert_eq!(word(&read.found), "the handshake brought no session");
    assert_eq!(read.carry.set_cookies.len(), 2);
    // A nonce cannot be read, and is no reason for another one.
    let read = bench.page("/", "__clerk_handshake_nonce=n; __client_uat=7");
    assert_eq!(header(&read.carry.response_headers, "x-clerk-auth-reason"), Some("session-token-missing"));
}

/// The answer about one token must not pass for one about another of the same request.
#[test]
fn a_good_handshake_makes_no_forged_session_good() {
    let (signer, forger) = (Signer::new(), Signer::new());
    let forged = forger.sign(Some("k"), &claims(json!({"sub": "user_admin"})));
    let good = signer.sign(Some("k"), &claims(json!({})));
    let foreign = signer.sign(Some("k"), &claims(json!({"azp": "https://evil.example"})));
    let mut bench = Bench::new(settings(LIVE, &signer));
    let around = |signer: &Signer, inner: &str| {
        signer.sign(Some("k"), &json!({"handshake": [format!("__session_naoXFJnI={inner}; Path=/")]}))
    };
    let line = |handshake: &str, session: &str| format!("__clerk_handshake={handshake}; {}", cookies(session));
    for (handshake, session, expected) in [
        (around(&signer, &forged), &forged, "signature does not verify"),
        (around(&signer, &foreign), &forged, "signature does not verify"),
        (around(&forger, &good), &forged, "signature does not verify"),
        (around(&forger, &forged), &good, "ok user_1"),
        (around(&signer, &forged), &good, "ok user_1"),
        (forged.clone(), &good, "ok user_1"),
        ("garbage".to_owned(), &good, "ok user_1"),
    ] {
        assert_eq!(word(&bench.page("/", &line(&handshake, session)).found), expected);
    }
}

#[test]
fn a_development_instance_goes_to_the_clean_address() {
    let signer = Signer::new();
    let iss = "https://happy-otter-12.clerk.accounts.dev";
    let session = signer.sign(Some("k"), &claims(json!({ "iss": iss })));
    let handshake = signer.sign(Some("k"), &json!({"handshake": [format!("__session_1YzQInlU={session}; Path=/")]}));
    let mut bench = Bench::new(settings(TEST, &signer));
    let read = bench.page(&format!("/a?x=1&__clerk_handshake={handshake}&__clerk_db_jwt=d"), "");
    assert_eq!(word(&read.found), "detour https://app.example.com/a?x=1");
    assert_eq!(read.carry.set_cookies, [format!("__session_1YzQInlU={session}; Path=/")]);
    let read = bench.page("/a?__clerk_handshake=garbage", "");
    assert_eq!(word(&read.found), "malformed token: not three parts");
    let Found::Detour(detour) = bench.page("/a?__clerk_db_jwt=d", "").found else { panic!() };
    assert!(detour.location.contains("__clerk_hs_reason=dev-browser-sync"));
    assert!(detour.location.contains("redirect_url=https%3A%2F%2Fapp.example.com%2Fa&"));
    assert!(detour.location.ends_with("&__clerk_db_jwt=d"));
}

#[test]
fn links_of_other_sites() {
    let signer = Signer::new();
    let line = cookies(&signer.sign(Some("k"), &claims(json!({}))));
    let mut bench = Bench::new(settings(LIVE, &signer));
    let mut from = |referer: &str| {
        let headers = [("sec-fetch-dest", "document"), ("referer", referer), ("cookie", line.as_str())];
        word(&bench.ask("GET", "/", &headers, Some(ORIGIN)).found)
    };
    for own in
        ["https://app.example.com/x", "https://clerk.example.com/", "https://accounts.example.com/user", "garbage", ""]
    {
        assert_eq!(from(own), "ok user_1", "{own}");
    }
    for other in ["https://elsewhere.test/", "https://app.example.com.evil/", "http://app.example.com/"] {
        assert!(from(other).starts_with("detour "), "{other}");
    }
    let mut quiet = settings(LIVE, &signer);
    quiet.handshake.cross_origin = false;
    let headers = [("sec-fetch-dest", "document"), ("referer", "https://elsewhere.test/"), ("cookie", line.as_str())];
    assert_eq!(word(&Bench::new(quiet).ask("GET", "/", &headers, Some(ORIGIN)).found), "ok user_1");
}

#[test]
fn a_pending_session_counts_as_signed_out_but_the_app_is_told() {
    let signer = Signer::new();
    let token = signer.sign(Some("k"), &claims(json!({"sts": "pending"})));
    let mut bench = Bench::new(settings(LIVE, &signer));
    for _ in 0..2 {
        let read = bench.page("/", &cookies(&token));
        assert_eq!(word(&read.found), "the session is pending: tasks are left");
        assert_eq!(read.carry.sign_in_below, Some("/tasks"));
        assert_eq!(header(&read.carry.request_headers, "x-clerk-auth-status"), Some("signed-in"));
        assert_eq!(header(&read.carry.request_headers, "x-clerk-auth-token"), Some(token.as_str()));
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    let signer = Signer::new();
    let mut bad = settings("pk_live_x", &signer);
    bad.secret_key = Some(literal("whsec_x"));
    let kind = KindSettings::Clerk(Box::new(bad));
    let provider = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
    let findings = Sessions::prepare(&[provider], &Supplies::default(), (7, 11)).unwrap_err();
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), ["P412", "P413"]);
    assert!(findings.iter().all(|f| !f.message.contains("whsec_x") && !f.message.contains("pk_live_x")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_cookie_and_no_address_makes_it_panic(
        line in "(__(session|client_uat|refresh|clerk_handshake|clerk_db_jwt|clerk_redirect_count)(_naoXFJnI)?=[!-~]{0,60}; ?){0,6}",
        query in "(__clerk_(handshake|db_jwt|handshake_nonce)=[a-zA-Z0-9._%-]{0,40}&){0,3}",
        bearer in "(Bearer )?[ -~]{0,40}",
        development in any::<bool>(),
    ) {
        let signer = Signer::new();
        let mut bench = Bench::new(settings(if development { TEST } else { LIVE }, &signer));
        let target = format!("/a?{query}");
        if Cookies::parse(std::iter::once(line.as_bytes())).is_ok() && Target::parse(target.as_bytes()).is_ok() {
            let headers = [("cookie", line.as_str()), ("sec-fetch-dest", "document")];
            let read = bench.ask("GET", &target, &headers, Some(ORIGIN));
            prop_assert!(!matches!(read.found, Found::Verified(_)));
            let read = bench.ask("GET", &target, &[("authorization", bearer.as_str())], Some(ORIGIN));
            prop_assert!(!matches!(read.found, Found::Verified(_)));
        }
    }
}
