//! `require = { webhook = … }` in whole decisions: what is asked, what is answered, what goes on.

use super::{PAGE, ask, brief, gate};
use crate::Gate;
use crate::question::{Answer, Answered, Asked, Question};
use crate::request::Head;
use crate::verdict::{Action, HeaderEdit, Step, Verdict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const SITE: &str = r#"
version = 1
default = "deny"
[sign-in]
path = "/signin"
[session.main]
kind = "jwt-cookie"
cookie = "__session"
issuer = "https://issuer.test"
audience = "app"
[webhook.clerk]
scheme = "svix"
secret = "env:CLERK"
max-body = "1KiB"
[webhook.shop]
scheme = "standard"
secret = "env:SHOP"
[[route]]
id = "clerk"
glob = "/hooks/clerk"
require = { webhook = "clerk" }
[[route]]
id = "either"
glob = "/hooks/either"
require = { any = [{ webhook = "clerk" }, { webhook = "shop" }] }
[[route]]
id = "mixed"
glob = "/hooks/mixed"
require = { any = ["session", { webhook = "shop" }] }
[[route]]
id = "both"
glob = "/hooks/both"
require = { all = ["session", { webhook = "shop" }] }
"#;

const NOW: i64 = 1_800_000_000;

fn started() -> Gate {
    let mut gate = gate(SITE);
    let secret = |text: &[u8]| Some(format!("whsec_{}\n", STANDARD.encode(text)).into_bytes());
    gate.start(vec![secret(b"the secret of clerk....."), secret(b"the secret of the shop..")], (1, 2)).unwrap();
    gate
}

fn message(path: &str, prefix: &str, secret: &[u8], body: &[u8]) -> Head {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("msg_1.{NOW}.").as_bytes());
    mac.update(body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let line = |name: &str, value: String| (format!("{prefix}-{name}"), value.into_bytes());
    Head {
        method: "POST".to_owned(),
        scheme: "https".to_owned(),
        authority: "app.test".to_owned(),
        target: path.as_bytes().to_vec(),
        headers: vec![line("id", "msg_1".to_owned()), line("timestamp", NOW.to_string()), line("signature", signature)],
        client: "127.0.0.1".to_owned(),
        now: NOW,
    }
}

/// The verdict and the limits that were asked for, when each body question is answered so.
fn run(gate: &mut Gate, head: &Head, answer: impl Fn() -> Answer) -> (Verdict, Vec<u32>) {
    let (mut answers, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        match gate.decide(head, &answers) {
            Step::Verdict(verdict) => return (verdict, limits),
            Step::Questions(asked) => {
                for Asked { id, question } in asked {
                    let Question::Body { limit } = question else { panic!("{question:?}") };
                    limits.push(limit);
                    answers.push(Answered { id, answer: answer() });
                }
            }
        }
    }
    panic!("still asking");
}

fn status(verdict: &Verdict) -> u16 {
    match &verdict.action {
        Action::Pass(_) => 200,
        Action::Respond(reply) => reply.status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_message_passes_and_is_nobody() {
    let gate = &mut started();
    let head = message("/hooks/clerk", "svix", b"the secret of clerk.....", b"{}");
    let (verdict, limits) = run(gate, &head, || Answer::Body(b"{}".to_vec()));
    assert_eq!((status(&verdict), verdict.reason.as_str(), limits), (200, "webhook", vec![1024]));
    assert_eq!(verdict.subject, None);
    let Action::Pass(forward) = verdict.action else { panic!() };
    assert!(matches!(&forward.response[..], [HeaderEdit::Set(header)] if header.name() == "cache-control"));
    assert!(forward.request.is_empty());
}

#[test]
fn refusals_by_reason() {
    let gate = &mut started();
    let head = message("/hooks/clerk", "svix", b"the secret of clerk.....", b"{}");
    for (answer, wanted, reason) in [
        (Answer::Body(b"{} ".to_vec()), 401, "no signature fits"),
        (Answer::TooLarge, 413, "the body is longer than `max-body`"),
        (Answer::Failed("broke off".to_owned()), 400, "no body: broke off"),
        (Answer::Verify(true), 503, "no body: an answer of another kind"),
    ] {
        let (verdict, _) = run(gate, &head, || answer.clone());
        assert_eq!((status(&verdict), verdict.reason.as_str()), (wanted, reason));
    }
    // Nothing that a body could change: none is asked for, and a browser is not sent to sign in.
    let mut browser = Head { headers: vec![("accept".to_owned(), b"text/html".to_vec())], ..head.clone() };
    browser.method = "GET".to_owned();
    let (verdict, limits) = run(gate, &browser, || Answer::TooLarge);
    assert_eq!((status(&verdict), verdict.reason.as_str(), limits), (401, "no webhook headers", vec![]));
    let late = Head { now: NOW + 301, ..head };
    let (verdict, limits) = run(gate, &late, || Answer::TooLarge);
    assert_eq!((status(&verdict), verdict.reason.as_str(), limits), (401, "timestamp 301 s old", vec![]));
}

#[test]
fn in_any_and_all() {
    let gate = &mut started();
    let head = message("/hooks/either", "webhook", b"the secret of the shop..", b"{}");
    let (verdict, limits) = run(gate, &head, || Answer::Body(b"{}".to_vec()));
    assert_eq!((status(&verdict), limits), (200, vec![1024, 256 * 1024]));
    let head = message("/hooks/mixed", "webhook", b"the secret of the shop..", b"{}");
    assert_eq!(status(&run(gate, &head, || Answer::Body(b"{}".to_vec())).0), 200);
    let head = message("/hooks/both", "webhook", b"the secret of the shop..", b"{}");
    let (verdict, limits) = run(gate, &head, || Answer::Body(b"{}".to_vec()));
    assert_eq!((status(&verdict), limits), (401, vec![]));
}

#[test]
fn personas() {
    let gate = &mut started();
    for (who, path, wanted) in [
        ("webhook:ok", "/hooks/clerk", "pass by clerk"),
        ("webhook:ok", "/hooks/mixed", "pass by mixed"),
        ("webhook:ok", "/hooks/both", "401 by both"),
        ("user", "/hooks/clerk", "401 by clerk"),
        ("user", "/hooks/mixed", "pass by mixed"),
        ("bearer", "/hooks/clerk", "401 by clerk"),
        ("anonymous", "/hooks/clerk", "401 by clerk"),
    ] {
        assert_eq!(brief(gate, who, "POST", path, &[]), wanted, "{who} {path}");
    }
    assert_eq!(ask(gate, "webhook:ok", "POST", "/hooks/clerk", PAGE).reason, "webhook");
    let headers = gate.headers();
    for name in ["svix-id", "webhook-id", "svix-signature", "webhook-timestamp"] {
        assert!(headers.iter().any(|known| known == name), "{name}");
    }
}
