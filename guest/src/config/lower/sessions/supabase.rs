//! `kind = "supabase"`.

use super::{cookie_name, named, token};
use crate::config::codes;
use crate::config::document::Entry;
use crate::config::lower::Lower;
use crate::session::{KeySource, KindSettings, SupabaseSettings, TokenSettings};
use crate::supply::Text;

/// Audience and role of everybody who signed in.
const SIGNED_IN: &str = "authenticated";
/// Any audience, any role.
const ANY: &str = "*";

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let project_url = named(lower, node, "project-url");
    let defaults = TokenSettings {
        audiences: vec![Text::Literal(SIGNED_IN.to_owned())],
        ..TokenSettings::new(KeySource::Discovery)
    };
    let (mut token, _) = token(lower, node, defaults);
    if token.audiences.contains(&Text::Literal(ANY.to_owned())) {
        token.audiences.clear();
    }
    let mut roles: Vec<String> = match node.get("roles") {
        Some(list) => lower.texts(Some(list)).map(|(_, role)| role.to_owned()).collect(),
        None => vec![SIGNED_IN.to_owned()],
    };
    if roles.iter().any(|role| role == ANY) {
        roles.clear();
    }
    let cookie = node.get("cookie").map(|_| cookie_name(lower, node, "cookie", ""));
    if node.is_table() && node.get("project-url").is_none() && (cookie.is_none() || node.get("keys").is_none()) {
        let help = "write `project-url = \"env:NEXT_PUBLIC_SUPABASE_URL\"`, or `cookie` and `keys`";
        lower.error(codes::WHOSE_KEYS, node.span, "neither `project-url` nor `cookie` and `keys` are written", help);
    }
    KindSettings::Supabase(SupabaseSettings { project_url, cookie, token, roles })
}
