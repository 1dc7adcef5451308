//! Bytes as text and back: base64url, base64 and hex, each in its one spelling.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// base64url of JOSE and of iron seals: no padding, no white space, spare bits zero.
pub(in crate::session) fn base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// base64url without padding.
pub(in crate::session) fn to_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64 as signed cookies and webhooks write it: padded, spare bits zero.
pub(in crate::session) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Hex in small letters.
pub(in crate::session) fn to_hex(bytes: impl AsRef<[u8]>) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    bytes.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spelling() {
        assert_eq!(base64url("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64("+/8="), Some(vec![0xfb, 0xff]));
        for other in ["-_8=", "+/8", "-_9", "-_8\n", " -_8", "-", "-_8é"] {
            assert_eq!(base64url(other), None, "{other}");
        }
        for other in ["+/8", "+/9=", "-_8=", "+/8==", "+/8= ", "="] {
            assert_eq!(base64(other), None, "{other}");
        }
        assert_eq!(to_hex([0x00, 0x9a, 0xff]), "009aff");
    }

    proptest! {
        #[test]
        fn there_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(base64url(&to_base64url(&bytes)), Some(bytes.clone()));
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(to_hex(&bytes), hex);
        }

        #[test]
        fn what_decodes_is_what_would_be_written(text in "[A-Za-z0-9_=-]{0,12}") {
            if let Some(bytes) = base64url(&text) {
                prop_assert_eq!(to_base64url(bytes), text);
            }
        }
    }
}
