//! The component in wasmtime, run by the host's own gate.

use super::{Answer, Door, Engine, Lines, Outcome, Policy, Request, Unsent};
use crate::world::World;
use portcullis::contract::{ConfigFormat, RequestHead};
use portcullis::gate::{BodySource, ConfigSource, Edit, Gate, GateOptions, LoadError, Permit};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The built-in component through [`Gate::decide`].
#[derive(Debug, Clone, Copy)]
pub struct Component;

impl Engine for Component {
    fn name(&self) -> &'static str {
        "component"
    }

    fn open(&self, policy: &Policy, world: &Arc<World>) -> Result<Box<dyn Door>, String> {
        open(policy, world, false)
    }
}

/// The same, but the head is handed in as a record (`decide`) and not packed (`decide-packed`).
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Engine for Plain {
    fn name(&self) -> &'static str {
        "component, plain"
    }

    fn open(&self, policy: &Policy, world: &Arc<World>) -> Result<Box<dyn Door>, String> {
        open(policy, world, true)
    }
}

fn open(policy: &Policy, world: &Arc<World>, plain: bool) -> Result<Box<dyn Door>, String> {
    // Nothing is sent there; a gate that lets something pass must know where to.
    let gate = load_as(&policy.clone().before("http://127.0.0.1:9"), world, plain)?;
    Ok(Box::new(Open { gate, runtime: super::runtime()?, world: Arc::clone(world) }))
}

/// A gate with the clock, the pages and the backends of `world`.
///
/// # Errors
/// The findings as text.
pub fn load(policy: &Policy, world: &Arc<World>) -> Result<Gate, String> {
    load_as(policy, world, false)
}

fn load_as(policy: &Policy, world: &Arc<World>, plain: bool) -> Result<Gate, String> {
    let config = ConfigSource {
        name: "case".to_owned(),
        text: policy.toml(),
        format: ConfigFormat::Toml,
        folder: PathBuf::from("."),
    };
    let mut options = GateOptions::new(config);
    options.clock = world.clock();
    options.env = Some(policy.env.clone());
    options.plain = plain;
    options.fetcher = Some(world.clone());
    options.caller = Some(world.clone());
    // A shared machine may stop an unoptimised build for longer than the 50 ms of a real one.
    options.limits.decide = Duration::from_secs(5);
    options.limits.load = Duration::from_secs(30);
    Gate::load(options).map_err(|error| match error {
        LoadError::Findings { findings, .. } => {
            findings.iter().map(|f| format!("{} {}", f.code, f.message)).collect::<Vec<_>>().join("; ")
        }
        LoadError::Component(text) => text,
    })
}

/// The body of the request that is asked.
struct Body<'a>(&'a [u8]);

impl BodySource for Body<'_> {
    async fn prefix(&mut self, limit: usize) -> Result<Option<bytes::Bytes>, String> {
        Ok((self.0.len() <= limit).then(|| bytes::Bytes::copy_from_slice(self.0)))
    }
}

struct Open {
    gate: Gate,
    runtime: tokio::runtime::Runtime,
    world: Arc<World>,
}

impl Door for Open {
    fn ask(&mut self, request: &Request) -> Result<Answer, Unsent> {
        let loaded = self.gate.loaded();
        let head = RequestHead {
            method: request.method.clone(),
            scheme: request.scheme.clone(),
            authority: request.authority.clone(),
            target: request.target.clone(),
            headers: request.headers.iter().filter(|(n, _)| loaded.headers.contains(n)).cloned().collect(),
            client: "127.0.0.1".to_owned(),
            now: self.world.now(),
        };
        // Most decisions wait for nothing; what it costs to start a runtime is no part of them.
        let _inside = self.runtime.enter();
        let mut body = Body(&request.body);
        let started = Instant::now();
        let mut deciding = std::pin::pin!(self.gate.decide(&head, &mut body));
        let decision = match deciding.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(decision) => decision,
            Poll::Pending => self.runtime.block_on(deciding),
        };
        let took = started.elapsed();
        self.runtime.block_on(super::settle());
        let (outcome, back, reason) = match decision {
            Err(failure) => (Outcome::Failed(format!("{failure:?}")), Lines::new(), String::new()),
            Ok(decision) => {
                let (outcome, back) = match decision.outcome {
                    portcullis::gate::Outcome::Forward(permit) => {
                        let mut back = Lines::new();
                        edit(&mut back, permit.response());
                        (forwarded(&permit, request, &loaded.stripped), back)
                    }
                    portcullis::gate::Outcome::Reply(reply) => {
                        let lines: Lines =
                            reply.headers.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect();
                        (Outcome::Replied(reply.status.as_u16(), lines.clone()), lines)
                    }
                };
                (outcome, back, decision.reason)
            }
        };
        Ok(Answer { outcome, back, reason, took })
    }
}

fn forwarded(permit: &Permit, request: &Request, stripped: &[String]) -> Outcome {
    let mut lines = super::strip(&request.headers, stripped);
    edit(&mut lines, permit.request());
    if let Some(cookie) = permit.cookie() {
        super::replace_cookie(&mut lines, cookie.map(|value| value.as_bytes()));
    }
    Outcome::Forwarded(permit.target().to_string(), lines)
}

fn edit(lines: &mut Lines, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => super::set(lines, name.as_str(), value.as_bytes()),
            Edit::Append(name, value) => lines.push((name.to_string(), value.as_bytes().to_vec())),
            Edit::Remove(name) => lines.retain(|(n, _)| n != name.as_str()),
        }
    }
}
