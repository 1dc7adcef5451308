//! `portcullis bake`: put a config into a component, so that it needs none.

use super::exit::{Exit, Stop};
use super::test::finding;
use super::{Global, config_file, out};
use crate::clock::{Clock as _, SystemClock};
use crate::contract::HeldDocument;
use crate::gate::{self, ComponentSource, ConfigSource, Examined, Gate};
use crate::{proxy, report};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Hours that baked keys are used, if nobody says otherwise: a day, so that a component which is built daily outlives a
/// key that its issuer took back by a day at most.
const KEYS_FOR: u32 = 24;
/// Most hours: 30 days. A component that is never built again must not believe an issuer's old keys for ever.
const MAX_KEYS_FOR: i64 = 30 * 24;

/// Put a config into a component.
#[derive(Debug, Args)]
pub(super) struct Bake {
    /// The config file, as `--config`
    #[arg(value_name = "CONFIG")]
    file: Option<PathBuf>,
    /// Where to write the component
    #[arg(short, long, value_name = "FILE", default_value = "gate.wasm")]
    output: PathBuf,
    /// Fetch the issuers' keys now and put them in, too, for runtimes that remember nothing from request to request
    #[arg(long)]
    with_keys: bool,
    /// Hours for which the keys inside are used without a look at their address, at most 720
    #[arg(long, value_name = "HOURS", default_value_t = KEYS_FOR, requires = "with_keys",
          value_parser = clap::value_parser!(u32).range(1..=MAX_KEYS_FOR))]
    keys_for: u32,
}

impl Bake {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let stop = |error| Stop::from_load(error, global.color());
        let config = config_file::read(self.file.as_deref().or(global.config.as_deref()))?;
        let component = global.component().bytes().map_err(stop)?;
        let keys = if self.with_keys { self.keys(global, &config)? } else { Vec::new() };
        let baked = gate::bake(&component, &config, &keys).map_err(stop)?;

        // What is inside is tested as it will run: from the baked bytes, without the file.
        let inside = Examined::read(&ComponentSource::Bytes(Arc::clone(&baked.bytes))).map_err(stop)?;
        let failed: Vec<_> = inside.results.iter().filter(|result| !result.passed).map(finding).collect();
        if !failed.is_empty() {
            let mut stop = Stop::from_findings(&inside.config, &failed, global.color());
            stop.message.push_str("\nnothing was written: the tests of the config must pass");
            return Err(stop);
        }

        let output = self.output.display();
        std::fs::write(&self.output, &baked.bytes)
            .map_err(|error| Stop::new(Exit::Usage, format!("`{output}` cannot be written: {error}")))?;
        let (rules, size) = (inside.loaded.rules.len(), baked.bytes.len());
        if global.json {
            out::json(&json!({
                "file": output.to_string(), "sha256": baked.sha256, "bytes": size, "rules": rules, "tests": inside.results.len(),
                "keys": keys.iter().map(|held| &held.url).collect::<Vec<_>>(),
                "findings": report::as_json(&config, &inside.loaded.findings),
            }));
        } else {
            let mut text = format!(
                "{output}\n  sha256  {}\n  size    {size} bytes\n  policy  {} ({rules} rules)\n  tests   {} passed",
                baked.sha256,
                config.name,
                inside.results.len()
            );
            for held in &keys {
                text.push_str(&format!("\n  keys    {} for {} h", held.url, self.keys_for));
            }
            out::data(&text);
        }
        Ok(Exit::Ok)
    }

    /// Start the policy with the names of this machine, and fetch every document it asks for.
    fn keys(&self, global: &Global, config: &ConfigSource) -> Result<Vec<HeldDocument>, Stop> {
        // Which keys a policy asks for does not depend on the doors of the component that it is baked into.
        let mut options = global.options_for(Some(config.clone()));
        options.component = ComponentSource::BuiltIn;
        let gate = Gate::load(options).map_err(|error| Stop::from_load(error, global.color()))?;
        let until = SystemClock.now() + i64::from(self.keys_for) * 3600;
        let fetched = proxy::run_blocking(1, async {
            let missing = gate.prefetch().await;
            (missing, gate.documents(until))
        });
        let (missing, keys) =
            fetched.map_err(|error| Stop::new(Exit::Component, format!("the system gives no threads: {error}")))?;
        if !missing.is_empty() {
            let list = missing.iter().map(|url| format!("`{url}`")).collect::<Vec<_>>().join(", ");
            let help = "nothing was written; try again when it can, or bake without `--with-keys`";
            return Err(Stop::new(Exit::Usage, format!("{list} cannot be fetched: {help}")));
        }
        if keys.is_empty() && !global.quiet {
            out::note("note: the policy fetches no keys, so there are none to put in");
        }
        Ok(keys)
    }
}
