//! `portcullis schema`: the JSON Schema of the config, as the component tells it.

use super::exit::{Exit, Stop};
use super::{Global, out};
use crate::gate::Gate;

pub(super) fn run(global: &Global) -> Result<Exit, Stop> {
    let schema = Gate::schema(&global.component()).map_err(|error| Stop::from_load(error, global.color()))?;
    out::data(&schema);
    Ok(Exit::Ok)
}
