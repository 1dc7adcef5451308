//! Envoy in front, which asks by `ext_authz`: over HTTP, or over gRPC.

use super::authz::{self, Asking};
use super::{Halt, Running, Runtime, tools};
use crate::scenario::Stage;
use crate::site::Folder;
use std::process::Command;

pub(super) const HTTP: Runtime = Runtime {
    name: "envoy-http",
    about: "Envoy in front, which asks `portcullis authz --mode envoy --listen` (`ext_authz` over HTTP)",
    cannot: &[
        ("rewritten page", "forward auth over HTTP names no other page; the gate refuses, which Envoy makes 403"),
        ("no cache for a session", "`Cache-Control` is added to that of the app; the stricter word counts"),
        authz::HEADER,
    ],
    start: |stage, folder| start(stage, folder, "--listen", "9090", "envoy/envoy-http.yaml"),
};

pub(super) const GRPC: Runtime = Runtime {
    name: "envoy-grpc",
    about: "Envoy in front, which asks `portcullis authz --mode envoy --grpc` (`ext_authz` over gRPC)",
    cannot: &[],
    start: |stage, folder| start(stage, folder, "--grpc", "9091", "envoy/envoy.yaml"),
};

fn start(
    stage: &Stage,
    folder: &Folder,
    listen: &'static str,
    port: &'static str,
    example: &'static str,
) -> Result<Running, Halt> {
    let envoy = tools::find("ENVOY", "envoy")?;
    let version = tools::version(&envoy, &["--version"]);
    let version = format!("Envoy {}", version.rsplit(' ').next().and_then(|v| v.split('/').nth(1)).unwrap_or(&version));
    let asking = Asking { mode: "envoy", listen, port, example };
    authz::start(stage, folder, &asking, &envoy, version, |program, config| {
        let mut command = Command::new(program);
        command
            .args(["--use-dynamic-base-id", "--log-level", "warn", "--concurrency", "2", "--config-path"])
            .arg(config);
        command
    })
}
