//! The JSON Schema of a config, from the grammar.

use super::grammar::{ROOT, Shape, Table};
use serde_json::{Map, Value, json};

/// JSON Schema (draft 2020-12) of the config, for editors; pretty JSON with a line break at the end.
pub fn schema() -> String {
    let mut defs = Map::new();
    let mut root = table(&ROOT, &mut defs);
    if let Value::Object(root) = &mut root {
        root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        root.insert("title".to_owned(), json!("Portcullis config"));
        root.insert("$defs".to_owned(), Value::Object(defs));
    }
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}

fn table(of: &'static Table, defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in of.keys {
        let mut value = shape(key.shape, defs);
        if let Value::Object(value) = &mut value {
            let doc = match key.default {
                Some(default) => format!("{} Default: {}.", key.doc, default.trim_matches('`')),
                None => key.doc.to_owned(),
            };
            value.insert("description".to_owned(), json!(doc.replace('`', "")));
        }
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<&str> = of.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": of.doc.replace('`', ""),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn shape(one: &'static Shape, defs: &mut Map<String, Value>) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    match one {
        Shape::Text(_) => json!({ "type": "string" }),
        Shape::Texts(_) => json!({ "anyOf": [text(), { "type": "array", "items": text(), "minItems": 1 }] }),
        Shape::Scalar => json!({ "type": ["string", "integer", "boolean"] }),
        Shape::Integer(from, to) if from == to => json!({ "const": from }),
        Shape::Integer(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Duration(_) => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
        Shape::Size(most) => json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": most },
            { "type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$" },
        ] }),
        Shape::Word(words) => {
            let words: Vec<Value> =
                words.iter().map(|(word, doc)| json!({ "const": word, "description": doc })).collect();
            json!({ "oneOf": words })
        }
        Shape::Table(of) => named(of, defs),
        Shape::Kinds(tables, _) => {
            let all: Vec<Value> = tables.iter().map(|of| named(of, defs)).collect();
            json!({ "anyOf": all })
        }
        Shape::Map(_, inner) => json!({ "type": "object", "additionalProperties": shape(inner, defs) }),
        Shape::List(inner) => json!({ "type": "array", "items": shape(inner, defs), "minItems": 1 }),
        Shape::Choice([only]) => shape(only, defs),
        Shape::Choice(all) => json!({ "anyOf": all.iter().map(|one| shape(one, defs)).collect::<Vec<_>>() }),
        Shape::Foreign(_) => json!({ "type": "object" }),
    }
}

fn named(of: &'static Table, defs: &mut Map<String, Value>) -> Value {
    if !defs.contains_key(of.name) {
        // The name goes in first: tables may hold themselves.
        defs.insert(of.name.to_owned(), Value::Null);
        let value = table(of, defs);
        defs.insert(of.name.to_owned(), value);
    }
    json!({ "$ref": format!("#/$defs/{}", of.name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|inner| refs(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| refs(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn references_lead_somewhere_and_tables_are_closed() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut found = Vec::new();
        refs(&schema, &mut found);
        assert!(found.len() > 20);
        for reference in found {
            let name = reference.strip_prefix("#/$defs/").unwrap();
            let table = &schema["$defs"][name];
            assert_eq!(table["additionalProperties"], json!(false), "{reference}");
        }
        assert_eq!(schema["required"], json!(["version", "default"]));
    }
}
