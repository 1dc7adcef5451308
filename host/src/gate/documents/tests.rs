//! Documents with an issuer that is told what to say and a clock that stands still.

use super::*;
use crate::clock::ManualClock;
use portcullis_wire::document::{COOLDOWN, FRESH, MAX_STALE, REFRESH};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Semaphore;

const ISSUER: &str = "https://issuer.example/.well-known/openid-configuration";
const KEYS: &str = "https://issuer.example/jwks.json";
const START: i64 = 1_800_000_000;
const SET: &str = r#"{"keys":[{"kty":"RSA"}]}"#;

/// Says what it is told, when it is let.
#[derive(Debug)]
struct Issuer {
    gate: Semaphore,
    fetched: AtomicUsize,
    says: Mutex<Result<(u16, String), FetchError>>,
}

impl Issuer {
    fn says(&self, status: u16, body: &str) {
        *self.says.lock().unwrap() = Ok((status, body.to_owned()));
    }

    fn is_down(&self) {
        *self.says.lock().unwrap() = Err(FetchError::Unreachable("connection refused".to_owned()));
    }

    fn fetched(&self) -> usize {
        self.fetched.swap(0, SeqCst)
    }
}

impl Fetch for Issuer {
    fn fetch<'a>(&'a self, url: &'a str) -> FetchFuture<'a> {
        self.fetched.fetch_add(1, SeqCst);
        Box::pin(async move {
            self.gate.acquire().await.unwrap().forget();
            let (status, body) = self.says.lock().unwrap().clone()?;
            let body = if url == KEYS { SET.to_owned() } else { body };
            Ok(Fetched { status, content_type: None, encoding: None, body: body.into_bytes() })
        })
    }
}

struct Lab {
    issuer: Arc<Issuer>,
    clock: Arc<ManualClock>,
    documents: Documents,
}

/// Documents at [`ISSUER`], of which so many fetches end.
fn lab(fetches: usize) -> Lab {
    let says = Mutex::new(Ok((200, SET.to_owned())));
    let issuer = Arc::new(Issuer { gate: Semaphore::new(fetches), fetched: AtomicUsize::new(0), says });
    let clock = Arc::new(ManualClock::new(START));
    let documents = Documents::new(issuer.clone(), clock.clone(), vec![ISSUER.to_owned()]);
    Lab { issuer, clock, documents }
}

impl Lab {
    /// What is said now: revision and when it was fetched; `None`: nothing.
    async fn current(&self) -> Option<(u64, i64)> {
        self.ask(Freshness::Current).await
    }

    async fn ask(&self, freshness: Freshness) -> Option<(u64, i64)> {
        match self.documents.get(ISSUER, freshness).await {
            Answer::Document(document) => Some((document.revision, document.fetched - START)),
            Answer::Failed(_) => None,
            other => panic!("{other:?}"),
        }
    }

    fn at(&self, age: i64) {
        self.clock.set(START + age);
    }

    /// Let what goes on in the background end.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn many_ask_and_one_fetches() {
    let lab = lab(0);
    let asked: Vec<_> = (0..20)
        .map(|_| lab.documents.ask(&DocumentQuestion { url: ISSUER.to_owned(), freshness: Freshness::Current }))
        .collect();
    lab.settle().await;
    lab.issuer.gate.add_permits(1);
    for one in asked {
        let Asked::Later(waiting) = one else { panic!("nothing was held") };
        assert!(matches!(waiting.answer().await, Answer::Document(document) if document.revision == 1));
    }
    assert_eq!(lab.issuer.fetched(), 1);
}

#[tokio::test]
async fn whoever_asks_may_go_away() {
    let lab = lab(0);
    let question = DocumentQuestion { url: ISSUER.to_owned(), freshness: Freshness::Current };
    drop(lab.documents.ask(&question));
    lab.issuer.gate.add_permits(1);
    lab.settle().await;
    assert_eq!((lab.current().await, lab.issuer.fetched()), (Some((1, 0)), 1));
}

