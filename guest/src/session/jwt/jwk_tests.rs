//! Tests of keys and key sets.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] >>= (8 - bits % 8) % 8;
    bytes
}

fn rsa(kid: &str) -> Value {
    json!({"kty": "RSA", "kid": kid, "e": "AQAB", "n": b64(&modulus(2048))})
}

fn set(keys: Value) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn parsed(change: Value) -> Result<NamedKey, &'static str> {
    let mut jwk = rsa("a");
    for (name, value) in change.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    NamedKey::parse(jwk.as_object().unwrap())
}

#[test]
fn members_decide_about_use() {
    for good in [
        json!({}),
        json!({"use": "sig", "alg": "PS512", "key_ops": ["verify"], "x5c": ["AAAA"], "x": 1}),
        json!({"n": b64(&[vec![0], modulus(2048)].concat())}),
        json!({"n": b64(&modulus(8192))}),
    ] {
        assert!(parsed(good.clone()).is_ok(), "{good}");
    }
    for (bad, why) in [
        (json!({"use": "enc"}), "`use` is not `sig`"),
        (json!({"use": null}), "`use` is not `sig`"),
        (json!({"key_ops": ["encrypt"]}), "`key_ops` does not hold `verify`"),
        (json!({"key_ops": "verify"}), "`key_ops` does not hold `verify`"),
        (json!({"alg": "RSA-OAEP"}), "`alg` is no signature algorithm"),
        (json!({"alg": "ES256"}), "`alg` does not go with `kty` and `crv`"),
        (json!({"alg": 1}), "`alg` is no text"),
        (json!({"kid": 1}), "`kid` is no text"),
        (json!({"d": "AA"}), "it is a private or shared key, and it is published"),
        (json!({"e": "Aw"}), "RSA exponent is not 65537"),
        (json!({"n": b64(&modulus(2047))}), "RSA key shorter than 2048 bits"),
        (json!({"n": b64(&modulus(8193))}), "RSA key longer than 8192 bits"),
        (json!({"n": ""}), "RSA key shorter than 2048 bits"),
        (json!({"n": "!!"}), "a member of the key is missing or not base64url"),
        (json!({"n": null}), "a member of the key is missing or not base64url"),
        (json!({"kty": "FUTURE"}), "unknown kind of key"),
        (json!({"kty": "oct"}), "shared keys are never taken from a set"),
    ] {
        assert_eq!(parsed(bad.clone()), Err(why), "{bad}");
    }
}

