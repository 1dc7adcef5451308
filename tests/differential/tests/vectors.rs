//! The reference against what the real packages answered: `tests/cases/routes`, and `routes-public` where it is
//! present. Their form is described in the README beside them.

use portcullis_differential::reference::regexp::{self, Captures, Fault, Flags, Found, Regexp};
use portcullis_differential::reference::route::{self, Key, Options};
use portcullis_differential::with_stack;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    skipped: BTreeMap<String, usize>,
}

impl Tally {
    fn check(&mut self, good: bool, what: impl FnOnce() -> String) {
        if good { self.passed += 1 } else { self.failed.push(what()) }
    }

    fn skip(&mut self, why: &str, count: usize) {
        *self.skipped.entry(why.to_owned()).or_default() += count;
    }
}

/// The folders that may hold the file. The second is no part of the project.
fn folders() -> [PathBuf; 2] {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("PORTCULLIS_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| here.join("../../../shared/vectors"));
    [here.join("../cases/routes"), shared.join("routes-public")]
}

/// Run `check` on each line of that file in each folder.
fn each(name: &'static str, check: impl Fn(&Value, &mut Tally) + Send + 'static) {
    with_stack(move || {
        let mut tally = Tally::default();
        for folder in folders() {
            let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
                tally.skip(&format!("not in {}", folder.file_name().unwrap().display()), 1);
                continue;
            };
            for line in text.lines() {
                check(&serde_json::from_str(line).expect("a line of JSON"), &mut tally);
            }
        }
        println!("{name}: {} passed, {} failed, skipped {:?}", tally.passed, tally.failed.len(), tally.skipped);
        assert!(tally.failed.is_empty(), "{}", tally.failed.join("\n"));
        assert!(tally.passed > 100, "{name}: nothing was asked");
    });
}

fn pairs(line: &Value) -> impl Iterator<Item = (&str, &Value)> {
    line["t"].as_array().into_iter().flatten().map(|pair| (pair[0].as_str().expect("a path"), &pair[1]))
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn options(line: &Value) -> Options {
    let mut options = Options::default();
    for (name, value) in line["o"].as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("delimiter", Value::String(text)) => options.delimiter.clone_from(text),
            ("prefixes", Value::String(text)) => options.prefixes.clone_from(text),
            ("endsWith", Value::String(text)) => options.ends_with.clone_from(text),
            ("strict", Value::Bool(on)) => options.strict = *on,
            ("start", Value::Bool(on)) => options.start = *on,
            ("end", Value::Bool(on)) => options.end = *on,
            ("sensitive", Value::Bool(_)) => {}
            _ => panic!("unknown option {name}"),
        }
    }
    options
}

/// Both steps, with the code and the offset of what is thrown.
fn compile(pattern: &str, options: &Options) -> Result<(route::Route, Regexp), (&'static str, Option<usize>)> {
    let route = route::translate(pattern, options).map_err(|fault| (fault.code, fault.at))?;
    match regexp::parse(&route.source) {
        Ok(regexp) => Ok((route, regexp)),
        Err(Fault::Syntax(_)) => Err(("invalid-regexp", None)),
        Err(Fault::TooDeep) => panic!("{pattern} is too deep"),
    }
}

fn same_error(ours: (&str, Option<usize>), theirs: &Value) -> bool {
    theirs["c"] == ours.0 && (theirs["at"].is_null() || theirs["at"].as_u64() == ours.1.map(|at| at as u64))
}

fn slice(text: &[u16], captures: &Captures, number: usize) -> Option<String> {
    captures[number].clone().map(|range| String::from_utf16_lossy(&text[range]))
}

/// `params` as `match` of the package makes them: a parameter that repeats is split.
fn params(keys: &[Key], text: &[u16], captures: &Captures) -> Map<String, Value> {
    let mut params = Map::new();
    for (key, number) in keys.iter().zip(1..captures.len()) {
        let Some(value) = slice(text, captures, number) else { continue };
        let repeats = key.modifier == "*" || key.modifier == "+";
        let separator = format!("{}{}", key.prefix, key.suffix);
        let value = if repeats { json!(value.split(&separator).collect::<Vec<_>>()) } else { json!(value) };
        params.insert(key.name.clone(), value);
    }
    params
}

#[test]
fn path_to_regexp() {
    each("ptr6.jsonl", |line, tally| {
        let flags = Flags { ignore_case: line["o"]["sensitive"] != true, dot_all: false };
        let patterns: Vec<&str> = match &line["p"] {
            Value::String(text) => vec![text],
            Value::Array(list) if list.iter().all(Value::is_string) => list.iter().filter_map(Value::as_str).collect(),
            _ => return tally.skip("a RegExp as the pattern: nothing of the package is asked", pairs(line).count()),
        };
        let made: Result<Vec<_>, _> = patterns.iter().map(|pattern| compile(pattern, &options(line))).collect();
        let mut made = match made {
            Ok(made) => made,
            Err(error) => {
                return tally.check(same_error(error, &line["err"]), || format!("{patterns:?}: {error:?}, not {line}"));
            }
        };
        // A list is one expression.
        if line["p"].is_array() {
            let source = made.iter().map(|(route, _)| route.source.as_str()).collect::<Vec<_>>().join("|");
            let source = format!("(?:{source})");
            let keys = made.into_iter().flat_map(|(route, _)| route.keys).collect();
            let regexp = regexp::parse(&source).expect("made of valid ones");
            made = vec![(route::Route { source, keys }, regexp)];
        }
        let (route, regexp) = &made[0];
        // `RegExp.source` escapes slashes.
        let same = line["re"].as_str().is_some_and(|re| re.replace(r"\/", "/") == route.source.replace(r"\/", "/"));
        tally.check(same, || format!("{patterns:?}: {}, not {}", route.source, line["re"]));
        for (path, answer) in pairs(line) {
            let text = units(path);
            let ours = match regexp.exec(flags, &text, 0) {
                Found::Nothing => json!(0),
                Found::TooSlow => {
                    tally.skip("too slow for the reference", 1);
                    continue;
                }
                Found::Match(captures) => {
                    let mut ours = json!({
                        "m": slice(&text, &captures, 0),
                        "p": params(&route.keys, &text, &captures),
                    });
                    let start = captures[0].clone().map_or(0, |whole| whole.start);
                    if start > 0 {
                        ours["i"] = json!(start);
                    }
                    ours
                }
            };
            tally.check(ours == *answer, || format!("{patterns:?} {path:?}: {ours}, not {answer}"));
        }
    });
}

