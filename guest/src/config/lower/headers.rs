//! Header edits.

use super::Lower;
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::{Diagnostic, Span};
use crate::policy::EditTemplate;
use crate::template::Use;
use crate::verdict::{BadHeader, Header};

/// Names that frame or route a message or belong to one connection (RFC 9110 section 7.6.1, RFC 9112 section 6): the
/// proxy's own. Cookies have their own keys.
const OWN: [&str; 11] = [
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

impl Lower<'_> {
    /// A header that a rule may change, in lower case.
    pub(super) fn header_name(&mut self, name: &str, span: Span) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        if Header::new(&lower, "").is_err() {
            let help = "a header name is made of letters, digits and `-`";
            self.error(codes::HEADER_NAME, span, format!("`{name}` is not a header name"), help);
            return None;
        }
        if OWN.contains(&lower.as_str()) || lower.starts_with("proxy-") {
            let help = match lower.as_str() {
                "set-cookie" => "use `set-cookies` or `clear-cookies`",
                "cookie" => "use `strip-session-cookie` of `[identity]`",
                "host" => "the host that was judged is the host that is asked for",
                _ => "it frames the message or belongs to one connection: the proxy's own",
            };
            self.error(codes::HEADER_NAME, span, format!("`{name}` may not be changed"), help);
            return None;
        }
        if lower == "authorization" {
            let message = "the server behind will not see the client's own `authorization`";
            self.push(Diagnostic::note(codes::AUTHORIZATION, span, message).help("nothing to do if that is meant"));
        }
        Some(lower)
    }

    /// `request-headers` or `response-headers`.
    pub(super) fn edits(&mut self, node: Option<&Node>, names: &[String]) -> Vec<EditTemplate> {
        let mut all = Vec::new();
        let Some(node) = node else { return all };
        for (key, replace) in [("set", true), ("append", false)] {
            for entry in node.get(key).map(Node::entries).unwrap_or_default() {
                let name = self.header_name(&entry.key, entry.key_span);
                let template = self.template(&entry.node, Use::Value, names);
                // What stands between the places must be fit for a header; what is filled in is checked when it is made.
                if entry.node.text().is_some_and(|text| text.chars().any(|c| c.is_control() && c != '\t')) {
                    let message = format!("the value of `{}` holds a control character", entry.key);
                    self.error(
                        codes::HEADER_VALUE,
                        entry.node.span,
                        message,
                        "a line break would make a second header",
                    );
                    continue;
                }
                let Some((name, template)) = name.zip(template) else { continue };
                all.push(if replace {
                    EditTemplate::Set(name, template)
                } else {
                    EditTemplate::Append(name, template)
                });
            }
        }
        for (node, text) in self.texts(node.get("remove")) {
            all.extend(self.header_name(text, node.span).map(EditTemplate::Remove));
        }
        all
    }

    /// Headers with fixed values.
    pub(super) fn fixed_headers(&mut self, node: Option<&Node>) -> Vec<Header> {
        let mut all = Vec::new();
        for entry in node.map(Node::entries).unwrap_or_default() {
            let Some(name) = self.header_name(&entry.key, entry.key_span) else { continue };
            let Some(value) = entry.node.text() else { continue };
            match Header::new(&name, value) {
                Ok(header) => all.push(header),
                Err(BadHeader::Name | BadHeader::Value) => {
                    let help = "no control characters, no white space at the ends, at most 8 KiB";
                    self.error(
                        codes::HEADER_VALUE,
                        entry.node.span,
                        format!("this cannot be the value of `{name}`"),
                        help,
                    );
                }
            }
        }
        all
    }
}
