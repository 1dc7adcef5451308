//! What the kinds with an encrypted cookie have in common: cookie → token text → content as JSON, under one of several
//! secrets. Clock and meaning are those of the kind.

use super::crypto::jwe::{Enc, Jwe};
use super::crypto::jwe_key::JweKey;
use super::escapes::unescaped;
use super::json;
use super::refused::Refused;
use crate::request::CookieRead;
use serde_json::{Map, Value};

/// A key and, where tokens name theirs, its name.
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) enc: Enc,
    pub(super) key: JweKey,
}

/// An opened token.
#[derive(Debug)]
pub(super) struct Opened {
    /// Its protected header: as good as the content, once the token is open.
    pub(super) header: Map<String, Value>,
    /// The content.
    pub(super) content: Map<String, Value>,
}

/// The token text of a cookie; `None` when there is none, also when there is an empty one: that is how all of these
/// systems read a cookie that was cleared.
///
/// The apps behind percent-decode cookie values, so that is done here, too, though none of them writes an escape.
pub(super) fn token_text(read: CookieRead) -> Result<Option<String>, Refused> {
    match read {
        CookieRead::Absent | CookieRead::Refused("empty") => Ok(None),
        CookieRead::Refused(why) => Err(Refused::Unreadable(why)),
        CookieRead::Value(text) => Ok(Some(unescaped(&text)?.into_owned())),
    }
}

/// Open a token with the keys of its encryption: the one that it names, or, without a name, the first that fits.
/// `named`: do tokens of this system name their key at all?
pub(super) fn open(text: &str, keys: &[Key], named: bool) -> Result<Opened, Refused> {
    let jwe = Jwe::parse(text).map_err(Refused::Malformed)?;
    if keys.iter().all(|key| key.enc != jwe.enc) {
        return Err(Refused::Algorithm);
    }
    let kid = jwe.kid.as_deref().filter(|_| named);
    let mut fitting = keys
        .iter()
        .filter(|key| key.enc == jwe.enc && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid)))
        .peekable();
    if fitting.peek().is_none() {
        return Err(Refused::KeyUnknown(None));
    }
    let plain = fitting.find_map(|key| key.key.open(&jwe).ok());
    let plain = plain.ok_or(Refused::Sealed("no configured secret opens it"))?;
    let content = json::object(&plain).map_err(Refused::Malformed)?;
    replicated(&jwe.header, &content)?;
    Ok(Opened { header: jwe.header, content })
}

/// Claims that stand in the header, too, must be the same there (RFC 7519 section 5.3).
fn replicated(header: &Map<String, Value>, content: &Map<String, Value>) -> Result<(), Refused> {
    let differs = |name: &&&str| header.get(**name).is_some_and(|value| content.get(**name) != Some(value));
    match ["iss", "sub", "aud"].iter().find(differs) {
        Some(name) => Err(Refused::claim(name, "is another one in the header")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::crypto::derive::nonce_key;
    use super::super::crypto::mac::HmacSha256;
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8, kid: Option<&str>) -> Key {
        let key = JweKey::new(Enc::A256Gcm, &[byte; 32]).unwrap();
        Key { kid: kid.map(str::to_owned), enc: Enc::A256Gcm, key }
    }

    fn seal(key: &Key, header: &str, content: &str) -> String {
        let nonces = HmacSha256::new(&nonce_key(b"n").unwrap()).unwrap();
        key.key.seal(header, content.as_bytes(), &nonces).unwrap()
    }

    const PLAIN: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;

    fn word(opened: Result<Opened, Refused>) -> String {
        opened.map_or_else(|why| why.to_string(), |opened| Value::Object(opened.content).to_string())
    }

    #[test]
    fn the_named_key_or_any() {
        let keys = [key(1, Some("one")), key(2, Some("two"))];
        let named = |kid: &str| format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#);
        for (text, as_named, not_named) in [
            (seal(&keys[1], PLAIN, "{}"), "{}", "{}"),
            (seal(&keys[1], &named("two"), "{}"), "{}", "{}"),
            (seal(&keys[1], &named("one"), "{}"), "no configured secret opens it", "{}"),
            (seal(&keys[1], &named("x"), "{}"), "kid unknown", "{}"),
            (seal(&key(3, None), PLAIN, "{}"), "no configured secret opens it", "no configured secret opens it"),
            ("garbage".to_owned(), "malformed token: not five parts", "malformed token: not five parts"),
        ] {
            assert_eq!(word(open(&text, &keys, true)), as_named, "{text}");
            assert_eq!(word(open(&text, &keys, false)), not_named, "{text}");
        }
        let cbc = seal(&keys[0], PLAIN, "{}");
        assert_eq!(word(open(&cbc, &[], true)), "algorithm not allowed");
    }

    #[test]
    fn content_is_one_json_object_that_agrees_with_the_header() {
        let keys = [key(1, None)];
        for (header, content, expected) in [
            (PLAIN, "[]", "malformed token: not a JSON object"),
            (PLAIN, "{\"a\":1,\"a\":1}", "malformed token: duplicate member"),
            (PLAIN, "", "malformed token: not JSON"),
            (r#"{"alg":"dir","enc":"A256GCM","sub":"a"}"#, r#"{"sub":"a"}"#, r#"{"sub":"a"}"#),
            (
                r#"{"alg":"dir","enc":"A256GCM","sub":"a"}"#,
                r#"{"sub":"b"}"#,
                "claim `sub` is another one in the header",
            ),
            (r#"{"alg":"dir","enc":"A256GCM","iss":"a"}"#, "{}", "claim `iss` is another one in the header"),
        ] {
            assert_eq!(word(open(&seal(&keys[0], header, content), &keys, false)), expected, "{header} {content}");
        }
    }

    #[test]
    fn cookies_as_the_apps_read_them() {
        let read = |text: &str| token_text(CookieRead::Value(text.to_owned())).map_err(|why| why.to_string());
        assert_eq!(read("a..b"), Ok(Some("a..b".to_owned())));
        assert_eq!(read("a%2e.b"), Ok(Some("a..b".to_owned())));
        assert_eq!(read("a%2"), Err("cookie is not percent-encoded text".to_owned()));
        assert_eq!(token_text(CookieRead::Refused("empty")), Ok(None));
        assert_eq!(token_text(CookieRead::Absent), Ok(None));
        assert_eq!(token_text(CookieRead::Refused("conflict")), Err(Refused::Unreadable("conflict")));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-Za-z0-9_.%-]{0,120}|\\PC{0,60}") {
            if let Ok(Some(text)) = token_text(CookieRead::Value(text)) {
                prop_assert!(open(&text, &[key(1, None)], true).is_err());
            }
        }
    }
}
