//! One list of scenarios, wherever the gate stands: `cargo test -p portcullis-tests --test runtimes -- NAME…`.
//!
//! Without names only what Cargo has built is tried. The others need programs that are installed elsewhere:
//! `tests/runtimes/run` does that and calls this. A place whose means are missing is NOT RUN, aloud; with `--must` that
//! is a failure. `--cost` adds the CPU time of a request, beside that of our own host.

use portcullis_tests::runtime::{self, ALL, BUILT, Halt, Runtime, TICKS, cost};
use portcullis_tests::scenario::{self, Outcome, Stage};
use portcullis_tests::site::Folder;
use std::process::ExitCode;

/// What one place came to.
struct Column {
    runtime: Runtime,
    version: String,
    outcomes: Vec<Outcome>,
    micros: Option<f64>,
}

fn main() -> ExitCode {
    match runtime::serve_if_asked() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("runtimes: {why:?}");
            return ExitCode::FAILURE;
        }
    }
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    let is_wanted = |name: &str| if names.is_empty() { BUILT.contains(&name) } else { names.iter().any(|n| n == name) };
    let wanted: Vec<_> = ALL.iter().filter(|runtime| is_wanted(runtime.name)).collect();
    if wanted.is_empty() {
        let known: Vec<_> = ALL.iter().map(|runtime| runtime.name).collect();
        println!("runtimes: none of that name; there are {}", known.join(", "));
        return ExitCode::SUCCESS;
    }
    let (mut columns, mut failed) = (Vec::new(), false);
    for runtime in wanted {
        match try_one(*runtime, has("--cost")) {
            Ok(column) => {
                report(&column);
                failed |= column.outcomes.iter().any(Outcome::is_failure);
                columns.push(column);
            }
            Err(Halt::Missing(why)) => {
                eprintln!("runtimes: {}: NOT RUN: {why}", runtime.name);
                failed |= has("--must");
            }
            Err(Halt::Failed(why)) => {
                eprintln!("runtimes: {}: FAILED to start: {why}", runtime.name);
                failed = true;
            }
        }
    }
    if !columns.is_empty() {
        table(&columns);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn try_one(runtime: Runtime, with_cost: bool) -> Result<Column, Halt> {
    let (stage, folder) = (Stage::start(), Folder::new());
    let running = (runtime.start)(&stage, &folder)?;
    let played = scenario::run(&stage, &running.front, runtime.cannot)?;
    let outcomes: Vec<_> = played.into_iter().map(|(_, outcome)| outcome).collect();
    let micros = if with_cost { Some(cost::of_a_request(&stage, &running)?) } else { None };
    Ok(Column { runtime, version: running.version, outcomes, micros })
}

/// Count and everything that is not simply as it should be.
fn report(column: &Column) {
    let name = column.runtime.name;
    let count = |wanted: fn(&Outcome) -> bool| column.outcomes.iter().filter(|outcome| wanted(outcome)).count();
    let passed = count(|o| *o == Outcome::Passed);
    let cannot = count(|o| matches!(o, Outcome::Cannot(..)));
    let failed = count(Outcome::is_failure);
    println!("{name}: {passed} passed, {cannot} that it cannot do, {failed} failed ({})", column.version);
    for (scenario, outcome) in scenario::all().iter().zip(&column.outcomes) {
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(how) => println!("  FAILED  {}: {how}", scenario.name),
            Outcome::Cannot(reason, seen) => println!("  cannot  {}: {reason} (seen: {seen})", scenario.name),
            Outcome::CanAfterAll(reason) => println!("  FAILED  {}: listed as `{reason}`, and it can", scenario.name),
        }
    }
}

/// All of it as a table in Markdown, as it stands in `docs/runtimes.md`.
fn table(columns: &[Column]) {
    let line = |first: &str, cells: Vec<String>| println!("| {first} | {} |", cells.join(" | "));
    let of = |cell: &dyn Fn(&Column) -> String| columns.iter().map(cell).collect::<Vec<_>>();
    println!();
    line("", of(&|column| column.runtime.name.to_owned()));
    line("---", of(&|_| "---".to_owned()));
    for (at, scenario) in scenario::all().iter().enumerate() {
        let cell = |column: &Column| match column.outcomes[at] {
            Outcome::Passed => "yes".to_owned(),
            Outcome::Cannot(..) => "no".to_owned(),
            Outcome::Failed(_) | Outcome::CanAfterAll(_) => "FAILED".to_owned(),
        };
        line(scenario.name, of(&cell));
    }
    let own = columns.iter().find(|c| c.runtime.name == "host").and_then(|c| c.micros);
    if columns.iter().any(|c| c.micros.is_some()) {
        let cell = |column: &Column| match (column.micros, own) {
            (Some(micros), Some(own)) => format!("{micros:.0} µs ({:.1}×)", micros / own),
            (Some(micros), None) => format!("{micros:.0} µs"),
            _ => "–".to_owned(),
        };
        line(&format!("CPU time of a request (ticks of 1/{TICKS} s)"), of(&cell));
    }
}
