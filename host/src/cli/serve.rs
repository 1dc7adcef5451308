//! `portcullis serve`: run the gate in front of a server.

use super::exit::{Exit, Stop};
use super::one_liner::OneLiner;
use super::{Global, config_file, out};
use crate::gate::{Gate, GateOptions};
use crate::proxy::{self, LogForm, Overrides, Server, Settings};
use crate::report;
use clap::Args;

/// Run the gate in front of a server.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Listen here [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The server behind
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// Health and readiness here [default: nowhere]
    #[arg(long, value_name = "ADDR")]
    admin: Option<String>,
    #[command(flatten)]
    one_liner: OneLiner,
}

impl Serve {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let overrides = Overrides {
            listen: self.listen,
            admin: self.admin,
            upstream: self.upstream.clone(),
            log: global.quiet.then_some(LogForm::Off),
            ..Overrides::default()
        };
        let options = if self.one_liner.given() {
            if global.config.is_some() {
                return Err(Stop::new(
                    Exit::Usage,
                    "there is a config file and flags that stand for one; use one of the two",
                ));
            }
            let config = self.one_liner.config(self.upstream.as_deref());
            if global.verbose {
                out::note(&format!("the flags stand for this config:\n\n{}", config.text));
            }
            global.options_for(Some(config))
        } else if global.component.is_none() && config_file::find(global.config.as_deref()).is_none() {
            return Err(Stop::new(Exit::Usage, NO_CONFIG));
        } else {
            global.options()?
        };
        serve(global, options, &overrides, |server| {
            let mut text = format!("portcullis is listening on http://{}", server.address);
            if let Some(admin) = server.admin {
                text.push_str(&format!(", health on http://{admin}"));
            }
            out::note(&text);
        })
    }
}

const NO_CONFIG: &str = "there is nothing to serve: no `portcullis.toml` in this folder, and no flags that stand for one\n  \
    with a file:  portcullis serve --config portcullis.toml\n  \
    without one:  portcullis serve --upstream http://127.0.0.1:3000 --issuer https://login.example.org \
    --audience my-app --protect '/admin/**'";

/// Where a server listens.
pub(super) struct Listening {
    pub(super) address: std::net::SocketAddr,
    pub(super) admin: Option<std::net::SocketAddr>,
}

/// Load, listen, say so, and run until a signal.
pub(super) fn serve(
    global: &Global,
    options: GateOptions,
    overrides: &Overrides,
    listening: impl FnOnce(&Listening),
) -> Result<Exit, Stop> {
    let gate = Gate::load(options).map_err(|error| Stop::from_load(error, global.color()))?;
    let findings = &gate.loaded().findings;
    if !findings.is_empty() && !global.quiet {
        out::note(&report::render(gate.config(), findings, global.color()));
    }
    let settings = Settings::new(&gate.loaded().proxy, overrides)
        .map_err(|error| Stop::new(Exit::Findings, format!("{}: {error}", gate.config().name)))?;
    let workers = settings.workers;
    let ran = proxy::run_blocking(workers, async move {
        let gate = std::sync::Arc::new(gate);
        let server =
            Server::bind(settings, std::sync::Arc::clone(&gate)).map_err(|error| Stop::new(Exit::Listen, error))?;
        // Keys are fetched ahead, so that the first visitor need not wait; until then requests fetch for themselves.
        tokio::spawn(async move {
            for url in gate.prefetch().await {
                out::note(&format!(
                    "warning: `{url}` cannot be fetched; sessions that need it are refused until it can"
                ));
            }
        });
        listening(&Listening { address: server.local_addr(), admin: server.admin_addr() });
        server.run(proxy::signals()).await;
        Ok(Exit::Ok)
    });
    ran.map_err(|error| Stop::new(Exit::Component, format!("the system gives no threads: {error}")))?
}
