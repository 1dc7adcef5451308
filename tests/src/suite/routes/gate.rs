//! The same lists as rules of a policy, through every engine: a list protects a host of its own, and a path that is one
//! spelling only is let through or denied as the package says.

use super::{entries, judge, pairs, source};
use crate::engine::{Door, Engine, Policy, Request};
use crate::report::{Report, Row};
use crate::vectors::File;
use crate::world::World;
use portcullis_gate::Gate;
use portcullis_gate::config::Format;
use portcullis_gate::pattern::Entry;
use portcullis_gate::request::Target;
use serde_json::{Value, json};

/// Lists in one policy: a server for each would take minutes.
const MANY: usize = 250;

pub(super) fn run(file: &File, engine: &dyn Engine, report: &mut Report) {
    let mut row = Row::new(&file.name, engine.name());
    let mut lines = Vec::new();
    for line in file.lines.iter().filter(|line| line.get("err").is_none() && line.get("seq").is_none()) {
        let asked = pairs(line).filter(|(path, _)| is_one_spelling(path)).count();
        row.skip(pairs(line).count() - asked, "a path with several readings, or none: judged by the matcher alone");
        match refusal(line) {
            None => lines.push(line),
            Some(code) => row.skip(asked, &format!("the list is refused at load: {code}")),
        }
    }
    for chunk in lines.chunks(MANY) {
        match engine.open(&policy(chunk), &World::at(0)) {
            Ok(mut door) => {
                chunk.iter().enumerate().for_each(|(number, line)| ask(number, line, door.as_mut(), &mut row))
            }
            Err(findings) => judge(&mut row, "a policy of many lists", false, || findings),
        }
    }
    report.push(row);
}

fn rule(number: usize, line: &Value) -> Value {
    let entries = entries(line.get("arg").unwrap_or(&line["p"]));
    let entries = entries.iter().filter(|(entry, _)| !source(entry).is_empty());
    let list: Vec<Value> = entries
        .map(|(entry, flags)| match entry {
            Entry::Route(text) => json!(text),
            Entry::RegExp(source) if flags.is_empty() => json!({ "regexp": source }),
            Entry::RegExp(source) => json!({ "regexp": source, "flags": flags }),
        })
        .collect();
    json!({ "id": format!("l{number}"), "host": format!("l{number}.test"), "pattern": list, "compat": "js", "require": "deny" })
}

fn policy(lines: &[&Value]) -> Policy {
    let rules: Vec<Value> = lines.iter().enumerate().map(|(number, line)| rule(number, line)).collect();
    Policy::new(json!({ "version": 1, "default": "public", "route": rules }))
}

/// The code with which a policy of this list alone is refused.
fn refusal(line: &Value) -> Option<&'static str> {
    let findings = Gate::load(&policy(&[line]).toml(), Format::Toml).err()?;
    findings.iter().find(|finding| finding.is_error()).map(|finding| finding.code)
}

fn is_one_spelling(path: &str) -> bool {
    Target::parse(path.as_bytes())
        .is_ok_and(|target| target.path() == path && target.query().is_none() && target.views().is_empty())
}

fn ask(number: usize, line: &Value, door: &mut dyn Door, row: &mut Row) {
    for (path, answers) in pairs(line).filter(|(path, _)| is_one_spelling(path)) {
        let request = Request { authority: format!("l{number}.test"), ..Request::get(path) };
        let answer = door.ask(&request).expect("an ordinary path can be sent");
        let matched = answers.first().and_then(Value::as_u64) == Some(1);
        let good = if matched { answer.status() == Some(404) } else { answer.forwarded() };
        judge(row, &format!("{} {path}", line["p"]), good, || format!("{}, not {answers:?}", answer.summary()));
    }
}
