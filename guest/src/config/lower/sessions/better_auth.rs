//! `kind = "better-auth"`.

use super::{cookie_name, flag, named, seconds, secrets, token};
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::session::{BetterAuthSettings, BetterAuthStrategy, KeySource, KindSettings, TokenSettings};
use crate::supply::Text;

const PREFIX: &str = "better-auth";
/// Seconds: what the app puts up with for tokens that it reads with a tolerance.
const LEEWAY: i64 = 15;
/// What a cache that is signed with keys says of itself.
const TYPE: &str = "better-auth.session-cache+jwt";
const AUDIENCE: &str = "better-auth:session-cache";

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let strategy = match node.get("strategy").and_then(Node::text) {
        Some("jwt") => BetterAuthStrategy::Jwt,
        Some("jwe") => BetterAuthStrategy::Jwe,
        Some("token") => BetterAuthStrategy::Token,
        _ => BetterAuthStrategy::Compact,
    };
    let keys = node.get("keys").filter(|_| strategy == BetterAuthStrategy::Jwt);
    without_effect(lower, node, strategy, keys.is_some());
    if node.is_table() && keys.is_none() && node.get("secret").is_none() {
        let message = format!("`secret` is missing in `{}`", entry.key);
        lower.error(codes::MISSING_KEY, node.span, message, "write `secret = \"env:BETTER_AUTH_SECRET\"`");
    }
    let tolerant = keys.is_some() || strategy == BetterAuthStrategy::Jwe;
    let leeway = seconds(node, "leeway").unwrap_or(if tolerant { LEEWAY } else { 0 });
    let prefix = match node.get("cookie-prefix") {
        Some(_) => cookie_name(lower, node, "cookie-prefix", PREFIX),
        None => PREFIX.to_owned(),
    };
    let start = if flag(node, "secure", true) { "__Secure-" } else { "" };
    let mut name = |key: &str, of: &str| cookie_name(lower, node, key, &format!("{start}{prefix}.{of}"));
    let (data_cookie, token_cookie) = (name("data-cookie", "session_data"), name("token-cookie", "session_token"));
    let token = keys.map(|_| {
        let defaults = TokenSettings {
            any_issuer: true,
            audiences: vec![Text::Literal(AUDIENCE.to_owned())],
            typ: Some(TYPE.to_owned()),
            leeway,
            ..TokenSettings::new(KeySource::Discovery)
        };
        // Their `max-age` counts from `updatedAt`, as for all strategies.
        let (token, _) = token(lower, node, defaults);
        Box::new(TokenSettings { max_age: None, ..token })
    });
    KindSettings::BetterAuth(BetterAuthSettings {
        data_cookie,
        token_cookie,
        strategy,
        secrets: if keys.is_none() { secrets(lower, node, "secret") } else { Vec::new() },
        issuer: if token.is_none() { named(lower, node, "issuer") } else { None },
        token,
        version: node.get("version").and_then(Node::text).map(str::to_owned),
        leeway,
        max_age: seconds(node, "max-age"),
    })
}

/// Keys that say nothing about what is read.
fn without_effect(lower: &mut Lower<'_>, node: &Node, strategy: BetterAuthStrategy, by_keys: bool) {
    let cached = strategy != BetterAuthStrategy::Token;
    let rules: [(&[&str], bool, &str); 4] = [
        (&["data-cookie", "version", "leeway", "max-age"], cached, "strategy `token` reads no cached session"),
        (&["keys"], strategy == BetterAuthStrategy::Jwt, "only strategy `jwt` is verified with keys"),
        (&["audience", "typ", "algorithms", "required-claims"], by_keys, "there is no token that `keys` verify"),
        (&["secret"], !by_keys, "the cache is verified with `keys`"),
    ];
    for (names, used, why) in rules {
        for at in names.iter().filter_map(|name| node.get(name)).filter(|_| !used) {
            let help = format!("remove it: {why}");
            lower.push(Diagnostic::warning(codes::NO_EFFECT, at.span, "this says nothing here").help(help));
        }
    }
}
