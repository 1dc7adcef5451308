//! `[session.NAME]` and `[bearer.NAME]`: what their kinds have in common. Each kind has a file here.

mod auth0;
mod authjs;
mod better_auth;
mod clerk;
mod convex;
mod iron_session;
mod keys;
mod known;
mod plain;
mod supabase;
mod workos;

use super::Lower;
use super::address::{is_safe_address, web_address};
use super::cookies::is_cookie_name;
use crate::config::document::{Entry, Node};
use crate::config::{codes, near, units};
use crate::diagnostic::{Diagnostic, Span};
use crate::session::{Algorithm, Carrier, KeySource, KindSettings, Known, ProviderSettings, TokenSettings};
use crate::supply::{Source, Text};

/// Clock difference to put up with unless the config or the kind says otherwise, in seconds: servers that keep time with
/// NTP differ by less than one; five leaves room for a slow network without keeping ended sessions alive for long.
const LEEWAY: i64 = 5;

/// Sessions, then bearer providers, in file order. Numbers must agree with [`Lower::bearers`], so that a provider that
/// could not be read stays in its place: the policy is not used then.
pub(super) fn providers(lower: &mut Lower<'_>, root: &Node) -> Vec<ProviderSettings> {
    let entries = |table: &str| root.get(table).map(Node::entries).unwrap_or_default();
    let mut all: Vec<ProviderSettings> = Vec::new();
    for entry in entries("session") {
        let kind = session(lower, entry);
        all.push(ProviderSettings { name: entry.key.clone(), span: entry.node.span, bearer: false, kind });
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
        let kind = bearer(lower, entry);
        all.push(ProviderSettings { name: entry.key.clone(), span: entry.node.span, bearer: true, kind });
    }
    clerk::lints(lower, root, &all);
    all
}

/// Numbers of the sessions of that kind.
pub(super) fn of_kind(root: &Node, wanted: &str) -> Vec<usize> {
    let sessions = root.get("session").map(Node::entries).unwrap_or_default().iter().enumerate();
    sessions.filter(|(_, entry)| kind(entry) == wanted).map(|(number, _)| number).collect()
}

/// The settings by `kind`. One that is unknown has been reported, and stands in as the simplest kind.
fn session(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    match kind(entry) {
        "better-auth" => better_auth::lower(lower, entry),
        "iron-session" => iron_session::lower(lower, entry),
        "supabase" => supabase::lower(lower, entry),
        "workos" => workos::lower(lower, entry),
        "auth0" => auth0::lower(lower, entry),
        "authjs" => authjs::lower(lower, entry),
        "clerk" => clerk::clerk(lower, entry),
        "cloudflare-access" => known::cloudflare(lower, entry),
        "convex-auth" => convex::session(lower, entry),
        "firebase" => known::firebase(lower, entry),
        _ => plain::cookie(lower, entry),
    }
}

fn bearer(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    match kind(entry) {
        "convex" => convex::bearer(lower, entry),
        _ => plain::bearer(lower, entry),
    }
}

fn kind(entry: &Entry) -> &str {
    entry.node.get("kind").and_then(Node::text).unwrap_or_default()
}

/// The name of a cookie at `key`; `default` when nothing is written.
fn cookie_name(lower: &mut Lower<'_>, node: &Node, key: &str, default: &str) -> String {
    let Some((at, name)) = node.get(key).and_then(|node| Some((node, node.text()?))) else {
        return default.to_owned();
    };
    if !name.is_empty() && !is_cookie_name(name) {
        let help = "a cookie name holds no white space, no control character and none of `()<>@,;:\\\"/[]?={}`";
        lower.error(codes::COOKIE_NAME, at.span, format!("`{name}` is not a cookie name"), help);
    }
    name.to_owned()
}

/// A duration at `key`, in whole seconds.
pub(super) fn seconds(node: &Node, key: &str) -> Option<i64> {
    units::duration(node.get(key)?.text()?).ok().and_then(|ms| i64::try_from(ms / 1000).ok())
}

/// `true` or `false` at `key`.
fn flag(node: &Node, key: &str, default: bool) -> bool {
    node.get(key).and_then(Node::boolean).unwrap_or(default)
}

