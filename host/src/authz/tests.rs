//! Questions over real sockets, with a scripted judge: what is judged, and what the proxy is told.

use super::*;
use crate::clock::ManualClock;
use crate::contract::{Loaded, RequestHead, RequestKind, Upstream};
use crate::gate::{Decision, Edit, Failure, Outcome, Permit, Reply};
use crate::proxy::tests::policy_settings;
use crate::proxy::{Judge, Listen, LogForm, Overrides, Server, Settings};
use http::{HeaderName, HeaderValue, header};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn value(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}

fn set(name: &'static str, text: &'static str) -> Edit {
    Edit::Set(HeaderName::from_static(name), value(text))
}

struct Script {
    loaded: Loaded,
    seen: Mutex<Vec<RequestHead>>,
}

impl Script {
    fn new() -> Self {
        let mut proxy = policy_settings("http://127.0.0.1:1");
        proxy.upstreams.push(Upstream { name: "api".into(), url: "http://127.0.0.1:2".into(), external: false });
        let loaded = Loaded {
            revision: 7,
            findings: vec![],
            needs: vec![],
            rules: vec!["script".to_owned()],
            headers: vec!["cookie".to_owned(), "x-seen".to_owned()],
            stripped: ["x-user", "x-original-*", "x-internal-*"].map(str::to_owned).into(),
            proxy,
            tests: 0,
        };
        Self { loaded, seen: Mutex::default() }
    }
}

