//! Convex Auth: which cookies are read where, and when there is no session.

use super::*;
use crate::diagnostic::Span;
use crate::question::Answers;
use crate::request::{Cookies, Head, Target};
use crate::session::tests::world::{NOW, Signer, World, jwks, literal, word};
use crate::session::{Carry, Found, KeySource, KindSettings, ProviderSettings, Sessions, TokenSettings};
use crate::supply::Supplies;
use crate::trace::Trace;
use proptest::prelude::*;
use serde_json::json;

mod service;

const SITE: &str = "https://otter-1.convex.site";

fn settings(place: Place) -> ProviderSettings {
    let token = TokenSettings {
        any_slash: true,
        audiences: vec![literal("convex")],
        ..TokenSettings::new(KeySource::Discovery)
    };
    let names = CookieNames {
        prefix: "__Host-".to_owned(),
        token: "jwt".to_owned(),
        refresh: "rt".to_owned(),
        verifier: "v".to_owned(),
    };
    let issuer = Some((Known::Domain, literal(&format!("{SITE}/"))));
    let own = ConvexAuthSettings { issuer, token, names, place, service: None, forward_token: false };
    let kind = KindSettings::ConvexAuth(Box::new(own));
    ProviderSettings { name: "convex".to_owned(), span: Span::default(), bearer: false, kind }
}

fn room(place: Place) -> Sessions {
    Sessions::prepare(&[settings(place)], &Supplies::default(), (1, 2)).unwrap()
}

struct Site {
    world: World,
    signer: Signer,
    rooms: [Sessions; 1],
    token: String,
    /// How requests come.
    scheme: &'static str,
}

impl Site {
    fn at(place: Place) -> Self {
        let signer = Signer::new();
        let mut key = signer.jwk("unused");
        key.as_object_mut().unwrap().remove("kid");
        let mut world = World::new(NOW);
        let keys = format!("{SITE}/.well-known/jwks.json");
        // The document writes the issuer without the slash that the config has.
        let discovery = json!({"issuer": SITE, "jwks_uri": keys});
        world.serve(&format!("{SITE}/.well-known/openid-configuration"), discovery);
        world.serve(&keys, jwks(&[key]));
        let claims = json!({"iss": SITE, "aud": "convex", "sub": "user|session", "iat": NOW - 60, "exp": NOW + 60});
        let token = signer.sign(None, &claims);
        Self { world, signer, rooms: [room(place)], token, scheme: "http" }
    }

    /// The word and what goes along; `TOKEN` in the cookies stands for the good one.
    fn read(&mut self, host: &str, cookies: &str, origin: &[&str]) -> (String, Carry) {
        let line = cookies.replace("TOKEN", &self.token);
        let mut headers = vec![("cookie".to_owned(), line.into_bytes())];
        headers.extend(origin.iter().map(|origin| ("origin".to_owned(), origin.as_bytes().to_vec())));
        let (authority, scheme) = (host.to_owned(), self.scheme.to_owned());
        let head = Head { now: self.world.now, scheme, authority, headers, ..Head::default() };
        let carry = std::cell::RefCell::new(Carry::default());
        let found = self.world.run(&mut self.rooms, |room, answers| {
            let read = read(room, &head, answers);
            *carry.borrow_mut() = read.1;
            read.0
        });
        (word(&found), carry.into_inner())
    }

    fn word(&mut self, host: &str, cookies: &str) -> String {
        self.read(host, cookies, &[]).0
    }
}

fn read(room: &mut Sessions, head: &Head, answers: Answers<'_>) -> (Found, Carry) {
    let cookies = Cookies::parse(head.lines("cookie")).unwrap();
    let target = Target::parse(b"/").unwrap();
    let asking = Asking::new(head, &cookies, &target, answers);
    let read = room.session(asking, &mut Trace::off());
    (read.found, read.carry)
}

const GOOD: &str = "ok user|session";

#[test]
fn one_cookie_without_the_other_is_no_session() {
    let mut site = Site::at(Place::Elsewhere);
    for (cookies, wanted) in [
        ("__Host-jwt=TOKEN; __Host-rt=a%7Cb", GOOD),
        ("__Host-rt=a|b; theme=dark; __Host-jwt=TOKEN", GOOD),
        ("__Host-jwt=TOKEN", "token without refresh token"),
        ("__Host-rt=a%7Cb", "refresh token without token"),
        ("jwt=TOKEN; rt=a", "no cookie"),
        ("", "no cookie"),
        ("__Host-jwt=garbage; __Host-rt=a", "malformed token: not three parts"),
        ("__Host-jwt=; __Host-rt=a", "malformed token: not three parts"),
        ("__Host-jwt=TOKEN; __Host-rt=a; __Host-rt=b", "conflict"),
        ("__Host-jwt=TOKEN; __Host-jwt=a.b.c; __Host-rt=a", "conflict"),
        ("__Host-jwt=TOKENx; __Host-rt=a", "malformed token: signature is not base64url"),
    ] {
        assert_eq!(site.word("app.example", cookies), wanted, "{cookies}");
    }
    // It ends when the token does; no leeway.
    assert_eq!(site.word("app.example", "__Host-jwt=TOKEN; __Host-rt=a"), GOOD);
    site.world.now = NOW + 60;
    assert_eq!(site.word("app.example", "__Host-jwt=TOKEN; __Host-rt=a"), "expired 0 s ago");
}

