//! `kind = "iron-session"`, and the passwords of seals.

use super::keys::secret_texts;
use super::{cookie_name, seconds};
use crate::config::codes;
use crate::config::document::{Entry, Node, Value};
use crate::config::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::session::{IronSessionSettings, KindSettings, SealPasswords};

/// What iron puts up with, in seconds.
const LEEWAY: i64 = 60;

pub(super) fn lower(lower: &mut Lower<'_>, entry: &Entry) -> KindSettings {
    let node = &entry.node;
    let settings = IronSessionSettings {
        cookie: cookie_name(lower, node, "cookie", ""),
        passwords: passwords(lower, node),
        leeway: seconds(node, "leeway").unwrap_or(LEEWAY),
        subject: node.get("subject").and_then(Node::text).map(str::to_owned),
        required_claims: lower.texts(node.get("required-claims")).map(|(_, name)| name.to_owned()).collect(),
        issuer: node.get("issuer").and_then(Node::text).map(str::to_owned),
    };
    if node.is_table() && node.get("subject").is_none() && node.get("required-claims").is_none() {
        let message = format!("`{}` takes whatever the app has sealed, for a stranger too", entry.key);
        lower.push(Diagnostic::warning(codes::ANYBODY, node.span, message).help(
            "say what the seal of somebody who signed in holds: `subject = \"user.id\"`, or `required-claims = [\"user\"]`",
        ));
    }
    KindSettings::IronSession(settings)
}

/// One password, or several by their ids.
pub(super) fn passwords(lower: &mut Lower<'_>, node: &Node) -> SealPasswords {
    let written = node.get("password");
    let Some(Node { value: Value::Table(entries), .. }) = written else {
        // A password that is missing or written out has been reported.
        let text = secret_texts(lower, written).into_iter().next();
        return text.map_or_else(|| SealPasswords::ById(Vec::new()), SealPasswords::Single);
    };
    if entries.is_empty()
        && let Some(node) = written
    {
        lower.error(
            codes::EMPTY_VALUE,
            node.span,
            "`password` is empty",
            "write `env:NAME`, or ids with their passwords",
        );
    }
    let mut all = Vec::new();
    for entry in entries {
        let text = secret_texts(lower, Some(&entry.node)).into_iter().next();
        all.extend(text.map(|text| (entry.key.clone(), text)));
    }
    SealPasswords::ById(all)
}
