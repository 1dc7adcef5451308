//! `keys` of a provider.

use crate::config::codes;
use crate::config::document::{Node, Value};
use crate::config::lower::Lower;
use crate::config::lower::address::{is_safe_address, web_address};
use crate::diagnostic::Diagnostic;
use crate::session::KeySource;
use crate::supply::{Source, Text};
use serde_json::Value as Json;

const SOURCES: [&str; 4] = ["jwks-url", "jwks", "pem", "secret"];

/// Where keys come from; `None` when what is said cannot be used.
pub(super) fn keys(lower: &mut Lower<'_>, node: &Node) -> Option<KeySource> {
    if !node.is_table() {
        return None;
    }
    let mut written = node.entries().iter().filter(|entry| SOURCES.contains(&entry.key.as_str()));
    let Some(first) = written.next() else {
        if node.entries().is_empty() {
            let help = "write one of `jwks-url`, `jwks`, `pem` and `secret`, or leave `keys` out";
            lower.error(codes::EMPTY_VALUE, node.span, "`keys` is empty", help);
        }
        return None;
    };
    if let Some(second) = written.next() {
        let message = format!("keys come from `{}` or from `{}`, not from both", first.key, second.key);
        lower.push(
            Diagnostic::error(codes::TWO_KEYS, second.key_span, message)
                .also(first.key_span, "first here")
                .help("keep one of them; two providers may read the same cookie"),
        );
        return None;
    }
    let node = &first.node;
    match first.key.as_str() {
        "jwks-url" => jwks_url(lower, node),
        "jwks" => jwks(lower, node).map(KeySource::Jwks),
        "pem" => pem(lower, node).map(KeySource::Pem),
        _ => Some(secret_texts(lower, Some(node))).filter(|all| !all.is_empty()).map(KeySource::Secret),
    }
}

fn jwks_url(lower: &mut Lower<'_>, node: &Node) -> Option<KeySource> {
    let url = lower.named(node)?;
    if let Text::Literal(text) = &url
        && !web_address(text).is_some_and(|uri| is_safe_address(&uri))
    {
        let message = format!("keys cannot be fetched from `{text}`");
        lower.error(codes::KEYS_ADDRESS, node.span, message, "use an `https` address, or `http` on loopback");
        return None;
    }
    Some(KeySource::JwksUrl(url))
}

fn pem(lower: &mut Lower<'_>, node: &Node) -> Option<Text> {
    let text = node.text().filter(|text| !text.is_empty())?;
    match Source::parse(text) {
        Some(source) => lower.need(source, node.span, false, false).map(Text::Need),
        None => {
            let help = "write the keys to a file and name it: `file:keys.pem`";
            lower.error(codes::PEM_PLACE, node.span, "`pem` names no file", help);
            None
        }
    }
}

/// Secrets, by name only.
pub(super) fn secret_texts(lower: &mut Lower<'_>, node: Option<&Node>) -> Vec<Text> {
    let mut all = Vec::new();
    for (node, text) in lower.texts(node) {
        match Source::parse(text) {
            Some(source) => all.extend(lower.need(source, node.span, true, false).map(Text::Need)),
            None => {
                // The value is not repeated: findings end up in logs.
                let message = "a secret is written out in the config";
                let help = "put it into an environment variable or a file and write `env:NAME` or `file:PATH`; \
                            a secret that was checked in must be replaced";
                lower.error(codes::LITERAL_SECRET, node.span, message, help);
            }
        }
    }
    all
}

fn jwks(lower: &mut Lower<'_>, node: &Node) -> Option<Text> {
    let json = match &node.value {
        Value::Text(text) if text.is_empty() => return None,
        Value::Text(text) => match Source::parse(text) {
            Some(source) => return lower.need(source, node.span, false, false).map(Text::Need),
            None => serde_json::from_str(text).unwrap_or(Json::Null),
        },
        _ => to_json(node),
    };
    let Some(keys) = json.get("keys").and_then(Json::as_array) else {
        let help = "write `file:PATH`, `env:NAME` or the set itself: an object with a list `keys`";
        lower.error(codes::JWKS, node.span, "this is not a JWK set", help);
        return None;
    };
    let help = "write the public key only, and replace this one; shared secrets go to `keys.secret = \"env:NAME\"`";
    // `d`: the private half of RSA, EC and OKP keys (RFC 7518 sections 6.2, 6.3; RFC 8037).
    if keys.iter().any(|key| key.get("d").is_some()) {
        lower.error(codes::PRIVATE_KEY, node.span, "the JWK set holds a private key", help);
        return None;
    }
    // `k`: a shared secret (section 6.4). Published sets hold such a key by mistake; it is never used to verify.
    if keys.iter().any(|key| key.get("k").is_some()) {
        let message = "the JWK set holds a shared secret, which is never used";
        lower.push(Diagnostic::warning(codes::PRIVATE_KEY, node.span, message).help(help));
    }
    Some(Text::Literal(json.to_string()))
}

fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.node))).collect())
        }
        Value::List(members) => Json::Array(members.iter().map(to_json).collect()),
        Value::Text(text) => Json::String(text.clone()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Bool(value) => Json::Bool(*value),
        Value::Datetime | Value::Null => Json::Null,
    }
}
