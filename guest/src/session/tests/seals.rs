//! Seals as iron-session makes them, for tests: object → cookie text.

use super::super::crypto::mac::{HmacSha1, HmacSha256};
use super::super::crypto::text::to_base64url;
use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use serde_json::Value;

pub(in crate::session) const PASSWORD: &str = "a password of at least 32 characters";

/// What one is sealed with.
pub(in crate::session) struct Sealer<'a> {
    pub(in crate::session) password: &'a str,
    pub(in crate::session) id: &'a str,
    /// Milliseconds since 1970.
    pub(in crate::session) ends: Option<i64>,
    /// Behind the seal.
    pub(in crate::session) version: &'a str,
}

impl Default for Sealer<'_> {
    fn default() -> Self {
        Self { password: PASSWORD, id: "1", ends: None, version: "~2" }
    }
}

impl Sealer<'_> {
    pub(in crate::session) fn seal(&self, data: &Value) -> String {
        self.seal_text(&data.to_string())
    }

    pub(in crate::session) fn seal_text(&self, text: &str) -> String {
        let (salt, mac_salt) = ("5a".repeat(32), "3c".repeat(32));
        let iv = [7; 16];
        let ciphertext = cbc::Encryptor::<Aes256>::new_from_slices(&self.key(&salt), &iv).unwrap();
        let ciphertext = to_base64url(ciphertext.encrypt_padded_vec::<Pkcs7>(text.as_bytes()));
        let ends = self.ends.map(|ends| ends.to_string()).unwrap_or_default();
        let signed = format!("Fe26.2*{}*{salt}*{}*{ciphertext}*{ends}", self.id, to_base64url(iv));
        let tag = HmacSha256::new(&self.key(&mac_salt)).unwrap().tag(&[signed.as_bytes()]);
        format!("{signed}*{mac_salt}*{}{}", to_base64url(tag), self.version)
    }

    /// PBKDF2-HMAC-SHA1, one round.
    fn key(&self, salt: &str) -> [u8; 32] {
        let mac = HmacSha1::new(self.password.as_bytes()).unwrap();
        let block = |number: u32| mac.tag(&[salt.as_bytes(), &number.to_be_bytes()]);
        let bytes: Vec<u8> = block(1).into_iter().chain(block(2)).take(32).collect();
        bytes.try_into().unwrap()
    }
}
