//! What the reference says of random patterns and texts, one JSON object a line, for `against_node.mjs` to compare with
//! Node and the real package. Arguments: a seed and the number of pairs.

use portcullis_differential::generate::{Style, options, regex, route, sample, spoil};
use portcullis_differential::random::Random;
use portcullis_differential::reference::regexp::{self, Flags, Found};
use portcullis_differential::reference::route::translate;
use portcullis_differential::with_stack;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let (seed, pairs) = (numbers.first().copied().unwrap_or(1), numbers.get(1).copied().unwrap_or(100_000));
    with_stack(move || {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut random = Random::new(seed);
        let mut left = pairs;
        while left > 0 {
            let line = line(&mut random);
            left = left.saturating_sub(line["t"].as_array().map_or(0, Vec::len) as u64);
            writeln!(out, "{line}").expect("somebody reads");
        }
    });
}

fn line(random: &mut Random) -> Value {
    let flags = Flags { ignore_case: random.chance(60), dot_all: random.chance(40) };
    let letters = [(flags.ignore_case, 'i'), (flags.dot_all, 's')];
    let letters: String = letters.iter().filter(|(on, _)| *on).map(|(_, letter)| letter).collect();
    let mut line = json!({ "f": letters });
    let source = if random.chance(60) {
        let text = route(random);
        let options = options(random);
        line["p"] = json!(text);
        line["o"] = json!({
            "delimiter": options.delimiter, "prefixes": options.prefixes, "strict": options.strict,
            "start": options.start, "end": options.end, "endsWith": options.ends_with,
        });
        match translate(&text, &options) {
            Ok(route) => {
                line["keys"] = route.keys.iter().map(|key| key.name.clone()).collect();
                route.source
            }
            Err(fault) => {
                line["err"] = json!({ "c": fault.code, "at": fault.at });
                return line;
            }
        }
    } else {
        regex(random, Style::Alone)
    };
    line["re"] = json!(source);
    let Ok(regexp) = regexp::parse(&source) else {
        line["err"] = json!({ "c": "invalid-regexp" });
        return line;
    };
    let mut pairs = Vec::new();
    for _ in 0..12 {
        let text = sample(random, &regexp);
        let text = if random.chance(50) { text } else { spoil(random, &text) };
        let units: Vec<u16> = text.encode_utf16().collect();
        let found = match regexp.exec(flags, &units, 0) {
            Found::TooSlow => continue,
            Found::Nothing => Value::Null,
            Found::Match(captures) => {
                captures.iter().map(|range| range.as_ref().map(|range| [range.start, range.end])).collect()
            }
        };
        pairs.push(json!([text, found]));
    }
    line["t"] = json!(pairs);
    line
}
