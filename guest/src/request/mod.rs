//! A request as a decision sees it: head, canonical target and views, query, cookies, kind, host, conditions.
//! Knows nothing of sessions, rules or verdicts.

mod condition;
mod cookie;
mod head;
mod host;
mod kind;
mod packed;
mod percent;
mod query;
mod return_url;
mod target;

pub use condition::{Condition, ConditionKind};
pub use cookie::{
    Chunks, CookieRead, CookieRule, Cookies, Form, MAX_BYTES as MAX_COOKIE_BYTES, MAX_PAIRS as MAX_COOKIES,
};
pub use head::Head;
pub use host::{Authority, HostPattern};
pub use kind::{Kind, sample_headers};
pub use packed::BadHead;
pub use query::{
    append_param, decode_component, decode_uri, decode_uri_component, encode_component, param, without_param,
};
pub use return_url::{ReturnRules, checked_return};
pub use target::{MAX_PATH, MAX_TARGET, PathRules, Target, View, check_path, without_empty_segments};

/// Why a request is refused before any rule is asked. A value with a reason, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Status of the answer: 400, 414, 421, 431 or 501.
    pub status: u16,
    /// Stable word for logs, e.g. `encoded-slash`.
    pub reason: &'static str,
    /// One line for `explain`.
    pub detail: String,
}

impl Refusal {
    /// A 400.
    pub fn bad(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { status: 400, reason, detail: detail.into() }
    }
}
