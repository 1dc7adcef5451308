//! The host's answers for the native engine: the same verifier, documents and calls as the component gets,
//! with the words of the contract turned into those of the guest.

use crate::world::World;
use portcullis::contract as host;
use portcullis::gate::{Calls, Documents, Signer, Verifier};
use portcullis_gate::question::{self as guest, Addresses};
use portcullis_gate::session::Algorithm;
use std::sync::Arc;

/// Verifier, documents, calls and a runtime to wait for them.
pub(super) struct Answers {
    /// Verify signatures of this text, not of the one that is asked about.
    pub(super) message: Option<Vec<u8>>,
    verifier: Verifier,
    signer: Signer,
    documents: Documents,
    calls: Calls,
    runtime: tokio::runtime::Runtime,
}

impl Answers {
    /// For a policy that names these addresses.
    pub(super) fn new(world: &Arc<World>, addresses: Addresses) -> Result<Self, String> {
        let documents = Documents::new(world.clone(), world.clock(), addresses.documents);
        let calls = Calls::new(world.clone(), addresses.calls);
        Ok(Self {
            message: None,
            verifier: Verifier::new(),
            signer: Signer::new(),
            documents,
            calls,
            runtime: super::runtime()?,
        })
    }

    /// Answer one question about a request with that body.
    pub(super) fn answer(&self, question: &guest::Question, body: &[u8]) -> guest::Answer {
        match question {
            guest::Question::Verify { algorithm, key, message, signature } => {
                let message = self.message.as_ref().unwrap_or(message);
                guest::Answer::Verify(self.verifier.verify(&verify_to_host(*algorithm, key, message, signature)))
            }
            guest::Question::Document { url, freshness } => {
                let freshness = match freshness {
                    guest::Freshness::Current => host::Freshness::Current,
                    guest::Freshness::UnknownKey => host::Freshness::UnknownKey,
                };
                to_guest(self.runtime.block_on(self.documents.get(url, freshness)))
            }
            guest::Question::Sign { key, message } => {
                let question = host::SignQuestion { key: key.clone(), message: message.clone() };
                to_guest(self.signer.answer(&question))
            }
            guest::Question::Call(call) => to_guest(self.runtime.block_on(self.calls.answer(&call_to_host(call)))),
            guest::Question::Body { limit } if body.len() > *limit as usize => guest::Answer::TooLarge,
            guest::Question::Body { .. } => guest::Answer::Body(body.to_vec()),
        }
    }

    /// Let fetches in the background end.
    pub(super) fn settle(&self) {
        self.runtime.block_on(super::settle());
    }
}

/// The host's words for a question about a signature.
pub(crate) fn verify_to_host(
    algorithm: Algorithm,
    key: &guest::VerifyKey,
    message: &[u8],
    signature: &[u8],
) -> host::VerifyQuestion {
    host::VerifyQuestion {
        algorithm: to_host(algorithm),
        key: match key {
            guest::VerifyKey::Jwk(text) => host::VerifyKey::Jwk(text.clone()),
            guest::VerifyKey::Secret(bytes) => host::VerifyKey::Secret(bytes.clone()),
        },
        message: message.to_vec(),
        signature: signature.to_vec(),
    }
}

fn to_host(algorithm: Algorithm) -> host::Algorithm {
    match algorithm {
        Algorithm::Hs256 => host::Algorithm::Hs256,
        Algorithm::Hs384 => host::Algorithm::Hs384,
        Algorithm::Hs512 => host::Algorithm::Hs512,
        Algorithm::Rs256 => host::Algorithm::Rs256,
        Algorithm::Rs384 => host::Algorithm::Rs384,
        Algorithm::Rs512 => host::Algorithm::Rs512,
        Algorithm::Ps256 => host::Algorithm::Ps256,
        Algorithm::Ps384 => host::Algorithm::Ps384,
        Algorithm::Ps512 => host::Algorithm::Ps512,
        Algorithm::Es256 => host::Algorithm::Es256,
        Algorithm::Es384 => host::Algorithm::Es384,
        Algorithm::Es512 => host::Algorithm::Es512,
        Algorithm::EdDsa => host::Algorithm::Eddsa,
    }
}

fn call_to_host(call: &guest::Call) -> host::CallQuestion {
    let guest::Call { method, url, headers, body, key, grace, keep, timeout } = call.clone();
    host::CallQuestion { method, url, headers, body, key, grace, keep, timeout }
}

fn to_guest(answer: host::Answer) -> guest::Answer {
    match answer {
        host::Answer::Document(document) => guest::Answer::Document(guest::Document {
            revision: document.revision,
            fetched: document.fetched,
            fresh_until: document.fresh_until,
            body: document.body,
        }),
        host::Answer::Verify(good) => guest::Answer::Verify(good),
        host::Answer::Call(call) => guest::Answer::Call { status: call.status, headers: call.headers, body: call.body },
        host::Answer::Body(body) => guest::Answer::Body(body),
        host::Answer::Signed(signature) => guest::Answer::Signed(signature),
        host::Answer::Failed(why) => guest::Answer::Failed(why),
        host::Answer::TooLarge => guest::Answer::TooLarge,
    }
}
