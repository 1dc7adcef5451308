//! The host's verifier (aws-lc) and the guest's agree on every signature and every key, good or odd, natively and in the
//! component; so a policy does not change its mind with the runtime it is in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::contract::{Answer, SignQuestion};
use portcullis::gate::Signer;
use portcullis_gate::question::VerifyKey;
use portcullis_gate::session::Algorithm;
use portcullis_gate::signature::Signatures;
use portcullis_tests::signatures::{Asked, Judges, ed25519_key, inside, one_each, signing_key};
use portcullis_tests::vectors;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MESSAGE: &[u8] = b"header.claims";

#[test]
fn one_signature_of_each_algorithm_in_the_component() {
    let mut judges = Judges::new();
    let all = one_each(MESSAGE);
    assert_eq!(all.len(), Algorithm::ALL.len());
    for asked in &all {
        for _ in 0..2 {
            assert!(judges.all_agree(asked), "{:?}", asked.algorithm);
        }
        assert!(!judges.all_agree(&Asked { message: b"header.other".to_vec(), ..asked.clone() }));
        for other in &all {
            let same = other.key == asked.key && other.algorithm == asked.algorithm;
            let mixed = Asked { algorithm: other.algorithm, key: other.key.clone(), ..asked.clone() };
            assert_eq!(judges.all_agree(&mixed), same, "{:?} as {:?}", asked.algorithm, other.algorithm);
        }
    }
}

#[test]
fn what_the_guest_signs_is_good_and_the_same_everywhere() {
    let (mut guest, mut inside, host) = (Signatures::new(), inside(), Signer::new());
    let spoilt = |key: &[u8], at: usize| {
        let mut key = key.to_vec();
        key[at] ^= 1;
        key
    };
    let mut refused = 0;
    for _ in 0..4 {
        let key = signing_key();
        let question = SignQuestion { key: key.clone(), message: MESSAGE.to_vec() };
        let signature = guest.sign(&key, MESSAGE).unwrap();
        assert_eq!(inside.sign(&question).unwrap().unwrap(), signature);
        // The last 64 bytes are the public half.
        let (x, y) = key[key.len() - 64..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let key = VerifyKey::Jwk(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }).to_string());
        let asked = Asked { algorithm: Algorithm::Es256, key, message: MESSAGE.to_vec(), signature };
        assert!(Judges::new().all_agree(&asked));
        // Each byte of the key changed: both sign, or neither does.
        for at in 0..question.key.len() {
            let question = SignQuestion { key: spoilt(&question.key, at), message: MESSAGE.to_vec() };
            let host = matches!(host.answer(&question), Answer::Signed(_));
            let ours = guest.sign(&question.key, MESSAGE);
            assert_eq!(ours, inside.sign(&question).unwrap());
            assert!(host || ours.is_err(), "byte {at}: the guest signs with a key that the host refuses");
            refused += usize::from(ours.is_err());
        }
    }
    assert!(refused > 4 * 130, "{refused}");
}

/// Sizes and exponents at the edges, and salts of other lengths: `tests/signatures/make.py`.
#[test]
fn rsa_at_its_limits() {
    let document: Value = serde_json::from_str(include_str!("../signatures/rsa.json")).unwrap();
    let mut judges = Judges::new();
    let mut taken = Vec::new();
    for key in document.as_array().unwrap() {
        let (n, e) = (key["n"].as_str().unwrap(), key["e"].as_str().unwrap());
        let jwk = |n: &str, e: &str| VerifyKey::Jwk(json!({ "kty": "RSA", "n": n, "e": e }).to_string());
        for (name, signature) in key["signatures"].as_object().unwrap() {
            let (algorithm, salt) = name.split_once(' ').unwrap_or((name, ""));
            let signature = URL_SAFE_NO_PAD.decode(signature.as_str().unwrap()).unwrap();
            let algorithm = Algorithm::from_name(algorithm).unwrap();
            let mut asked = Asked { algorithm, key: jwk(n, e), message: MESSAGE.to_vec(), signature };
            if judges.all_agree(&asked) {
                assert!(salt.is_empty(), "{name}");
                taken.push(format!("{} {e} {name}", key["bits"]));
            }
            // A zero byte in front of the signature, the modulus, the exponent; the signature plus the modulus.
            let padded =
                |text: &str| URL_SAFE_NO_PAD.encode([&[0], URL_SAFE_NO_PAD.decode(text).unwrap().as_slice()].concat());
            for key in [jwk(&padded(n), e), jwk(n, &padded(e)), jwk(n, ""), jwk(n, "AQ"), jwk(n, "AQAC"), jwk(n, n)] {
                assert!(!judges.all_agree(&Asked { key, ..asked.clone() }));
            }
            let good = asked.signature.clone();
            asked.signature = [&[0], good.as_slice()].concat();
            assert!(!judges.all_agree(&asked));
            if let Some(sum) = sum(&good, &URL_SAFE_NO_PAD.decode(n).unwrap()) {
                asked.signature = sum;
                assert!(!judges.all_agree(&asked));
            }
        }
    }
    taken.sort();
    let counted = |start: &str| taken.iter().filter(|name| name.starts_with(start)).count();
    for (start, count) in
        [("2047", 0), ("2048 AQAB", 6), ("2048 Aw", 2), ("2049", 6), ("2056", 2), ("8192", 2), ("8200", 0)]
    {
        assert_eq!(counted(start), count, "{start}: {taken:?}");
    }
    println!("{} of the RSA signatures are taken", taken.len());
}

