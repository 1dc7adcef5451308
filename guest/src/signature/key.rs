//! Public keys made ready, and what each may be used for.

use crate::session::Algorithm;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto_bigint::modular::BoxedMontyForm;
use p256::ecdsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use sha2::digest::const_oid::AssociatedOid;
use sha2::digest::{Digest, FixedOutputReset};
use sha2::{Sha256, Sha384, Sha512};

/// Bits of an RSA modulus; see `jwt/jwk.rs` for the reasons.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The exponent of nearly every key there is.
const F4: u64 = 65_537;

/// A public key. Its type and curve decide what it may be used for, not the algorithm asked for.
pub(super) enum Key {
    Rsa(PublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// The members of a JWK that make up a key (RFC 7518 section 6, RFC 8037 section 2).
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
    /// From a JWK; `None` if it cannot be used.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let jwk: Jwk = serde_json::from_str(text).ok()?;
        Some(match (jwk.kty.as_str(), jwk.crv.as_str()) {
            ("RSA", _) => Self::Rsa(rsa(&octets(&jwk.n)?, &octets(&jwk.e)?)?),
            ("EC", "P-256") => Self::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk, 32)?).ok()?),
            ("EC", "P-384") => Self::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk, 48)?).ok()?),
            ("EC", "P-521") => Self::P521(p521::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk, 66)?).ok()?),
            ("OKP", "Ed25519") => Self::Ed25519(ed25519(&octets(&jwk.x)?)?),
            _ => return None,
        })
    }

    /// Is that signature of this key?
    pub(super) fn check(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa(key), Algorithm::Rs256) => pkcs1::<Sha256>(key, message, signature),
            (Self::Rsa(key), Algorithm::Rs384) => pkcs1::<Sha384>(key, message, signature),
            (Self::Rsa(key), Algorithm::Rs512) => pkcs1::<Sha512>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps256) => pss::<Sha256>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps384) => pss::<Sha384>(key, message, signature),
            (Self::Rsa(key), Algorithm::Ps512) => pss::<Sha512>(key, message, signature),
            (Self::P256(key), Algorithm::Es256) => fixed::<p256::ecdsa::Signature>(key, message, signature),
            (Self::P384(key), Algorithm::Es384) => fixed::<p384::ecdsa::Signature>(key, message, signature),
            (Self::P521(key), Algorithm::Es512) => fixed::<p521::ecdsa::Signature>(key, message, signature),
            (Self::Ed25519(key), Algorithm::EdDsa) => fixed::<ed25519_dalek::Signature>(key, message, signature),
            _ => false,
        }
    }
}

/// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2).
fn pkcs1<D: Digest + AssociatedOid>(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let (scheme, digest) = (Pkcs1v15Sign::new::<D>(), D::digest(message));
    if *key.e() != BoxedUint::from(F4) {
        return key.verify(scheme, &digest, signature).is_ok();
    }
    // EMSA-PKCS1-v1_5 (section 9.2): there is one right block, so it is made and compared.
    let end = [&[0], scheme.prefix.as_ref(), digest.as_slice()].concat();
    let Some(padding) = key.size().checked_sub(2 + end.len()).filter(|length| *length >= 8) else { return false };
    let block = [&[0, 1], vec![0xff; padding].as_slice(), end.as_slice()].concat();
    opened(key, signature).is_some_and(|opened| opened == block)
}

/// The signature to the power of 65537 (RFC 8017 section 5.2.2), as many bytes as the modulus has. 16 squares and a product:
/// the library's way, which is made for secret exponents, does about twice that.
fn opened(key: &PublicKey, signature: &[u8]) -> Option<Vec<u8>> {
    let number = BoxedUint::from_be_slice(signature, key.n_bits_precision()).ok()?;
    if signature.len() != key.size() || number >= **key.n() {
        return None;
    }
    let base = BoxedMontyForm::new(number, key.n_params());
    let power = (0..16).fold(base.clone(), |power, _| power.square());
    let bytes = power.mul(&base).retrieve().to_be_bytes();
    // Below the modulus: what stands in front of its length is zero.
    bytes.get(bytes.len().checked_sub(key.size())?..).map(<[u8]>::to_vec)
}

/// RSASSA-PSS (RFC 8017 section 8.1.2), the salt as long as the digest (RFC 7518 section 3.5).
fn pss<D: Digest + FixedOutputReset>(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    key.pss_verify::<D>(message, signature).is_ok()
}

/// Signatures of a fixed length. ECDSA (RFC 7518 section 3.4): R and S from 1 to below the order of the group, S of either
/// half. Ed25519 (RFC 8032 section 5.1.7): S below the order, R compared as bytes; keys and R of small order are as good as
/// they are to the host.
fn fixed<S: for<'a> TryFrom<&'a [u8]>>(key: &impl Verifier<S>, message: &[u8], signature: &[u8]) -> bool {
    S::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// An odd modulus and an odd exponent of 3 to 2^33 - 1, both without zero bytes in front.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
    let number = |bytes: &[u8]| match bytes.first() {
        None | Some(0) => None,
        Some(_) => Some(BoxedUint::from_be_slice_vartime(bytes)),
    };
    PublicKey::new_with_size_limits(number(modulus)?, number(exponent)?, RSA_BITS).ok()
}

/// The one encoding of a point (RFC 8032 section 5.1.3): the library takes others as well, the host does not.
fn ed25519(x: &[u8]) -> Option<ed25519_dalek::VerifyingKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(x.try_into().ok()?).ok()?;
    (key.to_edwards().compress().as_bytes() == x).then_some(key)
}

/// An uncompressed point (SEC 1 section 2.3.3). Both coordinates have the full length (RFC 7518 section 6.2.1.2):
/// without that check a short x and a long y would make another point of the right total length.
fn point(jwk: &Jwk, size: usize) -> Option<Vec<u8>> {
    let coordinate = |text| octets(text).filter(|bytes| bytes.len() == size);
    Some([&[4], coordinate(&jwk.x)?.as_slice(), coordinate(&jwk.y)?.as_slice()].concat())
}

fn octets(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
