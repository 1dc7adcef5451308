//! Where a visitor may be sent back to after signing in.

use super::percent::{Unit, units};
use super::{Authority, HostPattern};

/// Most bytes of a return address: as much as common servers take in one header line.
const MAX_ADDRESS: usize = 8 * 1024;

/// What a return address may be.
#[derive(Debug, Clone, Default)]
pub struct ReturnRules {
    /// Paths that would loop or sign out: sign-in, sign-out, auth API routes. A path at or below one of them is refused.
    pub never: Vec<String>,
    /// Origin of the app as browsers see it (`https://app.example.com`), when it is configured.
    pub origin: Option<String>,
    /// Further hosts that absolute `https` addresses may name.
    pub hosts: Vec<HostPattern>,
    /// Custom domains that `tenants` stands for.
    pub tenants: Vec<(String, String)>,
}

/// The address to use as `Location` for the (once decoded) parameter value `decoded`, or `None`: use the fallback.
///
/// Allowed is a path of this site, or an absolute address of [`ReturnRules::origin`] or of one of
/// [`ReturnRules::hosts`] (`https` with the default port). It is given back as it is: it holds only visible ASCII, no
/// backslash, no user information, no dot segments and no empty segments, so every client reads it in the same way.
pub fn checked_return(decoded: &str, rules: &ReturnRules) -> Option<String> {
    let visible = decoded.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if !visible || decoded.len() > MAX_ADDRESS {
        return None;
    }
    let local = if decoded.starts_with('/') { decoded } else { after_allowed_origin(decoded, rules)? };
    let path = local.split(['?', '#']).next().unwrap_or_default();
    is_safe_path(path, &rules.never).then(|| decoded.to_owned())
}

/// What follows `scheme://host:port` of an address that may be gone to.
fn after_allowed_origin<'a>(url: &'a str, rules: &ReturnRules) -> Option<&'a str> {
    let (origin, local) = split_origin(url)?;
    let host_allowed = || {
        let (scheme, authority) = &origin;
        let plain = *scheme == "https" && matches!(authority.port, None | Some(443));
        plain && rules.hosts.iter().any(|pattern| pattern.matches(&authority.host, &rules.tenants).is_some())
    };
    let own = rules.origin.as_deref().and_then(split_origin);
    let same = own.is_some_and(|(own, rest)| normal(&own) == normal(&origin) && matches!(rest, "" | "/"));
    (same || host_allowed()).then_some(local)
}

/// Scheme and authority, and the rest. Only the plain spelling: lower case scheme, two slashes, no user information.
fn split_origin(url: &str) -> Option<((&str, Authority), &str)> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))?;
    let (authority, local) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Some(((scheme, Authority::parse(authority).ok()?), local))
}

/// With the port filled in.
fn normal<'a>((scheme, authority): &'a (&'a str, Authority)) -> (&'a str, &'a str, u16) {
    let default = if *scheme == "https" { 443 } else { 80 };
    (scheme, &authority.host, authority.port.unwrap_or(default))
}

/// One slash, then neither slash nor backslash, in this spelling and after decoding; nothing that a browser or server
/// would resolve or drop; and nothing at or below a path of `never`.
fn is_safe_path(path: &str, never: &[String]) -> bool {
    let Some(decoded) = decoded_fully(path) else { return false };
    // The encoded form may hold `%2F` between segments; only where it would make another host is it refused.
    let smooth = !path.contains("//") && !decoded.starts_with("//");
    let climbs = decoded.split('/').any(|segment| {
        let name = segment.split(';').next().unwrap_or_default();
        name.contains('.') && name.chars().all(|c| matches!(c, '.' | ' '))
    });
    let odd = decoded.chars().any(|c| c.is_control() || matches!(c, '\\' | '\u{2028}' | '\u{2029}'));
    smooth && !climbs && !odd && !never.iter().any(|never| is_below(&decoded, never))
}

/// Is `path` that one or below it? Compared without case, parameters and extra slashes, as lenient routers do.
fn is_below(path: &str, never: &str) -> bool {
    let segments = |text: &str| {
        let names = text.split('/').map(|s| s.split(';').next().unwrap_or_default().to_lowercase());
        names.filter(|s| !s.is_empty()).collect::<Vec<_>>()
    };
    let (path, never) = (segments(path), segments(never));
    if never.is_empty() { path.is_empty() } else { path.starts_with(&never) }
}

