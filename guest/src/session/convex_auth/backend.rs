//! The HTTP API of a Convex deployment: a function is called by a POST, and says in JSON what came of it.
//!
//! `POST /api/action` with `{path, format: "convex_encoded_json", args: [{…}]}`; `{status: "success", value}` or `{status:
//! "error", errorMessage}`, the latter with 200 or 560; other statuses are not the function's, but the service's.

use super::Tokens;
use crate::question::{Answer, Answers, Asked, Call, Question};
use crate::session::number::{self, Kind, number};
use serde_json::{Value, json};

/// The protocol that is spoken: that of the JavaScript client of this version.
const CLIENT: &str = "npm-1.48.0";
/// Status of an error that the function itself has thrown.
const FUNCTION_ERROR: u16 = 560;
/// What every answer with new tokens holds, and no other.
const WITH_TOKENS: &[u8] = b"\"refreshToken\"";
/// Bytes of the tokens together; browsers keep no cookie of more than 4 KiB, and the host sends none of more than 8.
const MAX_TOKENS: usize = 8 << 10;

/// Which kind of function it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// An action.
    Action,
    /// A mutation.
    Mutation,
}

impl FunctionKind {
    /// Its place below the address of the deployment.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Action => "/api/action",
            Self::Mutation => "/api/mutation",
        }
    }
}

/// A call to be made.
pub(super) struct Calling<'a> {
    /// Number of the provider.
    pub(super) provider: usize,
    /// Which of its calls.
    pub(super) call: number::Call,
    /// Address of the deployment, without a slash at the end.
    pub(super) url: &'a str,
    /// `auth:signIn`.
    pub(super) function: &'a str,
    pub(super) kind: FunctionKind,
    pub(super) args: Value,
    /// Who asks.
    pub(super) token: Option<&'a str>,
    /// What makes it the same call as another one; `None`: nothing does.
    pub(super) key: Option<String>,
    /// Milliseconds for which new tokens are given to whoever makes the same call.
    pub(super) grace: u32,
    /// Milliseconds.
    pub(super) timeout: u32,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Said {
    /// Not called yet.
    Ask(Asked),
    /// The function returned.
    Value(Value),
    /// The function threw.
    Threw(String),
    /// The service refused the call: a status below 500 that is not 429.
    Rejected(String),
    /// Nobody knows. Never the end of a session.
    Unknown(String),
}

impl Calling<'_> {
    /// The answer, if the call was made.
    pub(super) fn said(self, answers: Answers<'_>) -> Said {
        let id = number(self.provider, 0, Kind::Call(self.call));
        match answers.get(id) {
            None => Said::Ask(Asked { id, question: Question::Call(self.question()) }),
            Some(Answer::Call { status, body, .. }) => read(*status, body),
            Some(Answer::Failed(why)) => Said::Unknown(why.clone()),
            Some(_) => Said::Unknown("an answer of another kind".to_owned()),
        }
    }

    fn question(self) -> Call {
        let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
        let mut headers =
            vec![header("content-type", "application/json".to_owned()), header("convex-client", CLIENT.to_owned())];
        headers.extend(self.token.map(|token| header("authorization", format!("Bearer {token}"))));
        let body = json!({ "path": self.function, "format": "convex_encoded_json", "args": [self.args] });
        Call {
            method: "POST".to_owned(),
            url: format!("{}{}", self.url, self.kind.path()),
            headers,
            body: body.to_string().into_bytes(),
            key: self.key.unwrap_or_default(),
            grace: self.grace,
            keep: WITH_TOKENS.to_vec(),
            timeout: self.timeout,
        }
    }
}

/// What an answer says.
pub(super) fn read(status: u16, body: &[u8]) -> Said {
    if !(200..=299).contains(&status) && status != FUNCTION_ERROR {
        let text = String::from_utf8_lossy(body).into_owned();
        let transient = status >= 500 || matches!(status, 408 | 425 | 429);
        return if transient { Said::Unknown(format!("status {status}")) } else { Said::Rejected(text) };
    }
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(body) else {
        return Said::Unknown("the answer is not what a deployment says".to_owned());
    };
    match (answer.get("status").and_then(Value::as_str), answer.get("errorMessage").and_then(Value::as_str)) {
        (Some("success"), _) if status != FUNCTION_ERROR && answer.contains_key("value") => {
            Said::Value(answer.get_mut("value").map(Value::take).unwrap_or_default())
        }
        (Some("error"), Some(message)) => Said::Threw(message.to_owned()),
        _ => Said::Unknown("the answer is not what a deployment says".to_owned()),
    }
}

/// The tokens in a value: `Ok(None)`: it says that there are none.
///
/// # Errors
/// It says nothing of tokens, or what it says are none.
pub(super) fn tokens(value: &Value) -> Result<Option<Tokens>, &'static str> {
    let tokens = value.get("tokens").ok_or("the answer says nothing of tokens")?;
    if tokens.is_null() {
        return Ok(None);
    }
    let text = |name: &str| tokens.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(token), Some(refresh)) = (text("token"), text("refreshToken")) else {
        return Err("the tokens of the answer are none");
    };
    if token.len() + refresh.len() > MAX_TOKENS {
        return Err("the tokens of the answer are too long for cookies");
    }
    Ok(Some(Tokens { token: token.to_owned(), refresh: refresh.to_owned() }))
}
