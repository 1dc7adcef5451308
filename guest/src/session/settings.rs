//! What the config says about a provider: `[session.NAME]` and `[bearer.NAME]`. Checked, not yet resolved.

use super::Algorithm;
use crate::diagnostic::Span;
use crate::supply::Text;

/// Where the token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// An http-only cookie.
    Cookie {
        /// Exact name, prefix included.
        name: String,
        /// Join `name.0`, `name.1`…
        chunks: bool,
    },
    /// `Authorization: Bearer`.
    Bearer,
}

/// Where keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// OpenID Connect discovery at the issuer.
    Discovery,
    /// A JWKS at an address.
    JwksUrl(Text),
    /// A JWKS as text: the set itself, or a file.
    Jwks(Text),
    /// PEM public keys in a file (SPKI or PKCS #1), one or more.
    Pem(Text),
    /// Shared secrets for HS*; the first is current, the others are still good.
    Secret(Vec<Text>),
}

/// One provider.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderSettings {
    /// Name in the config.
    pub name: String,
    /// Where the table stands.
    pub span: Span,
    /// Where tokens come from.
    pub carrier: Carrier,
    /// Issuers; `iss` must equal one of them, byte for byte. At least one unless keys are fixed.
    pub issuers: Vec<Text>,
    /// Audiences; `aud` must be or hold one of them. Empty: `aud` is not checked.
    pub audiences: Vec<Text>,
    /// Allowed algorithms; empty: whatever the keys can do, never mixing HS* with public keys.
    pub algorithms: Vec<Algorithm>,
    /// Clock difference to put up with, in seconds.
    pub leeway: i64,
    /// `iat` must not be older than so many seconds (leeway added).
    pub max_age: Option<i64>,
    /// Demanded media type in `typ`, e.g. `at+jwt`; without it the common ones are taken.
    pub typ: Option<String>,
    /// Claims that must be present besides `exp`, `iss`, `sub`.
    pub required_claims: Vec<String>,
    /// Keys.
    pub keys: KeySource,
}
