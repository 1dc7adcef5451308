//! The data suite: each file of cases turned into policies, worlds and requests, and what comes back judged.

mod bearer;
mod cookie_reader;
mod cookies;
mod jwt;
mod keys;
mod lint;
mod raw;
mod redirect;
mod rotation;
mod routes;
mod sessions;
mod wycheproof;

use crate::engine::{Answer, Engine, Outcome};
use crate::report::{Report, Row, Verdict};
use crate::vectors::File;
use std::time::Duration;

/// Run one file through all engines, or say why not.
pub fn run(file: &File, engines: &[Box<dyn Engine>], report: &mut Report) {
    if let Some(why) = &file.broken {
        let mut row = Row::new(&file.name, "-");
        row.note("the file", Verdict::Failed(why.clone()));
        return report.push(row);
    }
    match file.name.as_str() {
        "security/jwt.json" => {
            for engine in engines {
                jwt::run(file, engine.as_ref(), report);
            }
        }
        "security/cookies.json" => {
            cookie_reader::run(file, report);
            for engine in engines {
                cookies::run(file, engine.as_ref(), report);
            }
        }
        "security/open-redirect.json" => {
            for engine in engines {
                redirect::run(file, engine.as_ref(), report);
            }
        }
        "security/route-bypass.json" => raw::run(file, report),
        "sessions/oidc-bearer.json" => {
            for engine in engines {
                bearer::run(file, engine.as_ref(), report);
            }
        }
        "sessions/jwks-rotation.json" => {
            for engine in engines {
                rotation::run(file, engine.as_ref(), report);
            }
        }
        other if sessions::knows(other) => {
            for engine in engines {
                sessions::run(file, engine.as_ref(), report);
            }
        }
        other if lint::knows(other) => lint::run(file, report),
        other if wycheproof::knows(other) => wycheproof::run(file, engines, report),
        other if routes::knows(other) => routes::run(file, engines, report),
        other => {
            let mut row = Row::new(&file.name, "-");
            row.skip(file.count, needs(other));
            report.push(row);
        }
    }
}

/// What a file that is not run would need.
fn needs(name: &str) -> &'static str {
    let (folder, file) = name.split_once('/').unwrap_or(("", name));
    match (folder, file) {
        ("convex-auth", _) => "needs the real library behind it: replayed by tests/convex/run",
        ("security", "http1-framing.json") => "needs a raw upstream of its own: `--test raw` runs it",
        ("routes-public", "realworld.jsonl") => "needs nothing: lists without answers",
        ("cookies", "cookie-header.json") => "needs no decision: it documents how other parsers read",
        _ => "needs a translation: nobody knows this file",
    }
}

/// May the visitor in? For files that only tell accepted from rejected tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Accept,
    Reject,
    /// It could not be told: the keys were not to be had.
    Unavailable,
    /// A trap, a nonsense answer, a 5xx that is none of the above.
    Broken,
}

fn seen(answer: &Answer) -> Seen {
    match &answer.outcome {
        Outcome::Forwarded(..) => Seen::Accept,
        Outcome::Replied(503, _) => Seen::Unavailable,
        Outcome::Replied(status, _) if *status < 500 => Seen::Reject,
        Outcome::Replied(..) | Outcome::Failed(_) => Seen::Broken,
    }
}

/// Passed when `ok`, else failed with what was wanted and what came.
fn judge(ok: bool, wanted: &str, answer: &Answer) -> Verdict {
    if ok { Verdict::Passed } else { Verdict::Failed(format!("wanted {wanted}, got {}", answer.summary())) }
}

/// Did it take far longer than it may?
///
/// The bounds of the cases (5 or 20 ms) are for one verification in an optimised program on an idle machine. Here
/// code may be unoptimised and the machine shared, so only what is more than 25 times too slow is a failure: what is
/// quadratic in 64 kB misses the bound by far more.
fn too_slow(max_ms: Option<u64>, answer: &Answer) -> Option<Verdict> {
    let bound = Duration::from_millis(max_ms? * 25);
    (answer.took > bound).then(|| Verdict::Failed(format!("took {:?}, more than {bound:?}", answer.took)))
}
