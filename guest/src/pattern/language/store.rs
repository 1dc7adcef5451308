//! States of a search, each once: rows of equal width in one list, found by a table of their hashes.

/// The number of a state.
pub(super) type Number = u32;

/// No number.
const NONE: Number = Number::MAX;

/// See above.
pub(super) struct Store {
    width: usize,
    rows: Vec<u64>,
    /// For each state, the one it was reached from and the letter read.
    from: Vec<(Number, u8)>,
    /// Open addressing; a power of two, at most half full.
    table: Vec<Number>,
}

impl Store {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rows: Vec::new(), from: Vec::new(), table: vec![NONE; 64] }
    }

    pub(super) fn len(&self) -> usize {
        self.from.len()
    }

    pub(super) fn row(&self, number: Number) -> &[u64] {
        let start = number as usize * self.width;
        self.rows.get(start..start + self.width).unwrap_or_default()
    }

    /// The number of the state with that row, if it is a new one.
    pub(super) fn insert(&mut self, row: &[u64], from: Number, letter: u8) -> Option<Number> {
        let mut slot = self.slot(hash(row));
        while let Some(&known) = self.table.get(slot).filter(|known| **known != NONE) {
            if self.row(known) == row {
                return None;
            }
            slot = (slot + 1) % self.table.len();
        }
        let number = Number::try_from(self.from.len()).ok().filter(|number| *number != NONE)?;
        *self.table.get_mut(slot)? = number;
        self.rows.extend_from_slice(row);
        self.from.push((from, letter));
        if self.from.len() * 2 > self.table.len() {
            self.grow();
        }
        Some(number)
    }

    /// The letters read on the way to that state, the latest first: the word, since it is read from its end.
    pub(super) fn word(&self, mut number: Number) -> String {
        let mut word = String::new();
        while number != 0
            && let Some(&(from, letter)) = self.from.get(number as usize)
        {
            word.push(char::from(letter));
            number = from;
        }
        word
    }

    fn slot(&self, hash: u64) -> usize {
        usize::try_from(hash >> 32).unwrap_or(0) & (self.table.len() - 1)
    }

    fn grow(&mut self) {
        let mut table = vec![NONE; self.table.len() * 4];
        for (number, row) in (0..).zip(self.rows.chunks_exact(self.width)) {
            let mut slot = usize::try_from(hash(row) >> 32).unwrap_or(0) & (table.len() - 1);
            while table.get(slot).is_some_and(|known| *known != NONE) {
                slot = (slot + 1) % table.len();
            }
            if let Some(entry) = table.get_mut(slot) {
                *entry = number;
            }
        }
        self.table = table;
    }
}

/// Good enough: what is hashed is our own, and a bad spread costs time only, which is limited.
fn hash(row: &[u64]) -> u64 {
    row.iter().fold(0, |hash: u64, word| (hash.rotate_left(29) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
