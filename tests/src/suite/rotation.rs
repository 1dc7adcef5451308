//! `sessions/jwks-rotation.json`: sequences of tokens while the keys behind an address change.
//!
//! Judged by jose, with the liberties that the notes of the file grant: while the address cannot be fetched, keys
//! that were good may be used on; and after a fetch that gave no keys, how soon to ask again is the guard's own affair
//! (jose asks at every request after a failure, and not for 30 s after an empty set; a guard should do neither), as
//! long as what it then accepts is signed with a key that is served. What Clerk's package does differs where it has no cooldown: there a token
//! whose key is not held may be refused for 30 s after a fetch, and its numbers of fetches are not judged.

use super::bearer::{guarded_by, provider};
use super::{Seen, judge, seen};
use crate::engine::{Answer, Door, Engine, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::sign;
use crate::vectors::{File, list, text, texts};
use crate::world::{Page, World};
use serde_json::{Value, json};

const ADDRESS: &str = "https://keys.example.test/.well-known/jwks.json";
/// Seconds that jose waits between two fetches for unknown keys.
const COOLDOWN: i64 = 30;
/// Seconds after which a guard may fetch a good set again ahead of its time, so that no request waits (a key that
/// the issuer removed must be gone within 5 minutes); jose lets a request wait every 10 minutes instead.
const AHEAD: i64 = 300;

/// Run the file under one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    for case in list(&file.document) {
        row.note(text(case, "id"), one(&file.document, case, engine));
    }
    report.push(row);
}

fn one(document: &Value, case: &Value, engine: &dyn Engine) -> Verdict {
    let clerk = text(case, "judge") == "clerk";
    let mut config = match &case["config"] {
        Value::Null => document["config"].clone(),
        own => own.clone(),
    };
    if clerk {
        // The file gives no options for Clerk; its package checks neither `aud` nor, by default, `iss`.
        let first = sign::claims(text(&case["steps"][0], "token")).unwrap_or_default();
        config = json!({ "issuer": first["iss"], "algorithms": config["algorithms"], "clockTolerance": config["clockTolerance"] });
    }
    let mut provider = match provider(&config) {
        Ok(provider) => provider,
        Err(why) => return Verdict::Skipped(why),
    };
    provider["keys"] = json!({ "jwks-url": ADDRESS });
    let start = case["now"].as_i64().unwrap_or_default();
    let world = World::at(start);
    let mut endpoint = Endpoint::new(&document["keys"]);
    endpoint.show(&world);
    let mut door = match engine.open(&guarded_by(&provider), &world) {
        Ok(door) => door,
        Err(findings) => return Verdict::Failed(findings),
    };
    let mut memory = Memory { clerk, ..Memory::default() };
    for (number, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        let at = step["at"].as_i64().unwrap_or_default();
        world.clock().set(start + at);
        if let Err(why) = endpoint.change(step) {
            return Verdict::Skipped(why);
        }
        endpoint.show(&world);
        let before = world.fetches();
        let answer = match ask(door.as_mut(), text(step, "token")) {
            Ok(answer) => answer,
            Err(Unsent(why)) => return Verdict::Skipped(why.to_owned()),
        };
        let fetches = world.fetches() - before;
        if let Verdict::Failed(how) = memory.judge(step, start + at, &endpoint, fetches, &answer) {
            return Verdict::Failed(format!("step {number} (at {at} s): {how}"));
        }
    }
    Verdict::Passed
}

fn ask(door: &mut dyn Door, token: &str) -> Result<Answer, Unsent> {
    door.ask(&Request::get("/v1/me").header("authorization", format!("Bearer {token}")))
}

/// What stands at the address.
struct Endpoint<'a> {
    keys: &'a Value,
    served: Vec<String>,
    state: State,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Up,
    Down,
    Status(u16),
    Text(String),
}

impl<'a> Endpoint<'a> {
    /// The sequences begin with key `A`.
    fn new(keys: &'a Value) -> Self {
        Self { keys, served: vec!["A".to_owned()], state: State::Up }
    }

