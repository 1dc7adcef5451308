//! Tests of the room as a whole: a small world that answers questions, and flows, vectors and costs on top of it.

mod flow;
pub(in crate::session) mod one;
pub(in crate::session) mod seals;
mod vectors;
pub(in crate::session) mod world;
