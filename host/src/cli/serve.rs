//! `portcullis serve`: run the gate in front of a server.

use super::exit::{Exit, Stop};
use super::one_liner::OneLiner;
use super::{Global, config_file, out};
use crate::contract::ProxySettings;
use crate::gate::{Gate, GateOptions};
use crate::proxy::{self, BindError, Door, LogForm, Overrides, Server, Settings};
use crate::report;
use clap::Args;
use std::net::SocketAddr;
use std::sync::Arc;

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
        serve(
            global,
            options,
            &overrides,
            |settings, gate| proxy_for(global, settings, gate),
            |server| {
                let mut text = format!("portcullis is listening on http://{}", server.local_addr());
                if let Some(admin) = server.admin_addr() {
                    text.push_str(&format!(", health on http://{admin}"));
                }
                out::note(&text);
            },
        )
    }
}

const NO_CONFIG: &str = "there is nothing to serve: no `portcullis.toml` in this folder, and no flags that stand for one\n  \
    with a file:  portcullis serve --config portcullis.toml\n  \
    without one:  portcullis serve --upstream http://127.0.0.1:3000 --issuer https://login.example.org \
    --audience my-app --protect '/admin/**'";

/// Listen as a reverse proxy.
pub(super) fn proxy_for(global: &Global, settings: Settings, gate: Arc<Gate>) -> Result<Server<Arc<Gate>>, BindError> {
    if let Some(warning) = widened(&gate.loaded().proxy, settings.listen).filter(|_| !global.quiet) {
        out::note(&warning);
    }
    Server::bind(settings, gate)
}

/// Load, listen, say so, and run until a signal.
pub(super) fn serve<D: Door<Arc<Gate>>>(
    global: &Global,
    options: GateOptions,
    overrides: &Overrides,
    bind: impl FnOnce(Settings, Arc<Gate>) -> Result<Server<Arc<Gate>, D>, BindError>,
    listening: impl FnOnce(&Server<Arc<Gate>, D>),
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
        let gate = Arc::new(gate);
        let server = bind(settings, Arc::clone(&gate)).map_err(|error| Stop::new(Exit::Listen, error))?;
        // Keys are fetched ahead, so that the first visitor need not wait; until then requests fetch for themselves.
        tokio::spawn(async move {
            for url in gate.prefetch().await {
                out::note(&format!(
                    "warning: `{url}` cannot be fetched; sessions that need it are refused until it can"
                ));
            }
        });
        listening(&server);
        server.run(proxy::signals()).await;
        Ok(Exit::Ok)
    });
    ran.map_err(|error| Stop::new(Exit::Component, format!("the system gives no threads: {error}")))?
}

/// A policy that was written for this machine alone believes the Host header; the command line may open it to others.
fn widened(policy: &ProxySettings, listen: SocketAddr) -> Option<String> {
    let written: SocketAddr = policy.listen.as_deref()?.parse().ok()?;
    let widened = written.ip().is_loopback() && !listen.ip().is_loopback() && policy.public_origin.is_none();
    widened.then(|| {
        format!(
            "warning: `--listen {listen}` is open to other machines, and `proxy.listen` is not: where this site is, is taken from \
             the Host header all the same (`trust-host` of sessions); write `public-origin`, or the address as `proxy.listen`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::tests::policy_settings;

    #[test]
    fn a_policy_for_this_machine_is_not_opened_in_silence() {
        let warned = |written: Option<&str>, origin: Option<&str>, listen: &str| {
            let policy = ProxySettings {
                listen: written.map(str::to_owned),
                public_origin: origin.map(str::to_owned),
                ..policy_settings("http://127.0.0.1:1")
            };
            widened(&policy, listen.parse().unwrap()).is_some()
        };
        assert!(warned(Some("127.0.0.1:8080"), None, "0.0.0.0:8080"));
        assert!(warned(Some("[::1]:8080"), None, "192.0.2.1:80"));
        assert!(!warned(Some("127.0.0.1:8080"), None, "127.0.0.1:9090"));
        assert!(!warned(Some("0.0.0.0:8080"), None, "0.0.0.0:9090"));
        assert!(!warned(None, None, "0.0.0.0:8080"));
        assert!(!warned(Some("127.0.0.1:8080"), Some("https://app.example"), "0.0.0.0:8080"));
    }
}
