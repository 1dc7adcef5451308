//! `respond`, `redirect`, `on-anonymous` and `on-forbidden`.

use super::Lower;
use super::address::is_location;
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::Diagnostic;
use crate::policy::{OnRefusal, Respond, RespondBody, Then};
use crate::supply::Source;
use crate::template::Use;

/// Statuses that send a browser on (RFC 9110 section 15.4; 300, 304, 305 and 306 do not).
const REDIRECTS: [i64; 5] = [301, 302, 303, 307, 308];

impl Lower<'_> {
    /// `redirect`.
    pub(super) fn redirect(&mut self, node: &Node, names: &[String]) -> Option<Then> {
        let to = if node.is_table() { node.get("to")? } else { node };
        let status = node.get("status").map_or(Some(307), |status| self.redirect_status(status));
        let text = to.text().filter(|text| !text.is_empty())?;
        if !is_location(text) {
            self.location(to);
            return None;
        }
        let to = self.template(to, Use::Address, names)?;
        Some(Then::Redirect { to, status: status? })
    }

    fn redirect_status(&mut self, node: &Node) -> Option<u16> {
        let status = node.integer()?;
        if REDIRECTS.contains(&status) {
            return u16::try_from(status).ok();
        }
        // Others than 3xx are out of the range that the grammar names.
        if (300..400).contains(&status) {
            let help = "use 301, 302, 303, 307 or 308";
            self.error(codes::STATUS, node.span, format!("`{status}` is not a redirect status"), help);
        }
        None
    }

    /// `respond`.
    pub(super) fn respond(&mut self, node: &Node) -> Option<Then> {
        let status = node.get("status").and_then(Node::integer);
        let headers = self.fixed_headers(node.get("headers"));
        let body = match (node.entry("body"), node.entry("file")) {
            (Some(body), Some(file)) => {
                let (first, second) = if body.key_span < file.key_span { (body, file) } else { (file, body) };
                self.push(
                    Diagnostic::error(codes::BODY_TWICE, second.key_span, "the body is written twice")
                        .also(first.key_span, "first here")
                        .help("keep `body` or `file`"),
                );
                None
            }
            (Some(body), None) => body.node.text().map(|text| RespondBody::Text(text.to_owned())),
            (None, Some(file)) => self.file(&file.node),
            (None, None) => Some(RespondBody::Empty),
        };
        let status = u16::try_from(status?).ok().filter(|status| (200..600).contains(status))?;
        // RFC 9110 sections 6.4.1, 15.3.5, 15.3.6, 15.4.5: these end with their head.
        if matches!(status, 204 | 205 | 304) && !matches!(body, Some(RespondBody::Empty)) {
            let message = format!("an answer with status `{status}` has no body");
            self.error(codes::STATUS, node.span, message, "leave the body out, or use another status");
            return None;
        }
        Some(Then::Respond(Respond { status, headers, body: body? }))
    }

    fn file(&mut self, node: &Node) -> Option<RespondBody> {
        let text = node.text().filter(|text| !text.is_empty())?;
        let source = match Source::parse(text) {
            Some(Source::Env(_)) => {
                self.error(codes::NAMED, node.span, "`file` names a file", "write `file = \"503.html\"`");
                return None;
            }
            Some(file) => file,
            None => Source::File(text.to_owned()),
        };
        Some(RespondBody::File(self.need(source, node.span, false, false)?, content_type(text)))
    }

    /// `on-anonymous` or `on-forbidden`.
    pub(super) fn on_refusal(&mut self, node: Option<&Node>) -> Option<OnRefusal> {
        let node = node.filter(|node| node.is_table())?;
        let (status, redirect, rewrite) = (node.get("status"), node.get("redirect"), node.get("rewrite"));
        if status.is_none() && redirect.is_none() && rewrite.is_none() {
            self.error(codes::REFUSAL_FORM, node.span, "this says nothing", "write `status`, `redirect` or `rewrite`");
            return None;
        }
        if redirect.is_some() && rewrite.is_some() {
            let help = "keep `redirect` (the browser goes there) or `rewrite` (the page is shown right here)";
            self.error(codes::REFUSAL_FORM, node.span, "`redirect` and `rewrite` exclude each other", help);
            return None;
        }
        let status = match (status, redirect) {
            (Some(status), Some(_)) => {
                let number = status.integer()?;
                if !REDIRECTS.contains(&number) && (300..600).contains(&number) {
                    let help = "use 301, 302, 303, 307 or 308, or drop `redirect`";
                    self.error(codes::STATUS, status.span, format!("`{number}` is not a redirect status"), help);
                    return None;
                }
                u16::try_from(number).ok()
            }
            (Some(status), None) => {
                let number = status.integer()?;
                if (300..400).contains(&number) {
                    let help = "write `redirect`, too, or a status from 400 to 599";
                    self.error(codes::STATUS, status.span, format!("`{number}` leads nowhere"), help);
                    return None;
                }
                u16::try_from(number).ok()
            }
            (None, _) => None,
        };
        let redirect = redirect.and_then(|node| self.location(node));
        let rewrite = rewrite.and_then(|node| self.path(node));
        Some(OnRefusal { status, redirect, rewrite })
    }
}

/// The content type that the name of a file stands for.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/vnd.microsoft.icon",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
