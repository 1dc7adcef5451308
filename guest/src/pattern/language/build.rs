//! From the tree of an expression to its machine.

use super::machine::{DONE, END, Machine, PLACES, Ways};
use super::row::{self, Row};
use crate::pattern::nfa::{self, Budget, Inst, Program};
use crate::pattern::node::{Assert, Tree};

/// Most places of one expression. Real ones have up to 300.
const MAX_PLACES: usize = 1_022;
/// Most conditions in one expression, and most ways through them from one place.
const MAX_ASSERTS: usize = 64;
const MAX_WAYS: usize = 512;

/// See [`Machine`].
pub(super) struct Builder<'t> {
    tree: &'t Tree,
    /// That of the expression, then those of its look-aheads.
    programs: Vec<Program>,
    /// For each program and state, its place.
    places: Vec<Vec<Option<usize>>>,
    asserts: Vec<Assert>,
    count: usize,
}

impl<'t> Builder<'t> {
    pub(super) fn new(tree: &'t Tree) -> Option<Self> {
        let mut budget = Budget::new();
        let mut programs = vec![nfa::compile(tree.root.sequence(), false, &mut budget).ok()?];
        for look in &tree.looks {
            programs.push(nfa::compile(std::slice::from_ref(&look.body), false, &mut budget).ok()?);
        }
        let mut builder = Self { tree, programs, places: Vec::new(), asserts: Vec::new(), count: 0 };
        for program in &builder.programs {
            let mut places = Vec::with_capacity(program.insts.len());
            for inst in &program.insts {
                let place = matches!(inst, Inst::Class { .. }).then_some(builder.count);
                builder.count += usize::from(place.is_some());
                places.push(place);
                if let Inst::Assert { assert, .. } = inst
                    && !builder.asserts.contains(assert)
                {
                    builder.asserts.push(*assert);
                }
            }
            builder.places.push(places);
        }
        (builder.count <= MAX_PLACES && builder.asserts.len() <= MAX_ASSERTS).then_some(builder)
    }

    pub(super) fn build(self) -> Option<Machine> {
        let words = row::words(PLACES + self.count);
        let mut follow = Vec::with_capacity(self.count * words);
        let mut guarded = Vec::new();
        let mut sets = Vec::with_capacity(self.count);
        let mut place = PLACES;
        let mut starts = Vec::with_capacity(self.programs.len());
        let mut classes: Vec<(u128, Row)> = Vec::new();
        let mut main = row::empty(words);
        row::set(&mut main, END);
        for (number, program) in self.programs.iter().enumerate() {
            starts.push(self.ways(number, program.start, words)?);
            for inst in &program.insts {
                let Inst::Class { class, next } = *inst else { continue };
                let ways = self.ways(number, next, words)?;
                follow.extend_from_slice(&ways.plain);
                guarded.extend(ways.guarded.into_iter().map(|(asserts, to)| (place, asserts, to)));
                let set = self.tree.classes.get(class as usize).map_or(0, |class| class.ascii);
                sets.push(set);
                let known = match classes.iter().position(|(known, _)| *known == set) {
                    Some(known) => known,
                    None => {
                        classes.push((set, row::empty(words)));
                        classes.len() - 1
                    }
                };
                if let Some((_, places)) = classes.get_mut(known) {
                    row::set(places, place);
                }
                if number == 0 {
                    row::set(&mut main, place);
                }
                place += 1;
            }
        }
        let mut starts = starts.into_iter();
        let start = starts.next()?;
        let asks_words = self.asserts.iter().any(|assert| matches!(assert, Assert::Word { .. }));
        let looks = starts.collect();
        Some(Machine { words, classes, sets, follow, guarded, asserts: self.asserts, looks, start, main, asks_words })
    }

    /// All that can be reached from `state` of that program without taking a unit. None if there are too many ways.
    fn ways(&self, program: usize, state: u32, words: usize) -> Option<Ways> {
        let insts = self.programs.get(program)?;
        let places = self.places.get(program)?;
        let mut ways = Ways { plain: row::empty(words), guarded: Vec::new() };
        let mut seen: Vec<(u32, u64)> = Vec::new();
        let mut seen_plain = vec![false; insts.insts.len()];
        let mut stack = vec![(state, 0u64)];
        while let Some((state, asserts)) = stack.pop() {
            if asserts == 0 {
                let Some(seen) = seen_plain.get_mut(state as usize) else { continue };
                if std::mem::replace(seen, true) {
                    continue;
                }
            } else {
                if seen.contains(&(state, asserts)) {
                    continue;
                }
                if seen.len() >= MAX_WAYS {
                    return None;
                }
                seen.push((state, asserts));
            }
            let bit = match insts.inst(state) {
                Inst::Match if program == 0 => END,
                Inst::Match => DONE,
                Inst::Class { .. } => PLACES + places.get(state as usize).copied().flatten()?,
                Inst::Save { next, .. } | Inst::Forget { next, .. } => {
                    stack.push((next, asserts));
                    continue;
                }
                Inst::Split { first, second } => {
                    stack.push((first, asserts));
                    stack.push((second, asserts));
                    continue;
                }
                Inst::Assert { assert, next } => {
                    let number = self.asserts.iter().position(|known| *known == assert)?;
                    stack.push((next, asserts | 1 << number));
                    continue;
                }
            };
            if asserts == 0 {
                row::set(&mut ways.plain, bit);
            } else if let Some((_, to)) = ways.guarded.iter_mut().find(|(known, _)| *known == asserts) {
                row::set(to, bit);
            } else {
                let mut to = row::empty(words);
                row::set(&mut to, bit);
                ways.guarded.push((asserts, to));
            }
        }
        Some(ways)
    }
}
