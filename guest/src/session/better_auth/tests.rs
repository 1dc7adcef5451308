//! Cached sessions as the app writes them, and as it would not.

use super::*;
use crate::diagnostic::Span;
use crate::session::crypto::derive;
use crate::session::crypto::mac::HmacSha256;
use crate::session::crypto::text::to_base64url;
use crate::session::jwt::{KeySource, TokenSettings};
use crate::session::tests::world::{NOW, Signer, World, jwks, literal, sign_shared, word};
use crate::session::{Found, KindSettings, ProviderSettings, Sessions};
use crate::supply::Supplies;
use base64::Engine;
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "a secret of better auth, 32 bytes and more";
const DATA: &str = "__Secure-better-auth.session_data";
const TOKEN: &str = "__Secure-better-auth.session_token";
/// When the caches of these tests were written.
const WRITTEN: i64 = NOW - 60;

fn settings(strategy: BetterAuthStrategy) -> BetterAuthSettings {
    BetterAuthSettings {
        data_cookie: DATA.to_owned(),
        token_cookie: TOKEN.to_owned(),
        strategy,
        secrets: vec![literal(SECRET)],
        token: None,
        version: None,
        leeway: if strategy == BetterAuthStrategy::Jwe { 15 } else { 0 },
        max_age: None,
        issuer: None,
    }
}

fn compact() -> BetterAuthSettings {
    settings(BetterAuthStrategy::Compact)
}

fn room(settings: BetterAuthSettings) -> Result<Sessions, Vec<&'static str>> {
    let kind = KindSettings::BetterAuth(settings);
    let one = ProviderSettings { name: "main".to_owned(), span: Span::new(0, 1), bearer: false, kind };
    Sessions::prepare(&[one], &Supplies::default(), (1, 2)).map_err(|all| all.iter().map(|one| one.code).collect())
}

/// As the app would write it: names in its order.
fn payload() -> String {
    format!(
        r#"{{"session":{{"expiresAt":"2027-01-22T07:59:00.000Z","token":"tok-1","userId":"u1","id":"s1"}},"user":{{"name":"Żółć \"x\" </x>","email":"ada@example.com","role":"admin","id":"u1"}},"updatedAt":{}000,"version":"1"}}"#,
        WRITTEN
    )
}

fn signature(secret: &str, text: &str) -> Vec<u8> {
    HmacSha256::new(secret.as_bytes()).unwrap().tag(&[text.as_bytes()]).to_vec()
}

/// A compact cache of that payload, good until `ends` (milliseconds).
fn signed(secret: &str, payload: &str, ends: i64) -> String {
    let tag = signature(secret, &format!("{},\"expiresAt\":{ends}}}", payload.strip_suffix('}').unwrap()));
    let tag = to_base64url(tag);
    to_base64url(format!("{{\"session\":{payload},\"expiresAt\":{ends},\"signature\":\"{tag}\"}}"))
}

fn good() -> String {
    signed(SECRET, &payload(), (NOW + 240) * 1000)
}

