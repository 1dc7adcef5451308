//! The handshake: a browser whose token has ended goes to the Frontend API, which knows its own cookies, and comes back with a
//! new one. Only a page that a browser opens can do that.

use super::cookies::Crumbs;
use super::outcome::Out;
use super::reader::Clerk;
use crate::request::{Head, decode_component, encode_component};
use crate::session::kind::{Detour, Judged, Turn};
use crate::session::refused::Refused;

/// Parameters by which a development instance names the browser; they are no part of the address that is come back to.
pub(super) const DEV_BROWSER: &str = "__clerk_db_jwt";
const OLD_DEV_BROWSER: &str = "__dev_session";
/// Bytes of an address to go to: what common servers take in one header line.
const MAX_ADDRESS: usize = 8 * 1024;

impl Clerk {
    /// Send the browser to the Frontend API if that can help; `Err`: nobody is signed in, and why there is no handshake.
    pub(super) fn handshake(
        &self,
        turn: &mut Turn<'_, '_>,
        crumbs: &Crumbs,
        bearer: Option<&str>,
        out: Out,
    ) -> Result<Judged, Out> {
        let how = &self.settings.handshake;
        if !how.on || !is_page(turn.asking.head) {
            return Err(out);
        }
        let Some(origin) = self.origin(turn) else {
            let why =
                Refused::State("no handshake: neither the config nor an authorized party says where this site is");
            return Err(Out { why, ..out });
        };
        let count = self.names.count(turn.asking.cookies);
        if count >= how.max_redirects {
            return Err(Out { why: Refused::State("handshakes lead nowhere: stopped"), ..out });
        }
        let location = self.address(turn, crumbs, bearer, &origin, out.reason);
        if location.len() > MAX_ADDRESS {
            return Err(Out { why: Refused::State("no handshake: the address is too long"), ..out });
        }
        self.tell(turn, "handshake", &out);
        let name = &self.settings.cookies.redirect_count;
        turn.carry.set_cookies.push(format!("{name}={}; SameSite=Lax; HttpOnly; Max-Age=2", count + 1));
        Ok(Judged::Detour(Box::new(Detour { status: 307, location, reason: format!("handshake: {}", out.why) })))
    }

    /// Where to. The token in it is the browser's own.
    fn address(
        &self,
        turn: &Turn<'_, '_>,
        crumbs: &Crumbs,
        bearer: Option<&str>,
        origin: &str,
        reason: &str,
    ) -> String {
        let how = &self.settings.handshake;
        let target = turn.asking.target;
        let mut back = format!("{origin}{}", target.path());
        if let Some(query) = without(target.query(), &[DEV_BROWSER, OLD_DEV_BROWSER]) {
            back = format!("{back}?{query}");
        }
        let base = how.proxy_url.clone().unwrap_or_else(|| self.instance.issuer());
        let mut location = format!(
            "{}/v1/client/handshake?redirect_url={}&__clerk_api_version={}&suffixed_cookies={}&__clerk_hs_reason={reason}",
            base.trim_end_matches('/'),
            encode_component(&back),
            encode_component(&how.api_version),
            crumbs.suffixed,
        );
        if how.nonce {
            location.push_str("&format=nonce");
        }
        if let Some(token) = crumbs.session.as_deref().or(bearer) {
            location = format!("{location}&__session={}", encode_component(token));
        }
        if let Some(browser) = self.instance.development.then(|| self.dev_browser(turn, crumbs)).flatten() {
            location = format!("{location}&{DEV_BROWSER}={}", encode_component(&browser));
        }
        location
    }

    /// Does the page come from a link of another site, which may be one that shares the session?
    pub(super) fn led_from_elsewhere(&self, turn: &Turn<'_, '_>) -> bool {
        let head = turn.asking.head;
        if !self.settings.handshake.on
            || !self.settings.handshake.cross_origin
            || head.method != "GET"
            || head.single("sec-fetch-dest") != Some(b"document")
        {
            return false;
        }
        let referer = head.single("referer").and_then(|line| std::str::from_utf8(line).ok()).and_then(origin_of);
        let own = self.origin(turn).as_deref().and_then(origin_of);
        match (referer, own) {
            (Some(referer), Some(own)) => {
                // Back from a handshake the address of the other site is still there.
                referer != own && !self.is_clerk(&referer) && self.names.count(turn.asking.cookies) == 0
            }
            _ => false,
        }
    }