#[test]
fn names_depend_on_where_the_site_is() {
    let (remote, local) = ("__Host-jwt=TOKEN; __Host-rt=a", "jwt=TOKEN; rt=a");
    let origin = |text: &str| Place::Origin(text.to_owned());
    for (place, host, good, bad) in [
        (origin("http://localhost:3000"), "evil.example", local, remote),
        (origin("http://127.0.0.1:80"), "app.example", local, remote),
        (origin("https://app.example"), "localhost:3000", remote, local),
        (origin("http://localhost"), "localhost:3000", remote, local),
        (origin("http://localhost.evil.example:3000"), "localhost:3000", remote, local),
        (Place::Elsewhere, "localhost:3000", remote, local),
        (Place::AsAsked, "localhost:3000", local, remote),
        (Place::AsAsked, "127.0.0.1:8080", local, remote),
        (Place::AsAsked, "localhost", remote, local),
        (Place::AsAsked, "notlocalhost:3000", remote, local),
        (Place::AsAsked, "[::1]:3000", remote, local),
    ] {
        let mut site = Site::at(place.clone());
        assert_eq!(site.word(host, good), GOOD, "{place:?} {host}");
        assert_eq!(site.word(host, bad), "no cookie", "{place:?} {host}");
        assert_eq!(site.word(host, &format!("{good}; {}", bad.replace("TOKEN", "a.b.c"))), GOOD, "{place:?} {host}");
    }
    assert_eq!(room(Place::Elsewhere).cookies().len(), 3);
    assert_eq!(room(Place::AsAsked).cookies().len(), 6);
}

#[test]
fn another_origin_has_no_session_and_its_cookies_are_hidden() {
    let cookies = "__Host-jwt=TOKEN; __Host-rt=a";
    let foreign = "sent by another origin, cookies not read";
    let own = Place::Origin("https://app.example".to_owned());
    for (place, origin, wanted) in [
        (own.clone(), "https://app.example", GOOD),
        (own.clone(), "https://app.example:443", GOOD),
        (own.clone(), "https://APP.example", GOOD),
        (own.clone(), "http://app.example", foreign),
        (own.clone(), "https://app.example:8443", foreign),
        (own.clone(), "https://app.example.evil.example", foreign),
        (own.clone(), "null", foreign),
        (own.clone(), "", foreign),
        (own.clone(), "chrome-extension://app.example", foreign),
        (own.clone(), "https://app.example/", GOOD),
        (own.clone(), "https://app.example//", foreign),
        (Place::AsAsked, "https://app.example", GOOD),
        (Place::AsAsked, "http://app.example", foreign),
        (Place::AsAsked, "https://app.example:444", foreign),
        (Place::Elsewhere, "https://app.example", GOOD),
        // Whether TLS ends before the gate is not known here.
        (Place::Elsewhere, "http://app.example", GOOD),
        (Place::Elsewhere, "https://app.example:444", foreign),
        (Place::Elsewhere, "https://evil.example", foreign),
    ] {
        let scheme = if place == Place::AsAsked { "https" } else { "http" };
        let mut site = Site { scheme, ..Site::at(place) };
        let (word, carry) = site.read("app.example", cookies, &[origin]);
        assert_eq!(word, wanted, "{origin}");
        let hidden: Vec<&str> = carry.cookies.iter().map(|(name, _)| name.as_str()).collect();
        let all = ["__Host-jwt", "__Host-rt", "__Host-v"];
        assert_eq!(hidden, if wanted == GOOD { [].as_slice() } else { all.as_slice() }, "{origin}");
        assert!(carry.cookies.iter().all(|(_, instead)| instead.is_none()));
    }
    let mut site = Site::at(own);
    assert_eq!(site.read("app.example", cookies, &["https://app.example", "https://app.example"]).0, foreign);
    assert_eq!(site.read("app.example", "theme=dark", &["https://evil.example"]).0, "no cookie");
}

proptest! {
    #[test]
    fn never_panics(token in "[!-~]{0,80}", refresh in "[!-~]{0,20}", origin in "\\PC{0,30}", host in "[!-~]{0,20}") {
        let mut room = room(Place::AsAsked);
        let line = format!("__Host-jwt={token}; __Host-rt={refresh}; jwt={token}; rt={refresh}");
        let headers = vec![("cookie".to_owned(), line.into_bytes()), ("origin".to_owned(), origin.into_bytes())];
        let head = Head { now: NOW, authority: host, headers, ..Head::default() };
        let (found, _) = read(&mut room, &head, Answers::new(&[]));
        prop_assert!(!matches!(found, Found::Verified(_)));
    }
}
