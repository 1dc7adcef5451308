//! The structural check: does the tree have the form that the grammar describes? Reports all that is wrong; what is
//! right here may still make no sense, which is for [`super::lower`] to see.

use super::document::{Entry, Node, Value, reword};
use super::grammar::{Names, ROOT, Shape, Table};
use super::{codes, near, units};
use crate::diagnostic::{Diagnostic, Span};

/// Check the whole document.
pub(super) fn document(root: &Node, findings: &mut Vec<Diagnostic>) {
    table(root, &ROOT, findings);
}

fn table(node: &Node, of: &'static Table, findings: &mut Vec<Diagnostic>) {
    for entry in node.entries() {
        match of.key(&entry.key) {
            Some(key) => value(&entry.node, key.shape, &entry.key, findings),
            None => findings.push(unknown_key(entry, of)),
        }
    }
    for key in of.keys.iter().filter(|key| key.required && node.get(key.name).is_none()) {
        findings.push(if std::ptr::eq(of, &ROOT) && key.name == "default" {
            Diagnostic::error(
                codes::NO_DEFAULT,
                Span::default(),
                "`default` is not written, and there is no implied one",
            )
            .help("write `default = \"session\"` (closed), `\"deny\"` (nothing else exists) or `\"public\"` (open)")
        } else {
            Diagnostic::error(codes::MISSING_KEY, node.span, format!("`{}` is missing in {}", key.name, shown(of)))
                .help(format!("write `{}`: {}", key.name, reword(key.doc.trim_end_matches('.'))))
        });
    }
}

/// A table as messages name it.
fn shown(of: &Table) -> String {
    if of.title.starts_with("the ") { of.title.to_owned() } else { format!("`{}`", of.title) }
}

fn unknown_key(entry: &Entry, of: &'static Table) -> Diagnostic {
    let names: Vec<&str> = of.keys.iter().map(|key| key.name).collect();
    let finding =
        Diagnostic::error(codes::UNKNOWN_KEY, entry.key_span, format!("unknown key `{}` in {}", entry.key, shown(of)));
    let written = entry.key.to_lowercase().replace('_', "-");
    if let Some((_, right)) = of.habits.iter().find(|(wrong, _)| *wrong == entry.key || *wrong == written) {
        finding.help(format!("write {right}"))
    } else if let Some(right) = near::nearest(&written, &names) {
        finding.help(format!("did you mean `{right}`?"))
    } else {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        finding.help(format!("known keys: {}", names.join(", ")))
    }
}

/// Can a value of this kind be meant for `shape`?
fn accepts(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Text(_) | Shape::Word(_) | Shape::Duration(_) => matches!(value, Value::Text(_)),
        Shape::Texts(_) => matches!(value, Value::Text(_) | Value::List(_)),
        Shape::Scalar => matches!(value, Value::Text(_) | Value::Integer(_) | Value::Bool(_)),
        Shape::Integer(..) => matches!(value, Value::Integer(_)),
        Shape::Bool => matches!(value, Value::Bool(_)),
        Shape::Size(_) => matches!(value, Value::Text(_) | Value::Integer(_)),
        Shape::Table(_) | Shape::Kinds(..) | Shape::Map(..) | Shape::Foreign(_) => matches!(value, Value::Table(_)),
        Shape::List(_) => matches!(value, Value::List(_)),
        Shape::Choice(shapes) => shapes.iter().any(|shape| accepts(shape, value)),
    }
}

/// What a value must be, for messages.
fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Text(_) => "a text".to_owned(),
        Shape::Word(_) => "a word in quotes".to_owned(),
        Shape::Texts(_) => "a text or a list of texts".to_owned(),
        Shape::Scalar => "a text, an integer or a boolean".to_owned(),
        Shape::Integer(..) => "an integer".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Duration(_) => "a duration such as `\"5s\"`".to_owned(),
        Shape::Size(_) => "a size such as `\"64KiB\"`".to_owned(),
        Shape::Table(_) | Shape::Kinds(..) | Shape::Map(..) | Shape::Foreign(_) => "a table".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Choice(shapes) => shapes.iter().map(wanted).collect::<Vec<_>>().join(" or "),
    }
}

