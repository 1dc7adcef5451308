//! All policy of Portcullis: from a config text and a request head to a verdict.
//!
//! Pure and synchronous: no clock, network, file or randomness is read here. What only the world can answer
//! is a [`question`]. The same crate is a library (tests, benches, fuzzing) and the component (`component`).
//!
//! The life of a request: the head ([`request::Head`]) is read once into facts (canonical [`request::Target`] and
//! its views, cookies, [`request::Kind`]); guards and routes that the views hit are found; what they require is
//! held against the session ([`session::Sessions`]); the answer is a [`verdict::Verdict`], or questions first.

pub mod assertion;
pub mod cases;
pub mod config;
mod decide;
pub mod diagnostic;
pub mod door;
mod gate;
pub mod lint;
pub mod next;
pub mod pattern;
pub mod policy;
pub mod question;
pub mod request;
pub mod session;
pub mod signature;
pub mod supply;
pub mod template;
pub mod trace;
pub mod verdict;
pub mod webhook;

#[cfg(target_arch = "wasm32")]
mod component;

pub use gate::Gate;
