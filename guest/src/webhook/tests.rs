//! Messages signed here, changed in every way, and the reasons.

use super::*;
use crate::question::Answered;
use crate::supply::Text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;

const NOW: i64 = 1_800_000_000;
const SECRET: &[u8] = b"a secret of 24 bytes ...";
const OTHER: &[u8] = b"another secret, as long.";
const BODY: &[u8] = b"{\"type\":\"user.created\"}";

fn settings(scheme: Scheme, secrets: &[&[u8]]) -> WebhookSettings {
    WebhookSettings {
        name: "w".to_owned(),
        span: crate::diagnostic::Span::default(),
        scheme,
        secrets: secrets.iter().map(|s| Text::Literal(format!("whsec_{}", STANDARD.encode(s)))).collect(),
        tolerance: 300,
        max_body: 1024,
    }
}

fn webhooks(scheme: Scheme, secrets: &[&[u8]]) -> Webhooks {
    Webhooks::prepare(&[settings(scheme, secrets)], &Supplies::default()).unwrap()
}

fn sign(secret: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn head(lines: &[(&str, &str)]) -> Head {
    let headers = lines.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
    Head { method: "POST".to_owned(), now: NOW, headers, ..Head::default() }
}

fn svix<'a>(id: &'a str, time: &'a str, signature: &'a str) -> [(&'static str, &'a str); 3] {
    [("svix-id", id), ("svix-timestamp", time), ("svix-signature", signature)]
}

/// What comes of it; the body is given when it is asked for.
fn judge(webhooks: &Webhooks, lines: &[(&str, &str)], body: &[u8]) -> String {
    let head = head(lines);
    let mut trace = Trace::off();
    let asked = match webhooks.read(0, &head, Answers::new(&[]), &mut trace) {
        Received::Ask(asked) => asked,
        other => return format!("at once: {other}"),
    };
    assert_eq!(asked.question, Question::Body { limit: 1024 });
    assert!(asked.id >= FIRST_FREE_QUESTION);
    let answers = [Answered { id: asked.id, answer: Answer::Body(body.to_vec()) }];
    webhooks.read(0, &head, Answers::new(&answers), &mut trace).to_string()
}

#[test]
fn a_signed_message_and_what_spoils_it() {
    let w = webhooks(Scheme::Svix, &[SECRET]);
    let time = NOW.to_string();
    let good = sign(SECRET, "msg_1", &time, BODY);
    assert_eq!(judge(&w, &svix("msg_1", &time, &good), BODY), "signed");
    assert_eq!(judge(&w, &svix("msg_2", &time, &good), BODY), "no signature fits");
    assert_eq!(judge(&w, &svix("msg_1", &(NOW - 1).to_string(), &good), BODY), "no signature fits");
    assert_eq!(judge(&w, &svix("msg_1", &time, &good), b"{\"type\": \"user.created\"}"), "no signature fits");
    let foreign = sign(OTHER, "msg_1", &time, BODY);
    assert_eq!(judge(&w, &svix("msg_1", &time, &foreign), BODY), "no signature fits");
    assert_eq!(judge(&w, &svix("msg_1", &time, &format!("v1a,AAAA {foreign} {good}")), BODY), "signed");
    for empty in ["v1a,AAAA", "v2,AAAA", good.trim_end_matches('='), &good.replace("v1,", "v1."), "v1,"] {
        assert_eq!(judge(&w, &svix("msg_1", &time, empty), BODY), "at once: no signature of version 1", "{empty}");
    }
    let buried = format!("{}{good}", "v1a,x ".repeat(16));
    assert_eq!(judge(&w, &svix("msg_1", &time, &buried), BODY), "at once: no signature of version 1");
}

#[test]
fn one_signed_text_is_one_message() {
    let w = webhooks(Scheme::Svix, &[SECRET]);
    let time = NOW.to_string();
    let id = format!("msg.{time}");
    let signature = sign(SECRET, &id, &time, BODY);
    assert_eq!(judge(&w, &svix(&id, &time, &signature), BODY), "at once: id holds a dot");
    // Were dots taken in ids, this would be the same signed text: another id, another body.
    let shifted = [time.as_bytes(), b".", BODY].concat();
    assert_eq!(judge(&w, &svix("msg", &time, &signature), &shifted), "signed");
    for odd in ["", "+1800000000", "1800000000abc", "abc", "1800000000.0", "-1", "0x1", "1 8", &"1".repeat(16)] {
        let why = judge(&w, &svix("msg", odd, &sign(SECRET, "msg", odd, BODY)), BODY);
        assert!(why.starts_with("at once: ") && why.contains("timestamp"), "{odd} {why}");
    }
}

#[test]
fn the_clock_has_two_inclusive_ends_and_comes_before_the_body() {
    let w = webhooks(Scheme::Standard, &[SECRET]);
    let at = |offset: i64| {
        let time = (NOW + offset).to_string();
        let signature = sign(SECRET, "m", &time, BODY);
        let lines = [("webhook-id", "m"), ("webhook-timestamp", &*time), ("webhook-signature", &*signature)];
        judge(&w, &lines, BODY)
    };
    for good in [0, -300, 300] {
        assert_eq!(at(good), "signed", "{good}");
    }
    assert_eq!(at(-301), "at once: timestamp 301 s old");
    assert_eq!(at(301), "at once: timestamp 301 s ahead");
}

