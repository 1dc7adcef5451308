//! What the config says about a provider: `[session.NAME]` and `[bearer.NAME]`. Checked, not yet resolved.

use super::convex_auth::ConvexAuthSettings;
use super::kind::{Kind, Reader, Ready};
use super::known::KnownSettings;
use super::plain::PlainSettings;
use super::prepare::Prepare;
use crate::diagnostic::Span;

/// One provider.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderSettings {
    /// Name in the config.
    pub name: String,
    /// Where the table stands.
    pub span: Span,
    /// Does it stand under `[bearer]`? Then only rules that name it ask for it.
    pub bearer: bool,
    /// Its kind.
    pub kind: KindSettings,
}

/// The kinds of provider.
#[derive(Debug, Clone, PartialEq)]
pub enum KindSettings {
    /// Convex Auth.
    ConvexAuth(ConvexAuthSettings),
    /// A signed token of an issuer that is known by a name.
    Known(KnownSettings),
    /// A signed token and nothing else.
    Plain(PlainSettings),
}

impl KindSettings {
    /// What all kinds can tell.
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::ConvexAuth(kind) => kind,
            Self::Known(kind) => kind,
            Self::Plain(kind) => kind,
        }
    }

    pub(super) fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        match self {
            Self::ConvexAuth(kind) => kind.ready(prepare),
            Self::Known(kind) => kind.ready(prepare),
            Self::Plain(kind) => kind.ready(prepare),
        }
    }
}
