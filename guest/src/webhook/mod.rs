//! Webhooks: from the headers and the raw body of a request to "one of the agreed secrets signed this". Knows nothing of
//! rules, and nobody is identified: whoever holds the secret is the sender.
//!
//! [`settings`] is what the config says, [`message`] reads the headers, [`verify`] holds the prepared keys. Whatever needs
//! no body comes first, so that a request that is refused anyway never has its body read. For users:
//! `docs/sessions/webhooks.md`.

pub mod codes;
mod message;
mod settings;
#[cfg(test)]
mod tests;
mod verify;

pub use settings::{Scheme, WebhookSettings};

use crate::diagnostic::Diagnostic;
use crate::question::{Answer, Answers, Asked, Question};
use crate::request::Head;
use crate::session::FIRST_FREE_QUESTION;
use crate::supply::Supplies;
use crate::trace::{Outcome, Stage, Trace};
use message::Message;
use std::fmt;
use verify::Keys;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// One of the secrets signed it.
    Signed,
    /// Nobody we know sent it; the text says why: `timestamp 301 s old`, `no signature fits`.
    Refused(String),
    /// Its body is longer than `max-body`.
    TooLarge,
    /// Its body did not come whole.
    Broken(String),
    /// The body cannot be had here.
    Unavailable(String),
    /// Answer this first.
    Ask(Asked),
}

/// All webhooks of a started policy, with their keys. Nothing is remembered between two requests.
#[derive(Default)]
pub struct Webhooks(Vec<Webhook>);

struct Webhook {
    settings: WebhookSettings,
    keys: Keys,
}

/// Shows no key.
impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhooks({})", self.0.len())
    }
}

impl Webhooks {
    /// Resolve the secrets and prepare their keys.
    ///
    /// # Errors
    /// Everything that is wrong with what was supplied. The list is empty if all that is wrong is that supplies are
    /// missing: who handed them in has reported those.
    pub fn prepare(settings: &[WebhookSettings], supplies: &Supplies) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let mut all = Vec::new();
        for one in settings {
            if let Some(keys) = Keys::ready(one, supplies, &mut findings) {
                all.push(Webhook { settings: one.clone(), keys });
            }
        }
        if findings.is_empty() && all.len() == settings.len() { Ok(Self(all)) } else { Err(findings) }
    }

    /// Judge a message by the webhook with that number (its place in the settings).
    pub fn read(&self, number: usize, head: &Head, answers: Answers<'_>, trace: &mut Trace) -> Received {
        let Some(webhook) = self.0.get(number) else {
            return Received::Refused("no such webhook".to_owned());
        };
        let received = webhook.read(number, head, answers);
        trace.note(Stage::Session, if received == Received::Signed { Outcome::Yes } else { Outcome::No }, || {
            (webhook.settings.name.clone(), received.to_string())
        });
        received
    }
}

impl Webhook {
    fn read(&self, number: usize, head: &Head, answers: Answers<'_>) -> Received {
        let message = match Message::read(self.settings.scheme, head) {
            Ok(message) => message,
            Err(why) => return Received::Refused(why.to_owned()),
        };
        if let Err(why) = message.in_time(head.now, self.settings.tolerance) {
            return Received::Refused(why);
        }
        // Another limit is another question, so each webhook has its own number.
        let id = FIRST_FREE_QUESTION.saturating_add(u32::try_from(number).unwrap_or(u32::MAX));
        match answers.get(id) {
            None => Received::Ask(Asked { id, question: Question::Body { limit: self.settings.max_body } }),
            Some(Answer::Body(body)) if self.keys.signed(&message, body) => Received::Signed,
            Some(Answer::Body(_)) => Received::Refused("no signature fits".to_owned()),
            Some(Answer::TooLarge) => Received::TooLarge,
            Some(Answer::Failed(why)) => Received::Broken(why.clone()),
            Some(_) => Received::Unavailable("an answer of another kind".to_owned()),
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => f.write_str("signed"),
            Self::Refused(why) => f.write_str(why),
            Self::TooLarge => f.write_str("the body is longer than `max-body`"),
            Self::Broken(why) | Self::Unavailable(why) => write!(f, "no body: {why}"),
            Self::Ask(_) => f.write_str("asks for the body"),
        }
    }
}
