//! `portcullis demo`: everything in one process, to look at.

use super::exit::{Exit, Stop};
use super::serve::{proxy_for, serve};
use super::{Global, config_file, out};
use crate::contract::ConfigFormat;
use crate::demo::{Demo as App, POLICY};
use crate::gate::ConfigSource;
use crate::proxy::{self, LogForm, Overrides};
use clap::Args;

/// Try the gate in front of a built-in app.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Listen here [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Another server behind, instead of the built-in app
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
}

impl Demo {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let failed = |error: std::io::Error| Stop::new(Exit::Listen, format!("the demo app cannot start: {error}"));
        let config = match &global.config {
            Some(path) => config_file::read_file(path)?,
            None => ConfigSource {
                name: "examples/demo/portcullis.toml (built in)".to_owned(),
                text: POLICY.to_owned(),
                format: ConfigFormat::Toml,
                folder: ".".into(),
            },
        };
        // The app has a thread of its own: it is somebody else's server.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("demo app".to_owned())
            .spawn(move || {
                let _ = proxy::run_blocking(1, async move {
                    let app = App::start().await;
                    let facts = app.as_ref().map(|app| (app.addr(), app.issuer())).map_err(|error| error.kind());
                    let _ = tell.send(facts);
                    if app.is_ok() {
                        std::future::pending::<()>().await;
                    }
                });
            })
            .map_err(failed)?;
        let (app, issuer) = told
            .recv()
            .map_err(|_| failed(std::io::Error::other("its thread ended")))?
            .map_err(|kind| failed(kind.into()))?;

        let mut options = global.options_for(Some(config));
        let mut env: Vec<(String, String)> = std::env::vars().collect();
        env.push(("DEMO_ISSUER".to_owned(), issuer));
        options.env = Some(env);
        let log = if global.quiet {
            LogForm::Off
        } else if global.json {
            LogForm::Json
        } else {
            LogForm::Pretty
        };
        let overrides = Overrides {
            listen: self.listen,
            upstream: Some(self.upstream.unwrap_or_else(|| format!("http://{app}"))),
            log: Some(log),
            ..Overrides::default()
        };
        let bind = |settings, gate| proxy_for(global, settings, gate);
        serve(global, options, &overrides, bind, |server| out::note(&welcome(server.local_addr())))
    }
}

fn welcome(address: std::net::SocketAddr) -> String {
    let at = format!("http://{address}");
    format!(
        "\nPortcullis is listening on {at}\n\n  \
         in a browser   open {at}/product, sign in with any name\n  \
         as a visitor   curl -i -H 'accept: text/html' {at}/product\n  \
         as a script    curl -i {at}/api/items\n  \
         in disguise    curl -i {at}/%2570roduct\n\n\
         Each decision, as it is made (Ctrl-C ends):\n"
    )
}
