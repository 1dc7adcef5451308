//! `Fe26.2` seals as iron-webcrypto 1.2 writes them, for iron-session and AuthKit: text → plaintext and expiry.
//!
//! `Fe26.2*password id*salt*iv*ciphertext*expiry*salt*mac`. iron-session puts `~2` behind a seal, its own version
//! number, which no MAC covers: the caller takes it off and judges it, here it is a malformed seal.
//!
//! Both keys are PBKDF2-HMAC-SHA1 of the password in one round, so all strength is the password's: that is why it must
//! be long.

use super::block::{self, BLOCK};
use super::mac::{HmacSha1, HmacSha256};
use super::text::base64url;
use super::{MAX_TEXT, NOT_OPENED};
use aes::Aes256Dec;
use aes::cipher::KeyInit;
use std::collections::BTreeMap;
use std::fmt;

/// What a seal begins with: magic and version of the MAC format.
const PREFIX: &str = "Fe26.2";
/// Characters of a password, as iron counts them (UTF-16 units).
const MIN_PASSWORD: usize = 32;
/// Bytes of a password id and of a salt; iron's salts have 64.
const MAX_SHORT: usize = 128;
/// The id that iron-session gives to a single password.
const SINGLE: &str = "1";
/// The id that iron takes where a seal names none.
const UNNAMED: &str = "default";

/// The passwords of one cookie, by id. `Debug` does not show them.
pub(in crate::session) struct Passwords(BTreeMap<String, HmacSha1>);

impl Passwords {
    /// One password, as iron-session has it: its id is `1`.
    ///
    /// # Errors
    /// As [`Passwords::by_id`].
    pub(in crate::session) fn single(password: &str) -> Result<Self, &'static str> {
        Self::by_id([(SINGLE, password)])
    }

    /// Several, of a rotation.
    ///
    /// # Errors
    /// A password of less than 32 characters, an id twice.
    pub(in crate::session) fn by_id<'p>(
        passwords: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, &'static str> {
        let mut map = BTreeMap::new();
        for (id, password) in passwords {
            if password.encode_utf16().count() < MIN_PASSWORD {
                return Err("password shorter than 32 characters");
            }
            if map.insert(id.to_owned(), HmacSha1::new(password.as_bytes())?).is_some() {
                return Err("password id given twice");
            }
        }
        Ok(Self(map))
    }

    /// The plaintext of a seal, if one of the passwords made it: the one that the seal names.
    ///
    /// # Errors
    /// A password id that is not here; else [`NOT_OPENED`], whatever it was. Expiry is not looked at.
    pub(in crate::session) fn open(&self, seal: &Seal<'_>) -> Result<Vec<u8>, &'static str> {
        let id = if seal.password.is_empty() { UNNAMED } else { seal.password };
        let password = self.0.get(id).ok_or("no password of this id")?;
        let mac = HmacSha256::new(&pbkdf2(password, seal.mac_salt))?;
        if !mac.verify(&[seal.signed.as_bytes()], &seal.mac) {
            return Err(NOT_OPENED);
        }
        let aes = Aes256Dec::new(&pbkdf2(password, seal.salt).into());
        block::decrypt(&aes, &seal.iv, &seal.ciphertext).ok_or(NOT_OPENED)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({})", self.0.len())
    }
}

/// A seal that has the right form. Nothing in it is to be believed before it is opened, its expiry neither.
pub(in crate::session) struct Seal<'t> {
    /// Milliseconds since 1970. `None`: never, by its maker's will.
    pub(in crate::session) expires: Option<i64>,
    password: &'t str,
    /// All that the MAC covers.
    signed: &'t str,
    /// Both salts are used as the texts they are.
    salt: &'t str,
    iv: [u8; BLOCK],
    ciphertext: Vec<u8>,
    mac_salt: &'t str,
    mac: Vec<u8>,
}

impl<'t> Seal<'t> {
    /// Check and take apart.
    ///
    /// # Errors
    /// What is wrong, without a word of the text itself.
    pub(in crate::session) fn parse(text: &'t str) -> Result<Self, &'static str> {
        const PARTS: &str = "not eight parts";
        if text.len() > MAX_TEXT {
            return Err("longer than 64 KiB");
        }
        let mut behind = text.rsplitn(3, '*');
        let (Some(mac), Some(mac_salt), Some(signed)) = (behind.next(), behind.next(), behind.next()) else {
            return Err(PARTS);
        };
        let mut parts = signed.split('*');
        let (Some(prefix), Some(password), Some(salt), Some(iv), Some(ciphertext), Some(expires), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PARTS);
        };
        if prefix != PREFIX {
            return Err("not a Fe26.2 seal");
        }
        if [password, salt, mac_salt].iter().any(|short| short.len() > MAX_SHORT) {
            return Err("password id or salt longer than 128 bytes");
        }
        let iv = base64url(iv).and_then(|iv| iv.try_into().ok()).ok_or("IV is not 16 bytes of base64url")?;
        let ciphertext = base64url(ciphertext).ok_or("ciphertext is not base64url")?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
            return Err("ciphertext is not whole blocks");
        }
        let mac = base64url(mac).ok_or("MAC is not base64url")?;
        let expires = match expires {
            "" => None,
            // `parse` would take a sign.
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| "expiry out of range")?)
            }
            _ => return Err("expiry is not a number"),
        };
        Ok(Self { expires, password, signed, salt, iv, ciphertext, mac_salt, mac })
    }
}

