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

/// Names that say who a request comes from. Ours replace them.
const FORWARDED: &[&str] = &["forwarded", "x-forwarded-*", "x-real-ip"];

/// Longest name that is looked up by length; longer ones are compared one by one.
const BUCKETS: usize = 48;

/// A set of folded names, with a quick answer for the names of an ordinary request.
#[derive(Debug)]
pub(super) struct FoldedNames {
    /// Names by length.
    exact: Vec<Vec<Box<[u8]>>>,
    /// Names that ended in `*`, without it.
    prefixes: Vec<Box<[u8]>>,
}

impl FoldedNames {
    /// What no client's request may carry upstream: framing, the forwarded family and `stripped` (a name that ends
    /// in `*` stands for all names that begin so).
    pub(super) fn of_requests(stripped: &[String]) -> Self {
        let ours = HOP_BY_HOP.iter().chain(FORWARDED).copied();
        let mut set = Self { exact: vec![Vec::new(); BUCKETS + 1], prefixes: Vec::new() };
        for name in ours.chain(stripped.iter().map(String::as_str)) {
            match name.strip_suffix('*') {
                Some(start) => set.prefixes.push(start.bytes().map(fold).collect()),
                None => set.insert(name),
            }
        }
        set
    }

    fn insert(&mut self, name: &str) {
        let folded: Box<[u8]> = name.bytes().map(fold).collect();
        if let Some(bucket) = self.exact.get_mut(folded.len().min(BUCKETS)) {
            bucket.push(folded);
        }
    }

    /// Is this name (in any spelling) in the set? Costs no allocation.
    pub(super) fn contains(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let bucket = self.exact.get(name.len().min(BUCKETS));
        bucket.is_some_and(|names| names.iter().any(|own| same(own, name)))
            || self.prefixes.iter().any(|own| name.get(..own.len()).is_some_and(|start| same(own, start)))
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
            assert!(set().contains(name), "{name}");
        }
        for name in ["x-forwarded-for", "x_forwarded_host", "X.Forwarded.Proto", "forwarded", "proxy-authorization"] {
            assert!(set().contains(name), "{name}");
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in ["x-user", "x-user-id2", "cookie", "accept", "sec-websocket-key", "x-forwarded", "host"] {
            assert!(!set().contains(name), "{name}");
        }
    }

    #[test]
    fn names_longer_than_the_buckets_are_compared_whole() {
        let long = "x-".repeat(40);
        let set = FoldedNames::of_requests(std::slice::from_ref(&long));
        assert!(set.contains(&long.replace('-', "_")));
        assert!(!set.contains(&format!("{long}y")));
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
            prop_assert_eq!(set.contains(&name), plain);
        }
    }
}
