//! Encrypted session cookies as the real packages write them, made for this run: HKDF, AES and HMAC of aws-lc, on purpose not
//! the code under test.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::{digest, hmac, iv, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A session of NextAuth v4.
pub fn next_auth(secret: &str, claims: &Value) -> String {
    let key: [u8; 32] = derived(secret, "", "NextAuth.js Generated Encryption Key");
    gcm(&key, &json!({ "alg": "dir", "enc": "A256GCM" }), claims)
}

/// A session of Auth.js v5 for the cookie of that name.
pub fn auth_js(secret: &str, cookie: &str, claims: &Value) -> String {
    let key: [u8; 64] = derived(secret, cookie, &format!("Auth.js Generated Encryption Key ({cookie})"));
    // RFC 7638.
    let jwk = format!(r#"{{"k":"{}","kty":"oct"}}"#, part(key));
    let kid = part(digest::digest(&digest::SHA512, jwk.as_bytes()));
    cbc(&key, &json!({ "alg": "dir", "enc": "A256CBC-HS512", "kid": kid }), claims)
}

/// A session of nextjs-auth0 v4.
pub fn auth0(secret: &str, content: &Value) -> String {
    let key: [u8; 32] = derived(secret, "", "JWE CEK");
    gcm(&key, &json!({ "enc": "A256GCM", "alg": "dir" }), content)
}

/// The content of a session of nextjs-auth0 v4, if the secret opens it.
pub fn open_auth0(secret: &str, token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, "", nonce, ciphertext, tag] = parts[..] else { return None };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let key: [u8; 32] = derived(secret, "", "JWE CEK");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
    let mut text = [bytes(ciphertext)?, bytes(tag)?].concat();
    let nonce = Nonce::try_assume_unique_for_key(&bytes(nonce)?).ok()?;
    let plain = key.open_in_place(nonce, Aad::from(header.as_bytes()), &mut text).ok()?;
    serde_json::from_slice(plain).ok()
}

/// So many bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(secret: &str, salt: &str, info: &str) -> [u8; N] {
    let mut key = [0; N];
    let random = Salt::new(HKDF_SHA256, salt.as_bytes()).extract(secret.as_bytes());
    let info = [info.as_bytes()];
    random.expand(&info, Length(N)).and_then(|okm| okm.fill(&mut key)).expect("a short key");
    key
}

fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

fn gcm(key: &[u8; 32], header: &Value, content: &Value) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes"));
    let (aad, nonce) = (part(header.to_string()), random::<12>());
    let mut text = content.to_string().into_bytes();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad.as_bytes()), &mut text)
        .expect("a short text");
    format!("{aad}..{}.{}.{}", part(nonce), part(text), part(tag))
}

/// RFC 7518 section 5.2.5: MAC key, then AES key; half of HMAC-SHA512 over header, IV, ciphertext and the header's bits.
fn cbc(key: &[u8; 64], header: &Value, content: &Value) -> String {
    let (mac, aes) = key.split_at(32);
    let (aad, nonce) = (part(header.to_string()), random::<16>());
    let cipher = UnboundCipherKey::new(&AES_256, aes).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let cipher = cipher.expect("32 bytes");
    let mut text = content.to_string().into_bytes();
    let context = EncryptionContext::Iv128(iv::FixedLength::from(nonce));
    cipher.less_safe_encrypt(&mut text, context).expect("a short text");
    let mut signed = aad.clone().into_bytes();
    signed.extend(nonce);
    signed.extend(&text);
    signed.extend((aad.len() as u64 * 8).to_be_bytes());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, mac), &signed);
    format!("{aad}..{}.{}.{}", part(nonce), part(text), part(&tag.as_ref()[..32]))
}
