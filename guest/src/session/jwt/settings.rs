//! What the config says about signed tokens, whatever carries them. Checked, not yet resolved.

use super::Algorithm;
use super::claims::MAX_AHEAD;
use crate::supply::Text;

/// Where keys come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// OpenID Connect discovery at the issuer.
    Discovery,
    /// A JWKS at an address, or in a `data:` URL.
    JwksUrl(Text),
    /// A JWKS as text: the set itself, or a file.
    Jwks(Text),
    /// PEM public keys (SPKI or PKCS #1), one or more.
    Pem(Text),
    /// Shared secrets for HS*; the first is current, the others are still good.
    Secret(Vec<Text>),
}

/// What a signed token must be.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSettings {
    /// Issuers; `iss` must equal one of them, byte for byte. At least one unless keys are fixed.
    pub issuers: Vec<Text>,
    /// Any issuer will do even if the keys come from an address: it is one tenant's own, and so says whose tokens they are.
    pub any_issuer: bool,
    /// A slash at the end of an issuer does not count.
    pub any_slash: bool,
    /// Audiences; `aud` must be or hold one of them. Empty: `aud` is not checked.
    pub audiences: Vec<Text>,
    /// A token without `aud` will do, too.
    pub audience_if_present: bool,
    /// `azp` must be one of them; empty: it is not checked.
    pub parties: Vec<Text>,
    /// Allowed algorithms; empty: whatever the keys can do, never mixing HS* with public keys.
    pub algorithms: Vec<Algorithm>,
    /// Clock difference to put up with, in seconds.
    pub leeway: i64,
    /// How far `iat` may be ahead, in seconds.
    pub ahead: i64,
    /// `iat` must not be older than so many seconds (leeway added).
    pub max_age: Option<i64>,
    /// Demanded media type in `typ`, e.g. `at+jwt`; without it the common ones are taken.
    pub typ: Option<String>,
    /// Characters that `sub` may have, if the issuer promises less than everybody.
    pub longest_subject: Option<usize>,
    /// Claims that must be present besides `exp`, `iss`, `sub`.
    pub required_claims: Vec<String>,
    /// Keys.
    pub keys: KeySource,
}

impl TokenSettings {
    /// Nothing but keys: no issuer, no audience, no leeway.
    pub fn new(keys: KeySource) -> Self {
        Self {
            issuers: Vec::new(),
            any_issuer: false,
            any_slash: false,
            audiences: Vec::new(),
            audience_if_present: false,
            parties: Vec::new(),
            algorithms: Vec::new(),
            leeway: 0,
            ahead: MAX_AHEAD,
            max_age: None,
            typ: None,
            longest_subject: None,
            required_claims: Vec::new(),
            keys,
        }
    }
}
