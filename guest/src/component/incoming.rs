//! WIT to ours.

use super::bindings::portcullis::gate::types as wit;
use crate::config::Format;
use crate::door::Held;
use crate::question::{Answer, Answered, Document, VerifyKey};
use crate::request::Head;
use crate::session::Algorithm;

pub(super) fn format(format: wit::ConfigFormat) -> Format {
    match format {
        wit::ConfigFormat::Toml => Format::Toml,
        wit::ConfigFormat::Json => Format::Json,
    }
}

pub(super) fn head(head: wit::RequestHead) -> Head {
    let wit::RequestHead { method, scheme, authority, target, headers, client, now } = head;
    Head { method, scheme, authority, target, headers, client, now }
}

pub(super) fn held(held: wit::HeldDocument) -> Held {
    let wit::HeldDocument { url, body, fetched, until } = held;
    Held { url, body, fetched, until }
}

pub(super) fn answers(answers: Vec<wit::Answered>) -> Vec<Answered> {
    answers.into_iter().map(|wit::Answered { id, answer }| Answered { id, answer: one(answer) }).collect()
}

fn one(answer: wit::Answer) -> Answer {
    match answer {
        wit::Answer::Document(wit::DocumentAnswer { revision, fetched, fresh_until, body }) => {
            Answer::Document(Document { revision, fetched, fresh_until, body })
        }
        wit::Answer::Verify(good) => Answer::Verify(good),
        wit::Answer::Call(wit::CallAnswer { status, headers, body }) => Answer::Call { status, headers, body },
        wit::Answer::Body(bytes) => Answer::Body(bytes),
        wit::Answer::Signed(bytes) => Answer::Signed(bytes),
        wit::Answer::Failed(why) => Answer::Failed(why),
        wit::Answer::TooLarge => Answer::TooLarge,
    }
}

pub(super) fn algorithm(algorithm: wit::Algorithm) -> Algorithm {
    match algorithm {
        wit::Algorithm::Hs256 => Algorithm::Hs256,
        wit::Algorithm::Hs384 => Algorithm::Hs384,
        wit::Algorithm::Hs512 => Algorithm::Hs512,
        wit::Algorithm::Rs256 => Algorithm::Rs256,
        wit::Algorithm::Rs384 => Algorithm::Rs384,
        wit::Algorithm::Rs512 => Algorithm::Rs512,
        wit::Algorithm::Ps256 => Algorithm::Ps256,
        wit::Algorithm::Ps384 => Algorithm::Ps384,
        wit::Algorithm::Ps512 => Algorithm::Ps512,
        wit::Algorithm::Es256 => Algorithm::Es256,
        wit::Algorithm::Es384 => Algorithm::Es384,
        wit::Algorithm::Es512 => Algorithm::Es512,
        wit::Algorithm::Eddsa => Algorithm::EdDsa,
    }
}

pub(super) fn key(key: wit::VerifyKey) -> VerifyKey {
    match key {
        wit::VerifyKey::Jwk(text) => VerifyKey::Jwk(text),
        wit::VerifyKey::Secret(bytes) => VerifyKey::Secret(bytes),
    }
}
