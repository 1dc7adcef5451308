//! The reverse proxy: HTTP in, a decision, HTTP out. It owns framing, limits and timers, and knows no policy.
//!
//! The rooms in the order a request travels: `server` accepts, `connection` keeps time, `wire` reads, `handler` counts
//! and logs, `onward` tells the rest of its life: `inbound` and `forwarded` check and name what came, a [`Judge`]
//! decides (`turn`), then either `outbound`, `upstream` and perhaps `tunnel` carry it on, or `reply` answers. `body`
//! streams both ways, `log` and `metrics` write down, `admin` tells how it is. `onward` is one [`Door`]; another one
//! makes a server of another kind of the same parts. See `docs/proxy.md`.

mod admin;
mod body;
mod connection;
pub(crate) mod forwarded;
mod handler;
pub(crate) mod inbound;
mod log;
mod metrics;
mod onward;
pub(crate) mod outbound;
pub(crate) mod reply;
mod server;
pub mod settings;
mod tunnel;
mod turn;
mod upstream;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use body::{BodyError, Inbound, Outgoing};
pub use metrics::Metrics;
pub use onward::Onward;
pub use server::{BindError, Handle, Listen, Server, signals};
pub use settings::{LogForm, Overrides, Settings, SettingsError, UpstreamSettings};
pub use turn::{Asked, Door, Turn};

use crate::contract::{Loaded, RequestHead};
use crate::gate::{BodySource, Decision, Failure, Gate};
use std::sync::Arc;

/// Whoever decides. The proxy asks it once for each request, and sends nothing without its permit.
pub trait Judge: Send + Sync + 'static {
    /// What the policy told its host.
    fn loaded(&self) -> &Loaded;

    /// Judge one request.
    ///
    /// # Errors
    /// [`Failure`]: the request is answered with a fixed 5xx.
    fn decide<B: BodySource>(
        &self,
        head: &RequestHead,
        body: &mut B,
    ) -> impl Future<Output = Result<Decision, Failure>> + Send;
}

impl Judge for Gate {
    fn loaded(&self) -> &Loaded {
        Self::loaded(self)
    }

    async fn decide<B: BodySource>(&self, head: &RequestHead, body: &mut B) -> Result<Decision, Failure> {
        Self::decide(self, head, body).await
    }
}

impl<J: Judge> Judge for Arc<J> {
    fn loaded(&self) -> &Loaded {
        J::loaded(self)
    }

    async fn decide<B: BodySource>(&self, head: &RequestHead, body: &mut B) -> Result<Decision, Failure> {
        J::decide(self, head, body).await
    }
}

/// Run a future on a runtime with so many workers: one thread for 1, a pool for more. Tasks that are left when it
/// ends are dropped.
///
/// # Errors
/// The system gives no threads or no event queue.
pub fn run_blocking<F: Future>(workers: usize, future: F) -> std::io::Result<F::Output> {
    let mut builder = if workers <= 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(workers);
        builder
    };
    let runtime = builder.enable_all().thread_name("proxy").build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}
