//! JSON with comments and trailing commas to the tree.

use super::{Document, Entry, Node, Value, clamp, reword};
use crate::config::codes;
use crate::diagnostic::Diagnostic;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// JSON, comments, trailing commas; none of the looser habits of JSON5, which other readers of the file would refuse.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Read `text`. The parser stops at the first mistake of syntax.
pub(super) fn read(text: &str, findings: &mut Vec<Diagnostic>) -> Document {
    // Some editors put a byte order mark first; as spaces it moves nothing.
    let without_mark = text.strip_prefix('\u{feff}').map(|rest| format!("   {rest}"));
    let text = without_mark.as_deref().unwrap_or(text);
    let value = match parse_to_ast(text, &CollectOptions::default(), &OPTIONS) {
        Ok(result) => result.value,
        Err(error) => {
            let range = error.range();
            let unclosed =
                matches!(error.kind(), ParseErrorKind::UnterminatedObject | ParseErrorKind::UnterminatedArray);
            let end = if unclosed { range.start + 1 } else { range.end };
            let span = clamp(text, range.start, end);
            findings.push(Diagnostic::error(codes::SYNTAX, span, reword(&error.kind().to_string())));
            return Document { root: None, broken: vec![span] };
        }
    };
    let root = value.map(|value| node(text, value, findings));
    if let Some(root) = &root
        && !root.is_table()
    {
        let message = format!("the config must be a table, not {}", root.kind());
        findings.push(Diagnostic::error(codes::NOT_A_TABLE, root.span, message));
        return Document::default();
    }
    Document { root, broken: Vec::new() }
}

fn node(text: &str, value: ast::Value<'_>, findings: &mut Vec<Diagnostic>) -> Node {
    let range = value.range();
    let span = clamp(text, range.start, range.end);
    let value = match value {
        ast::Value::StringLit(text) => Value::Text(text.value.into_owned()),
        ast::Value::NumberLit(number) => match number.value.parse::<i64>() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(number.value.parse().unwrap_or(f64::NAN)),
        },
        ast::Value::BooleanLit(value) => Value::Bool(value.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(list) => Value::List(list.elements.into_iter().map(|m| node(text, m, findings)).collect()),
        ast::Value::Object(object) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
            let mut seen = std::collections::BTreeMap::new();
            for property in object.properties {
                let range = property.name.range();
                let key_span = clamp(text, range.start, range.end);
                let key = property.name.into_string();
                if let Some(first) = seen.insert(key.clone(), key_span) {
                    findings.push(
                        Diagnostic::error(codes::DUPLICATE_KEY, key_span, format!("`{key}` is written twice"))
                            .also(first, "first here")
                            .help("keep one of them"),
                    );
                    continue;
                }
                entries.push(Entry { key, key_span, node: node(text, property.value, findings) });
            }
            Value::Table(entries)
        }
    };
    Node { span, value }
}
