//! From a component and a config to decisions: load, start, decide, explain, test, bake. No policy here.
//!
//! The life of a decision: [`Gate::decide`] borrows an instance from the pool, calls the guest and gives the instance
//! back; answers the guest's questions (`documents`, `calls`, `verify`, the body) and calls again; checks the verdict
//! (`validate`). No instance is held while anything is waited for. `docs/runtime.md` has limits and figures.

mod bake;
mod cache;
mod calls;
mod component;
mod decide;
mod decision;
mod documents;
mod engine;
mod examine;
mod failure;
mod https;
mod inside;
mod instance;
mod load;
mod packed;
mod patient;
mod pool;
mod sign;
mod supplies;
mod validate;
mod verify;

pub use bake::{Baked, bake};
pub use cache::Cached;
pub use calls::{Call, CallFuture, CallRequest, Calls, HttpCall};
pub use component::BUILT_IN;
pub use decision::{Decision, Outcome, Permit, Reply};
pub use documents::{Documents, Fetch, FetchError, FetchFuture, Fetched, HttpFetch};
pub use engine::{Limits, MEMORY};
pub use examine::Examined;
pub use failure::{Failure, LoadError};
pub use inside::Inside;
pub use packed::pack;
pub use portcullis_wire::Edit;
pub use sign::Signer;
pub use verify::Verifier;

use crate::clock::{Clock, SystemClock};
use crate::contract::{Diagnostic, Explained, HeldDocument, Linted, Loaded, RequestHead, TestResult};
use pool::Pool;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

impl ComponentSource {
    /// The bytes of the component.
    ///
    /// # Errors
    /// [`LoadError::Component`]: the file cannot be read or is too large.
    pub fn bytes(&self) -> Result<Arc<[u8]>, LoadError> {
        component::Source::read(self).map(|source| source.bytes)
    }
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
#[derive(Clone)]
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
    /// How documents come; `None`: over HTTP.
    pub fetcher: Option<Arc<dyn Fetch>>,
    /// How backends are called; `None`: over HTTP.
    pub caller: Option<Arc<dyn Call>>,
    /// How long guest calls may take.
    pub limits: Limits,
    /// Call `decide`, which takes the head as a record, and not `decide-packed`: slower and the same, for those who
    /// hold one against the other.
    pub plain: bool,
}

impl GateOptions {
    /// The built-in component, this machine's clock, environment and network.
    /// `config` is a [`ConfigSource`], or `None` for a baked component.
    pub fn new(config: impl Into<Option<ConfigSource>>) -> Self {
        Self {
            component: ComponentSource::BuiltIn,
            config: config.into(),
            clock: Arc::new(SystemClock),
            cache: None,
            env: None,
            lenient: false,
            fetcher: None,
            caller: None,
            limits: Limits::default(),
            plain: false,
        }
    }
}

impl std::fmt::Debug for GateOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values of the environment are secrets; only their names are shown.
        let env = self.env.as_ref().map(|pairs| pairs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
        f.debug_struct("GateOptions")
            .field("component", &self.component)
            .field("config", &self.config.as_ref().map(|config| &config.name))
            .field("cache", &self.cache)
            .field("env", &env)
            .field("lenient", &self.lenient)
            .field("limits", &self.limits)
            .field("plain", &self.plain)
            .finish_non_exhaustive()
    }
}

/// Access to the body of the request being judged, for `body` questions.
pub trait BodySource: Send {
    /// The first bytes: at most `limit`. `Ok(None)`: the body is longer. `Err`: it could not be read.
    fn prefix(&mut self, limit: usize) -> impl Future<Output = Result<Option<bytes::Bytes>, String>> + Send;
}

impl<B: BodySource> BodySource for &mut B {
    async fn prefix(&mut self, limit: usize) -> Result<Option<bytes::Bytes>, String> {
        B::prefix(self, limit).await
    }
}

/// No body to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBody;

impl BodySource for NoBody {
    async fn prefix(&mut self, _limit: usize) -> Result<Option<bytes::Bytes>, String> {
        Ok(Some(bytes::Bytes::new()))
    }
}

