//! An expression as a machine that reads words from their end.
//!
//! A *place* is a state of Thompson's automaton that takes a unit. For the rest `w` of a word, the row of `w` holds the
//! places that accept it: those of the expression itself must match up to the end, those of a look-ahead a part that starts
//! where `w` starts. The row of `cw` follows from the row of `w`: a place accepts `cw` if it takes `c` and what follows it
//! leads, without taking anything, to a place in the row of `w`. A condition on that way is decided at once, since all that it
//! asks for is known: the unit before it, the rest after it, and for a look-ahead the row itself. So rows are the states of a
//! deterministic automaton that knows look-aheads exactly.

use super::build::Builder;
use super::row::{self, Row};
use crate::pattern::node::{Assert, Tree};

/// Set in every row: where a look-ahead is done, whatever follows.
pub(super) const DONE: usize = 0;
/// Set in the row of the empty word: where the expression is done.
pub(super) const END: usize = 1;
/// First place.
pub(super) const PLACES: usize = 2;

/// What stands around a position in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Around {
    /// The unit before is a word character; None at the start of the word.
    pub(super) before: Option<bool>,
    /// Nothing comes after.
    pub(super) at_end: bool,
    /// The unit after is a word character.
    pub(super) after: bool,
}

/// Ways that take nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    /// Where they lead without condition.
    pub(super) plain: Row,
    /// Conditions that must hold, one bit for each, and where they lead then.
    pub(super) guarded: Vec<(u64, Row)>,
}

/// See above.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// Words in a row.
    pub(super) words: usize,
    /// Sets of ASCII characters, and the places that take them.
    pub(super) classes: Vec<(u128, Row)>,
    /// For each place the ASCII characters that it takes.
    pub(super) sets: Vec<u128>,
    /// For each place a row: what follows it without condition.
    pub(super) follow: Row,
    /// Place, conditions, and what follows if they hold.
    pub(super) guarded: Vec<(usize, u64, Row)>,
    pub(super) asserts: Vec<Assert>,
    /// Starts of the look-aheads.
    pub(super) looks: Vec<Ways>,
    /// Start of the expression.
    pub(super) start: Ways,
    /// Places of the expression itself, and its end: without them a row leads nowhere.
    pub(super) main: Row,
    /// Some condition asks for word characters.
    pub(super) asks_words: bool,
}

impl Ways {
    #[inline]
    fn lead(&self, row: &[u64], holding: u64) -> bool {
        row::meet(&self.plain, row)
            || self.guarded.iter().any(|(asserts, to)| asserts & !holding == 0 && row::meet(to, row))
    }
}

impl Machine {
    /// None if the expression is too large or too tangled to be reasoned about.
    pub(super) fn new(tree: &Tree) -> Option<Self> {
        Builder::new(tree)?.build()
    }

    /// The row of the empty word.
    pub(super) fn at_end(&self) -> Row {
        let mut row = row::empty(self.words);
        row::set(&mut row, DONE);
        row::set(&mut row, END);
        row
    }

    /// The conditions that hold before the rest with that row.
    fn holding(&self, rest: &[u64], around: Around) -> u64 {
        let holds = |assert: &Assert| match *assert {
            Assert::Start => around.before.is_none(),
            Assert::End => around.at_end,
            Assert::Word { negated } => (around.before.unwrap_or(false) != around.after) != negated,
            Assert::Look { .. } => false,
        };
        let mut holding = self.bits(holds);
        // Inner look-aheads come first.
        for (number, look) in self.looks.iter().enumerate() {
            let found = look.lead(rest, holding);
            holding |= self.bits(|assert| match *assert {
                Assert::Look { id, negated } => usize::from(id) == number && found != negated,
                _ => false,
            });
        }
        holding
    }

    fn bits(&self, holds: impl Fn(&Assert) -> bool) -> u64 {
        (0..).zip(&self.asserts).fold(0, |bits, (bit, assert)| if holds(assert) { bits | 1 << bit } else { bits })
    }

    /// The places behind which a word may go on with the rest with that row, whatever they take themselves, into `out`.
    pub(super) fn before(&self, rest: &[u64], around: Around, out: &mut [u64]) {
        out.fill(0);
        let holding = self.holding(rest, around);
        for (place, follow) in (PLACES..).zip(self.follow.chunks_exact(self.words)) {
            if row::meet(follow, rest) {
                row::set(out, place);
            }
        }
        for (place, asserts, to) in &self.guarded {
            if asserts & !holding == 0 && row::meet(to, rest) {
                row::set(out, *place);
            }
        }
        row::set(out, DONE);
    }

    /// Is the word with that row in the language?
    pub(super) fn accepts(&self, word: &[u64], at_end: bool, after: bool) -> bool {
        let holding = self.holding(word, Around { before: None, at_end, after });
        self.start.lead(word, holding)
    }

    /// Does the row lead to a word in the language at all?
    pub(super) fn lives(&self, row: &[u64]) -> bool {
        row::meet(&self.main, row)
    }

    /// The places that take `letter`.
    pub(super) fn takers(&self, letter: u8) -> Row {
        let mut takers = row::empty(self.words);
        row::set(&mut takers, DONE);
        for (set, places) in &self.classes {
            if letter < 128 && set >> letter & 1 == 1 {
                row::add(&mut takers, places);
            }
        }
        takers
    }

    /// Read `text` backwards, before the rest with that row; tells the row and the first unit.
    pub(super) fn read(&self, text: &str, rest: &[u64], mut at_end: bool, mut after: bool) -> (Row, bool, bool) {
        let mut rest = rest.to_vec();
        let mut next = row::empty(self.words);
        for letter in text.bytes().rev() {
            let word = is_word(letter);
            self.before(&rest, Around { before: Some(word), at_end, after }, &mut next);
            for (word, takers) in next.iter_mut().zip(self.takers(letter)) {
                *word &= takers;
            }
            std::mem::swap(&mut rest, &mut next);
            (at_end, after) = (false, word);
        }
        (rest, at_end, after)
    }
}

pub(super) fn is_word(letter: u8) -> bool {
    letter == b'_' || letter.is_ascii_alphanumeric()
}
