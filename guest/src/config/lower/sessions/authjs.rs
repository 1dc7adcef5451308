//! `kind = "authjs"`.

use super::{cookie_name, flag, named, seconds, secrets};
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::session::{AuthJsSettings, AuthJsVersion, KindSettings};

/// As both packages have it, in seconds.
const LEEWAY: i64 = 15;

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let version = match node.get("version").and_then(Node::integer) {
        Some(4) => AuthJsVersion::V4,
        _ => AuthJsVersion::V5,
    };
    let name = version.cookie(flag(node, "secure", lower.site.is_secure()));
    KindSettings::AuthJs(AuthJsSettings {
        version,
        secrets: secrets(lower, node, "secret"),
        cookie: cookie_name(lower, node, "cookie", name),
        salt: node.get("salt").and_then(Node::text).filter(|salt| !salt.is_empty()).map(str::to_owned),
        issuer: named(lower, node, "issuer"),
        leeway: seconds(node, "leeway").unwrap_or(LEEWAY),
        max_age: seconds(node, "max-age"),
        bearer: flag(node, "bearer", false),
    })
}
