//! Signed messages: headers and bodies of anybody.

use super::{NOW, ask, head, started};
use portcullis_gate::question::{Answer, Question};

const SECRET: &str = "whsec_cG9ydGN1bGxpcy12ZWN0b3Itc2VjcmV0LTEh";
const CONFIG: &str = "version = 1\ndefault = \"deny\"\n[webhook.x]\nscheme = \"svix\"\nsecret = \"env:S\"\n[[route]]\nglob = \"/**\"\nrequire = { webhook = \"x\" }\n";
/// Signed by the real package, at [`NOW`].
const GOOD: [&str; 3] =
    ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1800000000", "v1,J3aERg8OZp3UZ4llqe2tsrE0KSo6fnEWfqeHYAaO2so="];

/// Four lines: id, timestamp, signatures, body; an empty one of the first three is the good one. Only the good ones over
/// the empty body pass.
pub fn webhook(data: &[u8]) {
    let mut lines = data.splitn(4, |&b| b == b'\n');
    let mut head = head("accept", &[], NOW);
    head.method = "POST".to_owned();
    let mut good = true;
    for (name, known) in ["svix-id", "svix-timestamp", "svix-signature"].into_iter().zip(GOOD) {
        let line = lines.next().unwrap_or_default();
        let value = if line.is_empty() { known.as_bytes() } else { line };
        good &= value == known.as_bytes() || (name == "svix-signature" && names(value, known));
        head.headers.push((name.to_owned(), value.to_vec()));
    }
    let body = lines.next().unwrap_or_default();
    let answer = |question: &Question| match question {
        Question::Body { limit } if body.len() > *limit as usize => Answer::TooLarge,
        Question::Body { .. } => Answer::Body(body.to_vec()),
        _ => Answer::Failed("not here".to_owned()),
    };
    let passed = started(CONFIG, SECRET.as_bytes(), |gate| ask(gate, &head, answer).is_some());
    assert!(!passed || (good && body.is_empty()), "a message that nobody signed");
    if data.is_empty() {
        assert!(passed, "the good message");
    }
}

/// Is the good one among several signatures?
fn names(value: &[u8], good: &str) -> bool {
    value.split(|&b| b == b' ').any(|one| one == good.as_bytes())
}
