//! TOML to the tree.

use super::{Document, Entry, Node, Value, clamp, reword};
use crate::config::codes;
use crate::diagnostic::{Diagnostic, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Read `text`. A mistake does not hide what stands before it, nor, where the parser can go on, what follows.
pub(super) fn read(text: &str, findings: &mut Vec<Diagnostic>) -> Document {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut broken = Vec::new();
    for error in &errors {
        let range = error.span().unwrap_or(text.len()..text.len());
        let span = clamp(text, range.start, range.end);
        // What follows the first mistake of a line is mostly its echo.
        let echo = broken.last().is_some_and(|earlier: &Span| {
            let between = text.get(earlier.start.min(span.start)..earlier.start.max(span.start));
            between.is_some_and(|between| !between.contains('\n'))
        });
        let duplicate = error.message().starts_with("duplicate key");
        if echo && !duplicate {
            continue;
        }
        broken.push(span);
        findings.push(if duplicate {
            let key = text.get(span.start..span.end).unwrap_or_default();
            Diagnostic::error(codes::DUPLICATE_KEY, span, format!("`{key}` is written twice"))
                .help("keep one of them; a list of routes is written with `[[route]]`")
        } else {
            let finding = Diagnostic::error(codes::SYNTAX, span, reword(error.message()));
            match advice(text, error.message()) {
                Some(advice) => finding.help(advice),
                None => finding,
            }
        });
    }
    let root = Node { span: Span::default(), value: Value::Table(entries(text, table.into_inner(), findings)) };
    Document { root: Some(root), broken }
}

/// What to do about the mistakes that are made most.
fn advice(text: &str, message: &str) -> Option<&'static str> {
    if text.trim_start().starts_with('{') {
        return Some("this looks like JSON: call the file `portcullis.json`");
    }
    let known = [
        ("string values must be quoted", "write texts in quotes: `\"public\"`"),
        ("missing escaped value", "between single quotes a backslash is just that: `'/\\d+'`"),
        ("key with no value", "write `key = value`"),
        ("invalid basic string", "the text does not end where its line ends: close the quotes"),
        ("invalid boolean", "write `true` or `false`"),
        ("unclosed table", "write `[name]`"),
        ("unexpected key or value", "write each key on a line of its own"),
        ("missing comma", "close the list with `]`, or put a comma between its entries"),
    ];
    known.iter().find(|(start, _)| message.starts_with(start)).map(|(_, advice)| *advice)
}

fn entries(text: &str, table: DeTable<'_>, findings: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let key_span = clamp(text, key.span().start, key.span().end);
            Entry { key: key.into_inner().into_owned(), key_span, node: node(text, value, findings) }
        })
        .collect();
    // The parser keeps keys in alphabetical order; users see file order.
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

fn node(text: &str, value: Spanned<DeValue<'_>>, findings: &mut Vec<Diagnostic>) -> Node {
    let span = clamp(text, value.span().start, value.span().end);
    let value = match value.into_inner() {
        DeValue::String(value) => Value::Text(value.into_owned()),
        DeValue::Integer(value) => match i64::from_str_radix(value.as_str(), value.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                let message = format!("`{value}` does not fit into 64 bits");
                findings.push(Diagnostic::error(codes::OUT_OF_RANGE, span, message));
                Value::Null
            }
        },
        DeValue::Float(value) => Value::Float(value.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(members) => Value::List(members.into_iter().map(|m| node(text, m, findings)).collect()),
        DeValue::Table(table) => Value::Table(entries(text, table, findings)),
    };
    Node { span, value }
}
