//! Proxies that ask `portcullis authz` about each request: the configs of `examples/authz` with their addresses replaced.

use super::group::{self, Group};
use super::{Halt, Running, tools};
use crate::process::{self, Server};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Ports that the examples have: of the proxy and of the app.
const OWN: &str = "8080";
const APP: &str = "3000";

/// Why proxies that ask over HTTP cannot do some things.
pub(super) const REWRITE: (&str, &str) = ("rewritten page", "forward auth names no other page; the gate refuses (500)");
pub(super) const WEBHOOK: (&str, &str) = ("webhook", "the question has no body; the gate refuses (400)");
pub(super) const WEBHOOK_CHANGED: (&str, &str) =
    ("webhook, changed", "refused like every webhook, with 400 and not 401");
pub(super) const HEADER: (&str, &str) = (
    "header set by a rule",
    "each header of a response needs a line in the config of the proxy; the example has none for this",
);

/// A proxy and its question.
pub(super) struct Asking {
    /// `--mode` of the gate.
    pub(super) mode: &'static str,
    /// The option that makes it listen.
    pub(super) listen: &'static str,
    /// The port that the gate has in the example.
    pub(super) port: &'static str,
    /// The file in `examples/authz`.
    pub(super) example: &'static str,
}

/// Start the gate, and the proxy with what `command` makes of its program, config file and own address.
pub(super) fn start(
    stage: &Stage,
    folder: &Folder,
    asking: &Asking,
    program: &Path,
    version: String,
    command: impl FnOnce(&Path, &Path) -> Command,
) -> Result<Running, Halt> {
    let gate = gate(stage, folder, asking)?;
    let address = group::free();
    let config = example(stage, folder, asking, address, gate.address())?;
    let group = Group::start(command(program, &config), folder, asking.mode, address)?;
    Ok(Running {
        front: Front::at(address),
        version: format!("{version}, {}", tools::portcullis()),
        processes: vec![group.id(), gate.id()],
        _kept: vec![Box::new(group), Box::new(gate)],
    })
}

fn gate(stage: &Stage, folder: &Folder, asking: &Asking) -> Result<Server, Halt> {
    let config = folder.write("portcullis.toml", stage.policy());
    let config = config.to_str().expect("a plain path");
    let mut command =
        process::command(&["authz", "--mode", asking.mode, asking.listen, "127.0.0.1:0", "--config", config]);
    command.current_dir(folder.path()).env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    Server::start(command).map_err(|ended| Halt::Failed(ended.stderr))
}

/// The example for this run: the same file with other ports. Each must be there, or it is not what this knows.
fn example(
    stage: &Stage,
    folder: &Folder,
    asking: &Asking,
    own: SocketAddr,
    gate: SocketAddr,
) -> Result<PathBuf, Halt> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/authz").join(asking.example);
    let mut text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let ports = [(OWN, "{own}", own), (asking.port, "{gate}", gate), (APP, "{app}", stage.app())];
    for (written, mark, _) in ports {
        if !text.contains(written) {
            return Err(Halt::Failed(format!("{} does not hold `{written}`", path.display())));
        }
        text = text.replace(written, mark);
    }
    for (_, mark, real) in ports {
        text = text.replace(mark, &real.port().to_string());
    }
    let name = path.file_name().expect("a file has a name").to_str().expect("a plain name");
    Ok(folder.write(name, text))
}
