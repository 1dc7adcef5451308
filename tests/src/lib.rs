//! What the tests share: engines that answer one request under one policy, the data suite that is run through
//! them, and small servers, clients and processes.
//!
//! A case is translated once, into a policy, a world and a request ([`engine`]); each engine answers it in its own
//! way: the decision as a native function, the component in wasmtime, HTTP through the whole host.

pub mod deployment;
pub mod engine;
pub mod iron;
pub mod policies;
pub mod process;
pub mod report;
pub mod runtime;
pub mod scenario;
pub mod seal;
pub mod sign;
pub mod signatures;
pub mod site;
pub mod suite;
pub mod upstream;
pub mod vectors;
pub mod wire;
pub mod world;
