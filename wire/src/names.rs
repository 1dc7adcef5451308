//! Header names that never travel from a client to an upstream, compared after folding: every character but letters
//! and digits counts as `-`, letters without case. CGI, WSGI and PHP fold names too, so `X_User.Id` would arrive there
//! as `x-user-id` (CVE-2025-64484, CVE-2026-39858).

/// Names that frame a message or steer one connection (RFC 9110 section 7.6.1, RFC 9112 section 6), that only a proxy
/// may speak, or that this proxy answers itself (`expect`).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-*",
    "te",
    "transfer-encoding",
    "content-length",
    "trailer",
    "upgrade",
    "http2-settings",
    "expect",
];

/// Names that say who a request comes from, in which ours replace them, and names by which servers let a client
/// choose another host than the one that was judged.
const FORWARDED: &[&str] = &[
    "forwarded",
    "forwarded-for",
    "x-forwarded",
    "x-forwarded-*",
    "x-real-ip",
    "x-original-forwarded-for",
    "x-original-remote-addr",
    "x-host",
    "x-original-host",
    "x-http-host-override",
];

/// Names by which content networks and older proxies tell the client's address or scheme. They stay as a trusted proxy
/// wrote them; from anybody else they are a lie (CVE-2026-40575 and its like).
const OF_TRUSTED_PROXIES: &[&str] = &[
    "client-ip",
    "remote-addr",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "cluster-client-ip",
    "x-custom-ip-authorization",
    "x-proxyuser-ip",
    "x-true-ip",
    "x-remote-addr",
    "x-remote-ip",
    "wl-proxy-client-ip",
    "ali-cdn-real-ip",
    "cdn-src-ip",
    "cf-connecting-*",
    "cf-pseudo-ipv4",
    "fastly-client-*",
    "fly-client-ip",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-azure-socketip",
    "x-envoy-external-address",
    "x-nf-client-connection-ip",
    "x-vercel-forwarded-*",
    "front-end-https",
    "x-arr-ssl",
    "x-scheme",
    "x-url-scheme",
];

/// Longest name that is looked up by length; longer ones are compared one by one.
const BUCKETS: usize = 48;

/// A set of folded names, with a quick answer for the names of an ordinary request.
#[derive(Debug)]
pub struct FoldedNames {
    /// Names by length.
    exact: Vec<Vec<Name>>,
    /// Names that ended in `*`, without it.
    prefixes: Vec<Name>,
}

#[derive(Debug, Clone)]
struct Name {
    folded: Box<[u8]>,
    /// May a trusted proxy say it?
    of_trusted: bool,
}

impl FoldedNames {
    /// What no client's request may carry upstream: framing, the forwarded family and `stripped` (a name that ends
    /// in `*` stands for all names that begin so).
    pub fn of_requests(stripped: &[String]) -> Self {
        let mut set = Self::of_policy(stripped);
        HOP_BY_HOP.iter().chain(FORWARDED).for_each(|name| set.insert(name, false));
        OF_TRUSTED_PROXIES.iter().for_each(|name| set.insert(name, true));
        set
    }

    /// Only `stripped`.
    pub fn of_policy(stripped: &[String]) -> Self {
        let mut set = Self { exact: vec![Vec::new(); BUCKETS + 1], prefixes: Vec::new() };
        stripped.iter().for_each(|name| set.insert(name, false));
        set
    }

    fn insert(&mut self, name: &str, of_trusted: bool) {
        let folded = |text: &str| Name { folded: text.bytes().map(fold).collect(), of_trusted };
        match name.strip_suffix('*') {
            Some(start) => self.prefixes.push(folded(start)),
            None => self.exact.get_mut(name.len().min(BUCKETS)).into_iter().for_each(|names| names.push(folded(name))),
        }
    }

    /// May this name (in any spelling) not come from this peer? Costs no allocation.
    pub fn contains(&self, name: &str, peer_is_trusted: bool) -> bool {
        let name = name.as_bytes();
        let counts = |own: &&Name| !(own.of_trusted && peer_is_trusted);
        let bucket = self.exact.get(name.len().min(BUCKETS));
        let starts = |own: &Name| name.get(..own.folded.len()).is_some_and(|start| same(&own.folded, start));
        bucket.is_some_and(|names| names.iter().filter(counts).any(|own| same(&own.folded, name)))
            || self.prefixes.iter().filter(counts).any(starts)
    }
}

fn same(folded: &[u8], name: &[u8]) -> bool {
    folded.len() == name.len() && folded.iter().zip(name).all(|(own, byte)| *own == fold(*byte))
}

/// One character of a folded name.
fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> FoldedNames {
        FoldedNames::of_requests(&["x-user-id".to_owned(), "x-middleware-*".to_owned()])
    }

    #[test]
    fn odd_spellings_are_found() {
        for name in ["x-user-id", "X_User_Id", "x.user.id", "x-user_id", "X~USER!ID", "x_middleware.subrequest"] {
            assert!(set().contains(name, true), "{name}");
        }
        for name in ["x-forwarded-for", "x_forwarded_host", "X.Forwarded.Proto", "forwarded", "proxy-authorization"] {
            assert!(set().contains(name, true), "{name}");
        }
        for name in ["X_Host", "x.original.host", "X-HTTP-Host-Override", "X_Forwarded", "Forwarded_For"] {
            assert!(set().contains(name, true), "{name}");
        }
    }

    #[test]
    fn addresses_are_told_by_trusted_proxies_only() {
        for name in ["True-Client-IP", "cf_connecting_ip", "CF-Connecting-IPv6", "client.ip", "X-Scheme"] {
            assert!(set().contains(name, false), "{name}");
            assert!(!set().contains(name, true), "{name}");
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in ["x-user", "x-user-id2", "cookie", "accept", "sec-websocket-key", "x-forward", "host", "x-hosts"] {
            assert!(!set().contains(name, false), "{name}");
        }
    }

    #[test]
    fn names_longer_than_the_buckets_are_compared_whole() {
        let long = "x-".repeat(40);
        let set = FoldedNames::of_requests(std::slice::from_ref(&long));
        assert!(set.contains(&long.replace('-', "_"), true));
        assert!(!set.contains(&format!("{long}y"), true));
    }

    proptest! {
        /// The quick lookup says what a plain comparison of folded names says.
        #[test]
        fn agrees_with_plain_folding(name in "[a-zA-Z0-9_.!#-]{1,20}", list in prop::collection::vec("[a-z0-9-]{1,20}", 0..20)) {
            let folded = |text: &str| text.bytes().map(fold).collect::<Vec<_>>();
            let set = FoldedNames::of_requests(&list);
            let plain = list.iter().map(String::as_str).chain(HOP_BY_HOP.iter().chain(FORWARDED).copied()).any(|own| {
                match own.strip_suffix('*') {
                    Some(start) => folded(&name).starts_with(&folded(start)),
                    None => folded(own) == folded(&name),
                }
            });
            prop_assert_eq!(set.contains(&name, true), plain);
        }
    }
}
