//! The linter of routes: lists of entries into findings R01 to R30, each with its place, a path that shows it, and the fix.
//!
//! What an entry takes is asked of its language (`pattern::Language`), so a finding is true and not a guess: its path is one
//! that a visitor can send, and it is taken or not as the finding says. How an entry is written (`spelling`) says only where to
//! look, and which part of the text is the cause; a finding about spelling alone says so in its rule.
//!
//! Files by what goes wrong: `entry` (an entry by itself), `open` (takes too much), `gaps` (protects too little), `skip`
//! (leaves out too much), `between` (two lists, or two entries), `around` (the world around). Knows nothing of configs: its
//! lists may come from one, or from the source of an app.

mod around;
mod between;
mod checked;
mod entry;
mod finding;
mod gaps;
mod list;
mod open;
mod rules;
mod skip;
mod spelling;
#[cfg(test)]
mod tests;
mod words;

use crate::diagnostic::{Severity, Span};
use crate::pattern::{Answer, Effort};
use checked::{Checked, Covers};
pub use finding::{Also, Finding, Place, Report};
pub use list::{Condition, ConditionKind, Entry, List, Rest, Role, Setting, Source};
pub use rules::RULES;
use words::Words;

/// For all questions about some lists, in steps of about five nanoseconds: a second. Thousand real routes take a third.
const EFFORT: usize = 200_000_000;
/// For one question. The hardest about real routes take a quarter.
const EFFORT_EACH: usize = 20_000_000;

/// Lint some lists. Rules decide in the order of the lists: the first one that matches.
pub fn lint(lists: &[List<'_>], setting: &Setting<'_>) -> Report {
    lint_within(lists, setting, &mut Effort::new(EFFORT, EFFORT_EACH))
}

/// The same, with another limit.
pub fn lint_within(lists: &[List<'_>], setting: &Setting<'_>, effort: &mut Effort) -> Report {
    let mut report = Report::default();
    let checked = entry::check(lists, setting, &mut report);
    let except = checked::exceptions(lists, &setting.next);
    if let Some(words) = Words::new(lists) {
        let covers = Covers::new(lists, &checked, &except);
        let mut lint = Lint { lists, setting, checked: &checked, covers: &covers, words: &words, report, effort };
        lint.run();
        report = lint.report;
    }
    report.findings.sort_by_key(|finding| (finding.list, finding.entry, finding.rule));
    report
}

/// All that a rule looks at.
struct Lint<'a> {
    lists: &'a [List<'a>],
    setting: &'a Setting<'a>,
    checked: &'a [Checked<'a>],
    covers: &'a Covers<'a>,
    words: &'a Words,
    report: Report,
    effort: &'a mut Effort,
}

impl<'a> Lint<'a> {
    fn run(&mut self) {
        for checked in self.checked.iter().filter(|checked| checked.role != Role::Elsewhere) {
            self.takes_too_much(checked);
            self.protects_too_little(checked);
            self.leaves_out_too_much(checked);
        }
        for list in 0..self.lists.len() {
            self.in_one_list(list);
        }
        self.between_lists();
        self.around();
    }

    /// The word of an answer; one that is not decided is counted.
    fn word(&mut self, answer: Answer) -> Option<String> {
        self.report.undecided += usize::from(answer == Answer::Undecided);
        answer.word()
    }

    fn find(&mut self, finding: Finding) {
        self.report.findings.push(finding);
    }
}

impl Finding {
    /// About the whole text of an entry.
    fn new(
        rule: &'static str,
        severity: Severity,
        (list, entry): (usize, usize),
        text: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            list,
            entry,
            place: Place::Text(Span::new(0, text.len())),
            message: message.into(),
            witness: None,
            help: help.into(),
            also: None,
        }
    }

    /// About an entry that compiles.
    fn of(
        checked: &Checked<'_>,
        rule: &'static str,
        severity: Severity,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(rule, severity, (checked.list, checked.number), checked.text(), message, help)
    }

    fn at(mut self, place: Option<std::ops::Range<usize>>) -> Self {
        if let Some(place) = place {
            self.place = Place::Text(place.into());
        }
        self
    }

    fn shown_by(mut self, path: impl Into<String>) -> Self {
        self.witness = Some(path.into());
        self
    }

    fn also(mut self, other: &Checked<'_>, message: &'static str) -> Self {
        self.also = Some(Also { list: other.list, entry: other.number, message });
        self
    }
}
