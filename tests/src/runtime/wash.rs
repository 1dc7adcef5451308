//! The 0.2 door in wasmCloud's runtime crate (`wash-runtime`): a small host of its own, `tests/runtimes/wash-host`, which
//! `tests/runtimes/run` builds.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked, tools};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use crate::wire;
use std::process::Command;
use std::time::{Duration, Instant};

/// A stream would have to leave while the component runs.
const AT_THE_END: &str =
    "a response leaves when the component has ended; until then there is room for a small body only";

pub(super) const RUNTIME: Runtime = Runtime {
    name: "wash",
    about: "the 0.2 door in wasmCloud's `wash-runtime`",
    cannot: &[("download of 1 MiB", AT_THE_END), ("events one by one", AT_THE_END)],
    start,
};

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let host = tools::find("WASH_HOST", "wash-host")?;
    let component = baked::component(stage, folder)?;
    let address = group::free();
    let mut command = Command::new(&host);
    command.arg(component).arg(address.to_string());
    command.arg(format!("{}={}", WEBHOOK_SECRET.0, WEBHOOK_SECRET.1));
    let group = Group::start(command, folder, "wash", address)?;
    // It listens first and compiles then; until that is done it knows nothing at any address.
    let started = Instant::now();
    while wire::get(address, "/", &[]).is_ok_and(|response| response.status == 404) {
        if started.elapsed() > Duration::from_secs(60) {
            return Err(Halt::Failed("the component is not bound to the server".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Running {
        front: Front::at(address),
        version: "wash-runtime 0.1.0".to_owned(),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}
