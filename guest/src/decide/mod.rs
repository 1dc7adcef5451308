//! The one function that answers. `serve`, `explain`, `check` and `test` all come through [`decide`].
//!
//! Order: refuse the malformed; canonical target and views; guards; sign-in page; routes; default; edits.
//! A request is judged by every rule that its views hit, so the strictest one decides.

mod answer;
mod compiled;
mod edits;
mod facts;
mod lead;
mod matching;
mod protect;
mod requirement;
#[cfg(test)]
mod tests;
mod visitor;

pub(crate) use compiled::{Compiled, Started};
pub(crate) use visitor::Who;

use crate::policy::{RULE_DEFAULT, RULE_REQUEST, RULE_SESSION, RULE_SIGN_IN, Refusals, Require, Rule, Then};
use crate::question::{Answers, Asked};
use crate::request::{Authority, Head, Kind, Refusal};
use crate::session::{Detour, is_at};
use crate::trace::{Outcome, Stage, Trace};
use crate::verdict::{Action, Header, Reply, Step, Verdict};
use edits::Edits;
use facts::{Facts, Turned};
use matching::Hit;
use requirement::Held;
use visitor::Visitor;

/// One request with all answers so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The head.
    pub head: &'a Head,
    /// Answers so far.
    pub answers: Answers<'a>,
}

/// Nothing can be judged yet.
pub(crate) enum Halt {
    /// The world must answer first.
    Questions(Vec<Asked>),
    /// The visitor must go elsewhere first.
    Detour(Box<Detour>),
    /// What the app behind must be told cannot be told now.
    Unavailable(String),
}

/// Judge one request. `started` is `None` only for personas, who need no keys.
pub(crate) fn decide(
    compiled: &Compiled,
    started: &mut Option<Started>,
    who: Who,
    question: Question<'_>,
    trace: &mut Trace,
) -> Step {
    let head = question.head;
    trace.note(Stage::Received, Outcome::Info, || {
        let target = String::from_utf8_lossy(&head.target).into_owned();
        (format!("{} {target}", head.method), format!("{}://{}", head.scheme, head.authority))
    });
    let facts = match Facts::read(compiled, head) {
        Ok(facts) => facts,
        Err(Turned::Away(refusal)) => return Step::Verdict(refuse(&refusal, trace)),
        Err(Turned::Aside(location)) => return Step::Verdict(turn_aside(&location, trace)),
    };
    facts.explain(trace);
    let mut case =
        Case { compiled, facts: &facts, visitor: Visitor::new(compiled, who, question.answers, started), trace };
    let judged = match case.judge() {
        Err(Halt::Questions(questions)) => return Step::Questions(questions),
        Err(Halt::Detour(detour)) => case.answer(RULE_SESSION).detour(&detour),
        Err(Halt::Unavailable(why)) => case.answer(RULE_SESSION).unavailable(&why),
        Ok(verdict) => verdict,
    };
    case.trace.note(Stage::Answer, Outcome::Info, || {
        let rule = compiled.policy().rules.get(judged.rule as usize).cloned().unwrap_or_default();
        (crate::cases::describe(&judged).to_string(), format!("by {rule}: {}", judged.reason))
    });
    Step::Verdict(judged)
}

/// One request on its way through the rules.
struct Case<'a, 'b> {
    compiled: &'a Compiled,
    facts: &'a Facts<'a>,
    visitor: Visitor<'b>,
    trace: &'b mut Trace,
}

impl Case<'_, '_> {
    fn judge(&mut self) -> Result<Verdict, Halt> {
        let policy = self.compiled.policy();
        if let Some(verdict) = self.assertion_keys() {
            return Ok(verdict);
        }
        let mut edits = Edits::default();
        if policy.next.as_ref().is_some_and(|next| next.unprotected_outside) && !self.facts.runs() {
            let target = self.facts.target.path_and_query();
            return self.finish(RULE_DEFAULT, 0, target, false, edits, "outside next.matcher".to_owned());
        }

        let guards = matching::guards(self.compiled, self.facts, &self.visitor.switches(), self.trace);
        for hit in guards {
            let Some(guard) = hit.rule else { continue };
            if let Some(verdict) = self.apply(guard, &hit)? {
                return Ok(verdict);
            }
            edits.collect(&hit, self.facts, self.visitor.identity());
        }

        if let Some(verdict) = self.endpoint()? {
            return Ok(verdict);
        }

        // Where every page must know the visitor, pictures and scripts need not.
        if self.compiled.everywhere && self.facts.runs() && self.facts.kind != Kind::SubResource {
            self.visitor.read_along(self.facts, self.trace)?;
        }

        if let Some(verdict) = self.sign_in_page(&edits)? {
            return Ok(verdict);
        }

        let hits = matching::routes(self.compiled, self.facts, &self.visitor.switches(), self.trace);
        for hit in &hits {
            let verdict = match hit.rule {
                Some(route) => self.apply(route, hit)?,
                None => self.require(&policy.default, RULE_DEFAULT, None, hit)?,
            };
            if let Some(verdict) = verdict {
                return Ok(verdict);
            }
        }
        // The rule of the canonical form is first: it names the decision and its transforms.
        let (route, number) = match hits.first() {
            Some(Hit { rule: Some(route), .. }) => (Some(*route), route.number),
            _ => (None, RULE_DEFAULT),
        };
        let Some(primary) = hits.first() else {
            return Ok(self.answer(RULE_DEFAULT).not_found("no rule was reached"));
        };
        if self.foreign_socket() {
            return Ok(self.answer(number).forbidden("websocket from another origin"));
        }
        // Outside the matcher a rule still says who may pass, and does nothing else.
        if self.facts.runs() {
            edits.collect(primary, self.facts, self.visitor.identity());
        }
        self.forward(route, number, primary, edits)
    }

