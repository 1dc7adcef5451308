//! Components with something inside: what `bake` puts there, what `verify` says of it.

use portcullis_packaging::{GATE, MIDDLEWARE, gzipped};
use portcullis_tests::process::{self, Ended};
use portcullis_tests::sign::Signer;
use portcullis_tests::site::Folder;
use portcullis_tests::upstream::Upstream;
use std::io::Write as _;

/// A policy whose keys are at `url`.
fn config(url: &str) -> String {
    format!(
        r#"version = 1
default = "public"
proxy.upstream = "http://127.0.0.1:3000"
sign-in = {{ path = "/signin", return-param = "next" }}
session.main = {{ kind = "jwt-cookie", cookie = "session", issuer = "https://issuer.example.test", audience = "app", keys.jwks-url = "{url}" }}
route = [{{ id = "product", pattern = "/product(.*)", require = "session" }}]
tests.cases = ["anonymous GET /product => redirect /signin?next=%2Fproduct by product"]
"#
    )
}

fn issuer(body: String) -> Upstream {
    Upstream::with(move |_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    })
}

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    let mut command = process::command(arguments);
    command.current_dir(folder.path());
    process::run(command)
}

fn verified(folder: &Folder, file: &str) -> serde_json::Value {
    let ended = run(folder, &["verify", file, "--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn keys_are_put_in_with_an_end() {
    let (folder, signer) = (Folder::new(), Signer::new());
    let issuer = issuer(signer.jwks().to_string());
    let url = format!("http://{}/keys", issuer.address());
    folder.write("portcullis.toml", config(&url));
    let plain = run(&folder, &["bake", "-o", "plain.wasm"]);
    assert_eq!(plain.code, Some(0), "{plain:?}");
    assert_eq!(issuer.take().len(), 0, "nothing is fetched that nobody asked for");
    assert_eq!(verified(&folder, "plain.wasm")["keys"], serde_json::json!([]));

    let baked = run(&folder, &["bake", "--with-keys", "--keys-for", "48", "-o", "keys.wasm"]);
    assert_eq!(baked.code, Some(0), "{baked:?}");
    assert!(baked.stdout.contains(&format!("keys    {url} for 48 h")), "{}", baked.stdout);
    let inside = verified(&folder, "keys.wasm");
    assert_eq!(inside["keys"][0]["url"], url);
    let (fetched, until) =
        (inside["keys"][0]["fetched"].as_i64().unwrap(), inside["keys"][0]["until"].as_i64().unwrap());
    assert!((48 * 3600..48 * 3600 + 60).contains(&(until - fetched)));
    assert_eq!(inside["tests"], serde_json::json!({ "passed": 1, "failed": 0 }));
    // The public key is inside, as it was sent.
    let bytes = std::fs::read(folder.path().join("keys.wasm")).unwrap();
    let set = signer.jwks().to_string();
    assert!(bytes.windows(set.len()).any(|window| window == set.as_bytes()));
}

#[test]
fn keys_that_cannot_be_had_are_not_left_out_in_silence() {
    let folder = Folder::new();
    let useless = issuer("<html>".to_owned());
    folder.write("portcullis.toml", config(&format!("http://{}/keys", useless.address())));
    let ended = run(&folder, &["bake", "--with-keys"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("cannot be fetched") && ended.stderr.contains("nothing was written"),
        "{}",
        ended.stderr
    );
    assert!(!folder.path().join("gate.wasm").exists());
    for hours in ["0", "721"] {
        let ended = run(&folder, &["bake", "--with-keys", "--keys-for", hours]);
        assert_eq!(ended.code, Some(2), "{hours}: {ended:?}");
    }
}

#[test]
fn verify_tells_one_component_from_another() {
    let folder = Folder::new();
    folder.write("portcullis.toml", config("https://issuer.example.test/keys"));
    assert_eq!(run(&folder, &["bake"]).code, Some(0));
    let inside = verified(&folder, "gate.wasm");
    let digest = inside["sha256"].as_str().unwrap();
    assert_eq!(run(&folder, &["verify", "gate.wasm", "--sha256", digest]).code, Some(0));
    let other = run(&folder, &["verify", "gate.wasm", "--sha256", &"0".repeat(64)]);
    assert_eq!(other.code, Some(4), "{other:?}");
    assert!(other.stderr.contains(digest), "{}", other.stderr);
    // What is inside is the text that was put there.
    let shown = run(&folder, &["verify", "gate.wasm", "--show-config"]);
    assert_eq!(shown.stdout, config("https://issuer.example.test/keys"));
    // A file that was tampered with, and one with nothing inside.
    let mut bytes = std::fs::read(folder.path().join("gate.wasm")).unwrap();
    bytes.truncate(bytes.len() / 2);
    folder.write("half.wasm", bytes);
    folder.write("empty.wasm", GATE);
    for file in ["half.wasm", "empty.wasm", "nowhere.wasm"] {
        let ended = run(&folder, &["verify", file]);
        assert_eq!(ended.code, Some(4), "{file}: {ended:?}");
    }
}

#[test]
fn verify_runs_the_tests_again() {
    // `bake` refuses a config whose tests fail; a stock tool does not, so `verify` must see it.
    let folder = Folder::new();
    let wrong = config("https://issuer.example.test/keys").replace("redirect /signin", "redirect /login");
    let source = portcullis::gate::ConfigSource {
        name: "portcullis.toml".to_owned(),
        text: wrong,
        format: portcullis::contract::ConfigFormat::Toml,
        folder: folder.path().to_owned(),
    };
    folder.write("gate.wasm", portcullis::gate::bake(GATE, &source, &[]).unwrap().bytes);
    let ended = run(&folder, &["verify", "gate.wasm"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("0 passed, 1 failed") && ended.stderr.contains("redirect /login"), "{ended:?}");
}

#[test]
fn both_artefacts_have_their_doors_and_stay_small() {
    let folder = Folder::new();
    folder.write("portcullis.toml", config("https://issuer.example.test/keys"));
    for (bytes, door) in [(GATE, "wasi:http/incoming-handler@0.2"), (MIDDLEWARE, "wasi:http/handler@0.3")] {
        folder.write("plain.wasm", bytes);
        let ended = run(&folder, &["bake", "--component", "plain.wasm", "-o", "baked.wasm"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let inside = verified(&folder, "baked.wasm");
        let names = |key: &str| {
            inside[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(names("exports").iter().any(|name| name.starts_with(door)), "{inside}");
        assert!(names("exports").iter().any(|name| name == "portcullis:gate/decider@0.1.0"), "{inside}");
        let is_middleware = names("imports").iter().any(|name| name.starts_with("wasi:http/handler@0.3"));
        assert_eq!(is_middleware, bytes == MIDDLEWARE);
        assert_eq!(inside["tests"]["passed"], 1);
        let packed = gzipped(bytes).unwrap();
        println!("{door}: {} bytes, {packed} gzipped", bytes.len());
        assert!(packed < 1 << 20, "{packed} bytes");
    }
}

/// With the command line of wasmtime, where there is one (`WASMTIME`, or `wasmtime` in PATH; version 48). What cannot be run
/// is said, and `tests/runtimes/run wasmtime-serve` brings it.
#[test]
fn the_stock_command_bakes_the_same_bytes() {
    let program = std::env::var_os("WASMTIME").unwrap_or_else(|| "wasmtime".into());
    if std::process::Command::new(&program).arg("--version").output().is_err() {
        eprintln!("bake: the stock command: NOT RUN: there is no wasmtime; WASMTIME names one");
        return;
    }
    let folder = Folder::new();
    let text = config("https://issuer.example.test/keys");
    folder.write("portcullis.toml", &text);
    folder.write("plain.wasm", GATE);
    assert_eq!(run(&folder, &["bake", "-o", "ours.wasm"]).code, Some(0));
    let load = format!("load({}, toml)", serde_json::Value::from(text));
    let baked = std::process::Command::new(program)
        .current_dir(folder.path())
        .args([
            "wizer",
            "-S",
            "cli",
            "-S",
            "http",
            "--keep-init-func=true",
            "-f",
            &load,
            "plain.wasm",
            "-o",
            "stock.wasm",
        ])
        .output()
        .unwrap();
    assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
    assert!(baked.stdout.starts_with(b"ok("), "{}", String::from_utf8_lossy(&baked.stdout));
    let read = |file: &str| std::fs::read(folder.path().join(file)).unwrap();
    assert!(read("stock.wasm") == read("ours.wasm"), "the stock command bakes other bytes");
}
