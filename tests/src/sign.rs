//! A key made for this run and tokens signed with it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An ES256 key pair (RFC 7518 section 3.4).
#[derive(Debug)]
pub struct Signer {
    pair: EcdsaKeyPair,
}

impl Signer {
    /// A new key.
    pub fn new() -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key can be made") }
    }

    /// The public half as a JWK set with `kid` `k1`.
    pub fn jwks(&self) -> Value {
        // Uncompressed point (SEC 1 section 2.3.3): 04, X, Y.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] })
    }

    /// A signed token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("ES256 signs anything");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

/// An RS256 key pair of 2,048 bits (RFC 7518 section 3.3).
#[derive(Debug)]
pub struct RsaSigner {
    pair: RsaKeyPair,
}

impl RsaSigner {
    /// A new key.
    pub fn new() -> Self {
        Self { pair: RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made") }
    }

    /// The public half as a JWK set with `kid` `r1`.
    pub fn jwks(&self) -> Value {
        let key = self.pair.public_key();
        let (n, e) =
            (key.modulus().big_endian_without_leading_zero(), key.exponent().big_endian_without_leading_zero());
        json!({ "keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "r1",
            "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
        }] })
    }

    /// A signed token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "r1" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
            .expect("RS256 signs anything");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Default for RsaSigner {
    fn default() -> Self {
        Self::new()
    }
}

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The header of a token, unverified.
pub fn header(token: &str) -> Option<Value> {
    let header = token.split('.').next()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
}