impl Judge for Script {
    fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    async fn decide<B: BodySource>(&self, head: &RequestHead, body: &mut B) -> Result<Decision, Failure> {
        self.seen.lock().unwrap().push(head.clone());
        let target = String::from_utf8(head.target.clone()).unwrap();
        let permit = |target: &str| Permit::for_test(target, 0);
        let reply = |status, headers| Outcome::Reply(Reply { status, headers, body: Bytes::from_static(b"words") });
        let location = (header::LOCATION, value("/signin"));
        let cookies = [(header::SET_COOKIE, value("a=1")), (header::SET_COOKIE, value("b=2"))];
        let outcome = match target.as_str() {
            "/trap" => return Err(Failure::Trap("unreachable".to_owned())),
            "/late" => return Err(Failure::Deadline),
            "/no" => reply(StatusCode::FORBIDDEN, vec![]),
            "/away" => reply(StatusCode::TEMPORARY_REDIRECT, [location].into_iter().chain(cookies).collect()),
            "/fine" => reply(StatusCode::OK, vec![]),
            "/rewrite" => Outcome::Forward(permit("/elsewhere").rewritten_for_test()),
            "/status" => {
                Outcome::Forward(permit("/status").with_response_for_test(vec![], Some(StatusCode::FORBIDDEN)))
            }
            "/other" => Outcome::Forward(Permit::for_test("/other", 1)),
            "/%70lain" => Outcome::Forward(permit("/plain")),
            "/user" => {
                let mut permit = permit("/user").with_cookie_for_test(Some(value("mine=1"))).with_response_for_test(
                    vec![
                        set("cache-control", "private, no-store"),
                        Edit::Append(header::SET_COOKIE, value("a=1")),
                        Edit::Append(header::SET_COOKIE, value("b=2")),
                    ],
                    None,
                );
                permit.add_for_test(set("x-user", "alice"));
                permit.add_for_test(Edit::Remove(HeaderName::from_static("x-drop")));
                Outcome::Forward(permit)
            }
            "/both" => {
                let mut permit = permit("/both").with_response_for_test(vec![set("x-a", "1")], None);
                permit.add_for_test(set("x-a", "2"));
                Outcome::Forward(permit)
            }
            "/unsay" => {
                let edits = vec![Edit::Remove(HeaderName::from_static("server"))];
                Outcome::Forward(permit("/unsay").with_response_for_test(edits, None))
            }
            "/read" => match body.prefix(10).await {
                Ok(Some(start)) if start == "good" => Outcome::Forward(permit("/read")),
                Ok(Some(_)) => reply(StatusCode::FORBIDDEN, vec![]),
                Ok(None) => reply(StatusCode::PAYLOAD_TOO_LARGE, vec![]),
                Err(_) => reply(StatusCode::BAD_REQUEST, vec![]),
            },
            path => Outcome::Forward(permit(path)),
        };
        let kind = RequestKind::Navigation;
        Ok(Decision { outcome, rule: 0, kind, reason: "scripted".to_owned(), subject: None })
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What became of one question.
struct Answered {
    status: u16,
    text: String,
    judged: Vec<RequestHead>,
    log: serde_json::Value,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.text.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

/// Send `lines` to a front, from this machine.
async fn ask(front: Front, first: &str, lines: &[(&str, &str)], body: &str) -> Answered {
    let script = Arc::new(Script::new());
    let mut settings = Settings::new(&script.loaded.proxy, &Overrides::default()).unwrap();
    settings.log = LogForm::Json;
    let log = Lines::default();
    let listen = Listen { which: "listen", address: "127.0.0.1:0".parse().unwrap(), door: front };
    let clock = Arc::new(ManualClock::new(1_800_000_000));
    let server = Server::open(vec![listen], settings, Arc::clone(&script), clock, Box::new(log.clone())).unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let mut raw = format!("{first} HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n");
    lines.iter().for_each(|(name, value)| raw.push_str(&format!("{name}: {value}\r\n")));
    raw.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(raw.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let _ = stop.send(());
    running.await.unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let judged = script.seen.lock().unwrap().clone();
    Answered { status, text, judged, log: serde_json::from_str(log.lines().next().unwrap()).unwrap() }
}

const MODES: [Mode; 5] = [Mode::Nginx, Mode::Caddy, Mode::Traefik, Mode::Haproxy, Mode::Envoy];

/// As the proxy of that mode asks about `GET target`, with further headers of the client.
async fn about(mode: Mode, target: &str, more: &[(&str, &str)]) -> Answered {
    let kind = if mode == Mode::Nginx { "original" } else { "forwarded" };
    let names = ["method", "uri", "host", "proto", "for"].map(|part| format!("x-{kind}-{part}"));
    let values = ["GET", target, "app.example", "https", "192.0.2.7"];
    let named = names.iter().map(String::as_str).zip(values);
    // Envoy asks with the request itself.
    let named = named.skip(if mode == Mode::Envoy { 3 } else { 0 });
    let lines = named.chain(more.iter().copied()).collect::<Vec<_>>();
    let first = if mode == Mode::Envoy { format!("GET {target}") } else { "GET /question".to_owned() };
    ask(Front::http(mode, &[]), &first, &lines, "").await
}

#[tokio::test]
async fn what_is_named_is_judged_and_logged() {
    for mode in MODES {
        let answered = about(mode, "/a?b=c", &[("x-seen", "1"), ("x-unseen", "2"), ("cookie", "c=d")]).await;
        assert_eq!(answered.status, 200, "{mode:?} {}", answered.text);
        let [judged] = answered.judged.as_slice() else { panic!("{mode:?}") };
        assert_eq!((judged.method.as_str(), judged.target.as_slice()), ("GET", &b"/a?b=c"[..]), "{mode:?}");
        assert_eq!((judged.scheme.as_str(), judged.authority.as_str()), ("https", "app.example"), "{mode:?}");
        assert_eq!(judged.client, "192.0.2.7", "{mode:?}");
        assert_eq!(judged.headers.len(), 2, "{mode:?}");
        assert_eq!((&answered.log["path"], &answered.log["client"]), (&"/a".into(), &"192.0.2.7".into()), "{mode:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_named_well_is_not_judged() {
    for mode in MODES {
        for more in [[("x-forwarded-proto", "http")], [("x-original-uri", "/public")]] {
            // A second word, as a client would add it where the proxy only appends.
            let answered = about(mode, "/a", &more).await;
            if mode.is_own(more[0].0) {
                assert!(answered.judged.is_empty() && answered.status >= 400, "{mode:?} {more:?}");
                assert_eq!(answered.log["error"], "the request is named twice", "{mode:?}");
                assert_eq!(answered.log["detail"], more[0].0, "{mode:?}");
            }
        }
        let answered = ask(Front::http(mode, &[]), "GET /question", &[], "").await;
        assert!(answered.judged.is_empty() && answered.status >= 400, "{mode:?}");
        assert_eq!(answered.log["error"], "the proxy does not name the whole request", "{mode:?}");
    }
}

#[tokio::test]
async fn whoever_asks_must_be_trusted() {
    let list = ["10.0.0.0/8".parse().unwrap()];
    assert!(is_trusted_by("10.1.2.3", &list));
    assert!(!is_trusted_by("192.0.2.1", &list));
    assert!(!is_trusted_by("192.0.2.1", &[]));
}

fn is_trusted_by(peer: &str, list: &[ipnet::IpNet]) -> bool {
    front::may_ask(peer.parse().unwrap(), list)
}

#[tokio::test]
async fn an_identity_reaches_the_app_and_a_false_one_does_not() {
    for mode in MODES {
        let spoofed = [("x-user", "admin"), ("x-drop", "1"), ("cookie", "own=1")];
        let answered = about(mode, "/user", &spoofed).await;
        assert_eq!(answered.status, 200, "{mode:?} {}", answered.text);
        assert_eq!(answered.header("x-user"), Some("alice"), "{mode:?}");
        assert_eq!(answered.header("cookie"), Some("mine=1"), "{mode:?}");
        assert_eq!(answered.header("cache-control"), Some("private, no-store"), "{mode:?}");
        assert_eq!(answered.text.matches("set-cookie: ").count(), 2, "{mode:?}");
        let counted = answered.header("x-portcullis-set-cookie-2");
        assert_eq!(counted, mode.counts_cookies().then_some("b=2"), "{mode:?}");
        let (third, nobody) = (answered.header("x-portcullis-set-cookie-3"), about(mode, "/", &[]).await);
        let every = (mode == Mode::Caddy).then_some("");
        assert_eq!((third, nobody.header("x-user")), (every, every), "{mode:?}");
        let (empty, listed) = (answered.header("x-drop"), answered.header("x-envoy-auth-headers-to-remove"));
        match mode {
            Mode::Envoy => assert_eq!((empty, listed), (None, Some("x-drop"))),
            Mode::Traefik => assert_eq!((empty, listed), (None, None)),
            _ => assert_eq!((empty, listed), (Some(""), None), "{mode:?}"),
        }
        // Nobody is signed in, and the client says that somebody is, in any spelling.
        for name in ["x-user", "X_User", "x.user", "x-internal-1", "x-portcullis-upstream"] {
            let answered = about(mode, "/public", &[(name, "admin")]).await;
            if mode == Mode::Envoy {
                assert_eq!(answered.header("x-envoy-auth-headers-to-remove"), Some(&*name.to_lowercase()));
            } else {
                assert!(answered.status >= 400, "{mode:?} {name}");
                assert_eq!(answered.log["detail"], name.to_lowercase(), "{mode:?}");
            }
        }
    }
}

#[tokio::test]
async fn cookies_of_the_client_are_named_where_the_proxy_cannot_keep_them() {
    for mode in MODES {
        let answered = about(mode, "/public", &[("cookie", "a=1"), ("cookie", "b=2")]).await;
        assert_eq!(answered.header("cookie"), (mode != Mode::Envoy).then_some("a=1; b=2"), "{mode:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_gates_own() {
    for mode in MODES {
        let answered = about(mode, "/away", &[]).await;
        let status = if mode == Mode::Nginx { 401 } else { 307 };
        assert_eq!((answered.status, answered.header("location")), (status, Some("/signin")), "{mode:?}");
        assert_eq!(answered.text.matches("set-cookie: ").count(), 2, "{mode:?}");
        assert_eq!(answered.text.ends_with("words"), mode != Mode::Nginx, "{mode:?}");
        assert_eq!(answered.log["status"], 307, "{mode:?}");
        let real = answered.header("x-portcullis-status");
        assert_eq!(real, (mode == Mode::Nginx).then_some("307"), "{mode:?}");
        assert_eq!(about(mode, "/no", &[]).await.status, 403, "{mode:?}");
    }
}

#[tokio::test]
async fn what_a_proxy_cannot_be_told_is_refused() {
    for mode in MODES {
        let fixed = |status: u16| if mode == Mode::Nginx { 401 } else { status };
        for (target, status) in
            [("/rewrite", 500), ("/status", 500), ("/both", 500), ("/unsay", 500), ("/trap", 500), ("/late", 503)]
        {
            let answered = about(mode, target, &[]).await;
            assert_eq!(answered.status, fixed(status), "{mode:?} {target}");
            assert_eq!(answered.log["status"], status, "{mode:?} {target}");
            assert!(answered.log["error"].is_string(), "{mode:?} {target}");
        }
        // A 200 of the gate must not look like leave to pass.
        let fine = about(mode, "/fine", &[]).await;
        assert_eq!(fine.status, fixed(500), "{mode:?}");
        let moved = about(mode, "/%70lain", &[]).await;
        let (status, target) = if mode.takes_target() { (200, Some("/plain")) } else { (400, None) };
        assert_eq!((moved.status, moved.header("x-portcullis-target")), (status, target), "{mode:?}");
        assert_eq!(about(mode, "/other", &[]).await.header("x-portcullis-upstream"), Some("api"), "{mode:?}");
    }
}

#[tokio::test]
async fn a_body_is_read_only_if_all_of_it_came() {
    for (marks, status) in [(&["false"][..], 200), (&["true"], 413), (&[], 400), (&["false", "false"], 413)] {
        let named = [("x-forwarded-proto", "http"), ("x-forwarded-for", "192.0.2.7")];
        let marks = marks.iter().map(|mark| ("x-envoy-auth-partial-body", *mark));
        let lines = named.into_iter().chain(marks).collect::<Vec<_>>();
        let answered = ask(Front::http(Mode::Envoy, &[]), "POST /read", &lines, "good").await;
        assert_eq!(answered.status, status, "{lines:?}");
    }
    for mode in [Mode::Nginx, Mode::Caddy, Mode::Traefik, Mode::Haproxy] {
        let answered = about(mode, "/read", &[("x-envoy-auth-partial-body", "false")]).await;
        assert!(answered.status >= 400, "{mode:?}");
        assert_eq!(answered.log["status"], 400, "{mode:?}");
    }
}
