//! What a host is, and its port.

use http::HeaderValue;

/// Name, IPv4 or bracketed IPv6 address, with an optional port. Stricter than RFC 3986 section 3.2.2: no escapes and
/// no sub-delimiters, since no name that is served has them and upstreams read them in different ways.
pub fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.strip_prefix(b"[") {
        Some(rest) => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
            let (inside, after) = rest.split_at(end);
            let is_v6 = std::str::from_utf8(inside).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
            return is_v6 && matches!(after, [b']'] | [b']', b':', ..]) && after.get(2..).is_none_or(is_port);
        }
        None => match text.iter().position(|byte| *byte == b':') {
            Some(colon) => (text.get(..colon).unwrap_or_default(), text.get(colon + 1..)),
            None => (text, None),
        },
    };
    let is_name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.len() <= 255 && host.iter().all(is_name_byte) && port.is_none_or(is_port)
}

fn is_port(text: &[u8]) -> bool {
    (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// The port that the client reached: of the host, or the scheme's.
pub fn port(authority: &HeaderValue, scheme: &str) -> HeaderValue {
    let host = authority.as_bytes();
    let after_colon = match host.iter().rposition(|byte| matches!(byte, b':' | b']')) {
        Some(at) if host.get(at) == Some(&b':') => host.get(at + 1..),
        _ => None,
    };
    let default = HeaderValue::from_static(if scheme == "https" { "443" } else { "80" });
    after_colon.and_then(|port| HeaderValue::from_bytes(port).ok()).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_rules() {
        for good in ["a", "app.example.test", "WWW.Example.Test.", "127.0.0.1:80", "[::1]", "[::1]:8080", "my_host:1"] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a:",
            "a:b",
            "a:123456",
            "a b",
            "a,b",
            "a/b",
            "u@a",
            "a%2eb",
            "[::1",
            "[::1]x",
            "[::1]:",
            "[]",
            "é",
            "a\\b",
            "a?b",
            "[fe80::1%25eth0]",
            "::1",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn ports() {
        let port =
            |host: &'static str, scheme| port(&HeaderValue::from_static(host), scheme).to_str().unwrap().to_owned();
        assert_eq!(port("a:81", "http"), "81");
        assert_eq!(port("a", "https"), "443");
        assert_eq!(port("[::1]", "http"), "80");
        assert_eq!(port("[::1]:9", "http"), "9");
    }
}
