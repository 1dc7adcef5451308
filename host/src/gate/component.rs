//! From where a component is to machine code.

use super::cache::{Cache, Cached};
use super::{ComponentSource, LoadError, engine};
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Component;

/// The component that the build script made from `guest/`.
pub static BUILT_IN: &[u8] = include_bytes!(env!("PORTCULLIS_BUILT_IN"));

/// Bytes a component file may have. Ours has about 1 MiB; this only keeps a wrong file name from filling memory.
const MAX_BYTES: u64 = 64 << 20;

/// Bytes of a component and how messages call it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
}

impl Source {
    pub(super) fn read(source: &ComponentSource) -> Result<Self, LoadError> {
        Ok(match source {
            ComponentSource::BuiltIn => Self { name: "the built-in component".to_owned(), bytes: Arc::from(BUILT_IN) },
            ComponentSource::File(path) => {
                Self { name: format!("the component file `{}`", path.display()), bytes: read_file(path)? }
            }
            ComponentSource::Bytes(bytes) => Self { name: "the given component".to_owned(), bytes: bytes.clone() },
        })
    }

    /// An error about this component, as one line.
    pub(super) fn error(&self, what: impl std::fmt::Display) -> LoadError {
        LoadError::Component(one_line(&format!("{} {what}", self.name)))
    }

    /// Compile, or take what an earlier run compiled.
    pub(super) fn compile(&self, cache: &Cache) -> Result<(Component, Cached), LoadError> {
        check_preamble(&self.bytes).map_err(|what| self.error(what))?;
        let engine = engine::shared()?;
        if let Some(component) = cache.get(engine, &self.bytes) {
            return Ok((component, Cached::Hit));
        }
        let component = Component::from_binary(engine, &self.bytes).map_err(|error| {
            self.error(format_args!("is damaged or uses what this program does not support: {}", first_line(&error)))
        })?;
        let cached = cache.put(engine, &self.bytes, &component);
        Ok((component, cached))
    }

    /// Compile bytes that are this component's, or were made of it, for the engine that bakes.
    pub(super) fn patient(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        check_preamble(bytes).map_err(|what| self.error(what))?;
        Component::from_binary(engine::patient()?, bytes).map_err(|error| {
            self.error(format_args!("is damaged or uses what this program does not support: {}", first_line(&error)))
        })
    }
}

fn read_file(path: &Path) -> Result<Arc<[u8]>, LoadError> {
    let fail = |why: String| {
        LoadError::Component(format!(
            "cannot read the component file `{}`: {why}; give a `.wasm` file, or leave it out to use the built-in one",
            path.display()
        ))
    };
    let length = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
    if length > MAX_BYTES {
        return Err(fail(format!("it has {length} bytes, the limit is {MAX_BYTES}")));
    }
    std::fs::read(path).map(Arc::from).map_err(|error| fail(error.to_string()))
}

/// The first 8 bytes tell components, modules and other files apart (component model, `Binary.md`: preamble).
fn check_preamble(bytes: &[u8]) -> Result<(), &'static str> {
    match bytes {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            Err("is a core WebAssembly module, not a component; build it for `wasm32-wasip2`")
        }
        [] => Err("is empty; give a `.wasm` component"),
        _ => Err("is not WebAssembly; give a `.wasm` component"),
    }
}

/// The head of an error chain, without the pages of detail some of them have.
pub(super) fn first_line(error: &wasmtime::Error) -> String {
    let text = error.chain().map(|cause| cause.to_string()).collect::<Vec<_>>().join(": ");
    one_line(&text).chars().take(300).collect()
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
