//! The decision as a Rust function.

use super::answers::Answers;
use super::{Answer, Door, Engine, Lines, Outcome, Policy, Request, Unsent};
use crate::world::World;
use portcullis_gate::Gate;
use portcullis_gate::config::Format;
use portcullis_gate::question::Answered;
use portcullis_gate::request::Head;
use portcullis_gate::supply::Source;
use portcullis_gate::verdict::{Action, Forward, Header, HeaderEdit, Step, Verdict};
use std::sync::Arc;
use std::time::Instant;

/// Rounds of questions before a host gives up (wit/gate.wit, `decide`).
const ROUNDS: usize = 12;

/// [`Gate::decide`] without any component.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn open(&self, policy: &Policy, world: &Arc<World>) -> Result<Box<dyn Door>, String> {
        Ok(Box::new(Self::ready(policy, world)?))
    }
}

impl Native {
    /// [`Engine::open`], by its own type.
    ///
    /// # Errors
    /// The findings, as text.
    pub fn ready(policy: &Policy, world: &Arc<World>) -> Result<NativeDoor, String> {
        let text = |findings: Vec<portcullis_gate::diagnostic::Diagnostic>| {
            findings.iter().map(|f| format!("{} {}", f.code, f.message)).collect::<Vec<_>>().join("; ")
        };
        let mut gate = Gate::load(&policy.toml(), Format::Toml).map_err(text)?;
        let supplies = gate.policy().needs.iter().map(|need| supply(&need.source, policy)).collect();
        let addresses = gate.start(supplies, (7, 11)).map_err(text)?;
        Ok(NativeDoor { gate, answers: Answers::new(world, addresses)?, world: Arc::clone(world) })
    }
}

fn supply(source: &Source, policy: &Policy) -> Option<Vec<u8>> {
    match source {
        Source::Env(name) => policy.env.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone().into_bytes()),
        Source::File(path) => std::fs::read(path).ok(),
    }
}

/// A policy that is ready.
pub struct NativeDoor {
    gate: Gate,
    answers: Answers,
    world: Arc<World>,
}

impl NativeDoor {
    /// Answer a request, with signatures verified as if they had to stand under `message`: everything that the gate
    /// finds out about header, key and signature holds, and only the text that is signed is another one.
    pub fn ask_signing(&mut self, request: &Request, message: &[u8]) -> Answer {
        self.answers.message = Some(message.to_vec());
        let answer = self.answer(request);
        self.answers.message = None;
        answer
    }

    fn decide(&mut self, head: &Head, body: &[u8]) -> Result<Verdict, String> {
        let mut answered: Vec<Answered> = Vec::new();
        for _ in 0..ROUNDS {
            match self.gate.decide(head, &answered) {
                Step::Verdict(verdict) => return Ok(verdict),
                Step::Questions(questions) => {
                    for asked in questions {
                        let answer = self.answers.answer(&asked.question, body);
                        answered.push(Answered { id: asked.id, answer });
                    }
                }
            }
        }
        Err(format!("still asking after {ROUNDS} rounds"))
    }

    fn answer(&mut self, request: &Request) -> Answer {
        // The same headers as a host hands in: those that the policy reads and no others.
        let wanted = self.gate.headers();
        let head = Head {
            method: request.method.clone(),
            scheme: request.scheme.clone(),
            authority: request.authority.clone(),
            target: request.target.clone(),
            headers: request.headers.iter().filter(|(n, _)| wanted.contains(n)).cloned().collect(),
            client: "127.0.0.1".to_owned(),
            now: self.world.now(),
        };
        let started = Instant::now();
        let verdict = self.decide(&head, &request.body);
        let took = started.elapsed();
        self.answers.settle();
        let (outcome, back, reason) = match verdict {
            Err(failure) => (Outcome::Failed(failure), Lines::new(), String::new()),
            Ok(verdict) => {
                let (outcome, back) = match verdict.action {
                    Action::Pass(forward) | Action::Rewrite(forward) => {
                        let back = edited(forward.response.clone());
                        (forwarded(forward, request, &self.gate.stripped()), back)
                    }
                    Action::Redirect(reply) | Action::Respond(reply) => {
                        let lines = lines(reply.headers);
                        (Outcome::Replied(reply.status, lines.clone()), lines)
                    }
                };
                (outcome, back, verdict.reason)
            }
        };
        Answer { outcome, back, reason, took }
    }
}

impl Door for NativeDoor {
    fn ask(&mut self, request: &Request) -> Result<Answer, Unsent> {
        Ok(self.answer(request))
    }
}

fn lines(headers: Vec<Header>) -> Lines {
    headers.into_iter().map(Header::into_parts).collect()
}

/// What a response without headers becomes.
fn edited(edits: Vec<HeaderEdit>) -> Lines {
    let mut lines = Lines::new();
    for edit in edits {
        match edit {
            HeaderEdit::Set(header) => super::set(&mut lines, header.name(), header.value()),
            HeaderEdit::Append(header) => lines.push(header.into_parts()),
            HeaderEdit::Remove(name) => lines.retain(|(n, _)| *n != name),
        }
    }
    lines
}

fn forwarded(forward: Forward, request: &Request, stripped: &[String]) -> Outcome {
    let mut lines = super::strip(&request.headers, stripped);
    for edit in forward.request {
        match edit {
            HeaderEdit::Set(header) => super::set(&mut lines, header.name(), header.value()),
            HeaderEdit::Append(header) => lines.push(header.into_parts()),
            HeaderEdit::Remove(name) => lines.retain(|(n, _)| *n != name),
        }
    }
    if let Some(cookie) = forward.cookie {
        super::replace_cookie(&mut lines, Some(cookie.as_slice()).filter(|line| !line.is_empty()));
    }
    Outcome::Forwarded(forward.target, lines)
}
