//! Our own host: `portcullis serve`.

use super::{Halt, Running, Runtime};
use crate::process::Server;
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::{self, Folder};

pub(super) const RUNTIME: Runtime =
    Runtime { name: "host", about: "`portcullis serve`, the reverse proxy of the project", cannot: &[], start };

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let config = folder.write("portcullis.toml", stage.policy());
    let mut command = site::serve(folder, &config);
    command.env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    let server = Server::start(command).map_err(|ended| ended.stderr)?;
    Ok(Running {
        front: Front::at(server.address()),
        version: super::tools::portcullis(),
        processes: vec![server.id()],
        _kept: vec![Box::new(server)],
    })
}
