//! Answers printed in RFCs and in the GCM specification.

use super::super::jwe::{Enc, Jwe, Sealed};
use super::super::jwe_key::JweKey;
use super::super::mac::{HmacSha1, HmacSha256, HmacSha512};
use super::super::text::{base64url, to_hex};
use serde_json::Map;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn sized<const N: usize>(bytes: Vec<u8>) -> [u8; N] {
    bytes.try_into().unwrap()
}

/// RFC 7518 appendix B.3.
#[test]
fn a256cbc_hs512() {
    let key: Vec<u8> = (0..64).collect();
    let key = JweKey::new(Enc::A256CbcHs512, &key).unwrap();
    let token = |aad: &str| Jwe {
        enc: Enc::A256CbcHs512,
        kid: None,
        header: Map::new(),
        aad: aad.to_owned(),
        sealed: Sealed::Cbc {
            iv: sized(bytes("1af38c2dc2b96ffdd86694092341bc04")),
            ciphertext: bytes(
                "4affaaadb78c31c5da4b1b590d10ffbd 3dd8d5d302423526912da037ecbcc7bd 822c301dd67c373bccb584ad3e9279c2
                 e6d12a1374b77f077553df829410446b 36ebd97066296ae6427ea75c2e0846a1 1a09ccf5370dc80bfecbad28c73f09b3
                 a3b75e662a2594410ae496b2e2e6609e 31e6e02cc837f053d21f37ff4f51950b be2638d09dd7a4930930806d0703b1f6",
            ),
            tag: sized(bytes("4dd3b4c088a7f45c216839645b2012bf 2e6269a8c56a816dbc1b267761955bc5")),
        },
    };
    let plain = "A cipher system must not be required to be secret, and it must be able to fall into the hands of \
                 the enemy without inconvenience";
    assert_eq!(key.open(&token("The second principle of Auguste Kerckhoffs")).unwrap(), plain.as_bytes());
    assert_eq!(key.open(&token("The second principle of Auguste Kerckhoff")), Err("does not open with this key"));
}

/// RFC 7516 appendix A.1, with the content encryption key that is printed there.
#[test]
fn a256gcm_in_a_jwe() {
    let key = [
        177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46, 34, 105,
        47, 130, 203, 46, 122, 234, 64, 252,
    ];
    let token = Jwe {
        enc: Enc::A256Gcm,
        kid: None,
        header: Map::new(),
        aad: "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ".to_owned(),
        sealed: Sealed::Gcm {
            nonce: sized(base64url("48V1_ALb6US04U3b").unwrap()),
            ciphertext: base64url(
                "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A",
            )
            .unwrap(),
            tag: sized(base64url("XFBoMYUZodetZdvTiFvSkQ").unwrap()),
        },
    };
    let plain = JweKey::new(Enc::A256Gcm, &key).unwrap().open(&token).unwrap();
    assert_eq!(plain, b"The true sign of intelligence is not knowledge but imagination.");
}

/// Test case 16 of "The Galois/Counter Mode of Operation": its additional data are no text, so it is read, not sealed.
#[test]
fn aes_256_gcm() {
    use aes_gcm::aead::{Aead, Payload};
    use aes_gcm::{Aes256Gcm, KeyInit};
    let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525
         b16aedf5aa0de657ba637b39",
    );
    let nonce: [u8; 12] = sized(bytes("cafebabefacedbaddecaf888"));
    let sealed =
        Aes256Gcm::new_from_slice(&key).unwrap().encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad }).unwrap();
    assert_eq!(
        to_hex(sealed),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
         c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
    );
}

/// RFC 2202 section 3 and RFC 4231 section 4.3, case 2 each; the message in two parts.
#[test]
fn hmac() {
    let message: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
    let tag = HmacSha1::new(b"Jefe").unwrap().tag(&message);
    assert_eq!(to_hex(tag), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    let key = HmacSha256::new(b"Jefe").unwrap();
    assert_eq!(to_hex(key.tag(&message)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let tag = HmacSha512::new(b"Jefe").unwrap().tag(&message);
    assert_eq!(
        to_hex(tag),
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
         caeab1a34d4a6b4b636e070a38bce737"
    );
    let key512 = HmacSha512::new(b"Jefe").unwrap();
    assert!(key512.verify_truncated(&message, &tag[..32], 32));
    for (tag, length) in [(&tag[..31], 32), (&tag[..33], 32), (&tag[..0], 32), (&tag[..], 32), (&tag[32..], 32)] {
        assert!(!key512.verify_truncated(&message, tag, length));
    }

    let tag = key.tag(&message);
    assert!(key.verify(&message, &tag));
    assert!(!key.verify(&message, &tag[..31]) && !key.verify(&message, &[]));
    assert!(!key.verify(&[b"what do ya want for nothing"], &tag));
    // A key longer than a block is hashed first (RFC 4231 section 4.7).
    let tag = HmacSha256::new(&[0xaa; 131]).unwrap().tag(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
    assert_eq!(to_hex(tag), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_eq!(format!("{key:?}"), "MacKey");
}
