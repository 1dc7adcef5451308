//! `set-cookies` and `clear-cookies`: fixed cookies, checked here, written by the `cookie` crate (which checks nothing).

use super::{Lower, address};
use crate::config::document::Node;
use crate::config::{codes, units};
use crate::policy::EditTemplate;
use crate::template::{Template, Use};
use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, SameSite};

/// A token (RFC 9110 section 5.6.2), as RFC 6265 section 4.1.1 wants for cookie names.
pub(super) fn is_cookie_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Cookie octets (RFC 6265 section 4.1.1): visible ASCII without `"`, `,`, `;` and `\`.
fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e))
}

impl Lower<'_> {
    /// The `set-cookie` lines of a rule.
    pub(super) fn cookies(&mut self, rule: &Node) -> Vec<EditTemplate> {
        let set = rule.get("set-cookies").filter(|node| !node.is_table()).map(Node::members).unwrap_or_default();
        let mut lines: Vec<String> = set.iter().filter_map(|node| self.set_cookie(node)).collect();
        for (node, name) in self.texts(rule.get("clear-cookies")) {
            if is_cookie_name(name) {
                lines.push(cleared(name));
            } else {
                self.bad_cookie(node, format!("`{name}` is not a cookie name"));
            }
        }
        // Braces are cookie octets, and places to fill in for templates.
        let template = |line: String| Template::parse(&line.replace('{', "{{").replace('}', "}}"), Use::Value).ok();
        lines.into_iter().filter_map(template).map(|line| EditTemplate::Append("set-cookie".to_owned(), line)).collect()
    }

    fn bad_cookie(&mut self, node: &Node, message: String) {
        let help = "see RFC 6265 section 4.1.1; browsers drop cookies that break these rules";
        self.error(codes::COOKIE, node.span, message, help);
    }

    fn set_cookie(&mut self, node: &Node) -> Option<String> {
        let (name_node, value_node) = (node.get("name")?, node.get("value")?);
        let (name, value) = (name_node.text()?, value_node.text()?);
        let flag = |key: &str| node.get(key).and_then(Node::boolean).unwrap_or(true);
        let secure = flag("secure");
        let path = match node.get("path") {
            Some(path) => self.path(path)?,
            None => "/".to_owned(),
        };
        let before = self.findings.len();
        if !is_cookie_name(name) && !name.is_empty() {
            self.bad_cookie(name_node, format!("`{name}` is not a cookie name"));
        }
        if !is_cookie_value(value) {
            self.bad_cookie(value_node, format!("`{value}` is not a cookie value"));
        }
        if path.contains(';') || !path.is_ascii() {
            self.bad_cookie(node.get("path")?, format!("`{path}` is not a cookie path"));
        }
        let domain = node.get("domain").and_then(|domain| Some((domain, domain.text()?)));
        if let Some((at, domain)) = domain
            && !domain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
        {
            self.bad_cookie(at, format!("`{domain}` is not a domain"));
        }
        // RFC 6265bis section 4.1.3: browsers refuse prefixed names without these attributes.
        let host_only = name.starts_with("__Host-");
        if (host_only || name.starts_with("__Secure-")) && !secure {
            self.bad_cookie(node, format!("`{name}` must be `secure`"));
        }
        if host_only && (domain.is_some() || path != "/") {
            self.bad_cookie(node, format!("`{name}` must have the path `/` and no domain"));
        }
        let same_site = match node.get("same-site").and_then(Node::text) {
            Some("strict") => SameSite::Strict,
            Some("none") => SameSite::None,
            _ => SameSite::Lax,
        };
        if same_site == SameSite::None && !secure {
            self.bad_cookie(node, "`same-site = \"none\"` needs `secure`".to_owned());
        }
        if self.findings.len() > before {
            return None;
        }
        let mut cookie = Cookie::build((name.to_owned(), value.to_owned()))
            .path(address::is_path(&path).then_some(path)?)
            .http_only(flag("http-only"))
            .secure(secure)
            .same_site(same_site);
        if let Some(age) = node.get("max-age").and_then(Node::text).and_then(|text| units::duration(text).ok()) {
            cookie = cookie.max_age(Duration::milliseconds(i64::try_from(age).ok()?));
        }
        if let Some((_, domain)) = domain {
            cookie = cookie.domain(domain.to_owned());
        }
        Some(cookie.build().to_string())
    }
}

/// `Max-Age` is what browsers look at; `Expires` is for those that do not. A fixed date, since no clock is read here.
fn cleared(name: &str) -> String {
    let secure = name.starts_with("__Host-") || name.starts_with("__Secure-");
    let mut cookie =
        Cookie::build((name.to_owned(), "")).path("/").max_age(Duration::ZERO).expires(OffsetDateTime::UNIX_EPOCH);
    if secure {
        cookie = cookie.secure(true);
    }
    cookie.build().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleared_cookies_expire_at_once() {
        assert_eq!(cleared("__Host-a"), "__Host-a=; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cleared("a"), "a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn octets() {
        assert!(is_cookie_value("a{b}=+/") && is_cookie_value(""));
        for bad in ["a b", "a;b", "a,b", "a\"b", "a\\b", "é", "a\r\nb"] {
            assert!(!is_cookie_value(bad), "{bad:?}");
        }
        for bad in ["", "a b", "a=b", "a;b", "[a]", "\u{2000}a"] {
            assert!(!is_cookie_name(bad), "{bad:?}");
        }
    }
}
