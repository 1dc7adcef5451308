//! Where the bytes of a component are: code by room of the guest and by crate, from the names of its functions.
//! Run by `bench/size`, which builds the guest with its names in.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// The crate whose rooms are told apart.
const GUEST: &str = "portcullis_gate::";
/// What matching is made of: our rooms, and crates that nothing else uses.
const MATCHING: &[&str] =
    &["guest: pattern", "guest: next", "globset", "regex_syntax", "regex_automata", "aho_corasick", "bstr"];
/// Crates that are in every program; a function that also names another one is put down to that.
const COMMON: &[&str] = &["core", "alloc", "std"];

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: size COMPONENT");
        return ExitCode::FAILURE;
    };
    let measured = std::fs::read(&path).map_err(|e| e.to_string()).and_then(|bytes| {
        let module = largest(&bytes).map_err(|e| e.to_string())?;
        if module.names.is_empty() { Err("it holds no names".to_owned()) } else { Ok((bytes.len(), module)) }
    });
    match measured {
        Ok((whole, module)) => {
            let written = std::io::stdout().write_all(report(whole, &module).as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("{path}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A core module: bytes of each function body, names by index, bytes of data.
#[derive(Default)]
struct Module {
    imported: u32,
    bodies: Vec<usize>,
    names: BTreeMap<u32, String>,
    data: usize,
}

impl Module {
    fn code(&self) -> usize {
        self.bodies.iter().sum()
    }

    /// Each function with its name; a body without one is nobody's.
    fn functions(&self) -> impl Iterator<Item = (&str, usize)> {
        let named = |index| self.names.get(&index).map_or("", String::as_str);
        (self.imported..).zip(&self.bodies).map(move |(index, size)| (named(index), *size))
    }
}

/// The module with the most code: others are shims of the canonical ABI.
fn largest(bytes: &[u8]) -> wasmparser::Result<Module> {
    let mut open: Vec<Module> = Vec::new();
    let mut best = Module::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::Version { .. } = payload {
            open.push(Module::default());
        }
        let Some(module) = open.last_mut() else { continue };
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if matches!(import?.ty, wasmparser::TypeRef::Func(_)) {
                        module.imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => module.bodies.push(body.range().len()),
            Payload::DataSection(section) => {
                for data in section {
                    module.data += data?.data.len();
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for subsection in names {
                        let Name::Function(functions) = subsection? else { continue };
                        for naming in functions {
                            let naming = naming?;
                            module.names.insert(naming.index, format!("{:#}", rustc_demangle::demangle(naming.name)));
                        }
                    }
                }
            }
            Payload::End(_) => {
                let module = open.pop().unwrap_or_default();
                if module.code() > best.code() {
                    best = module;
                }
            }
            _ => {}
        }
    }
    Ok(best)
}

/// The room or crate that a function is put down to. A generic function of one crate made for another's types is
/// there for the other's sake: our rooms first, then other crates, then the standard library.
fn room(name: &str) -> String {
    if let Some((_, rest)) = name.split_once(GUEST) {
        let room: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        return format!("guest: {room}");
    }
    let crates = name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let crates =
        crates.filter_map(|path| path.split_once("::").map(|(first, _)| first)).filter(|name| !name.is_empty());
    let mut common = false;
    for found in crates {
        if !COMMON.contains(&found) {
            return found.to_owned();
        }
        common = true;
    }
    if common { "std" } else { "no Rust name (libc, allocator, intrinsics)" }.to_owned()
}

fn report(whole: usize, module: &Module) -> String {
    let mut rooms: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, size) in module.functions() {
        let entry = rooms.entry(room(name)).or_default();
        entry.0 += size;
        entry.1 += 1;
    }
    let matching: usize = MATCHING.iter().filter_map(|name| rooms.get(*name)).map(|(size, _)| size).sum();
    let mut rows: Vec<_> = rooms.into_iter().collect();
    rows.sort_by_key(|(_, (size, _))| std::cmp::Reverse(*size));
    let mut out = format!("{:44} {:>9} {:>9}\n", "room or crate", "bytes", "functions");
    for (name, (size, count)) in rows {
        out.push_str(&format!("{name:44} {size:9} {count:9}\n"));
    }
    let (code, data) = (module.code(), module.data);
    out.push_str(&format!("{:44} {code:9} {:9}\n", "all code", module.bodies.len()));
    out.push_str(&format!("{:44} {data:9}\n", "all data"));
    out.push_str(&format!("{:44} {whole:9}\n", "component, names included"));
    out.push_str(&format!("{:44} {matching:9}\n", "matching (code)"));
    // Names do not tell whose constants are whose, so this is the most that it can be.
    out.push_str(&format!("{:44} {:9}\n", "matching, were all data its own", matching + data));
    out
}
