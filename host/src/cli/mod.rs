//! The command line: one command, one file. Data goes to stdout, everything else to stderr.

mod authz;
mod bake;
mod check;
mod config_file;
mod demo;
mod env;
mod exit;
mod explain;
mod one_liner;
mod out;
mod schema;
mod serve;
mod test;
mod verify;
mod version;

pub use exit::Exit;

use clap::{Args, Parser, Subcommand};
use exit::Stop;
use std::path::PathBuf;
use std::process::ExitCode;

/// A gate in front of any HTTP server: routes, sessions and decisions in a WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, disable_version_flag = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
struct Global {
    /// The config file [default: portcullis.toml or portcullis.json in this folder]
    #[arg(short, long, global = true, value_name = "FILE", env = env::CONFIG)]
    config: Option<PathBuf>,
    /// Use this component instead of the built-in one
    #[arg(long, global = true, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// No colours
    #[arg(long, global = true)]
    no_color: bool,
    /// Say less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: the gate in front of a built-in app with an issuer of its own
    Demo(demo::Demo),
    /// Run the gate in front of a server
    Serve(serve::Serve),
    /// Answer the questions of a proxy that runs already (forward auth)
    Authz(authz::Authz),
    /// Find mistakes in a config
    Check(check::Check),
    /// Say what would happen to a request, and why
    Explain(explain::Explain),
    /// Run the tests that stand in a config
    Test(test::Test),
    /// Put a config into a component, so that it needs none
    Bake(bake::Bake),
    /// Show what is inside a baked component, and run its tests again
    Verify(verify::Verify),
    /// Print the JSON Schema of the config
    Schema,
    /// Print what this program is made of
    Version,
}

/// Run the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let global = &cli.global;
    let done = match cli.command {
        Command::Demo(command) => command.run(global),
        Command::Serve(command) => command.run(global),
        Command::Authz(command) => command.run(global),
        Command::Check(command) => command.run(global),
        Command::Explain(command) => command.run(global),
        Command::Test(command) => command.run(global),
        Command::Bake(command) => command.run(global),
        Command::Verify(command) => command.run(global),
        Command::Schema => schema::run(global),
        Command::Version => version::run(global),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(stop) => {
            out::note(&stop.message);
            stop.exit.into()
        }
    }
}

impl Global {
    /// Colours on stderr?
    fn color(&self) -> bool {
        use std::io::IsTerminal as _;
        !self.no_color
            && std::env::var_os(env::NO_COLOR).is_none_or(|value| value.is_empty())
            && std::io::stderr().is_terminal()
    }

    /// Which component decides.
    fn component(&self) -> crate::gate::ComponentSource {
        match &self.component {
            Some(path) => crate::gate::ComponentSource::File(path.clone()),
            None => crate::gate::ComponentSource::BuiltIn,
        }
    }

    /// How to load the config that was named: the file, or what is baked into the named component.
    fn options(&self) -> Result<crate::gate::GateOptions, Stop> {
        let baked = self.component.is_some() && self.config.is_none() && config_file::find(None).is_none();
        let config = if baked { None } else { Some(config_file::read(self.config.as_deref())?) };
        Ok(self.options_for(config))
    }

    fn options_for(&self, config: Option<crate::gate::ConfigSource>) -> crate::gate::GateOptions {
        let mut options = crate::gate::GateOptions::new(config);
        options.component = self.component();
        options
    }
}
