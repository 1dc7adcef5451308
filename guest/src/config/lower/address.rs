//! Paths, origins and addresses.

use super::Lower;
use crate::config::codes;
use crate::config::document::Node;
use http::Uri;

/// A path as rules and redirects write it: one slash first, nothing that ends a path or a line.
pub(super) fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '\\'))
}

/// An `http` or `https` address without user and fragment.
pub(super) fn web_address(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty() && !text.contains('#');
    (web && plain).then_some(uri)
}

/// `https`, or `http` on this machine: what tokens and keys may travel over.
pub(super) fn is_safe_address(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    uri.scheme_str() == Some("https") || loopback
}

impl Lower<'_> {
    /// A path without query.
    pub(super) fn path(&mut self, node: &Node) -> Option<String> {
        let text = node.text().filter(|text| !text.is_empty())?;
        if is_path(text) {
            return Some(text.to_owned());
        }
        let message = format!("`{text}` is not a path");
        let help = if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.contains(':') {
            format!("paths start with a slash: `/{text}`")
        } else {
            "a path starts with one `/` and holds no white space, `?`, `#` or `\\`".to_owned()
        };
        self.error(codes::NOT_A_PATH, node.span, message, help);
        None
    }

    /// Where a browser may be sent: a path with query, or an absolute web address.
    pub(super) fn location(&mut self, node: &Node) -> Option<String> {
        let text = node.text().filter(|text| !text.is_empty())?;
        if is_location(text) {
            return Some(text.to_owned());
        }
        let message = format!("`{text}` is not an address to send somebody to");
        self.error(codes::ADDRESS, node.span, message, "write a path (`/signin`) or an absolute `https` address");
        None
    }

    /// Scheme, host and port, in lower case and without a slash at the end.
    pub(super) fn origin(&mut self, node: &Node) -> Option<String> {
        let text = node.text().filter(|text| !text.is_empty())?;
        if let Some(uri) = web_address(text)
            && uri.path() == "/"
            && uri.query().is_none()
            && uri.authority().is_some_and(|a| a.port().is_some() == ends_with_port(a.as_str()))
            && let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority())
        {
            return Some(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()));
        }
        let message = format!("`{text}` is not an origin");
        let help = match web_address(text) {
            Some(uri) if uri.path() != "/" => "leave the path out: the request brings its own",
            _ => "write scheme and host: `http://127.0.0.1:3000`, `https://app.example.com`",
        };
        self.error(codes::ORIGIN, node.span, message, help);
        None
    }
}

/// Does something stand after the last colon of a host and port? (`http` takes `host:` for a host without port.)
fn ends_with_port(authority: &str) -> bool {
    let after_brackets = authority.rsplit(']').next().unwrap_or_default();
    after_brackets.contains(':')
}

/// Fit for a `location` header, places to fill in included.
pub(super) fn is_location(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\');
    let path = text.starts_with('/') && !text.starts_with("//");
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    plain && (path || host.is_some_and(|host| !host.is_empty() && !host.contains('@')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["/a", "/a?b=c#d", "https://a.test", "http://{tenant}.a.test/x", "/:slug*"] {
            assert!(is_location(good), "{good}");
        }
        for bad in
            ["//a.test", "a", "javascript:alert(1)", "https://", "https://u@a.test", "/a\\b", "/a b", "https:///a"]
        {
            assert!(!is_location(bad), "{bad}");
        }
        assert!(is_safe_address(&web_address("http://[::1]:3000/").unwrap()));
        assert!(is_safe_address(&web_address("http://localhost/").unwrap()));
        assert!(!is_safe_address(&web_address("http://example.com/").unwrap()));
        assert!(web_address("ftp://a.test").is_none() && web_address("/a").is_none());
    }
}
