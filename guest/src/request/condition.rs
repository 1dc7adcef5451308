//! `has` and `missing`: the same objects as in Next.js. Lists are AND.

use super::query::last_param;
use super::{Cookies, Head, Target};
use crate::pattern::{Pattern, PatternError};
use std::borrow::Cow;

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
    /// A condition of `config.matcher`, bit for bit: its value is put between `^` and `$` as it is, so that `a|b` takes all
    /// that begins with `a` and all that ends with `b`.
    ///
    /// # Errors
    /// `condition` for an unknown kind or a key that is missing; else as [`Pattern::regexp`].
    pub fn next(kind: &str, key: Option<&str>, value: Option<&str>) -> Result<Self, PatternError> {
        let kind = match (kind, key) {
            ("header", Some(name)) => ConditionKind::Header(name.to_lowercase()),
            ("cookie", Some(name)) => ConditionKind::Cookie(name.to_owned()),
            ("query", Some(name)) => ConditionKind::Query(name.to_owned()),
            ("host", _) => ConditionKind::Host,
            _ => return Err(PatternError::condition(format!("`{kind}` needs a `key`"))),
        };
        let value = value.filter(|value| !value.is_empty());
        let value = value.map(|value| {
            Pattern::regexp(&format!("^{value}$"), "").map_err(|mut error| {
                // Places are those of the value as written.
                error.span.start = error.span.start.saturating_sub(1).min(value.len());
                error.span.end = error.span.end.saturating_sub(1).min(value.len());
                error
            })
        });
        Ok(Self { kind, value: value.transpose()? })
    }

    /// Does it hold? Named groups of `value` are the captures. As Next.js does it, a condition without `value` captures
    /// the value under the letters of its key, and a host without groups under `host`.
    ///
    /// Values are read as Next.js reads them: header lines joined with `, ` and their bytes as Latin-1, the last value of
    /// a query parameter, cookies by [`Cookies::plain`]. An empty value counts as absent.
    /// One thing is not copied: Next.js builds `^a|b$`, which takes `ab`; here all of `a|b` is anchored.
    pub fn holds(
        &self,
        head: &Head,
        target: &Target,
        cookies: &Cookies<'_>,
        host: &str,
    ) -> Option<Vec<(String, String)>> {
        let (key, value) = match &self.kind {
            ConditionKind::Header(name) => (name.as_str(), header(head, name).map(Cow::Owned)),
            ConditionKind::Cookie(name) => (name.as_str(), cookies.plain(name).map(Cow::Owned)),
            ConditionKind::Query(name) => {
                (name.as_str(), target.query().and_then(|q| last_param(q, name)).map(Cow::Owned))
            }
            ConditionKind::Host => ("host", Some(Cow::Borrowed(host))),
        };
        let value = value.filter(|value| !value.is_empty())?;
        let Some(wanted) = self.value.as_ref().filter(|wanted| !wanted.source().is_empty()) else {
            return Some(captured(key, &value));
        };
        let captures = wanted.captures(&value)?;
        if captures.is_empty() && self.kind == ConditionKind::Host {
            Some(captured(key, &value))
        } else {
            Some(captures)
        }
    }
}

fn header(head: &Head, name: &str) -> Option<String> {
    let lines: Vec<String> = head.lines(name).map(|line| line.iter().map(|&b| char::from(b)).collect()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// A name that a template can hold has letters only (`getSafeParamName` of Next.js).
fn captured(key: &str, value: &str) -> Vec<(String, String)> {
    let name: String = key.chars().filter(char::is_ascii_alphabetic).collect();
    if name.is_empty() { Vec::new() } else { vec![(name, value.to_owned())] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Dialect, Options};

    type Captures = Option<Vec<(String, String)>>;

    fn ask(kind: ConditionKind, value: Option<&str>) -> Captures {
        let options = Options { ignore_case: false, dot_all: false };
        let value = value.map(|v| Pattern::compile(Dialect::Regex, v, options).unwrap());
        let lines = [
            ("x-present", "1"),
            ("x-empty", ""),
            ("x-two", "a"),
            ("x-two", "b"),
            ("a1-b2", "z"),
            ("x-latin", "\u{e9}"),
        ];
        let headers = lines.iter().map(|(n, v)| ((*n).to_owned(), v.chars().map(|c| c as u8).collect())).collect();
        let head = Head { headers, ..Head::default() };
        let target = Target::parse(b"/p?tag=x&tag=y&empty=&two=1&two=&sp=a+b&bad=%zz").unwrap();
        let line = "session=a%62b; Role=admin; none=";
        let cookies = Cookies::parse([line.as_bytes()].into_iter()).unwrap();
        Condition { kind, value }.holds(&head, &target, &cookies, "www.example.com")
    }

    fn header(name: &str, value: Option<&str>) -> Captures {
        ask(ConditionKind::Header(name.to_owned()), value)
    }

    fn query(name: &str, value: Option<&str>) -> Captures {
        ask(ConditionKind::Query(name.to_owned()), value)
    }

    fn cookie(name: &str, value: Option<&str>) -> Captures {
        ask(ConditionKind::Cookie(name.to_owned()), value)
    }

    fn one(name: &str, value: &str) -> Captures {
        Some(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn without_a_value_anything_but_nothing_will_do() {
        assert_eq!(header("x-present", None), one("xpresent", "1"));
        assert_eq!(header("x-present", Some("")), one("xpresent", "1"));
        assert_eq!(header("a1-b2", None), one("ab", "z"));
        assert_eq!(header("x-empty", None), None);
        assert_eq!(header("x-absent", None), None);
        assert_eq!(query("tag", None), one("tag", "y"));
        assert_eq!(query("empty", None), None);
        assert_eq!(query("two", None), None, "the last value counts, and it is empty");
        assert_eq!(query("bad", None), one("bad", "%zz"), "what cannot be decoded is there all the same");
        assert_eq!(cookie("session", None), one("session", "abb"));
        assert_eq!(cookie("none", None), None);
        assert_eq!(cookie("role", None), None, "names are exact");
        assert_eq!(ask(ConditionKind::Host, None), one("host", "www.example.com"));
    }

    #[test]
    fn a_value_must_match_all_of_it() {
        assert_eq!(header("x-present", Some("1")), Some(Vec::new()));
        assert_eq!(header("x-present", Some("2")), None);
        assert_eq!(header("x-two", Some("a, b")), Some(Vec::new()));
        assert_eq!(header("x-latin", Some("é")), Some(Vec::new()));
        assert_eq!(query("tag", Some("y")), Some(Vec::new()));
        assert_eq!(query("tag", Some("x")), None);
        assert_eq!(query("sp", Some("a b")), Some(Vec::new()));
        assert_eq!(cookie("session", Some("abb")), Some(Vec::new()));
        assert_eq!(cookie("Role", Some("Admin")), None);
        assert_eq!(ask(ConditionKind::Host, Some("www.example.com")), one("host", "www.example.com"));
        assert_eq!(ask(ConditionKind::Host, Some("EXAMPLE.com")), None);
    }
}