#[test]
fn texts_are_canonical() {
    let with_zero = parsed(json!({"n": b64(&[vec![0, 0], modulus(2048)].concat()), "use": "sig"})).unwrap();
    let plain = parsed(json!({})).unwrap();
    assert_eq!(with_zero.key.text(), plain.key.text());
    assert!(plain.key.text().starts_with(r#"{"e":"AQAB","kty":"RSA","n":"_"#));
    let ec = PublicKey::ec(Curve::P256, &[1; 32], &[2; 32]).unwrap();
    assert!(ec.text().starts_with(r#"{"crv":"P-256","kty":"EC","x":"AQ"#));
    assert!(PublicKey::ec(Curve::P256, &[1; 31], &[2; 32]).is_err());
    assert!(PublicKey::ec(Curve::P521, &[1; 66], &[2; 66]).unwrap().fits(Algorithm::Es512));
    assert!(PublicKey::ed25519(&[1; 33]).is_err());
}

#[test]
fn signatures_have_one_length() {
    let rsa = PublicKey::rsa(&modulus(2050), &[1, 0, 1]).unwrap();
    assert!(rsa.may_have_made(&[0; 257]));
    assert!(!rsa.may_have_made(&[0; 256]));
    let ec = PublicKey::ec(Curve::P521, &[1; 66], &[2; 66]).unwrap();
    assert!(ec.may_have_made(&[0; 132]));
    assert!(!ec.may_have_made(&[]));
    let ed = PublicKey::ed25519(&[1; 32]).unwrap();
    let mut signature = [0; 64];
    assert!(ed.may_have_made(&signature));
    assert!(!ed.may_have_made(&signature[1..]));
    assert!(!ed.may_have_made(&[]));
    assert!(!ed.may_have_made(&[0; 65]));
    signature[32..].copy_from_slice(&ED25519_ORDER);
    assert!(!ed.may_have_made(&signature));
    signature[32] -= 1;
    assert!(ed.may_have_made(&signature));
    signature[63] = 0x11;
    assert!(!ed.may_have_made(&signature));
}

#[test]
fn kid_decides() {
    let mut weak = rsa("weak");
    weak["n"] = json!(b64(&modulus(1024)));
    let mut only = rsa("only");
    only["alg"] = json!("RS256");
    let ec = json!({"kty": "EC", "crv": "P-384", "x": b64(&[1; 48]), "y": b64(&[1; 48])});
    let keys = set(json!([rsa("a"), weak, only, ec, 7, {"kty": "RSA"}]));
    let chosen = |algorithm, kid| match keys.choose(algorithm, kid) {
        Choice::Key(key) => format!("key {}", key.kid.as_deref().unwrap_or("-")),
        Choice::Unknown => "unknown".to_owned(),
        Choice::Unfit(why) => why.to_owned(),
    };
    assert_eq!(chosen(Algorithm::Rs256, Some("a")), "key a");
    assert_eq!(chosen(Algorithm::Es256, Some("a")), "made for another algorithm");
    assert_eq!(chosen(Algorithm::Rs512, Some("only")), "made for another algorithm");
    assert_eq!(chosen(Algorithm::Rs256, Some("weak")), "RSA key shorter than 2048 bits");
    assert_eq!(chosen(Algorithm::Rs256, Some("A")), "unknown");
    assert_eq!(chosen(Algorithm::Es384, Some("x")), "unknown");
    assert_eq!(chosen(Algorithm::Rs256, None), "no kid, and several keys would fit");
    assert_eq!(chosen(Algorithm::Rs512, None), "key a");
    assert_eq!(chosen(Algorithm::Es384, None), "key -");
    assert_eq!(chosen(Algorithm::EdDsa, None), "unknown");
    assert_eq!(chosen(Algorithm::Hs256, Some("a")), "made for another algorithm");
}

#[test]
fn a_kid_that_comes_twice() {
    let mut other = rsa("a");
    other["n"] = json!(b64(&modulus(3072)));
    assert_eq!(
        set(json!([rsa("a"), other])).choose(Algorithm::Rs256, Some("a")),
        Choice::Unfit("several keys of that kid")
    );
    assert!(matches!(set(json!([rsa("a"), rsa("a")])).choose(Algorithm::Rs256, Some("a")), Choice::Key(_)));
}

#[test]
fn what_is_no_set() {
    for (bytes, why) in [
        ("<html>", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no `keys` list"),
        (r#"{"keys":{}}"#, "no `keys` list"),
        (r#"{"keys":[],"keys":[]}"#, "duplicate member"),
    ] {
        assert_eq!(KeySet::parse(bytes.as_bytes()), Err(why));
    }
    assert_eq!(KeySet::parse(&vec![b' '; MAX_SET + 1]), Err("longer than 256 KiB"));
    let many = json!({ "keys": vec![json!({}); 65] }).to_string();
    assert_eq!(KeySet::parse(many.as_bytes()), Err("more than 64 keys"));
    assert!(set(json!([])).is_empty());
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,120}", kid in "\\PC{0,5}") {
        if let Ok(set) = KeySet::parse(text.as_bytes()) {
            let _ = set.choose(Algorithm::Rs256, Some(&kid));
        }
    }

    #[test]
    fn odd_members_never_panic(members in proptest::collection::btree_map("kty|crv|n|e|x|y|alg|use|kid|key_ops|d", "RSA|EC|OKP|oct|P-256|Ed25519|AQAB|sig|[A-Za-z0-9_-]{0,90}", 0..8)) {
        let _ = set(json!([members])).choose(Algorithm::Rs256, None);
    }
}
