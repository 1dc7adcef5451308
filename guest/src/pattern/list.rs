//! Automata of any size as a list of states.

use super::exec::{Context, Simulation, Text};
use super::nfa::{Inst, Program};

/// A run.
pub(super) struct ListRun<'p> {
    program: &'p Program,
    /// States that take a unit.
    live: Vec<u32>,
    next: Vec<u32>,
    /// For each state, the step in which it was reached last.
    seen: Vec<usize>,
    step: usize,
    stack: Vec<u32>,
    matched: bool,
}

impl<'p> ListRun<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let seen = vec![0; program.insts.len()];
        Self { program, live: Vec::new(), next: Vec::new(), seen, step: 1, stack: Vec::new(), matched: false }
    }

    /// Add `state` and all that follows without a unit to `self.next`.
    fn add<T: Text>(&mut self, state: u32, context: &mut Context<'_, T>, at: usize) {
        self.stack.push(state);
        while let Some(state) = self.stack.pop() {
            let Some(seen) = self.seen.get_mut(state as usize) else { continue };
            if std::mem::replace(seen, self.step) == self.step {
                continue;
            }
            match self.program.inst(state) {
                Inst::Class { .. } => self.next.push(state),
                Inst::Split { first, second } => self.stack.extend([second, first]),
                Inst::Save { next, .. } | Inst::Forget { next, .. } => self.stack.push(next),
                Inst::Assert { assert, next } => {
                    if context.holds(assert, at) {
                        self.stack.push(next);
                    }
                }
                Inst::Match => self.matched = true,
            }
        }
    }
}

impl<T: Text> Simulation<T> for ListRun<'_> {
    fn enter(&mut self, context: &mut Context<'_, T>, at: usize) {
        std::mem::swap(&mut self.live, &mut self.next);
        self.add(self.program.start, context, at);
        std::mem::swap(&mut self.live, &mut self.next);
    }

    fn step(&mut self, unit: u16, context: &mut Context<'_, T>, at: usize) {
        self.step += 1;
        self.matched = false;
        self.next.clear();
        let mut live = std::mem::take(&mut self.live);
        for &state in &live {
            if let Inst::Class { class, next } = self.program.inst(state)
                && context.automaton.classes.get(class as usize).is_some_and(|class| class.contains(unit))
            {
                self.add(next, context, at);
            }
        }
        live.clear();
        self.live = std::mem::replace(&mut self.next, live);
    }

    fn matched(&self) -> bool {
        self.matched
    }

    fn dead(&self) -> bool {
        self.live.is_empty()
    }
}
