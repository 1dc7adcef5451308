//! Could two languages share a word? Both automata are run side by side, from the start and with every condition met, over
//! pairs of places. That is cheap, and it tells most pairs apart: `/:locale/a/:id` from `/:locale/b/:id`.

use super::machine::{END, Machine, PLACES, Ways};
use super::row::{self, Row};

impl Machine {
    /// See above.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        let (a, b) = (all(&self.start), all(&other.start));
        let ends = |a: &[u64], b: &[u64]| row::has(a, END) && row::has(b, END);
        if ends(&a, &b) {
            return true;
        }
        let width = other.words * 64;
        let mut seen = row::empty(row::words(self.words * 64 * width));
        let mut stack = Vec::new();
        let mut go = |a: &[u64], b: &[u64], stack: &mut Vec<(usize, usize)>| {
            for a in row::members(a).filter(|place| *place >= PLACES) {
                for b in row::members(b).filter(|place| *place >= PLACES) {
                    if !row::has(&seen, a * width + b) && self.set_of(a) & other.set_of(b) != 0 {
                        row::set(&mut seen, a * width + b);
                        stack.push((a, b));
                    }
                }
            }
        };
        go(&a, &b, &mut stack);
        while let Some((a, b)) = stack.pop() {
            let (a, b) = (self.after(a), other.after(b));
            if ends(&a, &b) {
                return true;
            }
            go(&a, &b, &mut stack);
        }
        false
    }

    /// The characters that a place takes.
    fn set_of(&self, place: usize) -> u128 {
        self.sets.get(place - PLACES.min(place)).copied().unwrap_or(0)
    }

    /// What follows a place, with every condition met.
    fn after(&self, place: usize) -> Row {
        let start = (place - PLACES.min(place)) * self.words;
        let mut row = self.follow.get(start..start + self.words).unwrap_or_default().to_vec();
        for (_, _, to) in self.guarded.iter().filter(|(from, _, _)| *from == place) {
            row::add(&mut row, to);
        }
        row
    }
}

fn all(ways: &Ways) -> Row {
    let mut row = ways.plain.clone();
    for (_, to) in &ways.guarded {
        row::add(&mut row, to);
    }
    row
}
