//! Who asks: read from the request when a rule wants to know, at most once; or given as a persona.

use super::edits::Edits;
use super::facts::Facts;
use super::{Compiled, Halt, Started};
use crate::assertion::Unsigned;
use crate::policy::RespondBody;
use crate::question::Answers;
use crate::session::{Asking, Carry, Found, Identity, Read, Served};
use crate::trace::Trace;
use crate::verdict::Forward;
use crate::webhook::Received;
use std::sync::Arc;

/// Where the identity comes from.
pub(crate) enum Who {
    /// From the cookies and headers of the request.
    Request,
    /// Made up: for `explain --as` and `[tests]`.
    Persona {
        /// As a bearer token rather than a session.
        bearer: bool,
        /// `None`: anonymous.
        identity: Option<Identity>,
    },
    /// A sender of webhooks whose messages are signed: for the same.
    Sender,
}

/// The visitor of one request.
pub(crate) struct Visitor<'a> {
    compiled: &'a Compiled,
    who: Source,
    answers: Answers<'a>,
    started: &'a mut Option<Started>,
    session: Option<Found>,
    bearer: Option<(usize, Found)>,
    /// Has a webhook signed the request?
    signed: bool,
    carry: Carry,
    /// Has a rule asked for the session, or was it only read along?
    asked: bool,
}

enum Source {
    Request,
    Session(Option<Arc<Identity>>),
    Bearer(Option<Arc<Identity>>),
    Sender,
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(
        compiled: &'a Compiled,
        who: Who,
        answers: Answers<'a>,
        started: &'a mut Option<Started>,
    ) -> Self {
        let who = match who {
            Who::Request => Source::Request,
            Who::Persona { bearer: false, identity } => Source::Session(identity.map(Arc::new)),
            Who::Persona { bearer: true, identity } => Source::Bearer(identity.map(Arc::new)),
            Who::Sender => Source::Sender,
        };
        Self {
            compiled,
            who,
            answers,
            started,
            session: None,
            bearer: None,
            signed: false,
            carry: Carry::default(),
            asked: false,
        }
    }

    /// The session, because a rule asks; read once.
    pub(crate) fn session(&mut self, facts: &Facts<'_>, trace: &mut Trace) -> Result<Found, Halt> {
        self.asked = true;
        self.read_along(facts, trace)
    }

    /// The session, although no rule may ask.
    pub(crate) fn read_along(&mut self, facts: &Facts<'_>, trace: &mut Trace) -> Result<Found, Halt> {
        if let Some(found) = &self.session {
            return Ok(found.clone());
        }
        let found = match &self.who {
            Source::Session(Some(identity)) => Found::Verified(Arc::clone(identity)),
            Source::Session(None) | Source::Bearer(_) | Source::Sender => Found::None("no session".to_owned()),
            Source::Request => match self.started.as_mut() {
                Some(started) => {
                    let Read { found, carry } = started.sessions.session(asking(facts, self.answers), trace);
                    self.carry = carry;
                    found
                }
                None => Found::Unavailable("not started".to_owned()),
            },
        };
        self.session = Some(found.clone());
        settled(found)
    }

    /// The bearer token as that provider judges it.
    pub(crate) fn bearer(&mut self, provider: usize, facts: &Facts<'_>, trace: &mut Trace) -> Result<Found, Halt> {
        if let Some((known, found)) = &self.bearer
            && *known == provider
        {
            return Ok(found.clone());
        }
        let found = match &self.who {
            Source::Bearer(Some(identity)) => Found::Verified(Arc::clone(identity)),
            Source::Bearer(None) | Source::Session(_) | Source::Sender => Found::None("no bearer token".to_owned()),
            Source::Request => match self.started.as_mut() {
                Some(started) => started.sessions.bearer(provider, asking(facts, self.answers), trace).found,
                None => Found::Unavailable("not started".to_owned()),
            },
        };
        let found = settled(found)?;
        // A verified token is kept: its identity goes upstream even if another provider was asked afterwards.
        if !matches!(&self.bearer, Some((_, Found::Verified(_)))) || matches!(found, Found::Verified(_)) {
            self.bearer = Some((provider, found.clone()));
        }
        Ok(found)
    }

