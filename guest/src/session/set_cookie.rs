//! Cookies that the gate sets: attributes, and the line that says so (RFC 6265 section 4.1.1).

use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, CookieBuilder};

/// Attributes of a cookie that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieAttributes {
    /// `Path`.
    pub path: String,
    /// `Domain`; `None`: this host only.
    pub domain: Option<String>,
    /// `Secure`.
    pub secure: bool,
    /// `SameSite`.
    pub same_site: SameSite,
    /// Gone when the browser is closed.
    pub transient: bool,
}

/// `SameSite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// `Lax`.
    Lax,
    /// `Strict`.
    Strict,
    /// `None`.
    None,
}

impl CookieAttributes {
    /// A `set-cookie` line: a value that lives until `end` (Unix time), or as long as the browser is open.
    pub(super) fn line(&self, name: &str, value: &str, now: i64, end: Option<i64>) -> String {
        let mut cookie = self.cookie(name, value);
        if let Some(end) = end.filter(|_| !self.transient) {
            cookie = cookie.max_age(Duration::seconds(end - now));
            if let Ok(end) = OffsetDateTime::from_unix_timestamp(end) {
                cookie = cookie.expires(end);
            }
        }
        cookie.build().to_string()
    }

    /// A `set-cookie` line that takes the cookie away.
    pub(super) fn gone(&self, name: &str) -> String {
        self.cookie(name, "").max_age(Duration::ZERO).build().to_string()
    }

    fn cookie<'c>(&'c self, name: &'c str, value: &'c str) -> CookieBuilder<'c> {
        let mut cookie =
            Cookie::build((name, value)).path(self.path.as_str()).secure(self.secure).http_only(true).same_site(
                match self.same_site {
                    SameSite::Lax => cookie::SameSite::Lax,
                    SameSite::Strict => cookie::SameSite::Strict,
                    SameSite::None => cookie::SameSite::None,
                },
            );
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.as_str());
        }
        cookie
    }
}
