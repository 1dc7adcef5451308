//! nginx in front, which asks by `auth_request`.

use super::authz::{self, Asking};
use super::{Halt, Running, Runtime, tools};
use crate::scenario::Stage;
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "nginx",
    about: "nginx in front, which asks `portcullis authz --mode nginx` (`auth_request`)",
    cannot: &[
        ("fetch without session", "a refusal has status and headers of the gate, and a page of nginx"),
        authz::REWRITE,
        authz::WEBHOOK,
        authz::WEBHOOK_CHANGED,
        authz::HEADER,
    ],
    start,
};

const ASKING: Asking = Asking { mode: "nginx", listen: "--listen", port: "9090", example: "nginx/nginx.conf" };

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let nginx = tools::find("NGINX", "nginx")?;
    let version = tools::version(&nginx, &["-v"]).replace("nginx version: nginx/", "nginx ");
    authz::start(stage, folder, &ASKING, &nginx, version, |program, config| {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(config);
        command.args(["-e", "stderr", "-g", "daemon off; pid nginx.pid;"]);
        command
    })
}
