//! What the config says about a webhook: `[webhook.NAME]`. Checked, not yet resolved.

use crate::diagnostic::Span;
use crate::supply::Text;

/// Who signs how. Both sign the same text with HMAC-SHA256; they differ in the names of the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Svix: `svix-id`, `svix-timestamp`, `svix-signature`; without any of them the names of [`Self::Standard`].
    Svix,
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
}

/// Names of the three headers: id, timestamp, signature.
pub(super) type Names = [&'static str; 3];

const SVIX: Names = ["svix-id", "svix-timestamp", "svix-signature"];
const STANDARD: Names = ["webhook-id", "webhook-timestamp", "webhook-signature"];

impl Scheme {
    /// The sets of names that it knows; the first of which any header is there counts, alone.
    pub(super) fn names(self) -> &'static [Names] {
        match self {
            Self::Svix => &[SVIX, STANDARD],
            Self::Standard => &[STANDARD],
        }
    }
}

/// One webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Name in the config.
    pub name: String,
    /// Where the table stands.
    pub span: Span,
    /// Who signs how.
    pub scheme: Scheme,
    /// Secrets; any of them will do.
    pub secrets: Vec<Text>,
    /// How far the timestamp may be from now, in seconds, both ways.
    pub tolerance: i64,
    /// Bytes that a body may have.
    pub max_body: u32,
}

impl WebhookSettings {
    /// Request headers that it reads.
    pub fn headers(&self) -> impl Iterator<Item = &'static str> {
        self.scheme.names().iter().flatten().copied()
    }
}
