//! From options to a running gate.

use super::cache::{Cache, Cached};
use super::calls::{Calls, HttpCall};
use super::component::{Source, first_line};
use super::documents::{Documents, HttpFetch};
use super::engine::{self, Limits};
use super::instance::{Instance, Mold};
use super::pool::{self, Pool, Recipe};
use super::supplies::Supplies;
use super::validate::Bounds;
use super::{ComponentSource, ConfigSource, Failure, Gate, GateOptions, LoadError, Signer, Verifier, bake};
use crate::contract::{Diagnostic, GateWorldPre, Inputs, Loaded, Severity, Started};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn load(options: GateOptions) -> Result<Gate, LoadError> {
    let source = Source::read(&options.component)?;
    let cache = Cache::open(options.cache.as_deref());
    let (mut mold, mut cached) = mold(&source, &cache, options.limits)?;
    let broken = |failure: Failure| source.error(format_args!("cannot be used: {failure}"));
    let mut instance = mold.instantiate().map_err(broken)?;

    let mut baked = options.config.is_none();
    let (config, loaded) = match options.config {
        Some(config) => match instance.load(&config.text, config.format).map_err(broken)? {
            Ok(loaded) => (config, loaded),
            Err(findings) => return Err(refused(&source, config, findings)),
        },
        None => describe(&source, &mut instance)?,
    };
    if loaded.rules.is_empty() || loaded.proxy.upstreams.len() > usize::from(u16::MAX) {
        return Err(source.error("describes a policy that cannot be: no rules, or too many upstreams"));
    }
    let isolate = loaded.proxy.isolate_requests;
    if isolate && !baked {
        // A fresh instance for each request must not parse the config each time (1.9 ms for 100 routes).
        let baked_source = Source { bytes: bake::snapshot(&source, &config, &[])?.bytes, ..source.clone() };
        (mold, cached) = self::mold(&baked_source, &cache, options.limits)?;
        instance = mold.instantiate().map_err(broken)?;
        baked = true;
    }

    let supplies = Supplies::gather(&loaded.needs, &config.folder, options.env.as_deref());
    let seed = pool::seed().map_err(broken)?;
    let inputs = Inputs { supplies: supplies.values, seed };
    let (documents, calls, unstarted) = match instance.start(&inputs).map_err(broken)? {
        Ok(Started { documents, calls }) => (documents, calls, Vec::new()),
        Err(mut findings) => {
            supplies.reasons.annotate(&loaded.needs, &mut findings);
            if !options.lenient {
                return Err(refused(&source, config, findings));
            }
            (Vec::new(), Vec::new(), findings)
        }
    };

    let recipe = Recipe {
        config: (!baked).then(|| (config.text.clone(), config.format)),
        supplies: inputs.supplies,
        lenient: options.lenient,
        isolate,
    };
    let pool = Pool::new(mold, recipe);
    if !isolate {
        pool.adopt(instance);
    }
    let fetcher = options.fetcher.unwrap_or_else(|| Arc::new(HttpFetch::default()));
    let caller = options.caller.unwrap_or_else(|| Arc::new(HttpCall::default()));
    Ok(Gate {
        bounds: Bounds::of(&loaded),
        loaded,
        config,
        unstarted,
        pool,
        documents: Documents::new(fetcher, options.clock, documents),
        calls: Calls::new(caller, calls),
        verifier: Verifier::new(),
        signer: Signer::new(),
        cached,
        plain: options.plain,
    })
}

pub(super) fn schema(component: &ComponentSource) -> Result<String, LoadError> {
    let source = Source::read(component)?;
    let (mold, _) = mold(&source, &Cache::open(None), Limits::default())?;
    let schema = mold.instantiate().and_then(|mut instance| instance.schema());
    schema.map_err(|failure| source.error(format_args!("cannot tell its schema: {failure}")))
}

/// An instance with nothing in it.
pub(super) fn empty(component: &ComponentSource, limits: Limits) -> Result<Instance, LoadError> {
    let source = Source::read(component)?;
    let (mold, _) = mold(&source, &Cache::open(None), limits)?;
    mold.instantiate().map_err(|failure| source.error(format_args!("cannot be used: {failure}")))
}

/// Compile and seal. A component that does not speak our contract stops here.
fn mold(source: &Source, cache: &Cache, limits: Limits) -> Result<(Mold, Cached), LoadError> {
    let (component, cached) = source.compile(cache)?;
    let engine = component.engine();
    let exports: Vec<String> =
        component.component_type().exports(engine).map(|(name, _)| format!("`{name}`")).take(8).collect();
    let wrong_world = |error: wasmtime::Error| {
        let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
        source.error(format_args!(
            "is not a Portcullis component of this version: it must export `portcullis:gate/decider@0.1.0`, and exports \
             {exports} ({}); rebuild it, or leave it out to use the built-in one",
            first_line(&error)
        ))
    };
    let linker = engine::sealed_linker(&component).map_err(wrong_world)?;
    let pre = linker.instantiate_pre(&component).and_then(GateWorldPre::new).map_err(wrong_world)?;
    Ok((Mold { pre, limits }, cached))
}

/// What is inside a baked component.
fn describe(source: &Source, instance: &mut Instance) -> Result<(ConfigSource, Loaded), LoadError> {
    let broken = |failure: Failure| source.error(format_args!("cannot be used: {failure}"));
    let loaded = instance.describe().map_err(broken)?;
    let config = instance.config().map_err(broken)?;
    match (loaded, config) {
        (Some(loaded), Some((text, format))) => {
            let name = format!("config baked into {}", source.name);
            Ok((ConfigSource { name, text, format, folder: PathBuf::from(".") }, loaded))
        }
        _ => Err(source.error("has no config baked in; give a config file, or bake one in with `portcullis bake`")),
    }
}

/// Findings as a load error. A guest that refuses without naming a mistake must not read as "no mistakes".
fn refused(source: &Source, config: ConfigSource, findings: Vec<Diagnostic>) -> LoadError {
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        LoadError::Findings { config, findings }
    } else {
        source.error(format_args!("refuses the config `{}` without saying why", config.name))
    }
}
