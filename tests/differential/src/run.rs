//! A run: so many pairs from a seed, and what became of them.

use crate::compare::{Answer, Case, Opened, Pair, Reading, difference, minimise, open};
use crate::generate::{Style, glob, glob_path, options, regex, route, sample, spoil};
use crate::random::Random;
use portcullis_gate::pattern::{Dialect, Options, PatternSet};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// Paths for each pattern.
const PATHS: usize = 16;
/// Members of a set, and paths that it is asked.
const MEMBERS: usize = 24;
/// A run ends early when so many disagreements were found.
const MAX_DIFFERENCES: usize = 20;

type Counts = BTreeMap<&'static str, usize>;

/// What became of the patterns of one reading and their paths.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Patterns that both sides took.
    pub patterns: usize,
    /// Pairs of which both sides said the same.
    pub pairs: usize,
    /// Those that match.
    pub positives: usize,
    /// Patterns that both sides refuse, by our code.
    pub refused: Counts,
    /// Valid patterns that ours refuses as it says it does, by code.
    pub restricted: Counts,
    /// Patterns without an answer of the reference.
    pub excluded_patterns: Counts,
    /// Pairs without an answer of the reference.
    pub excluded: Counts,
    /// Pairs of a glob that one of our corrections had to be applied to, so that `globset` was asked in other words.
    pub corrected: Counts,
}

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// By how they are read, in the order of their names.
    pub readings: [Tally; NAMES.len()],
    /// Members of sets asked alone and together.
    pub set_pairs: usize,
    /// Disagreements, made small.
    pub differences: Vec<String>,
}

impl Report {
    /// Pairs of all readings of which both sides said the same.
    pub fn pairs(&self) -> usize {
        self.readings.iter().map(|tally| tally.pairs).sum()
    }
}

/// The dialects of the config, route patterns with options, and `RegExp`s that are found anywhere.
const NAMES: [&str; 5] = ["pattern", "regex", "glob", "pattern with options", "RegExp"];

/// Generate and compare until `pairs` pairs were compared.
pub fn run(seed: u64, pairs: usize) -> Report {
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let mut set = SetCheck::default();
    while report.pairs() < pairs && report.differences.len() < MAX_DIFFERENCES {
        let number = random.weighted(&[(45, 0), (18, 1), (17, 2), (10, 3), (10, 4)]);
        let (reading, text) = match number {
            0 => (Reading::Dialect(Dialect::Pattern), route(&mut random)),
            1 => (Reading::Dialect(Dialect::Regex), regex(&mut random, Style::Alone)),
            2 => (Reading::Dialect(Dialect::Glob), glob(&mut random)),
            3 => (Reading::Route(options(&mut random)), route(&mut random)),
            _ => (Reading::RegExp, regex(&mut random, Style::Found)),
        };
        // JavaScript's own way, those of protecting and of opening rules, and what is left.
        let (ignore_case, dot_all) =
            random.weighted(&[(35, (true, false)), (30, (true, true)), (25, (false, true)), (10, (false, false))]);
        let case = Case { reading, text, options: Options { ignore_case, dot_all } };
        let tally = &mut report.readings[number];
        let pair = match open(&case) {
            Opened::Both(pair) => pair,
            Opened::Refused(code) => {
                *tally.refused.entry(code).or_default() += 1;
                continue;
            }
            Opened::Restricted(code) => {
                *tally.restricted.entry(code).or_default() += 1;
                continue;
            }
            Opened::Excluded(why) => {
                *tally.excluded_patterns.entry(why).or_default() += 1;
                continue;
            }
            Opened::Differs(_) => {
                report.differences.push(describe(case, None));
                continue;
            }
        };
        tally.patterns += 1;
        let mut last = String::new();
        for _ in 0..PATHS {
            last = path(&mut random, &case, &pair, &last);
            match pair.ask(&last) {
                Answer::Same { matched, correction } => {
                    tally.pairs += 1;
                    tally.positives += usize::from(matched);
                    if let Some(correction) = correction {
                        *tally.corrected.entry(correction).or_default() += 1;
                    }
                }
                Answer::Excluded(why) => *tally.excluded.entry(why).or_default() += 1,
                Answer::Differs(_) => {
                    report.differences.push(describe(case.clone(), Some(last.clone())));
                    break;
                }
            }
        }
        set.add(*pair, last, &mut report);
    }
    report
}

/// A path for a pattern: as it should be, spoilt, or the one before, spoilt once more. So about two of five match.
fn path(random: &mut Random, case: &Case, pair: &Pair, last: &str) -> String {
    if random.chance(25) {
        return spoil(random, last);
    }
    let fresh = match pair.regexp() {
        Some(regexp) => sample(random, regexp),
        None => glob_path(random, &case.text),
    };
    if random.chance(30) { fresh } else { spoil(random, &fresh) }
}

fn describe(case: Case, path: Option<String>) -> String {
    let (case, path) = minimise(case, path);
    let how = difference(&case, path.as_deref()).unwrap_or_default();
    let path = path.map(|path| format!(" on {path:?}")).unwrap_or_default();
    format!("{:?} {:?} with {:?}{path}: {how}", case.reading, case.text, case.options)
}

/// The set of N patterns answers as N single patterns do.
#[derive(Default)]
struct SetCheck {
    pairs: Vec<Pair>,
    paths: Vec<String>,
}

impl SetCheck {
    fn add(&mut self, pair: Pair, path: String, report: &mut Report) {
        self.pairs.push(pair);
        self.paths.push(path);
        if self.pairs.len() < MEMBERS {
            return;
        }
        let set = PatternSet::new(self.pairs.iter().map(|pair| pair.pattern.clone()).collect());
        let mut hits = Vec::new();
        for path in &self.paths {
            set.matches(path, &mut hits);
            let alone: Vec<u32> =
                (0u32..).zip(&self.pairs).filter(|(_, pair)| pair.pattern.is_match(path)).map(|(n, _)| n).collect();
            report.set_pairs += self.pairs.len();
            if hits != alone {
                let sources: Vec<&str> = self.pairs.iter().map(|pair| pair.pattern.source()).collect();
                report.differences.push(format!("set {sources:?} on {path:?}: {hits:?}; alone: {alone:?}"));
            }
        }
        self.pairs.clear();
        self.paths.clear();
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (tally, name) in self.readings.iter().zip(NAMES) {
            let share = tally.positives * 100 / tally.pairs.max(1);
            let Tally { patterns, pairs, positives, .. } = tally;
            writeln!(f, "{name}: {pairs} pairs of {patterns} patterns, {positives} of them match ({share} %)")?;
            for (what, counts) in [
                ("patterns refused by both", &tally.refused),
                ("valid patterns refused by ours", &tally.restricted),
                ("patterns without an answer", &tally.excluded_patterns),
                ("pairs without an answer", &tally.excluded),
                ("pairs that a correction applies to", &tally.corrected),
            ] {
                for (why, count) in counts {
                    writeln!(f, "    {what}: {count} {why}")?;
                }
            }
        }
        writeln!(f, "sets: {} pairs of a member and a path", self.set_pairs)?;
        writeln!(f, "all: {} pairs, {} disagreements", self.pairs(), self.differences.len())?;
        for difference in &self.differences {
            writeln!(f, "DIFFERS {difference}")?;
        }
        Ok(())
    }
}
