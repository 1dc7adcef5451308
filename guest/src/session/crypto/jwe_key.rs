//! The key of a JWE: parts → plaintext, and plaintext → text where a session is rolled on.

use super::NOT_OPENED;
use super::block;
use super::jwe::{CBC_TAG, Enc, GCM_NONCE, Jwe, Sealed};
use super::mac::{HmacSha256, HmacSha512};
use super::text::to_base64url;
use aes::Aes256Dec;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use std::fmt;

/// A key with its schedules made. `Debug` does not show it.
pub(in crate::session) struct JweKey(Box<Prepared>);

enum Prepared {
    Gcm(Aes256Gcm),
    Cbc { mac: HmacSha512, aes: Aes256Dec },
}

impl JweKey {
    /// Prepare a key: 32 bytes for A256GCM, 64 for A256CBC-HS512 (the MAC's half first, RFC 7518 section 5.2.2.1).
    ///
    /// # Errors
    /// If the length is another.
    pub(in crate::session) fn new(enc: Enc, key: &[u8]) -> Result<Self, &'static str> {
        const LENGTH: &str = "key of a wrong length";
        let prepared = match enc {
            Enc::A256Gcm => Prepared::Gcm(Aes256Gcm::new_from_slice(key).map_err(|_| LENGTH)?),
            Enc::A256CbcHs512 => {
                let (mac, aes) = key.split_at_checked(32).ok_or(LENGTH)?;
                let aes = Aes256Dec::new_from_slice(aes).map_err(|_| LENGTH)?;
                Prepared::Cbc { mac: HmacSha512::new(mac)?, aes }
            }
        };
        Ok(Self(Box::new(prepared)))
    }

    /// The plaintext, if every bit of the token is as this key's owner wrote it.
    ///
    /// # Errors
    /// [`NOT_OPENED`], whatever it was.
    pub(in crate::session) fn open(&self, jwe: &Jwe) -> Result<Vec<u8>, &'static str> {
        match (&*self.0, &jwe.sealed) {
            (Prepared::Gcm(gcm), Sealed::Gcm { nonce, ciphertext, tag }) => {
                let mut text = ciphertext.clone();
                gcm.decrypt_inout_detached(nonce.into(), jwe.aad.as_bytes(), text.as_mut_slice().into(), tag.into())
                    .map_err(|_| NOT_OPENED)?;
                Ok(text)
            }
            (Prepared::Cbc { mac, aes }, Sealed::Cbc { iv, ciphertext, tag }) => {
                let aad = jwe.aad.as_bytes();
                let bits = (aad.len() as u64 * 8).to_be_bytes();
                if !mac.verify_truncated(&[aad, iv, ciphertext, &bits], tag, CBC_TAG) {
                    return Err(NOT_OPENED);
                }
                block::decrypt(aes, iv, ciphertext).ok_or(NOT_OPENED)
            }
            _ => Err(NOT_OPENED),
        }
    }

    /// Encrypt with A256GCM. `header` is the protected header as JSON text; it must say `dir` and `A256GCM`.
    ///
    /// The nonce is [`synthetic_nonce`] of header and plaintext under `nonces`, which must be a key of its own
    /// ([`super::derive::nonce_key`]).
    ///
    /// # Errors
    /// If this is no key for A256GCM, or there is too much to encrypt.
    pub(in crate::session) fn seal(
        &self,
        header: &str,
        plaintext: &[u8],
        nonces: &HmacSha256,
    ) -> Result<String, &'static str> {
        let aad = to_base64url(header);
        let nonce = synthetic_nonce(nonces, aad.as_bytes(), plaintext);
        self.seal_with(&aad, plaintext, &nonce)
    }

    /// Not to be called with a nonce that does not come from [`synthetic_nonce`], but for known answers.
    fn seal_with(&self, aad: &str, plaintext: &[u8], nonce: &[u8; GCM_NONCE]) -> Result<String, &'static str> {
        let Prepared::Gcm(gcm) = &*self.0 else { return Err("seals are made with A256GCM only") };
        let mut text = plaintext.to_vec();
        let tag = gcm
            .encrypt_inout_detached(nonce.into(), aad.as_bytes(), text.as_mut_slice().into())
            .map_err(|_| "too long to encrypt")?;
        Ok(format!("{aad}..{}.{}.{}", to_base64url(nonce), to_base64url(text), to_base64url(tag)))
    }
}