/// Of numbers of one length, unless it is longer.
fn sum(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut all: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            carry += u16::from(*a) + u16::from(*b);
            let byte = carry as u8;
            carry >>= 8;
            byte
        })
        .collect();
    all.reverse();
    (a.len() == b.len() && carry == 0).then_some(all)
}

/// Orders of the groups (SEC 2), big-endian.
const ORDERS: [(Algorithm, &str); 3] = [
    (Algorithm::Es256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    (
        Algorithm::Es384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        Algorithm::Es512,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `a - b` for `a >= b`, of one length.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut all: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let value = i16::from(*a) - i16::from(*b) - borrow;
            borrow = i16::from(value < 0);
            value as u8
        })
        .collect();
    all.reverse();
    all
}

#[test]
fn ecdsa_at_its_limits() {
    let mut judges = Judges::new();
    for asked in one_each(MESSAGE) {
        let Some((_, order)) = ORDERS.iter().find(|(algorithm, _)| *algorithm == asked.algorithm) else { continue };
        let order = hex(order);
        let (r, s) = asked.signature.split_at(order.len());
        // S may be of either half: its negative is as good.
        let negative = difference(&order, s);
        let mut with = |r: &[u8], s: &[u8]| judges.all_agree(&Asked { signature: [r, s].concat(), ..asked.clone() });
        assert!(with(r, &negative), "{:?}", asked.algorithm);
        let zero = vec![0; order.len()];
        let one = [&zero[1..], &[1]].concat();
        let top = difference(&order, &one);
        let max = vec![0xff; order.len()];
        for odd in [&zero, &one, &top, &order, &max] {
            assert!(!with(odd, s) && !with(r, odd) && !with(odd, odd), "{:?}", asked.algorithm);
        }
        // The same numbers plus the order, where that fits.
        for (odd_r, odd_s) in [(sum(r, &order), Some(s.to_vec())), (Some(r.to_vec()), sum(s, &order))] {
            if let (Some(odd_r), Some(odd_s)) = (odd_r, odd_s) {
                assert!(!with(&odd_r, &odd_s), "{:?}", asked.algorithm);
            }
        }
        // A zero byte more for each number, and ASN.1.
        assert!(!with(&[&[0], r].concat(), &[&[0], s].concat()));
        let half = u8::try_from(order.len()).unwrap();
        let der = [&[0x30, 2 * half + 4, 2, half], r, &[2, half], s].concat();
        assert!(!with(&der, &[]));
    }
}

/// Points whose order divides 8, in all encodings that a lenient reader takes (y below 2^255, either sign).
const SMALL: [&str; 7] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Keys and R of small order, encoded as they should be and not: what `verify_strict` and the RFC say apart.
#[test]
fn ed25519_of_small_order() {
    let mut judges = Judges::new();
    let points: Vec<Vec<u8>> = SMALL
        .iter()
        .flat_map(|text| {
            let point = hex(text);
            let mut negative = point.clone();
            negative[31] |= 0x80;
            [point, negative]
        })
        .collect();
    let (mut taken, mut count) = (0, 0);
    for key in &points {
        for r in &points {
            for number in 0..24 {
                // With S = 0 the signature is good where R = -[k]A, which for small orders some messages meet.
                let message = format!("message {number}").into_bytes();
                let asked = Asked {
                    algorithm: Algorithm::EdDsa,
                    key: ed25519_key(key),
                    message,
                    signature: [r.as_slice(), &[0; 32]].concat(),
                };
                count += 1;
                taken += usize::from(judges.agree(&asked));
            }
        }
    }
    println!("small orders: {taken} of {count} taken by both");
    assert!(taken > 100, "{taken}: none was met");
}

