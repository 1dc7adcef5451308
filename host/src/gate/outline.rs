//! What a component file is, read from its bytes: digest, size, doors.

use super::component::Source;
use super::{ComponentSource, LoadError, cache};
use sha2::{Digest, Sha256};

/// A component from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// The interfaces that it imports. The decider needs none of them.
    pub imports: Vec<String>,
}

impl Outline {
    /// Read a component. Nothing of it is run.
    ///
    /// # Errors
    /// [`LoadError::Component`]: it cannot be read, or is none.
    pub fn read(component: &ComponentSource) -> Result<Self, LoadError> {
        let source = Source::read(component)?;
        let compiled = source.component(&source.bytes)?;
        let engine = compiled.engine();
        let kind = compiled.component_type();
        Ok(Self {
            sha256: cache::hex(&Sha256::digest(&source.bytes)),
            size: source.bytes.len(),
            exports: kind.exports(engine).map(|(name, _)| name.to_owned()).collect(),
            imports: kind.imports(engine).map(|(name, _)| name.to_owned()).collect(),
        })
    }
}
