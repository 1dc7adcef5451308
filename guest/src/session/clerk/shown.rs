//! A token that was shown, up to its being verified.

use super::ALGORITHMS;
use super::claims::normalise;
use super::outcome::{SIGNATURE, STATUS, TOKEN};
use super::reader::Clerk;
use crate::session::Identity;
use crate::session::crypto::text::to_hex;
use crate::session::jwt::{Place, Token};
use crate::session::kind::{Judged, Turn, note};
use crate::session::refused::Refused;
use crate::trace::Outcome;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Category of session tokens, and the one that stands for none.
const CATEGORIES: [&str; 2] = ["cl_B7d4PD111AAA", "cl_I7d4PD111III"];
/// Type of OAuth access tokens.
const ACCESS_TOKEN: &str = "at+jwt";
/// Subjects of machines begin so.
const MACHINE: &str = "mch_";

/// A token, not yet believed.
pub(super) enum Shown {
    /// It was verified before, and is still good.
    Known(Arc<Identity>),
    /// It has the form of one.
    New(Box<Token>),
}

impl Shown {
    /// Its claims.
    pub(super) fn claims(&self) -> &Map<String, Value> {
        match self {
            Self::Known(identity) => &identity.claims,
            Self::New(token) => &token.claims,
        }
    }

    /// Is it of another class than session tokens: made by a template, or for a machine?
    pub(super) fn is_no_session(&self) -> bool {
        let Self::New(token) = self else { return false };
        let subject = token.claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        token.category.as_deref().is_some_and(|category| !CATEGORIES.contains(&category))
            || token.is_type(Some(ACCESS_TOKEN))
            || subject.starts_with(MACHINE)
    }
}

impl Clerk {
    /// Look at a text that must be a token.
    pub(super) fn look(&self, turn: &mut Turn<'_, '_>, text: &str) -> Result<Shown, Refused> {
        let looked = turn.learnt.cache.look(text);
        if let Some(identity) = turn.learnt.recall(turn.index, looked, turn.asking.head.now) {
            return Ok(Shown::Known(identity));
        }
        Token::parse(text).map(|token| Shown::New(Box::new(token)))
    }

    /// Verify it. What is remembered is the session as the app behind is told of it.
    pub(super) fn verify(&self, place: Place, turn: &mut Turn<'_, '_>, text: &str, shown: Shown) -> Judged {
        let token = match shown {
            Shown::Known(identity) => {
                turn.note(Outcome::Yes, || "verified before".to_owned());
                return Judged::Verified(identity);
            }
            Shown::New(token) => token,
        };
        if !token.plain_type {
            note(turn.trace, Outcome::No, turn.name, || Refused::Type.to_string());
            return Judged::Refused(Refused::Type);
        }
        if ALGORITHMS.contains(&token.algorithm) && !self.verifier.algorithms.contains(&token.algorithm) {
            let why = Refused::KeyUnfit("it is for another algorithm");
            note(turn.trace, Outcome::No, turn.name, || why.to_string());
            return Judged::Refused(why);
        }
        let (by, looked) = (turn.by(&self.verifier).at(place), turn.learnt.cache.look(text));
        match turn.learnt.judge(by, looked, &token, turn.trace) {
            Judged::Verified(identity) => {
                let own = Arc::new(self.told(&identity, text));
                turn.retell(text, &own);
                Judged::Verified(own)
            }
            other => other,
        }
    }

    /// The identity with claims in the common form, and the token signed for the app behind.
    fn told(&self, identity: &Identity, text: &str) -> Identity {
        let mut own = identity.clone();
        normalise(&mut own.claims);
        if self.settings.app_headers {
            own.app_headers = vec![(STATUS, "signed-in".to_owned())];
            if let Some(secret) = &self.secret {
                own.app_headers.push((TOKEN, text.to_owned()));
                own.app_headers.push((SIGNATURE, to_hex(secret.tag(&[text.as_bytes()]))));
            }
        }
        own
    }
}
