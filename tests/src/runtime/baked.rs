//! The component with the policy of a stage in it, as a user would make it: `portcullis bake`.

use super::Halt;
use crate::process;
use crate::scenario::{Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::path::PathBuf;

/// Bake the policy of a stage into the component.
pub(super) fn component(stage: &Stage, folder: &Folder) -> Result<PathBuf, Halt> {
    let config = folder.write("portcullis.toml", stage.policy());
    let output = folder.path().join("gate.wasm");
    let path = |path: &PathBuf| path.to_str().expect("a plain path").to_owned();
    let mut command = process::command(&["bake", &path(&config), "--output", &path(&output)]);
    command.env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    let ended = process::run(command);
    if ended.code == Some(0) { Ok(output) } else { Err(Halt::Failed(ended.stderr)) }
}
