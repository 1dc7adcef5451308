//! Signing with a private key as a JWK (RFC 7518 section 6). Only for tests.

use crate::vectors::text;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{self, EcdsaKeyPair, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A signature in the form that JWS has for it.
///
/// # Errors
/// Why there is none.
pub(super) fn sign(key: &Value, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, String> {
    let wrong = |what: &str| format!("nothing can be signed with this key: {what}");
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(key, name)).map_err(|_| wrong("a member is not base64url"));
    match algorithm {
        "HS256" | "HS384" | "HS512" => {
            let kind = match algorithm {
                "HS256" => hmac::HMAC_SHA256,
                "HS384" => hmac::HMAC_SHA384,
                _ => hmac::HMAC_SHA512,
            };
            Ok(hmac::sign(&hmac::Key::new(kind, &bytes("k")?), message).as_ref().to_vec())
        }
        "ES256" | "ES384" | "ES512" => {
            let kind = match algorithm {
                "ES256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                "ES384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                _ => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            };
            let point = [&[4], bytes("x")?.as_slice(), bytes("y")?.as_slice()].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(kind, &bytes("d")?, &point)
                .map_err(|error| wrong(&error.to_string()))?;
            let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| wrong("it does not sign"))?;
            Ok(signature.as_ref().to_vec())
        }
        _ => {
            let kind = rsa(algorithm).ok_or_else(|| format!("nothing is signed with `{algorithm}`"))?;
            let components = KeyPairComponents {
                public_key: PublicKeyComponents { n: stripped(bytes("n")?), e: bytes("e")? },
                d: bytes("d")?,
                p: bytes("p")?,
                q: bytes("q")?,
                dP: bytes("dp")?,
                dQ: bytes("dq")?,
                qInv: bytes("qi")?,
            };
            let pair = RsaKeyPair::from_components(&components).map_err(|error| wrong(&error.to_string()))?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(kind, &SystemRandom::new(), message, &mut signature).map_err(|_| wrong("it does not sign"))?;
            Ok(signature)
        }
    }
}

fn rsa(algorithm: &str) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        "RS256" => &signature::RSA_PKCS1_SHA256,
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        "PS384" => &signature::RSA_PSS_SHA384,
        "PS512" => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

/// Without zero bytes in front.
fn stripped(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}
