use super::*;
use crate::contract::HeaderEdit;
use crate::gate::Edit;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { rules: 3, upstreams: 2 };

fn forward(target: &str) -> Forward {
    Forward { target: target.to_owned(), upstream: 0, request: vec![], cookie: None, response: vec![], status: None }
}

fn verdict(action: Action) -> Verdict {
    Verdict { action, rule: 0, kind: RequestKind::Navigation, reason: "public".to_owned(), subject: None }
}

fn check(action: Action) -> Result<Decision, Failure> {
    BOUNDS.check(verdict(action))
}

fn permit(forward: Forward) -> Result<Permit, Failure> {
    match check(Action::Pass(forward))?.outcome {
        Outcome::Forward(permit) => Ok(permit),
        Outcome::Reply(_) => panic!("a pass gave a reply"),
    }
}

fn guest_reply(status: u16, headers: &[(&str, &str)], body: &[u8]) -> GuestReply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    GuestReply { status, headers, body: body.to_vec() }
}

fn set(name: &str, value: &str) -> HeaderEdit {
    HeaderEdit::Set((name.to_owned(), value.as_bytes().to_vec()))
}

#[track_caller]
fn nonsense<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Nonsense(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_verdict_stands() {
    let permit = permit(Forward {
        upstream: 1,
        request: vec![set("x-user", "u1"), HeaderEdit::Remove("x-old".to_owned())],
        cookie: Some(b"a=b; c=d".to_vec()),
        response: vec![HeaderEdit::Append(("set-cookie".to_owned(), b"a=; Path=/; Max-Age=0".to_vec()))],
        status: Some(403),
        ..forward("/a/b%20c?x=%&y=../z")
    })
    .unwrap();
    assert_eq!(permit.target().as_str(), "/a/b%20c?x=%&y=../z");
    assert_eq!((permit.upstream(), permit.rewritten(), permit.status()), (1, false, Some(StatusCode::FORBIDDEN)));
    assert_eq!(permit.cookie(), Some(Some(&HeaderValue::from_static("a=b; c=d"))));
    assert!(matches!(permit.request(), [Edit::Set(..), Edit::Remove(..)]));
    assert!(matches!(permit.response(), [Edit::Append(..)]));
    assert_eq!(self::permit(Forward { cookie: Some(vec![]), ..forward("/") }).unwrap().cookie(), Some(None));
    assert_eq!(self::permit(forward("/")).unwrap().cookie(), None);
}

#[test]
fn numbers_point_at_something() {
    assert_eq!(nonsense(BOUNDS.check(Verdict { rule: 3, ..verdict(Action::Pass(forward("/"))) })), "rule 3 of 3");
    assert_eq!(nonsense(permit(Forward { upstream: 2, ..forward("/") })), "upstream 2 of 2");
    for status in [0, 100, 101, 199, 600, 999, u16::MAX] {
        nonsense(permit(Forward { status: Some(status), ..forward("/") }));
        nonsense(check(Action::Respond(guest_reply(status, &[], b""))));
    }
}

#[test]
fn targets() {
    let long = format!("/{}", "a".repeat(70_000));
    for bad in [
        "",
        "a",
        "*",
        "?a",
        "http://h/",
        "//h/",
        "/a b",
        "/a\tb",
        "/a\r\nb",
        "/\u{e9}",
        "/a\\b",
        "/a#b",
        "/.",
        "/..",
        "/a/./b",
        "/a/../b",
        "/a/..",
        "/%2e%2E/a",
        "/.%2e",
        "/a/..;x/b",
        "/%",
        "/%2",
        "/%zz",
        "/a%",
        "/?a b",
        "/?a#b",
        "/\u{7f}",
        "/\0",
        &long,
    ] {
        nonsense(permit(forward(bad)));
    }
    for good in ["/", "/a//b", "/...", "/.a", "/a.", "/a?b?c", "/%2Fa", "/a;b=c", "/?", "/a:b@c", "/~!$&'()*+,=-_"] {
        assert_eq!(permit(forward(good)).unwrap().target().as_str(), good);
    }
}

#[test]
fn headers() {
    for bad in [
        "",
        ":path",
        ":authority",
        "a b",
        "a:",
        "a\r\n",
        "é",
        "connection",
        "Connection",
        "content-length",
        "transfer-encoding",
        "host",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
        "proxy-connection",
        "Proxy-Authorization",
        "expect",
    ] {
        nonsense(permit(Forward { request: vec![set(bad, "x")], ..forward("/") }));
        nonsense(permit(Forward { request: vec![HeaderEdit::Remove(bad.to_owned())], ..forward("/") }));
        nonsense(permit(Forward { response: vec![set(bad, "x")], ..forward("/") }));
        nonsense(check(Action::Respond(guest_reply(200, &[(bad, "x")], b""))));
    }
    for bad in ["a\r\nb: c", "a\nb", "a\0", "\u{7f}"] {
        nonsense(permit(Forward { request: vec![set("x-a", bad)], ..forward("/") }));
        nonsense(check(Action::Respond(guest_reply(200, &[("x-a", bad)], b""))));
        nonsense(permit(Forward { cookie: Some(bad.as_bytes().to_vec()), ..forward("/") }));
    }
    nonsense(permit(Forward { request: vec![set("set-cookie", "a=b")], ..forward("/") }));
}

#[test]
fn sizes() {
    let edits = |count: usize, size: usize| (0..count).map(|n| set(&format!("x-{n}"), &"v".repeat(size))).collect();
    assert!(permit(Forward { request: edits(100, 10), ..forward("/") }).is_ok());
    nonsense(permit(Forward { request: edits(101, 10), ..forward("/") }));
    assert!(permit(Forward { response: edits(7, 8192), ..forward("/") }).is_ok());
    nonsense(permit(Forward { response: edits(1, 8193), ..forward("/") }));
    nonsense(permit(Forward { response: edits(9, 8192), ..forward("/") }));
    nonsense(check(Action::Respond(GuestReply {
        status: 200,
        headers: vec![("a".to_owned(), vec![]); 101],
        body: vec![],
    })));
    nonsense(permit(Forward { cookie: Some(vec![b'a'; MAX_COOKIE + 1]), ..forward("/") }));
    assert!(check(Action::Respond(guest_reply(200, &[], &vec![0; MAX_BODY]))).is_ok());
    nonsense(check(Action::Respond(guest_reply(200, &[], &vec![0; MAX_BODY + 1]))));
    nonsense(check(Action::Respond(guest_reply(204, &[], b"x"))));
    nonsense(check(Action::Respond(guest_reply(304, &[], b"x"))));
}

#[test]
fn redirects() {
    let redirect = |status, headers: &[(&str, &str)]| check(Action::Redirect(guest_reply(status, headers, b"")));
    for good in ["/", "/sign-in?redirect_url=%2Fa", "https://id.example.com/a?b#c", "http://localhost:3000/"] {
        assert!(redirect(307, &[("location", good)]).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "ftp://a/",
        "https:///a",
        "https:a",
        "https://user@evil.example/",
        "https://a.example\\@b/",
        "/a b",
        "/\u{e9}",
        "HTTPS:",
        "data:,x",
    ] {
        nonsense(redirect(307, &[("location", bad)]));
        nonsense(check(Action::Respond(guest_reply(200, &[("location", bad)], b""))));
    }
    nonsense(redirect(307, &[]));
    nonsense(redirect(307, &[("location", "/a"), ("location", "/b")]));
    for status in [200, 300, 304, 305, 306, 400] {
        nonsense(redirect(status, &[("location", "/a")]));
    }
}

#[test]
fn set_cookie_lines() {
    let line = |text: &str| check(Action::Respond(guest_reply(200, &[("set-cookie", text)], b"")));
    for good in [
        "a=b",
        "__Host-a=b.c-d_e; Path=/; Secure; HttpOnly; SameSite=Lax",
        "a=\"b\"",
        "a=",
        "a=b=c",
        "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        assert!(line(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a",
        "=b",
        " a=b",
        "a =b",
        "a= b",
        "a=b c",
        "a=b,c",
        "a=\"b",
        "a=b\\c",
        "a=b; Path=\t",
        "é=b",
        "a=é",
        "a(=b",
    ] {
        nonsense(line(bad));
    }
}

#[test]
fn reasons_are_cleaned_not_refused() {
    let decision = BOUNDS
        .check(Verdict {
            reason: format!("a\r\nb\u{1b}[31m\u{2028}{}", "é".repeat(200)),
            subject: Some("s\n".repeat(2000)),
            ..verdict(Action::Pass(forward("/")))
        })
        .unwrap();
    assert!(decision.reason.starts_with("a  b [31m é") && decision.reason.len() <= MAX_REASON);
    assert!(decision.subject.is_some_and(|subject| subject.len() == MAX_SUBJECT && !subject.contains('\n')));
}

proptest! {
    /// Whatever comes out can be written to a wire: no byte that ends a line, and no dot segment.
    #[test]
    fn no_target_breaks_a_line(text in "[/a-z.%2eE;\\\\#? \r\n\u{e9}]{0,40}") {
        if let Ok(permit) = permit(forward(&text)) {
            prop_assert!(permit.target().as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(permit.target().path().split('/').all(|segment| segment != "." && segment != ".."));
        }
    }

    #[test]
    fn no_header_breaks_a_line(name in any::<String>(), value in any::<Vec<u8>>()) {
        if let Ok(permit) = permit(Forward { request: vec![HeaderEdit::Set((name, value))], ..forward("/") }) {
            for edit in permit.request() {
                let Edit::Set(name, value) = edit else { panic!("{edit:?}") };
                prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
        }
    }
}
