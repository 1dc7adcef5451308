//! An instance of the engine that bakes: any component that has our decider, whatever other doors it has.
//!
//! Every import is a trap, asynchronous ones too, so nothing here ever waits: each future is done when it is polled.

use super::component::{Source, first_line};
use super::instance::failure;
use super::{ConfigSource, LoadError, engine};
use crate::contract::{ConfigFormat, HeldDocument, Loaded, PatientWorld, TestResult};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::Instance;

/// Polls of one future: the event loop of a store may want another round.
const POLLS: usize = 1_000;

/// Drive a future that waits for nothing.
///
/// # Errors
/// Its own, or that it waits all the same.
pub(super) fn done<T>(source: &Source, future: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    let mut future = pin!(future);
    for _ in 0..POLLS {
        if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return result;
        }
    }
    Err(source.error("waits for something, and there is nothing to wait for"))
}

/// One instance and its decider.
pub(super) struct Patient {
    pub(super) store: Store<engine::State>,
    pub(super) instance: Instance,
    world: PatientWorld,
    /// Wall time of each call.
    time: Duration,
}

impl Patient {
    pub(super) async fn instantiate(source: &Source, bytes: &[u8], time: Duration) -> Result<Self, LoadError> {
        let fail = |error: wasmtime::Error| source.error(format_args!("cannot be used: {}", first_line(&error)));
        let component = source.patient(bytes)?;
        let linker = engine::sealed_linker(&component).map_err(fail)?;
        let mut store = engine::store(component.engine());
        engine::set_deadline(&mut store, time);
        let instance = linker.instantiate_async(&mut store, &component).await.map_err(fail)?;
        let world = PatientWorld::new(&mut store, &instance).map_err(fail)?;
        Ok(Self { store, instance, world, time })
    }

    pub(super) async fn load(&mut self, source: &Source, config: &ConfigSource) -> Result<Loaded, LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let decider = self.world.portcullis_gate_decider();
        let loaded = decider.call_load(&mut self.store, &config.text, config.format).await;
        loaded
            .map_err(|error| source.error(format_args!("failed to load the config: {}", failure(&error))))?
            .map_err(|findings| LoadError::Findings { config: config.clone(), findings })
    }

    pub(super) async fn hold(&mut self, source: &Source, documents: &[HeldDocument]) -> Result<(), LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let held = self.world.portcullis_gate_decider().call_hold(&mut self.store, documents).await;
        held.map_err(|error| source.error(format_args!("failed to hold documents: {}", failure(&error))))?
            .map_err(|why| source.error(format_args!("cannot hold the documents: {why}")))
    }

    pub(super) async fn describe(&mut self, source: &Source) -> Result<Option<Loaded>, LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let loaded = self.world.portcullis_gate_decider().call_describe(&mut self.store).await;
        loaded.map_err(|error| broken(source, &error))
    }

    pub(super) async fn config(&mut self, source: &Source) -> Result<Option<(String, ConfigFormat)>, LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let config = self.world.portcullis_gate_decider().call_config(&mut self.store).await;
        config.map_err(|error| broken(source, &error))
    }

    pub(super) async fn held(&mut self, source: &Source) -> Result<Vec<HeldDocument>, LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let held = self.world.portcullis_gate_decider().call_held(&mut self.store).await;
        held.map_err(|error| broken(source, &error))
    }

    pub(super) async fn test(&mut self, source: &Source) -> Result<Vec<TestResult>, LoadError> {
        engine::set_deadline(&mut self.store, self.time);
        let results = self.world.portcullis_gate_decider().call_test(&mut self.store).await;
        results.map_err(|error| broken(source, &error))
    }
}

fn broken(source: &Source, error: &wasmtime::Error) -> LoadError {
    source.error(format_args!("cannot be used: {}", failure(error)))
}
