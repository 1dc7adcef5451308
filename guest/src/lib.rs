//! All policy of Portcullis: from a config text and a request head to a verdict.
//!
//! Pure and synchronous: no clock, network, file or randomness is read here. What only the world can answer
//! is a [`question`]. The same crate is a library (tests, benches, fuzzing) and the component (`component`).

pub mod cases;
pub mod config;
pub mod diagnostic;
pub mod pattern;
pub mod policy;
pub mod question;
pub mod request;
pub mod session;
pub mod supply;
pub mod template;
pub mod trace;
pub mod verdict;