/// Decoded until nothing changes; `None` on a bad escape, bytes that are not UTF-8, or more than four levels.
fn decoded_fully(path: &str) -> Option<String> {
    let mut text = path.to_owned();
    for depth in 0..4 {
        if !text.contains('%') {
            return Some(text);
        }
        let mut bytes = Vec::with_capacity(text.len());
        for unit in units(text.as_bytes()) {
            if depth == 0 && unit == Unit::Broken {
                return None;
            }
            bytes.push(unit.byte());
        }
        let next = String::from_utf8(bytes).ok()?;
        if next == text {
            return Some(text);
        }
        text = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> ReturnRules {
        ReturnRules {
            never: vec!["/signin".to_owned(), "/api/auth".to_owned()],
            origin: Some("https://app.example.test".to_owned()),
            hosts: ["*.example.com", "tenants"].iter().map(|h| HostPattern::parse(h).unwrap()).collect(),
            tenants: vec![("shop.acme.test".to_owned(), "acme".to_owned())],
        }
    }

    #[test]
    fn paths_of_this_site_are_kept_as_they_are() {
        for good in [
            "/",
            "/a/b/",
            "/a?x=1&u=https://evil.example/#//x",
            "/a?",
            "/files/a%2Fb",
            "/a%25b",
            "/caf%C3%A9",
            "/@user",
            "/a.b.c",
            "/a,b=c+d",
            "/%5Bslug%5D",
            "/signin-help",
            "/x/signin",
            "/?u=//x",
            "/#//evil.example",
            "/a/.well-known",
        ] {
            assert_eq!(checked_return(good, &rules()).as_deref(), Some(good));
        }
    }

    #[test]
    fn whatever_leads_or_might_lead_elsewhere_is_not() {
        for bad in [
            "",
            "a",
            "../x",
            "?x",
            "#x",
            " /a",
            "/a b",
            "/a\n",
            "\t/a",
            "/é",
            "/\u{200b}/x",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/a\\b",
            "/a?\\",
            "/%5cevil.example",
            "/%2fevil.example",
            "/%252fevil.example",
            "/%00",
            "/%0d%0aa:b",
            "/%c0%af",
            "/%zz",
            "/./x",
            "/../x",
            "/x/..//evil.example",
            "/%2e%2e/x",
            "/x/%252e%252e/y",
            "/a%2f..%2fb",
            "/..;/x",
            "/a//b",
            "/%2525252525252541",
            "javascript:alert(1)",
            "https:evil.example",
            "https:/app.example.test/",
            "data:x",
            "HTTPS://app.example.test/",
        ] {
            assert_eq!(checked_return(bad, &rules()), None, "{bad:?}");
        }
    }

    #[test]
    fn no_way_back_to_sign_in() {
        for bad in [
            "/signin",
            "/signin/",
            "/SignIn/x",
            "/signin?next=/a",
            "/signin#x",
            "/sign%69n",
            "/signin;x=1",
            "/sign%2569n",
            "/api/auth/signout",
            "https://app.example.test/signin",
            "/api%2Fauth",
            "/signin%2Fx",
        ] {
            assert_eq!(checked_return(bad, &rules()), None, "{bad:?}");
        }
        let root = ReturnRules { never: vec!["/".to_owned()], ..ReturnRules::default() };
        assert_eq!(checked_return("/", &root), None);
        assert_eq!(checked_return("/a", &root).as_deref(), Some("/a"));
    }

    #[test]
    fn other_hosts_only_as_configured() {
        for good in [
            "https://app.example.test",
            "https://app.example.test/a?b",
            "https://app.example.test:443/a",
            "https://a.b.example.com/x",
            "https://shop.acme.test/#x",
            "https://APP.example.test/",
            "https://a.example.com?x=1",
        ] {
            assert_eq!(checked_return(good, &rules()).as_deref(), Some(good));
            assert_eq!(checked_return(good, &ReturnRules::default()), None, "{good}");
        }
        for bad in [
            "http://app.example.test/",
            "https://app.example.test:8443/",
            "https://a.example.com:444/",
            "http://a.example.com/",
            "https://u@app.example.test/",
            "https://app.example.test@evil.example/",
            "https://app.example.test.evil.example/",
            "https://evil.example/?app.example.test",
            "https://example.com/",
            "https://evil.example%2f@app.example.test/",
            "https:///app.example.test/",
            "https://app.example.test//x",
            "https://app.example.test/../x",
            "https://",
        ] {
            assert_eq!(checked_return(bad, &rules()), None, "{bad:?}");
        }
        let local = ReturnRules { origin: Some("http://localhost:3000/".to_owned()), ..ReturnRules::default() };
        assert!(checked_return("http://localhost:3000/a", &local).is_some());
        assert!(checked_return("http://localhost:3001/a", &local).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_allowed_is_a_plain_path(text in "[/\\\\a.%;:@?# \u{200b}\n0-9c-f]{0,16}") {
            if let Some(location) = checked_return(&text, &rules()) {
                prop_assert!(location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'));
                prop_assert!(location.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert_eq!(location, text);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = checked_return(&text, &rules());
            let _ = checked_return(&format!("https://{text}"), &rules());
        }
    }
}