    /// Pages of Clerk itself: the Frontend API, and where accounts are managed.
    fn is_clerk(&self, (scheme, authority): &(String, String)) -> bool {
        let host = authority.split(':').next().unwrap_or_default();
        let own = &self.instance.host;
        let proxy = self.settings.handshake.proxy_url.as_deref().and_then(origin_of).map(|(_, authority)| authority);
        let accounts = own.replace("clerk.accounts.", "accounts.").replacen("clerk.", "accounts.", 1);
        let portal = || {
            let current = [".accounts.dev", ".accountsstage.dev", ".accounts.lclclerk.com"];
            let old = [".lcl.dev", ".lclstage.dev", ".lclclerk.com"];
            current.iter().any(|end| host.strip_suffix(end).is_some_and(|before| !before.ends_with(".clerk")))
                || (host.starts_with("accounts.") && old.iter().any(|end| host.ends_with(end)))
        };
        host == own
            || proxy.as_ref() == Some(authority)
            || (self.instance.development && portal())
            || (scheme == "https" && *authority == accounts)
    }
}

/// Is it a page that a browser opens? What is fetched by a script cannot follow.
pub(super) fn is_page(head: &Head) -> bool {
    let starts_with_html = || head.single("accept").is_some_and(|accept| accept.starts_with(b"text/html"));
    head.method == "GET"
        && match head.single("sec-fetch-dest") {
            Some(b"document" | b"iframe") => true,
            Some(b"") => starts_with_html(),
            Some(_) => false,
            None => !head.has("sec-fetch-dest") && starts_with_html(),
        }
}

/// A query without parameters of these names; `None` if nothing is left.
pub(super) fn without(query: Option<&str>, names: &[&str]) -> Option<String> {
    let named = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = decode_component(name).unwrap_or_else(|| name.to_owned());
        names.contains(&name.as_str())
    };
    let kept: Vec<&str> = query?.split('&').filter(|pair| !pair.is_empty() && !named(pair)).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// Scheme and authority of an address, in one spelling.
fn origin_of(address: &str) -> Option<(String, String)> {
    let (scheme, rest) = address.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let authority = authority.rsplit('@').next()?.to_owned();
    let default = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = authority.strip_suffix(default).unwrap_or(&authority).to_owned();
    (!authority.is_empty()).then_some((scheme, authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let head = |method: &str, headers: &[(&str, &str)]| Head {
            method: method.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect(),
            ..Head::default()
        };
        let html = ("accept", "text/html,*/*");
        assert!(is_page(&head("GET", &[("sec-fetch-dest", "document")])));
        assert!(is_page(&head("GET", &[("sec-fetch-dest", "iframe"), ("accept", "*/*")])));
        assert!(is_page(&head("GET", &[html])));
        for (method, headers) in [
            ("POST", vec![("sec-fetch-dest", "document")]),
            ("HEAD", vec![html]),
            ("GET", vec![("sec-fetch-dest", "empty"), html]),
            ("GET", vec![("accept", "*/*, text/html")]),
            ("GET", vec![]),
        ] {
            assert!(!is_page(&head(method, &headers)), "{method} {headers:?}");
        }
    }

    #[test]
    fn queries_and_origins() {
        assert_eq!(without(Some("a=1&__clerk_db_jwt=x&b"), &[DEV_BROWSER]).as_deref(), Some("a=1&b"));
        assert_eq!(without(Some("%5F_clerk_db_jwt=x&"), &[DEV_BROWSER]), None);
        assert_eq!(without(None, &[DEV_BROWSER]), None);
        let origin = |text: &str| origin_of(text).map(|(scheme, authority)| format!("{scheme}://{authority}"));
        assert_eq!(origin("HTTPS://App.Example.com:443/x?y").as_deref(), Some("https://app.example.com"));
        assert_eq!(origin("http://a@b:8080").as_deref(), Some("http://b:8080"));
        assert_eq!(origin("about:blank"), None);
        assert_eq!(origin("https:///x"), None);
    }
}
