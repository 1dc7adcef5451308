//! Key sets and discovery documents: is what came back one, how long is it held, when is it asked for again?
//!
//! Pure: whoever has a network fetches, and hands in what came with the time.

mod entry;

pub use entry::{COOLDOWN, Cause, Entry, FRESH, Held, MAX_STALE, Plan, REFRESH};

use serde_json::Value;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `content-encoding`.
    pub encoding: Option<String>,
    /// At most 256 KiB.
    pub body: Vec<u8>,
}

/// Bytes of a document (security row J5).
pub const MAX_BYTES: usize = 256 << 10;
/// Keys in a set (security row J5).
const MAX_KEYS: usize = 64;

/// A document that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The bytes.
    pub body: Vec<u8>,
    /// The `jwks_uri` of a discovery document (OpenID Connect Discovery 1.0 section 3).
    pub leads_to: Option<String>,
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No answer, or one that says "not now".
    Down(String),
    /// An answer that is no document.
    Useless(String),
}

/// Is it a document?
///
/// # Errors
/// [`Fault`]: why there is none.
pub fn check(fetched: Fetched) -> Result<Document, Fault> {
    let useless = |why: &str| Err(Fault::Useless(why.to_owned()));
    match fetched.status {
        200 => {}
        300..=399 => return useless("it redirects; write the final address"),
        status => return Err(Fault::Down(format!("status {status}"))),
    }
    if !fetched.content_type.as_deref().is_none_or(is_json_type) {
        return useless("its content type is not JSON");
    }
    if !fetched.encoding.as_deref().is_none_or(|encoding| encoding.trim().eq_ignore_ascii_case("identity")) {
        return useless("it is compressed although that was not asked for");
    }
    if fetched.body.len() > MAX_BYTES {
        return useless("it is too large");
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(&fetched.body) else {
        return useless("it is no JSON object");
    };
    let leads_to = match (object.get("keys"), object.get("jwks_uri")) {
        (Some(Value::Array(keys)), _) if keys.len() > MAX_KEYS => return useless("it has more than 64 keys"),
        (Some(Value::Array(keys)), _) if keys.iter().any(is_key) => None,
        (Some(_), _) => return useless("it has no usable `keys`"),
        (None, Some(Value::String(url))) if is_safe(url) => Some(url.clone()),
        (None, Some(_)) => return useless("its `jwks_uri` is not an https address"),
        (None, None) => return useless("it has neither `keys` nor `jwks_uri`"),
    };
    Ok(Document { body: fetched.body, leads_to })
}

fn is_key(key: &Value) -> bool {
    key.get("kty").is_some_and(Value::is_string)
}

/// JSON types, and the plain ones that file servers give; never HTML, which is a login page or an error.
fn is_json_type(value: &str) -> bool {
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || essence == "text/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
        || matches!(essence.as_str(), "text/plain" | "application/octet-stream" | "")
}

/// https, or http on this machine (development).
fn is_safe(url: &str) -> bool {
    let Ok(uri) = http::Uri::try_from(url) else { return false };
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else { return false };
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback(authority.host()),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> Fetched {
        Fetched {
            status: 200,
            content_type: Some("application/json; charset=utf-8".to_owned()),
            encoding: None,
            body: body.into(),
        }
    }

    fn is_useless(fetched: Fetched) -> bool {
        matches!(check(fetched), Err(Fault::Useless(_)))
    }

    const SET: &str = r#"{"keys":[{"kty":"RSA"}]}"#;

    #[test]
    fn key_sets_and_discovery_documents_pass() {
        assert_eq!(check(json(SET)).unwrap().leads_to, None);
        for url in ["https://id.example/keys", "http://localhost:8080/k", "http://127.0.0.1/k", "http://[::1]:1/k"] {
            let document = check(json(&format!(r#"{{"issuer":"x","jwks_uri":"{url}"}}"#))).unwrap();
            assert_eq!(document.leads_to.as_deref(), Some(url));
        }
        for content_type in [None, Some("application/jwk-set+json"), Some("text/plain"), Some("Application/JSON")] {
            assert!(check(Fetched { content_type: content_type.map(str::to_owned), ..json(SET) }).is_ok());
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for body in [
            "",
            "<html>",
            "[]",
            "null",
            "1",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":{}}"#,
            r#"{"keys":[1,{}]}"#,
            r#"{"keys":null}"#,
            r#"{"jwks_uri":1}"#,
            r#"{"jwks_uri":"http://id.example/"}"#,
            r#"{"jwks_uri":"https://a@b/"}"#,
            r#"{"jwks_uri":"/k"}"#,
            r#"{"jwks_uri":"file:///etc/passwd"}"#,
            r#"{"jwks_uri":"http://127.0.0.1.example/"}"#,
        ] {
            assert!(is_useless(json(body)), "{body}");
        }
        assert!(is_useless(Fetched { content_type: Some("text/html".to_owned()), ..json(SET) }));
        assert!(is_useless(Fetched { encoding: Some("gzip".to_owned()), ..json(SET) }));
        assert!(is_useless(Fetched { status: 302, ..json(SET) }));
        let many = vec![r#"{"kty":"RSA"}"#; 65].join(",");
        assert!(is_useless(json(&format!(r#"{{"keys":[{many}]}}"#))));
        let padded = format!("{SET}{}", " ".repeat(MAX_BYTES));
        assert!(is_useless(json(&padded)));
        assert!(is_useless(json(&"[".repeat(100_000))));
    }

    #[test]
    fn other_states_are_passing_trouble() {
        for status in [204, 404, 429, 500, 503] {
            assert!(matches!(check(Fetched { status, ..json(SET) }), Err(Fault::Down(_))), "{status}");
        }
    }
}
