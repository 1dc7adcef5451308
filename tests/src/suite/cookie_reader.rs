//! `security/cookies.json` against the reader alone: raw lines in, one value out.

use crate::report::{Report, Row, Verdict};
use crate::vectors::{File, list, text, texts};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_gate::request::{CookieRead, CookieRule, Cookies};
use serde_json::Value;

/// Run the file.
pub(super) fn run(file: &File, report: &mut Report) {
    let mut row = Row::new(format!("{} (reader)", file.name), "native");
    for case in list(&file.document) {
        row.note(text(case, "id"), one(case));
    }
    report.push(row);
}

/// The Cookie lines of a case.
pub(super) fn lines(case: &Value) -> Vec<Vec<u8>> {
    texts(case.get("lines_b64")).iter().map(|line| STANDARD.decode(line).expect("lines are base64")).collect()
}

/// What may come of a case: `session`, `no_session`, `bad_request`.
pub(super) fn allowed(case: &Value) -> Vec<String> {
    let mut all = vec![text(case, "expect").to_owned()];
    all.extend(texts(case.get("also_allowed")));
    all
}

fn one(case: &Value) -> Verdict {
    let lines = lines(case);
    let name = text(case, "name");
    let opaque = text(case, "kind") == "opaque";
    let (outcome, value) = match Cookies::parse(lines.iter().map(Vec::as_slice)) {
        Err(refusal) if matches!(refusal.status, 400 | 431) => ("bad_request", None),
        Err(refusal) => return Verdict::Failed(format!("refused with {}", refusal.status)),
        Ok(cookies) if opaque => match cookies.plain(name) {
            Some(value) => ("session", Some(value)),
            None => ("no_session", None),
        },
        Ok(cookies) => {
            let read = cookies.token(name, case["chunked"].as_bool().unwrap_or(false));
            if case["must_not_forward_as_is"].as_bool() == Some(true)
                && cookies.forward(&[], &[CookieRule::token(name, true)]).is_none()
            {
                return Verdict::Failed(format!("{read:?}, and the client's own line goes on"));
            }
            match read {
                CookieRead::Value(value) => ("session", Some(value)),
                CookieRead::Absent | CookieRead::Refused(_) => ("no_session", None),
            }
        }
    };
    let allowed = allowed(case);
    if !allowed.iter().any(|a| a == outcome) {
        return Verdict::Failed(format!("wanted {allowed:?}, got {outcome} {value:?}"));
    }
    // A value may only be demanded where the case names one: `also_allowed: session` may come without.
    match case["value"].as_str() {
        Some(wanted) if outcome == "session" && value.as_deref() != Some(wanted) => {
            Verdict::Failed(format!("wanted the value {wanted:?}, got {value:?}"))
        }
        _ => Verdict::Passed,
    }
}
