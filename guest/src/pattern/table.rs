//! Small automata as a table: one look-up for each character of a path.
//!
//! Made from [`Bits`] by the subset construction, where no condition sits on an edge and few states come of it. Nine of
//! ten automata of real routes are such; the others, and paths beyond ASCII, run as bits.

use super::bits::Bits;

/// Most states: the real ones have 3 to 30, and a row is up to 60 bytes.
const MAX_STATES: usize = 64;
/// Instead of a state: nothing can match any more.
const DEAD: u8 = u8::MAX;
/// Instead of a state: whatever follows matches.
const CERTAIN: u8 = u8::MAX - 1;

/// A deterministic automaton over ASCII.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Kind of each ASCII character, a column of `next`.
    kinds: [u8; 128],
    width: usize,
    /// State by state, the state that each kind leads to.
    next: Vec<u8>,
    start: u8,
    /// One bit for each state in which a text may end.
    accepting: u64,
}

impl Table {
    /// `None`: conditions, or too many states. `again`: a match may start at every position.
    pub(super) fn build(bits: &Bits, again: bool) -> Option<Self> {
        let width = bits.kinds_count();
        let mut table = Self { kinds: bits.kinds()?, width, next: Vec::new(), start: DEAD, accepting: 0 };
        let restart = if again { bits.start() } else { 0 };
        let mut states: Vec<u128> = Vec::new();
        table.start = Self::number(bits, &mut states, bits.start())?;
        let mut at = 0;
        while let Some(&live) = states.get(at) {
            if bits.may_end(live) {
                table.accepting |= 1 << at;
            }
            for kind in 0..width {
                let next = Self::number(bits, &mut states, bits.after(live, kind) | restart)?;
                table.next.push(next);
            }
            at += 1;
        }
        Some(table)
    }

    /// Bytes besides itself.
    pub(super) fn weight(&self) -> usize {
        self.next.len()
    }

    /// The number of a set of places.
    fn number(bits: &Bits, states: &mut Vec<u128>, live: u128) -> Option<u8> {
        if bits.is_certain(live) {
            return Some(CERTAIN);
        }
        if live == 0 {
            return Some(DEAD);
        }
        let number = states.iter().position(|known| *known == live).unwrap_or_else(|| {
            states.push(live);
            states.len() - 1
        });
        if number < MAX_STATES { u8::try_from(number).ok() } else { None }
    }

    /// Does all of `text`, which is ASCII, match?
    #[inline]
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            match state {
                DEAD => return false,
                CERTAIN => return true,
                _ => state = self.after(state, byte),
            }
        }
        self.accepts(state)
    }

    /// Does some stretch of `text` from its start on match?
    pub(super) fn is_prefix(&self, text: &[u8]) -> bool {
        let mut state = self.start;
        for &byte in text {
            if state == DEAD || self.accepts(state) {
                break;
            }
            state = self.after(state, byte);
        }
        self.accepts(state)
    }

    /// Of a reversed automaton that may start again at every position: the positions at which a match starts, one bit for
    /// each, the end included.
    pub(super) fn positions(&self, text: &[u8]) -> Vec<u64> {
        let mut bits = vec![0u64; text.len() / 64 + 1];
        let mut state = self.start;
        for at in (0..=text.len()).rev() {
            if self.accepts(state)
                && let Some(word) = bits.get_mut(at / 64)
            {
                *word |= 1 << (at % 64);
            }
            if let Some(&byte) = at.checked_sub(1).and_then(|before| text.get(before)) {
                state = self.after(state, byte);
            }
        }
        bits
    }

    #[inline]
    fn after(&self, state: u8, byte: u8) -> u8 {
        if state >= CERTAIN {
            return state;
        }
        let kind = self.kinds.get(usize::from(byte)).copied().unwrap_or_default();
        self.next.get(usize::from(state) * self.width + usize::from(kind)).copied().unwrap_or(DEAD)
    }

    #[inline]
    fn accepts(&self, state: u8) -> bool {
        match state {
            DEAD => false,
            CERTAIN => true,
            state => self.accepting >> state & 1 == 1,
        }
    }
}
