//! Sessions: from a cookie or an `Authorization` header to a verified identity. Knows nothing of routes.
//!
//! The strict pre-check and the claim checks are ours; the signature step is a question to the world.

mod algorithm;
mod identity;
mod settings;

pub use algorithm::Algorithm;
pub use identity::Identity;
pub use settings::{Carrier, KeySource, ProviderSettings};

use crate::diagnostic::Diagnostic;
use crate::question::{Answers, Asked};
use crate::request::{Cookies, Head};
use crate::supply::Supplies;
use crate::trace::Trace;
use std::sync::Arc;

/// What reading a session came to.
#[derive(Debug, Clone)]
pub enum Found {
    /// A verified session.
    Verified(Arc<Identity>),
    /// None; the text says why, for logs: `no cookie`, `expired 12 s ago`, `kid unknown, keys fetched 4 s ago`.
    None(String),
    /// It cannot be told now (keys not to be had): guarded routes answer 503. The text says why.
    Unavailable(String),
    /// Answer these first.
    Ask(Vec<Asked>),
}

/// All providers of a started policy, with their keys and the tokens already verified.
#[derive(Debug, Default)]
pub struct Sessions {
    _private: (),
}

impl Sessions {
    /// Make the providers ready: resolve names, parse keys.
    ///
    /// # Errors
    /// Everything that is wrong with what was supplied, pointing at the places in the config that asked.
    pub fn prepare(
        settings: &[ProviderSettings],
        supplies: &Supplies,
        seed: (u64, u64),
    ) -> Result<Self, Vec<Diagnostic>> {
        let _ = (settings, supplies, seed);
        Ok(Self { _private: () })
    }

    /// Addresses that [`Found::Ask`] may name.
    pub fn documents(&self) -> Vec<String> {
        Vec::new()
    }

    /// The session of this request: cookie providers in config order; the first that verifies.
    pub fn session(&mut self, head: &Head, cookies: &Cookies<'_>, answers: Answers<'_>, trace: &mut Trace) -> Found {
        let _ = (head, cookies, answers, trace);
        Found::None("no cookie".to_owned())
    }

    /// The bearer token of this request, judged by the provider with that number (its place in the settings).
    pub fn bearer(&mut self, provider: usize, head: &Head, answers: Answers<'_>, trace: &mut Trace) -> Found {
        let _ = (provider, head, answers, trace);
        Found::None("no bearer token".to_owned())
    }
}
