//! `kind = "cloudflare-access"` and `kind = "firebase"`.

use super::{LEEWAY, cookie_name, known_name, token};
use crate::config::document::Entry;
use crate::config::lower::Lower;
use crate::request::CookieRule;
use crate::session::{Algorithm, Carrier, KeySource, KindSettings, Known, KnownSettings, PlainSettings, TokenSettings};

/// Characters of a Firebase uid.
const FIREBASE_UID: usize = 128;

pub(super) fn cloudflare(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let header = node.get("header").and_then(|node| Some((node, node.text()?)));
    let header = match header {
        Some((at, name)) => lower.header_name(name, at.span).unwrap_or_default(),
        None => "cf-access-jwt-assertion".to_owned(),
    };
    let cookie = cookie_name(lower, node, "cookie", "CF_Authorization");
    let carriers = vec![Carrier::Header(header), Carrier::Cookie(CookieRule::token(&cookie, false))];
    settings(lower, entry, (Known::CloudflareTeam, "team"), carriers, None)
}

pub(super) fn firebase(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let id = node.get("token").and_then(|token| token.text()) == Some("id");
    let cookie = CookieRule::token(&cookie_name(lower, node, "cookie", "__session"), false);
    let mut carriers = Vec::new();
    if id {
        carriers.push(Carrier::Bearer);
    }
    if !id || node.get("cookie").is_some() {
        carriers.push(Carrier::Cookie(cookie));
    }
    let known = if id { Known::FirebaseId } else { Known::FirebaseCookie };
    settings(lower, entry, (known, "project"), carriers, Some(FIREBASE_UID))
}

fn settings(
    lower: &mut Lower<'_>,
    entry: &Entry,
    (known, key): (Known, &str),
    carriers: Vec<Carrier>,
    longest_subject: Option<usize>,
) -> KindSettings {
    let name = known_name(lower, &entry.node, key, known);
    let defaults = TokenSettings {
        algorithms: vec![Algorithm::Rs256],
        leeway: LEEWAY,
        longest_subject,
        ..TokenSettings::new(KeySource::Discovery)
    };
    let (token, _) = token(lower, &entry.node, defaults);
    let own_keys = entry.node.get("keys").is_some();
    KindSettings::Known(KnownSettings { known, name, own_keys, plain: PlainSettings { carriers, token } })
}
