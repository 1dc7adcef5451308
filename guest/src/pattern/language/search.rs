//! The search for a shortest word: breadth first over the states of all languages of a question at once.

use super::machine::is_word;
use super::question::{Answer, Clause, Edit, Part};
use super::reader::{AFTER_WORD, AT_END, Phase, Reader};
use super::row::{self, Row};
use super::store::{Number, Store};
use super::{Effort, letters};

/// See above. A state is a row of each language and a last word: two bits for the phase of each language, and what is known
/// of the word itself.
pub(super) struct Search<'q> {
    readers: Vec<Reader<'q>>,
    clauses: &'q [Clause],
    letters: Vec<u8>,
    store: Store,
    width: usize,
    asks_words: bool,
}

impl<'q> Search<'q> {
    pub(super) fn new(parts: &'q [Part<'q>], clauses: &'q [Clause]) -> Self {
        let sets = parts.iter().flat_map(|part| part.machine.classes.iter().map(|(set, _)| *set));
        let cuts = parts.iter().filter_map(|part| match part.edit {
            Edit::Cut(at, _) => u8::try_from(at).ok().filter(u8::is_ascii).map(|at| 1 << at),
            _ => None,
        });
        let asks_words = parts.iter().any(|part| part.machine.asks_words);
        let word = |letter: &u8| is_word(*letter);
        let words = asks_words.then(|| (0..128).filter(word).fold(0, |set, letter| set | 1 << letter));
        let letters = letters::kinds(sets.chain(cuts).chain(words));
        let mut width = 0;
        let mut readers = Vec::with_capacity(parts.len());
        for part in parts {
            readers.push(Reader::new(part, width, &letters));
            width += part.machine.words;
        }
        width += 1;
        Self { readers, clauses, letters, store: Store::new(width), width, asks_words }
    }

    /// Search until something is found, all is seen, or it has cost too much.
    pub(super) fn run(mut self, effort: &mut Effort) -> Answer {
        let start = self.start();
        if self.holds(&start) {
            return Answer::Word(String::new());
        }
        self.store.insert(&start, 0, 0);
        let cost = self.readers.iter().map(Reader::cost).sum::<usize>() + self.letters.len() * self.width * 4;
        let mut state = start;
        let mut number: Number = 0;
        let mut allowed = effort.each.min(effort.left);
        while (number as usize) < self.store.len() {
            let Some(rest) = allowed.checked_sub(cost) else { return Answer::Undecided };
            (allowed, effort.left) = (rest, effort.left - cost);
            state.copy_from_slice(self.store.row(number));
            if let Some(found) = self.expand(&state, number) {
                return Answer::Word(self.store.word(found));
            }
            number += 1;
        }
        Answer::None
    }

    /// Nothing read.
    fn start(&self) -> Row {
        let mut state = row::empty(self.width);
        let phases = self.readers.iter().enumerate();
        let flags = phases.fold(AT_END, |flags, (part, reader)| flags | reader.start(&mut state).bits(part));
        if let Some(last) = state.last_mut() {
            *last = flags;
        }
        state
    }

    /// Note all states one letter on. Tells the first of which all clauses hold.
    fn expand(&mut self, state: &[u64], number: Number) -> Option<Number> {
        let flags = state.last().copied().unwrap_or(0);
        for (part, reader) in self.readers.iter_mut().enumerate() {
            reader.prepare(state, Phase::of(flags, part), flags);
        }
        let mut next = row::empty(self.width);
        for (kind, letter) in self.letters.iter().enumerate() {
            let mut next_flags = if self.asks_words && is_word(*letter) { AFTER_WORD } else { 0 };
            for (part, reader) in self.readers.iter().enumerate() {
                next_flags |= reader.step(&mut next, Phase::of(flags, part), kind, *letter).bits(part);
            }
            if let Some(last) = next.last_mut() {
                *last = next_flags;
            }
            if !self.may_hold(&next) {
                continue;
            }
            if let Some(new) = self.store.insert(&next, number, *letter)
                && self.holds(&next)
            {
                return Some(new);
            }
        }
        None
    }

    fn accepted(&self, state: &[u64], part: usize) -> bool {
        let flags = state.last().copied().unwrap_or(0);
        self.readers.get(part).is_some_and(|reader| reader.accepted(state, Phase::of(flags, part), flags))
    }

    fn holds(&self, state: &[u64]) -> bool {
        let mut clauses = self.clauses.iter();
        clauses.all(|clause| clause.iter().any(|(part, wanted)| self.accepted(state, *part) == *wanted))
    }

    /// Could all clauses hold of some longer word?
    fn may_hold(&self, state: &[u64]) -> bool {
        let flags = state.last().copied().unwrap_or(0);
        let lives =
            |part: usize| self.readers.get(part).is_some_and(|reader| reader.lives(state, Phase::of(flags, part)));
        let mut clauses = self.clauses.iter();
        clauses.all(|clause| clause.iter().any(|(part, wanted)| !wanted || lives(*part)))
    }
}
