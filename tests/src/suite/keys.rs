//! What the keys of a set can sign.
//!
//! A config may not allow an algorithm that none of its fixed keys can make: that is a mistake there (P410). The cases
//! allow more than their keys can do, so a translated config allows what both sides have. What falls away could never
//! have verified.

use crate::vectors::{text, texts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const RSA: &[&str] = &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
/// Bytes of the smallest RSA modulus that may sign: 2048 bits (RFC 7518 section 3.3).
const MODULUS: usize = 256;

/// Of `allowed`, what a usable key of `jwks` can make; all of `allowed` when that is nothing, so that the config is
/// refused for what it is.
pub(super) fn allowed_and_able(allowed: &Value, jwks: &Value) -> Vec<String> {
    let allowed = texts(Some(allowed));
    let able: Vec<String> = jwks["keys"].as_array().into_iter().flatten().flat_map(made_by).collect();
    let both: Vec<String> = allowed.iter().filter(|name| able.contains(name)).cloned().collect();
    if both.is_empty() { allowed } else { both }
}

fn made_by(key: &Value) -> Vec<String> {
    let operations = texts(key.get("key_ops"));
    let verifies =
        matches!(text(key, "use"), "" | "sig") && (operations.is_empty() || operations.iter().any(|o| o == "verify"));
    let names: &[&str] = match (text(key, "kty"), text(key, "crv")) {
        _ if !verifies => &[],
        ("RSA", _) if URL_SAFE_NO_PAD.decode(text(key, "n")).is_ok_and(|n| n.len() >= MODULUS) => RSA,
        ("EC", "P-256") => &["ES256"],
        ("EC", "P-384") => &["ES384"],
        ("EC", "P-521") => &["ES512"],
        ("OKP", "Ed25519") => &["EdDSA"],
        _ => &[],
    };
    let bound = text(key, "alg");
    names.iter().filter(|name| bound.is_empty() || bound == **name).map(|name| (*name).to_owned()).collect()
}
