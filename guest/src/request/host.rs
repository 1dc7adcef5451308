//! Authorities and host rules.

use super::Refusal;
use std::net::Ipv6Addr;

/// Most bytes of a host name (RFC 1035 section 2.3.4).
const MAX_HOST: usize = 255;

/// Host and port of a request, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Lower case, without a trailing dot; IPv6 in brackets.
    pub host: String,
    /// Port, when written.
    pub port: Option<u16>,
}

impl Authority {
    /// Read `host` or `host:port` (RFC 9110 section 7.2). Stricter than the grammar: a name holds only letters, digits,
    /// `-`, `_` and single dots; a port is written without leading zeros and is not empty.
    ///
    /// # Errors
    /// A [`Refusal`] (400, `bad-host`) on anything but a registered name, IPv4 or bracketed IPv6, and a port.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = |what: &str| Refusal::bad("bad-host", what);
        let (host, port) = match text.rfind(']') {
            Some(end) if text.starts_with('[') => text.split_at(end + 1),
            Some(_) => return Err(bad("brackets are for IPv6 only")),
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(parse_port(digits).ok_or_else(|| bad("the port is not a number from 1 to 65535"))?),
            None if port.is_empty() => None,
            None => return Err(bad("text after the IPv6 address")),
        };
        Ok(Self { host: parse_host(host).map_err(bad)?, port })
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

fn parse_host(text: &str) -> Result<String, &'static str> {
    if let Some(address) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address")?;
        return Ok(format!("[{address}]"));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > MAX_HOST {
        return Err("the host is longer than 255 bytes");
    }
    if !name.split('.').all(is_label) {
        return Err("the host is not a name of letters, digits, `-`, `_` and single dots");
    }
    Ok(name.to_ascii_lowercase())
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A host as rules write it: `example.com`, `*.example.com`, `{tenant}.example.com`, or `tenants`
/// (every custom domain of `[tenants]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    kind: PatternKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternKind {
    /// That host.
    Exact(String),
    /// One or more labels before this `.example.com`.
    Below(String),
    /// Exactly one label, captured, before this `.example.com`.
    Label { name: String, suffix: String },
    /// A custom domain; captures `tenant`.
    Tenants,
}

