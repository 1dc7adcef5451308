//! Cookie values as the apps behind read them: every parser of theirs decodes percent escapes.

use super::refused::Refused;
use crate::request::decode_uri_component;
use std::borrow::Cow;

/// The value, decoded. One that cannot be is refused: some parsers then take it as it stands, others drop the cookie.
pub(super) fn unescaped(text: &str) -> Result<Cow<'_, str>, Refused> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    decode_uri_component(text).map(Cow::Owned).ok_or(Refused::Unreadable("cookie is not percent-encoded text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_escapes_or_nothing() {
        assert_eq!(unescaped("a+b").unwrap(), "a+b");
        assert_eq!(unescaped("%7B%22a%22%7d%C3%A9").unwrap(), "{\"a\"}\u{e9}");
        for bad in ["%", "%4", "%zz", "%ff", "a%C3"] {
            assert!(unescaped(bad).is_err(), "{bad}");
        }
    }
}
