//! The 0.2 door in Node: `jco serve`.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked, tools};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "jco",
    about: "the 0.2 door in Node.js, by `jco serve`",
    cannot: &[
        ("a slow one holds nobody up", "one request at a time: all others wait while the app takes its time"),
        ("cookie set by a rule", "of several lines of one header in a response only the last one is sent"),
    ],
    start,
};

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let jco = tools::find("JCO", "jco")?;
    let component = baked::component(stage, folder)?;
    let address = group::free();
    let mut command = Command::new(&jco);
    command.arg("serve").arg(component).args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
    command.env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    let group = Group::start(command, folder, "jco", address)?;
    Ok(Running {
        front: Front::at(address),
        version: format!("jco {}", tools::version(&jco, &["--version"])),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}
