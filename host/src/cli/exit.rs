//! Exit codes and the one way a command fails.

use crate::gate::{ConfigSource, LoadError};
use crate::report;
use std::process::ExitCode;

/// How the program ends. The numbers are part of its interface; see `docs/cli.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and all is well.
    Ok = 0,
    /// The config has mistakes, or a test of it failed.
    Findings = 1,
    /// The command line cannot be understood (clap's own code), or a file it names cannot be read or written.
    Usage = 2,
    /// `explain --expect` got another answer.
    Mismatch = 3,
    /// The component cannot be used, or failed while it ran.
    Component = 4,
    /// An address cannot be listened on.
    Listen = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // Small by construction.
        Self::from(exit as u8)
    }
}

/// Why a command ends early; already one clear message.
#[derive(Debug)]
pub(super) struct Stop {
    /// For stderr.
    pub(super) message: String,
    /// How to end.
    pub(super) exit: Exit,
}

impl Stop {
    /// With a message of the form `error: what; what to do`.
    pub(super) fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { message: format!("error: {message}"), exit }
    }

    /// From a gate that cannot be loaded.
    pub(super) fn from_load(error: LoadError, color: bool) -> Self {
        match error {
            LoadError::Findings { config, findings } => Self::from_findings(&config, &findings, color),
            LoadError::Component(message) => Self::new(Exit::Component, message),
        }
    }

    /// From findings that stop a policy.
    pub(super) fn from_findings(config: &ConfigSource, findings: &[crate::contract::Diagnostic], color: bool) -> Self {
        let text = report::render(config, findings, color);
        let message = format!("{text}\n\n{}: {}", config.name, report::summary(findings));
        Self { message, exit: Exit::Findings }
    }
}