#[tokio::test]
async fn only_what_the_policy_names_is_fetched() {
    let lab = lab(100);
    for url in [KEYS, "https://evil.example/jwks.json", ""] {
        assert!(matches!(lab.documents.get(url, Freshness::Current).await, Answer::Failed(_)), "{url}");
    }
    assert_eq!(lab.issuer.fetched(), 0);
    // A document that is named may lead to one more.
    lab.issuer.says(200, &format!("{{\"jwks_uri\":\"{KEYS}\"}}"));
    assert!(lab.documents.prefetch().await.is_empty());
    assert_eq!(lab.issuer.fetched(), 2);
    assert!(matches!(lab.documents.get(KEYS, Freshness::Current).await, Answer::Document(_)));
}

#[tokio::test]
async fn a_copy_is_fetched_anew_ahead_of_its_time() {
    let lab = lab(100);
    assert_eq!((lab.current().await, lab.issuer.fetched()), (Some((1, 0)), 1));
    lab.at(REFRESH - 1);
    assert_eq!((lab.current().await, lab.issuer.fetched()), (Some((1, 0)), 0));
    lab.at(REFRESH);
    assert_eq!(lab.current().await, Some((1, 0)), "nobody waits for it");
    lab.settle().await;
    assert_eq!(lab.issuer.fetched(), 1);
    // The same content is the same revision.
    assert_eq!(lab.current().await, Some((1, REFRESH)));
    lab.issuer.says(200, r#"{"keys":[{"kty":"EC"}]}"#);
    lab.at(REFRESH + FRESH);
    assert_eq!(lab.current().await, Some((2, REFRESH + FRESH)), "one past its time is waited for");
}

#[tokio::test]
async fn made_up_keys_cause_no_flood() {
    let lab = lab(100);
    lab.current().await;
    lab.at(5);
    lab.issuer.fetched();
    for _ in 0..10 {
        assert_eq!(lab.ask(Freshness::UnknownKey).await, Some((1, 5)));
    }
    assert_eq!(lab.issuer.fetched(), 1);
    lab.at(5 + COOLDOWN);
    lab.ask(Freshness::UnknownKey).await;
    assert_eq!(lab.issuer.fetched(), 1);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_tried_again_and_its_last_copy_used_for_an_hour() {
    let lab = lab(1000);
    lab.issuer.is_down();
    assert_eq!(lab.current().await, None);
    assert_eq!(lab.documents.missing(), [ISSUER]);
    lab.issuer.fetched();
    assert_eq!((lab.current().await, lab.issuer.fetched()), (None, 0), "not within the same second");
    lab.issuer.says(200, SET);
    lab.at(1);
    assert_eq!(lab.current().await, Some((1, 1)));

    lab.issuer.is_down();
    lab.at(MAX_STALE);
    assert_eq!(lab.current().await, Some((1, 1)));
    lab.at(MAX_STALE + 1);
    assert_eq!(lab.current().await, None);
    lab.issuer.says(200, SET);
    lab.at(MAX_STALE + 3);
    assert_eq!(lab.current().await, Some((1, MAX_STALE + 3)));
}

#[tokio::test]
async fn a_useless_answer_leaves_the_last_good_one() {
    let lab = lab(1000);
    lab.current().await;
    for (number, body) in ["<html>", "{}", r#"{"keys":[]}"#].into_iter().enumerate() {
        lab.issuer.says(200, body);
        lab.at(FRESH + (COOLDOWN + 1) * number as i64);
        lab.issuer.fetched();
        assert_eq!(lab.current().await, Some((1, 0)), "{body}");
        lab.settle().await;
        assert_eq!(lab.issuer.fetched(), 1, "{body}");
        // It will not change at once.
        lab.at(FRESH + (COOLDOWN + 1) * number as i64 + COOLDOWN - 1);
        assert_eq!((lab.current().await, lab.issuer.fetched()), (Some((1, 0)), 0), "{body}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_holds_nothing_up() {
    let lab = lab(1000);
    lab.current().await;
    lab.issuer.fetched();
    lab.at(-86_400);
    assert!(lab.current().await.is_some());
    lab.settle().await;
    assert_eq!(lab.issuer.fetched(), 1);
    lab.at(86_400);
    assert_eq!(lab.current().await, Some((1, 86_400)));
}
