//! One language while a question is searched: what it has read of a word, in a state of the search.

use super::machine::{Around, Machine, is_word};
use super::question::{Edit, Part};
use super::row::{self, Row};

/// What a part has read so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Of [`Edit::Cut`] and [`Edit::Last`]: nothing that counts.
    Waiting,
    /// Only text of its edit.
    Fresh,
    /// The same as all others.
    Along,
}

/// A part while searching.
pub(super) struct Reader<'q> {
    machine: &'q Machine,
    edit: Edit<'q>,
    /// Where its row lies in a state.
    at: std::ops::Range<usize>,
    /// The row after the text of its edit, with what stands around then.
    text: (Row, bool, bool),
    /// For each kind of letter, the places that take it.
    takers: Vec<Row>,
    /// Rows before a word character and before another one.
    next: [Row; 2],
}

/// Last word of a state: two bits for the phase of each part, and what is known of the word itself.
pub(super) const AT_END: u64 = 1 << 63;
pub(super) const AFTER_WORD: u64 = 1 << 62;

impl Phase {
    pub(super) fn bits(self, part: usize) -> u64 {
        let bits: u64 = match self {
            Self::Waiting => 0,
            Self::Fresh => 1,
            Self::Along => 2,
        };
        bits << (2 * part)
    }

    pub(super) fn of(flags: u64, part: usize) -> Self {
        match flags >> (2 * part) & 3 {
            0 => Self::Waiting,
            1 => Self::Fresh,
            _ => Self::Along,
        }
    }
}

impl<'q> Reader<'q> {
    /// `at`: where its row starts.
    pub(super) fn new(part: &Part<'q>, at: usize, letters: &[u8]) -> Self {
        let machine = part.machine;
        let text = match part.edit {
            Edit::Append(text) | Edit::Cut(_, text) | Edit::Last(text) => text,
            Edit::Whole | Edit::Prepend(_) => "",
        };
        Self {
            machine,
            edit: part.edit,
            at: at..at + machine.words,
            text: machine.read(text, &machine.at_end(), true, false),
            takers: letters.iter().map(|letter| machine.takers(*letter)).collect(),
            next: [row::empty(machine.words), row::empty(machine.words)],
        }
    }

    /// Write what it knows before anything is read.
    pub(super) fn start(&self, state: &mut [u64]) -> Phase {
        let phase = match self.edit {
            Edit::Whole | Edit::Prepend(_) => Phase::Along,
            Edit::Append(_) => Phase::Fresh,
            Edit::Cut(..) | Edit::Last(_) => return Phase::Waiting,
        };
        if let Some(row) = state.get_mut(self.at.clone()) {
            row.copy_from_slice(&self.text.0);
        }
        phase
    }

    fn row<'s>(&self, state: &'s [u64]) -> &'s [u64] {
        state.get(self.at.clone()).unwrap_or_default()
    }

    /// What stands around the place before what was read.
    fn around(&self, phase: Phase, flags: u64) -> (bool, bool) {
        match phase {
            Phase::Fresh => (self.text.1, self.text.2),
            _ => (flags & AT_END != 0, flags & AFTER_WORD != 0),
        }
    }

    /// Get ready to read letters before what that state has read.
    pub(super) fn prepare(&mut self, state: &[u64], phase: Phase, flags: u64) {
        if phase == Phase::Waiting {
            return;
        }
        let (at_end, after) = self.around(phase, flags);
        let row = state.get(self.at.clone()).unwrap_or_default();
        let kinds = if self.machine.asks_words { 2 } else { 1 };
        for (next, before) in self.next.iter_mut().zip([false, true]).take(kinds) {
            self.machine.before(row, Around { before: Some(before), at_end, after }, next);
        }
    }

    /// Read a letter of that kind.
    pub(super) fn step(&self, next: &mut [u64], phase: Phase, kind: usize, letter: u8) -> Phase {
        let Some(next) = next.get_mut(self.at.clone()) else { return phase };
        if phase == Phase::Waiting {
            let found = match self.edit {
                Edit::Cut(at, _) => at == char::from(letter),
                _ => true,
            };
            if found {
                next.copy_from_slice(&self.text.0);
                return Phase::Fresh;
            }
            next.fill(0);
            return phase;
        }
        let [other, word] = &self.next;
        let before = if self.machine.asks_words && is_word(letter) { word } else { other };
        let takers = self.takers.get(kind).map_or(&[][..], Vec::as_slice);
        for ((next, before), takers) in next.iter_mut().zip(before).zip(takers) {
            *next = before & takers;
        }
        Phase::Along
    }

    /// Steps of [`Self::prepare`].
    pub(super) fn cost(&self) -> usize {
        self.machine.follow.len() * if self.machine.asks_words { 2 } else { 1 }
    }

    /// Could some longer word be in the language?
    pub(super) fn lives(&self, state: &[u64], phase: Phase) -> bool {
        phase == Phase::Waiting || self.machine.lives(self.row(state))
    }

    /// Is what that state has read, edited, in the language?
    pub(super) fn accepted(&self, state: &[u64], phase: Phase, flags: u64) -> bool {
        let row = self.row(state);
        let (at_end, after) = self.around(phase, flags);
        match (phase, self.edit) {
            (Phase::Waiting, _) => false,
            (_, Edit::Prepend(text)) => {
                let (row, at_end, after) = self.machine.read(text, row, at_end, after);
                self.machine.accepts(&row, at_end, after)
            }
            _ => self.machine.accepts(row, at_end, after),
        }
    }
}
