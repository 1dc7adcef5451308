//! JWE compact form (RFC 7516 section 7.1), text → parts: direct encryption only, in one spelling only.
//!
//! What depends on a key is in [`super::jwe_key`].

use super::MAX_TEXT;
use super::block::BLOCK;
use super::text::base64url;
use crate::session::json;
use serde_json::Value;
use std::fmt;

/// Bytes of the decoded header; real ones have about 150.
const MAX_HEADER: usize = 4 * 1024;
/// Bytes of `kid`; a SHA-512 thumbprint has 86.
const MAX_KID: usize = 256;
/// Bytes of nonce and tag of A256GCM (RFC 7518 section 5.3).
pub(super) const GCM_NONCE: usize = 12;
/// See [`GCM_NONCE`].
pub(super) const GCM_TAG: usize = 16;
/// Bytes of the tag of A256CBC-HS512 (RFC 7518 section 5.2.5).
pub(super) const CBC_TAG: usize = 32;
/// Members that make a token something else than a directly encrypted one: extensions that must be understood (RFC
/// 7516 section 4.1.13), compression, and the parameters of key agreement, key wrapping and passwords (RFC 7518
/// section 4). A library may do much work at the word of such a member.
const FOREIGN: [&str; 10] = ["crit", "zip", "b64", "p2c", "p2s", "epk", "apu", "apv", "iv", "tag"];

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Enc {
    /// AES-256 in Galois/counter mode.
    A256Gcm,
    /// AES-256-CBC, then HMAC-SHA512.
    A256CbcHs512,
}

impl Enc {
    /// As the header names it.
    pub(in crate::session) fn name(self) -> &'static str {
        match self {
            Self::A256Gcm => "A256GCM",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::A256Gcm, Self::A256CbcHs512].into_iter().find(|enc| enc.name() == name)
    }
}

/// An encrypted token that has the right form. Nothing in it is to be believed yet, `kid` least of all.
pub(in crate::session) struct Jwe {
    /// The `enc` it claims.
    pub(in crate::session) enc: Enc,
    /// Which key it claims; only to be compared.
    pub(in crate::session) kid: Option<String>,
    /// The header as it was sent: the additional data of the encryption.
    pub(super) aad: String,
    /// The rest, each of a length that `enc` allows.
    pub(super) sealed: Sealed,
}

/// IV, ciphertext and tag.
pub(super) enum Sealed {
    Gcm { nonce: [u8; GCM_NONCE], ciphertext: Vec<u8>, tag: [u8; GCM_TAG] },
    Cbc { iv: [u8; BLOCK], ciphertext: Vec<u8>, tag: [u8; CBC_TAG] },
}

impl Jwe {
    /// Check and take apart. Members of the header that are not known are not looked at.
    ///
    /// # Errors
    /// What is wrong, without a word of the text itself.
    pub(in crate::session) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_TEXT {
            return Err("longer than 64 KiB");
        }
        let mut parts = text.split('.');
        let (Some(aad), Some(key), Some(iv), Some(ciphertext), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("not five parts");
        };
        if !key.is_empty() {
            return Err("encrypted key where none belongs");
        }
        let (enc, kid) = header(aad)?;
        let iv = base64url(iv).ok_or("IV is not base64url")?;
        let ciphertext = base64url(ciphertext).ok_or("ciphertext is not base64url")?;
        let tag = base64url(tag).ok_or("tag is not base64url")?;
        let sealed = match enc {
            Enc::A256Gcm => Sealed::Gcm { nonce: sized(&iv)?, ciphertext, tag: sized(&tag)? },
            Enc::A256CbcHs512 if !ciphertext.is_empty() && ciphertext.len().is_multiple_of(BLOCK) => {
                Sealed::Cbc { iv: sized(&iv)?, ciphertext, tag: sized(&tag)? }
            }
            Enc::A256CbcHs512 => return Err("ciphertext is not whole blocks"),
        };
        Ok(Self { enc, kid, aad: aad.to_owned(), sealed })
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Jwe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwe({})", self.enc.name())
    }
}

fn header(text: &str) -> Result<(Enc, Option<String>), &'static str> {
    let header = base64url(text).ok_or("header is not base64url")?;
    if header.len() > MAX_HEADER {
        return Err("header longer than 4 KiB");
    }
    let header = json::object(&header)?;
    if FOREIGN.iter().any(|name| header.contains_key(*name)) {
        return Err("header asks for an extension or another way to encrypt");
    }
    match header.get("alg") {
        Some(Value::String(alg)) if alg == "dir" => {}
        _ => return Err("`alg` is not `dir`"),
    }
    let enc = match header.get("enc") {
        Some(Value::String(enc)) => Enc::from_name(enc),
        _ => None,
    };
    let enc = enc.ok_or("`enc` is neither A256GCM nor A256CBC-HS512")?;
    let kid = match header.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= MAX_KID => Some(kid.clone()),
        Some(_) => return Err("`kid` is no short text"),
    };
    Ok((enc, kid))
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], &'static str> {
    bytes.try_into().map_err(|_| "IV or tag of a wrong length")
}
