//! Builds the component that misbehaves, the same way as the gate itself.

#[path = "../host/build/component.rs"]
mod component;

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    match component::build(&component::Artefact {
        package: "portcullis-faulty",
        features: None,
        name: "portcullis-faulty",
        sources: &["tests/faulty"],
    }) {
        Ok(path) => {
            println!("cargo::rustc-env=PORTCULLIS_FAULTY={}", path.display());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
