//! `config.matcher`: would Next.js run its middleware for a request?

use super::NextConfig;
use crate::pattern::Pattern;
use crate::request::{Condition, Cookies, Head, Target, decode_uri_component};

/// A whole `config.matcher`.
#[derive(Debug)]
pub struct Matcher {
    /// Any of them.
    pub entries: Vec<MatcherEntry>,
}

/// One entry.
#[derive(Debug)]
pub struct MatcherEntry {
    /// `source`, compiled with what Next.js puts around it ([`Pattern::next_source`]).
    pub pattern: Pattern,
    /// All of these.
    pub has: Vec<Condition>,
    /// None of these.
    pub missing: Vec<Condition>,
}

/// What of a request a matcher looks at, besides the path.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Headers.
    pub head: &'a Head,
    /// Query.
    pub target: &'a Target,
    /// Cookies.
    pub cookies: &'a Cookies<'a>,
    /// Host without port, lower case.
    pub host: &'a str,
}

impl Matcher {
    /// Does one entry take this very path?
    pub fn takes(&self, path: &str, seen: Seen<'_>) -> bool {
        let holds = |condition: &Condition| condition.holds(seen.head, seen.target, seen.cookies, seen.host).is_some();
        self.entries.iter().any(|entry| {
            entry.pattern.is_match(path) && entry.has.iter().all(holds) && !entry.missing.iter().any(holds)
        })
    }

    /// Would the middleware run for a request of this path? Next.js asks twice, each time the raw path and the decoded
    /// one, the second time without the slash at the end; with `trailingSlash` the path keeps it.
    pub fn runs(&self, path: &str, config: &NextConfig, seen: Seen<'_>) -> bool {
        let takes = |path: &str| {
            self.takes(path, seen) || decode_uri_component(path).is_some_and(|decoded| self.takes(&decoded, seen))
        };
        let inner = path.strip_suffix('/').filter(|inner| !inner.is_empty() && !config.trailing_slash);
        takes(path) && inner.is_none_or(takes)
    }
}