/// How a gate fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Guest instances created so far.
    pub created: u64,
    /// Guest calls that ended in a trap, past a deadline or out of memory; each cost an instance.
    pub failed: u64,
    /// Guest instances alive now.
    pub live: usize,
    /// Calls of backends made so far.
    pub calls: u64,
    /// Those of them that nothing came back from.
    pub calls_failed: u64,
    /// What became of the compilation at load.
    pub cached: Cached,
}

/// A loaded and started policy, ready to decide from many threads.
#[derive(Debug)]
pub struct Gate {
    loaded: Loaded,
    config: ConfigSource,
    unstarted: Vec<Diagnostic>,
    bounds: validate::Bounds,
    pool: Pool,
    documents: Documents,
    calls: Calls,
    verifier: Verifier,
    signer: Signer,
    cached: Cached,
    plain: bool,
}

impl Gate {
    /// Load, check, compile and start. Blocks for as long as a compilation takes (most of a second) when it is not
    /// cached; needs no runtime.
    ///
    /// # Errors
    /// [`LoadError`], before anything listens.
    pub fn load(options: GateOptions) -> Result<Self, LoadError> {
        load::load(options)
    }

    /// The JSON Schema of the config document, as the component tells it.
    ///
    /// # Errors
    /// [`LoadError::Component`].
    pub fn schema(component: &ComponentSource) -> Result<String, LoadError> {
        load::schema(component)
    }

    /// What the policy told its host.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The config that is in force; for a baked component the text inside.
    pub fn config(&self) -> &ConfigSource {
        &self.config
    }

    /// Why a lenient gate did not start: findings of missing names. Empty when it did. A gate that did not start refuses
    /// every request, but can [`Self::test`] and explain personas.
    pub fn unstarted(&self) -> &[Diagnostic] {
        &self.unstarted
    }

    /// Fetch all documents that the policy names and that are not held, so that no request has to wait. Gives the
    /// addresses that could not be had: the gate is "not ready", but works, and fails closed where it needs them.
    pub async fn prefetch(&self) -> Vec<String> {
        self.documents.prefetch().await
    }

    /// Addresses of documents without a usable copy, for readiness checks.
    pub fn missing_documents(&self) -> Vec<String> {
        self.documents.missing()
    }

    /// The documents that this gate has fetched so far, to be baked into a component and used there until `until`.
    pub fn documents(&self, until: i64) -> Vec<HeldDocument> {
        self.documents.copies(until)
    }

    /// Counts, for metrics.
    pub fn stats(&self) -> Stats {
        let (calls, calls_failed) = self.calls.counts();
        Stats {
            calls,
            calls_failed,
            created: self.pool.counters.created.load(Ordering::Relaxed),
            failed: self.pool.counters.failed.load(Ordering::Relaxed),
            live: self.pool.live(),
            cached: self.cached.clone(),
        }
    }

    /// Judge one request. Must run inside a tokio runtime if the policy names documents or calls.
    ///
    /// # Errors
    /// [`Failure`]: answer with a fixed 5xx.
    pub async fn decide(&self, head: &RequestHead, body: &mut impl BodySource) -> Result<Decision, Failure> {
        decide::decide(self, head, body).await
    }

    /// Judge one request, with reasons. The step is always a verdict that [`Self::decide`] would accept. No backend is
    /// called, because that may change something there: a policy that needs it is told that the call failed.
    ///
    /// # Errors
    /// [`Failure`], or a persona that cannot be read (as [`Failure::Nonsense`]).
    pub async fn explain(&self, head: &RequestHead, persona: Option<&str>) -> Result<Explained, Failure> {
        decide::explain(self, head, persona).await
    }

    /// Run the config's own tests.
    ///
    /// # Errors
    /// [`Failure`] of the guest.
    pub fn test(&self) -> Result<Vec<TestResult>, Failure> {
        self.pool.call(instance::Instance::test)
    }

    /// What the routes of the config probably do not mean.
    ///
    /// # Errors
    /// [`Failure`] of the guest.
    pub fn lint(&self) -> Result<Linted, Failure> {
        self.pool.call(instance::Instance::lint)
    }
}
