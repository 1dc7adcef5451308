//! The room against what others wrote: cookies of the real packages, answers printed in RFCs, and chance.

mod iron_vectors;
mod jwe_vectors;
mod known;
mod mac_vectors;
mod properties;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A file of vectors.
fn load(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/sessions").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

/// What a request carries under a name. Reading cookies is not of this room; where it is not plain, the case is left
/// to the tests of the whole.
#[derive(Debug, PartialEq)]
enum Carried {
    Nothing,
    Text(String),
    Doubtful(&'static str),
}

/// The value of a cookie, or its chunks (`name`, separator, number) in the order of their numbers.
fn cookie(case: &Value, name: &str, separator: &str) -> Carried {
    let header = case["request"]["headers"]["cookie"].as_str().unwrap_or_default();
    let mut whole = Vec::new();
    let mut chunks = BTreeMap::new();
    for (found, value) in header.split("; ").filter_map(|pair| pair.split_once('=')) {
        let Some(rest) = found.strip_prefix(name) else { continue };
        if rest.is_empty() {
            whole.push(value.to_owned());
        } else if let Some(Ok(number)) = rest.strip_prefix(separator).map(str::parse::<u32>) {
            chunks.insert(number, value);
        }
    }
    match (whole.len(), chunks.len()) {
        (0, 0) => Carried::Nothing,
        (0, _) => Carried::Text(percent_decoded(&chunks.into_values().collect::<String>())),
        (1, 0) => Carried::Text(percent_decoded(&whole[0])),
        (1, _) => Carried::Doubtful("a whole cookie and chunks"),
        _ => Carried::Doubtful("a cookie twice"),
    }
}

/// A malformed sequence stays as it is, which no format here takes.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) if *byte == b'%' => {
                bytes.push(decoded);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// What became of the cases of one file.
#[derive(Default)]
struct Count {
    opened: usize,
    refused: usize,
    skipped: Vec<String>,
    failed: Vec<String>,
}

impl Count {
    /// One case: what came out, against what the real package said. `why_not` is for what opens and is refused later,
    /// for a reason that is not of this room.
    fn judge<T>(&mut self, case: &Value, opened: Result<T, &str>, why_not: impl Fn(&T) -> Option<&'static str>) {
        let id = text(case, "id");
        let accepted = text(&case["expect"], "verdict") == "accept";
        let may = |verdict: &str| {
            case["expect"]["may"].as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some(verdict)))
        };
        match opened {
            Ok(_) if accepted => self.opened += 1,
            Ok(read) if may("accept") || why_not(&read).is_some() => self.opened += 1,
            Err(_) if !accepted => self.refused += 1,
            Ok(_) => self.failed.push(format!("{id}: opened")),
            Err(why) => self.failed.push(format!("{id}: {why}")),
        }
    }

    /// What the case carries, or a skip with its reason.
    fn carried(&mut self, case: &Value, carried: Carried) -> Option<String> {
        match carried {
            Carried::Text(text) => return Some(text),
            Carried::Nothing => self.skip(case, "no cookie"),
            Carried::Doubtful(why) => self.skip(case, why),
        }
        None
    }

    fn skip(&mut self, case: &Value, why: &str) {
        self.skipped.push(format!("{}: {why}", text(case, "id")));
    }

    /// Print, and hold the numbers: a case that is no longer read as one is a failure.
    fn finish(self, name: &str, opened: usize, refused: usize, skipped: usize) {
        println!("{name}: {} opened, {} refused, {} skipped", self.opened, self.refused, self.skipped.len());
        self.skipped.iter().for_each(|why| println!("  skipped {why}"));
        assert!(self.failed.is_empty(), "{}", self.failed.join("\n"));
        assert_eq!((self.opened, self.refused, self.skipped.len()), (opened, refused, skipped), "{name}");
    }
}
