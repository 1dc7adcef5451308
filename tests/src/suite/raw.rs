//! `security/route-bypass.json`: raw requests, sent as they are to the whole host under the policy they name
//! (`tests/policies`), and judged by what reaches the upstream. The rules are those of `security/run_raw.py`.

use crate::engine::http;
use crate::policies;
use crate::report::{Report, Row, Verdict};
use crate::sign::Signer;
use crate::upstream::Received;
use crate::vectors::{File, list, text, texts};
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const NOW: i64 = 1_800_000_000;
/// After so long without a byte a connection has said all it will. Most vectors ask for `connection: close`.
const QUIET: Duration = Duration::from_millis(400);

/// Run the file through the whole host.
pub(super) fn run(file: &File, report: &mut Report) {
    for policy in list_of(&file.document, "policies") {
        let name = text(policy, "id");
        let mut row = Row::new(format!("{} {name}", file.name), "http");
        let cases = list(&file.document).iter().filter(|case| text(case, "policy") == name);
        match Gate::open(name) {
            Ok(gate) => cases.for_each(|case| row.note(text(case, "id"), gate.one(case))),
            Err(why) => row.note("policy", Verdict::Failed(why)),
        }
        report.push(row);
    }
}

fn list_of<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A policy that is served, and sessions that it takes.
struct Gate {
    served: http::Served,
    sessions: Vec<(&'static str, String)>,
}

impl Gate {
    fn open(name: &str) -> Result<Self, String> {
        let signer = Signer::new();
        let policy = policies::config(name, &signer)?;
        let served = http::serve(&policy, &World::at(NOW), policies::loopback())?;
        Ok(Self { served, sessions: policies::sessions(&signer, NOW) })
    }

    fn one(&self, case: &Value) -> Verdict {
        let Ok(raw) = STANDARD.decode(text(case, "raw_b64")) else {
            return Verdict::Failed("the raw request is not base64".to_owned());
        };
        if let Some(why) = policies::unjudgeable(case, self.served.address().ip()) {
            return Verdict::Skipped(why.to_owned());
        }
        let raw = self.with_sessions(raw);
        let seen = self.exchange(&raw);
        let mut wrong = match text(case, "expect") {
            "informational" => return Verdict::Skipped("informational: nothing is judged".to_owned()),
            expect => expected(expect, &seen),
        };
        wrong.extend(details(case, &seen));
        if text(case, "expect") == "as_canonical" {
            wrong.extend(self.unlike_canonical(case, &raw, &seen));
        }
        if wrong.is_empty() { Verdict::Passed } else { Verdict::Failed(wrong.join("; ")) }
    }

    fn with_sessions(&self, mut raw: Vec<u8>) -> Vec<u8> {
        for (role, token) in &self.sessions {
            let place = format!("{{{{SESSION_{}}}}}", role.to_uppercase());
            raw = replace(&raw, place.as_bytes(), token.as_bytes());
        }
        raw
    }

    /// The other spelling must get the very answer that the canonical one gets.
    fn unlike_canonical(&self, case: &Value, raw: &[u8], seen: &Seen) -> Option<String> {
        let canonical = replace(raw, text(case, "target").as_bytes(), text(case, "canonical").as_bytes());
        let wanted = self.exchange(&canonical);
        let tell = |seen: &Seen| format!("{:?} to {:?}", seen.status, seen.field("location"));
        (tell(seen) != tell(&wanted)).then(|| format!("{}, the canonical form {}", tell(seen), tell(&wanted)))
    }

