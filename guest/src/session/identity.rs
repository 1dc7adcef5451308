//! Who somebody is, once verified.

use serde_json::{Map, Value};

/// A verified identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Number of the provider in the settings.
    pub provider: usize,
    /// Name of the provider in the config.
    pub provider_name: String,
    /// `sub`, or what the kind of session has in its place: 1 to 1,024 bytes, no control characters. A few kinds of
    /// session do not say who it is.
    pub subject: Option<String>,
    /// `iss`.
    pub issuer: String,
    /// `exp`, Unix time.
    pub expires: i64,
    /// All claims of the token.
    pub claims: Map<String, Value>,
    /// Request headers that the app behind expects with it, as its kind makes them: never logged, never a claim.
    pub app_headers: Vec<(&'static str, String)>,
}

impl Identity {
    /// `issuer|subject`: stable and unique over all providers, as Convex builds it. `None` without a subject.
    pub fn token_identifier(&self) -> Option<String> {
        Some(format!("{}|{}", self.issuer, self.subject.as_deref()?))
    }

    /// The claim at `path`. A name that holds dots is tried as it is first (`https://example.com/roles`),
    /// then dots go into objects (`org.slug`).
    pub fn claim(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.claims.get(path) {
            return Some(value);
        }
        let mut parts = path.split('.');
        let mut value = self.claims.get(parts.next()?)?;
        for part in parts {
            value = value.as_object()?.get(part)?;
        }
        Some(value)
    }

    /// Is `scope` among the space-separated `scope`, or the list or text `scp`? (RFC 8693 section 4.2, RFC 9068.)
    pub fn has_scope(&self, scope: &str) -> bool {
        ["scope", "scp"].iter().filter_map(|name| self.claims.get(*name)).any(|value| match value {
            Value::String(text) => text.split(' ').any(|s| s == scope),
            Value::Array(items) => items.iter().any(|i| i.as_str() == Some(scope)),
            _ => false,
        })
    }
}

/// Bytes of a subject; the OpenID Connect limit is 255 characters.
const MAX_SUBJECT: usize = 1024;

/// What may stand for somebody: a text of 1 to 1,024 bytes without control characters, or a whole number.
pub(super) fn subject(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control) => {
            Some(text.clone())
        }
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}