/// Shows nothing of the seal.
impl fmt::Debug for Seal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

/// PBKDF2-HMAC-SHA1 (RFC 8018 section 5.2) with one round: each block is one MAC of salt and its number.
fn pbkdf2(password: &HmacSha1, salt: &str) -> [u8; 32] {
    let block = |number: u32| password.tag(&[salt.as_bytes(), &number.to_be_bytes()]);
    let mut key = [0; 32];
    key.iter_mut().zip(block(1).into_iter().chain(block(2))).for_each(|(to, from)| *to = from);
    key
}

#[cfg(test)]
mod tests {
    use super::super::text::to_hex;
    use super::*;

    const PASSWORD: &str = "a password of at least 32 characters";
    const SALT: &str = "e33073b3b86e1add99495983c6319c7b482e99c94149dd6f71c6008a3b7b0b73";
    const IV: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const BLOCKS: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const MAC: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn seal(parts: [&str; 8]) -> String {
        parts.join("*")
    }

    fn refused(text: &str) -> &'static str {
        Seal::parse(text).map(|_| ()).unwrap_err()
    }

    /// RFC 6070, the case of one round; its 20 bytes are the first block.
    #[test]
    fn pbkdf2_known_answer() {
        let password = HmacSha1::new(b"password").unwrap();
        assert_eq!(to_hex(&pbkdf2(&password, "salt")[..20]), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    }

    #[test]
    fn form() {
        let good = seal([PREFIX, "1", SALT, IV, BLOCKS, "1801209540000", SALT, MAC]);
        let read = Seal::parse(&good).unwrap();
        assert_eq!((read.expires, read.password), (Some(1_801_209_540_000), "1"));
        assert_eq!(Some(read.signed), good.strip_suffix(&format!("*{SALT}*{MAC}")));
        assert_eq!(format!("{read:?}"), "Seal");
        let never = seal([PREFIX, "", SALT, IV, BLOCKS, "", SALT, MAC]);
        assert_eq!(Seal::parse(&never).unwrap().expires, None);

        for (bad, why) in [
            (String::new(), "not eight parts"),
            ("*".repeat(6), "not eight parts"),
            (format!("{good}*"), "not eight parts"),
            ("*".repeat(7), "not a Fe26.2 seal"),
            (good.replace("Fe26.2", "Fe26.1"), "not a Fe26.2 seal"),
            (format!(" {good}"), "not a Fe26.2 seal"),
            (format!("{good}~2"), "MAC is not base64url"),
            (format!("{good}="), "MAC is not base64url"),
            (seal([PREFIX, "1", SALT, "AAAA", BLOCKS, "", SALT, MAC]), "IV is not 16 bytes of base64url"),
            (seal([PREFIX, "1", SALT, "*", BLOCKS, "", SALT, MAC]), "not eight parts"),
            (seal([PREFIX, "1", SALT, IV, "", "", SALT, MAC]), "ciphertext is not whole blocks"),
            (seal([PREFIX, "1", SALT, IV, "AAAA", "", SALT, MAC]), "ciphertext is not whole blocks"),
            (seal([PREFIX, "1", SALT, IV, "A=", "", SALT, MAC]), "ciphertext is not base64url"),
            (seal([PREFIX, "1", SALT, IV, BLOCKS, "+1", SALT, MAC]), "expiry is not a number"),
            (seal([PREFIX, "1", SALT, IV, BLOCKS, "-1", SALT, MAC]), "expiry is not a number"),
            (seal([PREFIX, "1", SALT, IV, BLOCKS, "1e3", SALT, MAC]), "expiry is not a number"),
            (seal([PREFIX, "1", SALT, IV, BLOCKS, "9223372036854775808", SALT, MAC]), "expiry out of range"),
            (
                seal([PREFIX, &"1".repeat(129), SALT, IV, BLOCKS, "", SALT, MAC]),
                "password id or salt longer than 128 bytes",
            ),
            (format!("{good}{}", "A".repeat(MAX_TEXT)), "longer than 64 KiB"),
        ] {
            assert_eq!(refused(&bad), why, "{bad:.80}");
        }
    }

    #[test]
    fn passwords_by_id() {
        assert!(Passwords::single(&"é".repeat(31)).is_err());
        assert!(Passwords::single(&"é".repeat(32)).is_ok());
        assert!(Passwords::by_id([("1", PASSWORD), ("1", PASSWORD)]).is_err());
        let both = Passwords::by_id([("1", PASSWORD), ("default", PASSWORD)]).unwrap();
        assert_eq!(format!("{both:?}"), "Passwords(2)");
        let open = |id: &str| both.open(&Seal::parse(&seal([PREFIX, id, SALT, IV, BLOCKS, "", SALT, MAC])).unwrap());
        assert_eq!(open("1"), Err(NOT_OPENED));
        assert_eq!(open(""), Err(NOT_OPENED));
        assert_eq!(open("2"), Err("no password of this id"));
    }
}
