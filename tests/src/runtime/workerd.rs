//! The decider in workerd, the open part of Cloudflare Workers: the component transpiled to JavaScript, in the shell of
//! `examples/workerd`.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked, tools};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::path::Path;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "workerd",
    about: "the decider, transpiled by `jco`, in the worker of `examples/workerd`",
    cannot: &[],
    start,
};

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let (jco, workerd) = (tools::find("JCO", "jco")?, tools::find("WORKERD", "workerd")?);
    let component = baked::component(stage, folder)?;
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workerd/build");
    let worker = folder.path().join("worker");
    let built = Command::new(build).env("JCO", &jco).arg(component).arg(&worker).arg(WEBHOOK_SECRET.0).output();
    let built = built.map_err(|e| format!("the worker cannot be built: {e}"))?;
    if !built.status.success() {
        return Err(Halt::Failed(String::from_utf8_lossy(&built.stderr).into_owned()));
    }
    let address = group::free();
    let mut command = Command::new(&workerd);
    command.arg("serve").arg(worker.join("config.capnp")).arg("--socket-addr").arg(format!("http={address}"));
    command.env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    let group = Group::start(command, folder, "workerd", address)?;
    Ok(Running {
        front: Front::at(address),
        version: format!("{}, jco {}", tools::version(&workerd, &["--version"]), tools::version(&jco, &["--version"])),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}
