//! What the config says about a provider: `[session.NAME]` and `[bearer.NAME]`. Checked, not yet resolved.

use super::auth0::Auth0Settings;
use super::authjs::AuthJsSettings;
use super::better_auth::BetterAuthSettings;
use super::clerk::ClerkSettings;
use super::convex_auth::ConvexAuthSettings;
use super::iron_session::IronSessionSettings;
use super::kind::{Kind, Reader, Ready};
use super::known::KnownSettings;
use super::plain::PlainSettings;
use super::prepare::Prepare;
use super::supabase::SupabaseSettings;
use super::workos::WorkosSettings;
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
    /// Convex Auth.
    ConvexAuth(Box<ConvexAuthSettings>),
    /// A signed token of an issuer that is known by a name.
    Known(KnownSettings),
    /// A signed token and nothing else.
    Plain(PlainSettings),
    /// Better Auth.
    BetterAuth(BetterAuthSettings),
    /// A cookie that iron-session seals.
    IronSession(IronSessionSettings),
    /// Supabase.
    Supabase(SupabaseSettings),
    /// WorkOS AuthKit.
    Workos(WorkosSettings),
    /// The session cookie of nextjs-auth0.
    Auth0(Auth0Settings),
    /// The session cookie of Auth.js and NextAuth.
    AuthJs(AuthJsSettings),
}

impl KindSettings {
    /// What all kinds can tell.
    pub fn kind(&self) -> &dyn Kind {
        match self {
            Self::Clerk(kind) => kind.as_ref(),
            Self::ConvexAuth(kind) => kind.as_ref(),
            Self::Known(kind) => kind,
            Self::Plain(kind) => kind,
            Self::BetterAuth(kind) => kind,
            Self::IronSession(kind) => kind,
            Self::Supabase(kind) => kind,
            Self::Workos(kind) => kind,
            Self::Auth0(kind) => kind,
            Self::AuthJs(kind) => kind,
        }
    }

    pub(super) fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        match self {
            Self::Clerk(kind) => kind.ready(prepare),
            Self::ConvexAuth(kind) => kind.ready(prepare),
            Self::Known(kind) => kind.ready(prepare),
            Self::Plain(kind) => kind.ready(prepare),
            Self::BetterAuth(kind) => kind.ready(prepare),
            Self::IronSession(kind) => kind.ready(prepare),
            Self::Supabase(kind) => kind.ready(prepare),
            Self::Workos(kind) => kind.ready(prepare),
            Self::Auth0(kind) => kind.ready(prepare),
            Self::AuthJs(kind) => kind.ready(prepare),
        }
    }
}
