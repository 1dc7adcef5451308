//! Findings and reasons as text or JSON. The guest gives data; only this room knows terminals.

mod findings;
mod reasons;

pub use findings::{Place, as_json, place, render, summary};
pub use reasons::{explained_json, render_trace, step_line, trace_json};
