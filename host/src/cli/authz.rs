//! `portcullis authz`: answer the questions of a proxy that runs already.

use super::exit::{Exit, Stop};
use super::serve::serve;
use super::{Global, out};
use crate::authz::{Front, Mode};
use crate::clock::SystemClock;
use crate::gate::Gate;
use crate::proxy::settings::{address, network};
use crate::proxy::{BindError, Listen, LogForm, Overrides, Server, Settings};
use clap::Args;
use std::sync::Arc;

/// Beside the 8080 of `serve`, so that both can run.
const LISTEN: &str = "127.0.0.1:9090";

/// Answer the questions of a proxy that runs already (forward auth).
#[derive(Debug, Args)]
pub(super) struct Authz {
    /// Which proxy asks
    #[arg(long)]
    mode: Mode,
    /// Questions over HTTP come here [default: 127.0.0.1:9090, unless `--grpc` is given]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Questions over gRPC come here (Envoy only)
    #[arg(long, value_name = "ADDR")]
    grpc: Option<String>,
    /// Networks from which proxies may ask, besides this machine and `proxy.trusted-proxies`
    #[arg(long, value_name = "CIDR", num_args = 1.., value_delimiter = ',')]
    trusted: Vec<String>,
    /// Health and readiness here [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    admin: Option<String>,
}

impl Authz {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let usage = |error: &dyn std::fmt::Display| Stop::new(Exit::Usage, error.to_string());
        if self.grpc.is_some() && self.mode != Mode::Envoy {
            return Err(usage(&"`--grpc` is for `--mode envoy`; other proxies ask over HTTP"));
        }
        let trusted = self.trusted.iter().map(|text| network(text)).collect::<Result<Vec<_>, _>>();
        let trusted = trusted.map_err(|error| usage(&format_args!("--trusted: {}", error.problem)))?;
        let listen = self.listen.or_else(|| self.grpc.is_none().then(|| LISTEN.to_owned()));
        let at = |which, text: Option<String>| text.map(|text| address(which, &text)).transpose();
        let http = at("--listen", listen).map_err(|error| usage(&error))?;
        let grpc = at("--grpc", self.grpc).map_err(|error| usage(&error))?;

        let http = http.map(|address| Listen { which: "--listen", address, door: Front::http(self.mode, &trusted) });
        let grpc = grpc.map(|address| Listen { which: "--grpc", address, door: Front::grpc(&trusted) });
        let kinds = http.iter().map(|_| "HTTP").chain(grpc.iter().map(|_| "gRPC")).collect::<Vec<_>>();
        let doors = http.into_iter().chain(grpc).collect();
        let overrides = Overrides {
            // The policy's own address is that of `serve`.
            listen: Some(LISTEN.to_owned()),
            admin: self.admin,
            sends_nothing: true,
            log: global.quiet.then_some(LogForm::Off),
            ..Overrides::default()
        };
        let bind = |settings: Settings, gate: Arc<Gate>| -> Result<Server<Arc<Gate>, Front>, BindError> {
            Server::open(doors, settings, gate, Arc::new(SystemClock), Box::new(std::io::stderr()))
        };
        serve(global, global.options()?, &overrides, bind, |server| {
            let places =
                server.addresses().iter().zip(kinds).map(|(address, kind)| format!("http://{address} ({kind})"));
            let mut text = format!("portcullis is listening on {}", places.collect::<Vec<_>>().join(" and "));
            if let Some(admin) = server.admin_addr() {
                text.push_str(&format!(", health on http://{admin}"));
            }
            out::note(&text);
        })
    }
}
