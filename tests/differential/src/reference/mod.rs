//! The reference: what path-to-regexp 6.3.0 and JavaScript's `RegExp` do, written down as they are defined.
//!
//! Slow and plain on purpose, and it names nothing of the engine. `tests/vectors.rs` holds it against what the real
//! packages answered.

pub mod regexp;
pub mod route;
