//! Signatures of every algorithm, and the three that say whether they are good: the host by aws-lc, the guest as a library, and
//! the guest in the component.

use crate::engine::verify_to_host;
use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::gate::{ComponentSource, Inside, Limits, Verifier};
use portcullis_gate::question::VerifyKey;
use portcullis_gate::session::Algorithm;
use portcullis_gate::signature::Signatures;
use serde_json::{Value, json};
use std::time::Duration;

/// A question about a signature.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the token says.
    pub algorithm: Algorithm,
    /// The key.
    pub key: VerifyKey,
    /// What is signed.
    pub message: Vec<u8>,
    /// The signature in JWS form.
    pub signature: Vec<u8>,
}

impl Asked {
    /// In the words of the host.
    pub fn to_host(&self) -> portcullis::contract::VerifyQuestion {
        verify_to_host(self.algorithm, &self.key, &self.message, &self.signature)
    }
}

/// Those who judge. They must agree.
#[derive(Debug)]
pub struct Judges {
    host: Verifier,
    guest: Signatures,
    inside: Inside,
}

impl Judges {
    /// New ones, without keys.
    pub fn new() -> Self {
        Self { host: Verifier::new(), guest: Signatures::new(), inside: inside() }
    }

    /// Is the signature good, says the host, and the guest as a library says the same.
    pub fn agree(&mut self, asked: &Asked) -> bool {
        let Asked { algorithm, key, message, signature } = asked;
        let host = self.host.verify(&asked.to_host());
        let guest = self.guest.verify(*algorithm, key, message, signature);
        assert_eq!(host, guest, "the host says {host}, the guest says {guest}: {asked:?}");
        host
    }

    /// The same, and the component, too.
    pub fn all_agree(&mut self, asked: &Asked) -> bool {
        let host = self.agree(asked);
        let inside = self.inside.verify(&asked.to_host()).expect("the component answers");
        assert_eq!(host, inside, "the host says {host}, the component says {inside}: {asked:?}");
        host
    }
}

impl Default for Judges {
    fn default() -> Self {
        Self::new()
    }
}

/// The built-in component without a policy. A shared machine may stop a test for longer than a request may take.
pub fn inside() -> Inside {
    let limits = Limits { decide: Duration::from_secs(5), load: Duration::from_secs(30) };
    Inside::open(&ComponentSource::BuiltIn, limits).expect("the component is one")
}

/// A good signature of that message for each algorithm, with keys made for this run.
pub fn one_each(message: &[u8]) -> Vec<Asked> {
    let asked = |algorithm, key, signature: &[u8]| Asked {
        algorithm,
        key,
        message: message.to_vec(),
        signature: signature.to_vec(),
    };
    let mut all = Vec::new();
    for (algorithm, kind) in
        [(Algorithm::Hs256, HMAC_SHA256), (Algorithm::Hs384, HMAC_SHA384), (Algorithm::Hs512, HMAC_SHA512)]
    {
        let secret = [7; 64];
        let tag = hmac::sign(&hmac::Key::new(kind, &secret), message);
        all.push(asked(algorithm, VerifyKey::Secret(secret.to_vec()), tag.as_ref()));
    }
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made");
    for (algorithm, kind) in [
        (Algorithm::Rs256, &signature::RSA_PKCS1_SHA256 as &'static dyn signature::RsaEncoding),
        (Algorithm::Rs384, &signature::RSA_PKCS1_SHA384),
        (Algorithm::Rs512, &signature::RSA_PKCS1_SHA512),
        (Algorithm::Ps256, &signature::RSA_PSS_SHA256),
        (Algorithm::Ps384, &signature::RSA_PSS_SHA384),
        (Algorithm::Ps512, &signature::RSA_PSS_SHA512),
    ] {
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(kind, &SystemRandom::new(), message, &mut signature).expect("RSA signs anything");
        all.push(asked(algorithm, rsa_key(&rsa), &signature));
    }
    for (algorithm, curve, kind) in [
        (Algorithm::Es256, "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        (Algorithm::Es384, "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        (Algorithm::Es512, "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
    ] {
        let (key, signature) = ecdsa(curve, kind, message);
        all.push(asked(algorithm, key, &signature));
    }
    let ed25519 = Ed25519KeyPair::generate().expect("an Ed25519 key can be made");
    let key = ed25519_key(ed25519.public_key().as_ref());
    all.push(asked(Algorithm::EdDsa, key, ed25519.sign(message).as_ref()));
    all
}

fn rsa_key(pair: &RsaKeyPair) -> VerifyKey {
    let key = pair.public_key();
    let (n, e) = (key.modulus().big_endian_without_leading_zero(), key.exponent().big_endian_without_leading_zero());
    jwk(&json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) }))
}

fn ecdsa(curve: &str, kind: &'static EcdsaSigningAlgorithm, message: &[u8]) -> (VerifyKey, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(kind).expect("an EC key can be made");
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let key =
        jwk(&json!({ "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) }));
    let signature = pair.sign(&SystemRandom::new(), message).expect("ECDSA signs anything");
    (key, signature.as_ref().to_vec())
}

/// An Ed25519 key of that encoding, whether it is a point or not.
pub fn ed25519_key(x: &[u8]) -> VerifyKey {
    jwk(&json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(x) }))
}

fn jwk(key: &Value) -> VerifyKey {
    VerifyKey::Jwk(key.to_string())
}

/// A P-256 private key, PKCS #8 DER, made for this run.
pub fn signing_key() -> Vec<u8> {
    EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .expect("a P-256 key can be made")
        .as_ref()
        .to_vec()
}
