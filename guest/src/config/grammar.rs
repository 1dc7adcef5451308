//! What a config may hold, as data. The structural check, the JSON Schema and the reference page are made from it.

/// A key as the tables write it. (A function could not take references to other tables: they must live for ever.)
macro_rules! key {
    (@ $name:literal, $shape:expr, $doc:literal, $required:literal, $default:expr) => {
        Key { name: $name, shape: $shape, required: $required, default: $default, doc: $doc }
    };
    ($name:literal, $shape:expr, $doc:literal) => { key!(@ $name, $shape, $doc, false, None) };
    ($name:literal, $shape:expr, $doc:literal, required) => { key!(@ $name, $shape, $doc, true, None) };
    ($name:literal, $shape:expr, $doc:literal, default $default:literal) => {
        key!(@ $name, $shape, $doc, false, Some($default))
    };
}

mod paths;
mod proxy;
mod root;
mod rules;
mod sessions;
mod webhook;

pub(super) use root::ROOT;

/// The form of a value.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text; the word says of what, for the reference page.
    Text(&'static str),
    /// A text, or a list of them.
    Texts(&'static str),
    /// A text, an integer or a boolean.
    Scalar,
    /// An integer from … to.
    Integer(i64, i64),
    /// `true` or `false`.
    Bool,
    /// `5s`; the most in milliseconds.
    Duration(u64),
    /// `64KiB`, or an integer of bytes; the most in bytes.
    Size(u64),
    /// One of these words; each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    /// A table with these keys.
    Table(&'static Table),
    /// One of these tables, told apart by the word at `kind`, which each of them has; maybe one that needs no `kind`.
    Kinds(&'static [&'static Table], Option<&'static Table>),
    /// Names that the user picks, each with such a value.
    Map(Names, &'static Shape),
    /// A list.
    List(&'static Shape),
    /// One of these, told apart by the kind of value alone.
    Choice(&'static [Shape]),
    /// A table that somebody else defines (a JWK set).
    Foreign(&'static str),
}

/// What the names of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Names of the user: letters, digits, `-`, `_`.
    Own(&'static str),
    /// Header names.
    Header,
    /// Host names.
    Host,
}

impl Names {
    /// For the reference page.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Own(what) => what,
            Self::Header => "header name",
            Self::Host => "host name",
        }
    }
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    /// Name in the schema, unique.
    pub(super) name: &'static str,
    /// How users write it, for messages and titles: `[proxy]`.
    pub(super) title: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// TOML.
    pub(super) example: &'static str,
    /// The keys, in the order of the reference page.
    pub(super) keys: &'static [Key],
    /// Words that people write by habit, and what to write here.
    pub(super) habits: &'static [(&'static str, &'static str)],
}

impl Table {
    /// The word at `kind` by which this table is told from others, with its meaning.
    pub(super) fn kind(&self) -> Option<&'static (&'static str, &'static str)> {
        match self.key("kind")?.shape {
            Shape::Word([only]) => Some(only),
            _ => None,
        }
    }

    /// The key of that name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    /// Must it be there?
    pub(super) required: bool,
    /// What holds without it, as it would be written.
    pub(super) default: Option<&'static str>,
    /// One line.
    pub(super) doc: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_documented_in_one_line() {
        let mut seen = Vec::new();
        walk(&ROOT, &mut seen);
        assert!(seen.len() > 15);
    }

    fn walk(table: &'static Table, seen: &mut Vec<&'static str>) {
        if seen.contains(&table.name) {
            return;
        }
        seen.push(table.name);
        for key in table.keys {
            assert!(key.doc.ends_with('.') && !key.doc.contains('\n'), "{} {}", table.title, key.name);
            assert!(!(key.required && key.default.is_some()), "{} {}", table.title, key.name);
            shape(key.shape, seen);
        }
    }

    fn shape(one: &'static Shape, seen: &mut Vec<&'static str>) {
        match one {
            Shape::Table(table) => walk(table, seen),
            Shape::Map(_, inner) | Shape::List(inner) => shape(inner, seen),
            Shape::Choice(all) => all.iter().for_each(|inner| shape(inner, seen)),
            Shape::Kinds(tables, _) => {
                for table in *tables {
                    assert!(table.kind().is_some(), "{} has no `kind`", table.title);
                    walk(table, seen);
                }
            }
            _ => {}
        }
    }
}
