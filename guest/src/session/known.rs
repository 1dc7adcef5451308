//! Issuers that people know by a name: a Convex domain or deployment, a Cloudflare team, a Firebase project. What follows
//! from the name (issuer, audience, where the keys are) is filled in when the policy starts, since the name may come
//! by `env:` or `file:`. What the config writes itself stays.

use super::jwt::{KeySource, TokenSettings};
use super::kind::{Kind, Reader, Ready};
use super::plain::PlainSettings;
use super::prepare::Prepare;
use super::{codes, url};
use crate::supply::Text;

/// Where the session cookies of Firebase have their keys: a JWKS.
const FIREBASE_COOKIE_KEYS: &str = "https://identitytoolkit.googleapis.com/v1/sessionCookiePublicKeys";
/// Where the ID tokens of Firebase have theirs.
const FIREBASE_ID_KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// An issuer with or without `https://` and a slash at the end; its keys are found by discovery.
    Domain,
    /// A Convex deployment: `happy-otter-123`, as the dashboard shows it or as `CONVEX_DEPLOYMENT` has it.
    ConvexDeployment,
    /// A team of Cloudflare Access.
    CloudflareTeam,
    /// A Firebase project, for its session cookies.
    FirebaseCookie,
    /// A Firebase project, for its ID tokens.
    FirebaseId,
}

/// A signed token of such an issuer.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownSettings {
    /// What the name is.
    pub known: Known,
    /// The name.
    pub name: Text,
    /// Does the config say where the keys are?
    pub own_keys: bool,
    /// Everything else. Issuers and audiences that are not written follow from the name.
    pub plain: PlainSettings,
}

impl Known {
    /// For messages.
    pub fn what(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::ConvexDeployment => "deployment",
            Self::CloudflareTeam => "team",
            Self::FirebaseCookie | Self::FirebaseId => "project",
        }
    }

    /// The token settings with what follows from `name`. `None`: it has not the form of such a name.
    pub fn fill(self, name: &str, own_keys: bool, token: &TokenSettings) -> Option<TokenSettings> {
        let literal = |text: String| vec![Text::Literal(text)];
        let (issuer, audience, keys) = match self {
            Self::Domain => {
                let issuer = if name.contains("://") { name.to_owned() } else { format!("https://{name}") };
                (url::is_issuer(&issuer).then_some(issuer)?, None, None)
            }
            Self::ConvexDeployment => {
                // `dev:happy-otter-123`: which of a project's deployments it is.
                let name = name.split_once(':').map_or(name, |(_, name)| name);
                (format!("https://{}.convex.site", word(name, b"-")?), None, None)
            }
            Self::CloudflareTeam => {
                let issuer = format!("https://{}.cloudflareaccess.com", word(name, b"-")?);
                let keys = format!("{issuer}/cdn-cgi/access/certs");
                (issuer, None, Some(keys))
            }
            Self::FirebaseCookie => {
                let project = word(name, b"-.:")?;
                let issuer = format!("https://session.firebase.google.com/{project}");
                (issuer, Some(project.to_owned()), Some(FIREBASE_COOKIE_KEYS.to_owned()))
            }
            Self::FirebaseId => {
                let project = word(name, b"-.:")?;
                let issuer = format!("https://securetoken.google.com/{project}");
                (issuer, Some(project.to_owned()), Some(FIREBASE_ID_KEYS.to_owned()))
            }
        };
        let mut token = token.clone();
        if token.issuers.is_empty() {
            token.issuers = literal(issuer);
        }
        if let Some(audience) = audience.filter(|_| token.audiences.is_empty()) {
            token.audiences = literal(audience);
        }
        if let Some(keys) = keys.filter(|_| !own_keys) {
            token.keys = KeySource::JwksUrl(Text::Literal(keys));
        }
        Some(token)
    }
}

impl KnownSettings {
    /// The name resolved and all that follows from it; what is wrong with it has been said otherwise.
    pub(super) fn resolve(known: Known, name: &Text, prepare: &mut Prepare<'_>) -> Option<String> {
        let what = known.what();
        let name = prepare.text(name, what)?;
        if known.fill(&name, true, &TokenSettings::new(KeySource::Discovery)).is_none() {
            // The value is not repeated: who mixes up variables may have named a secret.
            let text = format!("the {what} has not the form of one");
            prepare.error(codes::BAD_KNOWN, text, "correct the variable or file that the config names");
            return None;
        }
        Some(name)
    }
}

impl Kind for KnownSettings {
    fn headers(&self) -> Vec<String> {
        self.plain.headers()
    }

    fn reads_cookies(&self) -> bool {
        self.plain.reads_cookies()
    }
}

impl Ready for KnownSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let name = Self::resolve(self.known, &self.name, prepare)?;
        let token = self.known.fill(&name, self.own_keys, &self.plain.token)?;
        PlainSettings { carriers: self.plain.carriers.clone(), token }.ready(prepare)
    }
}

/// Letters, digits and some signs; neither empty nor longer than a label of a host name.
fn word<'a>(text: &'a str, signs: &[u8]) -> Option<&'a str> {
    let good = (1..=63).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b));
    (good && !text.starts_with('-') && !text.ends_with('-')).then_some(text)
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
