//! `has` and `missing` as Next.js holds them against a request.

use super::judge;
use crate::report::{Row, Verdict};
use crate::vectors::text;
use portcullis_gate::request::{Condition, Cookies, Head, Target, encode_component};
use serde_json::{Map, Value};

pub(super) fn line(line: &Value, row: &mut Row) {
    let id = line.to_string();
    let request = Request::new(line);
    let holds = |item: &Value| -> Result<Option<Vec<(String, String)>>, String> {
        let condition = Condition::next(text(item, "type"), item["key"].as_str(), item["value"].as_str());
        Ok(request.holds(&condition.map_err(|error| error.code.to_owned())?))
    };
    if text(line, "d") == "has" {
        return match holds(&line["i"]) {
            Err(code) => row.note(&id, Verdict::Skipped(format!("refused at load: {code}"))),
            Ok(ours) => {
                judge(row, &id, same(ours.as_deref(), &line["has"]), || format!("{ours:?}, not {}", line["has"]));
                let missing = u64::from(ours.is_none());
                judge(row, &id, line["missing"].as_u64() == Some(missing), || format!("missing: {missing}"));
            }
        };
    }
    let list = |key: &str| line[key].as_array().into_iter().flatten().map(&holds).collect::<Result<Vec<_>, _>>();
    let (has, missing) = match (list("has"), list("missing")) {
        (Ok(has), Ok(missing)) => (has, missing),
        (Err(code), _) | (_, Err(code)) => return row.note(&id, Verdict::Skipped(format!("refused at load: {code}"))),
    };
    let ours = has.into_iter().collect::<Option<Vec<_>>>().filter(|_| missing.iter().all(Option::is_none));
    let ours = ours.map(|lists| lists.concat());
    judge(row, &id, same(ours.as_deref(), &line["r"]), || format!("{ours:?}, not {}", line["r"]));
}

/// 0: does not hold; else the captures. Of a parameter that is there several times Next.js captures the list, we its last
/// value, which is what the condition was held against.
fn same(ours: Option<&[(String, String)]>, theirs: &Value) -> bool {
    let Some(theirs) = theirs.as_object() else { return ours.is_none() };
    let Some(ours) = ours else { return false };
    let ours: Map<String, Value> = ours.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let last = |value: &Value| value.as_array().and_then(|list| list.last()).unwrap_or(value).clone();
    let theirs: Map<String, Value> = theirs.iter().map(|(name, value)| (name.clone(), last(value))).collect();
    ours == theirs
}

struct Request {
    head: Head,
    target: Target,
    host: String,
    cookie: Vec<u8>,
}

impl Request {
    fn new(line: &Value) -> Self {
        let headers = line["h"].as_object().into_iter().flatten();
        let headers =
            headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().as_bytes().to_vec()));
        let query = line["q"].as_object().into_iter().flatten().flat_map(|(name, value)| {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let name = encode_component(name);
            values.into_iter().map(move |v| format!("{name}={}", encode_component(v.as_str().unwrap_or_default())))
        });
        let query = query.collect::<Vec<_>>().join("&");
        let host = text(&line["h"], "host").split(':').next().unwrap_or_default().to_lowercase();
        let cookie = text(&line["h"], "cookie").as_bytes().to_vec();
        let head = Head { headers: headers.collect(), ..Head::default() };
        let target = Target::parse(format!("/?{query}").as_bytes()).expect("a target");
        Self { head, target, host, cookie }
    }

    fn holds(&self, condition: &Condition) -> Option<Vec<(String, String)>> {
        let lines = (!self.cookie.is_empty()).then_some(self.cookie.as_slice());
        let cookies = Cookies::parse(lines.into_iter()).expect("a Cookie line");
        condition.holds(&self.head, &self.target, &cookies, &self.host)
    }
}
