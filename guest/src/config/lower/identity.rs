//! `[identity]` and `[tenants]`.

use super::Lower;
use super::sessions::{seconds, secrets};
use crate::assertion::AssertionSettings;
use crate::config::check::is_name;
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::Diagnostic;
use crate::policy::IdentityRules;
use crate::template::{Template, Use};
use std::collections::BTreeMap;

/// What `user-headers` tells, by the end of the header name.
const USER: [(&str, &str); 5] = [
    ("token-identifier", "{token-identifier}"),
    ("subject", "{session.subject}"),
    ("issuer", "{session.issuer}"),
    ("name", "{claim.name}"),
    ("email", "{claim.email}"),
];

pub(super) fn identity(lower: &mut Lower<'_>, node: Option<&Node>, origin: Option<&str>) -> IdentityRules {
    let Some(node) = node else { return IdentityRules::default() };
    let mut headers = Vec::new();
    for entry in node.get("headers").map(Node::entries).unwrap_or_default() {
        let name = lower.header_name(&entry.key, entry.key_span);
        let template = lower.template(&entry.node, Use::Value, &[]);
        headers.extend(name.zip(template));
    }
    if let Some((at, prefix)) = node.get("user-headers").and_then(|node| Some((node, node.text()?))) {
        for (end, template) in USER {
            let Some(name) = lower.header_name(&format!("{prefix}{end}"), at.span) else { break };
            // What is written out for a name of its own counts.
            if !headers.iter().any(|(known, _)| *known == name) {
                headers.extend(Template::parse(template, Use::Value).ok().map(|template| (name, template)));
            }
        }
    }
    let assertion =
        node.get("assertion").filter(|node| node.is_table()).and_then(|node| assertion(lower, node, origin));
    if (!headers.is_empty() || assertion.is_some()) && lower.sessions.is_empty() && lower.bearers.is_empty() {
        lower.push(
            Diagnostic::warning(codes::NO_EFFECT, node.span, "`[identity]` sets headers, but nobody can sign in")
                .help("add a `[session.NAME]` or `[bearer.NAME]` table; the headers are still removed from requests"),
        );
    }
    let strip_session_cookie = node.get("strip-session-cookie").and_then(Node::boolean).unwrap_or(false);
    IdentityRules { headers, strip_session_cookie, assertion }
}

fn assertion(lower: &mut Lower<'_>, node: &Node, origin: Option<&str>) -> Option<AssertionSettings> {
    let text = |key: &str| node.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    let header = match node.get("header") {
        Some(at) => lower.header_name(at.text()?, at.span)?,
        None => "x-portcullis-assertion".to_owned(),
    };
    let jwks_path = match node.get("jwks-path") {
        Some(path) => lower.path(path)?,
        None => "/.well-known/portcullis/jwks.json".to_owned(),
    };
    Some(AssertionSettings {
        span: node.span,
        header,
        keys: secrets(lower, node, "key"),
        issuer: text("issuer").or(origin).unwrap_or("portcullis").to_owned(),
        audience: text("audience")?.to_owned(),
        lifetime: seconds(node, "lifetime").unwrap_or(60).max(1),
        claims: lower.texts(node.get("claims")).map(|(_, name)| name.to_owned()).collect(),
        jwks_path,
    })
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