fn value(node: &Node, shape: &'static Shape, name: &str, findings: &mut Vec<Diagnostic>) {
    if !accepts(shape, &node.value) {
        let message = format!("`{name}` must be {}, not {}", wanted(shape), node.kind());
        let mut finding = Diagnostic::error(codes::WRONG_TYPE, node.span, message);
        if let (Shape::List(Shape::Table(table)), Value::Table(_)) = (shape, &node.value)
            && table.title.starts_with("[[")
        {
            finding = finding.help(format!("write `{}` with two brackets", table.title));
        }
        findings.push(finding);
        return;
    }
    match (shape, &node.value) {
        (Shape::Text(_), Value::Text(text)) if text.is_empty() && !may_be_empty(name) => {
            findings.push(empty(node, name))
        }
        (Shape::Texts(_), Value::Text(text)) if text.is_empty() => findings.push(empty(node, name)),
        (Shape::Texts(_) | Shape::List(_), Value::List(members)) if members.is_empty() => {
            findings.push(empty(node, name));
        }
        (Shape::Texts(what), Value::List(members)) => {
            for member in members {
                match &member.value {
                    Value::Text(text) if text.is_empty() => findings.push(empty(member, name)),
                    Value::Text(_) => {}
                    _ => findings.push(Diagnostic::error(
                        codes::WRONG_TYPE,
                        member.span,
                        format!("each entry of `{name}` must be a text ({what}), not {}", member.kind()),
                    )),
                }
            }
        }
        (Shape::Integer(from, to), Value::Integer(number)) => integer(node, *number, *from, *to, name, findings),
        (Shape::Duration(most), Value::Text(text)) => {
            measure(node, units::duration(text), *most, name, codes::DURATION, findings);
        }
        (Shape::Size(most), Value::Text(text)) => measure(node, units::size(text), *most, name, codes::SIZE, findings),
        (Shape::Size(most), Value::Integer(number)) => {
            integer(node, *number, 0, i64::try_from(*most).unwrap_or(i64::MAX), name, findings);
        }
        (Shape::Word(words), Value::Text(text)) => word(node, text, words, name, findings),
        (Shape::Table(of), _) => table(node, of, findings),
        (Shape::Kinds(tables, without), _) => kinds(node, tables, *without, name, findings),
        (Shape::Map(names, inner), _) => {
            for entry in node.entries() {
                if matches!(names, Names::Own(_)) && !is_name(&entry.key) {
                    let message = format!("`{}` is not a name for a {}", entry.key, names.what());
                    let finding = Diagnostic::error(codes::NAME, entry.key_span, message);
                    findings.push(finding.help("names are made of letters, digits, `-`, `_` and `.`"));
                }
                let form = match inner {
                    Shape::Table(of) => Some(of.title),
                    Shape::Kinds(tables, _) => tables.first().and_then(|of| of.title.split(' ').next()),
                    _ => None,
                };
                if let (Some(title), false) = (form, entry.node.is_table()) {
                    let kind = entry.node.kind();
                    let message = format!("`{}` must be a table with the keys of `{title}`, not {kind}", entry.key);
                    let help = format!("`{name}` holds tables by {}", names.what());
                    findings.push(Diagnostic::error(codes::WRONG_TYPE, entry.node.span, message).help(help));
                } else {
                    value(&entry.node, inner, &entry.key, findings);
                }
            }
        }
        (Shape::List(inner), Value::List(members)) => {
            for member in members {
                value(member, inner, name, findings);
            }
        }
        (Shape::Choice(shapes), found) => {
            if let Some(shape) = shapes.iter().find(|shape| accepts(shape, found)) {
                value(node, shape, name, findings);
            }
        }
        _ => {}
    }
}

