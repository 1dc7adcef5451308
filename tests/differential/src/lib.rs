//! Route patterns asked of two engines: ours and a reference that is slow and plain enough to be believed.

pub mod reference;

/// Run `work` with a stack that the reference cannot exhaust: its recursion is as deep as its answer is far away.
///
/// # Panics
/// When `work` does.
pub fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    const STACK: usize = 256 << 20;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
