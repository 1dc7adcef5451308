//! Passed, failed, skipped: for each file and engine, with the reason of every skip.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not as expected; says how.
    Failed(String),
    /// Not asked; says why.
    Skipped(String),
}

/// Counts of one file under one engine.
#[derive(Debug, Default)]
pub struct Row {
    /// The file, as a path below the folder of cases, maybe with a word on how it was asked.
    pub file: String,
    /// The engine; `-` when none was asked.
    pub engine: String,
    passed: usize,
    failed: Vec<(String, String)>,
    skipped: BTreeMap<String, usize>,
}

impl Row {
    /// An empty row.
    pub fn new(file: impl Into<String>, engine: impl Into<String>) -> Self {
        Self { file: file.into(), engine: engine.into(), ..Self::default() }
    }

    /// Note the verdict on case `id`.
    pub fn note(&mut self, id: &str, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(how) => self.failed.push((id.to_owned(), how)),
            Verdict::Skipped(why) => *self.skipped.entry(why).or_default() += 1,
        }
    }

    /// Skip `count` cases at once.
    pub fn skip(&mut self, count: usize, why: &str) {
        *self.skipped.entry(why.to_owned()).or_default() += count;
    }

    /// Was nothing noted?
    pub fn is_empty(&self) -> bool {
        self.passed == 0 && self.failed.is_empty() && self.skipped.is_empty()
    }

    /// Did anything fail?
    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }
}

/// All rows.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Add a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Did anything fail?
    pub fn has_failed(&self) -> bool {
        self.rows.iter().any(Row::has_failed)
    }

    /// Was nothing asked at all? Such a run proves nothing and must not look green.
    pub fn is_hollow(&self) -> bool {
        self.rows.iter().all(|row| row.passed == 0 && row.failed.is_empty())
    }

    /// The whole report.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let skipped: usize = row.skipped.values().sum();
            let _ = writeln!(
                out,
                "{:40} {:10} {:5} passed {:4} failed {:5} skipped",
                row.file,
                row.engine,
                row.passed,
                row.failed.len(),
                skipped
            );
            for (why, count) in &row.skipped {
                let _ = writeln!(out, "{:8}skipped {count}: {why}", "");
            }
            for (id, how) in &row.failed {
                let _ = writeln!(out, "{:8}FAILED {id}: {how}", "");
            }
        }
        let sum = |count: fn(&Row) -> usize| self.rows.iter().map(count).sum::<usize>();
        let _ = writeln!(
            out,
            "all: {} passed, {} failed, {} skipped",
            sum(|r| r.passed),
            sum(|r| r.failed.len()),
            sum(|r| r.skipped.values().sum())
        );
        out
    }
}
