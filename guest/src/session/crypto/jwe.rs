//! JWE compact form (RFC 7516 section 7.1), text → parts: direct encryption only, in one spelling only.
//!
//! What depends on a key is in [`super::jwe_key`].

use super::MAX_TEXT;
use super::block::BLOCK;
use super::text::base64url;
use crate::session::json;
use serde_json::{Map, Value};
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
    /// All members of the header. Once the token is open, they are as good as its content.
    pub(in crate::session) header: Map<String, Value>,
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
        let header = header(aad)?;
        let (enc, kid) = named(&header)?;
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
        Ok(Self { enc, kid, header, aad: aad.to_owned(), sealed })
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Jwe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwe({})", self.enc.name())
    }
}

fn header(text: &str) -> Result<Map<String, Value>, &'static str> {
    let header = base64url(text).ok_or("header is not base64url")?;
    if header.len() > MAX_HEADER {
        return Err("header longer than 4 KiB");
    }
    let header = json::object(&header)?;
    if FOREIGN.iter().any(|name| header.contains_key(*name)) {
        return Err("header asks for an extension or another way to encrypt");
    }
    Ok(header)
}

/// How it is encrypted, and with which key.
fn named(header: &Map<String, Value>) -> Result<(Enc, Option<String>), &'static str> {
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

#[cfg(test)]
mod tests {
    use super::super::text::to_base64url;
    use super::*;

    const HEADER: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;

    /// As sent: header, IV, ciphertext, tag of those lengths.
    fn token(header: &str, iv: usize, ciphertext: usize, tag: usize) -> String {
        let zeros = |length| to_base64url(vec![0; length]);
        format!("{}..{}.{}.{}", to_base64url(header), zeros(iv), zeros(ciphertext), zeros(tag))
    }

    fn refused(text: &str) -> &'static str {
        Jwe::parse(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn takes_what_the_packages_write() {
        let read = Jwe::parse(&token(r#"{"alg":"dir","enc":"A256CBC-HS512","kid":"k"}"#, 16, 32, 32)).unwrap();
        assert_eq!((read.enc, read.kid.as_deref()), (Enc::A256CbcHs512, Some("k")));
        let header = r#"{"enc":"A256GCM","alg":"dir","typ":7,"cty":"x","uat":1,"iat":2,"exp":3,"jku":"http://x/"}"#;
        let text = token(header, 12, 0, 16);
        let read = Jwe::parse(&text).unwrap();
        assert_eq!((read.enc, read.kid.as_deref(), text.starts_with(&read.aad)), (Enc::A256Gcm, None, true));
        assert_eq!(format!("{read:?}"), "Jwe(A256GCM)");
    }

    #[test]
    fn one_spelling_only() {
        let good = token(HEADER, 12, 1, 16);
        assert!(Jwe::parse(&good).is_ok());
        for (bad, why) in [
            (String::new(), "not five parts"),
            ("....".to_owned(), "not JSON"),
            (format!("{good}."), "not five parts"),
            (good.replace("..", "."), "not five parts"),
            (good.replace("..", ".AA."), "encrypted key where none belongs"),
            (format!("{good}="), "tag is not base64url"),
            (format!("{good}\n"), "tag is not base64url"),
            (format!(" {good}"), "header is not base64url"),
            (good.replacen("eyJ", "eyJ+", 1), "header is not base64url"),
            (good.replace(".AA.", ".AB."), "ciphertext is not base64url"),
            (good.replace(".AA.", ".AA==."), "ciphertext is not base64url"),
            (good.replace("..A", "..*"), "IV is not base64url"),
            (format!("{good}{}", "A".repeat(MAX_TEXT)), "longer than 64 KiB"),
            (token(HEADER, 16, 1, 16), "IV or tag of a wrong length"),
            (token(HEADER, 12, 1, 15), "IV or tag of a wrong length"),
            (token(HEADER, 12, 1, 12), "IV or tag of a wrong length"),
        ] {
            assert_eq!(refused(&bad), why, "{bad:.80}");
        }
        let cbc = r#"{"alg":"dir","enc":"A256CBC-HS512"}"#;
        for (iv, ciphertext, tag, why) in [
            (16, 0, 32, "ciphertext is not whole blocks"),
            (16, 17, 32, "ciphertext is not whole blocks"),
            (12, 16, 32, "IV or tag of a wrong length"),
            (16, 16, 16, "IV or tag of a wrong length"),
            (16, 16, 64, "IV or tag of a wrong length"),
        ] {
            assert_eq!(refused(&token(cbc, iv, ciphertext, tag)), why);
        }
    }

    #[test]
    fn header_rules() {
        let foreign = "header asks for an extension or another way to encrypt";
        let alg = "`alg` is not `dir`";
        let enc = "`enc` is neither A256GCM nor A256CBC-HS512";
        for (header, why) in [
            ("{}", alg),
            (r#"{"enc":"A256GCM"}"#, alg),
            (r#"{"alg":["dir"],"enc":"A256GCM"}"#, alg),
            (r#"{"alg":"DIR","enc":"A256GCM"}"#, alg),
            (r#"{"alg":"A256KW","enc":"A256GCM"}"#, alg),
            (r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM"}"#, alg),
            (r#"{"alg":"none"}"#, alg),
            (r#"{"alg":"dir"}"#, enc),
            (r#"{"alg":"dir","enc":"A128GCM"}"#, enc),
            (r#"{"alg":"dir","enc":"A128CBC-HS256"}"#, enc),
            (r#"{"alg":"dir","enc":"a256gcm"}"#, enc),
            (r#"{"alg":"dir","enc":null}"#, enc),
            (r#"{"alg":"dir","enc":"A256GCM","kid":7}"#, "`kid` is no short text"),
            (r#"{"alg":"dir","enc":"A256GCM","kid":null}"#, "`kid` is no short text"),
            (r#"{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}"#, "duplicate member"),
            (r#"["dir"]"#, "not a JSON object"),
            ("x", "not JSON"),
        ] {
            assert_eq!(refused(&token(header, 12, 1, 16)), why, "{header}");
        }
        for name in FOREIGN {
            let header = format!(r#"{{"alg":"dir","enc":"A256GCM","{name}":null}}"#);
            assert_eq!(refused(&token(&header, 12, 1, 16)), foreign, "{name}");
        }
        let long = |name: &str, length| {
            token(&format!(r#"{{"alg":"dir","enc":"A256GCM","{name}":"{}"}}"#, "k".repeat(length)), 12, 1, 16)
        };
        assert!(Jwe::parse(&long("kid", MAX_KID)).is_ok() && Jwe::parse(&long("x", 4000)).is_ok());
        assert_eq!(refused(&long("kid", MAX_KID + 1)), "`kid` is no short text");
        assert_eq!(refused(&long("x", MAX_HEADER)), "header longer than 4 KiB");
    }
}
