//! One address: the copy that is held, the last try, and when the next one may be. Pure: time comes in as a number.
//!
//! The clock may jump. An age below zero means it went back; a copy is then used, but fetched again at once, and no wait
//! outlives a jump (security row T1).

use super::{Document, Fault};

/// Seconds a copy is used without asking again (jose: 10 min).
pub const FRESH: i64 = 600;
/// Age in seconds at which a copy is fetched again in the background, so that no request waits for it.
pub const REFRESH: i64 = FRESH / 2;
/// Age in seconds up to which the last good copy is used while the address does not answer.
pub const MAX_STALE: i64 = 3600;
/// Seconds between fetches that unknown keys cause (jose: 30 s).
pub const COOLDOWN: i64 = 30;
/// Seconds after which a holder looks again while a copy is being refreshed ahead of its time.
const LOOK_AGAIN: i64 = 5;
/// Seconds until an address is tried again that did not answer.
const RETRY: i64 = 1;

/// Why a fetch is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nothing held, or too old.
    Age,
    /// A token names a key that the copy does not have.
    UnknownKey,
}

/// What to do about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Answer with what is held.
    Answer,
    /// The same, and fetch meanwhile.
    Background(Cause),
    /// Fetch and wait.
    Fetch(Cause),
    /// No fetch of its own, but wait for one under way.
    Join,
}

impl Plan {
    /// Must the question wait?
    pub fn waits(self) -> bool {
        matches!(self, Self::Fetch(_) | Self::Join)
    }
}

/// One address. `F` is how its flight is waited for, if its world can wait.
#[derive(Debug)]
pub struct Entry<F = ()> {
    copy: Option<Copy>,
    last: Option<Try>,
    flight: Option<F>,
}

impl<F> Default for Entry<F> {
    fn default() -> Self {
        Self { copy: None, last: None, flight: None }
    }
}

/// A usable copy, as it is handed to the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Grows with each changed copy.
    pub revision: u64,
    /// Unix time of the fetch.
    pub fetched: i64,
    /// Unix time until which whoever gets it need not ask again.
    pub fresh_until: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

#[derive(Debug)]

struct Copy {
    document: Document,
    fetched: i64,
    revision: u64,
}

#[derive(Debug)]
struct Try {
    at: i64,
    cause: Cause,
    /// Seconds from `at` in which no other try is made.
    wait: i64,
    fault: Option<String>,
}

impl<F> Entry<F> {
    /// What to do about a question; `unknown_key`: a token names a key that the copy does not have.
    pub fn plan(&self, unknown_key: bool, now: i64) -> Plan {
        let age = self.copy.as_ref().map(|copy| now.saturating_sub(copy.fetched));
        let may_try = self.last.as_ref().is_none_or(|last| !within(last.at, last.wait, now));
        let aged = match age {
            Some(age) if (0..REFRESH).contains(&age) => Plan::Answer,
            Some(age) if (0..FRESH).contains(&age) => Plan::Background(Cause::Age),
            // The address has just failed to give a newer one: requests do not wait for it while a copy may be used.
            Some(age) if age < MAX_STALE && self.last.as_ref().is_some_and(|last| last.fault.is_some()) => {
                Plan::Background(Cause::Age)
            }
            _ => Plan::Fetch(Cause::Age),
        };
        let plan = match aged {
            Plan::Answer | Plan::Background(_) if unknown_key => self.plan_unknown(now),
            _ => aged,
        };
        match plan {
            Plan::Background(_) if !may_try => Plan::Answer,
            Plan::Fetch(_) if !may_try => Plan::Join,
            plan => plan,
        }
    }

    /// One early fetch, then one in [`COOLDOWN`]: a new key is found at once, made-up keys cause no flood.
    fn plan_unknown(&self, now: i64) -> Plan {
        match &self.last {
            Some(last) if last.cause == Cause::UnknownKey && within(last.at, COOLDOWN, now) => Plan::Join,
            _ => Plan::Fetch(Cause::UnknownKey),
        }
    }

    /// The last flight that took off and was not said to have landed.
    pub fn flight(&self) -> Option<&F> {
        self.flight.as_ref()
    }

    /// A fetch begins.
    pub fn take_off(&mut self, cause: Cause, now: i64, landed: F) {
        self.last = Some(Try { at: now, cause, wait: RETRY, fault: None });
        self.flight = Some(landed);
    }

    /// The flight is over. The copy is replaced, never merged: a key that the issuer removed is gone.
    pub fn land(&mut self, result: Result<Document, Fault>, now: i64, next_revision: impl FnOnce() -> u64) {
        self.flight = None;
        let (wait, fault) = match result {
            Ok(document) => {
                let revision = match &self.copy {
                    Some(held) if held.document == document => held.revision,
                    _ => next_revision(),
                };
                self.copy = Some(Copy { document, fetched: now, revision });
                (0, None)
            }
            Err(Fault::Down(why)) => (RETRY, Some(why)),
            // It answers, and wrongly: asking again soon gives the same.
            Err(Fault::Useless(why)) => (COOLDOWN, Some(why)),
        };
        if let Some(last) = &mut self.last {
            (last.wait, last.fault) = (wait, fault);
        }
    }

    /// The copy that may be used, or why there is none.
    ///
    /// # Errors
    /// The last fault.
    pub fn answer(&self, now: i64) -> Result<Held, String> {
        let Some(copy) = self.copy.as_ref().filter(|_| self.is_usable(now)) else {
            let fault = self.last.as_ref().and_then(|last| last.fault.as_deref());
            return Err(fault.unwrap_or("it has not been fetched yet").to_owned());
        };
        Ok(Held {
            revision: copy.revision,
            fetched: copy.fetched,
            fresh_until: self.fresh_until(copy, now),
            body: copy.document.body.clone(),
        })
    }

    /// Until when whoever gets the copy need not ask again. Not simply the end of [`FRESH`]: an instance that holds a
    /// copy has to ask in the time of the refresh ahead, or the refresh would never begin.
    fn fresh_until(&self, copy: &Copy, now: i64) -> i64 {
        let end = |length: i64| copy.fetched.saturating_add(length);
        if now < end(REFRESH) {
            end(REFRESH)
        } else if now < end(FRESH) {
            now.saturating_add(LOOK_AGAIN).min(end(FRESH))
        } else {
            // A copy past its time is good until the next try.
            let next_try = self.last.as_ref().map_or(now, |last| last.at.saturating_add(last.wait));
            next_try.max(now.saturating_add(RETRY)).min(end(MAX_STALE))
        }
    }

    /// Is there a copy that may be used?
    pub fn is_usable(&self, now: i64) -> bool {
        self.copy.as_ref().is_some_and(|copy| now.saturating_sub(copy.fetched) < MAX_STALE)
    }

    /// The `jwks_uri`, if this is a discovery document.
    pub fn leads_to(&self) -> Option<String> {
        self.copy.as_ref()?.document.leads_to.clone()
    }
}

/// Is `now` in the `length` seconds from `start`? A clock set back to before `start` is not.
fn within(start: i64, length: i64, now: i64) -> bool {
    (0..length).contains(&now.saturating_sub(start))
}