/// A table whose `kind` says which keys it may have.
fn kinds(
    node: &Node,
    tables: &'static [&'static Table],
    without: Option<&'static Table>,
    name: &str,
    findings: &mut Vec<Diagnostic>,
) {
    let words: Vec<(&str, &str)> = tables.iter().filter_map(|of| of.kind().copied()).collect();
    let known = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match (node.get("kind"), without) {
        (None, Some(of)) => table(node, of, findings),
        (None, None) => findings.push(
            Diagnostic::error(codes::MISSING_KEY, node.span, format!("`kind` is missing in `{name}`"))
                .help(format!("say what kind of session it is: {}", known())),
        ),
        (Some(kind), _) => match kind.text() {
            None => {
                let message = format!("`kind` must be a word in quotes, not {}", kind.kind());
                findings.push(Diagnostic::error(codes::WRONG_TYPE, kind.span, message));
            }
            Some(text) => match tables.iter().find(|of| of.kind().is_some_and(|(word, _)| *word == text)) {
                Some(of) => table(node, of, findings),
                None => word(kind, text, &words, "kind", findings),
            },
        },
    }
}

/// Values of which nothing is something: a cookie, a body, a header, a prefix.
fn may_be_empty(name: &str) -> bool {
    matches!(name, "value" | "body" | "cookie-prefix")
}

fn empty(node: &Node, name: &str) -> Diagnostic {
    Diagnostic::error(codes::EMPTY_VALUE, node.span, format!("`{name}` is empty"))
        .help("write at least one entry, or leave the key out")
}

fn integer(node: &Node, number: i64, from: i64, to: i64, name: &str, findings: &mut Vec<Diagnostic>) {
    if (from..=to).contains(&number) {
        return;
    }
    // Of the document; a provider may have a `version` of its own.
    findings.push(if name == "version" && from == to {
        Diagnostic::error(codes::VERSION, node.span, format!("version `{number}` is not known"))
            .help("this release reads `version = 1`")
    } else {
        let message = format!("`{name}` must be from {from} to {to}, not `{number}`");
        Diagnostic::error(codes::OUT_OF_RANGE, node.span, message)
    });
}

fn measure(
    node: &Node,
    read: Result<u64, String>,
    most: u64,
    name: &str,
    code: &'static str,
    findings: &mut Vec<Diagnostic>,
) {
    match read {
        Ok(number) if number > most => {
            let most = if code == codes::SIZE { format!("{most} bytes") } else { in_words(most) };
            let message = format!("`{name}` is more than {most}");
            findings.push(Diagnostic::error(codes::OUT_OF_RANGE, node.span, message));
        }
        Ok(_) => {}
        Err(message) => findings.push(Diagnostic::error(code, node.span, message).help(if code == codes::SIZE {
            "write a unit: `64KiB`, `10MiB`, `1GiB`; or an integer of bytes without quotes"
        } else {
            "write an integer and a unit: `500ms`, `5s`, `2m`, `8h`, `7d`"
        })),
    }
}

fn in_words(milliseconds: u64) -> String {
    match milliseconds {
        ms if ms % 86_400_000 == 0 => format!("{} days", ms / 86_400_000),
        ms if ms % 60_000 == 0 => format!("{} minutes", ms / 60_000),
        ms => format!("{ms} milliseconds"),
    }
}

fn word(node: &Node, text: &str, words: &[(&str, &str)], name: &str, findings: &mut Vec<Diagnostic>) {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    if names.contains(&text) {
        return;
    }
    let known: Vec<String> = names.iter().map(|word| format!("`{word}`")).collect();
    let finding = Diagnostic::error(codes::UNKNOWN_WORD, node.span, format!("`{text}` is not a `{name}`"));
    findings.push(match near::nearest(text, &names) {
        Some(right) => finding.help(format!("did you mean `{right}`?")),
        None if known.len() == 1 => finding.help(format!("known: {}", known.join(""))),
        None => finding.help(format!("use one of {}", known.join(", "))),
    });
}

/// Letters, digits, `-`, `_`, `.`; 1 to 64 of them: fit for logs, header values and test cases without quoting.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
