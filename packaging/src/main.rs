//! Writes both components into a folder, and prints how large they are and what they hash to.
//!
//! `cargo run --release -p portcullis-packaging --bin components -- dist`

use portcullis_packaging::{GATE, MIDDLEWARE, gzipped};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: components FOLDER");
        return ExitCode::FAILURE;
    };
    let done = write(Path::new(&folder)).and_then(|table| std::io::stdout().write_all(table.as_bytes()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut table = format!("{:<28} {:>10} {:>10}  sha256\n", "component", "bytes", "gzip -9");
    for (name, bytes) in [("portcullis-gate.wasm", GATE), ("portcullis-middleware.wasm", MIDDLEWARE)] {
        std::fs::write(folder.join(name), bytes)?;
        let digest = Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let _ = writeln!(table, "{name:<28} {:>10} {:>10}  {digest}", bytes.len(), gzipped(bytes)?);
    }
    Ok(table)
}
