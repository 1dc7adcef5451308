//! The component with the policy of a stage in it, as a user would make it: `portcullis bake`.

use super::Halt;
use crate::process;
use crate::scenario::{Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::path::{Path, PathBuf};

/// Bake the policy of a stage into the component of the program.
pub(super) fn component(stage: &Stage, folder: &Folder) -> Result<PathBuf, Halt> {
    component_of(stage, folder, None)
}

/// Bake it into another component.
pub(super) fn component_of(stage: &Stage, folder: &Folder, other: Option<&Path>) -> Result<PathBuf, Halt> {
    let config = folder.write("portcullis.toml", stage.policy());
    let output = folder.path().join("gate.wasm");
    let mut command = process::command(&["bake"]);
    command.arg(config).arg("--output").arg(&output).env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    if let Some(other) = other {
        command.arg("--component").arg(other);
    }
    let ended = process::run(command);
    if ended.code == Some(0) { Ok(output) } else { Err(Halt::Failed(ended.stderr)) }
}
