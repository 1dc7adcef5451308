//! `POST /api/auth`: where the app in the browser signs in and out. The refresh token never leaves the cookie: what the
//! browser is told instead is a word without a meaning.

use super::backend::{self, Calling, FunctionKind, Said};
use super::jar::Jar;
use super::renew::{Due, Renewed, Stand, short};
use super::{ConvexAuth, Service, Tokens};
use crate::question::{Answer, Asked, Question};
use crate::session::kind::{Judged, Served, Turn};
use crate::session::number::{Call, Kind, number};
use serde_json::{Map, Value, json};

/// Bytes of a body: forms with a name, a password and what a profile needs.
const MAX_BODY: u32 = 256 << 10;
/// Milliseconds. Hashing a password on a cold deployment takes seconds.
const TIMEOUT: u32 = 20_000;
/// What the browser is told in place of the refresh token.
const DUMMY: &str = "dummy";
/// Seconds until it is worth trying again.
const RETRY_AFTER: &str = "2";
const UNREACHABLE: &str = "The sign-in service cannot be reached. Try again.";

/// What is known of whoever asks.
enum Live {
    /// Signed in, by this token.
    Yes(String),
    /// Nobody.
    No,
    /// It cannot be told: nothing of theirs may be lost.
    Unknown,
}

/// Something must be answered first.
struct Wait(Vec<Asked>);

impl ConvexAuth {
    /// Answer a request to the endpoint.
    pub(super) fn act(&self, service: &Service, turn: &mut Turn<'_, '_>) -> Served {
        let asking = turn.asking;
        if asking.head.method != "POST" {
            let allow = ("allow", "POST".to_owned());
            return text(405, "Invalid method", "not a POST", Some(allow));
        }
        // Browsers say at least one of the two with every POST; who says neither is none, and has no cookies of others.
        let crossed = asking.head.lines("sec-fetch-site").any(|line| line == b"cross-site");
        if crossed || self.place.is_foreign(&asking) {
            return text(403, "Invalid origin", "sent by another origin", None);
        }
        let body = match body(turn) {
            Ok(body) => body,
            Err(served) => return served,
        };
        let mut call = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(call)) => call,
            // A list has members, too, but no action.
            Ok(Value::Array(_)) => Map::new(),
            _ => return error(400, "The body must be a JSON object with `action` and `args`", "body is not JSON"),
        };
        let action = call.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
        let jar = match Jar::read(self.names(&asking), &self.place, &asking) {
            Ok(jar) => jar,
            Err(why) => return error(400, "The session cookies contradict each other", &why.to_string()),
        };
        let served = if action == service.settings.sign_out {
            self.sign_out(service, turn, &jar)
        } else if action == service.settings.sign_in {
            match call.get_mut("args").map(Value::take) {
                Some(Value::Object(args)) if args.contains_key("refreshToken") => Ok(self.refresh(service, turn, &jar)),
                Some(Value::Object(args)) => self.sign_in(service, turn, &jar, args),
                _ => Ok(error(400, "`args` must be an object", "sign-in without args")),
            }
        } else {
            Ok(text(400, "Invalid action", "unknown action", None))
        };
        served.unwrap_or_else(|Wait(asked)| Served::Ask(asked))
    }

    /// The browser wants a new token before the old one ends. What it sends as refresh token stands for the cookie.
    fn refresh(&self, service: &Service, turn: &mut Turn<'_, '_>, jar: &Jar<'_>) -> Served {
        let Some(refresh) = &jar.refresh else { return told(&json!({ "tokens": null }), "no refresh token") };
        match service.renewed(turn, refresh) {
            Renewed::Ask(asked) => Served::Ask(vec![asked]),
            Renewed::New(tokens) => {
                jar.renew(turn.carry, &tokens, service.lifetime(turn.now()));
                told(&shown(&tokens), "renewed")
            }
            Renewed::Over => {
                jar.end(turn.carry);
                told(&json!({ "tokens": null }), "the session is over")
            }
            Renewed::Unknown(why) => unreachable(&why),
            Renewed::Threw(why) => error(400, &why, "the backend refused"),
        }
    }

    fn sign_in(
        &self,
        service: &Service,
        turn: &mut Turn<'_, '_>,
        jar: &Jar<'_>,
        mut args: Map<String, Value>,
    ) -> Result<Served, Wait> {
        let live = self.live(service, turn, jar)?;
        let params = args.get("params").and_then(Value::as_object);
        let with_code = params.is_some_and(|params| params.get("code").is_some_and(|code| !code.is_null()));
        if let (false, Some(back)) = (with_code, turn.asking.back) {
            go_back_to(&mut args, back);
        }
        // A code says by itself who signs in.
        let token = match &live {
            Live::Yes(token) if !with_code => Some(token.as_str()),
            _ => None,
        };
        let function = service.settings.sign_in.as_str();
        let said = service.call(turn, function, args.into(), token);
        Ok(match said {
            Said::Ask(asked) => return Err(Wait(vec![asked])),
            Said::Unknown(why) => unreachable(&why),
            Said::Threw(why) | Said::Rejected(why) => {
                // A failed attempt says nothing about a session that is there.
                if matches!(live, Live::No) {
                    jar.empty(turn.carry);
                }
                error(400, &why, "sign-in refused")
            }
            Said::Value(value) => signed_in(service, turn, jar, &live, value),
        })
    }

    /// Always signed out here; at the backend too, if it can be reached and somebody is left to sign out.
    fn sign_out(&self, service: &Service, turn: &mut Turn<'_, '_>, jar: &Jar<'_>) -> Result<Served, Wait> {
        let live = self.live(service, turn, jar)?;
        let mut reason = "signed out".to_owned();
        // A token that cannot be verified now may still be good for the backend.
        let token = match &live {
            Live::Yes(token) => Some(token.as_str()),
            Live::Unknown => jar.token.as_deref(),
            Live::No => None,
        };
        if let Some(token) = token {
            match service.call(turn, &service.settings.sign_out, json!({}), Some(token)) {
                Said::Ask(asked) => return Err(Wait(vec![asked])),
                Said::Value(_) => {}
                Said::Threw(why) | Said::Rejected(why) | Said::Unknown(why) => {
                    reason = format!("signed out here only: {}", short(&why));
                }
            }
        }
        jar.empty(turn.carry);
        Ok(told(&Value::Null, &reason))
    }

    /// Is whoever asks signed in? A session that has ended is renewed first.
    fn live(&self, service: &Service, turn: &mut Turn<'_, '_>, jar: &Jar<'_>) -> Result<Live, Wait> {
        let text = match service.stand(turn, jar, Due::Late) {
            Stand::Ask(asked) => return Err(Wait(vec![asked])),
            Stand::Over(_) => return Ok(Live::No),
            Stand::Unknown(_) => return Ok(Live::Unknown),
            Stand::Known(_) => return Ok(Live::Yes(jar.token.clone().unwrap_or_default())),
            Stand::Token { text, .. } => text,
        };
        match turn.token(&self.verifier, &text) {
            Judged::Ask(asked) => Err(Wait(asked)),
            Judged::Verified(_) => Ok(Live::Yes(text)),
            Judged::Refused(_) => Ok(Live::No),
            Judged::Unavailable(_) | Judged::Detour(_) | Judged::Later(_) => Ok(Live::Unknown),
        }
    }
}

