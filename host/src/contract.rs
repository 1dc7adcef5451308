//! The words of `portcullis:gate@0.1.0` as Rust types, made from `wit/`. Nothing here is trusted: what a guest
//! returns becomes usable only through [`crate::gate::Decision`].

#[expect(missing_docs, reason = "generated from wit/gate.wit, where each item is documented")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "gate",
        additional_derives: [Clone, PartialEq],
    });
}

/// The same world, called without holding a thread: a store that knows asynchronous imports wants it so.
#[expect(missing_docs, reason = "generated from wit/gate.wit, where each item is documented")]
mod patient {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "gate",
        exports: { default: async },
        with: { "portcullis:gate/types": super::bindings::portcullis::gate::types },
    });
}

pub use bindings::portcullis::gate::types::*;
pub use bindings::{Gate as GateWorld, GatePre as GateWorldPre};
pub use patient::Gate as PatientWorld;

/// Name and version of the contract, as components export it.
pub const VERSION: &str = "portcullis:gate@0.1.0";