#[test]
fn ed25519_s_is_below_the_order() {
    let mut judges = Judges::new();
    // Little-endian (RFC 8032 section 5.1).
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let asked = one_each(MESSAGE).pop().unwrap();
    let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<_>>();
    let (r, s) = asked.signature.split_at(32);
    let more = reversed(&sum(&reversed(s), &reversed(&order)).unwrap());
    for odd in [more, order, vec![0; 32], vec![0xff; 32]] {
        assert!(!judges.all_agree(&Asked { signature: [r, &odd].concat(), ..asked.clone() }));
    }
}

/// Bits flipped anywhere: refused, by all.
#[test]
fn a_flipped_bit_is_refused() {
    let mut judges = Judges::new();
    let all = one_each(MESSAGE);
    let flips = (0..all.len(), 0..3_usize, any::<prop::sample::Index>(), 0..8_u32);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let judges = std::cell::RefCell::new(&mut judges);
    runner
        .run(&flips, |(number, place, at, bit)| {
            let mut asked = all[number].clone();
            let flip = |bytes: &mut Vec<u8>| {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            };
            match (place, &mut asked.key) {
                (0, _) => flip(&mut asked.signature),
                (1, _) => flip(&mut asked.message),
                (_, VerifyKey::Secret(secret)) => flip(secret),
                (_, VerifyKey::Jwk(text)) => {
                    let mut bytes = std::mem::take(text).into_bytes();
                    flip(&mut bytes);
                    *text = String::from_utf8(bytes).unwrap_or_default();
                }
            }
            // A key is text: a flip may change nothing that counts (the last bits of base64url are refused, but names of
            // members that RSA does not read are not). So for keys only that all say the same.
            let good = judges.borrow_mut().all_agree(&asked);
            prop_assert!(place == 2 || !good);
            Ok(())
        })
        .unwrap();
}

/// Every token of Project Wycheproof, under every key of its group as every algorithm.
#[test]
fn wycheproof() {
    let files = match vectors::public_files("wycheproof") {
        Ok(files) => files,
        Err(why) => return println!("skipped: {why}"),
    };
    let mut judges = Judges::new();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut tokens, mut asked_in_all, mut taken) = (0, 0, 0);
    for file in &files {
        for group in file.document["testGroups"].as_array().into_iter().flatten() {
            let public = if group["public"].is_null() { &group["private"] } else { &group["public"] };
            let keys: Vec<VerifyKey> = match &public["keys"] {
                Value::Array(keys) => keys.iter().flat_map(forms).collect(),
                _ => forms(public),
            };
            for test in group["tests"].as_array().into_iter().flatten() {
                let Some(token) = test["jws"].as_str() else {
                    *skipped.entry("encrypted").or_default() += 1;
                    continue;
                };
                let Some((message, signature)) = token.rsplit_once('.') else {
                    *skipped.entry("no signature").or_default() += 1;
                    continue;
                };
                let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
                    *skipped.entry("the signature is not base64url").or_default() += 1;
                    continue;
                };
                tokens += 1;
                for (key, algorithm) in keys.iter().flat_map(|key| Algorithm::ALL.map(|algorithm| (key, algorithm))) {
                    let message = message.as_bytes().to_vec();
                    let asked = Asked { algorithm, key: key.clone(), message, signature: signature.clone() };
                    asked_in_all += 1;
                    taken += usize::from(judges.agree(&asked));
                }
            }
        }
    }
    println!("wycheproof: {tokens} tokens, {asked_in_all} questions, {taken} good, all agreed; skipped: {skipped:?}");
    assert!(tokens > 400 && taken > 40, "{tokens} tokens, {taken} good");
}

/// As a public key, and as a secret if it is one.
fn forms(key: &Value) -> Vec<VerifyKey> {
    let secret = key["k"].as_str().and_then(|k| URL_SAFE_NO_PAD.decode(k).ok()).map(VerifyKey::Secret);
    secret.into_iter().chain([VerifyKey::Jwk(key.to_string())]).collect()
}
