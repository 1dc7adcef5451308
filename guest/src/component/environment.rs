//! What a stock runtime gives a component by name: variables, files, a seed. Read once for each instance, and never while
//! a snapshot is taken.
//!
//! | variable | meaning |
//! |---|---|
//! | `UPSTREAM` | `http://host:port` of the default upstream; wins over the policy's |
//! | `PORTCULLIS_CONFIG_TEXT` | the config itself, for a component without one inside: TOML, or JSON if it begins with `{` |
//! | `PORTCULLIS_CONFIG` | its file, in a folder that the runtime opens |
//! | `PORTCULLIS_HOST` | the host of the site, where the runtime does not tell one; otherwise that of `public-origin` |
//! | `PORTCULLIS_TRUST_FORWARDED` | `1`: every request comes through a proxy of the operator's |
//! | `PORTCULLIS_SPLICE` | `1`: the runtime may move bodies itself (`wasi:io` splice) |

use crate::config::Format;
use crate::diagnostic::{Diagnostic, Severity};
use crate::door::{Setup, Told};
use crate::supply::Source;
use crate::{Gate, question::Addresses};
use std::io::Read;
use std::rc::Rc;

/// Bytes of a supplied file, as in the host.
const MAX_FILE: u64 = 1 << 20;

thread_local! {
    /// Made by the first request. An instance that cannot start says so once and refuses every request.
    static SETUP: std::cell::OnceCell<Option<Rc<Setup>>> = const { std::cell::OnceCell::new() };
}

/// What this instance works with; `None`: it could not start, and has said why.
pub(super) fn setup() -> Option<Rc<Setup>> {
    SETUP.with(|setup| {
        let made = setup.get_or_init(|| match start() {
            Ok(setup) => Some(Rc::new(setup)),
            Err(why) => {
                log(&format!("portcullis: not started, every request is refused: {why}"));
                None
            }
        });
        made.clone()
    })
}

/// Is a switch on?
pub(super) fn is_on(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| matches!(value.as_str(), "1" | "true" | "on" | "yes"))
}

/// One line for whoever reads the component's errors.
pub(super) fn log(line: &str) {
    eprintln!("{line}");
}

fn start() -> Result<Setup, String> {
    super::gate(|gate| {
        let gate = match gate {
            Some(gate) => gate,
            None => gate.insert(load()?),
        };
        let addresses = supply(gate)?;
        let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (upstream, site) = (named("UPSTREAM"), named("PORTCULLIS_HOST"));
        Setup::new(gate, addresses, &Told { upstream, site, forwarded: is_on("PORTCULLIS_TRUST_FORWARDED") })
    })
}

/// A component without a config inside takes one from its runtime.
fn load() -> Result<Gate, String> {
    let text = match (std::env::var("PORTCULLIS_CONFIG_TEXT"), std::env::var("PORTCULLIS_CONFIG")) {
        (Ok(text), _) => text,
        (_, Ok(path)) => {
            let bytes = file(&path).map_err(|why| format!("the config `{path}` cannot be read: {why}"))?;
            String::from_utf8(bytes).map_err(|_| format!("the config `{path}` is not UTF-8"))?
        }
        _ => {
            return Err("there is no config inside (`portcullis bake`), and neither PORTCULLIS_CONFIG_TEXT nor \
                        PORTCULLIS_CONFIG is set"
                .to_owned());
        }
    };
    let format = if text.trim_start().starts_with('{') { Format::Json } else { Format::Toml };
    Gate::load(&text, format).map_err(|findings| render(&text, &findings))
}

fn supply(gate: &mut Gate) -> Result<Addresses, String> {
    let needs = &gate.policy().needs;
    let supplies = needs.iter().map(|need| {
        let value = match &need.source {
            Source::Env(name) => std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes),
            Source::File(path) => file(path).ok(),
        };
        // An empty secret is no secret: an HMAC with an empty key can be forged by anyone.
        value.filter(|value| !need.secret || !value.trim_ascii().is_empty())
    });
    let supplies = supplies.collect();
    let seed = (wasip2::random::random::get_random_u64(), wasip2::random::random::get_random_u64());
    gate.start(supplies, seed).map_err(|findings| render(gate.config().0, &findings))
}

fn file(path: &str) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("it has more than {MAX_FILE} bytes"));
    }
    Ok(bytes)
}

/// Code, line and words of each mistake; the pages are `portcullis check`'s.
fn render(text: &str, findings: &[Diagnostic]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let one = |finding: &Diagnostic| {
        let before = finding.labels.first().and_then(|label| text.get(..label.span.start));
        let line = before.map(|before| format!(" in line {}", before.matches('\n').count() + 1)).unwrap_or_default();
        let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{line}: {}{help}", finding.code, finding.message)
    };
    errors.map(one).collect::<Vec<_>>().join(" | ")
}
