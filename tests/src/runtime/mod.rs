//! The places where the gate can stand, one small file each: each starts its servers before a stage and says what it
//! cannot do there. What a visitor must find is the same everywhere ([`crate::scenario`]).

mod authz;
mod baked;
mod caddy;
pub mod cost;
mod envoy;
mod group;
mod host;
mod jco;
mod nginx;
mod p3;
mod tools;
mod wash;
mod wasmtime_crate;
mod wasmtime_serve;
mod workerd;

use crate::scenario::{Cannot, Front, Stage};
use crate::site::Folder;
use std::any::Any;

/// A place for the gate.
#[derive(Clone, Copy)]
pub struct Runtime {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// How it stands there, in a line.
    pub about: &'static str,
    /// The scenarios that it cannot do, with the reason.
    pub cannot: Cannot,
    /// Starts it; files go into the folder.
    pub start: fn(&Stage, &Folder) -> Result<Running, Halt>,
}

/// Why a place could not be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// Something that it needs is not installed.
    Missing(String),
    /// All is there, and it does not start.
    Failed(String),
}

impl From<String> for Halt {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// A place that is open to visitors; closed when dropped.
pub struct Running {
    /// Where they go.
    pub front: Front,
    /// Which versions of what stand there.
    pub version: String,
    /// Processes that do the work, for a look at the time they take; each stands for its process group, too.
    pub processes: Vec<u32>,
    /// Dropped with it, first to last: whoever stands in front goes first.
    _kept: Vec<Box<dyn Any>>,
}

impl Running {
    /// CPU time so far in ticks, of which [`group::TICKS`] make a second.
    pub fn ticks(&self) -> u64 {
        self.processes.iter().map(|id| group::ticks(*id)).sum()
    }
}

/// All places.
pub const ALL: &[Runtime] = &[
    host::RUNTIME,
    wasmtime_crate::RUNTIME,
    wasmtime_serve::RUNTIME,
    p3::RUNTIME,
    jco::RUNTIME,
    wash::RUNTIME,
    workerd::RUNTIME,
    nginx::RUNTIME,
    caddy::RUNTIME,
    envoy::HTTP,
    envoy::GRPC,
];

/// Those that need nothing but what Cargo builds.
pub const BUILT: &[&str] = &["host", "wasmtime-crate"];

pub use group::TICKS;
pub use wasmtime_crate::serve_if_asked;