fn cookie_token(secret: &str, token: &str) -> String {
    let tag = base64::engine::general_purpose::STANDARD.encode(signature(secret, token));
    format!("{token}.{}", tag.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
}

fn ask(room: &mut Sessions, now: i64, cookies: &[(&str, &str)]) -> Found {
    let read: Vec<_> = cookies.iter().map(|(name, text)| (*name, CookieRead::Value((*text).to_owned()))).collect();
    World::new(now).cookies(std::slice::from_mut(room), &read)
}

fn judge(settings: BetterAuthSettings, cookies: &[(&str, &str)]) -> String {
    word(&ask(&mut room(settings).unwrap(), NOW, cookies))
}

#[test]
fn the_user_is_the_identity_and_no_token_is_told() {
    let Found::Verified(identity) = ask(&mut room(compact()).unwrap(), NOW, &[(DATA, &good())]) else { panic!() };
    assert_eq!(identity.token_identifier().as_deref(), Some("main|u1"));
    let claim = |path: &str| identity.claim(path).cloned().unwrap_or_default();
    assert_eq!((claim("sub"), claim("email"), claim("role")), (json!("u1"), json!("ada@example.com"), json!("admin")));
    assert_eq!((claim("name"), claim("user.id")), (json!("Żółć \"x\" </x>"), json!("u1")));
    assert_eq!((claim("session.id"), claim("session.token")), (json!("s1"), Value::Null));
    assert!(!Value::Object(identity.claims.clone()).to_string().contains("tok-1"));
    assert_eq!(identity.expires, NOW + 240);
}

#[test]
fn what_is_signed_is_what_stands_there() {
    let ends = (NOW + 240) * 1000;
    let as_written = |outer: String| judge(compact(), &[(DATA, &to_base64url(outer))]);
    let tag = |text: &str| to_base64url(signature(SECRET, text));
    let payload = payload();
    let open = payload.strip_suffix('}').unwrap();
    let right = tag(&format!("{open},\"expiresAt\":{ends}}}"));
    let form = "not a cached session as the app writes it";
    let outer = |session: &str, ends: &str, tag: &str| {
        format!("{{\"session\":{session},\"expiresAt\":{ends},\"signature\":\"{tag}\"}}")
    };
    assert_eq!(as_written(outer(&payload, &ends.to_string(), &right)), "ok u1");
    for (text, why) in [
        (outer(&payload, &(ends + 1).to_string(), &right), "not signed by the app"),
        (outer(&payload.replace("admin", "owner"), &ends.to_string(), &right), "not signed by the app"),
        (outer(&payload.replace(",\"user\"", ", \"user\""), &ends.to_string(), &right), "not signed by the app"),
        (outer(&payload, &format!("{ends}.0"), &right), form),
        (outer(&payload, &format!("-{ends}"), &right), form),
        (outer(&payload, "", &right), form),
        (outer(&payload, &ends.to_string(), &format!("{right}=")), form),
        (outer(&payload, &ends.to_string(), ""), "not signed by the app"),
        (outer(&payload, &ends.to_string(), &right).replace("{\"session\":", "{ \"session\":"), form),
        (format!("{}x", outer(&payload, &ends.to_string(), &right)), form),
        (format!("{{\"expiresAt\":{ends},\"session\":{payload},\"signature\":\"{right}\"}}"), form),
    ] {
        assert_eq!(as_written(text.clone()), why, "{text}");
    }
    // Signed as a whole, but with borders that are not those of the object.
    let twice = format!("{open},\"expiresAt\":1}}");
    let outer = outer(&twice, &ends.to_string(), &tag(&format!("{open},\"expiresAt\":1,\"expiresAt\":{ends}}}")));
    assert_eq!(as_written(outer), form);
    assert_eq!(judge(compact(), &[(DATA, "***")]), form);
    assert_eq!(
        judge(compact(), &[(DATA, &signed("another secret of 32 bytes and some", &payload, ends))]),
        "not signed by the app"
    );
}

#[test]
fn ends() {
    let at = |settings: BetterAuthSettings, text: &str, now: i64| {
        word(&ask(&mut room(settings).unwrap(), now, &[(DATA, text)]))
    };
    let text = good();
    assert_eq!(at(compact(), &text, NOW + 240), "ok u1", "through the last millisecond");
    assert_eq!(at(compact(), &text, NOW + 241), "expired 1 s ago");
    let odd = signed(SECRET, &payload(), (NOW + 240) * 1000 - 1);
    assert_eq!(at(compact(), &odd, NOW + 240), "expired 0 s ago");
    let late = BetterAuthSettings { leeway: 10, ..compact() };
    assert_eq!(at(late.clone(), &text, NOW + 250), "ok u1");
    assert_eq!(at(late, &text, NOW + 251), "expired 1 s ago");
    let young = BetterAuthSettings { max_age: Some(100), ..compact() };
    assert_eq!(at(young.clone(), &text, NOW + 39), "ok u1");
    assert_eq!(at(young, &text, NOW + 40), "expired 0 s ago");
    // The session ends before its cache.
    let over = payload().replace("2027-01-22T07:59:00.000Z", "2027-01-15T08:01:00.000Z");
    let text = signed(SECRET, &over, (NOW + 240) * 1000);
    assert_eq!(at(compact(), &text, NOW + 60), "ok u1");
    assert_eq!(at(compact(), &text, NOW + 61), "expired 1 s ago");
    let odd = signed(SECRET, &over.replace("2027-01-15T08:01:00.000Z", "soon"), (NOW + 240) * 1000);
    assert_eq!(at(compact(), &odd, NOW), "claim `session.expiresAt` is no date");

    // What is remembered ends, too.
    let mut room = room(compact()).unwrap();
    for (after, good) in [(0, true), (60, true), (61, false), (60, true)] {
        assert_eq!(word(&ask(&mut room, NOW + after, &[(DATA, &text)])) == "ok u1", good, "{after}");
    }
}

#[test]
fn forms_of_a_payload() {
    let ends = (NOW + 240) * 1000;
    let with = |from: &str, to: &str| {
        let changed = payload().replace(from, to);
        assert_ne!(changed, payload());
        judge(compact(), &[(DATA, &signed(SECRET, &changed, ends))])
    };
    assert_eq!(with(",\"version\":\"1\"", ""), "ok u1");
    assert_eq!(with("\"version\":\"1\"", "\"version\":1"), "claim `version` is no text");
    assert_eq!(with("\"token\":\"tok-1\"", "\"x\":1"), "claim `session.token` missing");
    assert_eq!(with("\"id\":\"u1\"", "\"id\":\"\""), "claim `user.id` names nobody");
    assert_eq!(with("\"id\":\"u1\"", "\"id\":7"), "claim `user.id` names nobody");
    assert_eq!(with("\"user\":{", "\"users\":{"), "no session and user in the cached session");
    assert_eq!(with("\"updatedAt\":", "\"at\":"), "claim `updatedAt` is no number");
    assert_eq!(with("\"role\":\"admin\"", "\"id\":\"u2\""), "duplicate member");
    let version = |wanted: &str| BetterAuthSettings { version: Some(wanted.to_owned()), ..compact() };
    assert_eq!(judge(version("1"), &[(DATA, &good())]), "ok u1");
    assert_eq!(judge(version("2"), &[(DATA, &good())]), "the cached session is of another version");
    let bare = signed(SECRET, &payload().replace(",\"version\":\"1\"", ""), ends);
    assert_eq!(judge(version("1"), &[(DATA, &bare)]), "ok u1");
}

#[test]
fn both_cookies_must_name_one_session() {
    let disagree = "the token cookie names another session than the cached one";
    let mut room = room(compact()).unwrap();
    let mut with = |token: &str| word(&ask(&mut room, NOW, &[(TOKEN, token), (DATA, &good())]));
    assert_eq!(with(&cookie_token(SECRET, "tok-1")), "ok u1");
    assert_eq!(with(&cookie_token(SECRET, "tok-2")), disagree);
    assert_eq!(with("tok-1"), disagree);
    assert_eq!(with("%zz"), "cookie is not percent-encoded text");
    assert_eq!(with(&cookie_token(SECRET, "tok-1")), "ok u1");
    assert_eq!(word(&ask(&mut room, NOW, &[(TOKEN, &cookie_token(SECRET, "tok-1"))])), "no cached session");
    let conflict = [(TOKEN, CookieRead::Refused("conflict")), (DATA, CookieRead::Value(good()))];
    assert_eq!(word(&World::new(NOW).cookies(std::slice::from_mut(&mut room), &conflict)), "conflict");
    assert_eq!(word(&ask(&mut room, NOW, &[])), "no cached session");
}

#[test]
fn chunks_and_rotation() {
    let text = good();
    let (first, rest) = text.split_at(300);
    let names: Vec<String> = (0..3).map(|number| format!("{DATA}.{number}")).collect();
    assert_eq!(judge(compact(), &[(&names[1], rest), (&names[0], first)]), "ok u1");
    assert_eq!(judge(compact(), &[(&names[2], rest), (&names[0], first)]), "chunk-missing");
    assert_eq!(judge(compact(), &[(DATA, &text), (&names[0], "stale")]), "ok u1");
    let new = "the secret that is current, 32 bytes long";
    let both = |strategy| BetterAuthSettings { secrets: vec![literal(new), literal(SECRET)], ..settings(strategy) };
    assert_eq!(judge(both(BetterAuthStrategy::Compact), &[(DATA, &text)]), "ok u1");
    assert_eq!(room(BetterAuthSettings { secrets: vec![literal("short")], ..compact() }).unwrap_err(), ["P409"]);
    assert_eq!(room(BetterAuthSettings { secrets: Vec::new(), ..compact() }).unwrap_err(), ["P408"]);
}

fn token_payload(change: Value) -> Value {
    let mut payload: Value = serde_json::from_str(&payload()).unwrap();
    payload["iat"] = json!(WRITTEN);
    payload["exp"] = json!(NOW + 240);
    for (name, value) in change.as_object().unwrap() {
        payload[name] = value.clone();
    }
    payload
}

#[test]
fn tokens_by_secret() {
    let jwt = || settings(BetterAuthStrategy::Jwt);
    let text = sign_shared(SECRET, &token_payload(json!({})));
    let mut room = room(jwt()).unwrap();
    for (after, found) in [(239, "ok u1"), (240, "expired 0 s ago"), (0, "ok u1")] {
        assert_eq!(word(&ask(&mut room, NOW + after, &[(DATA, &text)])), found);
    }
    for (payload, why) in [
        (token_payload(json!({"exp": "x"})), "claim `exp` is no number"),
        (token_payload(json!({"nbf": NOW + 5})), "not valid for another 5 s"),
        (json!({"exp": NOW + 5}), "no session and user in the cached session"),
        (json!({}), "claim `exp` missing"),
    ] {
        assert_eq!(judge(jwt(), &[(DATA, &sign_shared(SECRET, &payload))]), why);
    }
    let other = sign_shared("another secret of 32 bytes and some", &token_payload(json!({})));
    assert_eq!(judge(jwt(), &[(DATA, &other)]), "signature does not verify");
    assert_eq!(judge(jwt(), &[(DATA, "garbage")]), "malformed token: not three parts");
    assert_eq!(judge(jwt(), &[(DATA, &Signer::new().sign(None, &token_payload(json!({}))))]), "algorithm not allowed");
    assert_eq!(judge(compact(), &[(DATA, &text)]), "not a cached session as the app writes it");
}

/// An encrypted token, as the app makes it.
fn encrypted(secret: &str, kid: Option<&str>, payload: &Value) -> String {
    use crate::session::crypto::mac::HmacSha512;
    use aes::Aes256;
    use aes::cipher::block_padding::Pkcs7;
    use aes::cipher::{BlockModeEncrypt, KeyIvInit};
    let key = derive::better_auth(secret.as_bytes()).unwrap();
    let kid = kid.map_or_else(|| derive::thumbprint(&key, derive::Thumbprint::Sha256), str::to_owned);
    let header = match kid.as_str() {
        "" => json!({"alg": "dir", "enc": "A256CBC-HS512"}),
        kid => json!({"alg": "dir", "enc": "A256CBC-HS512", "kid": kid}),
    };
    let (mac, aes) = key.split_at(32);
    let iv = [9; 16];
    let ciphertext = cbc::Encryptor::<Aes256>::new_from_slices(aes, &iv).unwrap();
    let ciphertext = ciphertext.encrypt_padded_vec::<Pkcs7>(payload.to_string().as_bytes());
    let aad = to_base64url(header.to_string());
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let tag = HmacSha512::new(mac).unwrap().tag(&[aad.as_bytes(), &iv, &ciphertext, &bits]);
    format!("{aad}..{}.{}.{}", to_base64url(iv), to_base64url(ciphertext), to_base64url(&tag[..32]))
}

#[test]
fn encrypted_tokens() {
    let jwe = || settings(BetterAuthStrategy::Jwe);
    let text = encrypted(SECRET, None, &token_payload(json!({})));
    let mut one = room(jwe()).unwrap();
    for (after, found) in [(254, "ok u1"), (255, "expired 0 s ago"), (0, "ok u1")] {
        assert_eq!(word(&ask(&mut one, NOW + after, &[(DATA, &text)])), found);
    }
    let over = json!({"session": {"expiresAt": "2027-01-15T08:01:00.000Z", "token": "tok-1"}});
    let mut one = room(jwe()).unwrap();
    let text = encrypted(SECRET, None, &token_payload(over));
    assert_eq!(word(&ask(&mut one, NOW + 61, &[(DATA, &text)])), "expired 1 s ago", "the session has no leeway");
    let nameless = encrypted(SECRET, Some(""), &token_payload(json!({})));
    let new = "the secret that is current, 32 bytes long";
    let both = BetterAuthSettings { secrets: vec![literal(new), literal(SECRET)], ..jwe() };
    assert_eq!(judge(both.clone(), &[(DATA, &nameless)]), "ok u1");
    assert_eq!(judge(both.clone(), &[(DATA, &encrypted(SECRET, None, &token_payload(json!({}))))]), "ok u1");
    assert_eq!(
        judge(both, &[(DATA, &encrypted(SECRET, Some("x"), &token_payload(json!({}))))]),
        "no secret of this `kid`"
    );
    let other = encrypted("another secret of 32 bytes and some", Some(""), &token_payload(json!({})));
    assert_eq!(judge(jwe(), &[(DATA, &other)]), "does not open with this key");
    assert_eq!(judge(jwe(), &[(DATA, &good())]), "not five parts");
}

#[test]
fn tokens_by_keys() {
    let signer = Signer::new();
    let by_keys = || BetterAuthSettings {
        token: Some(Box::new(TokenSettings {
            any_issuer: true,
            audiences: vec![literal("better-auth:session-cache")],
            leeway: 15,
            ..TokenSettings::new(KeySource::Jwks(literal(&jwks(&[signer.jwk("k1")]))))
        })),
        ..settings(BetterAuthStrategy::Jwt)
    };
    let claims = |change: Value| {
        let mut claims = token_payload(json!({
            "iss": "https://app.example", "sub": "u1", "sid": "tok-1", "aud": "better-auth:session-cache",
        }));
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        signer.sign(Some("k1"), &claims)
    };
    let mut one = room(by_keys()).unwrap();
    let text = claims(json!({}));
    let Found::Verified(identity) = ask(&mut one, NOW, &[(DATA, &text), (TOKEN, &cookie_token(SECRET, "tok-1"))])
    else {
        panic!()
    };
    assert_eq!(identity.token_identifier().as_deref(), Some("https://app.example|u1"));
    assert!(!Value::Object(identity.claims.clone()).to_string().contains("tok-1"));
    for (after, found) in [(0, "ok u1"), (254, "ok u1"), (255, "expired 15 s ago"), (0, "ok u1")] {
        assert_eq!(word(&ask(&mut one, NOW + after, &[(DATA, &text)])), found);
    }
    for (change, why) in [
        (json!({"sub": "u2"}), "the token and the session in it disagree"),
        (json!({"sid": "tok-2"}), "the token and the session in it disagree"),
        (json!({"aud": "other"}), "audience not accepted"),
        (json!({"session": {"token": "tok-1", "expiresAt": "2027-01-15T07:59:59.000Z"}}), "expired 1 s ago"),
    ] {
        assert_eq!(judge(by_keys(), &[(DATA, &claims(change.clone()))]), why, "{change}");
    }
    let shared = sign_shared(SECRET, &token_payload(json!({"iss": "x", "sub": "u1", "sid": "tok-1"})));
    assert_eq!(judge(by_keys(), &[(DATA, &shared)]), "algorithm not allowed");
}

#[test]
fn the_signed_token_alone() {
    let token = || settings(BetterAuthStrategy::Token);
    let mut one = room(token()).unwrap();
    let text = cookie_token(SECRET, "a.b.c");
    let Found::Verified(identity) = ask(&mut one, NOW, &[(TOKEN, &text)]) else { panic!() };
    assert_eq!((identity.subject.clone(), identity.claims.len(), identity.token_identifier()), (None, 0, None));
    let unpadded = text.strip_suffix("%3D").unwrap();
    for (text, why) in [
        ("tok123", "not a signed token"),
        (unpadded, "not a signed token"),
        (&cookie_token(SECRET, ""), "not a signed token"),
        (&cookie_token("another secret of 32 bytes and some", "a"), "not signed by the app"),
        (&text.replacen('a', "b", 1), "not signed by the app"),
        ("%zz", "cookie is not percent-encoded text"),
    ] {
        assert_eq!(word(&ask(&mut one, NOW, &[(TOKEN, text)])), why, "{text}");
    }
    assert_eq!(word(&ask(&mut one, NOW, &[(DATA, &good())])), "no cookie");
    assert_eq!(one.cookies().len(), 1);
}

proptest! {
    #[test]
    fn never_panics(text in "[!-:<-~]{0,80}", inner in "\\PC{0,80}", token in "[!-:<-~]{0,40}") {
        use BetterAuthStrategy::{Compact, Jwe, Jwt, Token};
        let outer = to_base64url(format!("{{\"session\":{inner},\"expiresAt\":1,\"signature\":\"{token}\"}}"));
        for strategy in [Compact, Jwt, Jwe, Token] {
            let mut room = room(settings(strategy)).unwrap();
            for data in [&text, &outer, &to_base64url(&inner)] {
                ask(&mut room, NOW, &[(DATA, data), (TOKEN, &token)]);
            }
        }
    }

    #[test]
    fn no_changed_letter_is_taken(at in 0usize..900, to in "[A-Za-z0-9_-]") {
        let text = good();
        let at = at % text.len();
        let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
        prop_assume!(changed != text);
        prop_assert_ne!(judge(compact(), &[(DATA, &changed)]), "ok u1");
    }
}
