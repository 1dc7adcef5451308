//! `[webhook.NAME]`.

use super::{Key, Shape, Table};

/// A queue that is stuck for longer sends again with a new timestamp: 1 hour, in milliseconds.
const MAX_TOLERANCE: u64 = 3_600_000;
/// What a host hands in at most, in bytes.
const MAX_BODY: u64 = 1 << 20;

const SCHEMES: &[(&str, &str)] = &[
    ("svix", "Svix: `svix-id`, `svix-timestamp`, `svix-signature`, or all three as `webhook-…`"),
    ("standard", "Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`"),
];

pub(super) static WEBHOOK: Table = Table {
    name: "webhook",
    title: "[webhook.NAME]",
    doc: "Signed messages of another service, verified over the raw body. Rules name it: `require = { webhook = \"NAME\" }`.",
    example: "[webhook.clerk]\nscheme = \"svix\"\nsecret = [\"env:WEBHOOK_SECRET\", \"env:WEBHOOK_SECRET_OLD\"]\ntolerance = \"5m\"\nmax-body = \"256KiB\"",
    keys: &[
        key!("scheme", &Shape::Word(SCHEMES), "Who signs how.", required),
        key!(
            "secret",
            &Shape::Texts("`env:` or `file:`"),
            "Signing secrets as the sender shows them, `whsec_…`: any of them will do, at most 4.",
            required
        ),
        key!("tolerance", &Shape::Duration(MAX_TOLERANCE), "How far the timestamp may be from this clock, both ways; at most 1 hour.", default "\"5m\""),
        key!("max-body", &Shape::Size(MAX_BODY), "Bytes that a body may have; more is answered with 413. At most 1 MiB.", default "\"256KiB\""),
    ],
    habits: &[
        ("secrets", "`secret`"),
        ("key", "`secret`"),
        ("kind", "`scheme`"),
        ("leeway", "`tolerance`"),
        ("limit", "`max-body`"),
    ],
};
