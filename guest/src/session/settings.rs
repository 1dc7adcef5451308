//! What the config says about a provider: `[session.NAME]` and `[bearer.NAME]`. Checked, not yet resolved.

use super::clerk::ClerkSettings;
use super::kind::{Kind, Reader, Ready};
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
#[allow(clippy::large_enum_variant, reason = "there are few of them, and they are made once")]
#[derive(Debug, Clone, PartialEq)]
pub enum KindSettings {
    /// Clerk.
    Clerk(Box<ClerkSettings>),
    /// A signed token and nothing else.
    Plain(PlainSettings),
}

impl KindSettings {
    /// What all kinds can tell.
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::Clerk(kind) => kind.as_ref(),
            Self::Plain(kind) => kind,
        }
    }

    pub(super) fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        match self {
            Self::Clerk(kind) => kind.ready(prepare),
            Self::Plain(kind) => kind.ready(prepare),
        }
    }
}
