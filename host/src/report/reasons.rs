//! The reasons of a decision: a tree for people, data for programs.

use crate::contract::{Action, Explained, HeaderEdit, Loaded, Outcome, RequestKind, Stage, Step, TraceLine};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The reasons, one line each, grouped by stage. `+` held or matched, `-` did not.
pub fn render_trace(trace: &[TraceLine], indent: &str) -> String {
    let width = trace.iter().map(|line| line.subject.chars().count()).filter(|width| *width <= 32).max().unwrap_or(0);
    let mut out = String::new();
    let mut last = None;
    for line in trace {
        let heading = if last == Some(line.stage) { "" } else { stage(line.stage) };
        last = Some(line.stage);
        let mark = match line.outcome {
            Outcome::Info => ' ',
            Outcome::Yes => '+',
            Outcome::No => '-',
        };
        let text = format!("{indent}{heading:<12}{mark} {:<width$}  {}", line.subject, line.detail);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}

/// The reasons for programs.
pub fn trace_json(trace: &[TraceLine]) -> Value {
    let one = |line: &TraceLine| {
        let outcome = match line.outcome {
            Outcome::Info => "info",
            Outcome::Yes => "yes",
            Outcome::No => "no",
        };
        json!({ "stage": stage(line.stage), "outcome": outcome, "subject": line.subject, "detail": line.detail })
    };
    Value::Array(trace.iter().map(one).collect())
}

/// A step with its reasons, for programs.
pub fn explained_json(explained: &Explained, loaded: &Loaded) -> Value {
    let mut value = json!({ "trace": trace_json(&explained.trace) });
    let (Step::Verdict(verdict), Some(members)) = (&explained.step, value.as_object_mut()) else { return value };
    members.insert("answer".into(), answer(&explained.step).into());
    members.insert("rule".into(), loaded.rules.get(verdict.rule as usize).cloned().into());
    members.insert("kind".into(), kind(verdict.kind).into());
    members.insert("reason".into(), verdict.reason.clone().into());
    members.insert("subject".into(), verdict.subject.clone().into());
    members.insert("headers".into(), header_lines(&verdict.action).into());
    value
}

/// The answer in the words of a test case.
pub fn step_line(step: &Step, loaded: &Loaded) -> String {
    match step {
        Step::Verdict(verdict) => {
            let rule = loaded.rules.get(verdict.rule as usize).map_or("?", String::as_str);
            let mut out = format!("{} by {rule} ({}, {})\n", answer(step), kind(verdict.kind), verdict.reason);
            for line in header_lines(&verdict.action) {
                let _ = writeln!(out, "  {line}");
            }
            out
        }
        Step::Questions(asked) => format!("{} unanswered questions\n", asked.len()),
    }
}

fn answer(step: &Step) -> String {
    let Step::Verdict(verdict) = step else { return "questions".to_owned() };
    match &verdict.action {
        Action::Pass(forward) | Action::Rewrite(forward) if forward.status.is_some() => {
            forward.status.map(|status| status.to_string()).unwrap_or_default()
        }
        Action::Pass(_) => "pass".to_owned(),
        Action::Rewrite(forward) => format!("rewrite {}", forward.target),
        Action::Redirect(reply) => {
            let location = reply.headers.iter().find(|(name, _)| name == "location");
            format!("redirect {}", location.map(|(_, value)| String::from_utf8_lossy(value)).unwrap_or_default())
        }
        // Rule 0 stands for what is refused before any rule is asked.
        Action::Respond(reply) if verdict.rule == 0 => format!("reject {}", reply.status),
        Action::Respond(reply) => reply.status.to_string(),
    }
}

fn header_lines(action: &Action) -> Vec<String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let edits = |side: &str, edits: &[HeaderEdit]| -> Vec<String> {
        let one = |edit: &HeaderEdit| match edit {
            HeaderEdit::Set((name, value)) => format!("{side} {name}: {}", text(value)),
            HeaderEdit::Append((name, value)) => format!("{side} {name}: {} (added)", text(value)),
            HeaderEdit::Remove(name) => format!("{side} {name} (removed)"),
        };
        edits.iter().map(one).collect()
    };
    match action {
        Action::Pass(forward) | Action::Rewrite(forward) => {
            let mut lines = vec![format!("upstream {}", forward.target)];
            lines.extend(edits("request ", &forward.request));
            if let Some(cookie) = &forward.cookie {
                // Values may be sessions: only names are shown.
                let names =
                    text(cookie).split("; ").filter_map(|pair| pair.split('=').next()).collect::<Vec<_>>().join(", ");
                lines.push(format!("request  cookie: {}", if names.is_empty() { "none" } else { &names }));
            }
            lines.extend(edits("response", &forward.response));
            lines
        }
        Action::Redirect(reply) | Action::Respond(reply) => {
            let mut lines = vec![format!("status {}", reply.status)];
            lines.extend(reply.headers.iter().map(|(name, value)| format!("{name}: {}", text(value))));
            lines
        }
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Received => "received",
        Stage::Canonical => "canonical",
        Stage::View => "view",
        Stage::Kind => "kind",
        Stage::Guard => "guard",
        Stage::Route => "route",
        Stage::Session => "session",
        Stage::Requirement => "requirement",
        Stage::Answer => "answer",
    }
}

/// Stable name of a request kind, as in test cases.
fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Navigation => "navigation",
        RequestKind::FormPost => "form-post",
        RequestKind::Rsc => "rsc",
        RequestKind::Prefetch => "prefetch",
        RequestKind::Data => "data",
        RequestKind::Action => "action",
        RequestKind::Fetch => "fetch",
        RequestKind::Websocket => "websocket",
        RequestKind::EventStream => "event-stream",
        RequestKind::SubResource => "sub-resource",
        RequestKind::Preflight => "preflight",
    }
}
