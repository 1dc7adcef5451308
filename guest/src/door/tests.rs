//! The loop without a runtime: a world made of a table.

use super::*;
use crate::config::Format;
use crate::question::{Addresses, Call, Freshness};
use crate::verdict::Action;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;

const SET: &str = r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#;
const KEYS: &str = "https://id.example/keys";

/// A world whose clock is set by hand and whose addresses say what the table says.
#[derive(Default)]
struct Table {
    now: Cell<i64>,
    says: RefCell<Vec<(&'static str, Result<Fetched, FetchError>)>>,
    asked: RefCell<Vec<Fetch>>,
}

impl World for Table {
    fn now(&self) -> i64 {
        self.now.get()
    }

    async fn fetch(&self, request: Fetch) -> Result<Fetched, FetchError> {
        let found = self.says.borrow().iter().find(|(url, _)| *url == request.url).map(|(_, says)| says.clone());
        self.asked.borrow_mut().push(request);
        found.unwrap_or(Err(FetchError::Unreachable("nobody is there".to_owned())))
    }
}

impl Table {
    fn at(now: i64) -> Self {
        let table = Self::default();
        table.now.set(now);
        table
    }

    fn says(self, url: &'static str, status: u16, body: &str) -> Self {
        self.says.borrow_mut().retain(|(known, _)| *known != url);
        self.says.borrow_mut().push((url, Ok(Fetched { status, headers: Vec::new(), body: body.into() })));
        self
    }

    fn asked(&self) -> usize {
        self.asked.borrow().len()
    }
}

struct Text(Vec<u8>);

impl Body for Text {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Vec<u8>>, String> {
        Ok((self.0.len() <= limit).then(|| self.0.clone()))
    }
}

/// No world of these tests makes anybody wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a decision waits"),
    }
}

fn document(door: &Door, world: &Table, freshness: Freshness) -> Answer {
    now(documents::ask(&door.documents, &[KEYS.to_owned()], KEYS, freshness, world))
}

fn body(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Document(document) => std::str::from_utf8(&document.body).ok(),
        _ => None,
    }
}

fn held(fetched: i64, until: i64) -> Vec<Held> {
    vec![Held { url: KEYS.to_owned(), body: SET.into(), fetched, until }]
}

#[test]
fn a_document_is_fetched_once_while_it_is_fresh() {
    let (door, world) = (Door::default(), Table::at(1_000).says(KEYS, 200, SET));
    for _ in 0..3 {
        assert_eq!(body(&document(&door, &world, Freshness::Current)), Some(SET));
    }
    assert_eq!(world.asked(), 1);
    world.now.set(1_000 + portcullis_wire::document::FRESH);
    let world = world.says(KEYS, 503, "");
    // The address has gone: the last good copy is used, for an hour at most.
    assert_eq!(body(&document(&door, &world, Freshness::Current)), Some(SET));
    world.now.set(1_000 + portcullis_wire::document::MAX_STALE);
    assert!(matches!(document(&door, &world, Freshness::Current), Answer::Failed(_)));
}

#[test]
fn made_up_keys_cause_no_flood() {
    let (door, world) = (Door::default(), Table::at(1_000).says(KEYS, 200, SET));
    document(&door, &world, Freshness::Current);
    for _ in 0..5 {
        assert!(body(&document(&door, &world, Freshness::UnknownKey)).is_some());
    }
    assert_eq!(world.asked(), 2);
}

#[test]
fn only_named_addresses_are_fetched() {
    let (door, world) = (Door::default(), Table::at(1_000).says("https://evil.example/", 200, SET));
    let answer =
        now(documents::ask(&door.documents, &[KEYS.to_owned()], "https://evil.example/", Freshness::Current, &world));
    assert!(matches!(answer, Answer::Failed(_)));
    assert_eq!(world.asked(), 0);
}

#[test]
fn a_discovery_document_leads_to_one_address_more() {
    let named = ["https://id.example/.well-known/openid-configuration".to_owned()];
    let discovery = r#"{"jwks_uri":"https://id.example/keys"}"#;
    let world = Table::at(1_000)
        .says("https://id.example/.well-known/openid-configuration", 200, discovery)
        .says(KEYS, 200, SET);
    let door = Door::default();
    let ask = |url: &str| now(documents::ask(&door.documents, &named, url, Freshness::Current, &world));
    assert!(matches!(ask(KEYS), Answer::Failed(_)), "before it was named");
    assert_eq!(body(&ask(&named[0])), Some(discovery));
    assert_eq!(body(&ask(KEYS)), Some(SET));
}

