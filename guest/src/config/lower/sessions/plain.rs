//! `kind = "jwt-cookie"`, and `[bearer.NAME]`.

use super::{LEEWAY, carrier, check_issuer, cookie_name, flag, token, warn_no_audience};
use crate::config::document::Entry;
use crate::config::lower::Lower;
use crate::request::CookieRule;
use crate::session::{Carrier, KeySource, KindSettings, PlainSettings, TokenSettings};

pub(super) fn cookie(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let name = cookie_name(lower, node, "cookie", "");
    let rule = CookieRule::token(&name, flag(node, "chunks", false));
    plain(lower, entry, vec![Carrier::Cookie(rule)])
}

pub(super) fn bearer(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let carrier = carrier(lower, &entry.node);
    plain(lower, entry, vec![carrier])
}

fn plain(lower: &mut Lower<'_>, entry: &Entry, carriers: Vec<Carrier>) -> KindSettings {
    let node = &entry.node;
    let defaults = TokenSettings { leeway: LEEWAY, ..TokenSettings::new(KeySource::Discovery) };
    // Whose tokens are taken is not asked when the keys could not be read.
    let (token, keys_read) = token(lower, node, defaults);
    if node.is_table() && keys_read {
        check_issuer(lower, node, &token.keys);
        if node.get("audience").is_none() && !matches!(token.keys, KeySource::Secret(_)) {
            warn_no_audience(lower, entry, "audience");
        }
    }
    KindSettings::Plain(PlainSettings { carriers, token })
}