    /// The message as that webhook judges it.
    pub(crate) fn webhook(&mut self, number: usize, facts: &Facts<'_>, trace: &mut Trace) -> Result<Received, Halt> {
        let received = match (&self.who, self.started.as_ref()) {
            (Source::Sender, _) => Received::Signed,
            (Source::Session(_) | Source::Bearer(_), _) => Received::Refused("no webhook headers".to_owned()),
            (Source::Request, Some(started)) => started.webhooks.read(number, facts.head, self.answers, trace),
            (Source::Request, None) => Received::Unavailable("not started".to_owned()),
        };
        self.signed |= received == Received::Signed;
        match received {
            Received::Ask(asked) => Err(Halt::Questions(vec![asked])),
            received => Ok(received),
        }
    }

    /// What a session system answers by itself to a request to its endpoint. `back`: where the visitor was going.
    pub(crate) fn serve(
        &mut self,
        facts: &Facts<'_>,
        back: Option<&str>,
        trace: &mut Trace,
    ) -> Result<Option<Served>, Halt> {
        let (Source::Request, Some(started)) = (&self.who, self.started.as_mut()) else { return Ok(None) };
        let asking = Asking { back, ..asking(facts, self.answers) };
        let Some((served, carry)) = started.sessions.serve(asking, trace) else { return Ok(None) };
        self.carry = carry;
        match served {
            Served::Ask(questions) => Err(Halt::Questions(questions)),
            served => Ok(Some(served)),
        }
    }

    /// Is there a verified session? When it cannot be told, there is none.
    pub(crate) fn signed_in(&mut self, facts: &Facts<'_>, trace: &mut Trace) -> Result<bool, Halt> {
        if !self.compiled.has_sessions && matches!(self.who, Source::Request) {
            return Ok(false);
        }
        Ok(matches!(self.session(facts, trace)?, Found::Verified(_)))
    }

