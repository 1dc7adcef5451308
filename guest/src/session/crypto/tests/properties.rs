//! Arbitrary text never panics, a flipped bit never opens, what was sealed opens.

use super::super::NOT_OPENED;
use super::super::derive::{auth_js, next_auth, nonce_key};
use super::super::iron::{Passwords, Seal};
use super::super::jwe::{Enc, Jwe};
use super::super::jwe_key::JweKey;
use super::super::mac::{HmacSha256, HmacSha512};
use super::super::text::to_base64url;
use super::{Carried, cookie, load, text};
use proptest::prelude::*;

const GCM: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;
const CBC: &str = r#"{"alg":"dir","enc":"A256CBC-HS512"}"#;

fn gcm_key() -> JweKey {
    JweKey::new(Enc::A256Gcm, &[7; 32]).unwrap()
}

fn cbc_key() -> JweKey {
    JweKey::new(Enc::A256CbcHs512, &[7; 64]).unwrap()
}

fn passwords() -> Passwords {
    Passwords::single("a password of at least 32 characters").unwrap()
}

/// Encrypt as others do, with the last block as it is given: right padding or not.
fn cbc_seal(key: &[u8; 64], blocks: &[u8]) -> String {
    use aes::Aes256;
    use aes::cipher::block_padding::NoPadding;
    use aes::cipher::{BlockModeEncrypt, KeyIvInit};
    let (mac, aes) = key.split_at(32);
    let iv = [9; 16];
    let ciphertext = cbc::Encryptor::<Aes256>::new_from_slices(aes, &iv).unwrap();
    let ciphertext = ciphertext.encrypt_padded_vec::<NoPadding>(blocks);
    let aad = to_base64url(CBC);
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let tag = HmacSha512::new(mac).unwrap().tag(&[aad.as_bytes(), &iv, &ciphertext, &bits]);
    format!("{aad}..{}.{}.{}", to_base64url(iv), to_base64url(ciphertext), to_base64url(&tag[..32]))
}

/// Every text that differs from `good` in one bit, where it is still text.
fn flipped(good: &str) -> impl Iterator<Item = String> {
    (0..good.len() * 8).filter_map(|bit| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

fn vector(file: &str, id: &str) -> (serde_json::Value, String) {
    let file = load(file);
    let case = file["cases"].as_array().unwrap().iter().find(|case| text(case, "id") == id).unwrap().clone();
    let Carried::Text(value) = cookie(&case, text(&case["config"], "cookieName"), ".") else { panic!("{id}") };
    (case, value)
}

#[test]
fn no_flipped_bit_opens() {
    let secret = |case: &serde_json::Value| case["config"]["secrets"][0].as_str().unwrap().as_bytes().to_vec();
    let (case, token) = vector("authjs.json", "authjs/v4-ok");
    let gcm = JweKey::new(Enc::A256Gcm, &next_auth(&secret(&case)).unwrap()).unwrap();
    let (case, long) = vector("authjs.json", "authjs/v5-unicode");
    let key: [u8; 64] = auth_js(&secret(&case), text(&case["config"], "cookieName")).unwrap();
    let cbc = JweKey::new(Enc::A256CbcHs512, &key).unwrap();
    for (key, token) in [(gcm, token), (cbc, long)] {
        let open = |text: &str| Jwe::parse(text).and_then(|jwe| key.open(&jwe));
        assert!(open(&token).is_ok());
        for other in flipped(&token) {
            assert!(open(&other).is_err(), "{other}");
        }
    }

    let (case, seal) = vector("iron-session.json", "iron/unicode");
    let passwords = Passwords::single(text(&case["config"], "password")).unwrap();
    let seal = seal.strip_suffix("~2").unwrap();
    let open = |text: &str| Seal::parse(text).and_then(|seal| passwords.open(&seal));
    assert!(open(seal).is_ok());
    for other in flipped(seal) {
        assert!(open(&other).is_err(), "{other}");
    }
}

/// With the MAC right and the padding wrong, the answer is that of a wrong MAC.
#[test]
fn padding_tells_nothing() {
    let open = |text: &str| cbc_key().open(&Jwe::parse(text).unwrap());
    let mut blocks = [b'x'; 32];
    for padding in 1..=16 {
        blocks[32 - usize::from(padding)..].fill(padding);
        assert_eq!(open(&cbc_seal(&[7; 64], &blocks)).unwrap(), vec![b'x'; 32 - usize::from(padding)]);
    }
    for last in [[0; 16], [17; 16], [255; 16], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2]] {
        assert_eq!(open(&cbc_seal(&[7; 64], &last)), Err(NOT_OPENED));
    }
    assert_eq!(open(&cbc_seal(&[8; 64], &[16; 16])), Err(NOT_OPENED));
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,200}") {
        let _ = Jwe::parse(&text);
        let _ = Seal::parse(&text);
    }

    #[test]
    fn never_panics_inside(
        header in prop_oneof![Just(GCM.to_owned()), Just(CBC.to_owned()), "\\PC{0,60}"],
        iv in prop_oneof![Just(12), Just(16), 0usize..20],
        ciphertext in proptest::collection::vec(any::<u8>(), 0..70),
        tag in prop_oneof![Just(16), Just(32), 0usize..70],
    ) {
        let (iv, tag) = (to_base64url(vec![1; iv]), to_base64url(vec![2; tag]));
        let ciphertext = to_base64url(ciphertext);
        if let Ok(jwe) = Jwe::parse(&format!("{}..{iv}.{ciphertext}.{tag}", to_base64url(header))) {
            prop_assert_eq!(gcm_key().open(&jwe), Err(NOT_OPENED));
            prop_assert_eq!(cbc_key().open(&jwe), Err(NOT_OPENED));
        }
    }

    #[test]
    fn seals_never_panic_inside(
        id in "[0-9a-z]{0,3}", salt in "\\PC{0,20}", iv in 14usize..18,
        ciphertext in proptest::collection::vec(any::<u8>(), 0..70),
        expires in "[0-9+-]{0,22}", mac in 0usize..40,
    ) {
        let (iv, mac) = (to_base64url(vec![1; iv]), to_base64url(vec![2; mac]));
        let text = format!("Fe26.2*{id}*{salt}*{iv}*{}*{expires}*{salt}*{mac}", to_base64url(ciphertext));
        if let Ok(seal) = Seal::parse(&text) {
            prop_assert!(passwords().open(&seal).is_err());
        }
    }

    #[test]
    fn what_is_sealed_opens(plain in proptest::collection::vec(any::<u8>(), 0..300), member in "[a-z]{0,8}") {
        let nonces = HmacSha256::new(&nonce_key(b"secret").unwrap()).unwrap();
        let header = format!(r#"{{"alg":"dir","enc":"A256GCM","x":"{member}"}}"#);
        let text = gcm_key().seal(&header, &plain, &nonces).unwrap();
        let jwe = Jwe::parse(&text).unwrap();
        prop_assert_eq!(gcm_key().open(&jwe), Ok(plain));
        prop_assert_eq!(JweKey::new(Enc::A256Gcm, &[8; 32]).unwrap().open(&jwe), Err(NOT_OPENED));
    }
}
