//! Builds the component that misbehaves, the same way as the gate itself.
#![expect(clippy::print_stdout, reason = "cargo reads what a build script prints")]

#[path = "../host/build/component.rs"]
mod component;

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    match component::build("portcullis-faulty", &["tests/faulty"]) {
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