    /// The keys by which the app behind checks what the gate says about visitors: for everybody, before any rule.
    fn assertion_keys(&self) -> Option<Verdict> {
        let settings = self.compiled.policy().identity.assertion.as_ref()?;
        let asked = matches!(self.facts.head.method.as_str(), "GET" | "HEAD")
            && self.facts.target.path() == settings.jwks_path
            && self.facts.target.views().is_empty();
        let keys = asked.then(|| self.visitor.assertion_keys())??;
        Some(self.answer(RULE_SESSION).keys(keys))
    }

    /// Where a session system answers by itself: no rule is asked, but guards are.
    fn endpoint(&mut self) -> Result<Option<Verdict>, Halt> {
        let page = self.facts.page();
        let ours = self.compiled.endpoints.iter().any(|endpoint| is_at(endpoint, page));
        if !ours || !self.facts.target.views().is_empty() {
            return Ok(None);
        }
        let back = self.answer(RULE_SESSION).way_back();
        let served = self.visitor.serve(self.facts, back.as_deref(), self.trace)?;
        Ok(Some(self.answer(RULE_SESSION).served(served)))
    }

    /// A WebSocket handshake that rides on a session cookie, started by a page of another origin (RFC 6455 section 10.2).
    /// Without `origin` it is no browser, and nobody's cookie is used behind their back.
    fn foreign_socket(&self) -> bool {
        if self.facts.kind != Kind::WebSocket || !self.visitor.vary().0 || !self.facts.head.has("origin") {
            return false;
        }
        let origin = self.facts.head.single("origin").and_then(|value| std::str::from_utf8(value).ok());
        let public = self.compiled.policy().proxy.public_origin.as_deref();
        let own = |origin: &str| {
            let authority = origin.split_once("://").and_then(|(_, authority)| Authority::parse(authority).ok());
            public == Some(origin) || authority.as_ref() == Some(&self.facts.authority)
        };
        !origin.is_some_and(own)
    }

    /// What a rule that applies does by itself; `None`: go on.
    fn apply(&mut self, rule: &Rule, hit: &Hit<'_>) -> Result<Option<Verdict>, Halt> {
        match &rule.then {
            Then::Continue => Ok(None),
            Then::Require(require) => self.require(require, rule.number, Some(rule), hit),
            Then::Redirect { to, status } => {
                let location = to.address(&hit.fill(self.facts, self.visitor.identity()));
                Ok(Some(self.answer(rule.number).redirect_rule(location, *status)))
            }
            Then::Respond(respond) => {
                let body = self.visitor.respond_body(&respond.body);
                Ok(Some(self.answer(rule.number).respond(respond, body)))
            }
        }
    }

    fn require(
        &mut self,
        require: &Require,
        number: u32,
        rule: Option<&Rule>,
        hit: &Hit<'_>,
    ) -> Result<Option<Verdict>, Halt> {
        let held = requirement::eval(require, self.facts, &hit.params, &mut self.visitor, self.trace)?;
        match held {
            Held::Yes => Ok(None),
            Held::No(denial) => Ok(Some(self.answer(number).deny(&denial, rule))),
        }
    }

