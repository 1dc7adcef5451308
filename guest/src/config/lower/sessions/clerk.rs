//! `kind = "clerk"`.

use super::{LEEWAY, cookie_name, flag, named, secrets, token};
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::config::lower::Lower;
use crate::config::lower::address::{is_safe_address, web_address};
use crate::diagnostic::Diagnostic;
use crate::session::{
    ClerkCookies, ClerkSettings, Handshake, KeySource, KindSettings, ProviderSettings, TokenSettings,
    is_publishable_key,
};
use crate::supply::Text;

/// Version of the API that current packages name.
const API_VERSION: &str = "2026-05-12";
/// Handshakes in a row. The count lives for two seconds; who comes back so often in that time gets nowhere.
const MAX_REDIRECTS: u32 = 3;

pub(super) fn clerk(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let leeway = super::seconds(node, "leeway").unwrap_or(LEEWAY);
    let parties = lower.texts(node.get("authorized-parties")).filter_map(|(node, _)| lower.named(node)).collect();
    let defaults = TokenSettings {
        leeway: LEEWAY,
        ahead: leeway,
        audience_if_present: true,
        parties,
        ..TokenSettings::new(KeySource::Discovery)
    };
    let (token, _) = token(lower, node, defaults);
    let settings = ClerkSettings {
        publishable_key: publishable_key(lower, node),
        secret_key: secrets(lower, node, "secret-key").into_iter().next(),
        token,
        cookies: cookies(lower, node),
        bearer: flag(node, "bearer", true),
        handshake: Handshake {
            on: flag(node, "handshake", true),
            nonce: node.get("handshake-format").and_then(Node::text) == Some("nonce"),
            api_version: node.get("api-version").and_then(Node::text).unwrap_or(API_VERSION).to_owned(),
            max_redirects: max_redirects(node),
            cross_origin: flag(node, "cross-origin-sync", true),
            proxy_url: node.get("proxy-url").and_then(|node| proxy_url(lower, node)),
        },
        app_headers: flag(node, "app-headers", true),
    };
    KindSettings::Clerk(Box::new(settings))
}

fn publishable_key(lower: &mut Lower<'_>, node: &Node) -> Text {
    let key = named(lower, node, "publishable-key");
    if let (Some(Text::Literal(text)), Some(at)) = (&key, node.get("publishable-key"))
        && !text.is_empty()
        && !is_publishable_key(text)
    {
        let help = "copy it from the dashboard of the instance: `pk_live_…` or `pk_test_…`";
        lower.error(codes::PUBLISHABLE_KEY, at.span, "this is not a publishable key", help);
    }
    // One that is missing has been reported.
    key.unwrap_or(Text::Literal(String::new()))
}

fn max_redirects(node: &Node) -> u32 {
    let number = node.get("max-redirects").and_then(Node::integer);
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(MAX_REDIRECTS)
}

fn proxy_url(lower: &mut Lower<'_>, node: &Node) -> Option<String> {
    let text = node.text().filter(|text| !text.is_empty())?;
    if web_address(text).is_some_and(|uri| is_safe_address(&uri) && uri.query().is_none()) {
        return Some(text.to_owned());
    }
    let help = "write an absolute address: `https://app.example.com/__clerk`";
    lower.error(codes::ADDRESS, node.span, format!("`{text}` is not an address of the Frontend API"), help);
    None
}

fn cookies(lower: &mut Lower<'_>, node: &Node) -> ClerkCookies {
    let usual = ClerkCookies::default();
    let mut name = |key: &str, usual: &str| cookie_name(lower, node, key, usual);
    ClerkCookies {
        session: name("cookie", &usual.session),
        client_uat: name("client-uat-cookie", &usual.client_uat),
        refresh: name("refresh-cookie", &usual.refresh),
        handshake: name("handshake-cookie", &usual.handshake),
        handshake_nonce: name("handshake-nonce-cookie", &usual.handshake_nonce),
        dev_browser: name("dev-browser-cookie", &usual.dev_browser),
        redirect_count: name("redirect-count-cookie", &usual.redirect_count),
    }
}

/// What will not work as it is meant to.
pub(super) fn lints(lower: &mut Lower<'_>, root: &Node, providers: &[ProviderSettings]) {
    let known = root.get("proxy").is_some_and(|proxy| proxy.get("public-origin").is_some());
    for provider in providers {
        let KindSettings::Clerk(settings) = &provider.kind else { continue };
        let local = matches!(&settings.publishable_key, Text::Literal(key) if key.starts_with("pk_test_"));
        if settings.handshake.on && !known && !local && settings.token.parties.is_empty() {
            let message = format!("`{}` cannot renew sessions: nothing says where this site is", provider.name);
            let help =
                "write `public-origin` in `[proxy]`, or `authorized-parties`: the Host header is the client's word";
            lower.push(Diagnostic::warning(codes::NO_RETURN, provider.span, message).help(help));
        }
        if settings.app_headers && settings.secret_key.is_none() {
            let message = format!("`{}` cannot hand the session on: there is no `secret-key`", provider.name);
            let help = "write `secret-key = \"env:CLERK_SECRET_KEY\"`, or `app-headers = false` if the app behind does not use Clerk";
            lower.push(Diagnostic::warning(codes::NO_SIGNATURE, provider.span, message).help(help));
        }
    }
}
