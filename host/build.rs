//! Builds the gate component into this program. `PORTCULLIS_COMPONENT` names a ready file to take instead
//! (relative to the workspace).

#[path = "build/component.rs"]
mod component;

use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=PORTCULLIS_COMPONENT");
    println!("cargo::rerun-if-changed=build.rs");
    let path = match std::env::var_os("PORTCULLIS_COMPONENT") {
        None => component::build(&component::Artefact {
            package: "portcullis-gate",
            features: None,
            name: "portcullis-gate",
            sources: &["guest/Cargo.toml", "guest/src", "wire/Cargo.toml", "wire/src"],
        })?,
        Some(file) => {
            let file = component::root()?.join(file);
            println!("cargo::rerun-if-changed={}", file.display());
            file
        }
    };
    println!("cargo::rustc-env=PORTCULLIS_BUILT_IN={}", path.display());
    Ok(())
}
