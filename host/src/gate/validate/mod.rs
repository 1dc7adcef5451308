//! A guest's answer is foreign input: everything is checked here before it can touch a request or a response.
//! Whatever fails is [`Failure::Nonsense`], which is a fixed 500. Repairing is not tried.

mod fields;
mod target;

use super::{Decision, Failure, Outcome, Permit, Reply};
use crate::contract::{Action, Forward, Loaded, Reply as GuestReply, RequestKind, Verdict};
use fields::Fields;
use http::{HeaderValue, StatusCode, header};

/// Bytes of a reply made by the gate. Pages come as supplies of at most as much.
const MAX_BODY: usize = 1 << 20;
/// Bytes of a Cookie line, as for the client's own (security rule 14).
const MAX_COOKIE: usize = 16 << 10;
/// Bytes of a reason; it is one column of a log line.
const MAX_REASON: usize = 200;
/// Bytes of a subject (security section 3: `sub` has at most 1,024).
const MAX_SUBJECT: usize = 1024;

/// What a verdict may point at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    rules: usize,
    upstreams: usize,
}

impl Bounds {
    pub(super) fn of(loaded: &Loaded) -> Self {
        // Without any upstream in the policy the command line gives the one called `default`.
        Self { rules: loaded.rules.len(), upstreams: loaded.proxy.upstreams.len().max(1) }
    }

    /// Check a verdict. The one place that makes a [`Permit`].
    pub(super) fn check(self, verdict: Verdict) -> Result<Decision, Failure> {
        self.decision(verdict).map_err(Failure::Nonsense)
    }

    fn decision(self, verdict: Verdict) -> Result<Decision, String> {
        let Verdict { action, rule, kind, reason, subject } = verdict;
        if usize::try_from(rule).map_or(true, |rule| rule >= self.rules) {
            return Err(format!("rule {rule} of {}", self.rules));
        }
        let outcome = match action {
            Action::Pass(forward) => Outcome::Forward(self.permit(forward, false)?),
            Action::Rewrite(forward) => Outcome::Forward(self.permit(forward, true)?),
            Action::Redirect(reply) => Outcome::Reply(redirect(reply, kind)?),
            Action::Respond(reply) => Outcome::Reply(self::reply(reply)?),
        };
        let subject = subject.map(|subject| clean(subject, MAX_SUBJECT));
        Ok(Decision { outcome, rule, kind, reason: clean(reason, MAX_REASON), subject })
    }

    fn permit(self, forward: Forward, rewritten: bool) -> Result<Permit, String> {
        let Forward { target, upstream, request, cookie, response, status } = forward;
        let upstream = usize::from(upstream);
        if upstream >= self.upstreams {
            return Err(format!("upstream {upstream} of {}", self.upstreams));
        }
        Ok(Permit {
            target: target::check(&target)?,
            rewritten,
            upstream,
            request: Fields::request().edits(request)?,
            cookie: cookie.map(cookie_line).transpose()?,
            response: Fields::response().edits(response)?,
            status: status.map(status_code).transpose()?,
        })
    }
}

fn cookie_line(line: Vec<u8>) -> Result<Option<HeaderValue>, String> {
    match line.len() {
        0 => Ok(None),
        1..=MAX_COOKIE => {
            HeaderValue::try_from(line).map(Some).map_err(|_| "a Cookie line with control bytes".to_owned())
        }
        length => Err(format!("a Cookie line of {length} bytes, the limit is {MAX_COOKIE}")),
    }
}

fn status_code(status: u16) -> Result<StatusCode, String> {
    match status {
        200..=599 => StatusCode::from_u16(status).map_err(|_| format!("status {status}")),
        _ => Err(format!("status {status}, not 200 to 599")),
    }
}

fn reply(reply: GuestReply) -> Result<Reply, String> {
    let status = status_code(reply.status)?;
    if reply.body.len() > MAX_BODY {
        return Err(format!("a body of {} bytes, the limit is {MAX_BODY}", reply.body.len()));
    }
    // RFC 9110 sections 15.3.5 and 15.4.5: these end with the head; a body would be read as the next response.
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !reply.body.is_empty() {
        return Err(format!("a body with status {}", status.as_u16()));
    }
    let headers = Fields::response().lines(reply.headers)?;
    if headers.iter().filter(|(name, _)| name == header::LOCATION).count() > 1 {
        return Err("two `location` headers".to_owned());
    }
    Ok(Reply { status, headers, body: reply.body.into() })
}

fn redirect(reply: GuestReply, kind: RequestKind) -> Result<Reply, String> {
    let reply = self::reply(reply)?;
    if !reply.headers.iter().any(|(name, _)| name == header::LOCATION) {
        return Err("a redirect without `location`".to_owned());
    }
    // A navigation follows only these (RFC 9110 section 15.4; 300, 304 and 305 do not send anyone anywhere).
    if !matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Err(format!("a redirect of a {kind:?} with status {}", reply.status.as_u16()));
    }
    Ok(reply)
}

/// For logs: no control characters, bounded. Never a reason to refuse a verdict.
fn clean(text: String, limit: usize) -> String {
    // As good as always.
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text;
    }
    let mut cleaned = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        // Also the two line separators of Unicode, which some log readers break at.
        let character = match character {
            '\u{2028}' | '\u{2029}' => ' ',
            other if other.is_control() => ' ',
            other => other,
        };
        if cleaned.len() + character.len_utf8() > limit {
            break;
        }
        cleaned.push(character);
    }
    cleaned
}

#[cfg(test)]
mod tests;
