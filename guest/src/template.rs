//! Texts with places to fill in: `/t/{tenant}{path}`, `{claim.sub}`, `/new/:slug*`.

use crate::session::Identity;
use serde_json::Value;
use std::fmt::Write as _;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Taken as it is.
    Text(String),
    /// `{claim.NAME}`: a claim of the identity.
    Claim(String),
    /// `{NAME}`, or in an address `:NAME` with an optional `*`, `+` or `?`: a capture of the path, the host or a condition.
    Param(String),
    /// `{path}`: the canonical path.
    Path,
    /// `{token-identifier}`: `issuer|subject`.
    TokenIdentifier,
    /// `{session.subject}`, whatever claim it came from.
    Subject,
    /// `{session.issuer}`.
    Issuer,
    /// `{session.provider}`: the name in the config.
    Provider,
}

/// What a template is for; decides which places it may hold and how they are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A path or address: `:name` counts, claims are percent-encoded.
    Address,
    /// A header value or a comparison: `:` is just a colon.
    Value,
}

/// Why a template cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Byte offset in the text.
    pub offset: usize,
    /// One line, lower case.
    pub message: String,
}

/// Values to fill in.
#[derive(Debug, Clone, Copy)]
pub struct Fill<'a> {
    /// Captures, percent-encoded as they stood in the path.
    pub params: &'a [(String, String)],
    /// Who asks.
    pub identity: Option<&'a Identity>,
    /// Canonical path.
    pub path: &'a str,
}

impl Template {
    /// Read a text. `{{` and `}}` stand for braces.
    ///
    /// # Errors
    /// A brace that does not close, or an empty name.
    pub fn parse(text: &str, used: Use) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let error =
            |rest: &str, message: &str| TemplateError { offset: text.len() - rest.len(), message: message.to_owned() };
        while let Some(first) = rest.chars().next() {
            let doubled = rest.starts_with("{{") || rest.starts_with("}}");
            match first {
                '{' | '}' if doubled => {
                    plain.push(first);
                    rest = rest.get(2..).unwrap_or_default();
                }
                '{' => {
                    let inner = rest.get(1..).unwrap_or_default();
                    let Some((name, after)) = inner.split_once('}') else {
                        return Err(error(rest, "`{` without `}`"));
                    };
                    flush(&mut plain, &mut parts);
                    parts.push(Part::named(name).ok_or_else(|| error(rest, "no name between the braces"))?);
                    rest = after;
                }
                '}' => return Err(error(rest, "`}` without `{`")),
                ':' if used == Use::Address && starts_name(rest) => {
                    flush(&mut plain, &mut parts);
                    let name: String = rest.chars().skip(1).take_while(|c| is_word(*c)).collect();
                    rest = rest.get(1 + name.len()..).unwrap_or_default();
                    rest = rest.strip_prefix(['*', '+', '?']).unwrap_or(rest);
                    parts.push(Part::Param(name));
                }
                other => {
                    plain.push(other);
                    rest = rest.get(other.len_utf8()..).unwrap_or_default();
                }
            }
        }
        flush(&mut plain, &mut parts);
        Ok(Self { parts })
    }

    /// Names of the captures that it needs, in order.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Param(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Does it need a verified identity?
    pub fn needs_identity(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_) | Part::Path | Part::Param(_)))
    }

    /// The text, when there is nothing to fill in.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The filled text of a header or comparison; `None` when a claim or capture is missing, is no text, number, truth
    /// value or list of these, or holds a control character. `%` and non-ASCII are percent-encoded (UTF-8), so that any
    /// header reader gets the same bytes and nothing is ambiguous.
    pub fn value(&self, fill: &Fill<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path => out.push_str(fill.path),
                Part::Param(name) => out.push_str(fill.param(name)?),
                by_identity => push_header_text(&mut out, &by_identity.of(fill.identity?)?)?,
            }
        }
        Some(out)
    }

    /// The filled text for a comparison with a claim: nothing is encoded. `None` as in [`Self::value`].
    pub fn plain(&self, fill: &Fill<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path => out.push_str(fill.path),
                Part::Param(name) => out.push_str(fill.param(name)?),
                by_identity => out.push_str(&by_identity.of(fill.identity?)?),
            }
        }
        Some(out)
    }

    /// The filled address. A capture that took no part leaves nothing, and takes the slash before it along
    /// (`/new/:slug*` becomes `/new`). `None` when a claim is missing.
    pub fn address(&self, fill: &Fill<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path => out.push_str(fill.path),
                Part::Param(name) => match fill.param(name) {
                    Some(value) if !value.is_empty() => out.push_str(value),
                    _ if out.len() > 1 && out.ends_with('/') => {
                        out.pop();
                    }
                    _ => {}
                },
                by_identity => {
                    out.push_str(&crate::request::encode_component(&by_identity.of(fill.identity?)?));
                }
            }
        }
        Some(out)
    }
}

