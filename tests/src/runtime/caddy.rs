//! Caddy in front, which asks by `forward_auth`.

use super::authz::{self, Asking};
use super::{Halt, Running, Runtime, tools};
use crate::scenario::Stage;
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "caddy",
    about: "Caddy in front, which asks `portcullis authz --mode caddy` (`forward_auth`)",
    cannot: &[authz::REWRITE, authz::WEBHOOK, authz::WEBHOOK_CHANGED, authz::HEADER],
    start,
};

const ASKING: Asking = Asking { mode: "caddy", listen: "--listen", port: "9090", example: "caddy/Caddyfile" };

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let caddy = tools::find("CADDY", "caddy")?;
    let version = format!("Caddy {}", tools::version(&caddy, &["version"]));
    authz::start(stage, folder, &ASKING, &caddy, version, |program, config| {
        let mut command = Command::new(program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
        // Caddy keeps its state in the home folder.
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        command
    })
}
