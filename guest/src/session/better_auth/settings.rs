//! What the config says of Better Auth, and how it becomes keys.

use super::cached::Demands;
use super::open::Opener;
use super::{BetterAuth, Way};
use crate::request::{Chunks, CookieRule};
use crate::session::codes;
use crate::session::jwt::{TokenSettings, Verifier};
use crate::session::kind::{Kind, Reader, Ready};
use crate::session::prepare::Prepare;
use crate::supply::Text;

/// Bytes of a secret: the digest of what it signs with (RFC 7518 section 3.2).
const MIN_SECRET: usize = 32;
/// As the app joins them, but that a missing number is refused here.
const CHUNKS: Chunks = Chunks { separator: ".", whole_wins: true, stop_at_gap: false };

/// How the app keeps its sessions in cookies: `session.cookieCache.strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BetterAuthStrategy {
    /// Signed JSON.
    Compact,
    /// A signed token.
    Jwt,
    /// An encrypted token.
    Jwe,
    /// No cache: the signed token cookie, and nothing else.
    Token,
}

/// `kind = "better-auth"`.
#[derive(Debug, Clone, PartialEq)]
pub struct BetterAuthSettings {
    /// Exact name of the cached session.
    pub data_cookie: String,
    /// Exact name of the signed token.
    pub token_cookie: String,
    /// What is read.
    pub strategy: BetterAuthStrategy,
    /// By name; the first is current, the others are still good.
    pub secrets: Vec<Text>,
    /// With strategy `jwt`: keys of the app instead of secrets.
    pub token: Option<Box<TokenSettings>>,
    /// Cache version.
    pub version: Option<String>,
    /// Clock difference to put up with for the cache, in seconds.
    pub leeway: i64,
    /// Seconds that a cache may be old, whatever it says itself.
    pub max_age: Option<i64>,
    /// Stands for the issuer where the keys are secrets.
    pub issuer: Option<Text>,
}

impl Kind for BetterAuthSettings {
    fn headers(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Ready for BetterAuthSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let issuer = match self.issuer.as_ref().filter(|_| self.token.is_none()) {
            Some(text) => Some(prepare.texts(std::slice::from_ref(text), "issuer")?.pop()?),
            None => None,
        };
        let way = match &self.token {
            Some(token) => Way::Keys(Box::new(Verifier::ready(token, prepare)?)),
            None => {
                let secrets = prepare.passwords(&self.secrets, MIN_SECRET)?;
                let opener = Opener::new(self.strategy, &secrets, self.leeway)
                    .map_err(|why| prepare.error(codes::BAD_SECRET, why, "use the very secret of the app"))
                    .ok()?;
                if self.strategy == BetterAuthStrategy::Token { Way::TokenOnly(opener) } else { Way::Secrets(opener) }
            }
        };
        Some(Box::new(BetterAuth {
            data: CookieRule::text(&self.data_cookie, Some(CHUNKS)),
            token: CookieRule::text(&self.token_cookie, None),
            way,
            demands: Demands { version: self.version.clone(), max_age: self.max_age },
            issuer,
        }))
    }
}
