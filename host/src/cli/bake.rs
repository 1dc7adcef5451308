//! `portcullis bake`: put a config into a component, so that it needs none.

use super::exit::{Exit, Stop};
use super::test::finding;
use super::{Global, config_file, out};
use crate::gate::{self, ComponentSource, Gate};
use crate::report;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Put a config into a component.
#[derive(Debug, Args)]
pub(super) struct Bake {
    /// The config file, as `--config`
    #[arg(value_name = "CONFIG")]
    file: Option<PathBuf>,
    /// Where to write the component
    #[arg(short, long, value_name = "FILE", default_value = "gate.wasm")]
    output: PathBuf,
}

impl Bake {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let stop = |error| Stop::from_load(error, global.color());
        let config = config_file::read(self.file.as_deref().or(global.config.as_deref()))?;
        let component = global.component().bytes().map_err(stop)?;
        let baked = gate::bake(&component, &config).map_err(stop)?;

        // What is inside is tested as it will run: from the baked bytes, without the file.
        let mut options = global.options_for(None);
        options.component = ComponentSource::Bytes(std::sync::Arc::from(baked.bytes.to_vec()));
        options.lenient = true;
        let gate = Gate::load(options).map_err(stop)?;
        let results = gate.test().map_err(|failure| Stop::new(Exit::Component, failure))?;
        let failed: Vec<_> = results.iter().filter(|result| !result.passed).map(finding).collect();
        if !failed.is_empty() {
            let mut stop = Stop::from_findings(gate.config(), &failed, global.color());
            stop.message.push_str("\nnothing was written: the tests of the config must pass");
            return Err(stop);
        }

        let output = self.output.display();
        std::fs::write(&self.output, &baked.bytes)
            .map_err(|error| Stop::new(Exit::Usage, format!("`{output}` cannot be written: {error}")))?;
        let (rules, size) = (gate.loaded().rules.len(), baked.bytes.len());
        if global.json {
            out::json(&json!({
                "file": output.to_string(), "sha256": baked.sha256, "bytes": size, "rules": rules, "tests": results.len(),
                "findings": report::as_json(&config, &gate.loaded().findings),
            }));
        } else {
            out::data(&format!(
                "{output}\n  sha256  {}\n  size    {size} bytes\n  policy  {} ({rules} rules)\n  tests   {} passed",
                baked.sha256,
                config.name,
                results.len()
            ));
        }
        Ok(Exit::Ok)
    }
}
