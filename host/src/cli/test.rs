//! `portcullis test`: run the tests that stand in a config.

use super::exit::{Exit, Stop};
use super::{Global, out};
use crate::contract::{Diagnostic, Label, Severity, TestResult};
use crate::gate::{ConfigSource, Gate};
use crate::report;
use clap::Args;
use serde_json::json;

/// Run the tests that stand in a config.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The config file, as `--config`
    #[arg(value_name = "CONFIG")]
    file: Option<std::path::PathBuf>,
}

impl Test {
    pub(super) fn run(self, global: &Global) -> Result<Exit, Stop> {
        let mut global = global.clone();
        global.config = self.file.or(global.config);
        let mut options = global.options()?;
        options.lenient = true;
        let gate = Gate::load(options).map_err(|error| Stop::from_load(error, global.color()))?;
        let results = gate.test().map_err(|failure| Stop::new(Exit::Component, failure))?;
        let failed = results.iter().filter(|result| !result.passed).count();
        if global.json {
            out::json(&as_json(&results));
        } else {
            print(&global, gate.config(), &results, failed);
        }
        Ok(if failed == 0 { Exit::Ok } else { Exit::Findings })
    }
}

fn print(global: &Global, config: &ConfigSource, results: &[TestResult], failed: usize) {
    for result in results {
        if !global.quiet || !result.passed {
            let rule = result.actual.rsplit_once(" by ").map_or("", |(_, rule)| rule);
            let mark = if result.passed { "ok    " } else { "FAILED" };
            out::data(&format!("{mark} {}  [{rule}]", result.name));
        }
        if !result.passed {
            out::note(&report::render(config, &[finding(result)], global.color()));
            out::note(&format!("\n  how it came about:\n{}", report::render_trace(&result.trace, "    ")));
        }
    }
    if results.is_empty() {
        out::note(&format!("note: `{}` has no `[tests]`", config.name));
    }
    out::data(&format!("{}: {} passed, {failed} failed", config.name, results.len() - failed));
}

/// A failed case, underlined where it stands.
pub(super) fn finding(result: &TestResult) -> Diagnostic {
    Diagnostic {
        code: "test".to_owned(),
        severity: Severity::Error,
        message: format!("expected `{}`, got `{}`", result.expected, result.actual),
        labels: vec![Label { message: "this case".to_owned(), ..result.at.clone() }],
        help: None,
    }
}

fn as_json(results: &[TestResult]) -> serde_json::Value {
    let one = |result: &TestResult| {
        json!({
            "case": result.name, "passed": result.passed, "expected": result.expected, "actual": result.actual,
            "trace": report::trace_json(&result.trace),
        })
    };
    let failed = results.iter().filter(|result| !result.passed).count();
    json!({
        "passed": results.len() - failed,
        "failed": failed,
        "cases": results.iter().map(one).collect::<Vec<_>>(),
    })
}