#[test]
fn a_held_document_serves_until_its_time() {
    let (door, world) = (Door::default(), Table::at(1_500));
    door.hold(held(1_000, 2_000)).unwrap();
    let answer = document(&door, &world, Freshness::Current);
    assert!(matches!(&answer, Answer::Document(document) if document.fresh_until == 2_000 && document.revision == 1));
    assert_eq!(world.asked(), 0, "nothing is asked for while it is held");
    // A key that is not in it is looked for once, and the held one stays.
    assert_eq!(body(&document(&door, &world, Freshness::UnknownKey)), Some(SET));
    assert_eq!(world.asked(), 1);
    for past in [2_000, 900] {
        world.now.set(past);
        assert!(matches!(document(&door, &world, Freshness::Current), Answer::Failed(_)), "{past}");
    }
}

#[test]
fn what_is_no_document_is_not_held() {
    let door = Door::default();
    let with = |body: &str, until| vec![Held { url: KEYS.to_owned(), body: body.into(), fetched: 10, until }];
    assert!(door.hold(with("<html>", 20)).unwrap_err().contains(KEYS));
    assert!(door.hold(with(SET, 5)).is_err());
    assert!(door.hold(vec![held(0, 1).remove(0); MAX_HELD + 1]).is_err());
    assert_eq!(door.held(), []);
}

#[test]
fn an_address_has_three_parts() {
    let place = |url: &str| {
        let (method, headers, body) = ("GET".to_owned(), Vec::new(), Vec::new());
        let Place { https, authority, target } =
            Fetch { method, url: url.to_owned(), headers, body, timeout: 1, limit: 1 }.place().ok()?;
        Some((https, authority, target))
    };
    let of = |https, authority: &str, target: &str| Some((https, authority.to_owned(), target.to_owned()));
    assert_eq!(place("https://id.example/keys?a=b"), of(true, "id.example", "/keys?a=b"));
    assert_eq!(place("http://127.0.0.1:1"), of(false, "127.0.0.1:1", "/"));
    assert_eq!(place("http://a?b=c"), of(false, "a", "/?b=c"));
    assert!(place("/keys").is_none() && place("").is_none() && place("http://a b/").is_none());
}

fn call(key: &str, grace: u32) -> Call {
    Call {
        method: "POST".to_owned(),
        url: KEYS.to_owned(),
        headers: Vec::new(),
        body: b"{}".to_vec(),
        key: key.to_owned(),
        grace,
        keep: b"token".to_vec(),
        timeout: 1_000,
    }
}

