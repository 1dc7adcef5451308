//! Our engine and the reference give the same answers to random patterns and paths.
//!
//! Two short runs: one seed that never changes, one that always does and is printed. `PORTCULLIS_PAIRS=N` makes the
//! second one longer, `PORTCULLIS_SEED=N` repeats it.

use portcullis_differential::run::{Report, run};
use portcullis_differential::with_stack;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Pairs of each short run.
const PAIRS: usize = 60_000;

fn checked(seed: u64, pairs: usize) {
    let started = Instant::now();
    let report = with_stack(move || run(seed, pairs));
    println!("PORTCULLIS_SEED={seed} PORTCULLIS_PAIRS={pairs}, {:.1} s\n{report}", started.elapsed().as_secs_f64());
    assert!(report.differences.is_empty(), "seed {seed}: ours and the reference disagree\n{report}");
    hollow(&report);
}

/// A run in which nothing matches, or nothing else, or nothing is refused proves little.
fn hollow(report: &Report) {
    for tally in &report.readings {
        let share = tally.positives * 100 / tally.pairs.max(1);
        assert!((25..=70).contains(&share), "{share} % of the pairs match\n{report}");
        assert!(!tally.refused.is_empty(), "nothing was refused\n{report}");
        let excluded: usize = tally.excluded.values().sum();
        assert!(excluded * 5 < tally.pairs, "too much was left out\n{report}");
    }
    assert!(report.set_pairs > 0, "no set was asked\n{report}");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn the_same_pairs_each_time() {
    checked(1, PAIRS);
}

#[test]
fn other_pairs_each_time() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let seed = number("PORTCULLIS_SEED").unwrap_or(now.as_secs());
    let pairs = number("PORTCULLIS_PAIRS").map_or(PAIRS, |pairs| pairs as usize);
    checked(seed, pairs);
}
