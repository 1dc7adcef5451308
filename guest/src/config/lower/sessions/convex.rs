//! `[bearer.NAME]` of `kind = "convex"`, and `[session.NAME]` of `kind = "convex-auth"`.

use super::{carrier, cookie_name, flag, known_name, seconds, token, warn_no_audience};
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::config::lower::address::{is_safe_address, web_address};
use crate::diagnostic::Diagnostic;
use crate::session::{
    Algorithm, CodePaths, ConvexAuthSettings, ConvexService, CookieNames, FunctionKind, KeySource, KindSettings, Known,
    KnownSettings, Margin, Place, PlainSettings, Renewal, TokenSettings,
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
    let issuer = issuer(lower, node);
    let audiences = vec![Text::Literal("convex".to_owned())];
    let (mut token, _) = token(lower, node, TokenSettings { audiences, ..defaults() });
    // `max-age` is about the cookies here, as in Convex Auth.
    token.max_age = None;
    let alpha = node.get("preset").and_then(Node::text) == Some("2.0-alpha");
    if let Some(at) = node.get("preset").filter(|_| alpha) {
        let message = "this preset is for a generation of Convex Auth that is not released yet";
        lower.push(Diagnostic::warning(codes::EXPERIMENTAL, at.span, message).help("try it out; do not rely on it"));
    }
    let names = CookieNames {
        prefix: match node.get("cookie-prefix").and_then(Node::text) {
            Some("") => String::new(),
            _ => cookie_name(lower, node, "cookie-prefix", if alpha { "" } else { "__Host-" }),
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
    if place.is_plain() && names.prefix.starts_with("__") {
        let message = format!("browsers keep no `{}` cookies from a site without TLS", names.prefix);
        let help = "write `cookie-prefix = \"\"`, or an `https` address as `proxy.public-origin`";
        lower.push(Diagnostic::warning(codes::COOKIE, node.span, message).help(help));
    }
    let service = flag(node, "renew", true).then(|| service(lower, node, issuer.as_ref(), alpha));
    if service.is_none() {
        for entry in SERVICE.iter().filter_map(|key| node.entry(key)) {
            let message = format!("`{}` has no effect without renewals", entry.key);
            let help = "remove it, or remove `renew = false`";
            lower.push(Diagnostic::warning(codes::NO_EFFECT, entry.key_span, message).help(help));
        }
    }
    let forward_token = flag(node, "forward-token", false);
    KindSettings::ConvexAuth(Box::new(ConvexAuthSettings { issuer, token, names, place, service, forward_token }))
}

/// Keys that only a gate needs that renews.
const SERVICE: [&str; 11] = [
    "convex-url",
    "max-age",
    "action-path",
    "sign-in-action",
    "sign-out-action",
    "refresh-action",
    "refresh-mutation",
    "refresh-margin",
    "refresh-grace",
    "code-paths",
    "timeout",
];

/// Which deployment it is, unless the issuer is written as the tokens have it.
fn issuer(lower: &mut Lower<'_>, node: &Node) -> Option<(Known, Text)> {
    let mut written = ["site-url", "deployment", "issuer"].iter().filter_map(|key| node.entry(key));
    match (written.next(), written.next()) {
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
    }
}

fn service(lower: &mut Lower<'_>, node: &Node, issuer: Option<&(Known, Text)>, alpha: bool) -> ConvexService {
    let url = node.get("convex-url").and_then(|at| {
        let url = lower.named(at)?;
        if let Text::Literal(text) = &url
            && !web_address(text).is_some_and(|uri| is_safe_address(&uri) && uri.query().is_none())
        {
            let message = format!("no deployment can be called at `{text}`");
            lower.error(codes::CONVEX_URL, at.span, message, "use an `https` address, or `http` on loopback");
        }
        Some(url)
    });
    // What is named by `env:` is looked at when it comes, and what is no name has been reported.
    let form = TokenSettings::new(KeySource::Discovery);
    let known = match issuer {
        Some((known, Text::Literal(name))) => {
            known.fill(name, true, &form).is_none() || ConvexService::address_of(*known, name).is_some()
        }
        Some((_, Text::Need(_))) => true,
        None => node.get("issuer").is_none(),
    };
    if node.get("convex-url").is_none() && !known {
        let help = "write `convex-url = \"env:CONVEX_URL\"`, or `renew = false` if the app renews sessions itself";
        lower.error(codes::CONVEX_URL, node.span, "nothing says where the deployment can be called", help);
    }
    let (action, mutation) = (node.entry("refresh-action"), node.entry("refresh-mutation"));
    if let (Some(_), Some(second)) = (action, mutation) {
        lower.error(codes::TWO_RENEWALS, second.key_span, "two functions renew sessions", "keep one of them");
    }
    let renewal = if mutation.is_some() || (alpha && action.is_none()) {
        let name = function(lower, node, "refresh-mutation", "auth:refreshSession");
        Renewal { name, kind: FunctionKind::Mutation }
    } else {
        Renewal { name: function(lower, node, "refresh-action", "auth:signIn"), kind: FunctionKind::Action }
    };
    let margin = match (seconds(node, "refresh-margin"), alpha) {
        (Some(seconds), _) => Margin::Fixed(seconds),
        (None, true) => Margin::Fixed(10),
        (None, false) => Margin::Tenth,
    };
    let endpoint = node.get("action-path").and_then(|path| lower.path(path)).unwrap_or_else(|| "/api/auth".to_owned());
    ConvexService {
        url,
        sign_in: function(lower, node, "sign-in-action", "auth:signIn"),
        sign_out: function(lower, node, "sign-out-action", "auth:signOut"),
        renewal,
        margin,
        endpoint,
        code_paths: code_paths(lower, node),
        max_age: positive(lower, node, "max-age"),
        grace: seconds(node, "refresh-grace").and_then(|seconds| u32::try_from(seconds * 1000).ok()).unwrap_or(GRACE),
        timeout: positive(lower, node, "timeout")
            .and_then(|seconds| u32::try_from(seconds * 1000).ok())
            .unwrap_or(TIMEOUT),
    }
}

/// Milliseconds: Convex Auth lets an old refresh token be used once more for so long.
const GRACE: u32 = 10_000;
/// Milliseconds: a deployment answers a renewal within some hundred, and a page waits for it.
const TIMEOUT: u32 = 5_000;

/// A duration of at least a second, in seconds.
fn positive(lower: &mut Lower<'_>, node: &Node, key: &str) -> Option<i64> {
    let seconds = seconds(node, key)?;
    if seconds < 1
        && let Some(at) = node.get(key)
    {
        lower.error(codes::OUT_OF_RANGE, at.span, format!("`{key}` is at least a second"), "write `1s` or more");
    }
    Some(seconds)
}

/// The name of a function: `module:name`, the module maybe in folders.
fn function(lower: &mut Lower<'_>, node: &Node, key: &str, default: &str) -> String {
    let Some((at, name)) = node.get(key).and_then(|at| Some((at, at.text()?))) else { return default.to_owned() };
    let word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_/.-$".contains(&b));
    if !name.is_empty() && !name.split_once(':').is_some_and(|(module, name)| word(module) && word(name)) {
        let message = format!("`{name}` is not the name of a function");
        lower.error(codes::FUNCTION, at.span, message, "write module and function: `auth:signIn`");
    }
    name.to_owned()
}

/// Where codes are exchanged; case does not count, as in `createRouteMatcher`.
fn code_paths(lower: &mut Lower<'_>, node: &Node) -> Option<CodePaths> {
    let list = node.get("code-paths")?;
    let mut patterns = Vec::new();
    for (at, text) in lower.texts(Some(list)).collect::<Vec<_>>() {
        patterns.extend(lower.route_pattern(at, text));
    }
    Some(CodePaths(patterns.into()))
}
