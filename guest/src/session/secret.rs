//! Shared secrets for HS256, HS384 and HS512.

use super::jwt::Algorithm;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;

/// Secrets of one provider: one in use, some on their way out.
pub(super) const MAX_SECRETS: usize = 8;
/// Bytes: the digest of HS256, the smallest that RFC 7518 section 3.2 allows for any of them.
const MIN_LENGTH: usize = 32;
/// base64 as people paste it: padding may be there or not.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Vec<u8>);

/// What is wrong with a secret. Never says more about its content than its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretError {
    /// Not what its `base64:` or `hex:` says.
    Encoding(&'static str),
    /// So many bytes.
    Short(usize),
}

impl Secret {
    /// The text as it is, or what stands behind `base64:` (either alphabet) or `hex:`.
    pub(super) fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = if let Some(text) = text.strip_prefix("base64:") {
            let text = text.trim();
            STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| SecretError::Encoding("base64"))?
        } else if let Some(text) = text.strip_prefix("hex:") {
            hex(text.trim()).ok_or(SecretError::Encoding("hex"))?
        } else {
            text.as_bytes().to_vec()
        };
        if bytes.len() < MIN_LENGTH { Err(SecretError::Short(bytes.len())) } else { Ok(Self(bytes)) }
    }

    /// Is it as long as the digest of the algorithm (RFC 7518 section 3.2)?
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.is_symmetric() && self.0.len() >= algorithm.digest_length()
    }

    /// For the question.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_spellings() {
        let raw = Secret::parse(&"k".repeat(32)).unwrap();
        assert_eq!(raw.bytes(), [b'k'; 32]);
        assert_eq!(Secret::parse(&format!("hex:{}", "6B".repeat(32))), Ok(raw.clone()));
        for encoded in [STANDARD.encode([0xfb; 48]), URL_SAFE.encode([0xfb; 47]), STANDARD.encode([0xfb; 47])] {
            let unpadded = encoded.trim_end_matches('=');
            assert_eq!(Secret::parse(&format!("base64:{encoded}")), Secret::parse(&format!("base64:{unpadded}")));
            assert_eq!(Secret::parse(&format!("base64:{encoded}")).unwrap().bytes()[..46], [0xfb; 46]);
        }
    }

    #[test]
    fn says_what_is_wrong_and_nothing_more() {
        assert_eq!(Secret::parse("secret"), Err(SecretError::Short(6)));
        assert_eq!(Secret::parse("base64:AAAA"), Err(SecretError::Short(3)));
        assert_eq!(Secret::parse("base64:*"), Err(SecretError::Encoding("base64")));
        assert_eq!(Secret::parse("hex:abc"), Err(SecretError::Encoding("hex")));
        assert_eq!(Secret::parse("hex:zz"), Err(SecretError::Encoding("hex")));
        assert_eq!(format!("{:?}", Secret::parse(&"k".repeat(40)).unwrap()), "Secret(40 bytes)");
    }

    #[test]
    fn length_decides_the_algorithm() {
        let secret = Secret::parse(&"k".repeat(48)).unwrap();
        assert!(secret.fits(Algorithm::Hs256) && secret.fits(Algorithm::Hs384));
        assert!(!secret.fits(Algorithm::Hs512) && !secret.fits(Algorithm::Rs256));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(hex:|base64:)?\\PC{0,80}") {
            let _ = Secret::parse(&text);
        }
    }
}
