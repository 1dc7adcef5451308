//! JSON read strictly: one meaning per text, or none.
//!
//! RFC 8259 lets a reader choose among duplicate members, and readers differ (JavaScript takes the last). Two
//! programs that read one token differently are a hole, so a duplicate is an error here, however it is spelled.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Levels of objects and arrays, the outermost included. Real tokens use 3 or 4; the guest's stack is 128 KiB.
pub(super) const MAX_DEPTH: usize = 16;

/// Read one JSON object: valid UTF-8, no byte order mark, nothing behind it, no duplicate members, at most
/// [`MAX_DEPTH`] levels, no number that does not fit a double.
///
/// # Errors
/// What is wrong, without a word of the text itself.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let why = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0, why: &why }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|_| why.get().unwrap_or("not JSON"))?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err("not a JSON object"),
    }
}

/// One value at `depth` levels; `why` keeps a reason of ours, as serde's errors are only texts.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    why: &'a Cell<Option<&'static str>>,
}

impl Strict<'_> {
    fn fail<E: Error>(&self, why: &'static str) -> E {
        self.why.set(Some(why));
        E::custom(why)
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fail("nested too deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.fail("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if map.insert(name, value).is_some() {
                return Err(self.fail("duplicate member"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = br#" {"a":[1,-2,3.5,true,null,"x\u0041"],"b":{"c":{}},"__proto__":{"d":1}} "#;
        let expected: Value = serde_json::from_slice(text).unwrap();
        assert_eq!(Value::Object(object(text).unwrap()), expected);
    }

    #[test]
    fn one_meaning_or_none() {
        let cases: [(&[u8], &str); 16] = [
            (b"", "not JSON"),
            (b"null", "not a JSON object"),
            (b"[1]", "not a JSON object"),
            (b"\"x\"", "not a JSON object"),
            (b"1", "not a JSON object"),
            (b"{}{}", "not JSON"),
            (b"{}x", "not JSON"),
            (b"{/*c*/}", "not JSON"),
            (b"{\"a\":1,}", "not JSON"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"{\"a\":\"\xff\"}", "not JSON"),
            (b"{\"a\":\"\\ud800\"}", "not JSON"),
            (b"{\"a\":1e999}", "not JSON"),
            (b"{\"a\":1,\"a\":1}", "duplicate member"),
            (b"{\"aud\":1,\"\\u0061ud\":2}", "duplicate member"),
            (b"{\"x\":{\"a\":1,\"a\":1}}", "duplicate member"),
        ];
        for (text, why) in cases {
            assert_eq!(object(text), Err(why), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(object(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert_eq!(object(nested(MAX_DEPTH).as_bytes()), Err("nested too deep"));
        assert_eq!(object(nested(100_000).as_bytes()), Err("nested too deep"));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = object(&bytes);
        }

        #[test]
        fn never_looser_than_serde_json(text in r#"[\{\}\[\]",:a0-9\\u \-eE\.]{0,40}"#) {
            if let Ok(map) = object(text.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), Value::Object(map));
            }
        }
    }
}
