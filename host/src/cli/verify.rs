//! `portcullis verify`: what is inside a baked component, and do its tests still pass?

use super::exit::{Exit, Stop};
use super::test::finding;
use super::{Global, out};
use crate::clock::{Clock as _, SystemClock};
use crate::contract::{Need, Source};
use crate::gate::{ComponentSource, Examined};
use crate::report;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Show what is inside a baked component, and run its tests again.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The component
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Fail unless its SHA-256 is this
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Print the config that is inside, and nothing else
    #[arg(long)]
    show_config: bool,
}

impl Verify {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let inside = Examined::read(&ComponentSource::File(self.file.clone()))
            .map_err(|error| Stop::from_load(error, global.color()))?;
        if let Some(wanted) = &self.sha256
            && !wanted.eq_ignore_ascii_case(&inside.sha256)
        {
            let file = self.file.display();
            let what = format!("`{file}` is another component: its sha256 is {}, and not {wanted}", inside.sha256);
            return Err(Stop::new(Exit::Component, what));
        }
        if self.show_config {
            out::data(&inside.config.text);
            return Ok(Exit::Ok);
        }
        let Examined { sha256, size, exports, imports, config, loaded, held, results } = inside;
        let now = SystemClock.now();
        let failed: Vec<_> = results.iter().filter(|result| !result.passed).map(finding).collect();
        let passed = results.len() - failed.len();
        if global.json {
            let keys = held.iter().map(|held| {
                json!({ "url": held.url, "bytes": held.body.len(), "fetched": held.fetched, "until": held.until })
            });
            out::json(&json!({
                "file": self.file.display().to_string(), "sha256": sha256, "bytes": size,
                "exports": exports, "imports": imports,
                "revision": format!("{:016x}", loaded.revision), "rules": loaded.rules,
                "needs": loaded.needs.iter().map(name).collect::<Vec<_>>(),
                "keys": keys.collect::<Vec<_>>(), "tests": { "passed": passed, "failed": failed.len() },
            }));
        } else {
            let list = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let mut text = format!(
                "{}\n  sha256    {}\n  size      {} bytes\n  doors     {}\n  revision  {:016x}\n  rules     {}\n  needs     {}",
                self.file.display(),
                sha256,
                size,
                list(exports),
                loaded.revision,
                list(loaded.rules.clone()),
                list(loaded.needs.iter().map(name).collect()),
            );
            for held in &held {
                let hours = (held.until - now).div_euclid(3600);
                let left = if held.until > now { format!("for {hours} h more") } else { "over: not used".to_owned() };
                text.push_str(&format!("\n  keys      {} ({} bytes, {left})", held.url, held.body.len()));
            }
            text.push_str(&format!("\n  tests     {passed} passed, {} failed", failed.len()));
            out::data(&text);
        }
        if failed.is_empty() {
            return Ok(Exit::Ok);
        }
        out::note(&report::render(&config, &failed, global.color()));
        Ok(Exit::Findings)
    }
}

/// By name, as in the config; the value is never inside.
fn name(need: &Need) -> String {
    match &need.source {
        Source::Env(name) => format!("env:{name}"),
        Source::File(path) => format!("file:{path}"),
    }
}
