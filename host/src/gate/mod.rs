//! From a component and a config to decisions: load, start, decide, explain, test, bake. No policy here.

mod decision;

pub use decision::{Decision, Edit, Outcome, Permit, Reply};

use crate::clock::Clock;
use crate::contract::{Diagnostic, Explained, Loaded, RequestHead, TestResult};
use std::path::PathBuf;
use std::sync::Arc;

/// Which component decides.
#[derive(Debug, Clone, Default)]
pub enum ComponentSource {
    /// The one built into this program.
    #[default]
    BuiltIn,
    /// A file: `.wasm`, plain or baked.
    File(PathBuf),
    /// Bytes of a component.
    Bytes(Arc<[u8]>),
}

/// The policy text.
#[derive(Debug, Clone)]
pub struct ConfigSource {
    /// How messages call it: the path as given, or `command line`.
    pub name: String,
    /// The text.
    pub text: String,
    /// TOML or JSON.
    pub format: crate::contract::ConfigFormat,
    /// Folder that `file:` names are relative to.
    pub folder: PathBuf,
}

/// How to load a gate.
#[derive(Debug, Clone)]
pub struct GateOptions {
    /// Which component.
    pub component: ComponentSource,
    /// The policy; `None`: the one baked into the component.
    pub config: Option<ConfigSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Folder of compiled components; `None`: the user's cache folder, or none if there is none.
    pub cache: Option<PathBuf>,
    /// Environment variables for `env:` names; `None`: this process's.
    pub env: Option<Vec<(String, String)>>,
    /// Do not fail on names that are not set: for `check`, `test` and `explain --as`.
    pub lenient: bool,
}

/// Why a gate cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The config (or what it asked for by name) has mistakes.
    Findings {
        /// What they point into.
        config: ConfigSource,
        /// All of them.
        findings: Vec<Diagnostic>,
    },
    /// The component cannot be used; one line: what, where, what to do.
    Component(String),
}

/// Why there is no decision. Each is a fixed 5xx; nothing goes upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The guest trapped.
    Trap(String),
    /// The guest ran past its deadline.
    Deadline,
    /// The guest asked for more memory than it may have.
    Memory,
    /// The guest's answer failed a check; says which.
    Nonsense(String),
    /// Too many rounds of questions.
    Rounds,
}

/// Access to the body of the request being judged, for `body` questions.
pub trait BodySource: Send {
    /// The first bytes: at most `limit`. `Ok(None)`: the body is longer. `Err`: it could not be read.
    fn prefix(&mut self, limit: usize) -> impl Future<Output = Result<Option<bytes::Bytes>, String>> + Send;
}

/// No body to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBody;

impl BodySource for NoBody {
    async fn prefix(&mut self, _limit: usize) -> Result<Option<bytes::Bytes>, String> {
        Ok(Some(bytes::Bytes::new()))
    }
}

/// A loaded and started policy, ready to decide from many threads.
#[derive(Debug)]
pub struct Gate {
    loaded: Loaded,
}

impl Gate {
    /// Load, check, compile and start.
    ///
    /// # Errors
    /// [`LoadError`], before anything listens.
    pub fn load(options: GateOptions) -> Result<Self, LoadError> {
        let _ = options;
        Err(LoadError::Component("not built".to_owned()))
    }

    /// What the policy told its host.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Judge one request.
    ///
    /// # Errors
    /// [`Failure`]: answer with a fixed 5xx.
    pub async fn decide(&self, head: &RequestHead, body: &mut impl BodySource) -> Result<Decision, Failure> {
        let _ = (head, body);
        Err(Failure::Rounds)
    }

    /// Judge one request, with reasons.
    ///
    /// # Errors
    /// [`Failure`], or a persona that cannot be read (as [`Failure::Nonsense`]).
    pub async fn explain(&self, head: &RequestHead, persona: Option<&str>) -> Result<Explained, Failure> {
        let _ = (head, persona);
        Err(Failure::Rounds)
    }

    /// Run the config's own tests.
    ///
    /// # Errors
    /// [`Failure`] of the guest.
    pub fn test(&self) -> Result<Vec<TestResult>, Failure> {
        Err(Failure::Rounds)
    }
}
