//! Foreign programs: found by a variable or in `PATH`, and asked for their version.

use super::Halt;
use crate::process;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program that a variable names, or the one of that name in `PATH`.
pub(super) fn find(variable: &str, name: &str) -> Result<PathBuf, Halt> {
    let missing = |why: String| Err(Halt::Missing(why));
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        return if path.is_file() { Ok(path) } else { missing(format!("there is no file at {variable}")) };
    }
    let found = std::env::var_os("PATH")
        .and_then(|all| std::env::split_paths(&all).map(|folder| folder.join(name)).find(|path| path.is_file()));
    found.map_or_else(|| missing(format!("`{name}` is not installed ({variable} may name it)")), Ok)
}

/// What a program says when asked for its version: the first line that holds a number.
pub(super) fn version(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let said = output.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let line = said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
    line.unwrap_or("version unknown").trim().to_owned()
}

/// Version of our own program.
pub(super) fn portcullis() -> String {
    version(process::program(), &["version"])
}
