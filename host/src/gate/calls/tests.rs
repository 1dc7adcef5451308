//! Flights and what is kept of them, with a backend that is told what to do. `http_tests` speaks HTTP.

use super::*;
use crate::contract::CallAnswer;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Semaphore;

const URL: &str = "https://backend.example/api/action";

/// Answers when it is let, with what it is told.
#[derive(Debug)]
struct Backend {
    gate: Semaphore,
    called: AtomicUsize,
    answer: Mutex<Result<(u16, &'static str), &'static str>>,
}

impl Backend {
    fn says(&self, answer: Result<(u16, &'static str), &'static str>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn called(&self) -> usize {
        self.called.load(SeqCst)
    }
}

impl Call for Backend {
    fn call(&self, request: CallRequest) -> CallFuture<'_> {
        assert_eq!(request.url, URL);
        self.called.fetch_add(1, SeqCst);
        Box::pin(async {
            self.gate.acquire().await.unwrap().forget();
            let answer = *self.answer.lock().unwrap();
            let (status, body) = answer.map_err(str::to_owned)?;
            Ok(CallAnswer { status, headers: Vec::new(), body: body.into() })
        })
    }
}

/// A backend that may answer so many calls, and the calls of it.
fn calls(answers: usize) -> (Arc<Backend>, Calls) {
    let (gate, called, answer) = (Semaphore::new(answers), AtomicUsize::new(0), Mutex::new(Ok((200, "good"))));
    let backend = Arc::new(Backend { gate, called, answer });
    (backend.clone(), Calls::new(backend, vec![URL.to_owned()]))
}

fn question(key: &str) -> CallQuestion {
    CallQuestion {
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
        body: b"{}".to_vec(),
        key: key.to_owned(),
        grace: 0,
        keep: Vec::new(),
        timeout: 1000,
    }
}

fn later(asked: Asked) -> Waiting {
    match asked {
        Asked::Later(waiting) => waiting,
        Asked::Now(answer) => panic!("{answer:?}"),
    }
}

fn said(status: u16, body: &str) -> Answer {
    Answer::Call(CallAnswer { status, headers: Vec::new(), body: body.into() })
}

fn failed(why: &str) -> Answer {
    Answer::Failed(why.to_owned())
}

/// Let all other tasks come to rest.
async fn rest() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_same_key_shares_one_flight() {
    let (backend, calls) = calls(0);
    let waiting: Vec<_> = (0..20).map(|_| later(calls.ask(&question("k")))).collect();
    let other = later(calls.ask(&question("other")));
    backend.gate.add_permits(2);
    for waiting in waiting {
        assert_eq!(waiting.answer().await, said(200, "good"));
    }
    assert_eq!(other.answer().await, said(200, "good"));
    assert_eq!((backend.called(), calls.counts()), (2, (2, 0)));
    // Landed, and nothing was to be kept.
    backend.gate.add_permits(1);
    calls.answer(&question("k")).await;
    assert_eq!(backend.called(), 3);
}

#[tokio::test]
async fn without_a_key_a_call_is_nobody_elses() {
    let (backend, calls) = calls(3);
    let question = CallQuestion { grace: 1000, ..question("") };
    let waiting: Vec<_> = (0..3).map(|_| later(calls.ask(&question))).collect();
    for waiting in waiting {
        assert_eq!(waiting.answer().await, said(200, "good"));
    }
    assert_eq!(backend.called(), 3);
}

#[tokio::test]
async fn a_flight_goes_on_without_the_one_who_asked() {
    for key in ["k", ""] {
        let (backend, calls) = calls(0);
        drop(calls.ask(&CallQuestion { grace: 1000, ..question(key) }));
        backend.gate.add_permits(1);
        rest().await;
        assert_eq!((backend.called(), backend.gate.available_permits()), (1, 0));
        assert_eq!(calls.state().under_way, 0);
    }
    let (backend, calls) = calls(1);
    let asking = calls.ask(&CallQuestion { grace: 1000, ..question("k") });
    drop(asking);
    rest().await;
    assert_eq!(calls.answer(&question("k")).await, said(200, "good"));
    assert_eq!(backend.called(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_answer_is_given_for_its_grace() {
    let (backend, calls) = calls(9);
    let question = CallQuestion { grace: 500, keep: b"oo".to_vec(), ..question("k") };
    calls.answer(&question).await;
    backend.says(Ok((200, "a good one")));
    tokio::time::advance(Duration::from_millis(499)).await;
    assert!(matches!(calls.ask(&question), Asked::Now(answer) if answer == said(200, "good")));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(calls.answer(&question).await, said(200, "a good one"));
    assert_eq!(backend.called(), 2);
}

#[tokio::test]
async fn what_is_not_to_be_kept_is_asked_again() {
    let (backend, calls) = calls(9);
    let question = CallQuestion { grace: 60_000, keep: b"good".to_vec(), ..question("k") };
    let answers = [Ok((500, "good")), Ok((200, "bad")), Ok((302, "good")), Err("no connection")];
    for answer in answers {
        backend.says(answer);
        let expected = answer.map_or_else(failed, |(status, body)| said(status, body));
        assert_eq!(calls.answer(&question).await, expected);
    }
    assert_eq!((backend.called(), calls.counts()), (4, (4, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_time() {
    let (backend, calls) = calls(0);
    let started = Instant::now();
    assert_eq!(calls.answer(&question("k")).await, failed("no answer in 1000 ms"));
    assert_eq!(started.elapsed().as_millis(), 1000);
    let patient = CallQuestion { timeout: u32::MAX, ..question("k") };
    assert_eq!(calls.answer(&patient).await, failed("no answer in 30000 ms"));
    assert_eq!((backend.called(), calls.counts()), (2, (2, 2)));
    // Whoever joins shares the end of the flight, too.
    let first = later(calls.ask(&question("k")));
    rest().await;
    tokio::time::advance(Duration::from_millis(600)).await;
    let joined = Instant::now();
    let second = later(calls.ask(&question("k")));
    assert_eq!(
        (first.answer().await, second.answer().await),
        (failed("no answer in 1000 ms"), failed("no answer in 1000 ms"))
    );
    assert_eq!((joined.elapsed().as_millis(), backend.called()), (400, 3));
}

#[tokio::test]
async fn only_what_the_policy_names_is_called() {
    let (backend, calls) = calls(9);
    for url in
        ["", "https://backend.example/api", "https://backend.example/api/action?", "HTTPS://backend.example/api/action"]
    {
        let question = CallQuestion { url: url.to_owned(), ..question("k") };
        assert_eq!(calls.answer(&question).await, failed("the policy does not name this address"));
    }
    assert_eq!((backend.called(), calls.counts()), (0, (0, 0)));
}

#[tokio::test]
async fn flights_are_bounded() {
    let (backend, calls) = calls(0);
    let waiting: Vec<_> = (0..MAX_FLIGHTS).map(|_| later(calls.ask(&question("")))).collect();
    for key in ["", "k"] {
        assert_eq!(calls.answer(&question(key)).await, failed("too many calls under way"));
    }
    backend.gate.add_permits(MAX_FLIGHTS + 1);
    for waiting in waiting {
        waiting.answer().await;
    }
    assert_eq!(calls.answer(&question("k")).await, said(200, "good"));
    assert_eq!(calls.state().joinable.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_called() {
    let (backend, calls) = calls(9);
    let refused = |question: CallQuestion, why: &'static str| {
        let calls = calls.clone();
        async move { assert_eq!(calls.answer(&question).await, failed(&format!("the call cannot be made: {why}"))) }
    };
    for (method, why) in [
        ("", "the method is no token"),
        ("GET /", "the method is no token"),
        ("GET\r\n", "the method is no token"),
        ("CONNECT", "it would open a tunnel"),
    ] {
        refused(CallQuestion { method: method.to_owned(), ..question("k") }, why).await;
    }
    let header =
        |name: &str, value: &[u8]| CallQuestion { headers: vec![(name.into(), value.into())], ..question("k") };
    for name in
        ["content-length", "Content-Length", "transfer-encoding", "host", "connection", "te", "upgrade", "trailer"]
    {
        let why = format!("the call cannot be made: a header `{}`, which is the host's", name.to_lowercase());
        assert_eq!(calls.answer(&header(name, b"1")).await, failed(&why));
    }
    for (name, why) in [("", "a header name that is no token"), ("a b", "a header name that is no token")] {
        refused(header(name, b"1"), why).await;
    }
    refused(header(":path", b"/"), "a header name that is no token").await;
    refused(header("x-a", b"secret\r\nx-b: 1"), "a value of `x-a` with control bytes").await;
    refused(header("x-a", &[b'a'; 65 << 10]), "headers of more than 64 KiB").await;
    let headers = |count| vec![("x-a".to_owned(), b"1".to_vec()); count];
    refused(CallQuestion { headers: headers(33), ..question("k") }, "more than 32 headers").await;
    refused(CallQuestion { body: vec![0; (1 << 20) + 1], ..question("k") }, "a body of more than 1024 KiB").await;
    assert_eq!(backend.called(), 0);
    let largest = CallQuestion { headers: headers(32), body: vec![0; 1 << 20], ..question("k") };
    assert_eq!(calls.answer(&largest).await, said(200, "good"));
}

#[derive(Debug)]
struct Panics;

impl Call for Panics {
    fn call(&self, _request: CallRequest) -> CallFuture<'_> {
        Box::pin(async { panic!("as told") })
    }
}

#[tokio::test]
async fn a_flight_that_falls_down_has_landed() {
    let calls = Calls::new(Arc::new(Panics), vec![URL.to_owned()]);
    for _ in 0..2 {
        assert_eq!(calls.answer(&question("k")).await, failed("the call was cut off"));
    }
    assert_eq!(calls.counts(), (2, 2));
    let state = calls.state();
    assert_eq!((state.under_way, state.joinable.len()), (0, 0));
}

#[test]
fn a_flight_that_loses_its_runtime_has_landed() {
    let (backend, calls) = calls(0);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let waiting = first.block_on(async {
        let waiting = later(calls.ask(&question("k")));
        rest().await;
        waiting
    });
    drop(first);
    assert_eq!(runtime().block_on(waiting.answer()), failed("the call was cut off"));
    backend.gate.add_permits(1);
    assert_eq!(runtime().block_on(calls.answer(&question("k"))), said(200, "good"));
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let (_, calls) = calls(1);
    let headers = vec![("authorization".to_owned(), b"Bearer secret".to_vec())];
    let question = CallQuestion { headers, body: b"secret".to_vec(), grace: 1000, ..question("secret") };
    calls.answer(&question).await;
    let shown = format!("{calls:?} {:?} {:?}", CallRequest::new(&question).unwrap(), HttpCall::default());
    assert!(shown.contains(URL) && shown.contains("authorization") && !shown.contains("secret"), "{shown}");
    let bytes = format!("{:?}", b"secret").replace(['[', ']'], "");
    assert!(!shown.contains(&bytes), "{shown}");
}
