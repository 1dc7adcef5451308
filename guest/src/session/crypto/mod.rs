//! What encrypted session cookies need: keys derived from secrets, JWE, iron seals, MACs. Bytes in, bytes out.
//!
//! Nothing here knows a provider, a clock or a request. A key is prepared once, when a policy starts; what is done for
//! a request is parse, then open. [`derive`] (secret → key), [`jwe`] (text → parts), [`jwe_key`] (parts → plaintext and
//! back), [`iron`] (seal → plaintext), [`mac`] (keyed tags), [`text`] (base64 and hex in one spelling).
//!
//! The primitives are those of the RustCrypto crates; the formats around them are ours. No key, secret or plaintext
//! shows in `Debug`. A refusal is a fixed text: it says what is wrong with the form, and only [`NOT_OPENED`] about
//! anything that depends on a key.

mod block;
pub(super) mod derive;
pub(super) mod iron;
pub(super) mod jwe;
pub(super) mod jwe_key;
pub(super) mod mac;
pub(super) mod text;

#[cfg(test)]
mod tests;

/// Bytes of a whole encrypted text. Sessions with large profiles, in chunks, have some 12 KiB.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// Why a well-formed text was not opened. Other key, changed byte and bad padding are one reason: to tell them apart
/// is to answer questions about the plaintext.
pub(super) const NOT_OPENED: &str = "does not open with this key";