    /// The identity that has been verified so far.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.verified().map(Arc::as_ref)
    }

    /// The same, as it is remembered.
    fn verified(&self) -> Option<&Arc<Identity>> {
        match (&self.session, &self.bearer) {
            (Some(Found::Verified(identity)), _) | (_, Some((_, Found::Verified(identity)))) => Some(identity),
            _ => None,
        }
    }

    /// The key set of what the gate says about visitors.
    pub(crate) fn assertion_keys(&self) -> Option<String> {
        Some(self.started.as_ref()?.assertion.as_ref()?.jwks())
    }

    /// What the gate says about this visitor: header and token. Nobody vouches for a persona.
    fn assertion(&mut self, now: i64) -> Result<Option<(String, String)>, Halt> {
        let (Source::Request, Some(identity)) = (&self.who, self.verified().cloned()) else { return Ok(None) };
        let Some(assertion) = self.started.as_mut().and_then(|started| started.assertion.as_mut()) else {
            return Ok(None);
        };
        match assertion.of(&identity, now, self.answers) {
            Ok((header, token)) => Ok(Some((header.to_owned(), token))),
            Err(Unsigned::Ask(asked)) => Err(Halt::Questions(vec![*asked])),
            Err(Unsigned::Failed(why)) => Err(Halt::Unavailable(why)),
        }
    }

    /// Subject for the log.
    pub(crate) fn subject(&self) -> Option<String> {
        self.identity()?.subject.clone()
    }

    /// A word on how the visitor came through.
    pub(crate) fn reason(&self) -> String {
        match (&self.session, &self.bearer) {
            (Some(Found::Verified(_)), _) => "session",
            (_, Some((_, Found::Verified(_)))) => "bearer",
            _ if self.signed => "webhook",
            _ => "public",
        }
        .to_owned()
    }

    /// On which request headers has the answer depended? (cookie, authorization)
    pub(crate) fn vary(&self) -> (bool, bool) {
        let session = self.session.is_some() && (self.asked || self.shows());
        (session, self.bearer.is_some() || (session && self.compiled.sessions_read_authorization))
    }

    /// Does a session that was only read along show in the answer, or in what the app behind learns?
    fn shows(&self) -> bool {
        let identity = &self.compiled.policy().identity;
        let introduced = !identity.headers.is_empty() || identity.assertion.is_some();
        let told = |one: &Identity| introduced || !one.app_headers.is_empty();
        self.carry != Carry::default() || self.identity().is_some_and(told)
    }

    /// What goes along with the answer, whatever it is.
    pub(crate) fn carry(&self) -> &Carry {
        &self.carry
    }

    /// The switches of `when`.
    pub(crate) fn switches(&self) -> impl Fn(usize) -> bool + use<'_> {
        |need| {
            let value = self.started.as_ref().and_then(|started| started.supplies.bytes(need));
            let text = value.and_then(|value| std::str::from_utf8(value).ok()).map(str::trim);
            text.is_some_and(|text| !matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "false" | "off" | "no"))
        }
    }

    /// Bytes and content type of a fixed answer.
    pub(crate) fn respond_body(&self, body: &RespondBody) -> (Vec<u8>, Option<&'static str>) {
        match body {
            RespondBody::Empty => (Vec::new(), None),
            RespondBody::Text(text) => (text.clone().into_bytes(), Some("text/plain; charset=utf-8")),
            RespondBody::File(need, content_type) => {
                let bytes = self.started.as_ref().and_then(|started| started.supplies.bytes(*need));
                (bytes.unwrap_or_default().to_vec(), Some(content_type))
            }
        }
    }

    /// What goes upstream. Session cookies that must not be seen there, or might be read differently, are left out.
    ///
    /// # Errors
    /// What the app behind must be told is not signed yet, or cannot be.
    pub(crate) fn forward(
        &mut self,
        facts: &Facts<'_>,
        upstream: u16,
        target: String,
        mut edits: Edits,
    ) -> Result<Forward, Halt> {
        let assertion = self.assertion(facts.head.now)?;
        let guarded = self.started.as_ref().map(|started| started.sessions.cookies()).unwrap_or_default();
        let strip = self.compiled.policy().identity.strip_session_cookie;
        let drop: Vec<&str> = guarded.iter().filter(|_| strip).map(|rule| rule.name.as_str()).collect();
        let external =
            self.compiled.policy().proxy.upstreams.get(usize::from(upstream)).is_some_and(|one| one.external);
        let cookie = match self.carry.cookies.as_slice() {
            // The cookies of this site are none of another's business.
            _ if external => Some(Vec::new()),
            [] if guarded.is_empty() => None,
            [] => facts.cookies.forward(&drop, guarded),
            instead => Some(facts.cookies.forward_with(&drop, guarded, instead)),
        };
        edits.carry(&self.carry, self.identity());
        edits.assertion(assertion);
        let (cookies, authorization) = self.vary();
        if self.signed {
            edits.no_store();
        }
        let (request, response) = edits.finish(cookies, authorization);
        Ok(Forward { target, upstream, request, cookie, response, status: None })
    }
}

/// The request, as a session is read from it.
fn asking<'a>(facts: &'a Facts<'_>, answers: Answers<'a>) -> Asking<'a> {
    Asking {
        head: facts.head,
        cookies: &facts.cookies,
        target: &facts.target,
        origin: facts.origin(),
        kind: facts.kind,
        page: facts.page(),
        runs: facts.runs(),
        back: None,
        answers,
    }
}

/// A session that is read; what must happen first ends the step.
fn settled(found: Found) -> Result<Found, Halt> {
    match found {
        Found::Ask(questions) => Err(Halt::Questions(questions)),
        Found::Detour(detour) => Err(Halt::Detour(detour)),
        Found::Later(why) => Err(Halt::Unavailable(why)),
        found => Ok(found),
    }
}
