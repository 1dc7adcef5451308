//! Each algorithm under keys of its own and of others. What the signatures themselves may look like is shown by the vectors of
//! Wycheproof in the data suite.

use super::*;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA384, RsaEncoding, RsaKeyPair,
};
use serde_json::json;

const MESSAGE: &[u8] = b"header.claims";

/// A signature of [`MESSAGE`]: algorithm, key and signature.
type Signed = (Algorithm, String, Vec<u8>);

fn rsa(algorithm: Algorithm, encoding: &'static dyn RsaEncoding) -> Signed {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
    let key = pair.public_key();
    let (n, e) = (key.modulus().big_endian_without_leading_zero(), key.exponent().big_endian_without_leading_zero());
    let jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) });
    (algorithm, jwk.to_string(), signature)
}

fn ec(algorithm: Algorithm, curve: &str, signing: &'static EcdsaSigningAlgorithm) -> Signed {
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = json!({ "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
    (algorithm, jwk.to_string(), pair.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec())
}

fn ed25519() -> Signed {
    let pair = Ed25519KeyPair::generate().unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    (Algorithm::Eddsa, jwk.to_string(), pair.sign(MESSAGE).as_ref().to_vec())
}

fn question(algorithm: Algorithm, jwk: &str, message: &[u8], signature: &[u8]) -> VerifyQuestion {
    let key = VerifyKey::Jwk(jwk.to_owned());
    VerifyQuestion { algorithm, key, message: message.to_vec(), signature: signature.to_vec() }
}

#[test]
fn a_signature_is_good_under_its_own_key_and_algorithm_only() {
    let verifier = Verifier::new();
    let all = [
        rsa(Algorithm::Rs256, &RSA_PKCS1_SHA256),
        rsa(Algorithm::Ps384, &RSA_PSS_SHA384),
        ec(Algorithm::Es256, "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
        ec(Algorithm::Es384, "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        ec(Algorithm::Es512, "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
        ed25519(),
    ];
    for (algorithm, jwk, signature) in &all {
        // The second time the key is prepared already.
        for _ in 0..2 {
            assert!(verifier.verify(&question(*algorithm, jwk, MESSAGE, signature)), "{algorithm:?}");
        }
        assert!(!verifier.verify(&question(*algorithm, jwk, b"header.other", signature)), "{algorithm:?}");
        for (other, other_jwk, other_signature) in all.iter().filter(|(other, ..)| other != algorithm) {
            assert!(!verifier.verify(&question(*other, jwk, MESSAGE, signature)), "{algorithm:?} {other:?}");
            assert!(!verifier.verify(&question(*algorithm, other_jwk, MESSAGE, signature)), "{algorithm:?} {other:?}");
            assert!(!verifier.verify(&question(*algorithm, jwk, MESSAGE, other_signature)), "{algorithm:?} {other:?}");
        }
    }
}

#[test]
fn secrets_are_for_hmac_and_hmac_is_for_secrets() {
    let verifier = Verifier::new();
    let tag = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret"), MESSAGE);
    let asked = |algorithm, secret: &[u8], signature: &[u8]| {
        let key = VerifyKey::Secret(secret.to_vec());
        verifier.verify(&VerifyQuestion { algorithm, key, message: MESSAGE.to_vec(), signature: signature.to_vec() })
    };
    assert!(asked(Algorithm::Hs256, b"secret", tag.as_ref()));
    assert!(!asked(Algorithm::Hs256, b"other", tag.as_ref()));
    assert!(!asked(Algorithm::Hs512, b"secret", tag.as_ref()));
    assert!(!asked(Algorithm::Rs256, b"secret", tag.as_ref()));
    assert!(!asked(Algorithm::Hs256, b"secret", &[]));
    let empty = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b""), MESSAGE);
    assert!(!asked(Algorithm::Hs256, b"", empty.as_ref()));
    // A public key is no secret, whatever the token says (RFC 8725 section 2.1).
    let (_, jwk, _) = rsa(Algorithm::Rs256, &RSA_PKCS1_SHA256);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, jwk.as_bytes());
    let forged = aws_lc_rs::hmac::sign(&key, MESSAGE);
    assert!(!verifier.verify(&question(Algorithm::Hs256, &jwk, MESSAGE, forged.as_ref())));
}

#[test]
fn odd_keys_are_a_no() {
    let verifier = Verifier::new();
    for jwk in [
        "",
        "{}",
        "null",
        r#"{"kty":"RSA"}"#,
        r#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#,
        r#"{"kty":"RSA","n":"+/==","e":"AQAB"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
        r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
        r#"{"kty":"oct","k":"c2VjcmV0"}"#,
    ] {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Eddsa, Algorithm::Hs256] {
            assert!(!verifier.verify(&question(algorithm, jwk, MESSAGE, &[0; 64])), "{jwk}");
        }
    }
}

#[test]
fn the_table_of_keys_has_an_end() {
    let verifier = Verifier::new();
    for number in 0..KEPT * 3 {
        verifier.verify(&question(Algorithm::Rs256, &number.to_string(), MESSAGE, &[]));
        assert!(verifier.keys.read().unwrap().len() <= KEPT);
    }
}
