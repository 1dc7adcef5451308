//! `portcullis version`: what this program is made of.

use super::exit::{Exit, Stop};
use super::{Global, out};
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub(super) fn run(global: &Global) -> Result<Exit, Stop> {
    let component = global.component().bytes().map_err(|error| Stop::from_load(error, global.color()))?;
    let digest: String = Sha256::digest(&component).iter().map(|byte| format!("{byte:02x}")).collect();
    let version = env!("CARGO_PKG_VERSION");
    if global.json {
        out::json(&json!({
            "portcullis": version,
            "contract": crate::contract::VERSION,
            "component": { "sha256": digest, "bytes": component.len() },
        }));
    } else {
        out::data(&format!(
            "portcullis {version}\ncontract   {}\ncomponent  sha256:{digest} ({} bytes)",
            crate::contract::VERSION,
            component.len()
        ));
    }
    Ok(Exit::Ok)
}
