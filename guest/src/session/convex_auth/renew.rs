//! Which token is in force: the one that the request brought, or a new one when that is about to end.
//!
//! Three things can come of a renewal: new tokens, a definite end, and not knowing. Not knowing ends nothing: a token that is
//! in time stays good, and else nobody is told that they are signed out.

use super::backend::{self, Calling, FunctionKind, Said};
use super::jar::{Jar, Lifetime};
use super::{Margin, Service, Tokens};
use crate::question::Asked;
use crate::request::Kind as RequestKind;
use crate::session::Identity;
use crate::session::kind::Turn;
use crate::session::number::Call;
use crate::session::refused::Refused;
use crate::trace::Outcome;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;

/// How the session of a request stands.
pub(super) enum Stand {
    /// Answer this first.
    Ask(Asked),
    /// The token that came was verified before, and is not to be renewed yet.
    Known(Arc<Identity>),
    /// This token stands for it, if it verifies. `doubt`: why it could not be renewed.
    Token { text: String, doubt: Option<String> },
    /// There is none.
    Over(Refused),
    /// Nobody can tell now.
    Unknown(String),
}

/// When a renewal is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A while before the token ends.
    Early,
    /// Once it has ended.
    Late,
}

/// What came of a renewal.
pub(super) enum Renewed {
    Ask(Asked),
    New(Tokens),
    /// The backend knows no such session any more.
    Over,
    /// The function threw.
    Threw(String),
    Unknown(String),
}

impl Service {
    /// How the session of this request stands. A renewal is written down for browser and app.
    pub(super) fn stand(&self, turn: &mut Turn<'_, '_>, jar: &Jar<'_>, due: Due) -> Stand {
        let now = turn.now();
        let known = jar.token.as_deref().and_then(|token| turn.recall(token));
        let times = match &known {
            // It has been taken apart.
            Some(identity) => Times::among(|name| identity.claims.get(name)),
            None => jar.token.as_deref().and_then(Times::of),
        };
        let alive = times.is_some_and(|times| times.exp > now as f64);
        let fresh = times.is_some_and(|times| match due {
            Due::Early => times.exp > now as f64 + self.settings.margin.of(times),
            Due::Late => alive,
        });
        let token = |doubt| Stand::Token { text: jar.token.clone().unwrap_or_default(), doubt };
        if jar.is_empty() {
            return Stand::Over(Refused::Absent("no cookie"));
        }
        if fresh {
            return known.map_or_else(|| token(None), Stand::Known);
        }
        if is_guess(turn.asking.kind) {
            return if alive { token(None) } else { Stand::Over(Refused::State(ENDED)) };
        }
        let Some(refresh) = &jar.refresh else {
            if alive {
                return token(None);
            }
            jar.end(turn.carry);
            return Stand::Over(Refused::State(ENDED));
        };
        match self.renewed(turn, refresh) {
            Renewed::Ask(asked) => Stand::Ask(asked),
            Renewed::New(tokens) => {
                turn.note(Outcome::Info, || "renewed".to_owned());
                jar.renew(turn.carry, &tokens, self.lifetime(now));
                Stand::Token { text: tokens.token, doubt: None }
            }
            Renewed::Threw(why) | Renewed::Unknown(why) if alive => {
                turn.note(Outcome::Info, || format!("not renewed: {}", short(&why)));
                token(Some(why))
            }
            Renewed::Unknown(why) => Stand::Unknown(format!("not renewed: {}", short(&why))),
            Renewed::Over | Renewed::Threw(_) => {
                jar.end(turn.carry);
                Stand::Over(Refused::State("the session is over"))
            }
        }
    }

    /// New tokens for this refresh token. Whoever asks with the same one gets the same answer.
    pub(super) fn renewed(&self, turn: &mut Turn<'_, '_>, refresh: &str) -> Renewed {
        if !is_refresh_token(refresh) {
            return Renewed::Over;
        }
        let calling = Calling {
            provider: turn.index,
            call: Call::Renew,
            url: &self.url,
            function: &self.settings.renewal.name,
            kind: self.settings.renewal.kind,
            args: json!({ "refreshToken": refresh }),
            token: None,
            key: Some(format!("renew {refresh}")),
            grace: self.settings.grace,
            timeout: self.settings.timeout,
        };
        match calling.said(turn.asking.answers) {
            Said::Ask(asked) => Renewed::Ask(asked),
            Said::Threw(why) => Renewed::Threw(why),
            // Only a deployment can end a session; one that is not there, or is another one, cannot.
            Said::Rejected(why) | Said::Unknown(why) => Renewed::Unknown(why),
            Said::Value(value) => match backend::tokens(&self.boxed(value)) {
                Ok(Some(tokens)) => Renewed::New(tokens),
                Ok(None) => Renewed::Over,
                Err(why) => Renewed::Unknown(why.to_owned()),
            },
        }
    }

    /// The mutation of the next generation hands the tokens out without a box.
    fn boxed(&self, value: Value) -> Value {
        let bare = self.settings.renewal.kind == FunctionKind::Mutation && value.get("tokens").is_none();
        if bare { json!({ "tokens": value }) } else { value }
    }

    pub(super) fn lifetime(&self, now: i64) -> Lifetime {
        Lifetime { now, max_age: self.settings.max_age }
    }
}

const ENDED: &str = "the token has ended";

/// Does the browser only guess what comes next, or ask without a person? Then nothing is renewed: such an answer may never
/// be looked at, and its cookies neither.
fn is_guess(kind: RequestKind) -> bool {
    matches!(kind, RequestKind::Prefetch | RequestKind::SubResource | RequestKind::Preflight)
}

/// `<id>|<session id>`; the backend throws at anything else.
fn is_refresh_token(text: &str) -> bool {
    text.split_once('|').is_some_and(|(id, session)| !id.is_empty() && !session.is_empty())
}

/// One line, for logs.
pub(super) fn short(why: &str) -> String {
    why.lines().next().unwrap_or_default().chars().take(120).collect()
}

/// What a token says of its time; not believed, only used to see when to ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    exp: f64,
    iat: Option<f64>,
}

impl Times {
    /// `None`: it has not the form of a token, or does not say when it ends.
    fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Self::among(|name| claims.get(name))
    }

    fn among<'c>(claim: impl Fn(&str) -> Option<&'c Value>) -> Option<Self> {
        let time = |name: &str| claim(name).and_then(Value::as_f64);
        Some(Self { exp: time("exp")?, iat: time("iat") })
    }
}

impl Margin {
    /// How long before its end a token is renewed, in seconds. As Convex Auth 0.0.95 has it: a tenth of its life, at least
    /// 10 s and at most 60 s; at once, if it does not say when it began.
    fn of(self, times: Times) -> f64 {
        match (self, times.iat) {
            (Self::Fixed(seconds), _) => seconds as f64,
            (Self::Tenth, Some(iat)) => ((times.exp - iat) / 10.0).clamp(10.0, 60.0),
            (Self::Tenth, None) => f64::INFINITY,
        }
    }
}
