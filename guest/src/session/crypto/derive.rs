//! From the secret of a configuration to the keys that each system makes of it. Done when a policy starts.

use super::text::to_base64url;
use hkdf::Hkdf;
use sha2::{Digest, Sha256, Sha512};

/// The hash of a JWK thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Thumbprint {
    /// Better Auth; Auth.js for 32-byte keys.
    Sha256,
    /// Auth.js for 64-byte keys.
    Sha512,
}

/// NextAuth v4: A256GCM.
///
/// # Errors
/// As [`hkdf_sha256`]; the same for the others.
pub(in crate::session) fn next_auth(secret: &[u8]) -> Result<[u8; 32], &'static str> {
    hkdf_sha256(secret, b"", &[b"NextAuth.js Generated Encryption Key"])
}

/// NextAuth v4 where the app gives a salt.
pub(in crate::session) fn next_auth_salted(secret: &[u8], salt: &str) -> Result<[u8; 32], &'static str> {
    let info: [&[u8]; 3] = [b"NextAuth.js Generated Encryption Key (", salt.as_bytes(), b")"];
    hkdf_sha256(secret, salt.as_bytes(), &info)
}

/// Auth.js v5: 64 bytes for A256CBC-HS512, 32 for A256GCM. The cookie's name is part of it, so that a token does not
/// open in another cookie.
pub(in crate::session) fn auth_js<const N: usize>(secret: &[u8], cookie: &str) -> Result<[u8; N], &'static str> {
    hkdf_sha256(secret, cookie.as_bytes(), &[b"Auth.js Generated Encryption Key (", cookie.as_bytes(), b")"])
}

/// nextjs-auth0: A256GCM.
pub(in crate::session) fn auth0(secret: &[u8]) -> Result<[u8; 32], &'static str> {
    hkdf_sha256(secret, b"", &[b"JWE CEK"])
}

/// Better Auth, cache strategy `jwe`: A256CBC-HS512.
pub(in crate::session) fn better_auth(secret: &[u8]) -> Result<[u8; 64], &'static str> {
    hkdf_sha256(secret, b"better-auth-session", &[b"BetterAuth.js Generated Encryption Key"])
}

/// The key of [`super::jwe_key::JweKey::seal`]'s nonces. Ours alone, and independent of every encryption key that the
/// same secret gives.
pub(in crate::session) fn nonce_key(secret: &[u8]) -> Result<[u8; 32], &'static str> {
    hkdf_sha256(secret, b"", &[b"Portcullis JWE nonce"])
}

/// HKDF-SHA256 (RFC 5869); the parts of `info` are joined.
///
/// # Errors
/// Only for more than 8,160 bytes.
pub(in crate::session) fn hkdf_sha256<const N: usize>(
    secret: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Result<[u8; N], &'static str> {
    let mut key = [0; N];
    let hkdf = Hkdf::<Sha256>::new(Some(salt), secret);
    hkdf.expand_multi_info(info, &mut key).map_err(|_| "key longer than HKDF gives")?;
    Ok(key)
}

/// RFC 7638 of a derived key as a JWK of type `oct`, in base64url: the `kid` by which a token names one secret of a
/// rotation list.
pub(in crate::session) fn thumbprint(key: &[u8], hash: Thumbprint) -> String {
    let jwk = format!(r#"{{"k":"{}","kty":"oct"}}"#, to_base64url(key));
    match hash {
        Thumbprint::Sha256 => to_base64url(Sha256::digest(jwk)),
        Thumbprint::Sha512 => to_base64url(Sha512::digest(jwk)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::to_hex;
    use super::*;

    /// RFC 5869 appendix A.1 and A.3.
    #[test]
    fn hkdf_known_answers() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let (left, right) = info.split_at(4);
        let key: [u8; 42] = hkdf_sha256(&[0x0b; 22], &salt, &[left, right]).unwrap();
        assert_eq!(to_hex(key), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
        let key: [u8; 42] = hkdf_sha256(&[0x0b; 22], b"", &[]).unwrap();
        assert_eq!(to_hex(key), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
        assert!(hkdf_sha256::<8161>(b"", b"", &[]).is_err());
    }

    #[test]
    fn no_two_systems_share_a_key() {
        let secret = b"vector-secret";
        let cookie = "authjs.session-token";
        let long: [u8; 64] = auth_js(secret, cookie).unwrap();
        let keys = [
            next_auth(secret).unwrap(),
            next_auth_salted(secret, cookie).unwrap(),
            auth0(secret).unwrap(),
            nonce_key(secret).unwrap(),
            auth_js(secret, "__Secure-authjs.session-token").unwrap(),
            *better_auth(secret).unwrap().first_chunk().unwrap(),
            auth_js(secret, cookie).unwrap(),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
        // HKDF-Expand is a stream: the shorter key is the beginning of the longer one.
        assert_eq!(long[..32], keys[6]);
    }
}
