//! An issuer for one run: a P-256 key pair, a JWKS with one key, tokens of an hour.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::io::Error;

/// Seconds that a token is good for; and its cookie.
pub(super) const LIFETIME: i64 = 3600;

const KID: &str = "demo";
const AUDIENCE: &str = "demo";

pub(super) struct Issuer {
    url: String,
    key: EncodingKey,
    /// Coordinates of the public key.
    point: (String, String),
}

impl Issuer {
    pub(super) fn new(url: String) -> Result<Self, Error> {
        let no_key = |_| Error::other("no key pair could be made");
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = document.map_err(no_key)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref());
        let pair = pair.map_err(|_| Error::other("the key pair cannot be read back"))?;
        // SEC 1 section 2.3.3, uncompressed: 4, then x and y of 32 bytes each.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(Error::other("the public key has an odd form"));
        };
        let point = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Ok(Self { url, key: EncodingKey::from_ec_der(document.as_ref()), point })
    }

    /// RFC 7517.
    pub(super) fn jwks(&self) -> Value {
        let (x, y) = &self.point;
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KID, "x": x, "y": y }] })
    }

    /// OpenID Connect Discovery 1.0 section 4.2, the members that a verifier wants.
    pub(super) fn discovery(&self) -> Value {
        json!({ "issuer": self.url, "jwks_uri": format!("{}/.well-known/jwks.json", self.url) })
    }

    pub(super) fn token(&self, name: &str, email: &str) -> jsonwebtoken::errors::Result<String> {
        use crate::clock::Clock as _;
        let now = crate::clock::SystemClock.now();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(KID.to_owned());
        let claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": format!("demo|{}", name.to_lowercase()),
            "name": name, "email": email, "iat": now, "exp": now + LIFETIME,
        });
        jsonwebtoken::encode(&header, &claims, &self.key)
    }
}