/// A text at `key` that is written out or named by `env:` or `file:`.
fn named(lower: &mut Lower<'_>, node: &Node, key: &str) -> Option<Text> {
    lower.named(node.get(key)?)
}

/// The name at `key` that an issuer follows from. One that is written out is looked at here, others when they come.
fn known_name(lower: &mut Lower<'_>, node: &Node, key: &str, known: Known) -> Text {
    let missing = || Text::Literal(String::new());
    let Some((at, written)) = node.get(key).and_then(|node| Some((node, node.text()?))) else { return missing() };
    let Some(name) = lower.named(at) else { return missing() };
    let form = TokenSettings::new(KeySource::Discovery);
    if matches!(name, Text::Literal(_)) && !written.is_empty() && known.fill(written, true, &form).is_none() {
        let message = format!("`{written}` is not the name of a {}", known.what());
        let help = match known {
            Known::Domain => "write a host name, or an `https` address (or `http` on loopback) without a query",
            _ => "write the name alone, as the dashboard shows it",
        };
        lower.error(codes::KNOWN_NAME, at.span, message, help);
    }
    name
}

/// Where the token of a bearer provider stands.
fn carrier(lower: &mut Lower<'_>, node: &Node) -> Carrier {
    let header = node.get("header").and_then(|node| Some((node, node.text()?)));
    let header = header.and_then(|(node, name)| lower.header_name(name, node.span));
    header.map_or(Carrier::Bearer, Carrier::Header)
}

/// Nothing says for whom the tokens must be; `key` would.
fn warn_no_audience(lower: &mut Lower<'_>, entry: &Entry, key: &str) {
    let message = format!("`{}` takes tokens that were made for other apps of the same issuer", entry.key);
    lower.push(
        Diagnostic::warning(codes::NO_AUDIENCE, entry.node.span, message)
            .help(format!("write `{key}`: what `aud` must be or hold")),
    );
}

/// Secrets at `key`, by name only: a value that is written out is a mistake, and is not repeated.
pub(super) fn secrets(lower: &mut Lower<'_>, node: &Node, key: &str) -> Vec<Text> {
    keys::secret_texts(lower, node.get(key))
}

/// What a token must be: what is written, and `defaults` for the rest. Could the keys be read?
fn token(lower: &mut Lower<'_>, node: &Node, defaults: TokenSettings) -> (TokenSettings, bool) {
    let (keys, keys_read) = match node.get("keys") {
        Some(keys) => match keys::keys(lower, keys) {
            Some(keys) => (keys, true),
            None => (KeySource::Discovery, false),
        },
        None => (defaults.keys, true),
    };
    let texts = |lower: &mut Lower<'_>, key: &str, default: Vec<Text>| match node.get(key) {
        Some(list) => lower.texts(Some(list)).filter_map(|(node, _)| lower.named(node)).collect(),
        None => default,
    };
    let algorithms = match node.get("algorithms") {
        Some(list) => algorithms(lower, list, keys_read.then_some(&keys)),
        None => defaults.algorithms,
    };
    let token = TokenSettings {
        issuers: texts(lower, "issuer", defaults.issuers),
        audiences: texts(lower, "audience", defaults.audiences),
        algorithms,
        leeway: seconds(node, "leeway").unwrap_or(defaults.leeway),
        max_age: seconds(node, "max-age").or(defaults.max_age),
        typ: node.get("typ").and_then(Node::text).map(str::to_owned).or(defaults.typ),
        required_claims: match node.get("required-claims") {
            Some(list) => lower.texts(Some(list)).map(|(_, name)| name.to_owned()).collect(),
            None => defaults.required_claims,
        },
        keys,
        ..defaults
    };
    (token, keys_read)
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
                let named = Source::parse(text).is_some();
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

fn algorithms(lower: &mut Lower<'_>, node: &Node, keys: Option<&KeySource>) -> Vec<Algorithm> {
    let known: Vec<&str> = Algorithm::ALL.iter().map(|a| a.name()).collect();
    let mut all = Vec::new();
    for (node, text) in lower.texts(Some(node)) {
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
