//! `[identity]` and `[tenants]`.

use super::Lower;
use crate::config::check::is_name;
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::Diagnostic;
use crate::policy::IdentityRules;
use crate::template::Use;
use std::collections::BTreeMap;

pub(super) fn identity(lower: &mut Lower<'_>, node: Option<&Node>) -> IdentityRules {
    let Some(node) = node else { return IdentityRules::default() };
    let mut headers = Vec::new();
    for entry in node.get("headers").map(Node::entries).unwrap_or_default() {
        let name = lower.header_name(&entry.key, entry.key_span);
        let template = lower.template(&entry.node, Use::Value, &[]);
        headers.extend(name.zip(template));
    }
    if !headers.is_empty() && lower.sessions.is_empty() && lower.bearers.is_empty() {
        lower.push(
            Diagnostic::warning(codes::NO_EFFECT, node.span, "`[identity]` sets headers, but nobody can sign in")
                .help("add a `[session.NAME]` or `[bearer.NAME]` table; the headers are still removed from requests"),
        );
    }
    let strip_session_cookie = node.get("strip-session-cookie").and_then(Node::boolean).unwrap_or(false);
    IdentityRules { headers, strip_session_cookie }
}

/// Custom domains in lower case, in file order.
pub(super) fn tenants(lower: &mut Lower<'_>, node: Option<&Node>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut seen = BTreeMap::new();
    for entry in node.and_then(|node| node.get("hosts")).map(Node::entries).unwrap_or_default() {
        let domain = entry.key.to_ascii_lowercase();
        let labels = domain.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
        if !labels {
            let message = format!("`{}` is not a domain", entry.key);
            lower.error(codes::HOST, entry.key_span, message, "write the host name only: `shop.acme.test`");
            continue;
        }
        if let Some(first) = seen.insert(domain.clone(), entry.key_span) {
            let message = format!("`{domain}` is written twice");
            lower.push(
                Diagnostic::error(codes::DUPLICATE_TENANT, entry.key_span, message)
                    .also(first, "first here")
                    .help("keep one of them; case does not count"),
            );
            continue;
        }
        let Some(tenant) = entry.node.text().filter(|tenant| !tenant.is_empty()) else { continue };
        if !is_name(tenant) || tenant.starts_with('.') {
            let message = format!("`{tenant}` cannot be a tenant");
            lower.error(
                codes::TENANT,
                entry.node.span,
                message,
                "use letters, digits, `-` and `_`: tenants become part of paths",
            );
            continue;
        }
        all.push((domain, tenant.to_owned()));
    }
    all
}
