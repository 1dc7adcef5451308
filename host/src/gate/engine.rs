//! The wasmtime engine that decides, and the one that bakes: what a guest may use, and for how long. `docs/runtime.md` has the
//! figures.

use super::LoadError;
use std::sync::OnceLock;
use std::time::Duration;
use wasmtime::component::{Component, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
    ResourceLimiter, Store,
};

/// Bytes of linear memory an instance may have (security row G3).
pub const MEMORY: usize = 16 << 20;

/// How often the epoch moves. A deadline is a number of these, so it is this coarse.
const TICK: Duration = Duration::from_millis(10);

/// Instances that may live at the same time in this process, over all gates. A call holds one and does not wait
/// inside it, so a gate needs about one for each thread; a reload briefly has two gates.
const INSTANCES: u32 = 256;

/// Core instances, tables and memories of one component. Rust's component has 2 core modules (the code and its
/// adapter), shims for each import and 2 tables.
const PARTS: u32 = 32;

/// Bytes of a memory that are wiped by hand and stay mapped between instances, instead of being given back to the
/// kernel: makes a fresh instance about 3 times cheaper as long as what it touches fits.
const KEEP_RESIDENT: usize = 1 << 20;

/// Table elements an instance may have, over all its tables. The gate component has about 1,000.
const TABLE: usize = 20_000;

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall time of one `decide` or `explain` (default 50 ms, security row G2). Rounded up to 10 ms.
    pub decide: Duration,
    /// Wall time of `load`, `start`, `test`, `schema`: work of start-up, on configs of up to 1 MiB (default 5 s).
    pub load: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decide: Duration::from_millis(50), load: Duration::from_secs(5) }
    }
}

/// The engine that decides, made at first use.
pub(super) fn shared() -> Result<&'static Engine, LoadError> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    // A process with little address space (`ulimit -v`) cannot reserve the pool: slower, but it runs.
    let make = || ticking("gate-epoch", Engine::new(&config(true)).or_else(|_| Engine::new(&config(false))));
    usable(ENGINE.get_or_init(make))
}

/// The engine that bakes and looks into components, which may have asynchronous doors beside the decider. Its calls are
/// asynchronous, too, and cost more; nothing is served with it.
pub(super) fn patient() -> Result<&'static Engine, LoadError> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let make = || {
        let mut config = config(false);
        // A component is compiled for a call or two: time spent on making them quick would not come back.
        config.cranelift_opt_level(OptLevel::None).cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        config.concurrency_support(true).wasm_component_model_async(true);
        ticking("bake-epoch", Engine::new(&config))
    };
    usable(ENGINE.get_or_init(make))
}

fn usable(engine: &'static Result<Engine, String>) -> Result<&'static Engine, LoadError> {
    engine.as_ref().map_err(|error| LoadError::Component(format!("cannot set up wasmtime on this machine: {error}")))
}

/// A thread moves the epoch of an engine for the rest of the process.
fn ticking(name: &str, engine: wasmtime::Result<Engine>) -> Result<Engine, String> {
    let engine = engine.map_err(|error| format!("{error:#}"))?;
    let ticking = engine.clone();
    let tick = move || {
        loop {
            std::thread::sleep(TICK);
            ticking.increment_epoch();
        }
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(tick);
    thread.map_err(|error| format!("no thread for deadlines: {error}"))?;
    Ok(engine)
}

fn config(pooling: bool) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // The decider door is synchronous; without the bookkeeping of async calls an empty call costs 0.12 us, not 0.38.
        .concurrency_support(false)
        .wasm_component_model_async(false)
        // A trap is answered with a fixed 5xx; nobody reads its stack, and the component has no names.
        .wasm_backtrace_max_frames(None)
        // What Rust's wasip2 does not emit by default is off: the less a strange component can reach, the better.
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(true);
    if pooling {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(INSTANCES)
            .total_core_instances(INSTANCES * 4)
            .total_memories(INSTANCES)
            .total_tables(INSTANCES * 4)
            .max_core_instances_per_component(PARTS)
            .max_memories_per_component(2)
            .max_tables_per_component(PARTS)
            .max_memory_size(MEMORY)
            .table_elements(TABLE)
            .max_unused_warm_slots(INSTANCES / 4)
            .linear_memory_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    } else {
        config.memory_reservation(MEMORY as u64).memory_guard_size(64 << 10);
    }
    config
}

/// A linker in which each import of `component` traps when it is called: a guest can reach nothing.
pub(super) fn sealed_linker(component: &Component) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(component.engine());
    linker.define_unknown_imports_as_traps(component)?;
    Ok(linker)
}

/// A store for one instance.
pub(super) fn store(engine: &Engine) -> Store<State> {
    let mut store = Store::new(engine, State::default());
    store.limiter(|state| state);
    store.epoch_deadline_trap();
    store
}

/// Let the next call run for `time`, rounded up to whole ticks; up to one tick of the first is already gone.
pub(super) fn set_deadline(store: &mut Store<State>, time: Duration) {
    let ticks = time.as_millis().div_ceil(TICK.as_millis()).saturating_add(1);
    store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX / 2));
}

/// What the host keeps for one instance.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Bytes of linear memory now.
    pub(super) memory: usize,
}

/// Growth past [`MEMORY`]. An error and not a refused `memory.grow`: the guest must not go on without its memory.
#[derive(Debug)]
pub(super) struct TooMuchMemory;

impl std::fmt::Display for TooMuchMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the guest asked for more than {MEMORY} bytes of memory")
    }
}

impl std::error::Error for TooMuchMemory {}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > MEMORY {
            return Err(TooMuchMemory.into());
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE)
    }

    fn instances(&self) -> usize {
        PARTS as usize
    }

    fn tables(&self) -> usize {
        PARTS as usize
    }

    fn memories(&self) -> usize {
        2
    }
}
