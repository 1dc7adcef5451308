//! Counters of one process, shown on the admin listener.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters since the start. All only grow.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Client connections accepted.
    pub connections: AtomicU64,
    /// Requests taken, refused ones included.
    pub requests: AtomicU64,
    /// Requests refused before they were judged.
    pub refused: AtomicU64,
    /// Requests that the gate let through.
    pub forwarded: AtomicU64,
    /// Requests that the gate answered.
    pub answered: AtomicU64,
    /// Decisions that failed (trap, deadline, memory, nonsense).
    pub failures: AtomicU64,
    /// Upstreams that could not be reached or spoke nonsense (502), or were too slow (504).
    pub upstream_errors: AtomicU64,
    /// Requests that ended in a panic.
    pub panics: AtomicU64,
    /// Connections that could not be accepted (no file handles left).
    pub accept_errors: AtomicU64,
    /// Access log lines that were dropped because the sink was slow.
    pub log_dropped: AtomicU64,
}

impl Metrics {
    /// The text form that Prometheus reads.
    pub(super) fn text(&self, tunnels: u64) -> String {
        let mut text = String::with_capacity(1024);
        let counters = [
            ("connections", &self.connections),
            ("requests", &self.requests),
            ("refused", &self.refused),
            ("forwarded", &self.forwarded),
            ("answered", &self.answered),
            ("failures", &self.failures),
            ("upstream_errors", &self.upstream_errors),
            ("panics", &self.panics),
            ("accept_errors", &self.accept_errors),
            ("log_dropped", &self.log_dropped),
        ];
        for (name, counter) in counters {
            let value = counter.load(Relaxed);
            let _ = writeln!(text, "# TYPE portcullis_{name}_total counter\nportcullis_{name}_total {value}");
        }
        let _ = writeln!(text, "# TYPE portcullis_tunnels gauge\nportcullis_tunnels {tunnels}");
        text
    }
}

/// Add one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
