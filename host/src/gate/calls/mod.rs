//! Calls of backends: one flight for each key, and its answer for those who come soon after.
//!
//! A call may change something at the other end: a refresh token, say, is good once. So it is never made twice for one
//! answer, and its flight goes on although the request that caused it may go away. What is called is bounded whatever
//! clients send: addresses come from the policy alone, and flights, answers and what is kept of them have limits.

mod http;
mod kept;
mod request;

pub use http::{Call, CallFuture, HttpCall};
pub use request::CallRequest;

use crate::contract::{Answer, CallQuestion};
use kept::{Kept, Wish};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Wall time of one call, all of it, whatever the policy says.
const MAX_TIME: Duration = Duration::from_secs(30);
/// Flights at once.
const MAX_FLIGHTS: usize = 1024;

/// All calls of one gate.
#[derive(Clone)]
pub struct Calls {
    shared: Arc<Shared>,
}

struct Shared {
    caller: Arc<dyn Call>,
    /// Addresses of the policy.
    named: Vec<String>,
    state: Mutex<State>,
    /// Calls so far.
    made: AtomicU64,
    /// Those that brought no answer.
    failed: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Flights that others may join.
    joinable: HashMap<Place, Landed>,
    /// All flights, those of nobody else too.
    under_way: usize,
    kept: Kept,
}

/// What comes of a flight; nothing as long as it is under way.
type Landed = watch::Receiver<Option<Answer>>;

/// An address with a key, as a digest: the key may be a secret and of any length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place([u8; 32]);

impl Place {
    /// `None`: without a key a call is nobody else's.
    fn of(url: &str, key: &str) -> Option<Self> {
        // No address holds a space, so nothing else comes to the same text.
        (!key.is_empty()).then(|| Self(Sha256::digest(format!("{url} {key}")).into()))
    }
}

/// What a question comes to before anything is waited for.
pub(super) enum Asked {
    /// The answer is there.
    Now(Answer),
    /// A call is under way.
    Later(Waiting),
}

/// Someone who waits for a flight.
pub(super) struct Waiting {
    landed: Landed,
}

impl Waiting {
    /// What the flight brings.
    pub(super) async fn answer(mut self) -> Answer {
        match self.landed.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => cut_off(),
        }
    }
}

impl Calls {
    /// Of the addresses in `named` (`started.calls`).
    pub fn new(caller: Arc<dyn Call>, named: Vec<String>) -> Self {
        let (state, made, failed) = Default::default();
        Self { shared: Arc::new(Shared { caller, named, state, made, failed }) }
    }

    /// The answer: of a call that is made now, of one that is under way, or one that was kept. Must run inside a tokio
    /// runtime.
    pub async fn answer(&self, question: &CallQuestion) -> Answer {
        match self.ask(question) {
            Asked::Now(answer) => answer,
            Asked::Later(waiting) => waiting.answer().await,
        }
    }

    /// Calls made so far, and those of them that brought no answer: refused, too slow or too large.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.shared.made.load(Ordering::Relaxed), self.shared.failed.load(Ordering::Relaxed))
    }

    pub(super) fn ask(&self, question: &CallQuestion) -> Asked {
        let failed = |why: String| Asked::Now(Answer::Failed(why));
        if !self.shared.named.contains(&question.url) {
            return failed("the policy does not name this address".to_owned());
        }
        let request = match CallRequest::new(question) {
            Ok(request) => request,
            Err(why) => return failed(format!("the call cannot be made: {why}")),
        };
        let place = Place::of(&question.url, &question.key);
        let mut state = self.state();
        if let Some(place) = &place {
            if let Some(answer) = state.kept.get(place, Instant::now()) {
                return Asked::Now(Answer::Call(answer));
            }
            if let Some(landed) = state.joinable.get(place) {
                return Asked::Later(Waiting { landed: landed.clone() });
            }
        }
        if state.under_way >= MAX_FLIGHTS {
            return failed("too many calls under way".to_owned());
        }
        let wish = Wish { grace: Duration::from_millis(question.grace.into()), keep: question.keep.clone() };
        let landing = self.take_off(&mut state, place, wish);
        let landed = landing.tell.subscribe();
        drop(state);
        tokio::spawn(landing.fly(request, Duration::from_millis(question.timeout.into()).min(MAX_TIME)));
        Asked::Later(Waiting { landed })
    }

    fn take_off(&self, state: &mut State, place: Option<Place>, wish: Wish) -> Landing {
        let (tell, landed) = watch::channel(None);
        state.under_way += 1;
        state.joinable.extend(place.map(|place| (place, landed)));
        self.shared.made.fetch_add(1, Ordering::Relaxed);
        Landing { calls: self.clone(), place, wish, answer: None, tell }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a flight, which comes when this is dropped: also when its task ends in a panic or with its runtime.
struct Landing {
    calls: Calls,
    place: Option<Place>,
    wish: Wish,
    answer: Option<Answer>,
    tell: watch::Sender<Option<Answer>>,
}

impl Landing {
    async fn fly(mut self, request: CallRequest, limit: Duration) {
        let called = tokio::time::timeout(limit, self.calls.shared.caller.call(request)).await;
        self.answer = Some(match called {
            Ok(Ok(answer)) => Answer::Call(answer),
            Ok(Err(why)) => Answer::Failed(why),
            Err(_) => Answer::Failed(format!("no answer in {} ms", limit.as_millis())),
        });
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let answer = self.answer.take().unwrap_or_else(cut_off);
        if matches!(answer, Answer::Failed(_)) {
            self.calls.shared.failed.fetch_add(1, Ordering::Relaxed);
        }
        let mut state = self.calls.state();
        state.under_way -= 1;
        if let Some(place) = self.place {
            // Both at once: whoever asks sees the flight or what it brought.
            state.joinable.remove(&place);
            if let Answer::Call(answer) = &answer {
                state.kept.put(place, answer, &self.wish, Instant::now());
            }
        }
        drop(state);
        self.tell.send_replace(Some(answer));
    }
}

fn cut_off() -> Answer {
    Answer::Failed("the call was cut off".to_owned())
}

/// Shows what may be called, and nothing of what was.
impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calls").field("named", &self.shared.named).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod tests;