/// As Next.js compiles the `source` of a rule.
#[test]
fn next_route() {
    each("next-route.jsonl", |line, tally| {
        let pattern = line["p"].as_str().expect("a pattern");
        let options = Options { strict: true, delimiter: "/".to_owned(), ..Options::default() };
        let route = match compile(pattern, &options) {
            Ok((route, _)) => route,
            Err(error) => {
                return tally.check(same_error(error, &line["err"]), || format!("{pattern}: {error:?}, not {line}"));
            }
        };
        let source = format!("{}(?:\\/)?$", route.source.strip_suffix('$').expect("an end"));
        let regexp = regexp::parse(&source).expect("still valid");
        let flags = Flags { ignore_case: true, dot_all: false };
        for (path, answer) in pairs(line) {
            let text = units(path);
            let ours = match regexp.exec(flags, &text, 0) {
                Found::Nothing => json!(0),
                Found::TooSlow => panic!("{pattern} {path}: too slow"),
                Found::Match(captures) => {
                    let mut params = params(&route.keys, &text, &captures);
                    params.retain(|name, _| !name.starts_with(|c: char| c.is_ascii_digit()));
                    Value::Object(params)
                }
            };
            tally.check(ours == *answer, || format!("{pattern} {path:?}: {ours}, not {answer}"));
        }
    });
}

/// A `RegExp` with its flags; `g` and `y` make it remember where it stopped.
struct Stateful {
    regexp: Regexp,
    flags: Flags,
    global: bool,
    sticky: bool,
    last: usize,
}

impl Stateful {
    fn test(&mut self, text: &[u16]) -> bool {
        let from = if self.global || self.sticky { self.last } else { 0 };
        let found = match from > text.len() {
            true => Found::Nothing,
            false if self.sticky => self.regexp.exec_at(self.flags, text, from),
            false => self.regexp.exec(self.flags, text, from),
        };
        let end = match &found {
            Found::Match(captures) => captures[0].as_ref().map_or(0, |whole| whole.end),
            Found::Nothing => 0,
            Found::TooSlow => panic!("too slow"),
        };
        if self.global || self.sticky {
            self.last = end;
        }
        found != Found::Nothing
    }
}

/// `createRouteMatcher` of Convex.
#[test]
fn create_route_matcher() {
    each("crm.jsonl", |line, tally| {
        let list = if line["d"] == "crm-arg" { &line["arg"] } else { &line["p"] };
        let mut matchers = Vec::new();
        for item in list.as_array().into_iter().flatten() {
            let (regexp, flags) = match item.as_str() {
                Some("") => continue,
                Some(pattern) => match compile(pattern, &Options::default()) {
                    Ok((_, regexp)) => (regexp, "i"),
                    Err(error) => {
                        return tally
                            .check(same_error(error, &line["err"]), || format!("{pattern}: {error:?}, {line}"));
                    }
                },
                None => {
                    let flags = item["f"].as_str().or(item["flags"].as_str()).unwrap_or_default();
                    if flags.contains('u') {
                        return tally.skip("RegExp with the flag `u`", pairs(line).count());
                    }
                    (regexp::parse(item["re"].as_str().expect("a source")).expect("a valid one"), flags)
                }
            };
            matchers.push(Stateful {
                regexp,
                flags: Flags { ignore_case: flags.contains('i'), dot_all: flags.contains('s') },
                global: flags.contains('g'),
                sticky: flags.contains('y'),
                last: 0,
            });
        }
        if line.get("err").is_some() {
            return tally.check(false, || format!("{list}: accepted, not {}", line["err"]));
        }
        for (path, answer) in pairs(line) {
            let text = units(path);
            let ours = matchers.iter_mut().any(|matcher| matcher.test(&text));
            tally.check(ours == (*answer == 1), || format!("{list} {path:?}: {ours}, not {answer}"));
        }
    });
}

/// The expressions that Next.js writes in its manifest.
#[test]
fn next_expressions() {
    each("next.jsonl", |line, tally| {
        let Some(list) = line["re"].as_array() else { return tally.skip("refused by Next.js", 1) };
        let conditional = line["p"].as_array().into_iter().flatten().chain([&line["p"]]);
        if conditional.into_iter().any(|item| item.get("has").is_some() || item.get("missing").is_some()) {
            return tally.skip("has or missing", pairs(line).count());
        }
        let parse = |item: &Value| regexp::parse(item.as_str().expect("a source")).expect("a valid one");
        let expressions: Vec<Regexp> = list.iter().map(parse).collect();
        for (path, answer) in pairs(line) {
            let text = units(path);
            let ours = expressions.iter().any(|regexp| match regexp.exec(Flags::default(), &text, 0) {
                Found::TooSlow => panic!("{list:?} {path}: too slow"),
                found => found != Found::Nothing,
            });
            tally.check(ours == (*answer == 1), || format!("{list:?} {path:?}: {ours}, not {answer}"));
        }
    });
}
