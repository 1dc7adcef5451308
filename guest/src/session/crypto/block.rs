//! AES-256-CBC with PKCS #7 padding, for both formats that use it.

use aes::Aes256Dec;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, InnerIvInit};
use cbc::Decryptor;

/// Bytes of an AES block, and of an IV.
pub(super) const BLOCK: usize = 16;

/// Decrypt what a MAC has vouched for; never before. `None` if IV, length or padding are not right, which the caller
/// must not tell from a bad MAC.
pub(super) fn decrypt(aes: &Aes256Dec, iv: &[u8; BLOCK], ciphertext: &[u8]) -> Option<Vec<u8>> {
    Decryptor::inner_iv_init(aes, iv.into()).decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
}
