//! `portcullis check`: find mistakes in a config.

use super::exit::{Exit, Stop};
use super::{Global, out};
use crate::contract::{Diagnostic, Severity};
use crate::gate::{ConfigSource, Gate, LoadError};
use crate::report;
use clap::Args;
use serde_json::json;

/// Find mistakes in a config.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    /// The config file, as `--config`
    #[arg(value_name = "CONFIG")]
    file: Option<std::path::PathBuf>,
}

impl Check {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let mut global = global.clone();
        global.config = self.file.or(global.config);
        let mut options = global.options()?;
        options.lenient = true;
        let mut undecided = 0;
        let (config, mut findings, counts) = match Gate::load(options) {
            Ok(gate) => {
                let mut findings = gate.loaded().findings.clone();
                match gate.lint() {
                    Ok(linted) => {
                        findings.extend(linted.findings);
                        undecided = linted.undecided;
                    }
                    // The config is fine all the same.
                    Err(failure) => out::note(&format!("warning: the routes were not looked at: {failure}")),
                }
                // Names that are not set here may be set where the gate will run.
                findings.extend(gate.unstarted().iter().cloned().map(as_warning));
                let counts = (gate.loaded().rules.len(), gate.loaded().tests);
                (gate.config().clone(), findings, Some(counts))
            }
            Err(LoadError::Findings { config, findings }) => (config, findings, None),
            Err(error) => return Err(Stop::from_load(error, global.color())),
        };
        let bad = |finding: &Diagnostic| {
            finding.severity == Severity::Error || (self.strict && finding.severity == Severity::Warning)
        };
        let exit = if findings.iter().any(bad) { Exit::Findings } else { Exit::Ok };
        findings.sort_by_key(|finding| finding.labels.first().map(|label| label.start));
        report(&global, &config, &findings, counts, exit);
        if undecided > 0 && !global.json {
            out::note(&format!("{undecided} questions about routes would have taken too long and were not answered"));
        }
        Ok(exit)
    }
}

fn report(global: &Global, config: &ConfigSource, findings: &[Diagnostic], counts: Option<(usize, u32)>, exit: Exit) {
    if global.json {
        out::json(&json!({
            "file": config.name,
            "ok": exit == Exit::Ok,
            "findings": report::as_json(config, findings),
        }));
        return;
    }
    if !findings.is_empty() {
        out::note(&format!("{}\n", report::render(config, findings, global.color())));
    }
    let what = counts.map_or_else(String::new, |(rules, tests)| format!(" ({rules} rules, {tests} tests)"));
    out::data(&format!("{}: {}{what}", config.name, report::summary(findings)));
}

fn as_warning(mut finding: Diagnostic) -> Diagnostic {
    finding.severity = Severity::Warning;
    finding
}
