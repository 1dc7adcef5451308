//! What is inside a baked component: read from its bytes and told by itself, without starting it.

use super::component::Source;
use super::patient::{Patient, done};
use super::{ComponentSource, ConfigSource, Limits, LoadError, cache};
use crate::contract::{HeldDocument, Loaded, TestResult};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A baked component, looked into.
#[derive(Debug, Clone)]
pub struct Examined {
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// The interfaces that it imports. The decider needs none of them.
    pub imports: Vec<String>,
    /// The config that is inside.
    pub config: ConfigSource,
    /// What the policy tells its host.
    pub loaded: Loaded,
    /// The documents that travel with it, for its stock doors.
    pub held: Vec<HeldDocument>,
    /// The config's own tests, run now.
    pub results: Vec<TestResult>,
}

impl Examined {
    /// Look into a component, with whatever doors it has.
    ///
    /// # Errors
    /// [`LoadError::Component`]: it cannot be read, is none of ours, or has no config inside.
    pub fn read(component: &ComponentSource) -> Result<Self, LoadError> {
        let source = Source::read(component)?;
        let compiled = source.patient(&source.bytes)?;
        let (kind, engine) = (compiled.component_type(), compiled.engine());
        let exports = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
        let imports = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
        done(&source, async {
            let mut patient = Patient::instantiate(&source, &source.bytes, Limits::default().load).await?;
            let (Some(loaded), Some((text, format))) =
                (patient.describe(&source).await?, patient.config(&source).await?)
            else {
                return Err(source.error("has no config baked in; bake one in with `portcullis bake`"));
            };
            let name = format!("config baked into {}", source.name);
            Ok(Self {
                sha256: cache::hex(&Sha256::digest(&source.bytes)),
                size: source.bytes.len(),
                exports,
                imports,
                config: ConfigSource { name, text, format, folder: PathBuf::from(".") },
                loaded,
                held: patient.held(&source).await?,
                results: patient.test(&source).await?,
            })
        })
    }
}
