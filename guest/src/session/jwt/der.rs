//! The few shapes of DER (ITU-T X.690) that public keys come in: SPKI (RFC 5280 section 4.1.2.7) and PKCS #1 (RFC 8017
//! appendix A.1.1). One encoding per value; anything else is refused.

use super::jwk::{Curve, PublicKey};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// `[0]` and `[1]` of `ECPrivateKey`.
const PARAMETERS: u8 = 0xa0;
const PUBLIC: u8 = 0xa1;

// Object identifiers, encoded. RFC 8017 appendix C; RFC 5480 section 2.1.1; RFC 8410 section 3.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

const MALFORMED: &str = "malformed DER";

/// `SubjectPublicKeyInfo`, as in `-----BEGIN PUBLIC KEY-----`.
///
/// # Errors
/// Why the key is not used.
pub(in crate::session) fn spki(bytes: &[u8]) -> Result<PublicKey, &'static str> {
    let mut outer = Reader(bytes);
    let mut info = Reader(outer.last(SEQUENCE)?);
    let mut algorithm = Reader(info.take(SEQUENCE)?);
    let key = match info.last(BIT_STRING)?.split_first() {
        Some((0, key)) => key,
        _ => return Err(MALFORMED),
    };
    match algorithm.take(OID)? {
        RSA => match algorithm.last(NULL)? {
            [] => pkcs1(key),
            _ => Err(MALFORMED),
        },
        EC => {
            let curve = match algorithm.last(OID)? {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return Err("unknown curve"),
            };
            // SEC 1 section 2.3.3: 04, then both coordinates.
            let Some((4, point)) = key.split_first() else { return Err("EC point is compressed") };
            let (x, y) = point.split_at_checked(curve.coordinate()).ok_or(MALFORMED)?;
            PublicKey::ec(curve, x, y)
        }
        ED25519 if algorithm.0.is_empty() => PublicKey::ed25519(key),
        _ => Err("unknown kind of key"),
    }
}

/// The public half of a private P-256 key in `PrivateKeyInfo` (RFC 5208) around `ECPrivateKey` (RFC 5915 section 3), as in
/// `-----BEGIN PRIVATE KEY-----`. The private half is not looked at.
///
/// # Errors
/// Why the key is not used.
pub(in crate::session) fn pkcs8_public(bytes: &[u8]) -> Result<PublicKey, &'static str> {
    const OTHER: &str = "not a P-256 key";
    let mut outer = Reader(bytes);
    let mut info = Reader(outer.last(SEQUENCE)?);
    info.take(INTEGER)?;
    let mut algorithm = Reader(info.take(SEQUENCE)?);
    if algorithm.take(OID)? != EC || algorithm.take(OID).map_err(|_| OTHER)? != P256 {
        return Err(OTHER);
    }
    let mut wrapped = Reader(info.take(OCTET_STRING)?);
    let mut key = Reader(wrapped.last(SEQUENCE)?);
    key.take(INTEGER)?;
    key.take(OCTET_STRING)?;
    if key.0.first() == Some(&PARAMETERS) {
        key.take(PARAMETERS)?;
    }
    let mut public = Reader(key.take(PUBLIC).map_err(|_| "its public half is not in the file")?);
    let Some((0, point)) = public.last(BIT_STRING)?.split_first() else { return Err(MALFORMED) };
    let Some((4, point)) = point.split_first() else { return Err("EC point is compressed") };
    let (x, y) = point.split_at_checked(Curve::P256.coordinate()).ok_or(MALFORMED)?;
    PublicKey::ec(Curve::P256, x, y)
}

/// `RSAPublicKey`, as in `-----BEGIN RSA PUBLIC KEY-----`.
///
/// # Errors
/// Why the key is not used.
pub(in crate::session) fn pkcs1(bytes: &[u8]) -> Result<PublicKey, &'static str> {
    let mut outer = Reader(bytes);
    let mut key = Reader(outer.last(SEQUENCE)?);
    let modulus = key.take(INTEGER)?;
    let exponent = key.last(INTEGER)?;
    for number in [modulus, exponent] {
        match number {
            // Positive, and no longer than needed.
            [0, second, ..] if *second >= 0x80 => {}
            [first, ..] if (1..0x80).contains(first) => {}
            _ => return Err(MALFORMED),
        }
    }
    PublicKey::rsa(modulus, exponent)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Result<&'a [u8], &'static str> {
        let (&found, rest) = self.0.split_first().ok_or(MALFORMED)?;
        let (&first, rest) = rest.split_first().ok_or(MALFORMED)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Long form: one or two bytes are enough for any key we take, and only the shortest form is DER.
            0x81 => match rest {
                [length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
                _ => return Err(MALFORMED),
            },
            0x82 => match rest {
                [high, low, rest @ ..] if *high > 0 => (usize::from(*high) << 8 | usize::from(*low), rest),
                _ => return Err(MALFORMED),
            },
            _ => return Err(MALFORMED),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        self.0 = rest;
        if found == tag { Ok(content) } else { Err(MALFORMED) }
    }

    /// The same, and nothing may follow.
    fn last(&mut self, tag: u8) -> Result<&'a [u8], &'static str> {
        let content = self.take(tag)?;
        if self.0.is_empty() { Ok(content) } else { Err(MALFORMED) }
    }
}
