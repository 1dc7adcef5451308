//! Text to a tree with places: the same tree for TOML and JSON, so that nothing after this knows how it was written.

mod json;
mod nesting;
mod toml;

use super::{Format, codes};
use crate::diagnostic::{Diagnostic, Span};

/// Most bytes of a config text: far more than 5,000 rules need, little enough to be read at once.
pub(super) const MAX_TEXT: usize = 1024 * 1024;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The text of the value; of a table written with a header: the header.
    pub(super) span: Span,
    pub(super) value: Value,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Table(Vec<Entry>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Datetime,
    Null,
}

/// One key of a table, in file order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

impl Node {
    /// The value of that key, if this is a table and has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Key and value, if this is a table and has that key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// All keys of a table; none if it is something else.
    pub(super) fn entries(&self) -> &[Entry] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    /// The members of a list; anything else counts as a list of itself.
    pub(super) fn members(&self) -> &[Node] {
        if let Value::List(members) = &self.value { members } else { std::slice::from_ref(self) }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub(super) fn integer(&self) -> Option<i64> {
        if let Value::Integer(number) = self.value { Some(number) } else { None }
    }

    /// Yes or no, if it is one.
    pub(super) fn boolean(&self) -> Option<bool> {
        if let Value::Bool(value) = self.value { Some(value) } else { None }
    }

    /// Is it a table?
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }

    /// The kind of value, with its article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Table(_) => "a table",
            Value::List(_) => "a list",
            Value::Text(_) => "a text",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number with a fraction",
            Value::Bool(_) => "a boolean",
            Value::Datetime => "a date",
            Value::Null => "null",
        }
    }
}

/// What came of reading a text.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The tree, as far as it could be read.
    pub(super) root: Option<Node>,
    /// Stretches that could not be read: the tree lacks what stands there, and maybe what follows.
    pub(super) broken: Vec<Span>,
}

/// Read `text`; what is wrong goes to `findings`.
pub(super) fn read(text: &str, format: Format, findings: &mut Vec<Diagnostic>) -> Document {
    if text.len() > MAX_TEXT {
        let message = format!("the config is {} bytes long; the most is {MAX_TEXT}", text.len());
        findings.push(Diagnostic::error(codes::TOO_LARGE, Span::default(), message));
        return Document::default();
    }
    if let Some(place) = nesting::too_deep(text, format) {
        let message = format!("nested more than {} levels deep", nesting::MAX_DEPTH);
        findings.push(Diagnostic::error(codes::TOO_DEEP, place, message));
        return Document::default();
    }
    let document = match format {
        Format::Toml => toml::read(text, findings),
        Format::Json => json::read(text, findings),
    };
    if document.broken.is_empty() && document.root.as_ref().is_none_or(|root| root.entries().is_empty()) {
        if findings.is_empty() {
            findings.push(empty(format));
        }
        return Document::default();
    }
    document
}

fn empty(format: Format) -> Diagnostic {
    let smallest = match format {
        Format::Toml => "`version = 1` and, on the next line, `default = \"deny\"`",
        Format::Json => "`{ \"version\": 1, \"default\": \"deny\" }`",
    };
    Diagnostic::error(codes::EMPTY, Span::default(), "the config is empty").help(format!(
        "the smallest config is {smallest}; with it every path is answered with 404 until a route opens it"
    ))
}

/// `span` cut down to `text`, on character boundaries.
fn clamp(text: &str, start: usize, end: usize) -> Span {
    let start = text.floor_char_boundary(start.min(text.len()));
    let end = text.ceil_char_boundary(end.clamp(start, text.len()));
    Span::new(start, end)
}

/// A message of a parser in the house style.
pub(super) fn reword(message: &str) -> String {
    let mut chars = message.chars();
    let second_is_lower = message.chars().nth(1).is_some_and(char::is_lowercase);
    match chars.next() {
        Some(first) if second_is_lower => first.to_lowercase().chain(chars).collect(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml_tree(text: &str) -> Node {
        let mut findings = Vec::new();
        let document = read(text, Format::Toml, &mut findings);
        assert_eq!(findings, [], "{text}");
        document.root.unwrap()
    }

    #[test]
    fn spans_cover_the_written_text() {
        let text = "[a]\nb.c = [\"x\", 2]\nd = { e = true }\n[[f]]\ng = 'h'\n[[f]]\n";
        let root = toml_tree(text);
        let slice = |node: &Node| text[node.span.start..node.span.end].to_owned();
        let a = root.get("a").unwrap();
        assert_eq!(slice(a), "[a]");
        assert_eq!(slice(a.get("b").unwrap()), "b");
        let c = a.get("b").unwrap().get("c").unwrap();
        assert_eq!(slice(c), "[\"x\", 2]");
        assert_eq!(slice(&c.members()[0]), "\"x\"");
        assert_eq!(slice(a.get("d").unwrap()), "{ e = true }");
        let f = root.get("f").unwrap().members();
        assert_eq!(f.len(), 2);
        assert_eq!(slice(f[0].get("g").unwrap()), "'h'");
        let json = r#"{ "a": [1, {"b": "c"}] }"#;
        let mut findings = Vec::new();
        let root = read(json, Format::Json, &mut findings).root.unwrap();
        let b = root.get("a").unwrap().members()[1].get("b").unwrap();
        assert_eq!(&json[b.span.start..b.span.end], "\"c\"");
    }

    #[test]
    fn keys_come_in_file_order() {
        let root = toml_tree("z = 1\na = 2\n[session.z]\n[session.a]\n[bearer.b]\n[session.m]\n");
        let keys = |node: &Node| node.entries().iter().map(|e| e.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&root), ["z", "a", "session", "bearer"]);
        assert_eq!(keys(root.get("session").unwrap()), ["z", "a", "m"]);
    }
}
