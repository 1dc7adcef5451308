//! One data suite, four engines. Prints its report always; fails on any failure.
//!
//! `PORTCULLIS_CASES` names another folder of cases; `PORTCULLIS_SHARED` one that holds
//! `routes-public` and `wycheproof`. Arguments are filters on file names: `cargo test -p portcullis-tests --test cases -- jwt cookies`.

use portcullis_tests::report::{Report, Row};
use portcullis_tests::{engine, suite, vectors};
use std::process::ExitCode;

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let root = vectors::root();
    let mut files = match vectors::files(&root) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("no cases: {error}");
            return ExitCode::FAILURE;
        }
    };
    let engines = engine::all();
    let mut report = Report::default();
    // A folder that was named holds all that is wanted.
    if std::env::var_os("PORTCULLIS_CASES").is_none() {
        for folder in vectors::PUBLIC {
            match vectors::public_files(folder) {
                Ok(more) => files.extend(more),
                Err(why) => {
                    let mut row = Row::new(folder, "-");
                    row.skip(1, &why);
                    report.push(row);
                }
            }
        }
    }
    for file in files.iter().filter(|f| filters.is_empty() || filters.iter().any(|word| f.name.contains(word))) {
        suite::run(file, &engines, &mut report);
    }
    println!("{}", report.render());
    if report.is_hollow() {
        println!("nothing was asked");
    }
    if report.has_failed() || report.is_hollow() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
