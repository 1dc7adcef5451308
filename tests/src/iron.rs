//! Cookies sealed as iron-session seals them, by another implementation of the primitives than the gate's.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::{hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::num::NonZeroU32;

/// A cookie's text: `data` sealed with that password, of id `1`, until `ends` (milliseconds since 1970), if ever.
pub fn seal(password: &str, data: &Value, ends: Option<i64>) -> String {
    let (salt, mac_salt) = (salt(), salt());
    let key = UnboundCipherKey::new(&AES_256, &derive(password, &salt)).expect("32 bytes");
    let mut text = data.to_string().into_bytes();
    let context = PaddedBlockEncryptingKey::cbc_pkcs7(key).and_then(|key| key.encrypt(&mut text));
    let Ok(DecryptionContext::Iv128(iv)) = context else { panic!("CBC has an IV of 16 bytes") };
    let iv: &[u8; 16] = iv.as_ref();
    let ends = ends.map(|ends| ends.to_string()).unwrap_or_default();
    let signed = format!("Fe26.2*1*{salt}*{}*{}*{ends}", URL_SAFE_NO_PAD.encode(iv), URL_SAFE_NO_PAD.encode(&text));
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &derive(password, &mac_salt));
    let tag = hmac::sign(&mac, signed.as_bytes());
    format!("{signed}*{mac_salt}*{}~2", URL_SAFE_NO_PAD.encode(tag))
}

/// 32 random bytes in hex.
fn salt() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("there is chance");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// PBKDF2-HMAC-SHA1, one round.
fn derive(password: &str, salt: &str) -> [u8; 32] {
    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, NonZeroU32::MIN, salt.as_bytes(), password.as_bytes(), &mut key);
    key
}
