//! The little that must be known of an address before the world is asked for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// May keys be taken from there? `https://host…`; with `loopback`, `http://` to this very machine too. No user part
/// (`https://good@evil`), no fragment, only visible ASCII, no backslash.
pub(super) fn is_safe(url: &str, loopback: bool) -> bool {
    let clean = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'));
    let host = url.strip_prefix("https://").map(host);
    clean
        && (host.is_some_and(|host| !host.is_empty()) || (loopback && is_loopback_http(url)))
        && !authority(url).contains('@')
}

/// `http://localhost`, `http://127.x.x.x` or `http://[::1]`, with any port and path.
pub(super) fn is_loopback_http(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    match host(rest) {
        "localhost" | "[::1]" => true,
        other => other.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
    }
}

/// Where an issuer publishes its discovery document (OpenID Connect Discovery 1.0 section 4: a slash at the end of
/// the issuer is taken off first).
pub(super) fn discovery(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// May discovery start from this issuer? Like a safe address, and without a query (the path is appended).
pub(super) fn is_issuer(issuer: &str) -> bool {
    is_safe(issuer, true) && !issuer.contains('?')
}

/// The text in a `data:` URL (RFC 2397), base64 or percent-encoded; `None` if it is none.
pub(super) fn data(url: &str) -> Option<String> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let bytes = match head.strip_suffix(";base64") {
        Some(_) => STANDARD.decode(data).ok()?,
        None => percent_decoded(data)?,
    };
    String::from_utf8(bytes).ok()
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let digits = digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(digits)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn host(rest: &str) -> &str {
    let authority = authority(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_addresses() {
        for url in ["https://a.example/jwks", "https://a.example:8443", "https://[2001:db8::1]/k?x=1"] {
            assert!(is_safe(url, false), "{url}");
        }
        for url in [
            "http://a.example/jwks",
            "https://",
            "https:///x",
            "https://:443/",
            "https://a@b/",
            "https://a.example/ x",
            "https://a.example\\@b",
            "https://a.example/#x",
            "ftp://a",
            "file:///etc/passwd",
            "https://exämple/",
            "",
        ] {
            assert!(!is_safe(url, true), "{url}");
        }
        for url in ["http://localhost:3000/x", "http://127.0.0.1/x", "http://[::1]:80/x", "http://127.9.9.9"] {
            assert!(is_safe(url, true), "{url}");
            assert!(!is_safe(url, false), "{url}");
        }
        for url in
            ["http://localhost.evil.example/", "http://127.0.0.1.evil/", "http://127.1/", "http://localhost@evil/"]
        {
            assert!(!is_safe(url, true), "{url}");
        }
    }

    #[test]
    fn data_urls() {
        assert_eq!(data("data:text/plain;charset=utf-8;base64,eyJrZXlzIjpbXX0=").as_deref(), Some("{\"keys\":[]}"));
        assert_eq!(data("data:application/json,%7B%22keys%22:[]%7D").as_deref(), Some("{\"keys\":[]}"));
        for bad in ["data:x", "data:;base64,{}", "data:,%7", "data:,%+7", "data:,%ff", "https://a/data:,x"] {
            assert_eq!(data(bad), None, "{bad}");
        }
    }

    #[test]
    fn discovery_addresses() {
        assert_eq!(discovery("https://a/"), "https://a/.well-known/openid-configuration");
        assert_eq!(discovery("https://a"), "https://a/.well-known/openid-configuration");
        assert_eq!(discovery("https://a/t//"), "https://a/t//.well-known/openid-configuration");
        assert!(!is_issuer("https://a/?x"));
    }
}
