//! Where the cases are, and what is in a file of them.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of cases: `PORTCULLIS_CASES`, or the project's own.
pub fn root() -> PathBuf {
    match std::env::var_os("PORTCULLIS_CASES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"),
    }
}

/// Cases made of other people's data, which are no part of the project: this folder in the one that
/// `PORTCULLIS_SHARED` names, else in `shared/vectors` beside the checkout.
///
/// # Errors
/// Why there are none.
pub fn public_files(folder: &str) -> Result<Vec<File>, String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let root = std::env::var_os("PORTCULLIS_SHARED").map_or_else(beside, PathBuf::from);
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths)
        .map_err(|_| format!("{folder} is not here: third-party data, no part of the project"))?;
    paths.sort();
    paths.iter().map(|path| read(&root, path)).collect()
}

/// Folders of [`public_files`].
pub const PUBLIC: [&str; 2] = ["routes-public", "wycheproof"];

/// A file of cases.
#[derive(Debug)]
pub struct File {
    /// Path below the root, with `/`.
    pub name: String,
    /// The document of a `.json` file.
    pub document: Value,
    /// The lines of a `.jsonl` file.
    pub lines: Vec<Value>,
    /// How many cases it holds.
    pub count: usize,
    /// Why it cannot be read, if it cannot.
    pub broken: Option<String>,
}

/// All `.json` and `.jsonl` files below `root`, by name.
///
/// # Errors
/// Which file cannot be read.
pub fn files(root: &Path) -> Result<Vec<File>, String> {
    let mut paths = Vec::new();
    walk(root, &mut paths).map_err(|error| format!("{}: {error}", root.display()))?;
    paths.sort();
    paths.iter().map(|path| read(root, path)).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path.extension().is_some_and(|e| e == "json" || e == "jsonl") {
            paths.push(path);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let mut file = File { name, document: Value::Null, lines: Vec::new(), count: 1, broken: None };
    let read = if path.extension().is_some_and(|e| e == "jsonl") {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(serde_json::from_str).collect::<Result<_, _>>().map(|lines| {
            file.lines = lines;
            file.count = file.lines.len();
        })
    } else {
        serde_json::from_str(&text).map(|document| {
            file.document = document;
            file.count = list(&file.document).len();
        })
    };
    file.broken = read.err().map(|error| error.to_string());
    Ok(file)
}

/// The cases of a document: `vectors`, `cases`, `scenarios`, or the document itself when it is a list.
pub fn list(document: &Value) -> &[Value] {
    ["vectors", "cases", "scenarios"]
        .iter()
        .find_map(|key| document.get(key))
        .unwrap_or(document)
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// A text member; empty when it is absent.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A list of texts from a list, a text, or nothing.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
