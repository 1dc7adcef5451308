//! The host: runs the gate component in wasmtime as a reverse proxy in front of any HTTP server.
//! It holds no policy; `check`, `explain`, `test` and `serve` all run the same component.

pub mod authz;
pub mod cli;
pub mod clock;
pub mod contract;
pub mod demo;
pub mod gate;
pub mod proxy;
pub mod report;
