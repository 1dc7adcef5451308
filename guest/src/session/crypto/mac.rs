//! HMAC with a key that is prepared once: the two hashed key blocks are kept, a tag costs only its message.

use hmac::digest::Output;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::fmt;

/// HMAC-SHA1, for formats that have it and have no choice. As a MAC it is not known to be broken.
pub(in crate::session) type HmacSha1 = MacKey<Hmac<Sha1>>;
/// HMAC-SHA256.
pub(in crate::session) type HmacSha256 = MacKey<Hmac<Sha256>>;
/// HMAC-SHA512, inside A256CBC-HS512.
pub(in crate::session) type HmacSha512 = MacKey<Hmac<Sha512>>;

/// A prepared key. `Debug` does not show it.
#[derive(Clone)]
pub(in crate::session) struct MacKey<M>(M);

impl<M: Mac + KeyInit + Clone> MacKey<M> {
    /// Prepare a key of any length.
    ///
    /// # Errors
    /// None in practice: HMAC takes every length (RFC 2104 section 2).
    pub(in crate::session) fn new(key: &[u8]) -> Result<Self, &'static str> {
        M::new_from_slice(key).map(Self).map_err(|_| "no key for this MAC")
    }

    /// The tag of the parts, one behind the other. Who joins parts of free length must make their borders clear.
    pub(in crate::session) fn tag(&self, parts: &[&[u8]]) -> Output<M> {
        self.over(parts).finalize().into_bytes()
    }

    /// Is this the whole tag of the parts? In constant time.
    pub(in crate::session) fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.over(parts).verify_slice(tag).is_ok()
    }

    /// Is this the beginning of the tag of the parts, of exactly `length` bytes? In constant time.
    pub(super) fn verify_truncated(&self, parts: &[&[u8]], tag: &[u8], length: usize) -> bool {
        tag.len() == length && self.over(parts).verify_truncated_left(tag).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> M {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl<M> fmt::Debug for MacKey<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}