#[test]
fn a_good_answer_is_given_again_within_its_grace() {
    let (door, world) = (Door::default(), Table::at(100).says(KEYS, 200, r#"{"token":1}"#));
    let ask = |world: &Table, call| now(calls::ask(&door.calls, &[KEYS.to_owned()], call, world));
    ask(&world, call("a", 10_000));
    ask(&world, call("a", 10_000));
    assert_eq!(world.asked(), 1);
    ask(&world, call("b", 10_000));
    ask(&world, call("", 10_000));
    ask(&world, call("", 10_000));
    assert_eq!(world.asked(), 4, "another key is another call, and none is nobody else's");
    world.now.set(111);
    ask(&world, call("a", 10_000));
    assert_eq!(world.asked(), 5);
    // A failure is never repeated.
    let world = world.says(KEYS, 200, "{}");
    ask(&world, call("c", 10_000));
    ask(&world, call("c", 10_000));
    assert_eq!(world.asked(), 7);
}

#[test]
fn a_call_goes_where_the_policy_says_and_frames_nothing() {
    let (door, world) = (Door::default(), Table::at(100));
    let ask = |named: &str, call| now(calls::ask(&door.calls, &[named.to_owned()], call, &world));
    assert!(matches!(ask("https://other.example/", call("", 0)), Answer::Failed(_)));
    for name in ["host", "content-length", "Transfer-Encoding", "a b"] {
        let call = Call { headers: vec![(name.to_owned(), b"1".to_vec())], ..call("", 0) };
        assert!(matches!(ask(KEYS, call), Answer::Failed(_)), "{name}");
    }
    assert!(matches!(ask(KEYS, Call { method: "CONNECT".to_owned(), ..call("", 0) }), Answer::Failed(_)));
    assert_eq!(world.asked(), 0);
}

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let line =
        |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    list.iter().map(line).collect()
}

fn received(list: &[(&str, &str)]) -> Received {
    Received {
        method: "GET".to_owned(),
        scheme: Some("http".to_owned()),
        authority: Some("app.example".to_owned()),
        target: "/a?b".to_owned(),
        headers: headers(list),
    }
}

#[test]
fn what_a_proxy_says_counts_only_where_there_is_one() {
    let list = [
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("cookie", "a=1"),
    ];
    let wanted = ["cookie".to_owned()];
    let (head, said) = received(&list).check(&wanted, None, false, 7).unwrap();
    assert_eq!((head.scheme.as_str(), head.authority.as_str(), head.client.as_str()), ("http", "app.example", ""));
    assert_eq!(head.headers, [("cookie".to_owned(), b"a=1".to_vec())]);
    assert_eq!(said.address, "unknown");
    let (head, said) = received(&list).check(&wanted, None, true, 7).unwrap();
    assert_eq!((head.scheme.as_str(), head.authority.as_str()), ("https", "evil.example"));
    assert_eq!((head.client.as_str(), said.address.to_str().unwrap()), ("192.0.2.7", "192.0.2.7"));
}

#[test]
fn the_host_of_the_site_is_taken_only_where_none_is_told() {
    let host = |authority: Option<&str>, list: &[(&str, &str)]| {
        let received = Received { authority: authority.map(str::to_owned), ..received(list) };
        received.check(&[], Some("site.example"), false, 0).map(|(head, _)| head.authority)
    };
    assert_eq!(host(None, &[]).unwrap(), "site.example");
    assert_eq!(host(None, &[("host", "app.example")]).unwrap(), "app.example");
    assert_eq!(host(Some("app.example"), &[]).unwrap(), "app.example");
    assert!(host(Some("a b"), &[]).is_err());
}

#[test]
fn what_our_proxy_refuses_is_refused() {
    let status = |received: Received| received.check(&[], None, false, 0).unwrap_err().status;
    assert_eq!(status(Received { method: "TRACE".to_owned(), ..received(&[]) }), 405);
    assert_eq!(status(Received { method: "M".repeat(33), ..received(&[]) }), 400);
    for target in ["*", "", "a", "/a#b"] {
        assert_eq!(status(Received { target: target.to_owned(), ..received(&[]) }), 400, "{target}");
    }
    assert_eq!(status(Received { authority: None, ..received(&[]) }), 400);
    assert_eq!(status(Received { authority: Some("a b".to_owned()), ..received(&[]) }), 400);
    assert_eq!(status(received(&[("host", "other")])), 400);
    assert_eq!(status(received(&[("host", "app.example"), ("host", "app.example")])), 400);
    assert_eq!(status(received(&[("connection", "Upgrade"), ("upgrade", "websocket")])), 501);
    let many: Vec<_> = (0..101).map(|_| ("x-a", "1")).collect();
    assert_eq!(status(received(&many)), 431);
}

const POLICY: &str = r#"
version = 1
default = "public"
proxy.upstream = "http://127.0.0.1:3000"
identity.headers = { x-user-id = "{claim.sub}" }
session.main = { kind = "jwt-cookie", cookie = "session", issuer = "https://id.example", audience = "app", keys.jwks-url = "https://id.example/keys" }
sign-in.path = "/signin"
route = [{ id = "product", pattern = "/product(.*)", require = "session" }]
"#;

fn to(url: &str) -> Told {
    Told { upstream: Some(url.to_owned()), ..Told::default() }
}

fn started() -> (RefCell<Option<Gate>>, Setup) {
    let mut gate = Gate::load(POLICY, Format::Toml).unwrap();
    let addresses = gate.start(Vec::new(), (1, 2)).unwrap();
    let setup = Setup::new(&gate, addresses, &to("http://127.0.0.1:4000")).unwrap();
    (RefCell::new(Some(gate)), setup)
}

fn outcome(received: Received) -> Outcome {
    let (gate, setup) = started();
    let (head, said) = received.check(&setup.wanted, None, false, 1_000).unwrap();
    let world = Table::at(1_000).says(KEYS, 200, SET);
    let verdict = now(Door::default().judge(&gate, &setup, &head, &mut Text(Vec::new()), &world)).unwrap();
    Outcome::new(verdict.action, received, said, &setup).unwrap()
}

#[test]
fn what_passes_goes_to_the_upstream_that_was_set() {
    let list = [("x-user-id", "admin"), ("X_User_Id", "root"), ("content-length", "3"), ("accept", "text/html")];
    let Outcome::Pass(passing) = outcome(received(&list)) else { panic!("it does not pass") };
    let (_, setup) = started();
    let origin = setup.upstreams[passing.upstream()].as_ref().unwrap();
    assert_eq!((origin.https, origin.authority.as_str()), (false, "127.0.0.1:4000"));
    assert_eq!((passing.method(), passing.target()), ("GET", "/a?b"));
    let sent = passing.headers();
    assert!(!sent.contains_key("x-user-id") && !sent.contains_key("x_user_id"));
    assert_eq!(sent["host"], "app.example");
    assert_eq!(sent["content-length"], "3");
    assert_eq!(sent["x-forwarded-host"], "app.example");
}

#[test]
fn who_may_not_pass_is_answered() {
    let anonymous = Received { target: "/product".to_owned(), ..received(&[("accept", "text/html")]) };
    let Outcome::Reply(reply) = outcome(anonymous) else { panic!("it passes") };
    assert_eq!((reply.status, reply.headers["location"].as_bytes()), (307, &b"/signin"[..]));
    // A token whose signature nobody has made.
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.AAAA";
    let cookie = format!("session={token}");
    let forged =
        Received { target: "/product".to_owned(), ..received(&[("cookie", &cookie), ("accept", "text/html")]) };
    assert!(matches!(outcome(forged), Outcome::Reply(_)));
}

#[test]
fn without_a_policy_there_is_no_verdict() {
    let (_, setup) = started();
    let (head, _) = received(&[]).check(&[], None, false, 0).unwrap();
    let none = RefCell::new(None);
    let judged = now(Door::default().judge(&none, &setup, &head, &mut Text(Vec::new()), &Table::default()));
    assert!(judged.is_err());
}

#[test]
fn an_edit_that_frames_a_message_is_a_failure() {
    let (_, setup) = started();
    for name in ["content-length", "host", "transfer-encoding", "proxy-x"] {
        let edit = crate::verdict::HeaderEdit::Remove(name.to_owned());
        let forward = crate::verdict::Forward { target: "/".to_owned(), request: vec![edit], ..Default::default() };
        let (_, said) = received(&[]).check(&[], None, false, 0).unwrap();
        assert!(Outcome::new(Action::Pass(forward), received(&[]), said, &setup).is_err(), "{name}");
    }
}

#[test]
fn upstreams_are_origins() {
    for good in ["http://127.0.0.1:3000", "https://app.example", "http://[::1]:1/"] {
        assert!(Origin::parse(good).is_some(), "{good}");
    }
    for bad in ["", "127.0.0.1:3000", "ftp://a", "http://", "http://a/b", "http://a?b", "http://u@a", "http://a b"] {
        assert!(Origin::parse(bad).is_none(), "{bad}");
    }
    let gate = Gate::load(POLICY, Format::Toml).unwrap();
    let setup = |told: &Told| Setup::new(&gate, Addresses::default(), told);
    assert!(setup(&to("localhost")).unwrap_err().contains("http://host:port"));
    let site = |host: &str| setup(&Told { site: Some(host.to_owned()), ..Told::default() });
    assert!(site("app.example:8443").is_ok() && site("https://app.example").unwrap_err().contains("is no host"));
}

#[test]
fn a_log_line_tells_the_rule_and_no_query() {
    let (_, setup) = started();
    let mut line = Line::new("GET", "/product?token=secret");
    let verdict = Verdict {
        action: Action::Pass(crate::verdict::Forward::default()),
        rule: crate::policy::RULE_DEFAULT,
        kind: crate::request::Kind::Fetch,
        reason: "public".to_owned(),
        subject: Some("u1".to_owned()),
    };
    line.decided(&verdict, &setup);
    let text = line.json(200, None);
    assert!(!text.contains("secret"));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((json["path"].as_str(), json["rule"].as_str()), (Some("/product"), Some("default")));
    assert_eq!((json["status"].as_u64(), json["subject"].as_str()), (Some(200), Some("u1")));
}
