//! `kind = "auth0"`.

use super::{cookie_name, flag, named, seconds, secrets};
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::session::{Auth0Rolling, Auth0Settings, CookieAttributes, KindSettings, SameSite};

/// As the package has it, in seconds.
const LEEWAY: i64 = 15;
const DAY: i64 = 86_400;

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let cookie = cookie_name(lower, node, "cookie", "__session");
    let attributes = attributes(lower, node.get("attributes"), &cookie);
    let auth_path = match node.get("auth-path") {
        Some(path) => lower.path(path).unwrap_or_default(),
        None => "/auth".to_owned(),
    };
    let connections = switchable(lower, node, "connection-cookies", "__FC");
    let rolling = Auth0Rolling { attributes, auth_path, connections };
    let rolls = flag(node, "rolling", false);
    let of_rolling = ["attributes", "auth-path", "connection-cookies"].into_iter().filter(|_| !rolls);
    let beside_domain = ["issuer"].into_iter().filter(|_| node.get("domain").is_some());
    for (key, help) in of_rolling
        .map(|key| (key, "write `rolling = true`, too, or remove it"))
        .chain(beside_domain.map(|key| (key, "keep one of the two: `domain` makes the issuer `https://DOMAIN/`")))
    {
        if let Some(at) = node.get(key) {
            let message = format!("`{key}` has no effect here");
            lower.push(Diagnostic::warning(codes::NO_EFFECT, at.span, message).help(help));
        }
    }
    KindSettings::Auth0(Auth0Settings {
        secrets: secrets(lower, node, "secret"),
        cookie,
        legacy: switchable(lower, node, "legacy-cookie", "appSession"),
        domain: named(lower, node, "domain"),
        issuer: named(lower, node, "issuer"),
        leeway: seconds(node, "leeway").unwrap_or(LEEWAY),
        absolute: seconds(node, "absolute").unwrap_or(3 * DAY),
        inactivity: seconds(node, "inactivity").unwrap_or(DAY),
        rolling: Some(rolling).filter(|_| rolls),
    })
}

/// The name of a cookie that may be switched off by `false` or `""`.
fn switchable(lower: &mut Lower<'_>, node: &Node, key: &str, default: &str) -> Option<String> {
    let off = node.get(key).is_some_and(|node| node.boolean() == Some(false) || node.text() == Some(""));
    (!off).then(|| cookie_name(lower, node, key, default))
}

fn attributes(lower: &mut Lower<'_>, node: Option<&Node>, cookie: &str) -> CookieAttributes {
    let mut made = CookieAttributes {
        path: "/".to_owned(),
        domain: None,
        secure: lower.site.is_secure(),
        same_site: SameSite::Lax,
        transient: false,
    };
    let Some(node) = node else { return made };
    made.secure = flag(node, "secure", made.secure);
    made.transient = flag(node, "transient", false);
    made.same_site = match node.get("same-site").and_then(Node::text) {
        Some("strict") => SameSite::Strict,
        Some("none") => SameSite::None,
        _ => SameSite::Lax,
    };
    made.domain = node.get("domain").and_then(Node::text).filter(|domain| !domain.is_empty()).map(str::to_owned);
    if let Some(path) = node.get("path") {
        made.path = lower.path(path).unwrap_or(made.path);
    }
    for wrong in misfits(cookie, &made) {
        let help = "see RFC 6265 section 4.1.1; browsers drop cookies that break these rules";
        lower.error(codes::COOKIE, node.span, wrong, help);
    }
    made
}

/// What browsers would not take.
fn misfits(cookie: &str, attributes: &CookieAttributes) -> Vec<String> {
    let CookieAttributes { path, domain, secure, same_site, .. } = attributes;
    let mut wrong = Vec::new();
    if path.contains(';') || !path.is_ascii() {
        wrong.push(format!("`{path}` is not a cookie path"));
    }
    if let Some(domain) = domain
        && !domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
    {
        wrong.push(format!("`{domain}` is not a domain"));
    }
    // RFC 6265bis section 4.1.3.
    let host_only = cookie.starts_with("__Host-");
    if (host_only || cookie.starts_with("__Secure-")) && !secure {
        wrong.push(format!("`{cookie}` must be `secure`"));
    }
    if host_only && (domain.is_some() || path != "/") {
        wrong.push(format!("`{cookie}` must have the path `/` and no domain"));
    }
    if *same_site == SameSite::None && !secure {
        wrong.push("`same-site = \"none\"` needs `secure`".to_owned());
    }
    wrong
}
