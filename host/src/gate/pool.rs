//! The free list of instances. Sharing is safe because a call is synchronous and decisions are pure; it is cheap because
//! the list is locked for a push or a pop and nothing else.

use super::Failure;
use super::instance::{Instance, Mold};
use crate::contract::{ConfigFormat, Inputs, Supply};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Calls an instance serves before it is replaced: bounds what slow leaks in a guest can do; at 28 us for a new
/// instance the cost is 3 ns for each call.
const CALLS: u32 = 10_000;

/// Instances of one gate that may live at the same time. Calls do not wait inside an instance, so more than one for
/// each thread is never used; this is a bound for odd runtimes.
const LIVE: usize = 64;

/// How long a call waits for one of [`LIVE`] to come free: each is busy for its own deadline at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// How an instance is brought to where it can decide.
pub(super) struct Recipe {
    /// The config; `None`: it is baked in.
    pub(super) config: Option<(String, ConfigFormat)>,
    /// One for each need, in order.
    pub(super) supplies: Vec<Supply>,
    /// Go on although `start` has findings (for commands that judge nothing real).
    pub(super) lenient: bool,
    /// A new instance for each call.
    pub(super) isolate: bool,
}

/// How instances fared.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) created: AtomicU64,
    pub(super) failed: AtomicU64,
}

pub(super) struct Pool {
    mold: Mold,
    recipe: Recipe,
    state: Mutex<State>,
    freed: Condvar,
    pub(super) counters: Counters,
}

#[derive(Default)]
struct State {
    idle: Vec<Instance>,
    live: usize,
    /// Calls that wait for a place. Without any nobody is woken: that is a system call, whoever is there.
    waiting: usize,
}

impl Pool {
    pub(super) fn new(mold: Mold, recipe: Recipe) -> Self {
        Self { mold, recipe, state: Mutex::default(), freed: Condvar::new(), counters: Counters::default() }
    }

    /// Instances alive now.
    pub(super) fn live(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).live
    }

    /// Make one call in some instance. An instance that fails is never used again.
    pub(super) fn call<T>(&self, call: impl FnOnce(&mut Instance) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut seat = self.seat()?;
        let instance = match &mut seat.instance {
            Some(instance) => instance,
            empty => empty.insert(self.make()?),
        };
        match call(instance) {
            Ok(value) => {
                seat.reusable = !self.recipe.isolate && !instance.is_worn(CALLS);
                Ok(value)
            }
            Err(failure) => {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
                Err(failure)
            }
        }
    }

    /// A new instance, loaded and started.
    fn make(&self) -> Result<Instance, Failure> {
        let mut instance = self.mold.instantiate()?;
        self.counters.created.fetch_add(1, Ordering::Relaxed);
        if let Some((text, format)) = &self.recipe.config
            && instance.load(text, *format)?.is_err()
        {
            return Err(Failure::Nonsense("the config was accepted at first and is refused now".to_owned()));
        }
        let inputs = Inputs { supplies: self.recipe.supplies.clone(), seed: seed()? };
        if instance.start(&inputs)?.is_err() && !self.recipe.lenient {
            return Err(Failure::Nonsense("the inputs were accepted at first and are refused now".to_owned()));
        }
        Ok(instance)
    }

    /// The right to have one instance alive, with an idle one if there is any.
    fn seat(&self) -> Result<Seat<'_>, Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(instance) = state.idle.pop() {
                return Ok(Seat { pool: self, instance: Some(instance), reusable: false });
            }
            if state.live < LIVE {
                state.live += 1;
                return Ok(Seat { pool: self, instance: None, reusable: false });
            }
            state.waiting += 1;
            let (next, timeout) = self.freed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = next;
            state.waiting = state.waiting.saturating_sub(1);
            if timeout.timed_out() {
                return Err(Failure::Deadline);
            }
        }
    }

    /// Put an instance that is ready to decide into the free list.
    pub(super) fn adopt(&self, instance: Instance) {
        self.counters.created.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.live += 1;
        state.idle.push(instance);
    }
}

/// 128 random bits of the operating system.
pub(super) fn seed() -> Result<(u64, u64), Failure> {
    let word = || getrandom::u64().map_err(|error| Failure::Trap(format!("no random numbers: {error}")));
    Ok((word()?, word()?))
}

/// A place among the live instances; given back however the call ends, a panic included.
struct Seat<'a> {
    pool: &'a Pool,
    instance: Option<Instance>,
    reusable: bool,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let instance = self.instance.take();
        let (kept, dropped) = if self.reusable { (instance, None) } else { (None, instance) };
        // Unmapping takes longer than a push: not under the lock, and before its place is given away.
        drop(dropped);
        let mut state = self.pool.state.lock().unwrap_or_else(PoisonError::into_inner);
        match kept {
            Some(instance) => state.idle.push(instance),
            None => state.live = state.live.saturating_sub(1),
        }
        let wanted = state.waiting > 0;
        drop(state);
        if wanted {
            self.pool.freed.notify_one();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The recipe holds secrets: never shown.
        f.debug_struct("Pool").field("counters", &self.counters).finish_non_exhaustive()
    }
}
