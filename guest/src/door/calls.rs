//! Calls of backends by one instance. A good answer is given once more within its grace, as long as the instance lives;
//! over many instances nobody can do that, and `docs/runtimes.md` says so.

use super::{CALL_ANSWER, Fetch, FetchError, Fetched, World};
use crate::question::{Answer, Call};
use portcullis_wire::is_hosts_own;
use std::cell::RefCell;

/// How backends see us.
pub(super) const USER_AGENT: &str = concat!("portcullis/", env!("CARGO_PKG_VERSION"));

/// Answers kept by one instance.
const MAX_KEPT: usize = 256;
/// Bytes of an answer that is kept, as in the host.
const MAX_KEPT_BYTES: usize = 64 << 10;
/// Milliseconds that a policy may keep an answer, as in the host.
const MAX_GRACE: u32 = 60_000;
/// Milliseconds that a call may take, as in the host.
const MAX_TIME: u32 = 30_000;

/// The answers that are still good.
#[derive(Default)]
pub(super) struct Calls(Vec<Kept>);

struct Kept {
    /// Address and key: the same key at another address is another call.
    place: (String, String),
    /// Unix time, in seconds: the clock of a decision has no finer one. Rounded down, so that none is kept too long.
    until: i64,
    answer: Fetched,
}

/// Shows no key and no answer: both may hold secrets.
impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Calls({} kept)", self.0.len())
    }
}

/// Call a backend, or give the answer that an equal call got just now.
pub(super) async fn ask<W: World>(calls: &RefCell<Calls>, named: &[String], call: Call, world: &W) -> Answer {
    if !named.contains(&call.url) {
        return Answer::Failed("the policy does not name this address".to_owned());
    }
    if let Some(why) = unfit(&call) {
        return Answer::Failed(why);
    }
    let (place, now) = ((call.url.clone(), call.key.clone()), world.now());
    calls.borrow_mut().0.retain(|kept| (0..=i64::from(MAX_GRACE / 1000)).contains(&(kept.until - now)));
    if !call.key.is_empty()
        && let Some(kept) = calls.borrow().0.iter().find(|kept| kept.place == place)
    {
        return answered(kept.answer.clone());
    }
    let Call { method, url, headers, body, key, grace, keep, timeout } = call;
    let mut headers = headers;
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        headers.push(("user-agent".to_owned(), USER_AGENT.as_bytes().to_vec()));
    }
    headers.push(("accept-encoding".to_owned(), b"identity".to_vec()));
    let request = Fetch { method, url, headers, body, timeout: timeout.min(MAX_TIME), limit: CALL_ANSWER };
    match world.fetch(request).await {
        Err(FetchError::TooLarge) => Answer::Failed("its answer is too large".to_owned()),
        Err(FetchError::Unreachable(why)) => Answer::Failed(why),
        Ok(answer) => {
            let until = world.now() + i64::from(grace.min(MAX_GRACE) / 1000);
            let good = (200..300).contains(&answer.status)
                && answer.body.len() <= MAX_KEPT_BYTES
                && contains(&answer.body, &keep);
            if good && !key.is_empty() && grace >= 1000 {
                let kept = &mut calls.borrow_mut().0;
                if kept.len() >= MAX_KEPT {
                    // The oldest: they stand in the order they came.
                    kept.remove(0);
                }
                kept.push(Kept { place, until, answer: answer.clone() });
            }
            answered(answer)
        }
    }
}

fn answered(Fetched { status, headers, body }: Fetched) -> Answer {
    Answer::Call { status, headers, body }
}

/// What may not be sent, as in the host.
fn unfit(call: &Call) -> Option<String> {
    if call.method.eq_ignore_ascii_case("connect") {
        return Some("it would open a tunnel".to_owned());
    }
    call.headers.iter().find_map(|(name, _)| match http::HeaderName::try_from(name) {
        Err(_) => Some("a header name that is no token".to_owned()),
        Ok(name) if is_hosts_own(&name) => Some(format!("a header `{name}`, which is the host's")),
        Ok(_) => None,
    })
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(text, wanted).is_some()
}
