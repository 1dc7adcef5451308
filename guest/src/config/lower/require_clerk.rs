//! `clerk` of `require` and `[roles]`.

use super::Lower;
use crate::config::codes;
use crate::config::document::{Entry, Node};
use crate::session::{Entitlement, Has, Level, Reverification};

/// What can be asked.
const PARTS: [&str; 5] = ["role", "permission", "feature", "plan", "reverification"];

impl Lower<'_> {
    /// What a session of Clerk must have.
    pub(super) fn has(&mut self, entry: &Entry) -> Option<Has> {
        let node = &entry.node;
        if !node.is_table() {
            return None;
        }
        if self.clerk.is_empty() {
            let help = "add a `[session.NAME]` table with `kind = \"clerk\"`";
            self.error(
                codes::NO_CLERK,
                entry.key_span,
                "`clerk` needs a session of Clerk, but none is configured",
                help,
            );
            return None;
        }
        if PARTS.iter().all(|part| node.get(part).is_none()) {
            // A mistyped key has been reported already, and says the same.
            if node.entries().is_empty() {
                let help = "write one of `role`, `permission`, `feature`, `plan` and `reverification`";
                self.error(codes::CLERK, node.span, "this does not say what a session must have", help);
            }
            return None;
        }
        let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
        let has = Has {
            providers: self.clerk.clone(),
            role: text("role"),
            permission: text("permission"),
            feature: self.entitlement(node, "feature"),
            plan: self.entitlement(node, "plan"),
            reverification: node.get("reverification").and_then(reverification),
        };
        // A part that could not be read must not be left out.
        let read = [
            has.role.as_ref().is_some_and(|role| !role.is_empty()),
            has.permission.as_ref().is_some_and(|permission| !permission.is_empty()),
            has.feature.is_some(),
            has.plan.is_some(),
            has.reverification.is_some(),
        ];
        let whole = PARTS.iter().zip(read).all(|(part, read)| read || node.get(part).is_none());
        whole.then_some(has)
    }

    fn entitlement(&mut self, node: &Node, key: &str) -> Option<Entitlement> {
        let node = node.get(key)?;
        let text = node.text().filter(|text| !text.is_empty())?;
        let read = Entitlement::parse(text);
        if read.is_none() {
            let help = "write its name, or `org:NAME`, or `user:NAME`";
            self.error(codes::CLERK, node.span, format!("`{text}` is not a {key}"), help);
        }
        read
    }
}

/// A preset, or a level with its age.
fn reverification(node: &Node) -> Option<Reverification> {
    if let Some(name) = node.text() {
        return Reverification::from_name(name);
    }
    let level = Level::from_name(node.get("level")?.text()?)?;
    let after_minutes = u32::try_from(node.get("after-minutes")?.integer()?).ok()?;
    Some(Reverification { level, after_minutes })
}
