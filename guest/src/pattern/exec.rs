//! Running: texts, conditions between units, and the three ways to run a simulation.
//!
//! A look-ahead is asked at positions. The first few times it is tried from there; after that one pass over the
//! whole text, from its end and with its automaton reversed, answers for every position. So all stays linear in
//! the length of the text.

use super::automaton::Automaton;
use super::node::Assert;

/// A text as UTF-16 units.
pub(super) trait Text: Copy {
    fn length(self) -> usize;
    fn unit(self, at: usize) -> Option<u16>;
    /// Its bytes, if it is ASCII.
    fn ascii(&self) -> Option<&[u8]>;
}

/// ASCII only: bytes are units.
impl Text for &[u8] {
    #[inline]
    fn length(self) -> usize {
        self.len()
    }
    #[inline]
    fn unit(self, at: usize) -> Option<u16> {
        self.get(at).copied().map(u16::from)
    }
    #[inline]
    fn ascii(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl Text for &[u16] {
    #[inline]
    fn length(self) -> usize {
        self.len()
    }
    #[inline]
    fn unit(self, at: usize) -> Option<u16> {
        self.get(at).copied()
    }
    #[inline]
    fn ascii(&self) -> Option<&[u8]> {
        None
    }
}

/// Times a look-ahead is tried forward before the pass backward; a pass costs as much as one failed try, so with a text
/// longer than this one try is enough.
const TRIES: u8 = 4;
const LONG: usize = 256;

/// What is known of one look-ahead.
#[derive(Debug, Default)]
struct Memo {
    tries: u8,
    /// The latest try.
    last: Option<(usize, bool)>,
    /// One bit for each position, once filled.
    table: Vec<u64>,
}

/// One text under one automaton.
pub(super) struct Context<'a, T> {
    pub(super) automaton: &'a Automaton,
    pub(super) text: T,
    /// Of the first two look-aheads, which is nearly always all of them, and of the others.
    memos: [Memo; 2],
    more: Vec<Memo>,
}

impl<'a, T: Text> Context<'a, T> {
    pub(super) fn new(automaton: &'a Automaton, text: T) -> Self {
        Self { automaton, text, memos: Default::default(), more: Vec::new() }
    }

    /// Does `assert` hold at position `at`?
    pub(super) fn holds(&mut self, assert: Assert, at: usize) -> bool {
        match assert {
            Assert::Start => at == 0,
            Assert::End => at == self.text.length(),
            Assert::Word { negated } => {
                let word = |at: Option<usize>| at.and_then(|at| self.text.unit(at)).is_some_and(is_word);
                (word(at.checked_sub(1)) != word(Some(at))) != negated
            }
            Assert::Look { id, negated } => self.look(usize::from(id), at) != negated,
        }
    }

    fn memo(&mut self, id: usize) -> &mut Memo {
        let [first, second] = &mut self.memos;
        match id {
            0 => first,
            1 => second,
            _ => {
                if self.more.len() < id {
                    self.more.resize_with(id, Memo::default);
                }
                self.more.get_mut(id - 2).unwrap_or(first)
            }
        }
    }

    fn look(&mut self, id: usize, at: usize) -> bool {
        let automaton = self.automaton;
        // There is one for every number in a program.
        let Some(look) = automaton.looks.get(id) else { return false };
        let tries = if self.text.length() > LONG { 1 } else { TRIES };
        let memo = self.memo(id);
        if let Some(word) = memo.table.get(at / 64) {
            return word >> (at % 64) & 1 == 1;
        }
        if let Some((_, answer)) = memo.last.filter(|(known, _)| *known == at) {
            return answer;
        }
        match &look.backward {
            Some(backward) if memo.tries >= tries => {
                let table = backward.positions(self);
                let answer = table.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1);
                self.memo(id).table = table;
                answer
            }
            _ => {
                let answer = look.forward.matches_prefix(self, at);
                let memo = self.memo(id);
                memo.tries = memo.tries.saturating_add(1);
                memo.last = Some((at, answer));
                answer
            }
        }
    }
}

fn is_word(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// A set of states that moves over a text.
pub(super) trait Simulation<T> {
    /// Add the start.
    fn enter(&mut self, context: &mut Context<'_, T>, at: usize);
    /// Take `unit`, which leads to position `at`.
    fn step(&mut self, unit: u16, context: &mut Context<'_, T>, at: usize);
    /// Is a match among the states?
    fn matched(&self) -> bool;
    /// Are there no states that could take anything?
    fn dead(&self) -> bool;
    /// Will the rest match, whatever it is?
    fn certain(&self) -> bool {
        false
    }
}

/// Does all of the text from `at` on match?
#[inline]
pub(super) fn run_full<T: Text>(mut states: impl Simulation<T>, context: &mut Context<'_, T>, mut at: usize) -> bool {
    states.enter(context, at);
    loop {
        if states.certain() {
            return true;
        }
        let Some(unit) = context.text.unit(at) else { return states.matched() };
        if states.dead() {
            return false;
        }
        at += 1;
        states.step(unit, context, at);
    }
}

/// Does some stretch of the text that starts at `at` match?
#[inline]
pub(super) fn run_prefix<T: Text>(mut states: impl Simulation<T>, context: &mut Context<'_, T>, mut at: usize) -> bool {
    states.enter(context, at);
    loop {
        if states.matched() {
            return true;
        }
        let Some(unit) = context.text.unit(at) else { return false };
        if states.dead() {
            return false;
        }
        at += 1;
        states.step(unit, context, at);
    }
}

/// With a reversed automaton: at which positions does a match start? One bit for each, the end included.
pub(super) fn run_backward<T: Text>(mut states: impl Simulation<T>, context: &mut Context<'_, T>) -> Vec<u64> {
    let mut at = context.text.length();
    let mut table = vec![0u64; at / 64 + 1];
    loop {
        states.enter(context, at);
        if states.matched()
            && let Some(word) = table.get_mut(at / 64)
        {
            *word |= 1 << (at % 64);
        }
        let Some(before) = at.checked_sub(1) else { return table };
        at = before;
        states.step(context.text.unit(at).unwrap_or_default(), context, at);
    }
}
