//! What the config says. Checked, not yet resolved.

use super::backend::FunctionKind;
use crate::pattern::Pattern;
use crate::session::jwt::TokenSettings;
use crate::session::kind::Kind;
use crate::session::known::Known;
use crate::supply::Text;
use std::sync::Arc;

/// `kind = "convex-auth"`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexAuthSettings {
    /// What the issuer is known by, if `token` does not say.
    pub issuer: Option<(Known, Text)>,
    /// What the token must be.
    pub token: TokenSettings,
    /// Names of the cookies.
    pub names: CookieNames,
    /// Where the site is.
    pub place: Place,
    /// What the gate does besides reading; `None`: nothing, the app does.
    pub service: Option<ConvexService>,
    /// Tell the app behind the token as `Authorization: Bearer`.
    pub forward_token: bool,
}

/// Names of the cookies, without the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieNames {
    /// What stands in front of them unless the site is on this very machine.
    pub prefix: String,
    /// The token.
    pub token: String,
    /// The refresh token.
    pub refresh: String,
    /// What ties a sign-in to a browser.
    pub verifier: String,
}

/// Where the site is for browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// As the config says: `https://app.example.com`.
    Origin(String),
    /// Wherever the request says that it is.
    AsAsked,
    /// Nobody says; not on this very machine.
    Elsewhere,
}

/// Renewing, signing in and out.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvexService {
    /// Address of the deployment (`CONVEX_URL`); `None`: it follows from the issuer.
    pub url: Option<Text>,
    /// Action that signs in: `auth:signIn`.
    pub sign_in: String,
    /// Action that signs out: `auth:signOut`.
    pub sign_out: String,
    /// Function that gives new tokens for a refresh token.
    pub renewal: Renewal,
    /// How long before its end a token is renewed.
    pub margin: Margin,
    /// Path of the endpoint: `/api/auth`.
    pub endpoint: String,
    /// Where codes are exchanged; `None`: everywhere.
    pub code_paths: Option<CodePaths>,
    /// Seconds that cookies live; `None`: as long as the browser is open.
    pub max_age: Option<i64>,
    /// Milliseconds for which new tokens are given to whoever comes with the old ones.
    pub grace: u32,
    /// Milliseconds that a renewal, or an exchange of a code, may take.
    pub timeout: u32,
}

/// A function of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// `auth:signIn`.
    pub name: String,
    /// What it is.
    pub kind: FunctionKind,
}

/// How long before its end a token is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// A tenth of its life, at least 10 s and at most 60 s.
    Tenth,
    /// So many seconds.
    Fixed(i64),
}

/// Paths of the app, by any of these patterns.
#[derive(Debug, Clone)]
pub struct CodePaths(pub Arc<[Pattern]>);

impl CodePaths {
    pub(super) fn take(&self, page: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(page))
    }
}

impl PartialEq for CodePaths {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(Pattern::source).eq(other.0.iter().map(Pattern::source))
    }
}

impl Kind for ConvexAuthSettings {
    fn headers(&self) -> Vec<String> {
        let names: &[&str] = if self.service.is_some() { &["accept", "origin", "sec-fetch-site"] } else { &["origin"] };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A page that everybody may see renews the session, too: the app on it needs a token that lasts.
    fn everywhere(&self) -> bool {
        self.service.is_some()
    }

    fn endpoint(&self) -> Option<&str> {
        self.service.as_ref().map(|service| service.endpoint.as_str())
    }
}

impl ConvexService {
    /// The address of the deployment whose issuer is known by this name: `NAME.convex.cloud` for `NAME.convex.site`.
    pub fn address_of(known: Known, name: &str) -> Option<String> {
        let issuer = match known {
            Known::ConvexDeployment => {
                let name = name.split_once(':').map_or(name, |(_, name)| name);
                format!("https://{name}.convex.site")
            }
            _ if name.contains("://") => name.trim_end_matches('/').to_owned(),
            _ => format!("https://{}", name.trim_end_matches('/')),
        };
        Some(format!("{}.convex.cloud", issuer.strip_suffix(".convex.site")?))
    }
}
