//! Builds the second artefact: the gate as a middleware of WASI 0.3. The first one is the host's to build.

#[path = "../host/build/component.rs"]
mod component;

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    let middleware = component::build(&component::Artefact {
        package: "portcullis-gate",
        features: Some("http03"),
        name: "portcullis-middleware",
        sources: &["guest/Cargo.toml", "guest/src", "wire/Cargo.toml", "wire/src"],
    });
    match middleware {
        Ok(path) => {
            println!("cargo::rustc-env=PORTCULLIS_MIDDLEWARE={}", path.display());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
