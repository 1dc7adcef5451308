//! Route patterns asked of two engines: ours and a reference that is slow and plain enough to be believed.
//!
//! [`generate`] makes patterns and paths from a seed, [`compare`] asks both sides, [`run`] counts. The
//! [`reference`](mod@reference) knows nothing of our engine; for globs it is `globset`'s own matcher, with our
//! corrections said in its syntax ([`glob`]).

pub mod compare;
pub mod generate;
pub mod glob;
pub mod random;
pub mod reference;
pub mod run;

/// Run `work` with a stack that the reference cannot exhaust: its recursion is as deep as its answer is far away.
///
/// # Panics
/// When `work` does.
pub fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    const STACK: usize = 256 << 20;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
