//! What the server behind learns about a visitor: headers that no client can write, and a signed assertion that it can
//! check by itself, through all three engines and with the program's own key set.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis_tests::engine::{self, Answer, Policy, Request};
use portcullis_tests::sign::{self, Signer};
use portcullis_tests::site::{self, Folder};
use portcullis_tests::upstream::Upstream;
use portcullis_tests::wire;
use portcullis_tests::world::World;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const HEADER: &str = "x-portcullis-assertion";

/// A private key as `openssl genpkey` writes it.
fn pem() -> String {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
}

fn document(signer: &Signer) -> Value {
    let mut document = site::document(signer);
    document["identity"] = json!({
        "user-headers": "x-user-",
        "headers": { "x-user-email": "<{claim.email}>" },
        "assertion": { "key": "env:ASSERTION_KEY", "audience": "my-app", "claims": ["email"] },
    });
    document
}

fn token(signer: &Signer, now: i64, subject: &str) -> String {
    signer.token(&json!({
        "iss": site::ISSUER, "aud": "app", "sub": subject, "exp": now + 3600, "name": "Ada", "email": "ada@example.test",
    }))
}

fn member(key: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap()
}

/// Check a token with a set, as an app would.
fn checked(token: &str, jwks: &Value) -> Value {
    let header = sign::header(token).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("JWT")));
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the key is in the set");
    assert!(key.get("d").is_none(), "a private half is published");
    let point = [vec![4], member(key, "x"), member(key, "y")].concat();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(input.as_bytes(), &signature).unwrap();
    sign::claims(token).unwrap()
}

#[test]
fn every_engine_tells_the_same_and_nobody_else_can() {
    let signer = Signer::new();
    let policy = Policy::new(document(&signer)).env("ASSERTION_KEY", &pem());
    for engine in engine::all() {
        let world = World::at(NOW);
        let mut door = engine.open(&policy, &world).unwrap();
        let ask = |door: &mut dyn engine::Door, cookie: Option<String>| -> Answer {
            let mut request = Request::get("/product/7");
            // What a client would like to be believed.
            for name in [HEADER, "X_Portcullis_Assertion", "x-user-subject", "x.user.token-identifier"] {
                request = request.header(name, "forged");
            }
            if let Some(token) = cookie {
                request = request.header("cookie", format!("{}={token}", site::COOKIE));
            }
            door.ask(&request).unwrap()
        };
        let answer = ask(door.as_mut(), Some(token(&signer, NOW, "u|1")));
        let told = |name: &str| answer.upstream_header(name);
        assert_eq!(told("x-user-subject").as_deref(), Some("u|1"), "{} {}", engine.name(), answer.summary());
        assert_eq!(told("x-user-issuer").as_deref(), Some(site::ISSUER));
        assert_eq!(told("x-user-token-identifier"), Some(format!("{}|u|1", site::ISSUER)));
        assert_eq!(told("x-user-name").as_deref(), Some("Ada"));
        assert_eq!(told("x-user-email").as_deref(), Some("<ada@example.test>"));
        assert!(told("x_portcullis_assertion").is_none() && told("x.user.token-identifier").is_none());
        let assertion = told(HEADER).unwrap();
        let claims = sign::claims(&assertion).unwrap();
        assert_eq!(
            claims,
            json!({
                "iss": "portcullis", "aud": "my-app", "sub": "u|1", "idp": site::ISSUER, "provider": "main",
                "tokenIdentifier": format!("{}|u|1", site::ISSUER), "email": "ada@example.test",
                "iat": NOW, "exp": NOW + 60,
            }),
            "{}",
            engine.name()
        );
        // Half of its life later it is made anew, before that it is the same.
        world.clock().set(NOW + 29);
        let again = ask(door.as_mut(), Some(token(&signer, NOW, "u|1"))).upstream_header(HEADER).unwrap();
        assert!(sign::claims(&again).unwrap()["exp"].as_i64().unwrap() > NOW + 29);
        world.clock().set(NOW + 69);
        let later = ask(door.as_mut(), Some(token(&signer, NOW, "u|1"))).upstream_header(HEADER).unwrap();
        assert!(sign::claims(&later).unwrap()["exp"].as_i64().unwrap() > NOW + 69);

        let nobody = ask(door.as_mut(), None);
        assert_eq!(nobody.status(), Some(307), "{}", nobody.summary());
    }
}

#[test]
fn the_program_serves_the_keys_that_check_it() {
    let (signer, folder, upstream) = (Signer::new(), Folder::new(), Upstream::start());
    folder.write("assertion.pem", pem());
    folder.write("old.pem", pem());
    let mut document = document(&signer);
    document["identity"]["assertion"]["key"] = json!(["file:assertion.pem", "file:old.pem"]);
    let server = site::start(&folder, document, &upstream.url()).unwrap();
    let keys = wire::get(server.address(), "/.well-known/portcullis/jwks.json", &[]).unwrap();
    assert_eq!(keys.status, 200);
    assert_eq!(keys.header("content-type").as_deref(), Some("application/jwk-set+json"));
    assert_eq!(keys.header("cache-control").as_deref(), Some("public, max-age=300"));
    let jwks: Value = serde_json::from_slice(&keys.body).unwrap();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
    assert!(upstream.take().is_empty(), "the keys are the gate's own");

    for subject in ["u1", "u2"] {
        let cookie = format!("{}={}", site::COOKIE, token(&signer, site::now(), subject));
        let headers = [("cookie", cookie.as_str()), (HEADER, "forged"), ("x-user-name", "root")];
        assert_eq!(wire::get(server.address(), "/product", &headers).unwrap().status, 200);
        let received = upstream.take().pop().unwrap();
        let claims = checked(&received.header(HEADER).unwrap(), &jwks);
        assert_eq!((&claims["sub"], &claims["aud"]), (&json!(subject), &json!("my-app")));
        assert_eq!(received.header("x-user-name").as_deref(), Some("Ada"));
    }
    // A public page does not ask who it is, so nothing is said.
    wire::get(server.address(), "/about", &[(HEADER, "forged"), ("x-user-name", "root")]).unwrap();
    let received = upstream.take().pop().unwrap();
    assert!(received.header(HEADER).is_none() && received.header("x-user-name").is_none());
    server.terminate();
}

#[test]
fn a_bad_key_stops_the_program_with_words() {
    let (signer, folder, upstream) = (Signer::new(), Folder::new(), Upstream::start());
    folder.write("assertion.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    let mut document = document(&signer);
    document["identity"]["assertion"]["key"] = json!("file:assertion.pem");
    let ended = site::start(&folder, document, &upstream.url()).unwrap_err();
    let said = format!("{ended:?}");
    assert!(said.contains("P426") && said.contains("not a private key"), "{said}");
}
