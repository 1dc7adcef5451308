//! Writing to stdout and stderr. A reader that went away (`| head`) is no error.

use std::io::Write as _;

/// Data, to stdout.
pub(super) fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Data as JSON, to stdout.
pub(super) fn json(value: &serde_json::Value) {
    data(&format!("{value:#}"));
}

/// Everything else, to stderr.
pub(super) fn note(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = err.write_all(b"\n");
    }
}
