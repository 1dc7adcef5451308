//! The two artefacts, built from one guest crate.

/// The decider and `wasi:http/incoming-handler` of WASI 0.2: what the host carries, too.
pub use portcullis::gate::BUILT_IN as GATE;

/// The decider and `wasi:http/handler` of WASI 0.3, exported and imported: a middleware.
pub static MIDDLEWARE: &[u8] = include_bytes!(env!("PORTCULLIS_MIDDLEWARE"));

/// Bytes of a component after gzip at its best: what a registry sends.
///
/// # Errors
/// None that memory does not cause.
pub fn gzipped(bytes: &[u8]) -> std::io::Result<usize> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish().map(|packed| packed.len())
}
