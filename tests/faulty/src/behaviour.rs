//! What each path does.

use crate::bindings::exports::portcullis::gate::decider::{Answered, RequestHead, Step};
use crate::bindings::portcullis::gate::types::{
    Action, Answer, Asked, BodyQuestion, CallQuestion, DocumentQuestion, Forward, Freshness, HeaderEdit, Question,
    Reply, RequestKind, Verdict,
};
use std::cell::RefCell;
use std::hint::black_box;

/// The address that may be called.
pub(crate) const CALLED: &str = "http://127.0.0.1:1/";

thread_local! {
    static KEPT: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static CALLS: RefCell<u64> = const { RefCell::new(0) };
}

pub(crate) fn decide(head: &RequestHead, answers: Vec<Answered>) -> Step {
    CALLS.with_borrow_mut(|calls| *calls += 1);
    let target = String::from_utf8_lossy(&head.target).into_owned();
    let (path, value) = target.split_once('?').unwrap_or((&target, ""));
    let number = |default| value.parse().unwrap_or(default);
    let base = forward("/");
    match path {
        "/trap" => trap(),
        "/loop" => spin(),
        "/memory" => loop {
            keep(1 << 20);
        },
        "/stack" => respond(200, &recurse(0).to_string()),
        "/import" => respond(200, &format!("{:?}", std::time::SystemTime::now())),
        "/leak" => {
            keep(256 << 10);
            respond(200, "leaked")
        }
        "/calls" => respond(200, &CALLS.with_borrow(u64::to_string)),
        "/rounds" => ask(answers.len() as u32, document("http://127.0.0.1:1/none")),
        "/again" => ask(1, document("http://127.0.0.1:1/none")),
        "/no-questions" => Step::Questions(Vec::new()),
        "/many-questions" => {
            Step::Questions((0..10_000).map(|id| Asked { id, question: document("http://127.0.0.1:1/none") }).collect())
        }
        "/document" => echo(answers, || document(value)),
        "/body" => echo(answers, || Question::Body(BodyQuestion { limit: number(10) })),
        "/call" => echo(answers, || call(if value.is_empty() { CALLED } else { value })),
        "/nonsense-status" => respond(number(99) as u16, ""),
        "/nonsense-header" => pass(Forward { request: vec![set(value, b"x")], ..base }),
        "/crlf" => pass(Forward { request: vec![set("x-a", b"a\r\nx-admin: 1")], ..base }),
        "/crlf-response" => pass(Forward { response: vec![set("x-a", b"a\r\nset-cookie: a=b")], ..base }),
        "/many-headers" => {
            pass(Forward { request: (0..10_000).map(|n| set(&format!("x-{n}"), b"v")).collect(), ..base })
        }
        "/target" => pass(forward(value)),
        "/rule" => Step::Verdict(Verdict { rule: number(7), ..verdict(Action::Pass(base)) }),
        "/upstream" => pass(Forward { upstream: number(7) as u16, ..base }),
        "/location" => {
            let headers = vec![("location".to_owned(), value.as_bytes().to_vec())];
            Step::Verdict(verdict(Action::Redirect(Reply { status: 307, headers, body: Vec::new() })))
        }
        _ => pass(forward(&target)),
    }
}

pub(crate) fn respond(status: u16, body: &str) -> Step {
    Step::Verdict(verdict(Action::Respond(Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() })))
}

#[expect(clippy::panic, reason = "to trap is the point")]
pub(crate) fn trap() -> ! {
    panic!("as asked")
}

pub(crate) fn spin() -> ! {
    let mut number = 0u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn recurse(depth: u64) -> u64 {
    let here = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { recurse(depth + 1).wrapping_add(here.iter().sum::<u64>()) }
}

fn keep(bytes: usize) {
    KEPT.with_borrow_mut(|kept| kept.push(black_box(vec![1; bytes])));
}

/// Ask once; then answer with what came.
fn echo(answers: Vec<Answered>, question: impl FnOnce() -> Question) -> Step {
    match answers.into_iter().next().map(|answered| answered.answer) {
        None => ask(1, question()),
        Some(Answer::Document(document)) => respond(200, &String::from_utf8_lossy(&document.body)),
        Some(Answer::Body(bytes)) => respond(200, &String::from_utf8_lossy(&bytes)),
        Some(Answer::Failed(why)) => respond(502, &why),
        Some(Answer::TooLarge) => respond(413, "too large"),
        Some(Answer::Verify(good)) => respond(200, if good { "good" } else { "bad" }),
        Some(Answer::Call(call)) => respond(call.status, "called"),
        Some(Answer::Signed(bytes)) => respond(200, &format!("signed, {} bytes", bytes.len())),
    }
}

fn ask(id: u32, question: Question) -> Step {
    Step::Questions(vec![Asked { id, question }])
}

fn document(url: &str) -> Question {
    Question::Document(DocumentQuestion { url: url.to_owned(), freshness: Freshness::Current })
}

fn call(url: &str) -> Question {
    let (method, url, key) = ("GET".to_owned(), url.to_owned(), "k".to_owned());
    let (headers, body, keep) = Default::default();
    Question::Call(CallQuestion { method, url, headers, body, key, grace: 0, keep, timeout: 1000 })
}

fn set(name: &str, value: &[u8]) -> HeaderEdit {
    HeaderEdit::Set((name.to_owned(), value.to_vec()))
}

fn forward(target: &str) -> Forward {
    let target = target.to_owned();
    Forward { target, upstream: 0, request: Vec::new(), cookie: None, response: Vec::new(), status: None }
}

fn pass(forward: Forward) -> Step {
    Step::Verdict(verdict(Action::Pass(forward)))
}

fn verdict(action: Action) -> Verdict {
    Verdict { action, rule: 0, kind: RequestKind::Navigation, reason: "as asked".to_owned(), subject: None }
}
