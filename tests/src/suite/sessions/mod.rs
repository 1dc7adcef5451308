//! `sessions/*.json`: requests with the cookies of real session systems, judged by the real packages. Each system has a file
//! here that puts a case into a policy, a world and a request of ours; running and judging are the same for all.

mod auth0;
mod authjs;
mod better_auth;
mod clerk;
mod convex;
mod iron_session;
mod supabase;
mod svix;
mod workos;

use super::{Seen, judge, seen};
use crate::engine::{Answer, Door, Engine, Policy, Request, Unsent};
use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, list, text, texts};
use crate::world::{Page, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// One case in our words.
pub(super) struct Put {
    /// The policy.
    pub(super) policy: Policy,
    /// What the network says.
    pub(super) pages: Vec<(String, Page)>,
    /// The request.
    pub(super) request: Request,
    /// Is the answer right?
    pub(super) judge: Box<dyn Fn(&Answer) -> Verdict>,
}

/// How a system's cases are put; `Err` says why one cannot be, and is counted as a skip.
type Translate = fn(document: &Value, case: &Value) -> Result<Put, String>;

/// How the cases of a system are put that are asked twice: for what the library says of the session, and for what its
/// middleware does with the request.
type TranslateTwice = fn(document: &Value, case: &Value) -> Result<Vec<Put>, String>;

/// Which file is put by whom.
const FILES: &[(&str, Translate)] = &[
    ("sessions/better-auth.json", better_auth::put),
    ("sessions/clerk-authenticate.json", clerk::authenticate),
    ("sessions/clerk-middleware.json", clerk::middleware),
    ("sessions/convex.json", convex::translate),
    ("sessions/iron-session.json", iron_session::put),
    ("sessions/supabase.json", supabase::put),
    ("sessions/svix.json", svix::translate),
    ("sessions/workos.json", workos::put),
];
/// Which file is put by whom, several times each case.
const TWICE: &[(&str, TranslateTwice)] =
    &[("sessions/auth0.json", auth0::translate), ("sessions/authjs.json", authjs::translate)];

/// Codes of which one must stop a case's policy from being loaded, if it is such a case.
type Unloadable = fn(case: &Value) -> Option<&'static [&'static str]>;

/// Files with cases that a package denies at each request, and we when the policy is loaded.
const UNLOADABLE: &[(&str, Unloadable)] = &[("sessions/clerk-middleware.json", clerk::refused_at_load)];

/// Is there somebody who can put the cases of that file?
pub(super) fn knows(name: &str) -> bool {
    FILES.iter().any(|(file, _)| *file == name) || TWICE.iter().any(|(file, _)| *file == name)
}

/// Run a file through one engine.
pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    let mut doors = Doors::default();
    for case in list(&file.document) {
        let now = case["now"].as_i64().unwrap_or_default();
        let verdict = match translated(&file.name, &file.document, case) {
            Err(why) => Verdict::Skipped(why),
            Ok(puts) => {
                let mut verdicts = puts.iter().map(|put| doors.put(engine, now, put));
                verdicts.find(|verdict| *verdict != Verdict::Passed).unwrap_or(Verdict::Passed)
            }
        };
        let codes = UNLOADABLE.iter().find(|(name, _)| *name == file.name).and_then(|(_, unloadable)| unloadable(case));
        let verdict = match (codes, verdict) {
            (None, verdict) => verdict,
            (Some(codes), Verdict::Failed(why)) if codes.iter().any(|code| why.starts_with(code)) => Verdict::Passed,
            (Some(_), other) => Verdict::Failed(format!("wanted the config to be refused, got {other:?}")),
        };
        row.note(text(case, "id"), verdict);
    }
    report.push(row);
}

/// All that is asked for one case.
fn translated(name: &str, document: &Value, case: &Value) -> Result<Vec<Put>, String> {
    if let Some((_, translate)) = FILES.iter().find(|(file, _)| *file == name) {
        return translate(document, case).map(|put| vec![put]);
    }
    match TWICE.iter().find(|(file, _)| *file == name) {
        Some((_, translate)) => translate(document, case),
        None => Err("needs a translation: nobody knows this file".to_owned()),
    }
}

/// Policies that are ready, by all that makes them differ.
#[derive(Default)]
struct Doors(BTreeMap<String, Result<Box<dyn Door>, String>>);