impl Service {
    fn call(&self, turn: &Turn<'_, '_>, function: &str, args: Value, token: Option<&str>) -> Said {
        let (provider, call, kind) = (turn.index, Call::Action, FunctionKind::Action);
        let calling = Calling {
            provider,
            call,
            url: &self.url,
            function,
            kind,
            args,
            token,
            key: None,
            grace: 0,
            timeout: TIMEOUT,
        };
        calling.said(turn.asking.answers)
    }
}

/// What a sign-in that did not fail came to.
fn signed_in(service: &Service, turn: &mut Turn<'_, '_>, jar: &Jar<'_>, live: &Live, mut value: Value) -> Served {
    let until = service.lifetime(turn.now());
    if let Some(to) = value.get("redirect").and_then(Value::as_str) {
        let Some(verifier) = value.get("verifier").and_then(Value::as_str) else {
            return unreachable("a redirect without a verifier");
        };
        jar.begin(turn.carry, verifier, until);
        return told(&json!({ "redirect": to }), "sign-in begun");
    }
    if value.get("tokens").is_none() {
        // `{started: true}`: a code is on its way. Whatever else a backend says, no token leaves by this door.
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "token" | "refreshToken" | "verifier"));
        }
        return told(&value, "sign-in begun");
    }
    match backend::tokens(&value) {
        Ok(Some(tokens)) => {
            jar.fill(turn.carry, &tokens, until);
            told(&shown(&tokens), "signed in")
        }
        Ok(None) => {
            if matches!(live, Live::No) {
                jar.empty(turn.carry);
            }
            told(&json!({ "tokens": null }), "not signed in yet")
        }
        Err(why) => unreachable(why),
    }
}

/// After signing in elsewhere the visitor comes back to where they were going, unless the app says where.
fn go_back_to(args: &mut Map<String, Value>, back: &str) {
    let params = args.entry("params").or_insert_with(|| json!({}));
    if let Some(params) = params.as_object_mut().filter(|params| !params.contains_key("redirectTo")) {
        params.insert("redirectTo".to_owned(), back.into());
    }
}

/// The body of this request.
fn body<'a>(turn: &Turn<'a, '_>) -> Result<&'a [u8], Served> {
    let id = number(turn.index, 0, Kind::Call(Call::Body));
    match turn.asking.answers.get(id) {
        None => Err(Served::Ask(vec![Asked { id, question: Question::Body { limit: MAX_BODY } }])),
        Some(Answer::Body(body)) => Ok(body),
        Some(Answer::TooLarge) => Err(error(413, "The body is too large", "body too large")),
        Some(_) => Err(error(400, "The body did not come whole", "body broken off")),
    }
}

/// What the browser is told of new tokens.
fn shown(tokens: &Tokens) -> Value {
    json!({ "tokens": { "token": tokens.token, "refreshToken": DUMMY } })
}

fn told(value: &Value, reason: &str) -> Served {
    json_answer(200, value, reason, None)
}

fn error(status: u16, message: &str, reason: &str) -> Served {
    json_answer(status, &json!({ "error": message }), reason, None)
}

/// Nobody knows what came of it. Nothing is lost.
fn unreachable(why: &str) -> Served {
    let retry = ("retry-after", RETRY_AFTER.to_owned());
    json_answer(503, &json!({ "error": UNREACHABLE }), &format!("backend: {}", short(why)), Some(retry))
}

fn json_answer(status: u16, value: &Value, reason: &str, header: Option<(&'static str, String)>) -> Served {
    let headers = header.into_iter().chain([("content-type", "application/json".to_owned())]).collect();
    Served::Answer { status, headers, body: value.to_string().into_bytes(), reason: reason.to_owned() }
}

fn text(status: u16, text: &str, reason: &str, header: Option<(&'static str, String)>) -> Served {
    let headers = header.into_iter().chain([("content-type", "text/plain; charset=utf-8".to_owned())]).collect();
    Served::Answer { status, headers, body: text.as_bytes().to_vec(), reason: reason.to_owned() }
}
