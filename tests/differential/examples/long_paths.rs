//! Every pattern of the corpora, and those that make a backtracking engine hang, against paths of 50 kB: the slowest.
//!
//! `cargo run --release -p portcullis-differential --example long_paths [FOLDER…]`; folders hold `crm.jsonl`, `next.jsonl`
//! and `ptr6.jsonl`. Prints, asserts nothing: times belong to a machine.

use portcullis_gate::pattern::{Dialect, NextOptions, Options, Pattern};
use serde_json::Value;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LENGTH: usize = 50_000;

/// Each takes seconds elsewhere, on 28 repeats of one letter.
const CATASTROPHIC: [&str; 10] = [
    "/((?:a+)+)",
    "/((?:a+)+)b",
    "/((?:a|a)*)b",
    "/((?:a|aa)+)b",
    "/((?:.*)*x)",
    "/:a*/:b*/:c*/x",
    "/((?:(?=a+b)a|a)*)c",
    "/((?:(?!(?:a+)+b)a)*)c",
    "/((?:a?){50}a{50})b",
    "/((?!(?:.*a)*b).*)c",
];

fn texts(folder: &Path) -> BTreeSet<(bool, String)> {
    let mut found = BTreeSet::new();
    for (name, next) in [("crm.jsonl", false), ("ptr6.jsonl", false), ("next.jsonl", true)] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let list = line["p"].as_array().cloned().unwrap_or_else(|| vec![line["p"].clone()]);
            found.extend(list.iter().filter_map(|one| {
                let text = one.as_str().or(one["source"].as_str())?;
                Some((next, text.to_owned()))
            }));
        }
    }
    found
}

/// Long paths that a pattern cannot leave early: what it starts with, then much of the same.
fn paths(text: &str) -> Vec<String> {
    let start = text.split(['(', ':', '{', '*', '\\']).next().unwrap_or("/");
    let start = if start.starts_with('/') { start } else { "/" };
    let mut paths = Vec::new();
    for unit in ["a", "/a", "a.", "/_next", "%61", "a-b/"] {
        for end in ["", "!", ".css"] {
            paths.push(format!("{start}{}{end}", unit.repeat(LENGTH / unit.len())));
        }
    }
    paths
}

fn best(pattern: &Pattern, path: &str) -> Duration {
    let once = || {
        let started = Instant::now();
        black_box(pattern.is_match(black_box(path)));
        started.elapsed()
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

fn main() {
    let given: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/routes");
    let folders = if given.is_empty() { vec![own] } else { given };
    let mut all: BTreeSet<(bool, String)> = folders.iter().flat_map(|folder| texts(folder)).collect();
    all.extend(CATASTROPHIC.map(|text| (false, text.to_owned())));
    let mut times: Vec<(Duration, String)> = Vec::new();
    for (next, text) in &all {
        let js = Options { ignore_case: true, dot_all: false };
        let safe = Options { ignore_case: true, dot_all: true };
        let compiled = match next {
            true => vec![Pattern::next_source(text, &NextOptions::default())],
            false => [js, safe].map(|options| Pattern::compile(Dialect::Pattern, text, options)).into(),
        };
        for pattern in compiled.into_iter().flatten() {
            let slowest = paths(text).iter().map(|path| best(&pattern, path)).max().unwrap_or_default();
            times.push((slowest, text.clone()));
        }
    }
    times.sort();
    let over = times.iter().filter(|(time, _)| *time > Duration::from_millis(2)).count();
    println!("{} patterns, {} compiled, {LENGTH} bytes, best of 3 of the slowest of 18 paths", all.len(), times.len());
    println!("over 2 ms: {over}; median {:?}", times[times.len() / 2].0);
    for (time, text) in times.iter().rev().take(8) {
        println!("{time:>12?}  {text}");
    }
}