impl Doors {
    fn put(&mut self, engine: &dyn Engine, now: i64, put: &Put) -> Verdict {
        let key = format!("{now} {} {:?} {:?}", put.policy.toml(), put.policy.env, put.pages);
        let door = self.0.entry(key).or_insert_with(|| {
            let world = World::at(now);
            for (url, page) in &put.pages {
                world.serve(url, page.clone());
            }
            engine.open(&put.policy, &Arc::clone(&world))
        });
        match door {
            Err(findings) => Verdict::Failed(findings.clone()),
            Ok(door) => {
                let mut ask = || match door.ask(&put.request) {
                    Err(Unsent(why)) => Verdict::Skipped(why.to_owned()),
                    Ok(answer) => (put.judge)(&answer),
                };
                // What an instance remembers changes what a decision costs, never how it ends.
                let (first, again) = (ask(), ask());
                if first == again { first } else { Verdict::Failed(format!("first {first:?}, then {again:?}")) }
            }
        }
    }
}

/// The configuration of a case: its own, or the one that it names.
pub(super) fn config<'a>(document: &'a Value, case: &'a Value) -> &'a Value {
    match &case["config"] {
        Value::String(name) => &document["configs"][name],
        Value::Null => &document["config"],
        own => own,
    }
}

/// The request of a case. A `host` among its headers is where it was sent to.
pub(super) fn request(case: &Value) -> Result<Request, String> {
    let request = &case["request"];
    let url = Url::parse(text(request, "url")).map_err(|error| format!("the address cannot be read: {error}"))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let (host, headers): (Vec<_>, Vec<_>) = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default()))
        .partition(|(name, _)| name == "host");
    let named = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    Ok(Request {
        method: text(request, "method").to_owned(),
        scheme: url.scheme().to_owned(),
        // A client writes its Host header once, and an engine does it.
        authority: host.first().map_or(named, |(_, host)| (*host).to_owned()),
        target: target.as_bytes().to_vec(),
        headers: headers.into_iter().map(|(name, value)| (name, value.as_bytes().to_vec())).collect(),
        body: text(request, "body").as_bytes().to_vec(),
    })
}

/// What a case expects. Where a cookie comes twice with different values, a guard may always refuse: it and the app behind may
/// read different ones.
pub(super) fn expectation(case: &Value) -> Value {
    let mut expect = case["expect"].clone();
    let line = case["request"]["headers"]["cookie"].as_str().unwrap_or_default();
    let pairs: Vec<(&str, &str)> = line.split(';').filter_map(|pair| pair.trim().split_once('=')).collect();
    if pairs.iter().any(|(name, value)| pairs.iter().any(|(other, another)| name == other && value != another)) {
        let mut may = texts(expect.get("may"));
        may.push("reject".to_owned());
        expect["may"] = json!(may);
    }
    expect
}

/// A policy that lets in who has the session `settings` describes, and tells the app behind of these claims: header and
/// template, e.g. `("x-sub", "{claim.sub}")`.
pub(super) fn guarded_by(settings: &Value, headers: &[(&str, &str)]) -> Policy {
    let headers: BTreeMap<&str, &str> = headers.iter().copied().collect();
    Policy::new(json!({
        "version": 1,
        "default": "session",
        "proxy": { "public-origin": "https://app.example.com" },
        "session": { "x": settings },
        "identity": { "headers": headers },
    }))
}

/// Accepted or rejected as the package did, or as `may` allows; an accepted one with these members of the identity in these
/// headers (percent-encoded as templates do).
pub(super) fn verdict(expect: &Value, members: &[(&str, &str)], answer: &Answer) -> Verdict {
    let may = texts(expect.get("may"));
    let wanted = text(expect, "verdict");
    match (seen(answer), wanted) {
        (Seen::Accept, "accept") => identity(&expect["identity"], members, answer),
        (Seen::Accept, _) if may.iter().any(|m| m == "accept") => Verdict::Passed,
        (Seen::Reject, "reject" | "error") => Verdict::Passed,
        (Seen::Reject, _) if may.iter().any(|m| m == "reject") => Verdict::Passed,
        _ => judge(false, wanted, answer),
    }
}

/// Does the app behind learn what it must? A member that is null or not there must not be told.
pub(super) fn identity(wanted: &Value, members: &[(&str, &str)], answer: &Answer) -> Verdict {
    for (member, header) in members {
        let wanted = match &wanted[*member] {
            Value::Null => None,
            Value::String(text) => Some(header_text(text)),
            other => Some(header_text(&other.to_string())),
        };
        let got = answer.upstream_header(header);
        if got != wanted {
            return Verdict::Failed(format!("wanted the identity member {member} = {wanted:?}, got {got:?}"));
        }
    }
    Verdict::Passed
}

/// A text as a template writes it into a header: `%` and what is not ASCII is percent-encoded.
fn header_text(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii() && byte != b'%';
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
