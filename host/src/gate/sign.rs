//! "Sign this for me", natively: ES256 by aws-lc. 20 us with a prepared key, so it is done on the spot.

use crate::contract::{Answer, SignQuestion};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Prepared keys kept. They come from the policy, which has a few; a full table is emptied.
const KEPT: usize = 16;

/// Signs; keeps prepared keys. One for all instances.
#[derive(Default)]
pub struct Signer {
    keys: RwLock<Keys>,
}

/// By PKCS #8 bytes. `None`: a key that cannot be used.
type Keys = HashMap<Box<[u8]>, Option<Arc<EcdsaKeyPair>>>;

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// One without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The signature, or what failed.
    pub fn answer(&self, question: &SignQuestion) -> Answer {
        let Some(key) = self.key(&question.key) else {
            return Answer::Failed("the key is not a P-256 private key".to_owned());
        };
        match key.sign(&SystemRandom::new(), &question.message) {
            Ok(signature) => Answer::Signed(signature.as_ref().to_vec()),
            Err(_) => Answer::Failed("the key does not sign".to_owned()),
        }
    }

    fn key(&self, der: &[u8]) -> Option<Arc<EcdsaKeyPair>> {
        if let Some(known) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(der) {
            return known.clone();
        }
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Arc::new);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(der.into(), key.clone());
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};

    #[test]
    fn what_is_signed_verifies_and_bad_keys_fail() {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
        let signer = Signer::new();
        for _ in 0..2 {
            let question = SignQuestion { key: der.as_ref().to_vec(), message: b"a.b".to_vec() };
            let Answer::Signed(signature) = signer.answer(&question) else { panic!() };
            assert_eq!(signature.len(), 64);
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
            assert!(public.verify(b"a.b", &signature).is_ok());
        }
        for key in [Vec::new(), b"nonsense".to_vec()] {
            let question = SignQuestion { key, message: Vec::new() };
            assert!(matches!(signer.answer(&question), Answer::Failed(_)));
        }
    }
}
