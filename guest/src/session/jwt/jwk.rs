//! Public keys: what they may be used for, and the one JWK text that stands for each.

use super::{Algorithm, roca, token};
use crate::session::json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Bits of an RSA modulus. Below 2048: RFC 7518 section 3.3. Above 8192: a verification takes milliseconds.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The only public exponent taken: 65537. Small ones have been forged (CVE-2006-4339 and its many returns).
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];
/// Order of the Ed25519 group, little-endian (RFC 8032 section 5.1).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Curves for ECDSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// The `crv` value.
    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate (RFC 7518 section 6.2.1.2).
    pub(in crate::session) fn coordinate(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// With the length of the modulus in bytes.
    Rsa(usize),
    Ec(Curve),
    Ed25519,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct PublicKey {
    shape: Shape,
    text: String,
}

impl PublicKey {
    /// Modulus and exponent, big-endian; leading zero bytes are dropped (some encoders leave a sign byte).
    pub(in crate::session) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        let (modulus, exponent) = (trimmed(modulus), trimmed(exponent));
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if bits < *RSA_BITS.start() {
            return Err("RSA key shorter than 2048 bits");
        }
        if bits > *RSA_BITS.end() {
            return Err("RSA key longer than 8192 bits");
        }
        if modulus.last().is_some_and(|byte| byte % 2 == 0) {
            return Err("RSA modulus is even");
        }
        if exponent != RSA_EXPONENT {
            return Err("RSA exponent is not 65537");
        }
        if roca::made(modulus) {
            return Err("RSA key of a flawed chip (CVE-2017-15361)");
        }
        let text = format!(r#"{{"e":"AQAB","kty":"RSA","n":"{}"}}"#, URL_SAFE_NO_PAD.encode(modulus));
        Ok(Self { shape: Shape::Rsa(modulus.len()), text })
    }

    /// Affine coordinates. Whether the point is on the curve is for the verifier to say.
    pub(in crate::session) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, &'static str> {
        if x.len() != curve.coordinate() || y.len() != curve.coordinate() {
            return Err("EC coordinate of the wrong length");
        }
        let (name, x, y) = (curve.name(), URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let text = format!(r#"{{"crv":"{name}","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(Self { shape: Shape::Ec(curve), text })
    }

    /// The encoded point.
    pub(in crate::session) fn ed25519(x: &[u8]) -> Result<Self, &'static str> {
        if x.len() != 32 {
            return Err("Ed25519 key is not 32 bytes long");
        }
        let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(x));
        Ok(Self { shape: Shape::Ed25519, text })
    }

    /// The members that make up the key and no others, in the order and spelling of RFC 7638 section 3: equal
    /// keys have equal texts, so whoever verifies may keep prepared keys by it.
    pub(in crate::session) fn text(&self) -> &str {
        &self.text
    }

    /// Can this kind of key make such signatures?
    pub(in crate::session) fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match algorithm {
            A::Hs256 | A::Hs384 | A::Hs512 => false,
            A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512 => matches!(self.shape, Shape::Rsa(_)),
            A::Es256 => self.shape == Shape::Ec(Curve::P256),
            A::Es384 => self.shape == Shape::Ec(Curve::P384),
            A::Es512 => self.shape == Shape::Ec(Curve::P521),
            A::EdDsa => self.shape == Shape::Ed25519,
        }
    }

    /// Has a signature the form that this key makes? RSA: as long as the modulus (RFC 8017 section 8.2.2). ECDSA: two
    /// coordinates (RFC 7518 section 3.4). EdDSA: 64 bytes, S below the group order (RFC 8032 section 5.1.7).
    pub(in crate::session) fn may_have_made(&self, signature: &[u8]) -> bool {
        match self.shape {
            Shape::Rsa(length) => signature.len() == length,
            Shape::Ec(curve) => signature.len() == 2 * curve.coordinate(),
            Shape::Ed25519 => match signature.split_at_checked(32) {
                Some((_, s)) => s.len() == 32 && s.iter().rev().lt(ED25519_ORDER.iter().rev()),
                None => false,
            },
        }
    }
}

/// A key as a set publishes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct NamedKey {
    pub(in crate::session) kid: Option<String>,
    /// Only for this algorithm, if the set says so.
    pub(in crate::session) algorithm: Option<Algorithm>,
    pub(in crate::session) key: PublicKey,
}

