//! The secrets of a webhook as prepared keys, and the check of a signature.

use super::message::{Message, TAG};
use super::{WebhookSettings, codes};
use crate::diagnostic::Diagnostic;
use crate::session;
use crate::supply::{Supplies, Text};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Secrets of one webhook: one in use, one on its way in or out. Each costs a pass over the body of whoever guesses.
pub(super) const MAX_SECRETS: usize = 4;
/// Bytes: what can be guessed is not a secret. Senders hand out 24 or more.
const MIN_SECRET: usize = 16;
/// How secrets begin; it may be left out.
const PREFIX: &str = "whsec_";
/// base64 as people paste it: padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// HMAC with the key block hashed already: a tag costs only its message.
type Key = Hmac<Sha256>;

/// The keys of one webhook. There is no `Debug`: nothing in it may be shown.
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Resolve the secrets. All are looked at, so that every mistake is reported.
    pub(super) fn ready(
        settings: &WebhookSettings,
        supplies: &Supplies,
        findings: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut error = |code, text: String, help: &str| {
            let text = format!("`{}`: {text}", settings.name);
            findings.push(Diagnostic::error(code, settings.span, text).help(help));
        };
        if settings.secrets.len() > MAX_SECRETS {
            let help = "keep those that the sender still signs with";
            error(session::codes::TOO_MANY, format!("more than {MAX_SECRETS} secrets"), help);
            return None;
        }
        let mut keys = Vec::new();
        for text in &settings.secrets {
            match supplies.text(text).map(secret) {
                Some(Ok(bytes)) => keys.extend(Key::new_from_slice(&bytes)),
                Some(Err(Wrong::Form)) => {
                    let help = "paste the signing secret of the endpoint as it is shown: `whsec_…`";
                    error(codes::BAD_SECRET, "a secret is not `whsec_` and base64".to_owned(), help);
                }
                Some(Err(Wrong::Short(length))) => {
                    let text = format!("a secret is {length} bytes long; at least {MIN_SECRET} are needed");
                    error(codes::SHORT_SECRET, text, "let the sender make a new one");
                }
                None if matches!(text, Text::Need(index) if supplies.bytes(*index).is_some()) => {
                    let help = "paste the signing secret of the endpoint as it is shown: `whsec_…`";
                    error(codes::BAD_SECRET, "a secret is not text".to_owned(), help);
                }
                None => {}
            }
        }
        (!keys.is_empty() && keys.len() == settings.secrets.len()).then_some(Self(keys))
    }

    /// Did one of the keys sign this message with this body? Tags are compared in constant time.
    pub(super) fn signed(&self, message: &Message<'_>, body: &[u8]) -> bool {
        let time = message.timestamp.to_string();
        self.0.iter().any(|key| {
            let mut mac = key.clone();
            [message.id.as_bytes(), b".", time.as_bytes(), b".", body].iter().for_each(|part| mac.update(part));
            let tag = mac.finalize();
            message.tags.iter().any(|sent: &[u8; TAG]| tag == CtOutput::new((*sent).into()))
        })
    }
}

/// What is wrong with a secret. Never says more about its content than its length.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Form,
    Short(usize),
}

/// The bytes behind `whsec_`.
fn secret(text: &str) -> Result<Vec<u8>, Wrong> {
    let text = text.trim();
    let bytes = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| Wrong::Form)?;
    if bytes.len() < MIN_SECRET { Err(Wrong::Short(bytes.len())) } else { Ok(bytes) }
}
