//! nginx in front, which asks by `auth_request`.

use super::authz::{self, Asking};
use super::{Halt, Running, Runtime, tools};
use crate::scenario::Stage;
use crate::site::Folder;
use std::process::Command;

pub(super) const RUNTIME: Runtime = Runtime {
    name: "nginx",
    about: "nginx in front, which asks `portcullis authz --mode nginx` (`auth_request`)",
    cannot: &[],
    start,
};

const ASKING: Asking = Asking { mode: "nginx", listen: "--listen", port: "9090", example: "nginx/nginx.conf" };

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let nginx = tools::find("NGINX", "nginx")?;
    let version = tools::version(&nginx, &["-v"]);
    authz::start(stage, folder, &ASKING, &nginx, version, |program, config| {
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(config);
        command.args(["-e", "stderr", "-g", "daemon off; pid nginx.pid;"]);
        command
    })
}