    fn exchange(&self, raw: &[u8]) -> Seen {
        self.served.upstream().take_heads();
        let response = send(self.served.address(), raw).unwrap_or_default();
        // The last request may have been recorded by another thread a moment after its answer went out.
        std::thread::sleep(Duration::from_millis(2));
        Seen::new(&response, self.served.upstream().take_heads())
    }
}

/// Send bytes, and read until the connection is closed or nothing more comes.
fn send(address: SocketAddr, raw: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(QUIET))?;
    stream.set_nodelay(true)?;
    // A server may answer and close before it has read everything; what it said still counts.
    let _ = stream.write_all(raw);
    let (mut all, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
    }
    Ok(all)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = rest.windows(from.len().max(1)).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// What came of a vector.
struct Seen {
    /// Status of the first response; `None`: closed without one.
    status: Option<u16>,
    /// Header lines of the first response.
    fields: Vec<(String, String)>,
    upstream: Vec<Received>,
}

impl Seen {
    fn new(response: &[u8], upstream: Vec<Received>) -> Self {
        let end = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(response.len());
        let head = String::from_utf8_lossy(&response[..end]);
        let mut lines = head.lines();
        let status = lines.next().filter(|line| line.starts_with("HTTP/1."));
        let field =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        Self {
            status: status.and_then(|line| line.split(' ').nth(1)?.parse().ok()),
            fields: lines.filter_map(field).collect(),
            upstream,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The main expectation.
fn expected(expect: &str, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let reached = seen.upstream.first().map(|got| format!("reached the upstream as {} {}", got.method, got.target));
    match expect {
        "never_upstream_unauth" | "as_canonical" => wrong.extend(reached),
        "reject_4xx" => {
            wrong.extend(reached);
            let status = seen.status.filter(|status| !(400..500).contains(status) && !matches!(status, 501 | 505));
            wrong.extend(status.map(|status| format!("answered with {status}, want 4xx")));
        }
        "pass" if reached.is_none() => wrong.push(format!("blocked with {:?}", seen.status)),
        "pass" | "pass_clean" | "pass_or_reject" => {}
        other => wrong.push(format!("nobody knows the expectation `{other}`")),
    }
    wrong
}

/// What holds besides, for whatever reached the upstream and for the answer.
fn details(case: &Value, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    for got in &seen.upstream {
        headers(case, got, &mut wrong);
        for key in texts(case.get("upstream_query_must_not_have")) {
            let query = got.target.split_once('?').map_or("", |(_, query)| query);
            if query.split(['&', '?']).any(|pair| pair.split('=').next() == Some(&key)) {
                wrong.push(format!("query key {key} was passed on"));
            }
        }
        let start = text(case, "upstream_path_must_start_with");
        let plain = got.target.to_lowercase().replace("%2e", ".").replace("%2f", "/");
        if !got.target.starts_with(start) || (!start.is_empty() && plain.contains("/..")) {
            wrong.push(format!("rewritten to {}", got.target));
        }
    }
    let most = case.get("upstream_requests_max").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if seen.upstream.len() as u64 > most {
        wrong.push(format!("{} requests reached the upstream", seen.upstream.len()));
    }
    let evil = text(case, "location_must_not_contain");
    let steering =
        seen.fields.iter().filter(|(name, _)| matches!(name.as_str(), "location" | "refresh" | "set-cookie"));
    wrong.extend(
        steering.filter(|(_, value)| !evil.is_empty() && value.contains(evil)).map(|(n, v)| format!("{n}: {v}")),
    );
    wrong
}

/// Names are compared as an upstream may read them: every character but letters and digits is the same.
fn headers(case: &Value, got: &Received, wrong: &mut Vec<String>) {
    let values = |name: &str| -> Vec<String> {
        let lines = got.headers.iter().filter(|(own, _)| fold(own) == fold(name));
        lines.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    };
    for key in ["upstream_must_not_have", "upstream_folded_names_must_not_have"] {
        for name in texts(case.get(key)) {
            if !values(&name).is_empty() {
                wrong.push(format!("the upstream got {name}"));
            }
        }
    }
    for name in members(case, "upstream_folded_value").map(|(name, _)| name) {
        let values = values(name);
        if !matches!(values.as_slice(), [one] if !one.is_empty() && one != "admin") {
            wrong.push(format!("{name} arrived as {values:?}"));
        }
    }
    for (name, start) in members(case, "upstream_value_must_not_start_with") {
        if values(name).iter().any(|value| value.starts_with(start.as_str().unwrap_or_default())) {
            wrong.push(format!("{name} was passed on as received"));
        }
    }
}

fn members<'a>(case: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    case.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn fold(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(response: &[u8], headers: &[(&str, &str)]) -> Seen {
        let lines = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let got = Received { method: "GET".into(), target: "/a?nxtPx=1".into(), headers: lines, body: Vec::new() };
        Seen::new(response, if headers.is_empty() { Vec::new() } else { vec![got] })
    }

    /// The judge must be able to say no.
    #[test]
    fn what_is_wrong_is_found() {
        let passed = seen(b"HTTP/1.1 200 OK\r\n\r\n", &[("x_user.id", "admin")]);
        for expect in ["never_upstream_unauth", "as_canonical", "reject_4xx", "no-such-word"] {
            assert!(!expected(expect, &passed).is_empty(), "{expect}");
        }
        for case in [
            json!({ "upstream_must_not_have": ["x-user-id"] }),
            json!({ "upstream_folded_names_must_not_have": ["x-user-id"] }),
            json!({ "upstream_folded_value": { "x-user-id": "guard" } }),
            json!({ "upstream_folded_value": { "x-user-role": "guard" } }),
            json!({ "upstream_value_must_not_start_with": { "x-user-id": "ad" } }),
            json!({ "upstream_query_must_not_have": ["nxtPx"] }),
            json!({ "upstream_path_must_start_with": "/b" }),
            json!({ "upstream_requests_max": 0 }),
        ] {
            assert_eq!(details(&case, &passed).len(), 1, "{case}");
        }
        let sent_away = seen(b"HTTP/1.1 307 x\r\nLocation: https://evil.example/\r\n\r\n", &[]);
        assert_eq!(details(&json!({ "location_must_not_contain": "evil" }), &sent_away).len(), 1);
        assert!(!expected("pass", &sent_away).is_empty() && !expected("reject_4xx", &sent_away).is_empty());
        assert!(expected("reject_4xx", &seen(b"", &[])).is_empty());
    }
}
