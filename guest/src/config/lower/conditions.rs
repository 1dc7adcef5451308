//! `has`, `missing` and `methods`.

use super::Lower;
use crate::config::codes;
use crate::config::document::Node;
use crate::pattern::{Dialect, Options};
use crate::request::{Condition, ConditionKind};
use crate::verdict::Header;

impl Lower<'_> {
    /// `has` or `missing`.
    pub(super) fn conditions(&mut self, node: Option<&Node>) -> Vec<Condition> {
        let members = node.filter(|node| !node.is_table()).map(Node::members).unwrap_or_default();
        members.iter().filter_map(|member| self.condition(member)).collect()
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        let kind = node.get("type")?.text()?;
        let key = node.get("key").and_then(Node::text).filter(|key| !key.is_empty());
        let kind = match (kind, key) {
            ("host", None) => ConditionKind::Host,
            ("host", Some(_)) => {
                let span = node.get("key").map_or(node.span, |key| key.span);
                self.error(codes::CONDITION, span, "a `host` condition takes no `key`", "leave `key` out");
                return None;
            }
            ("header" | "cookie" | "query", None) => {
                if node.get("key").is_none() {
                    let message = format!("a `{kind}` condition needs a `key`");
                    self.error(codes::CONDITION, node.span, message, format!("write the name of the {kind}"));
                }
                return None;
            }
            ("header", Some(name)) => {
                if Header::new(name, "").is_err() {
                    let span = node.get("key").map_or(node.span, |key| key.span);
                    self.error(
                        codes::HEADER_NAME,
                        span,
                        format!("`{name}` is not a header name"),
                        "write a token: `x-flag`",
                    );
                    return None;
                }
                ConditionKind::Header(name.to_ascii_lowercase())
            }
            ("cookie", Some(name)) => ConditionKind::Cookie(name.to_owned()),
            ("query", Some(name)) => ConditionKind::Query(name.to_owned()),
            _ => return None,
        };
        let value = match node.get("value") {
            None => None,
            Some(value) => {
                let text = value.text()?;
                // As in Next.js: the value as a whole, case counts.
                Some(self.compile(value, text, Dialect::Regex, Options { ignore_case: false, dot_all: true })?)
            }
        };
        Some(Condition { kind, value })
    }

    /// `methods`, checked: RFC 9110 section 9.1; names are case-sensitive, and all that exist are upper case.
    pub(super) fn methods(&mut self, node: Option<&Node>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for (node, text) in self.texts(node) {
            let upper = text.to_ascii_uppercase();
            let token = upper.bytes().all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_');
            if !token || upper != text {
                let help =
                    if token { format!("write `{upper}`: case counts") } else { "write `GET`, `POST`, …".to_owned() };
                self.error(codes::METHOD, node.span, format!("`{text}` is not a method"), help);
            } else if !all.contains(&upper) {
                all.push(upper);
            }
        }
        all
    }
}
