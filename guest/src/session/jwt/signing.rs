//! Keys that sign: for what the gate itself says about a visitor. The signature is a question to the world.

use super::{der, pem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// A P-256 key for ES256 (RFC 7518 section 3.4). `Debug` shows its name only.
pub struct SigningKey {
    der: Vec<u8>,
    kid: String,
    jwk: Map<String, Value>,
}

impl SigningKey {
    /// Read a PEM file with one PKCS #8 private key that holds its public half, as
    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it.
    ///
    /// # Errors
    /// Why it cannot be used; never a word of the key.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let der = pem::private(text)?;
        let public = der::pkcs8_public(&der)?;
        // RFC 7638: the hash of the JWK text that has only the members of the key.
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(public.text()));
        let Ok(Value::Object(mut jwk)) = serde_json::from_str(public.text()) else { return Err("malformed key") };
        for (name, value) in [("kid", kid.as_str()), ("use", "sig"), ("alg", "ES256")] {
            jwk.insert(name.to_owned(), value.into());
        }
        Ok(Self { der, kid, jwk })
    }

    /// PKCS #8 DER, for the question.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public half as a JWK with `kid`, `use` and `alg`.
    pub fn jwk(&self) -> &Map<String, Value> {
        &self.jwk
    }

    /// The signing input of a token (RFC 7515 section 5.1) with these claims.
    pub fn signing_input(&self, claims: &Map<String, Value>) -> String {
        let header = serde_json::json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid });
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}", encode(header.to_string()), encode(Value::Object(claims.clone()).to_string()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made for this test; it protects nothing.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3Aro9N4KRaST37ZZ\njXb83Qh1UJWyK4Fl9Bk4VILUvYuhRANCAAQ0fGnpFUYqgZxB4LlIBwem66HaCjxG\n/+FY3DAEdLLV3Wjzn5Bw0b4UZyO9AkA3H/wSkyXZxzIw/S0NV3I8jVA1\n-----END PRIVATE KEY-----\n";

    #[test]
    fn what_openssl_writes() {
        let key = SigningKey::parse(KEY).unwrap();
        assert_eq!(key.jwk()["crv"], "P-256");
        assert_eq!(key.jwk()["alg"], "ES256");
        assert!(key.signing_input(&Map::new()).ends_with(".e30"));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.jwk()["kid"].as_str().unwrap()));
    }

    #[test]
    fn everything_else_says_what_it_is() {
        for (text, why) in [
            (String::new(), "no PEM block in it"),
            (KEY.replace("PRIVATE", "PUBLIC"), "not a private key"),
            (KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), "it is encrypted; `openssl pkcs8 -in FILE` decrypts it"),
            (format!("{KEY}{KEY}"), "more than one PEM block in it"),
            (KEY.replace("MIGH", "MI*H"), "not base64"),
            (KEY.replace("MIGH", "MIGG"), "malformed DER"),
        ] {
            assert_eq!(SigningKey::parse(&text).err(), Some(why), "{text}");
        }
    }
}
