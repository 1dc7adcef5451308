//! The commands as users see them: standard output, standard error and exit code together, as files in
//! `tests/snapshots`. `UPDATE_SNAPSHOTS=1` writes them anew; the diff is then for a person to read.

use portcullis_tests::process::{self, Ended};
use portcullis_tests::site::Folder;
use std::path::Path;

const CONFIG: &str = r#"version = 1
default = "public"

[proxy]
upstream = "http://127.0.0.1:3000"

[sign-in]
path = "/signin"
after = "/product"
return-param = "next"

[session.main]
kind = "jwt-cookie"
cookie = "__Host-session"
issuer = "https://login.example.org"
audience = "app"
keys.secret = "env:SESSION_SECRET"

[roles]
admin = { claim = "role", equals = "admin" }

[[route]]
id = "product"
pattern = "/product/:path*"
require = "session"

[[route]]
id = "admin"
glob = "/admin/**"
require = { role = "admin" }

[tests]
cases = [
  "anonymous GET /product/7 => redirect /signin?next=%2Fproduct%2F7 by product",
  "user GET /admin => 403 by admin",
]
"#;

const MISTAKES: &str = r#"version = 1
default = "publik"

[proxy]
upstream = 3000

[[route]]
id = "a"
glob = "/a/(.*)"
requier = "session"

[[route]]
id = "b"
pattern = "/b/(c"
require = { role = "admin" }
"#;

/// Run in a folder with these files, and compare with the snapshot of that name.
fn snapshot(name: &str, files: &[(&str, &str)], arguments: &[&str]) {
    let folder = Folder::new();
    for (file, content) in files {
        folder.write(file, content);
    }
    let mut command = process::command(arguments);
    command.current_dir(folder.path()).env("SESSION_SECRET", "0123456789abcdef0123456789abcdef");
    let ended = process::run(command);
    let shown = show(arguments, &ended, &folder);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &shown).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(kept == shown, "{name} differs from its snapshot\n--- kept\n{kept}\n--- now\n{shown}");
}

/// What varies is replaced: the folder, versions of the build, digests and sizes.
fn show(arguments: &[&str], ended: &Ended, folder: &Folder) -> String {
    let clean = |text: &str| {
        let text = text.replace(folder.path().to_str().unwrap(), "[FOLDER]");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
        let text = replaced(&text, |word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()), "[SHA256]");
        replaced(&text, |word| word.len() > 5 && word.bytes().all(|b| b.is_ascii_digit()), "[BYTES]")
    };
    let code = ended.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let (stdout, stderr) = (clean(&ended.stdout), clean(&ended.stderr));
    format!("$ portcullis {}\nexit code: {code}\n--- stdout\n{stdout}--- stderr\n{stderr}", arguments.join(" "))
}

fn replaced(text: &str, is: impl Fn(&str) -> bool, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        out.push_str(if is(word) { by } else { word });
        let mut chars = tail.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

#[test]
fn check() {
    snapshot("check-good", &[("portcullis.toml", CONFIG)], &["check"]);
    snapshot("check-mistakes", &[("portcullis.toml", MISTAKES)], &["check"]);
    snapshot("check-mistakes-json", &[("portcullis.toml", MISTAKES)], &["check", "--json"]);
    snapshot("check-nothing", &[], &["check"]);
}

#[test]
fn explain() {
    let files = [("portcullis.toml", CONFIG)];
    snapshot("explain-anonymous", &files, &["explain", "GET", "/product/7?tab=a", "--as", "anonymous"]);
    snapshot("explain-forbidden", &files, &["explain", "GET", "/admin/x", "--as", "user"]);
    snapshot("explain-admin-json", &files, &["explain", "GET", "/admin/x", "--as", "user+admin", "--json"]);
    snapshot("explain-refused", &files, &["explain", "GET", "/product/..%2fx", "--as", "user"]);
    snapshot("explain-cookie", &files, &["explain", "GET", "/product", "--cookie", "__Host-session=a.b.c"]);
    snapshot("explain-mismatch", &files, &["explain", "GET", "/", "--as", "anonymous", "--expect", "401"]);
    snapshot("explain-unknown-role", &files, &["explain", "GET", "/", "--as", "user+nobody"]);
}

#[test]
fn test() {
    snapshot("test-good", &[("portcullis.toml", CONFIG)], &["test"]);
    let wrong = CONFIG.replace("403 by admin", "pass by admin");
    snapshot("test-failed", &[("portcullis.toml", &wrong)], &["test"]);
    snapshot("test-failed-json", &[("portcullis.toml", &wrong)], &["test", "--json"]);
}

#[test]
fn bake() {
    snapshot("bake", &[("portcullis.toml", CONFIG)], &["bake", "-o", "my-gate.wasm"]);
    snapshot("bake-mistakes", &[("portcullis.toml", MISTAKES)], &["bake"]);
}

#[test]
fn a_baked_component_needs_no_config_and_holds_no_secret() {
    let folder = Folder::new();
    folder.write("portcullis.toml", CONFIG);
    let run = |arguments: &[&str], secret: &str| {
        let mut command = process::command(arguments);
        command.current_dir(folder.path()).env("SESSION_SECRET", secret);
        process::run(command)
    };
    let secret = "a-secret-that-must-not-be-baked-in-0123456789";
    assert_eq!(run(&["bake", "-o", "my-gate.wasm"], secret).code, Some(0));
    let bytes = std::fs::read(folder.path().join("my-gate.wasm")).unwrap();
    assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "the secret is inside");
    std::fs::remove_file(folder.path().join("portcullis.toml")).unwrap();
    let tested = run(&["test", "--component", "my-gate.wasm"], secret);
    assert_eq!(tested.code, Some(0), "{tested:?}");
    assert!(tested.stdout.contains("2 passed"), "{}", tested.stdout);
}

#[test]
fn version() {
    snapshot("version", &[], &["version"]);
    snapshot("version-json", &[], &["version", "--json"]);
}

#[test]
fn the_schema_is_json_schema() {
    let ended = process::run(process::command(&["schema"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn help_names_every_command() {
    let ended = process::run(process::command(&["--help"]));
    assert_eq!(ended.code, Some(0));
    for verb in ["demo", "serve", "authz", "check", "explain", "test", "bake", "verify", "schema", "version"] {
        assert!(ended.stdout.contains(&format!("  {verb}")), "{verb}: {}", ended.stdout);
    }
}