impl Part {
    /// What stands in for a place that the identity fills.
    fn of(&self, identity: &Identity) -> Option<String> {
        match self {
            Self::Claim(name) => claim_text(identity.claim(name)?),
            Self::TokenIdentifier => identity.token_identifier(),
            Self::Subject => identity.subject.clone(),
            Self::Issuer => Some(identity.issuer.clone()),
            Self::Provider => Some(identity.provider_name.clone()),
            Self::Text(_) | Self::Path | Self::Param(_) => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "path" => Some(Self::Path),
            "token-identifier" => Some(Self::TokenIdentifier),
            "session.subject" => Some(Self::Subject),
            "session.issuer" => Some(Self::Issuer),
            "session.provider" => Some(Self::Provider),
            _ => match name.strip_prefix("claim.") {
                Some("") => None,
                Some(claim) => Some(Self::Claim(claim.to_owned())),
                None if name.is_empty() => None,
                None => Some(Self::Param(name.to_owned())),
            },
        }
    }
}

impl<'a> Fill<'a> {
    fn param(&self, name: &str) -> Option<&'a str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn flush(plain: &mut String, parts: &mut Vec<Part>) {
    if !plain.is_empty() {
        parts.push(Part::Text(std::mem::take(plain)));
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Does `:` start a name here? A scheme (`https://`) and a port (`:8080`) do not.
fn starts_name(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
}

/// A claim as text: texts as they are, numbers and truth values in JSON, lists of these joined by commas.
pub fn claim_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| if item.is_array() { None } else { claim_text(item) }).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn push_header_text(out: &mut String, text: &str) -> Option<()> {
    for byte in text.bytes() {
        match byte {
            0..0x20 | 0x7f => return None,
            b'%' | 0x80.. => write!(out, "%{byte:02X}").ok()?,
            _ => out.push(char::from(byte)),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity() -> Identity {
        Identity {
            provider: 0,
            provider_name: "main".into(),
            subject: Some("u|1".into()),
            issuer: "https://i".into(),
            expires: 0,
            claims: json!({"sub": "u|1", "name": "Zoë 100%", "groups": ["a", "b"], "bad": "a\r\nb", "o": {"x": 1}})
                .as_object()
                .unwrap()
                .clone(),
            app_headers: Vec::new(),
        }
    }

    fn value(text: &str) -> Option<String> {
        let id = identity();
        let params = [("tenant".to_owned(), "acme".to_owned())];
        let fill = Fill { params: &params, identity: Some(&id), path: "/p" };
        Template::parse(text, Use::Value).unwrap().value(&fill)
    }

    fn address(text: &str, params: &[(&str, &str)]) -> Option<String> {
        let params: Vec<_> = params.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let fill = Fill { params: &params, identity: None, path: "/orders" };
        Template::parse(text, Use::Address).unwrap().address(&fill)
    }

    #[test]
    fn values() {
        assert_eq!(value("{claim.name}").as_deref(), Some("Zo%C3%AB 100%25"));
        assert_eq!(value("{claim.groups}").as_deref(), Some("a,b"));
        assert_eq!(value("{claim.o.x}:{tenant}").as_deref(), Some("1:acme"));
        assert_eq!(value("{token-identifier}").as_deref(), Some("https://i|u|1"));
        assert_eq!(value("{{x}}").as_deref(), Some("{x}"));
        for missing in ["{claim.bad}", "{claim.none}", "{claim.o}", "{other}"] {
            assert_eq!(value(missing), None, "{missing}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address("/new/:slug*", &[("slug", "a/b")]).as_deref(), Some("/new/a/b"));
        assert_eq!(address("/new/:slug*", &[]).as_deref(), Some("/new"));
        assert_eq!(address("/:slug*", &[]).as_deref(), Some("/"));
        assert_eq!(address("/t/{tenant}{path}", &[("tenant", "acme")]).as_deref(), Some("/t/acme/orders"));
        assert_eq!(address("https://x.test:8080/a", &[]).as_deref(), Some("https://x.test:8080/a"));
        assert_eq!(address("/{claim.sub}", &[]), None);
    }

    #[test]
    fn errors_point_at_the_brace() {
        for (text, offset) in [("a{b", 1), ("a}b", 1), ("ab{}", 2), ("{claim.}", 0)] {
            assert_eq!(Template::parse(text, Use::Value).unwrap_err().offset, offset, "{text}");
        }
    }
}
