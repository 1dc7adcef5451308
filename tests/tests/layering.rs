//! Arrows go one way: which room may name which, in both houses, and which crate may see which.
//!
//! Reads the sources as text: `crate::room` outside of comments, tests and strings. A room that is not on the map
//! fails, so that the map stays whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A room of the guest and the rooms it may name.
const GUEST: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("trace", &[]),
    ("supply", &["diagnostic"]),
    ("pattern", &["diagnostic"]),
    ("lint", &["diagnostic", "pattern"]),
    ("request", &["pattern", "diagnostic"]),
    ("next", &["pattern", "request"]),
    ("question", &["session"]),
    ("session", &["diagnostic", "pattern", "question", "request", "supply", "trace"]),
    ("webhook", &["diagnostic", "question", "request", "session", "supply", "trace"]),
    ("signature", &["question", "session"]),
    ("template", &["request", "session"]),
    ("verdict", &["question", "request"]),
    ("assertion", &["diagnostic", "question", "session", "supply"]),
    (
        "policy",
        &["assertion", "cases", "next", "pattern", "request", "session", "supply", "template", "verdict", "webhook"],
    ),
    (
        "config",
        &[
            "assertion",
            "cases",
            "diagnostic",
            "lint",
            "next",
            "pattern",
            "policy",
            "request",
            "session",
            "supply",
            "template",
            "verdict",
            "webhook",
        ],
    ),
    (
        "decide",
        &[
            "assertion",
            "cases",
            "diagnostic",
            "next",
            "pattern",
            "policy",
            "question",
            "request",
            "session",
            "supply",
            "template",
            "trace",
            "verdict",
            "webhook",
        ],
    ),
    // A case of `[tests]` is data of the policy and, in its runner, a caller of `decide`.
    ("cases", &["decide", "diagnostic", "policy", "question", "request", "session", "trace", "verdict"]),
    ("gate", &["cases", "config", "decide", "diagnostic", "policy", "question", "request", "trace", "verdict"]),
    ("door", &["gate", "policy", "question", "request", "session", "signature", "verdict"]),
    (
        "component",
        &[
            "cases",
            "config",
            "diagnostic",
            "door",
            "gate",
            "policy",
            "question",
            "request",
            "session",
            "signature",
            "supply",
            "trace",
            "verdict",
        ],
    ),
];

/// A room of the host and the rooms it may name.
const HOST: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("contract", &[]),
    ("gate", &["clock", "contract"]),
    ("report", &["contract", "gate"]),
    ("proxy", &["clock", "contract", "gate"]),
    ("authz", &["gate", "proxy"]),
    ("demo", &["clock"]),
    ("cli", &["authz", "clock", "contract", "demo", "gate", "proxy", "report"]),
    ("main", &["cli"]),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            rust_files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|e| e == "rs") {
        found.push(path.to_owned());
    }
}

/// The code of a file without comments and without its test module, which stands last by custom.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Is this file only built for tests?
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests" || stem.to_string_lossy().ends_with("_tests"))
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// The rooms of a crate: the files and folders beside `lib.rs`, with what each names by `crate::`.
fn rooms(source: &Path, crate_names: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms = BTreeMap::new();
    let mut files = Vec::new();
    rust_files(source, &mut files);
    for file in files {
        let inside = file.strip_prefix(source).unwrap();
        if is_test(inside) || inside == Path::new("lib.rs") {
            continue;
        }
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let room = first.trim_end_matches(".rs").to_owned();
        let names: &mut BTreeSet<String> = rooms.entry(room).or_default();
        let code = code(&file);
        for name in crate_names {
            names.extend(after(&code, &format!("{name}::")).flat_map(first_names));
        }
    }
    rooms
}

/// What follows each `word` that stands at the start of a path: `bindings::portcullis::…` is no path of ours.
fn after<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(word).filter_map(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        let starts = !(before.is_alphanumeric() || before == '_' || before == ':');
        starts.then(|| &code[at + word.len()..])
    })
}

