//! `kind = "jwt-cookie"`, and `[bearer.NAME]`.

use super::{LEEWAY, check_issuer, cookie_name, flag, token};
use crate::config::codes;
use crate::config::document::Entry;
use crate::config::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::request::CookieRule;
use crate::session::{Carrier, KeySource, KindSettings, PlainSettings, TokenSettings};

pub(super) fn cookie(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let name = cookie_name(lower, node, "cookie", "");
    let rule = CookieRule::token(&name, flag(node, "chunks", false));
    plain(lower, entry, vec![Carrier::Cookie(rule)])
}

pub(super) fn bearer(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let header = entry.node.get("header").and_then(|node| Some((node, node.text()?)));
    let carrier = match header {
        Some((node, name)) => lower.header_name(name, node.span).map(Carrier::Header),
        None => None,
    };
    plain(lower, entry, vec![carrier.unwrap_or(Carrier::Bearer)])
}

fn plain(lower: &mut Lower<'_>, entry: &Entry, carriers: Vec<Carrier>) -> KindSettings {
    let node = &entry.node;
    let defaults = TokenSettings { leeway: LEEWAY, ..TokenSettings::new(KeySource::Discovery) };
    // Whose tokens are taken is not asked when the keys could not be read.
    let (token, keys_read) = token(lower, node, defaults);
    if node.is_table() && keys_read {
        check_issuer(lower, node, &token.keys);
        if node.get("audience").is_none() && !matches!(token.keys, KeySource::Secret(_)) {
            let message = format!("`{}` takes tokens that were made for other apps of the same issuer", entry.key);
            lower.push(
                Diagnostic::warning(codes::NO_AUDIENCE, node.span, message)
                    .help("write `audience`: what `aud` must be or hold"),
            );
        }
    }
    KindSettings::Plain(PlainSettings { carriers, token })
}
