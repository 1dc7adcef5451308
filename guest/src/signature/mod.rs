//! The questions `verify` and `sign`, answered inside: for a world that has no cryptography of its own to offer.
//!
//! The answers are those that the host gives with aws-lc, for every algorithm and every odd key: a policy must not change its
//! mind with the runtime it is in. Nothing here needs randomness; signatures of the gate are deterministic (RFC 6979).

mod key;

use crate::question::VerifyKey;
use crate::session::Algorithm;
use hmac::{Hmac, KeyInit, Mac};
use key::Key;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use sha2::{Sha256, Sha384, Sha512};
use std::collections::BTreeMap;
use std::fmt;

/// Public keys kept. They come from the policy or from documents it names, never from tokens; a full table is emptied.
const PUBLIC: usize = 64;
/// Private keys kept; a policy has one or two.
const PRIVATE: usize = 4;

/// Keys prepared once, so that a second token of the same key costs no preparation. Bounded.
#[derive(Default)]
pub struct Signatures {
    /// By JWK text. `None`: a key that cannot be used.
    public: BTreeMap<String, Option<Key>>,
    /// By PKCS #8 bytes. `None`: a key that cannot be used.
    private: BTreeMap<Vec<u8>, Option<SigningKey>>,
}

impl Signatures {
    /// Without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is the signature good? Anything odd is a "no": an unusable key, a key of another type or curve than the algorithm's,
    /// RSA outside 2048 to 8192 bits, an empty secret, a signature of another length.
    pub fn verify(&mut self, algorithm: Algorithm, key: &VerifyKey, message: &[u8], signature: &[u8]) -> bool {
        match key {
            // Not kept: preparing costs as much as looking up, and a secret less in memory is a gain.
            VerifyKey::Secret(secret) => !secret.is_empty() && shared(algorithm, secret, message, signature),
            VerifyKey::Jwk(text) => kept(&mut self.public, PUBLIC, text.as_str(), Key::parse)
                .is_some_and(|key| key.check(algorithm, message, signature)),
        }
    }

    /// Sign with ES256 (RFC 7518 section 3.4): R and S, 64 bytes. `key` is a P-256 private key, PKCS #8 DER.
    ///
    /// # Errors
    /// The key is not of that kind, or does not go with the public half beside it.
    pub fn sign(&mut self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
        let key = kept(&mut self.private, PRIVATE, key, |der| SigningKey::from_pkcs8_der(der).ok())
            .ok_or("the key is not a P-256 private key")?;
        let signature: Signature = key.try_sign(message).map_err(|_| "the key does not sign")?;
        Ok(signature.to_bytes().to_vec())
    }
}

/// Shows how many keys there are, and none of them.
impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signatures({} public, {} private)", self.public.len(), self.private.len())
    }
}

/// The prepared key of that text. What cannot be used is remembered, too.
fn kept<'t, T, Q, K>(
    table: &'t mut BTreeMap<T, Option<K>>,
    most: usize,
    text: &Q,
    prepare: impl Fn(&Q) -> Option<K>,
) -> Option<&'t K>
where
    T: Ord + std::borrow::Borrow<Q>,
    Q: Ord + ToOwned<Owned = T> + ?Sized,
{
    if !table.contains_key(text) {
        if table.len() >= most {
            table.clear();
        }
        table.insert(text.to_owned(), prepare(text));
    }
    table.get(text)?.as_ref()
}

/// With a shared secret (RFC 7518 section 3.2).
fn shared(algorithm: Algorithm, secret: &[u8], message: &[u8], tag: &[u8]) -> bool {
    match algorithm {
        Algorithm::Hs256 => hmac::<Hmac<Sha256>>(secret, message, tag),
        Algorithm::Hs384 => hmac::<Hmac<Sha384>>(secret, message, tag),
        Algorithm::Hs512 => hmac::<Hmac<Sha512>>(secret, message, tag),
        _ => false,
    }
}

/// In constant time, and the whole tag: a shorter one is none.
fn hmac<M: Mac + KeyInit>(secret: &[u8], message: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret).is_ok_and(|mac| mac.chain_update(message).verify_slice(tag).is_ok())
}

#[cfg(test)]
mod tests;
