//! How it came out, in the words of Clerk: headers for the app behind, and for who looks at the answer.

use super::reader::Clerk;
use crate::session::Identity;
use crate::session::kind::{Judged, Turn};
use crate::session::refused::Refused;
use crate::trace::Outcome;
use serde_json::Value;
use std::sync::Arc;

pub(super) const STATUS: &str = "x-clerk-auth-status";
pub(super) const REASON: &str = "x-clerk-auth-reason";
const MESSAGE: &str = "x-clerk-auth-message";
pub(super) const TOKEN: &str = "x-clerk-auth-token";
pub(super) const SIGNATURE: &str = "x-clerk-auth-signature";
const ADDRESS: &str = "x-clerk-clerk-url";
/// What no client may send: the app behind believes it.
pub(super) const HEADERS: [&str; 3] = ["x-clerk-auth-*", ADDRESS, "x-clerk-request-data"];

/// Below the sign-in page: what is left to do before a pending session counts.
const TASKS: &str = "/tasks";

/// Why nobody is signed in, in Clerk's words; and in ours, for logs.
#[derive(Debug, Clone)]
pub(super) struct Out {
    pub(super) reason: &'static str,
    pub(super) message: Option<String>,
    pub(super) why: Refused,
}

impl Out {
    /// A state that is no session.
    pub(super) fn state(reason: &'static str, why: &'static str) -> Self {
        Self { reason, message: None, why: Refused::State(why) }
    }

    /// A token that was refused.
    pub(super) fn token(reason: &'static str, carrier: &str, why: Refused) -> Self {
        let message = format!("{why} (reason={}, token-carrier={carrier})", token_reason(&why));
        Self { reason, message: Some(message), why }
    }
}

/// The word for a token that was refused.
pub(super) fn token_reason(why: &Refused) -> &'static str {
    match why {
        Refused::Expired(_) => "token-expired",
        Refused::NotYet(_) => "token-not-active-yet",
        Refused::Ahead(_) => "token-iat-in-the-future",
        Refused::Algorithm => "token-invalid-algorithm",
        Refused::Party => "token-invalid-authorized-parties",
        Refused::Issuer => "token-invalid-issuer",
        Refused::Signature => "token-invalid-signature",
        Refused::KeyUnknown(_) => "jwk-kid-mismatch",
        Refused::KeyUnfit(_) | Refused::Claim(..) | Refused::Audience | Refused::TooOld(_) => {
            "token-verification-failed"
        }
        Refused::Absent(_)
        | Refused::Unreadable(_)
        | Refused::Malformed(_)
        | Refused::Type
        | Refused::Sealed(_)
        | Refused::State(_) => "token-invalid",
    }
}

impl Clerk {
    /// A session that was verified.
    pub(super) fn signed_in(&self, turn: &mut Turn<'_, '_>, identity: Arc<Identity>) -> Judged {
        self.forget(turn);
        self.tell_address(turn);
        if identity.claims.get("sts").and_then(Value::as_str) != Some("pending") {
            return Judged::Verified(identity);
        }
        // The app behind is told of the session, and makes the same of it.
        let told = identity.app_headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        turn.carry.request_headers.extend(told);
        turn.carry.sign_in_below = Some(TASKS);
        turn.refuse(Refused::State("the session is pending: tasks are left"))
    }

    /// Nobody.
    pub(super) fn signed_out(&self, turn: &mut Turn<'_, '_>, out: Out) -> Judged {
        self.tell(turn, "signed-out", &out);
        turn.refuse(out.why)
    }

    /// It cannot be told now.
    pub(super) fn unavailable(&self, turn: &mut Turn<'_, '_>, why: String) -> Judged {
        let out = Out::state("jwk-remote-failed-to-load", "the keys are not to be had");
        self.tell(turn, "signed-out", &out);
        Judged::Unavailable(why)
    }

    /// Headers of the answer, and of the request that goes on.
    pub(super) fn tell(&self, turn: &mut Turn<'_, '_>, status: &str, out: &Out) {
        self.forget(turn);
        let mut headers = vec![(STATUS, status.to_owned()), (REASON, out.reason.to_owned())];
        headers.extend(out.message.clone().map(|message| (MESSAGE, message)));
        let own = headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        turn.carry.response_headers.extend(own.clone());
        if self.settings.app_headers {
            turn.carry.request_headers.extend(own);
        }
        self.tell_address(turn);
        turn.note(Outcome::Info, || format!("clerk would say {status}, {}", out.reason));
    }

    /// What another instance said before does not count any more.
    fn forget(&self, turn: &mut Turn<'_, '_>) {
        turn.carry.request_headers.retain(|(name, _)| !name.starts_with("x-clerk-"));
        turn.carry.response_headers.retain(|(name, _)| !name.starts_with("x-clerk-"));
    }

    /// The address that was asked for, as browsers see it; and where this site is, for the sign-in page.
    fn tell_address(&self, turn: &mut Turn<'_, '_>) {
        let Some(origin) = self.origin(turn) else { return };
        if self.settings.app_headers {
            let address = format!("{origin}{}", turn.asking.target.path_and_query());
            turn.carry.request_headers.push((ADDRESS.to_owned(), address));
        }
        if turn.asking.origin.is_none() {
            turn.carry.origin = Some(origin);
        }
    }

    /// Where this site is: as the config says, or the address that was asked if it is that of an authorized party. Host and
    /// scheme are the client's word, and are believed in no other case.
    pub(super) fn origin(&self, turn: &Turn<'_, '_>) -> Option<String> {
        if let Some(origin) = turn.asking.origin {
            return Some(origin.to_owned());
        }
        let head = turn.asking.head;
        let asked = || format!("{}://{}", head.scheme, head.authority.to_ascii_lowercase());
        let parties = &self.verifier.rules.parties;
        (!parties.is_empty()).then(asked).filter(|asked| parties.contains(asked))
    }
}
