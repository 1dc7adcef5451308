//! Text to [`Case`].

use super::{Case, Expect, Persona};
use crate::diagnostic::Span;
use crate::request::Kind;

/// Why a case cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseError {
    /// The words at fault, in bytes of the case text.
    pub range: std::ops::Range<usize>,
    /// One line, lower case.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Words of a case with their places.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<(&'a str, std::ops::Range<usize>)> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.find(|c: char| !c.is_whitespace())?;
        let word = self.text.get(start..)?.split(char::is_whitespace).next()?;
        self.at = start + word.len();
        Some((word, start..self.at))
    }

    fn want(&mut self, what: &str) -> Result<(&'a str, std::ops::Range<usize>), CaseError> {
        let end = self.text.trim_end().len();
        self.next().ok_or_else(|| error(end..self.text.len(), format!("the case ends before its {what}"), GRAMMAR))
    }
}

const GRAMMAR: &str = "write `WHO METHOD TARGET [kind] => ANSWER by RULE`, e.g. \
                       `anonymous GET /product => redirect /signin by product`";
const WHO: &str = "use `anonymous`, `user`, `user+role`, `user@tenant`, `bearer+scope` or `webhook:ok`";
const ANSWER: &str = "use `pass`, `redirect URL`, `rewrite PATH`, `reject STATUS` or a status";

fn error(range: std::ops::Range<usize>, message: impl Into<String>, help: &str) -> CaseError {
    CaseError { range, message: message.into(), help: help.to_owned() }
}

/// Read one case that stands at `span` of the config.
///
/// # Errors
/// The first word that does not fit.
pub fn parse(text: &str, span: Span) -> Result<Case, CaseError> {
    let mut words = Words { text, at: 0 };
    let (who, range) = words.want("WHO")?;
    let who = persona(who).ok_or_else(|| error(range, format!("`{who}` is nobody a case can be"), WHO))?;

    let (method, range) = words.want("method")?;
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return Err(error(range, format!("`{method}` is not a method"), "methods are upper case: `GET`, `POST`"));
    }

    let (target, range) = words.want("target")?;
    let (host, target) = match target.strip_prefix("//") {
        Some(rest) => {
            let slash = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(slash);
            (Some(host.to_owned()), if path.is_empty() { "/" } else { path })
        }
        None => (None, target),
    };
    if !target.starts_with('/') {
        return Err(error(
            range,
            format!("`{target}` is not a path"),
            "start it with `/`, or `//host/` to set the host",
        ));
    }

    let (mut word, mut range) = words.want("`=>`")?;
    let mut kind = Kind::Navigation;
    if let Some(name) = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
        kind = Kind::from_name(name)
            .ok_or_else(|| error(range, format!("`{name}` is no request kind"), "see docs/request-kinds.md"))?;
        (word, range) = words.want("`=>`")?;
    }
    if word != "=>" {
        return Err(error(range, format!("`{word}` where `=>` should be"), GRAMMAR));
    }

    let expect = expectation(&mut words)?;
    let mut by = None;
    if let Some((word, range)) = words.next() {
        if word != "by" {
            return Err(error(range, format!("`{word}` where `by` should be"), GRAMMAR));
        }
        by = Some(words.want("rule")?.0.to_owned());
        if let Some((word, range)) = words.next() {
            return Err(error(range, format!("`{word}` after the end of the case"), GRAMMAR));
        }
    }
    Ok(Case {
        text: text.to_owned(),
        span,
        who,
        method: method.to_owned(),
        host,
        target: target.to_owned(),
        kind,
        expect,
        by,
    })
}

fn expectation(words: &mut Words<'_>) -> Result<Expect, CaseError> {
    let (word, range) = words.want("answer")?;
    match word {
        "pass" => Ok(Expect::Pass),
        "redirect" => Ok(Expect::Redirect(words.want("redirect address")?.0.to_owned())),
        "rewrite" => Ok(Expect::Rewrite(words.want("rewrite path")?.0.to_owned())),
        "reject" => {
            let (text, range) = words.want("status")?;
            status(text).map(Expect::Reject).ok_or_else(|| error(range, format!("`{text}` is not a status"), ANSWER))
        }
        _ => status(word).map(Expect::Status).ok_or_else(|| error(range, format!("`{word}` is not an answer"), ANSWER)),
    }
}

fn status(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (100..600).contains(status))
}

/// Read `anonymous`, `user`, `user+role+role`, `user@tenant`, `bearer`, `bearer+scope`, `webhook:ok`.
pub(crate) fn persona(text: &str) -> Option<Persona> {
    let list = |rest: &str| -> Option<Vec<String>> {
        if rest.is_empty() {
            return Some(Vec::new());
        }
        let words: Vec<String> = rest.strip_prefix('+')?.split('+').map(str::to_owned).collect();
        words.iter().all(|w| !w.is_empty()).then_some(words)
    };
    if text == "anonymous" {
        return Some(Persona::Anonymous);
    }
    if text == "webhook:ok" {
        return Some(Persona::Webhook);
    }
    if let Some(rest) = text.strip_prefix("bearer") {
        return list(rest).map(|scopes| Persona::Bearer { scopes });
    }
    let rest = text.strip_prefix("user")?;
    let (roles, tenant) = match rest.split_once('@') {
        Some((_, "")) => return None,
        Some((roles, tenant)) => (roles, Some(tenant.to_owned())),
        None => (rest, None),
    };
    list(roles).map(|roles| Persona::User { roles, tenant })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_grammar() {
        let case =
            parse("user+admin@acme POST //x.test/a?b [fetch] => redirect /s?n=%2F by r1", Span::default()).unwrap();
        assert_eq!(case.who, Persona::User { roles: vec!["admin".into()], tenant: Some("acme".into()) });
        assert_eq!((case.host.as_deref(), case.target.as_str()), (Some("x.test"), "/a?b"));
        assert_eq!(case.kind, Kind::Fetch);
        assert_eq!(case.expect, Expect::Redirect("/s?n=%2F".into()));
        assert_eq!(case.by.as_deref(), Some("r1"));
        assert_eq!(parse("bearer+items:read GET /  => 403", Span::default()).unwrap().expect, Expect::Status(403));
    }

    #[test]
    fn mistakes_are_underlined() {
        for (text, wrong) in [
            ("nobody GET / => pass", "nobody"),
            ("user get / => pass", "get"),
            ("user GET x => pass", "x"),
            ("user GET / [odd] => pass", "[odd]"),
            ("user GET / -> pass", "->"),
            ("user GET / => maybe", "maybe"),
            ("user GET / => reject soon", "soon"),
            ("user GET / => pass for r", "for"),
            ("user GET / => pass by r x", "x"),
            ("user+ GET / => pass", "user+"),
            ("webhook GET / => pass", "webhook"),
            ("webhook:no GET / => pass", "webhook:no"),
            ("user GET /", ""),
        ] {
            let error = parse(text, Span::default()).unwrap_err();
            assert_eq!(&text[error.range.clone()], wrong, "{text}: {error:?}");
        }
    }
}
