//! What is shipped: the components hold no local path; every example (and every policy of the raw
//! vectors) loads, its own tests pass, and the schema knows every key of it.

use portcullis::gate::ComponentSource;
use portcullis_tests::{policies, process};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn component() -> Arc<[u8]> {
    ComponentSource::BuiltIn.bytes().unwrap()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn no_local_path_is_inside_a_component() {
    let components = [component(), Arc::from(portcullis_packaging::MIDDLEWARE)];
    let mut words = vec!["/.cargo/".to_owned(), "/.rustup/".to_owned(), workspace().to_string_lossy().into_owned()];
    words
        .extend(["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"].iter().filter_map(|n| std::env::var(n).ok()));
    for word in words.iter().filter(|w| w.len() > 1) {
        // A home of `/root` is also a plausible path of a site; as a path of ours it goes on with `/.`.
        let word = if word.split('/').count() <= 2 { format!("{word}/.") } else { word.clone() };
        for component in &components {
            let found = component.windows(word.len()).any(|bytes| bytes == word.as_bytes());
            assert!(!found, "a component holds `{word}`");
        }
    }
}

fn examples() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![workspace().join("examples"), policies::folder()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".toml") && !["Cargo", "spin"].iter().any(|other| name.starts_with(other))
                || name.starts_with("portcullis.json")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are no examples");
    found
}

#[test]
fn every_example_loads_and_its_own_tests_pass() {
    for example in examples() {
        let path = example.to_str().unwrap();
        for verb in ["check", "test"] {
            let ended = process::run(process::command(&[verb, "--config", path]));
            assert_eq!(ended.code, Some(0), "{verb} {path}\n{}{}", ended.stdout, ended.stderr);
        }
    }
}

#[test]
fn the_schema_knows_every_key_of_every_example() {
    let printed = process::run(process::command(&["schema"]));
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let schema: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for example in examples() {
        let text = std::fs::read_to_string(&example).unwrap();
        let document = document(&example, &text);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}:\n{}", example.display(), errors.join("\n"));
        // The schema must bite: a key that nobody knows is an error at the top and in `[proxy]`.
        for place in ["", "/proxy"] {
            let mut wrong = document.clone();
            if let Some(table) = wrong.pointer_mut(place).and_then(serde_json::Value::as_object_mut) {
                table.insert("no-such-key".to_owned(), serde_json::json!(1));
                assert!(
                    !validator.is_valid(&wrong),
                    "{}: the schema lets `{place}/no-such-key` pass",
                    example.display()
                );
            }
        }
    }
}

fn document(path: &Path, text: &str) -> serde_json::Value {
    if path.extension().is_some_and(|e| e == "toml") {
        let table: toml::Table = text.parse().unwrap();
        serde_json::to_value(table).unwrap()
    } else {
        serde_json::from_str(text).unwrap()
    }
}

/// Configs in pages for readers, made whole as a reader would: `version`, `default` and an upstream in front.
#[test]
fn configs_in_the_pages_on_sessions_load() {
    let docs = workspace().join("docs");
    let mut pages = vec![docs.join("migrating.md"), docs.join("sessions.md"), docs.join("identity.md")];
    pages.extend(std::fs::read_dir(docs.join("sessions")).unwrap().map(|entry| entry.unwrap().path()));
    let mut read = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (number, block) in text.split("```toml\n").skip(1).enumerate() {
            let block = block.split("```").next().unwrap();
            // Keys of the document stand before the first table.
            let top = || block.lines().take_while(|line| !line.starts_with('['));
            let has = |key: &str| top().any(|line| line.split([' ', '=']).next() == Some(key));
            let proxied = block.lines().any(|line| line == "[proxy]") || top().any(|line| line.starts_with("proxy."));
            let mut config = String::new();
            for (written, line) in [
                (has("version"), "version = 1\n"),
                (has("default"), "default = \"public\"\n"),
                (proxied, "proxy.upstream = \"http://127.0.0.1:3000\"\n"),
            ] {
                config.push_str(if written { "" } else { line });
            }
            config.push_str(block);
            let loaded = portcullis_gate::Gate::load(&config, portcullis_gate::config::Format::Toml);
            let findings = loaded.err().unwrap_or_default();
            // A piece about rules may leave the session out: P305 and P448 say that none is configured.
            let piece = !block.contains("[session.");
            let known = |code: &str| piece && matches!(code, "P305" | "P448");
            let errors = findings.iter().filter(|f| f.is_error() && !known(f.code));
            let errors: Vec<_> = errors.map(|f| (f.code, &f.message)).collect();
            assert!(errors.is_empty(), "{}, block {}:\n{config}\n{errors:?}", page.display(), number + 1);
            read += 1;
        }
    }
    assert!(read > 15, "{read} configs");
}