impl fmt::Debug for JweKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Prepared::Gcm(_) => "JweKey(A256GCM)",
            Prepared::Cbc { .. } => "JweKey(A256CBC-HS512)",
        })
    }
}

/// A nonce without a source of randomness: the first 96 bits of an HMAC-SHA256 over all that is encrypted or
/// authenticated.
///
/// GCM breaks if one key meets one nonce with two different inputs. Here equal nonces mean equal inputs, hence the same
/// text again, up to a collision of 96 bits: to who has not the MAC key they are as random ones, so the bound of
/// random nonces holds (2^32 texts for one key, NIST SP 800-38D section 8.3), also beside an app that draws its own at
/// random under the same key. The header is in it, too: two headers under one nonce would give GHASH's key away. What
/// is lost: one can see that the same content was written twice, times included.
fn synthetic_nonce(key: &HmacSha256, aad: &[u8], plaintext: &[u8]) -> [u8; GCM_NONCE] {
    let tag = key.tag(&[&(aad.len() as u64).to_be_bytes(), aad, plaintext]);
    let mut nonce = [0; GCM_NONCE];
    nonce.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
    nonce
}

#[cfg(test)]
mod tests {
    use super::super::derive::nonce_key;
    use super::*;

    const HEADER: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;

    #[test]
    fn lengths_of_keys() {
        for (enc, right) in [(Enc::A256Gcm, 32), (Enc::A256CbcHs512, 64)] {
            for length in [0, 16, 31, 32, 33, 63, 64, 65] {
                assert_eq!(JweKey::new(enc, &vec![1; length]).is_ok(), length == right, "{enc:?} {length}");
            }
        }
        let key = JweKey::new(Enc::A256CbcHs512, &[1; 64]).unwrap();
        assert_eq!(format!("{key:?}"), "JweKey(A256CBC-HS512)");
    }

    #[test]
    fn a_key_opens_its_own_kind_only() {
        let nonces = HmacSha256::new(&nonce_key(b"s").unwrap()).unwrap();
        let gcm = JweKey::new(Enc::A256Gcm, &[1; 32]).unwrap();
        let cbc = JweKey::new(Enc::A256CbcHs512, &[1; 64]).unwrap();
        let jwe = Jwe::parse(&gcm.seal(HEADER, b"{}", &nonces).unwrap()).unwrap();
        assert_eq!(gcm.open(&jwe).unwrap(), b"{}");
        assert_eq!(cbc.open(&jwe), Err(NOT_OPENED));
        assert!(cbc.seal(HEADER, b"{}", &nonces).is_err());
    }

    /// Whatever is encrypted or authenticated changes the nonce, and moving a border does.
    #[test]
    fn nonces_follow_all_input() {
        let key = HmacSha256::new(&[1; 32]).unwrap();
        let other = HmacSha256::new(&[2; 32]).unwrap();
        let all = [
            synthetic_nonce(&key, b"ab", b"c"),
            synthetic_nonce(&key, b"a", b"bc"),
            synthetic_nonce(&key, b"", b"abc"),
            synthetic_nonce(&key, b"ab", b"d"),
            synthetic_nonce(&key, b"ac", b"c"),
            synthetic_nonce(&other, b"ab", b"c"),
        ];
        for (at, nonce) in all.iter().enumerate() {
            assert!(!all[..at].contains(nonce), "{at}");
        }
        assert_eq!(synthetic_nonce(&key, b"ab", b"c"), all[0]);

        let gcm = JweKey::new(Enc::A256Gcm, &[1; 32]).unwrap();
        let seal = |plain: &[u8]| gcm.seal(HEADER, plain, &key).unwrap();
        assert_eq!(seal(b"x"), seal(b"x"));
        let nonce = |text: String| text.split('.').nth(2).unwrap().to_owned();
        assert_ne!(nonce(seal(b"x")), nonce(seal(b"y")));
    }
}
