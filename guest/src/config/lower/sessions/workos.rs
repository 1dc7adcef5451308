//! `kind = "workos"`.

use super::iron_session::passwords;
use super::{cookie_name, flag, named, token};
use crate::config::codes;
use crate::config::document::Entry;
use crate::config::lower::Lower;
use crate::session::{KeySource, KindSettings, TokenSettings, WorkosSettings};

/// What AuthKit calls its cookie.
const COOKIE: &str = "wos-session";

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let client_id = named(lower, node, "client-id");
    let defaults = TokenSettings { any_issuer: true, ..TokenSettings::new(KeySource::Discovery) };
    let (token, _) = token(lower, node, defaults);
    if node.is_table() && node.get("client-id").is_none() && node.get("keys").is_none() {
        let help = "write `client-id = \"env:WORKOS_CLIENT_ID\"`, or say where the keys are: `keys`";
        lower.error(codes::WHOSE_KEYS, node.span, "neither `client-id` nor `keys` is written", help);
    }
    KindSettings::Workos(WorkosSettings {
        cookie: cookie_name(lower, node, "cookie", COOKIE),
        passwords: passwords(lower, node),
        client_id,
        token,
        app_headers: flag(node, "app-headers", true),
        redirect_uri: named(lower, node, "redirect-uri"),
    })
}