impl NamedKey {
    /// Read one member of `keys` (RFC 7517 section 4).
    ///
    /// # Errors
    /// Why this key is never used; the set as a whole is still good.
    pub(in crate::session) fn parse(jwk: &Map<String, Value>) -> Result<Self, &'static str> {
        if ["d", "p", "q", "k"].iter().any(|name| jwk.contains_key(*name)) {
            return Err("it is a private or shared key, and it is published");
        }
        match jwk.get("use") {
            None => {}
            Some(Value::String(usage)) if usage == "sig" => {}
            Some(_) => return Err("`use` is not `sig`"),
        }
        match jwk.get("key_ops") {
            None => {}
            Some(Value::Array(all)) if all.iter().any(|op| op == "verify") => {}
            Some(_) => return Err("`key_ops` does not hold `verify`"),
        }
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(Value::String(name)) => Some(Algorithm::from_name(name).ok_or("`alg` is no signature algorithm")?),
            Some(_) => return Err("`alg` is no text"),
        };
        let kid = match jwk.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err("`kid` is no text"),
        };
        let key = public_key(jwk)?;
        match algorithm {
            Some(algorithm) if !key.fits(algorithm) => Err("`alg` does not go with `kty` and `crv`"),
            _ => Ok(Self { kid, algorithm, key }),
        }
    }

    /// May this key verify tokens of that algorithm?
    pub(in crate::session) fn fits(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }
}

fn public_key(jwk: &Map<String, Value>) -> Result<PublicKey, &'static str> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes =
        |name: &str| text(name).and_then(token::decode).ok_or("a member of the key is missing or not base64url");
    match (text("kty"), text("crv")) {
        (Some("RSA"), _) => PublicKey::rsa(&bytes("n")?, &bytes("e")?),
        (Some("EC"), Some(crv)) => {
            let curve = [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| curve.name() == crv);
            PublicKey::ec(curve.ok_or("unknown curve")?, &bytes("x")?, &bytes("y")?)
        }
        (Some("OKP"), Some("Ed25519")) => PublicKey::ed25519(&bytes("x")?),
        (Some("oct"), _) => Err("shared keys are never taken from a set"),
        _ => Err("unknown kind of key"),
    }
}

fn trimmed(mut number: &[u8]) -> &[u8] {
    while let Some((0, rest)) = number.split_first() {
        number = rest;
    }
    number
}

/// Bytes of a JWKS.
pub(in crate::session) const MAX_SET: usize = 256 * 1024;
/// Keys in a JWKS; providers in use publish 1 to 10.
pub(in crate::session) const MAX_KEYS: usize = 64;

/// A JSON Web Key Set (RFC 7517 section 5), usable keys and the names of the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::session) struct KeySet {
    keys: Vec<NamedKey>,
    unusable: Vec<(Option<String>, &'static str)>,
}

/// Which key is to verify a token.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::session) enum Choice<'a> {
    /// This one.
    Key(&'a NamedKey),
    /// None that is known; the set may have grown since.
    Unknown,
    /// The set says which one, and it will not do.
    Unfit(&'static str),
}

impl KeySet {
    /// Read a set. A key that cannot be used never spoils the others.
    ///
    /// # Errors
    /// Why this is no JWKS.
    pub(in crate::session) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > MAX_SET {
            return Err("longer than 256 KiB");
        }
        let document = json::object(bytes)?;
        let Some(Value::Array(all)) = document.get("keys") else {
            return Err("no `keys` list");
        };
        if all.len() > MAX_KEYS {
            return Err("more than 64 keys");
        }
        let mut set = Self::default();
        for jwk in all {
            let Value::Object(jwk) = jwk else {
                set.unusable.push((None, "not an object"));
                continue;
            };
            match NamedKey::parse(jwk) {
                Ok(key) if set.keys.contains(&key) => {}
                Ok(key) => set.keys.push(key),
                Err(why) => set.unusable.push((jwk.get("kid").and_then(Value::as_str).map(str::to_owned), why)),
            }
        }
        Ok(set)
    }

    /// `kid` decides, exactly; without one, the key must be the only one that fits. Never "try them all":
    /// that would let a token pick (RFC 8725 section 3.1).
    pub(in crate::session) fn choose(&self, algorithm: Algorithm, kid: Option<&str>) -> Choice<'_> {
        let named = |key: &&NamedKey| kid.is_none() || key.kid.as_deref() == kid;
        let mut fitting = self.keys.iter().filter(named).filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next(), kid) {
            (Some(key), None, _) => Choice::Key(key),
            (Some(_), Some(_), Some(_)) => Choice::Unfit("several keys of that kid"),
            (Some(_), Some(_), None) => Choice::Unfit("no kid, and several keys would fit"),
            (None, _, None) => Choice::Unknown,
            (None, _, Some(_)) if self.keys.iter().any(|key| named(&key)) => {
                Choice::Unfit("made for another algorithm")
            }
            (None, _, Some(_)) => match self.unusable.iter().find(|(name, _)| name.as_deref() == kid) {
                Some((_, why)) => Choice::Unfit(why),
                None => Choice::Unknown,
            },
        }
    }

    /// Is there any key to verify with?
    pub(in crate::session) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Is there a key that can make such signatures?
    pub(in crate::session) fn can(&self, algorithm: Algorithm) -> bool {
        self.keys.iter().any(|key| key.fits(algorithm))
    }

    /// Why keys were left out, in order.
    pub(in crate::session) fn left_out(&self) -> impl Iterator<Item = &'static str> {
        self.unusable.iter().map(|(_, why)| *why)
    }
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
