//! The 0.3 door, a middleware: plugged onto a small component that sends requests on (`tests/runtimes/onward`), and served
//! by `wasmtime serve`. `tests/runtimes/run` builds that component.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked, tools};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "p3",
    about: "the 0.3 door, a middleware, plugged onto an app by `wac plug`, in `wasmtime serve`",
    cannot: &[],
    start,
};

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let (wasmtime, wac) = (tools::find("WASMTIME", "wasmtime")?, tools::find("WAC", "wac")?);
    let onward = tools::find("ONWARD", "onward.wasm")?;
    let middleware = folder.write("middleware.wasm", portcullis_packaging::MIDDLEWARE);
    let gate = baked::component_of(stage, folder, Some(&middleware))?;
    let whole = folder.path().join("whole.wasm");
    let plugged = Command::new(&wac).arg("plug").arg(gate).arg("--plug").arg(onward).arg("-o").arg(&whole).output();
    let plugged = plugged.map_err(|e| format!("wac: {e}"))?;
    if !plugged.status.success() {
        return Err(Halt::Failed(String::from_utf8_lossy(&plugged.stderr).into_owned()));
    }
    let address = group::free();
    let mut command = Command::new(&wasmtime);
    command.args(["serve", "-Scli", "--addr", &address.to_string()]);
    // `wasmtime serve` tells a 0.3 component no host when the first line of a request has none.
    let (app, host) = (stage.app().to_string(), address.to_string());
    for (name, value) in [(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1), ("APP", &app), ("PORTCULLIS_HOST", &host)] {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    command.arg(whole);
    let group = Group::start(command, folder, "p3", address)?;
    Ok(Running {
        front: Front::at(address),
        version: format!("{}, {}", tools::version(&wasmtime, &["--version"]), tools::version(&wac, &["--version"])),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}
