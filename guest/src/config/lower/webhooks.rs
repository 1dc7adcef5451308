//! `[webhook.NAME]`.

use super::{Lower, sessions};
use crate::config::document::{Entry, Node};
use crate::config::units;
use crate::webhook::{Scheme, WebhookSettings};

/// Seconds; what the packages of the senders take.
const TOLERANCE: i64 = 300;
/// Bytes.
const MAX_BODY: u32 = 256 * 1024;

/// In file order: rules hold numbers into it.
pub(super) fn webhooks(lower: &mut Lower<'_>, root: &Node) -> Vec<WebhookSettings> {
    let entries = root.get("webhook").map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| webhook(lower, entry)).collect()
}

fn webhook(lower: &mut Lower<'_>, entry: &Entry) -> WebhookSettings {
    let node = &entry.node;
    let scheme = match node.get("scheme").and_then(Node::text) {
        Some("standard") => Scheme::Standard,
        _ => Scheme::Svix,
    };
    WebhookSettings {
        name: entry.key.clone(),
        span: node.span,
        scheme,
        secrets: sessions::secrets(lower, node, "secret"),
        tolerance: sessions::seconds(node, "tolerance").unwrap_or(TOLERANCE),
        max_body: bytes(node.get("max-body")).unwrap_or(MAX_BODY),
    }
}

fn bytes(node: Option<&Node>) -> Option<u32> {
    match node?.integer() {
        Some(number) => u32::try_from(number).ok(),
        None => u32::try_from(units::size(node?.text()?).ok()?).ok(),
    }
}
