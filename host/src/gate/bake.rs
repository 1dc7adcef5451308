//! A component with the config inside: `load` runs once here, and the file starts where it ended.

use super::component::{Source, first_line};
use super::patient::{Patient, done};
use super::{ComponentSource, ConfigSource, LoadError, cache, engine};
use crate::contract::{HeldDocument, Loaded};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::{Instance, Lift};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

/// Wall time of `load` in an instrumented component, and of reading one of its memories.
const TIME: Duration = Duration::from_secs(10);

/// A baked component.
#[derive(Debug, Clone)]
pub struct Baked {
    /// The `.wasm` file. It needs no config, keeps its `load`, and holds no secret: those come at `start`.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// What the policy told.
    pub loaded: Loaded,
}

/// Bake `config` into `component`, and with it the documents that its stock doors use. The same inputs give the same bytes.
///
/// # Errors
/// [`LoadError::Findings`]: the config has mistakes. [`LoadError::Component`]: the component cannot be used or snapshotted,
/// or cannot hold the documents.
pub fn bake(component: &[u8], config: &ConfigSource, documents: &[HeldDocument]) -> Result<Baked, LoadError> {
    let source = Source::read(&ComponentSource::Bytes(Arc::from(component)))?;
    self::snapshot(&source, config, documents)
}

/// The same for a component with a name.
pub(super) fn snapshot(source: &Source, config: &ConfigSource, documents: &[HeldDocument]) -> Result<Baked, LoadError> {
    let fail = |error: wasmtime::Error| source.error(format_args!("cannot be baked: {}", first_line(&error)));
    // The initialiser's name only matters to `Wizer::run`; `load` is called here by hand and stays exported.
    let mut wizer = Wizer::new();
    wizer.keep_init_func(true);
    let (context, instrumented) = wizer.instrument_component(&source.bytes).map_err(fail)?;
    let mut patient = done(source, Patient::instantiate(source, &instrumented, TIME))?;
    let loaded = done(source, async {
        let loaded = patient.load(source, config).await?;
        if !documents.is_empty() {
            patient.hold(source, documents).await?;
        }
        Ok(loaded)
    })?;

    let mut reader = Reader { store: patient.store, instance: patient.instance, failed: None };
    let bytes = done(source, async { wizer.snapshot_component(&context, &mut reader).await.map_err(fail) })?;
    let bytes: Arc<[u8]> = bytes.into();
    if let Some(error) = reader.failed {
        return Err(fail(error));
    }
    let sha256 = cache::hex(&Sha256::digest(&bytes));
    Ok(Baked { bytes, sha256, loaded })
}

/// Reads globals and memories through the exports that wizer added.
struct Reader {
    store: Store<engine::State>,
    instance: Instance,
    /// The first failure: wizer's trait has no way to report one.
    failed: Option<wasmtime::Error>,
}

impl Reader {
    async fn call<R: Lift + 'static, T>(
        &mut self,
        instance: &str,
        func: &str,
        keep: impl FnOnce(&R, &Store<engine::State>) -> T,
    ) -> Option<T> {
        match self.try_call::<R>(instance, func).await {
            Ok(value) => Some(keep(&value, &self.store)),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    async fn try_call<R: Lift + 'static>(&mut self, instance: &str, func: &str) -> wasmtime::Result<R> {
        let missing = || wasmtime::Error::msg(format!("no export {instance}#{func}"));
        let (_, exports) = self.instance.get_export(&mut self.store, None, instance).ok_or_else(missing)?;
        let (_, func) = self.instance.get_export(&mut self.store, Some(&exports), func).ok_or_else(missing)?;
        let func = self.instance.get_typed_func::<(), (R,)>(&mut self.store, func)?;
        engine::set_deadline(&mut self.store, TIME);
        Ok(func.call_async(&mut self.store, ()).await?.0)
    }

    async fn number<R: Lift + Clone + Default + 'static>(&mut self, instance: &str, func: &str) -> R {
        self.call(instance, func, |value: &R, _| value.clone()).await.unwrap_or_default()
    }
}

impl ComponentInstanceState for Reader {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        use wasmtime::component::WasmList;
        self.call(instance, func, |list: &WasmList<u8>, store| contents(list.as_le_slice(store))).await;
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.number(instance, func).await
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.number(instance, func).await
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.number::<f32>(instance, func).await.to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.number::<f64>(instance, func).await.to_bits()
    }
}