/// The first segment of a path, or of each path in braces: `{a::b, c}` gives `a` and `c`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| {
        let text = text.trim_start();
        text[..text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())].to_owned()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut depth = 0;
    let mut names = vec![word(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn check(source: &Path, crate_names: &[&str], map: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (room, names) in rooms(source, crate_names) {
        let Some((_, allowed)) = map.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("`{room}` is not on the map of {}", source.display()));
            continue;
        };
        for name in names {
            // A type re-exported at the top (`crate::Gate`) belongs to the room of the same name.
            let name = name.to_lowercase();
            let known = map.iter().any(|(other, _)| *other == name);
            if known && name != room && !allowed.contains(&name.as_str()) {
                wrong.push(format!("`{room}` names `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows against the map:\n{}", wrong.join("\n"));
}

#[test]
fn rooms_of_the_guest_follow_the_map() {
    check(&workspace().join("guest/src"), &["crate"], GUEST);
}

#[test]
fn rooms_of_the_host_follow_the_map() {
    check(&workspace().join("host/src"), &["crate", "portcullis"], HOST);
}

#[test]
fn the_maps_have_no_way_round_but_for_cases() {
    // `cases` is data below and a runner above; `question` shares the algorithm names of `session`.
    let known = [("cases", "decide"), ("cases", "policy"), ("question", "session")];
    for map in [GUEST, HOST] {
        for (room, allowed) in map {
            for other in *allowed {
                let back = map.iter().any(|(name, names)| name == other && names.contains(room));
                let excused = known.contains(&(*room, *other)) || known.contains(&(*other, *room));
                assert!(!back || excused, "`{room}` and `{other}` may name each other");
            }
        }
    }
}

#[test]
fn only_the_component_room_names_wit_types() {
    let source = workspace().join("guest/src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    for file in files.iter().filter(|f| !f.starts_with(source.join("component"))) {
        let code = code(file);
        for word in ["wit_bindgen", "bindings::", "exports::portcullis"] {
            assert!(!code.contains(word), "{} names {word}", file.display());
        }
    }
}

/// Things of the world that a pure guest has no business with.
const WORLDLY: &[&str] = &[
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "std::env",
    "std::fs",
    "TcpStream",
    "UdpSocket",
    "TcpListener",
    "ToSocketAddrs",
    "std::process",
    "std::thread::spawn",
    "eprintln!",
    "println!",
    "HashMap::new()",
    "HashSet::new()",
    "RandomState",
    "getrandom",
    "wasmtime",
    "tokio::",
    "hyper::",
    "portcullis::",
];

#[test]
fn the_guest_names_nothing_of_the_world() {
    let source = workspace().join("guest/src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut wrong = Vec::new();
    // What a stock runtime offers by name is read there, and nowhere else.
    let worldly = source.join("component/environment.rs");
    for file in files.iter().filter(|f| **f != worldly && !is_test(f.strip_prefix(&source).unwrap())) {
        let code = code(file);
        for word in WORLDLY {
            if after(&code, word).next().is_some() {
                wrong.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Direct dependencies by package, dev- and build-dependencies included, as Cargo sees them.
fn dependencies(kinds: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(workspace().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let direct = package["dependencies"].as_array().unwrap().iter();
            let wanted = direct.filter(|d| kinds.contains(&d["kind"].as_str().unwrap_or("normal")));
            (name(package), wanted.map(name).collect())
        })
        .collect()
}

#[test]
fn crates_see_each_other_one_way() {
    let all = dependencies(&["normal", "dev", "build"]);
    // What only its tests need is no part of the guest.
    let guest = &dependencies(&["normal", "build"])["portcullis-gate"];
    let host = &all["portcullis"];
    assert!(!host.contains("portcullis-gate"), "the host must not see inside a policy");
    let wire = &all["portcullis-wire"];
    assert!(wire.iter().all(|name| !name.starts_with("portcullis")), "the leaf knows neither side");
    for name in ["portcullis", "wasmtime", "tokio", "hyper", "aws-lc-rs", "getrandom", "rustls", "reqwest", "regex"] {
        assert!(!guest.contains(name), "the guest must not depend on {name}");
    }
    let both: Vec<_> = all
        .iter()
        .filter(|(_, names)| names.contains("portcullis") && names.contains("portcullis-gate"))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(both, ["portcullis-bench", "portcullis-tests"], "who sees both sides");
}

#[test]
fn paths_in_braces_are_read() {
    assert_eq!(first_names("{a::{b, c}, d::e, Gate};"), ["a", "d", "Gate"]);
    assert_eq!(first_names("session::Found;"), ["session"]);
}
