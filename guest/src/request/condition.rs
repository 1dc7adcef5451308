//! `has` and `missing`: the same objects as in Next.js. Lists are AND.

use super::{Cookies, Head, Target};
use crate::pattern::Pattern;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionKind {
    /// A request header (lower case name).
    Header(String),
    /// A cookie.
    Cookie(String),
    /// A query parameter.
    Query(String),
    /// The host without port.
    Host,
}

/// One entry of `has` or `missing`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What it looks at.
    pub kind: ConditionKind,
    /// The value wanted: an anchored regular expression; `None`: any value that is not empty.
    pub value: Option<Pattern>,
}

impl Condition {
    /// In a few words.
    pub fn describe(&self) -> String {
        format!("{:?}", self.kind)
    }

    /// Does it hold? Named groups of `value` are the captures.
    pub fn holds(
        &self,
        head: &Head,
        target: &Target,
        cookies: &Cookies<'_>,
        host: &str,
    ) -> Option<Vec<(String, String)>> {
        let _ = (head, target, cookies, host);
        None
    }
}