impl HostPattern {
    /// Read.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let suffix = |rest: &str| parse_host(rest).map(|host| format!(".{host}")).map_err(str::to_owned);
        let kind = if text == "tenants" {
            PatternKind::Tenants
        } else if let Some(rest) = text.strip_prefix("*.") {
            PatternKind::Below(suffix(rest)?)
        } else if let Some((name, rest)) = text.strip_prefix('{').and_then(|t| t.split_once("}.")) {
            if !is_label(name) || name.contains('-') || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(format!("`{name}` is not a name: letters, digits and `_`, not beginning with a digit"));
            }
            PatternKind::Label { name: name.to_owned(), suffix: suffix(rest)? }
        } else if text.contains(['*', '{', '}']) {
            return Err("`*` or `{name}` may only stand for the first label, as in `*.example.com`".to_owned());
        } else if text.contains(':') && !text.starts_with('[') {
            return Err("a host rule has no port and no scheme".to_owned());
        } else {
            PatternKind::Exact(parse_host(text)?)
        };
        Ok(Self { kind })
    }

    /// Names that it captures (`tenant`).
    pub fn names(&self) -> Vec<String> {
        match &self.kind {
            PatternKind::Label { name, .. } => vec![name.clone()],
            PatternKind::Tenants => vec!["tenant".to_owned()],
            PatternKind::Exact(_) | PatternKind::Below(_) => Vec::new(),
        }
    }

    /// The captures (name, one label in lower case), if `host` (as in [`Authority::host`]) matches.
    /// `tenants`: custom domain (lower case) to tenant.
    pub fn matches(&self, host: &str, tenants: &[(String, String)]) -> Option<Vec<(String, String)>> {
        match &self.kind {
            PatternKind::Exact(name) => (name == host).then(Vec::new),
            PatternKind::Below(suffix) => {
                host.strip_suffix(suffix.as_str()).filter(|head| !head.is_empty()).map(|_| Vec::new())
            }
            PatternKind::Label { name, suffix } => {
                let label = host.strip_suffix(suffix.as_str()).filter(|label| is_label(label))?;
                Some(vec![(name.clone(), label.to_owned())])
            }
            PatternKind::Tenants => {
                let (_, tenant) = tenants.iter().find(|(domain, _)| domain == host)?;
                Some(vec![("tenant".to_owned(), tenant.clone())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(String, Option<u16>)> {
        Authority::parse(text).ok().map(|a| (a.host, a.port))
    }

    #[test]
    fn authorities_have_one_spelling() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("EXAMPLE.com.:8443", "example.com", Some(8443)),
            ("my_host-1", "my_host-1", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "[::1]", None),
            ("[0:0:0:0:0:0:0:1]:3000", "[::1]", Some(3000)),
            ("[2001:DB8::A]", "[2001:db8::a]", None),
        ] {
            assert_eq!(read(text), Some((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "a.".repeat(128) + "a";
        for bad in [
            "",
            ".",
            ":80",
            "a:",
            "a:0",
            "a:080",
            "a:65536",
            "a:+1",
            "a:8 0",
            "a b",
            " a",
            "a\t",
            "a..b",
            ".a",
            "a..",
            "u@a",
            "a/b",
            "a%2eb",
            "a\\b",
            "é.com",
            "a,b",
            "a;b",
            "a?b",
            "a#b",
            "a'b",
            "[::1",
            "::1",
            "[::1]x",
            "[a]",
            "[::1%25eth0]",
            "x[::1]",
            "[]",
            "[::1]:",
            "a:80:80",
            &long,
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    fn hit(pattern: &str, host: &str) -> Option<Vec<(String, String)>> {
        let tenants = [("shop.acme.test".to_owned(), "acme".to_owned())];
        HostPattern::parse(pattern).unwrap().matches(host, &tenants)
    }

    #[test]
    fn host_rules() {
        let tenant = |value: &str| Some(vec![("tenant".to_owned(), value.to_owned())]);
        assert_eq!(hit("Example.COM", "example.com"), Some(Vec::new()));
        assert_eq!(hit("example.com", "www.example.com"), None);
        assert_eq!(hit("*.example.com", "a.example.com"), Some(Vec::new()));
        assert_eq!(hit("*.example.com", "a.b.example.com"), Some(Vec::new()));
        for other in ["example.com", ".example.com", "evilexample.com", "a.example.com.evil"] {
            assert_eq!(hit("*.example.com", other), None, "{other}");
            assert_eq!(hit("{tenant}.example.com", other), None, "{other}");
        }
        assert_eq!(hit("{tenant}.example.com", "acme.example.com"), tenant("acme"));
        assert_eq!(hit("{tenant}.example.com", "a.b.example.com"), None);
        assert_eq!(hit("tenants", "shop.acme.test"), tenant("acme"));
        assert_eq!(hit("tenants", "acme.test"), None);
        assert_eq!(hit("[::1]", "[::1]"), Some(Vec::new()));
        assert_eq!(HostPattern::parse("{t}.example.com").unwrap().names(), ["t"]);
        assert_eq!(HostPattern::parse("tenants").unwrap().names(), ["tenant"]);
        assert_eq!(HostPattern::parse("*.example.com").unwrap().names(), Vec::<String>::new());
    }

    #[test]
    fn bad_host_rules_are_told() {
        for bad in [
            "",
            "*",
            "*.",
            "a.*.com",
            "*a.com",
            "{}.com",
            "{a-b}.com",
            "{1}.com",
            "{a}",
            "a.{b}.com",
            "a:80",
            "https://a",
            "a b",
        ] {
            assert!(HostPattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_size_of_the_list_changes_nothing() {
        for size in [1, 99, 101, 1000] {
            let tenants: Vec<_> = (0..size).map(|n| (format!("t{n}.test"), format!("t{n}"))).collect();
            let last = format!("t{}.test", size - 1);
            let pattern = HostPattern::parse("tenants").unwrap();
            assert!(pattern.matches(&last, &tenants).is_some());
            assert!(pattern.matches(&format!("t{size}.test"), &tenants).is_none());
        }
    }

    proptest! {
        #[test]
        fn an_authority_reads_the_same_again(text in "[A-Za-z0-9._:\\[\\]-]{0,20}") {
            if let Ok(first) = Authority::parse(&text) {
                let again = Authority::parse(&first.host).unwrap();
                prop_assert_eq!(again.host, first.host);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (Authority::parse(&text), HostPattern::parse(&text));
        }
    }
}