#[test]
fn headers_of_one_spelling_once_each() {
    let w = webhooks(Scheme::Svix, &[SECRET]);
    let time = NOW.to_string();
    let good = sign(SECRET, "m", &time, BODY);
    let standard = [("webhook-id", "m"), ("webhook-timestamp", &*time), ("webhook-signature", &*good)];
    assert_eq!(judge(&w, &standard, BODY), "signed");
    let mixed = [standard.as_slice(), &[("svix-signature", &*good)]].concat();
    assert_eq!(judge(&w, &mixed, BODY), "at once: no id");
    let both = [svix("m", &time, &good), standard].concat();
    assert_eq!(judge(&w, &both, BODY), "signed");
    let strict = webhooks(Scheme::Standard, &[SECRET]);
    assert_eq!(judge(&strict, &svix("m", &time, &good), BODY), "at once: no webhook headers");
    assert_eq!(judge(&w, &[], BODY), "at once: no webhook headers");
    for (left_out, why) in [(0, "no id"), (1, "no timestamp"), (2, "no signature")] {
        let mut lines = svix("m", &time, &good).to_vec();
        lines.remove(left_out);
        assert_eq!(judge(&w, &lines, BODY), format!("at once: {why}"));
        let mut lines = svix("m", &time, &good).to_vec();
        lines.push(lines[left_out]);
        assert_eq!(judge(&w, &lines, BODY), "at once: a webhook header comes twice");
        lines.truncate(3);
        lines[left_out].1 = " ";
        assert_eq!(judge(&w, &lines, BODY), format!("at once: {why}"));
    }
    assert_eq!(judge(&w, &svix(&"m".repeat(257), &time, &good), BODY), "at once: id is not a short word");
}

#[test]
fn several_secrets_rotate() {
    let time = NOW.to_string();
    for signer in [SECRET, OTHER] {
        let signature = sign(signer, "m", &time, BODY);
        let lines = svix("m", &time, &signature);
        assert_eq!(judge(&webhooks(Scheme::Svix, &[OTHER, SECRET]), &lines, BODY), "signed");
        let one = judge(&webhooks(Scheme::Svix, &[SECRET]), &lines, BODY);
        assert_eq!(one == "signed", signer == SECRET);
    }
}

#[test]
fn bodies_that_do_not_come() {
    let w = webhooks(Scheme::Svix, &[SECRET]);
    let time = NOW.to_string();
    let signature = sign(SECRET, "m", &time, BODY);
    let head = head(&svix("m", &time, &signature));
    for (answer, wanted) in [
        (Answer::TooLarge, Received::TooLarge),
        (Answer::Failed("broke off".to_owned()), Received::Broken("broke off".to_owned())),
        (Answer::Verify(true), Received::Unavailable("an answer of another kind".to_owned())),
    ] {
        let answers = [Answered { id: FIRST_FREE_QUESTION, answer }];
        assert_eq!(w.read(0, &head, Answers::new(&answers), &mut Trace::off()), wanted);
    }
    assert!(matches!(w.read(1, &head, Answers::new(&[]), &mut Trace::off()), Received::Refused(_)));
}

#[test]
fn secrets_as_they_are_pasted() {
    let finding = |text: &str| {
        let one = WebhookSettings { secrets: vec![Text::Literal(text.to_owned())], ..settings(Scheme::Svix, &[]) };
        match Webhooks::prepare(&[one], &Supplies::default()) {
            Ok(_) => "ok".to_owned(),
            Err(findings) => {
                assert!(findings.iter().all(|f| !f.message.contains(text)), "a secret in a finding");
                findings.iter().map(|f| f.code).collect::<Vec<_>>().join(" ")
            }
        }
    };
    let encoded = STANDARD.encode(b"0123456789abcdef");
    for good in [format!("whsec_{encoded}"), encoded.clone(), encoded.trim_end_matches('=').to_owned()] {
        assert_eq!(finding(&good), "ok", "{good}");
    }
    assert_eq!(finding("whsec_AAAA"), "P423");
    assert_eq!(finding("not base64!"), "P422");
    assert_eq!(finding("whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "P422");
    assert_eq!(
        Webhooks::prepare(&[settings(Scheme::Svix, &[SECRET; 5])], &Supplies::default()).unwrap_err()[0].code,
        "P411"
    );
    let missing = WebhookSettings { secrets: vec![Text::Need(0)], ..settings(Scheme::Svix, &[]) };
    assert!(Webhooks::prepare(std::slice::from_ref(&missing), &Supplies::new(vec![None])).unwrap_err().is_empty());
    assert_eq!(Webhooks::prepare(&[missing], &Supplies::new(vec![Some(vec![0xff])])).unwrap_err()[0].code, "P422");
}

proptest! {
    #[test]
    fn never_panics(id in "\\PC{0,20}", time in "\\PC{0,20}|[0-9]{0,30}", line in "\\PC{0,60}|(v1,[A-Za-z0-9+/=]{0,50} ?){0,20}") {
        let w = webhooks(Scheme::Svix, &[SECRET]);
        let said = judge(&w, &svix(&id, &time, &line), BODY);
        prop_assert_ne!(said, "signed");
    }

    #[test]
    fn secrets_never_panic(text in "(whsec_)?\\PC{0,60}") {
        let one = WebhookSettings { secrets: vec![Text::Literal(text)], ..settings(Scheme::Svix, &[]) };
        let _ = Webhooks::prepare(&[one], &Supplies::default());
    }

    #[test]
    fn any_changed_byte_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..64), at in 0usize..64, flip in 1u8..) {
        let w = webhooks(Scheme::Svix, &[SECRET]);
        let time = NOW.to_string();
        let signature = sign(SECRET, "m", &time, &body);
        prop_assert_eq!(judge(&w, &svix("m", &time, &signature), &body), "signed");
        let mut changed = body.clone();
        let at = at % changed.len();
        changed[at] ^= flip;
        prop_assert_eq!(judge(&w, &svix("m", &time, &signature), &changed), "no signature fits");
    }
}
