//! Query strings: read one parameter, write one, percent-coding.

use super::percent::{Unit, is_unreserved, push_escape, units};

/// Percent-encode everything but unreserved characters (RFC 3986 section 2.3), as `encodeURIComponent` nearly does
/// (that one leaves `!'()*` alone too).
pub fn encode_component(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if is_unreserved(byte) { out.push(char::from(byte)) } else { push_escape(&mut out, byte) }
    }
    out
}

/// What to do with a `%` that starts no escape, and with bytes that are not UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    Refuse,
    Keep,
}

fn decode(text: &str, broken: Broken) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in units(text.as_bytes()) {
        bytes.push(match unit {
            Unit::Broken if broken == Broken::Refuse => return None,
            Unit::Plain(b'+') => b' ',
            other => other.byte(),
        });
    }
    match (String::from_utf8(bytes), broken) {
        (Ok(text), _) => Some(text),
        (Err(_), Broken::Refuse) => None,
        (Err(error), Broken::Keep) => Some(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// Decode `%XX` and `+` (WHATWG URL `application/x-www-form-urlencoded`); `None` on a bad escape or bad UTF-8.
pub fn decode_component(text: &str) -> Option<String> {
    decode(text, Broken::Refuse)
}

/// `decodeURIComponent`: as [`decode_component`], but `+` stays.
pub fn decode_uri_component(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in units(text.as_bytes()) {
        bytes.push(match unit {
            Unit::Broken => return None,
            other => other.byte(),
        });
    }
    String::from_utf8(bytes).ok()
}

/// `decodeURI`: as [`decode_uri_component`], but the escapes of characters with a meaning in addresses stay as they are.
pub fn decode_uri(text: &str) -> Option<String> {
    const RESERVED: &[u8] = b";/?:@&=+$,#";
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    for unit in units(text.as_bytes()) {
        let width = if matches!(unit, Unit::Escape(_)) { 3 } else { 1 };
        match unit {
            Unit::Broken => return None,
            Unit::Escape(byte) if RESERVED.contains(&byte) => {
                bytes.extend_from_slice(text.as_bytes().get(at..at + width).unwrap_or_default());
            }
            other => bytes.push(other.byte()),
        }
        at += width;
    }
    String::from_utf8(bytes).ok()
}

fn pairs(query: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn is_named(key: &str, name: &str) -> bool {
    key == name || (key.contains(['%', '+']) && decode(key, Broken::Keep).is_some_and(|k| k == name))
}

/// First value of parameter `name`, decoded; `None` when it is absent or cannot be decoded.
pub fn param(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(key, _)| is_named(key, name)).and_then(|(_, value)| decode_component(value))
}

/// The query without any parameter `name`, however that is spelt; all others stay byte for byte.
pub fn without_param(query: &str, name: &str) -> String {
    let kept = query.split('&').filter(|pair| !is_named(pair.split_once('=').map_or(*pair, |(key, _)| key), name));
    kept.collect::<Vec<_>>().join("&")
}

/// Last value of parameter `name`, as `URLSearchParams` reads it: bad escapes stay as they are, bytes that are not
/// UTF-8 become U+FFFD. `None`: absent.
pub(super) fn last_param(query: &str, name: &str) -> Option<String> {
    pairs(query).rfind(|(key, _)| is_named(key, name)).and_then(|(_, value)| decode(value, Broken::Keep))
}

/// `url` with `name=value` added to its query, before any fragment.
pub fn append_param(url: &str, name: &str, value: &str) -> String {
    let (base, fragment) = match url.find('#') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let joint = match base.as_bytes() {
        [.., b'?' | b'&'] => "",
        bytes if bytes.contains(&b'?') => "&",
        _ => "?",
    };
    format!("{base}{joint}{}={}{fragment}", encode_component(name), encode_component(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn components_are_encoded_to_unreserved_characters_only() {
        assert_eq!(encode_component("/product/7?tab=a"), "%2Fproduct%2F7%3Ftab%3Da");
        assert_eq!(encode_component("a b+c&d#é!'()*"), "a%20b%2Bc%26d%23%C3%A9%21%27%28%29%2A");
        assert_eq!(encode_component("A-z.0_9~"), "A-z.0_9~");
    }

    #[test]
    fn bad_escapes_and_bad_utf8_are_not_decoded() {
        assert_eq!(decode_component("a+b%20c%C3%A9").as_deref(), Some("a b cé"));
        for bad in ["%", "%4", "%zz", "%c0%af", "%ff", "a%"] {
            assert_eq!(decode_component(bad), None, "{bad}");
        }
    }

    #[test]
    fn first_and_last_value_of_a_parameter() {
        let query = "a=1&b=2&a=3&&c&%64=4&e=%zz";
        assert_eq!(param(query, "a").as_deref(), Some("1"));
        assert_eq!(last_param(query, "a").as_deref(), Some("3"));
        assert_eq!(param(query, "c").as_deref(), Some(""));
        assert_eq!(param(query, "d").as_deref(), Some("4"));
        assert_eq!(param(query, "e"), None);
        assert_eq!(last_param(query, "e").as_deref(), Some("%zz"));
        assert_eq!(param(query, "x"), None);
    }

    #[test]
    fn a_parameter_is_taken_out_and_nothing_else_changes() {
        for (query, wanted) in [
            ("code=1", ""),
            ("a=1&code=1&b=%20x+y&a=2", "a=1&b=%20x+y&a=2"),
            ("code&code=&%63ode=3&codes=4", "codes=4"),
            ("a=code&&b", "a=code&&b"),
            ("", ""),
        ] {
            assert_eq!(without_param(query, "code"), wanted, "{query}");
        }
    }

    #[test]
    fn a_parameter_is_added_before_the_fragment() {
        assert_eq!(append_param("/signin", "next", "/a?b"), "/signin?next=%2Fa%3Fb");
        assert_eq!(append_param("/signin?x=1#top", "next", "/"), "/signin?x=1&next=%2F#top");
        assert_eq!(append_param("/signin?", "n", "1"), "/signin?n=1");
        assert_eq!(append_param("/signin#a?b", "n", "1"), "/signin?n=1#a?b");
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(name in "[a-z]{1,5}", value in any::<String>(), more in "[ -~]{0,20}") {
            let url = append_param(&format!("/p#{more}"), &name, &value);
            let query = url.split_once('?').unwrap().1.split_once('#').unwrap().0;
            prop_assert_eq!(param(query, &name), Some(value.clone()));
            prop_assert_eq!(last_param(query, &name), Some(value));
        }

        #[test]
        fn reading_never_panics(query in any::<String>(), name in any::<String>()) {
            let _ = (param(&query, &name), last_param(&query, &name), append_param(&query, &name, &query));
        }
    }
}
