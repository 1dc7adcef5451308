//! One guest instance: its store, its exports, and how its failures are told apart.

use super::engine::{self, Limits, State, TooMuchMemory};
use super::{Failure, component::first_line, component::one_line};
use crate::contract::{
    Answered, ConfigFormat, Diagnostic, Explained, GateWorld, GateWorldPre, Inputs, Linted, Loaded, RequestHead,
    SignQuestion, Started, Step, TestResult, VerifyQuestion,
};
use std::time::Duration;
use wasmtime::{Store, Trap};

/// A component with its imports sealed, ready to be instantiated many times.
pub(super) struct Mold {
    pub(super) pre: GateWorldPre<State>,
    pub(super) limits: Limits,
}

impl Mold {
    /// A new instance with nothing in it (or what was baked into it).
    pub(super) fn instantiate(&self) -> Result<Instance, Failure> {
        let mut store = engine::store(self.pre.engine());
        engine::set_deadline(&mut store, self.limits.load);
        let world = self.pre.instantiate(&mut store).map_err(|error| failure(&error))?;
        Ok(Instance { store, world, limits: self.limits, calls: 0, memory_at_start: 0 })
    }
}

/// A live instance. After any error it must be dropped: a trap leaves the guest's memory in no known state.
pub(super) struct Instance {
    store: Store<State>,
    world: GateWorld,
    limits: Limits,
    calls: u32,
    memory_at_start: usize,
}

impl Instance {
    pub(super) fn load(
        &mut self,
        text: &str,
        format: ConfigFormat,
    ) -> Result<Result<Loaded, Vec<Diagnostic>>, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_load(store, text, format))
    }

    pub(super) fn describe(&mut self) -> Result<Option<Loaded>, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_describe(store))
    }

    pub(super) fn config(&mut self) -> Result<Option<(String, ConfigFormat)>, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_config(store))
    }

    pub(super) fn start(&mut self, inputs: &Inputs) -> Result<Result<Started, Vec<Diagnostic>>, Failure> {
        let started =
            self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_start(store, inputs))?;
        self.memory_at_start = self.store.data().memory;
        Ok(started)
    }

    pub(super) fn decide(&mut self, head: &RequestHead, answers: &[Answered]) -> Result<Step, Failure> {
        self.call(self.limits.decide, |world, store| world.portcullis_gate_decider().call_decide(store, head, answers))
    }

    /// The same, with a head that [`super::pack`] made.
    pub(super) fn decide_packed(&mut self, head: &[u8], answers: &[Answered]) -> Result<Step, Failure> {
        let step = self.call(self.limits.decide, |world, store| {
            world.portcullis_gate_decider().call_decide_packed(store, head, answers)
        })?;
        step.map_err(|text| Failure::Nonsense(one_line(&text).chars().take(300).collect()))
    }

    pub(super) fn explain(
        &mut self,
        head: &RequestHead,
        answers: &[Answered],
        persona: Option<&str>,
    ) -> Result<Result<Explained, String>, Failure> {
        self.call(self.limits.decide, |world, store| {
            world.portcullis_gate_decider().call_explain(store, head, answers, persona)
        })
    }

    pub(super) fn test(&mut self) -> Result<Vec<TestResult>, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_test(store))
    }

    pub(super) fn lint(&mut self) -> Result<Linted, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_lint(store))
    }

    pub(super) fn schema(&mut self) -> Result<String, Failure> {
        self.call(self.limits.load, |world, store| world.portcullis_gate_decider().call_schema(store))
    }

    pub(super) fn verify(&mut self, question: &VerifyQuestion) -> Result<bool, Failure> {
        self.call(self.limits.decide, |world, store| world.portcullis_gate_decider().call_verify(store, question))
    }

    pub(super) fn sign(&mut self, question: &SignQuestion) -> Result<Result<Vec<u8>, String>, Failure> {
        self.call(self.limits.decide, |world, store| world.portcullis_gate_decider().call_sign(store, question))
    }

    /// Has it served `calls` calls, or has its memory grown half of the way from where it started to the limit?
    pub(super) fn is_worn(&self, calls: u32) -> bool {
        let room = engine::MEMORY.saturating_sub(self.memory_at_start) / 2;
        self.calls >= calls || self.store.data().memory > self.memory_at_start.saturating_add(room)
    }

    fn call<T>(
        &mut self,
        time: Duration,
        call: impl FnOnce(&GateWorld, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        engine::set_deadline(&mut self.store, time);
        self.calls = self.calls.saturating_add(1);
        call(&self.world, &mut self.store).map_err(|error| failure(&error))
    }
}

/// Which failure an error of wasmtime is.
pub(super) fn failure(error: &wasmtime::Error) -> Failure {
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Failure::Deadline,
        _ if error.is::<TooMuchMemory>() => Failure::Memory,
        _ => Failure::Trap(first_line(error)),
    }
}
