//! Bad input: what is said, where it points, what to do, the exit code; and that nothing ever listens.

use portcullis_tests::process::{self, Ended, Server};
use portcullis_tests::site::{self, Folder};
use portcullis_tests::wire;
use std::process::Command;

/// Serve a config that must be refused; gives what was said.
fn refused(folder: &Folder, config: &str) -> Ended {
    ended(site::serve(folder, &folder.write("portcullis.toml", config)))
}

fn ended(command: Command) -> Ended {
    match Server::start(command) {
        Ok(server) => panic!("it listens: {}", server.log()),
        Err(ended) => {
            assert!(ended.code.is_some_and(|code| code != 0), "{ended:?}");
            assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
            ended
        }
    }
}

/// Everything in `words` is said.
fn says(ended: &Ended, words: &[&str]) {
    for word in words {
        assert!(ended.stderr.contains(word), "`{word}` is not said:\n{}", ended.stderr);
    }
}

const GOOD: &str =
    "version = 1\ndefault = \"public\"\n[proxy]\nlisten = \"127.0.0.1:0\"\nupstream = \"http://127.0.0.1:9\"\n";

#[test]
fn a_missing_config_is_named() {
    let folder = Folder::new();
    let said = ended(site::serve(&folder, &folder.path().join("nowhere.toml")));
    says(&said, &["nowhere.toml"]);
}

#[test]
fn an_empty_config_says_what_the_smallest_one_is() {
    says(&refused(&Folder::new(), ""), &["portcullis.toml", "empty", "version = 1"]);
}

#[test]
fn a_half_written_config_points_at_the_place() {
    let said = refused(&Folder::new(), &format!("{GOOD}[[route]]\nid = \"x\"\nglob = [\"/a\","));
    says(&said, &["portcullis.toml:8"]);
}

#[test]
fn a_value_of_the_wrong_kind_is_underlined() {
    let said = refused(&Folder::new(), &GOOD.replace("\"http://127.0.0.1:9\"", "3000"));
    says(&said, &["portcullis.toml:5", "upstream", "^"]);
}

#[test]
fn an_unknown_key_is_an_error_with_a_guess() {
    let said = refused(&Folder::new(), &GOOD.replace("upstream", "upstreem"));
    says(&said, &["upstreem", "`upstream`", "portcullis.toml:5"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let config = format!(
        "{GOOD}[[route]]\nglob = \"/a\"\nrequire = \"sesion\"\n[[route]]\nglbo = \"/b\"\nrequire = \"public\"\n"
    );
    says(&refused(&Folder::new(), &config), &["sesion", "glbo"]);
}

#[test]
fn a_pattern_that_does_not_compile_is_underlined() {
    let config = format!("{GOOD}[[route]]\npattern = \"/a/(b\"\nrequire = \"public\"\n");
    says(&refused(&Folder::new(), &config), &["/a/(b", "portcullis.toml:7", "^"]);
}

#[test]
fn a_secret_that_is_not_set_is_named_and_its_place_shown() {
    let config = format!(
        "{GOOD}[session.main]\nkind = \"jwt-cookie\"\ncookie = \"s\"\nissuer = \"i\"\naudience = \"a\"\nkeys.secret = \"env:NO_SUCH_SECRET\"\n\
         [[route]]\nglob = \"/a\"\nrequire = \"session\"\n"
    );
    says(&refused(&Folder::new(), &config), &["NO_SUCH_SECRET", "portcullis.toml:11"]);
}

#[test]
fn a_secret_written_out_is_refused_and_never_said_back() {
    let config = format!(
        "{GOOD}[session.main]\nkind = \"jwt-cookie\"\ncookie = \"s\"\nissuer = \"i\"\naudience = \"a\"\nkeys.secret = \"hunter2-hunter2-hunter2-hunter2\"\n"
    );
    let said = refused(&Folder::new(), &config);
    says(&said, &["env:"]);
    // The line itself may be shown, it is the user's own file; the log line about it may not repeat the value.
    assert!(said.stderr.matches("hunter2-hunter2-hunter2-hunter2").count() <= 1, "{}", said.stderr);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refused(&Folder::new(), &GOOD.replace("127.0.0.1:0", &address));
    says(&said, &[&address]);
}

fn with_component(bytes: &[u8]) -> Ended {
    let folder = Folder::new();
    let component = folder.write("gate.wasm", bytes);
    let config = folder.write("portcullis.toml", GOOD);
    let mut command = site::serve(&folder, &config);
    command.arg("--component").arg(component);
    ended(command)
}

#[test]
fn a_corrupt_component_is_named() {
    says(&with_component(b"no component at all"), &["gate.wasm"]);
    let whole = portcullis::gate::ComponentSource::BuiltIn.bytes().unwrap();
    says(&with_component(&whole[..whole.len() / 2]), &["gate.wasm"]);
}

#[test]
fn a_component_of_another_world_says_what_is_missing() {
    // The smallest component: no imports, no exports (component-model Binary.md: magic, version 0d, layer 1).
    says(&with_component(b"\0asm\x0d\0\x01\0"), &["gate.wasm", "portcullis:gate"]);
}

#[test]
fn a_core_module_is_no_component() {
    says(&with_component(b"\0asm\x01\0\0\0"), &["gate.wasm"]);
}

#[test]
fn an_unknown_command_and_an_unknown_flag_end_with_usage() {
    for arguments in [&["frobnicate"][..], &["serve", "--frobnicate"]] {
        let ended = process::run(process::command(arguments));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stdout.is_empty() && ended.stderr.contains("frobnicate"), "{ended:?}");
    }
}

#[test]
fn a_good_config_listens_after_all() {
    // What the tests above change one thing about.
    let folder = Folder::new();
    let server = Server::start(site::serve(&folder, &folder.write("portcullis.toml", GOOD))).unwrap();
    assert_eq!(wire::get(server.address(), "/", &[]).unwrap().status, 502, "nothing is behind it");
}
