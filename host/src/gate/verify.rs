//! "Is this signature good?", natively: `jsonwebtoken` over aws-lc. 13 to 40 us, so it is done on the spot.

use crate::contract::{Algorithm, VerifyKey, VerifyQuestion};
use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as Jwa, DecodingKey};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Prepared keys kept. Keys come from the policy or from documents it names (64 keys each), never from tokens, so the
/// number is small; a full table is emptied.
const KEPT: usize = 256;

/// Checks signatures; keeps prepared keys. One for all instances.
#[derive(Default)]
pub struct Verifier {
    /// By JWK text. `None`: a key that cannot be used.
    keys: RwLock<HashMap<Box<str>, Option<Arc<Key>>>>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is the signature good? Anything odd about the key is a "no", never a panic: an unusable key, a key of another
    /// type or curve than the algorithm's, RSA outside 2048 to 8192 bits, an empty secret.
    pub fn verify(&self, question: &VerifyQuestion) -> bool {
        let VerifyQuestion { algorithm, key, message, signature } = question;
        match key {
            VerifyKey::Secret(secret) => match hmac(*algorithm) {
                // Not kept: preparing costs as much as looking up, and a secret less in memory is a gain.
                Some(jwa) if !secret.is_empty() => check(jwa, &DecodingKey::from_secret(secret), message, signature),
                _ => false,
            },
            VerifyKey::Jwk(text) => self.key(text).is_some_and(|key| key.check(*algorithm, message, signature)),
        }
    }

    fn key(&self, text: &str) -> Option<Arc<Key>> {
        if let Some(known) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return known.clone();
        }
        let key = Key::parse(text).map(Arc::new);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(text.into(), key.clone());
        key
    }
}

/// A public key, with what it may be used for. The type and curve decide, not the algorithm asked for.
enum Key {
    Rsa(DecodingKey),
    P256(DecodingKey),
    P384(DecodingKey),
    /// Uncompressed point. `jsonwebtoken` has no ES512.
    P521(Vec<u8>),
    Ed25519(DecodingKey),
}

#[derive(serde::Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let jwk: Jwk = serde_json::from_str(text).ok()?;
        Some(match (jwk.kty.as_str(), jwk.crv.as_str()) {
            ("RSA", _) => Self::Rsa(DecodingKey::from_rsa_raw_components(&octets(&jwk.n)?, &octets(&jwk.e)?)),
            ("EC", "P-256") => Self::P256(DecodingKey::from_ec_der(&point(&jwk, 32)?)),
            ("EC", "P-384") => Self::P384(DecodingKey::from_ec_der(&point(&jwk, 48)?)),
            ("EC", "P-521") => Self::P521(point(&jwk, 66)?),
            ("OKP", "Ed25519") => Self::Ed25519(DecodingKey::from_ed_der(&sized(&jwk.x, 32)?)),
            _ => return None,
        })
    }

    fn check(&self, algorithm: Algorithm, message: &[u8], signature: &Vec<u8>) -> bool {
        match (self, algorithm) {
            (Self::Rsa(key), Algorithm::Rs256) => check(Jwa::RS256, key, message, signature),
            (Self::Rsa(key), Algorithm::Rs384) => check(Jwa::RS384, key, message, signature),
            (Self::Rsa(key), Algorithm::Rs512) => check(Jwa::RS512, key, message, signature),
            (Self::Rsa(key), Algorithm::Ps256) => check(Jwa::PS256, key, message, signature),
            (Self::Rsa(key), Algorithm::Ps384) => check(Jwa::PS384, key, message, signature),
            (Self::Rsa(key), Algorithm::Ps512) => check(Jwa::PS512, key, message, signature),
            (Self::P256(key), Algorithm::Es256) => check(Jwa::ES256, key, message, signature),
            (Self::P384(key), Algorithm::Es384) => check(Jwa::ES384, key, message, signature),
            (Self::P521(point), Algorithm::Es512) => {
                UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point).verify(message, signature).is_ok()
            }
            (Self::Ed25519(key), Algorithm::Eddsa) => check(Jwa::EdDSA, key, message, signature),
            _ => false,
        }
    }
}

/// The signature step of `jsonwebtoken`. Its aws-lc provider is named here: the process-wide default panics in a program
/// that holds two providers.
fn check(algorithm: Jwa, key: &DecodingKey, message: &[u8], signature: &Vec<u8>) -> bool {
    (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key)
        .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
}

fn hmac(algorithm: Algorithm) -> Option<Jwa> {
    match algorithm {
        Algorithm::Hs256 => Some(Jwa::HS256),
        Algorithm::Hs384 => Some(Jwa::HS384),
        Algorithm::Hs512 => Some(Jwa::HS512),
        _ => None,
    }
}

/// An uncompressed point (SEC 1 section 2.3.3). Both coordinates have the full length (RFC 7518 section 6.2.1.2):
/// without that check a short x and a long y would make another point of the right total length.
fn point(jwk: &Jwk, size: usize) -> Option<Vec<u8>> {
    Some([&[4], sized(&jwk.x, size)?.as_slice(), sized(&jwk.y, size)?.as_slice()].concat())
}

fn sized(text: &str, size: usize) -> Option<Vec<u8>> {
    octets(text).filter(|bytes| bytes.len() == size)
}

fn octets(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