    /// The sign-in page is open to everybody; signed-in visitors go on to where they wanted.
    fn sign_in_page(&mut self, edits: &Edits) -> Result<Option<Verdict>, Halt> {
        let Some(sign_in) = &self.compiled.policy().sign_in else { return Ok(None) };
        let is_it = |path: &str| path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path) == sign_in.to;
        // A spelling with other readings is no visit of the sign-in page: the routes judge it.
        if !self.facts.target.views().is_empty() || !self.facts.readings().all(|seen| seen.weak || is_it(seen.path)) {
            return Ok(None);
        }
        let path = self.facts.target.path();
        self.trace.note(Stage::Route, Outcome::Yes, || ("sign-in".into(), format!("`{path}` is the sign-in page")));
        // The middleware of Convex Auth leads on whatever asks: that is how its app gets from a form to the page after it.
        let always = self.compiled.policy().refusals == Refusals::Convex;
        let leads_on = (always || matches!(self.facts.head.method.as_str(), "GET" | "HEAD"))
            && self.facts.kind != Kind::Prefetch
            && self.facts.runs();
        if leads_on && self.visitor.signed_in(self.facts, self.trace)? {
            let back = answer::return_address(sign_in, &self.facts.target);
            return Ok(Some(self.answer(RULE_SIGN_IN).redirect_session(&back, "already signed in")));
        }
        let mut edits = edits.clone();
        edits.identity(self.compiled, self.visitor.identity());
        self.finish(RULE_SIGN_IN, 0, self.facts.target.path_and_query(), false, edits, "public".to_owned()).map(Some)
    }

    /// Let it through, as judged or rewritten.
    fn forward(&mut self, route: Option<&Rule>, number: u32, hit: &Hit<'_>, mut edits: Edits) -> Result<Verdict, Halt> {
        edits.identity(self.compiled, self.visitor.identity());
        let reason = self.visitor.reason();
        let upstream = route.map_or(0, |route| route.upstream);
        let Some(template) = route.and_then(|route| route.rewrite.as_ref()).filter(|_| self.facts.runs()) else {
            return self.finish(number, upstream, self.facts.target.path_and_query(), false, edits, reason);
        };
        let filled = template.address(&hit.fill(self.facts, self.visitor.identity()));
        let filled = filled.map(|filled| self.compiled.with_base(filled));
        match answer::rewritten(filled, self.facts.target.query(), self.compiled.policy().paths) {
            Some(target) => self.finish(number, upstream, target, true, edits, reason),
            // A claim is missing, or the filled path would be another place than it says: nothing is there.
            None => Ok(self.answer(number).not_found("the rewrite has no safe path")),
        }
    }

    fn finish(
        &mut self,
        rule: u32,
        upstream: u16,
        target: String,
        rewritten: bool,
        edits: Edits,
        reason: String,
    ) -> Result<Verdict, Halt> {
        let forward = self.visitor.forward(self.facts, upstream, target, edits)?;
        let action = if rewritten { Action::Rewrite(forward) } else { Action::Pass(forward) };
        Ok(Verdict { action, rule, kind: self.facts.kind, reason, subject: self.visitor.subject() })
    }

    fn answer(&self, rule: u32) -> answer::Answering<'_> {
        answer::Answering {
            compiled: self.compiled,
            facts: self.facts,
            rule,
            subject: self.visitor.subject(),
            session_read: self.visitor.vary(),
            carry: self.visitor.carry(),
        }
    }
}

/// The answer to a request that no rule gets to see.
fn refuse(refusal: &Refusal, trace: &mut Trace) -> Verdict {
    trace.note(Stage::Canonical, Outcome::No, || (refusal.reason.to_owned(), refusal.detail.clone()));
    trace.note(Stage::Answer, Outcome::Info, || (format!("reject {}", refusal.status), "by request".to_owned()));
    let headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")];
    Verdict {
        action: Action::Respond(Reply {
            status: refusal.status,
            headers: headers.iter().filter_map(|(name, value)| Header::fixed(name, value)).collect(),
            body: format!("{} {}\n", refusal.status, refusal.reason).into_bytes(),
        }),
        rule: RULE_REQUEST,
        kind: Kind::Fetch,
        reason: refusal.reason.to_owned(),
        subject: None,
    }
}

/// The answer to a request whose path has an empty segment: the same path without, as Next.js answers.
fn turn_aside(location: &str, trace: &mut Trace) -> Verdict {
    trace.note(Stage::Canonical, Outcome::No, || {
        ("empty-segment".to_owned(), "sent to the path with single slashes".to_owned())
    });
    trace.note(Stage::Answer, Outcome::Info, || (format!("redirect {location}"), "by request".to_owned()));
    let headers = [Header::new("location", location).ok(), Header::fixed("cache-control", "no-store")];
    Verdict {
        action: Action::Redirect(Reply {
            status: 308,
            headers: headers.into_iter().flatten().collect(),
            body: Vec::new(),
        }),
        rule: RULE_REQUEST,
        kind: Kind::Fetch,
        reason: "empty-segment".to_owned(),
        subject: None,
    }
}

/// The answer when nothing was started: closed, and it says so.
pub(crate) fn not_started() -> Verdict {
    refuse(
        &Refusal { status: 503, reason: "not-started", detail: "no policy has been started".to_owned() },
        &mut Trace::off(),
    )
}