    fn change(&mut self, step: &Value) -> Result<(), String> {
        if step.get("serve").is_some() {
            self.served = texts(step.get("serve"));
            if self.served.iter().any(|name| self.keys.get(name).is_none()) {
                return Err(format!("unknown keys {:?}", self.served));
            }
        }
        match &step["status"] {
            Value::Null => {}
            Value::String(word) if word == "down" => self.state = State::Down,
            Value::String(word) => self.state = State::Text(word.clone()),
            Value::Number(number) if number.as_u64() == Some(200) => self.state = State::Up,
            status => {
                let status = status.as_u64().and_then(|s| u16::try_from(s).ok());
                self.state = State::Status(status.ok_or("unknown status of the address")?);
            }
        }
        Ok(())
    }

    /// An empty set is as good as none: a guard that took it would lock everybody out (and jose would not ask again
    /// for 30 s).
    fn gives_keys(&self) -> bool {
        self.state == State::Up && !self.served.is_empty()
    }

    fn show(&self, world: &World) {
        let page = match &self.state {
            State::Up => {
                let keys: Vec<&Value> = self.served.iter().map(|name| &self.keys[name.as_str()]).collect();
                Page::Body(json!({ "keys": keys }).to_string().into_bytes())
            }
            State::Down => Page::Down,
            State::Status(status) => Page::Status(*status),
            State::Text(text) => Page::Body(text.clone().into_bytes()),
        };
        world.serve(ADDRESS, page);
    }
}

/// What the guard can know by now.
#[derive(Debug, Default)]
struct Memory {
    clerk: bool,
    /// Names of the keys in the last good copy.
    held: Vec<String>,
    /// `kid` values in it.
    kids: Vec<String>,
    fetched: Option<i64>,
    /// The last fetch gave no keys.
    failed: bool,
    /// Some fetch gave no keys.
    failed_once: bool,
    /// A set was fetched ahead of its time: from here on the fetches fall on other steps than with jose.
    ahead_once: bool,
}

impl Memory {
    fn judge(&mut self, step: &Value, now: i64, endpoint: &Endpoint<'_>, fetches: usize, answer: &Answer) -> Verdict {
        let expect = &step["expect"];
        let kid = sign::header(text(step, "token")).and_then(|h| h["kid"].as_str().map(str::to_owned));
        let unknown = kid.is_some_and(|kid| !self.kids.contains(&kid));
        let cooling = self.fetched.is_some_and(|at| now < at + COOLDOWN);
        let recovers = self.failed;
        let holds_signer = self.held.iter().any(|name| name == text(step, "signedBy"));
        if fetches > 0 {
            self.ahead_once |= self.fetched.is_some_and(|at| now >= at + AHEAD);
            self.fetched = Some(now);
            self.failed = !endpoint.gives_keys();
            if endpoint.gives_keys() {
                self.held.clone_from(&endpoint.served);
                self.kids = self.held.iter().map(|n| text(&endpoint.keys[n.as_str()], "kid").to_owned()).collect();
            } else {
                self.failed_once = true;
            }
        }
        let down = !endpoint.gives_keys();
        let serves_signer = !down && endpoint.served.iter().any(|name| name == text(step, "signedBy"));
        let may = texts(expect.get("may"));
        let wanted = text(expect, "verdict");
        let good = match (seen(answer), wanted) {
            (Seen::Accept, "accept") | (Seen::Reject, "reject") => true,
            (Seen::Unavailable, "reject") => down || recovers,
            (Seen::Accept, "reject") => {
                (down && holds_signer) || (recovers && serves_signer) || may.iter().any(|m| m == "accept")
            }
            (Seen::Reject, "accept") => (self.clerk && unknown && cooling) || may.iter().any(|m| m == "reject"),
            _ => false,
        };
        if !good {
            return judge(false, wanted, answer);
        }
        let wanted = expect["fetches"].as_u64().and_then(|n| usize::try_from(n).ok());
        if !self.clerk && !self.failed_once && !self.ahead_once && wanted.is_some_and(|wanted| wanted != fetches) {
            return judge(false, &format!("{} fetches, not {fetches}", wanted.unwrap_or_default()), answer);
        }
        Verdict::Passed
    }
}
