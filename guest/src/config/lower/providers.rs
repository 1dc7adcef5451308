//! `[session.NAME]` and `[bearer.NAME]`.

use super::Lower;
use super::address::{is_safe_address, web_address};
use super::cookies::is_cookie_name;
use crate::config::document::{Entry, Node};
use crate::config::{codes, near, units};
use crate::diagnostic::{Diagnostic, Span};
use crate::session::{Algorithm, Carrier, KeySource, ProviderSettings};
use crate::supply::Text;

/// Clock difference to put up with unless the config says otherwise, in seconds: servers that keep time with NTP differ
/// by less than one; five leaves room for a slow network without keeping ended sessions alive for long.
const LEEWAY: i64 = 5;

/// Sessions, then bearer providers, in file order. Numbers must agree with [`Lower::bearers`], so that a provider that
/// could not be read stays in its place: the policy is not used then.
pub(super) fn providers(lower: &mut Lower<'_>, root: &Node) -> Vec<ProviderSettings> {
    let entries = |table: &str| root.get(table).map(Node::entries).unwrap_or_default();
    let mut all: Vec<ProviderSettings> = Vec::new();
    for entry in entries("session") {
        let carrier = cookie(lower, &entry.node);
        all.push(provider(lower, entry, carrier));
    }
    for entry in entries("bearer") {
        if let Some(first) = entries("session").iter().find(|session| session.key == entry.key) {
            let message = format!("`{}` is the name of a session, too", entry.key);
            lower.push(
                Diagnostic::error(codes::DUPLICATE_KEY, entry.key_span, message)
                    .also(first.key_span, "first here")
                    .help("give one of them another name: logs tell providers apart by it"),
            );
        }
        all.push(provider(lower, entry, Carrier::Bearer));
    }
    all
}

fn cookie(lower: &mut Lower<'_>, node: &Node) -> Carrier {
    let name = node.get("cookie").and_then(|node| Some((node, node.text()?))).unwrap_or((node, ""));
    if !name.1.is_empty() && !is_cookie_name(name.1) {
        let help = "a cookie name holds no white space, no control character and none of `()<>@,;:\\\"/[]?={}`";
        lower.error(codes::COOKIE_NAME, name.0.span, format!("`{}` is not a cookie name", name.1), help);
    }
    Carrier::Cookie { name: name.1.to_owned(), chunks: node.get("chunks").and_then(Node::boolean).unwrap_or(false) }
}

fn provider(lower: &mut Lower<'_>, entry: &Entry, carrier: Carrier) -> ProviderSettings {
    let node = &entry.node;
    let is_table = node.is_table();
    let keys = super::keys::keys(lower, node.get("keys"));
    let issuers: Vec<Text> = lower.texts(node.get("issuer")).filter_map(|(node, _)| lower.named(node)).collect();
    let audiences: Vec<Text> = lower.texts(node.get("audience")).filter_map(|(node, _)| lower.named(node)).collect();
    let algorithms = algorithms(lower, node.get("algorithms"), keys.as_ref());
    if let Some(keys) = keys.as_ref().filter(|_| is_table) {
        check_issuer(lower, node, keys);
        if node.get("audience").is_none() && !matches!(keys, KeySource::Secret(_)) {
            let message = format!("`{}` takes tokens that were made for other apps of the same issuer", entry.key);
            lower.push(
                Diagnostic::warning(codes::NO_AUDIENCE, node.span, message)
                    .help("write `audience`: what `aud` must be or hold"),
            );
        }
    }
    let seconds = |key: &str| units::duration(node.get(key)?.text()?).ok().and_then(|ms| i64::try_from(ms / 1000).ok());
    ProviderSettings {
        name: entry.key.clone(),
        span: node.span,
        carrier,
        issuers,
        audiences,
        algorithms,
        leeway: seconds("leeway").unwrap_or(LEEWAY),
        max_age: seconds("max-age"),
        typ: node.get("typ").and_then(Node::text).map(str::to_owned),
        required_claims: lower.texts(node.get("required-claims")).map(|(_, name)| name.to_owned()).collect(),
        keys: keys.unwrap_or(KeySource::Discovery),
    }
}

/// Keys that are fetched belong to an issuer; discovery starts at its address.
fn check_issuer(lower: &mut Lower<'_>, node: &Node, keys: &KeySource) {
    let issuer = node.get("issuer");
    match (keys, issuer) {
        (KeySource::Discovery, None) => {
            let help = "write `issuer` (keys are found there), or `keys` and `issuer`";
            lower.error(codes::NO_ISSUER, node.span, "neither `issuer` nor `keys` is written", help);
        }
        (KeySource::JwksUrl(_), None) => {
            let help = "write `issuer`: what `iss` must be";
            lower.error(codes::NO_ISSUER, node.span, "`keys.jwks-url` needs an `issuer`", help);
        }
        (KeySource::Discovery, Some(issuer)) => {
            for (node, text) in lower.texts(Some(issuer)) {
                let named = crate::supply::Source::parse(text).is_some();
                let safe = web_address(text).is_some_and(|uri| is_safe_address(&uri) && uri.query().is_none());
                if !named && !safe {
                    let message = format!("keys of `{text}` cannot be found by discovery");
                    let help = "discovery needs an `https` address (or `http` on loopback); otherwise say where the keys are: `keys`";
                    lower.error(codes::ISSUER_ADDRESS, node.span, message, help);
                }
            }
        }
        _ => {}
    }
}

fn algorithms(lower: &mut Lower<'_>, node: Option<&Node>, keys: Option<&KeySource>) -> Vec<Algorithm> {
    let known: Vec<&str> = Algorithm::ALL.iter().map(|a| a.name()).collect();
    let mut all = Vec::new();
    for (node, text) in lower.texts(node) {
        let Some(algorithm) = Algorithm::from_name(text) else {
            let help = match text {
                "none" => "a token without a signature proves nothing".to_owned(),
                _ => near::advice(&text.to_uppercase(), &known, ""),
            };
            lower.error(codes::ALGORITHM, node.span, format!("`{text}` is not a known algorithm"), help);
            continue;
        };
        if let Some(keys) = keys {
            check_mix(lower, node.span, algorithm, keys);
        }
        if !all.contains(&algorithm) {
            all.push(algorithm);
        }
    }
    all
}

/// A public key that is taken for a shared secret lets everybody sign (RFC 8725 section 2.1): never in one provider.
fn check_mix(lower: &mut Lower<'_>, span: Span, algorithm: Algorithm, keys: &KeySource) {
    let name = algorithm.name();
    match (algorithm.is_symmetric(), matches!(keys, KeySource::Secret(_))) {
        (true, false) => {
            let message = format!("`{name}` needs a shared secret, but the keys here are public");
            lower.error(
                codes::MIXED_ALGORITHMS,
                span,
                message,
                "write `keys.secret = \"env:NAME\"`, or drop the algorithm",
            );
        }
        (false, true) => {
            let message = format!("`{name}` needs public keys, but `keys.secret` is a shared secret");
            lower.error(codes::MIXED_ALGORITHMS, span, message, "use HS256, HS384 or HS512 with a secret");
        }
        _ => {}
    }
}
