//! Reference pages: the keys of a config, from the grammar, and the codes of findings.

use super::codes::CODES;
use super::grammar::{Key, ROOT, Shape, Table};

const BEFORE: &str = "\
# The config

<!-- Generated from guest/src/config/grammar; change it there. To write this page again:
     PORTCULLIS_BLESS=1 cargo test -p portcullis-gate config::reference -->

One file, `portcullis.toml`. The same document may be written as JSON with comments (`portcullis.json`); the JSON Schema
is printed by `portcullis schema`. Every mistake is reported at once, with its place and a code; see
[diagnostics](diagnostics.md).

- **A key that is not known is a mistake.** Nothing is ignored in silence.
- **`default` must be written.** It is what happens to a path that no route names.
- **Secrets are never written out.** `env:NAME` is an environment variable, `file:PATH` a file, relative to the config
  file. One line end at the end of a variable or file is not part of the value.
- **A text or a list of texts** may stand wherever *one or more* is written below.
- **Durations** are written `500ms`, `5s`, `2m`, `8h`, `7d`; **sizes** `64KiB`, `10MiB`, `1GiB`, or as an integer of bytes.

Order of a request: guards (all that match, in file order), then routes (the first one that matches decides, in file
order), then `default`. Paths of a rule that keeps somebody out are compared without regard to case; paths of a public
rule, and what `except` leaves out of a protecting one, are taken exactly as written.
";

/// The reference page of the config (Markdown): `docs/config.md`.
pub fn reference() -> String {
    let mut tables = Vec::new();
    collect(&ROOT, &mut tables);
    let mut page = BEFORE.to_owned();
    for table in tables {
        page.push_str(&section(table));
    }
    page
}

/// The page of all codes (Markdown): `docs/diagnostics.md`.
pub fn diagnostics() -> String {
    const GROUPS: [(&str, &str); 7] = [
        ("P0", "The document"),
        ("P1", "Keys and values"),
        ("P2", "Paths, hosts and templates"),
        ("P3", "Rules"),
        ("P4", "Sessions, keys and secrets"),
        ("P5", "The proxy"),
        ("P6", "Tests"),
    ];
    let mut page = "\
# Diagnostics

<!-- Generated from guest/src/config/codes.rs; change it there. To write this page again:
     PORTCULLIS_BLESS=1 cargo test -p portcullis-gate config::reference -->

A code never changes its meaning, and one that is retired is never given again. Errors stop a policy from being loaded;
warnings and notes do not.
"
    .to_owned();
    for (prefix, title) in GROUPS {
        page.push_str(&format!("\n## {title}\n\n| Code | What | What to do |\n|---|---|---|\n"));
        for (code, what, advice) in CODES.iter().filter(|row| row.0.starts_with(prefix)) {
            page.push_str(&format!("| {code} | {} | {} |\n", cell(what), cell(advice)));
        }
    }
    page.push_str(ROUTES);
    for (rule, what, why) in crate::lint::RULES {
        page.push_str(&format!("| {rule} | {} | {} |\n", cell(what), cell(why)));
    }
    page
}

const ROUTES: &str = "
## Routes

Told by `portcullis check`: what the routes open, leave open or never reach, found on their languages, each with a path that
shows it. The policy can be loaded with them; `check --strict` fails on warnings. Where a rule is about the matcher of a Next.js app, it is a
note unless `outside-matcher = \"unprotected\"`, since the gate protects outside of it, too.

| Code | What | Why |
|---|---|---|
";

/// All tables, each once, in the order of first mention.
fn collect(table: &'static Table, all: &mut Vec<&'static Table>) {
    if all.iter().any(|known| known.name == table.name) {
        return;
    }
    all.push(table);
    for key in table.keys {
        inner(key.shape, all);
    }
}

fn inner(shape: &'static Shape, all: &mut Vec<&'static Table>) {
    match shape {
        Shape::Table(table) => collect(table, all),
        Shape::Map(_, one) | Shape::List(one) => inner(one, all),
        Shape::Choice(shapes) => shapes.iter().for_each(|one| inner(one, all)),
        Shape::Kinds(tables, _) => tables.iter().for_each(|table| collect(table, all)),
        _ => {}
    }
}

fn section(table: &Table) -> String {
    let title =
        if table.title.starts_with("the ") { "Top of the document".to_owned() } else { format!("`{}`", table.title) };
    let mut text = format!("\n## {title}\n\n{}\n\n```toml\n{}\n```\n\n", table.doc, table.example);
    text.push_str("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
    for key in table.keys {
        text.push_str(&row(key));
    }
    text.push_str(&words(table));
    text
}

fn row(key: &Key) -> String {
    let default = match (key.required, key.default) {
        (true, _) => "*required*".to_owned(),
        (false, None) => "–".to_owned(),
        (false, Some(default)) if default.starts_with('"') || matches!(default, "true" | "false" | "307") => {
            format!("`{default}`")
        }
        (false, Some(default)) => default.to_owned(),
    };
    format!("| `{}` | {} | {} | {} |\n", key.name, cell(&form(key.shape)), cell(&default), cell(key.doc))
}

/// The form of a value, in words.
fn form(shape: &Shape) -> String {
    match shape {
        Shape::Text(what) => (*what).to_owned(),
        Shape::Texts(what) => format!("{what}, one or more"),
        Shape::Scalar => "text, integer or boolean".to_owned(),
        Shape::Integer(from, to) if from == to => format!("`{from}`"),
        Shape::Integer(from, to) => format!("{from} to {to}"),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Duration(_) => "duration".to_owned(),
        Shape::Size(_) => "size".to_owned(),
        Shape::Word(words) => words.iter().map(|(word, _)| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Shape::Table(table) => format!("table [`{}`](#{})", table.title, anchor(table.title)),
        Shape::Kinds(tables, _) => {
            let link = |of: &&Table| {
                let word = of.kind().map_or("", |(word, _)| *word);
                format!("[`{word}`](#{})", anchor(of.title))
            };
            format!("table, by its `kind`: {}", tables.iter().map(link).collect::<Vec<_>>().join(", "))
        }
        Shape::Map(names, one) => format!("{} = {}, …", names.what(), form(one)),
        Shape::List(one) => format!("list of {}", form(one)),
        Shape::Choice(shapes) => shapes.iter().map(form).collect::<Vec<_>>().join(", or "),
        Shape::Foreign(what) => (*what).to_owned(),
    }
}

/// The anchor that Markdown renderers give a title.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(|c: char| !(c.is_alphanumeric() || c == ' ' || c == '-'), "");
    kept.replace(' ', "-")
}

/// The meaning of words that a table's keys may be.
fn words(table: &Table) -> String {
    let mut text = String::new();
    for key in table.keys {
        let words = match key.shape {
            Shape::Word(words) => words,
            Shape::Choice([Shape::Word(words), ..]) => words,
            _ => continue,
        };
        text.push_str(&format!("\n`{}`:\n\n", key.name));
        for (word, meaning) in *words {
            text.push_str(&format!("- `\"{word}\"`: {meaning}\n"));
        }
    }
    text
}

/// Fit for a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_as_committed(name: &str, page: &str) {
        let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("PORTCULLIS_BLESS").is_some() {
            std::fs::write(&path, page).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let help = "write it again with: PORTCULLIS_BLESS=1 cargo test -p portcullis-gate config::reference";
        assert!(committed == page, "docs/{name} is out of date; {help}");
    }

    #[test]
    fn pages_are_up_to_date() {
        same_as_committed("config.md", &reference());
        same_as_committed("diagnostics.md", &diagnostics());
    }
}
