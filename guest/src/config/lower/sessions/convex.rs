//! `[bearer.NAME]` of `kind = "convex"`, and `[session.NAME]` of `kind = "convex-auth"`.

use super::{carrier, cookie_name, flag, known_name, token, warn_no_audience};
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::config::lower::address::{is_safe_address, web_address};
use crate::session::{
    Algorithm, ConvexAuthSettings, CookieNames, KeySource, KindSettings, Known, KnownSettings, Place, PlainSettings,
    TokenSettings,
};
use crate::supply::Text;

/// What both have in common: RS256, the issuer with any slash, and no leeway.
fn defaults() -> TokenSettings {
    TokenSettings { algorithms: vec![Algorithm::Rs256], any_slash: true, ..TokenSettings::new(KeySource::Discovery) }
}

pub(super) fn bearer(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let custom = node.get("type").and_then(Node::text) == Some("custom-jwt");
    let (own, foreign): (&[&str], &[&str]) = match custom {
        true => (&["issuer"], &["domain"]),
        false => (&["domain", "application-id"], &["issuer", "jwks", "algorithm"]),
    };
    for entry in foreign.iter().filter_map(|key| node.entry(key)) {
        let message = format!("`{}` is of the other type of provider", entry.key);
        let help =
            "`domain` goes with `type = \"oidc\"`; `issuer`, `jwks` and `algorithm` go with `type = \"custom-jwt\"`";
        lower.error(codes::CONVEX_TYPE, entry.key_span, message, help);
    }
    for key in own.iter().filter(|key| node.get(key).is_none()) {
        lower.error(
            codes::MISSING_KEY,
            node.span,
            format!("`{key}` is missing in this provider"),
            format!("write `{key}`"),
        );
    }
    let audiences = lower.texts(node.get("application-id")).filter_map(|(node, _)| lower.named(node)).collect();
    let carriers = vec![carrier(lower, node)];
    if !custom {
        let name = known_name(lower, node, "domain", Known::Domain);
        let (token, _) = token(lower, node, TokenSettings { audiences, ..defaults() });
        let own_keys = node.get("keys").is_some();
        let plain = PlainSettings { carriers, token };
        return KindSettings::Known(KnownSettings { known: Known::Domain, name, own_keys, plain });
    }
    let algorithm = node.get("algorithm").and_then(Node::text).and_then(Algorithm::from_name);
    let keys = jwks(lower, node);
    let defaults = TokenSettings {
        audiences,
        algorithms: vec![algorithm.unwrap_or(Algorithm::Rs256)],
        keys: keys.unwrap_or(KeySource::Discovery),
        ..defaults()
    };
    let (token, _) = token(lower, node, defaults);
    if token.audiences.is_empty() {
        warn_no_audience(lower, entry, "application-id");
    }
    KindSettings::Plain(PlainSettings { carriers, token })
}

/// Where the keys of a `custom-jwt` are: `jwks`, unless `keys` says it.
fn jwks(lower: &mut Lower<'_>, node: &Node) -> Option<KeySource> {
    let Some(at) = node.get("jwks") else {
        if node.get("keys").is_none() && node.is_table() {
            let help = "write `jwks`: the address of the keys";
            lower.error(codes::MISSING_KEY, node.span, "`jwks` is missing in this provider", help);
        }
        return None;
    };
    if let Some(keys) = node.entry("keys") {
        let help = "keep one of them";
        lower.error(codes::TWO_KEYS, keys.key_span, "keys come from `jwks` or from `keys`, not from both", help);
    }
    let url = lower.named(at)?;
    if let Text::Literal(text) = &url
        && !text.starts_with("data:")
        && !web_address(text).is_some_and(|uri| is_safe_address(&uri))
    {
        let message = format!("keys cannot be fetched from `{text}`");
        lower.error(codes::KEYS_ADDRESS, at.span, message, "use an `https` address, or `http` on loopback");
    }
    Some(KeySource::JwksUrl(url))
}

pub(super) fn session(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let mut written = ["site-url", "deployment", "issuer"].iter().filter_map(|key| node.entry(key));
    let issuer = match (written.next(), written.next()) {
        (Some(one), None) if one.key == "issuer" => None,
        (Some(one), None) => {
            let known = if one.key == "deployment" { Known::ConvexDeployment } else { Known::Domain };
            Some((known, known_name(lower, node, &one.key, known)))
        }
        (Some(first), Some(second)) => {
            let message = format!("`{}` and `{}` both say who the issuer is", first.key, second.key);
            lower.error(codes::CONVEX_ISSUER, second.key_span, message, "keep one of them");
            None
        }
        (None, _) => {
            if node.is_table() {
                let help = "write `site-url = \"env:CONVEX_SITE_URL\"`, `deployment` or `issuer`";
                lower.error(codes::CONVEX_ISSUER, node.span, "nothing says which deployment it is", help);
            }
            None
        }
    };
    let audiences = vec![Text::Literal("convex".to_owned())];
    let (token, _) = token(lower, node, TokenSettings { audiences, ..defaults() });
    let names = CookieNames {
        prefix: match node.get("cookie-prefix").and_then(Node::text) {
            Some("") => String::new(),
            _ => cookie_name(lower, node, "cookie-prefix", "__Host-"),
        },
        token: cookie_name(lower, node, "cookie", "__convexAuthJWT"),
        refresh: cookie_name(lower, node, "refresh-cookie", "__convexAuthRefreshToken"),
        verifier: cookie_name(lower, node, "verifier-cookie", "__convexAuthOAuthVerifier"),
    };
    let place = match &lower.site.public_origin {
        Some(origin) => Place::Origin(origin.clone()),
        None if flag(node, "trust-host", lower.site.on_loopback) => Place::AsAsked,
        None => Place::Elsewhere,
    };
    KindSettings::ConvexAuth(ConvexAuthSettings { issuer, token, names, place })
}
