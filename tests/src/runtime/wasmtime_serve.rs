//! The 0.2 door in the command line of wasmtime: `wasmtime serve`.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked, tools};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime =
    Runtime { name: "wasmtime-serve", about: "the 0.2 door in `wasmtime serve`", cannot: &[], start };

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let wasmtime = tools::find("WASMTIME", "wasmtime")?;
    let component = baked::component(stage, folder)?;
    let address = group::free();
    let mut command = Command::new(&wasmtime);
    command.args(["serve", "-Scli", "--addr", &address.to_string()]);
    command.arg("--env").arg(format!("{}={}", WEBHOOK_SECRET.0, WEBHOOK_SECRET.1)).arg(component);
    let group = Group::start(command, folder, "wasmtime", address)?;
    Ok(Running {
        front: Front::at(address),
        version: tools::version(&wasmtime, &["--version"]),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}
