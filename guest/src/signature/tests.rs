//! Vectors of the RFCs, and keys that are none. That every answer is the host's is shown by `tests/tests/signatures.rs`.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 6979 appendix A.2.5: the private key, and its public half.
const PRIVATE_KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const POINT: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

/// `PrivateKeyInfo` around `ECPrivateKey` with the public half, as OpenSSL writes it.
fn pkcs8(private: &str, point: &str) -> Vec<u8> {
    hex(&format!(
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420{private}a14403420004{point}"
    ))
}

fn jwk(members: &str) -> VerifyKey {
    VerifyKey::Jwk(format!("{{{members}}}"))
}

/// Algorithm, key, header, payload, signature.
fn vectors() -> [(Algorithm, VerifyKey, String, &'static str); 3] {
    [
        // RFC 7515 appendix A.1.
        (
            Algorithm::Hs256,
            VerifyKey::Secret(decoded(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            )),
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        // RFC 7515 appendix A.3.
        (
            Algorithm::Es256,
            jwk(
                r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#,
            ),
            format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        // RFC 8037 appendix A.4.
        (
            Algorithm::EdDsa,
            jwk(r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ]
}

#[test]
fn signatures_of_the_rfcs_are_good_under_their_own_key_and_algorithm_only() {
    let mut signatures = Signatures::new();
    for (algorithm, key, message, signature) in vectors() {
        let signature = decoded(signature);
        // The second time the key is prepared already.
        for _ in 0..2 {
            assert!(signatures.verify(algorithm, &key, message.as_bytes(), &signature), "{algorithm:?}");
        }
        assert!(!signatures.verify(algorithm, &key, b"another text", &signature), "{algorithm:?}");
        for cut in [0, 1, signature.len() - 1] {
            assert!(!signatures.verify(algorithm, &key, message.as_bytes(), &signature[..cut]), "{algorithm:?} {cut}");
        }
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(!signatures.verify(other, &key, message.as_bytes(), &signature), "{algorithm:?} as {other:?}");
        }
        for (_, other, ..) in vectors().into_iter().filter(|(other, ..)| *other != algorithm) {
            assert!(!signatures.verify(algorithm, &other, message.as_bytes(), &signature), "{algorithm:?} {other:?}");
        }
    }
    assert_eq!(format!("{signatures:?}"), "Signatures(2 public, 0 private)");
}

#[test]
fn an_empty_secret_is_no_secret() {
    let tag = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(b"a.b").finalize().into_bytes();
    assert!(!Signatures::new().verify(Algorithm::Hs256, &VerifyKey::Secret(Vec::new()), b"a.b", &tag));
}

#[test]
fn odd_keys_are_a_no() {
    let mut signatures = Signatures::new();
    for text in [
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
        for algorithm in Algorithm::ALL {
            assert!(!signatures.verify(algorithm, &VerifyKey::Jwk(text.to_owned()), b"a.b", &[0; 64]), "{text}");
        }
    }
}

#[test]
fn what_is_signed_is_what_rfc_6979_says() {
    let mut signatures = Signatures::new();
    let key = pkcs8(PRIVATE_KEY, POINT);
    // S is of the upper half: nothing is normalised.
    let expected = hex(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    for _ in 0..2 {
        assert_eq!(signatures.sign(&key, b"sample").unwrap(), expected);
    }
    let (x, y) = (hex(&POINT[..64]), hex(&POINT[64..]));
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let public = jwk(&format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#));
    assert!(signatures.verify(Algorithm::Es256, &public, b"sample", &expected));
    assert_eq!(format!("{signatures:?}"), "Signatures(1 public, 1 private)");
}

#[test]
fn private_keys_that_are_none_say_so() {
    let mut signatures = Signatures::new();
    let zero = "0".repeat(64);
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    // The public half of another key: x with the negative of y.
    let other = format!("{}86fc01eef74743675be51616a9d7439b0d0e4df4d28160ae885c3d6b2bb9dd66", &POINT[..64]);
    for key in [
        Vec::new(),
        b"nonsense".to_vec(),
        pkcs8(&zero, POINT),
        pkcs8(order, POINT),
        pkcs8(PRIVATE_KEY, &other),
        pkcs8(PRIVATE_KEY, POINT)[..100].to_vec(),
    ] {
        assert_eq!(signatures.sign(&key, b"a.b").unwrap_err(), "the key is not a P-256 private key");
    }
}

#[test]
fn the_tables_of_keys_have_an_end() {
    let mut signatures = Signatures::new();
    for number in 0..PUBLIC * 3 {
        signatures.verify(Algorithm::Rs256, &VerifyKey::Jwk(number.to_string()), b"a.b", &[]);
        let _none = signatures.sign(number.to_string().as_bytes(), b"a.b");
        assert!(signatures.public.len() <= PUBLIC && signatures.private.len() <= PRIVATE);
    }
}
