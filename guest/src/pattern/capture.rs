//! Captures: a list of states in order of preference, each with the positions it noted (Pike).

use super::exec::{Context, Text};
use super::nfa::{Inst, Program};

/// No position.
pub(super) const NONE: u32 = u32::MAX;

/// States with their slots.
#[derive(Default)]
struct Threads {
    states: Vec<u32>,
    /// `slots` entries for each state.
    slots: Vec<u32>,
}

/// What is still to do in a closure.
enum Job {
    Visit(u32),
    Restore { slot: u32, value: u32 },
}

/// The positions of the preferred match of all the text from `from` on: two for each capture, [`NONE`] if it took
/// no part.
pub(super) fn run<T: Text>(
    program: &Program,
    slots: usize,
    context: &mut Context<'_, T>,
    from: usize,
) -> Option<Vec<u32>> {
    let mut pike = Pike { program, slots, seen: vec![usize::MAX; program.insts.len()], jobs: Vec::new() };
    let mut live = Threads::default();
    let mut next = Threads::default();
    let mut scratch = vec![NONE; slots];
    pike.add(&mut live, &mut scratch, program.start, context, from);
    let mut at = from;
    while let Some(unit) = context.text.unit(at) {
        if live.states.is_empty() {
            return None;
        }
        at += 1;
        next.states.clear();
        next.slots.clear();
        for (thread, &state) in live.states.iter().enumerate() {
            if let Inst::Class { class, next: to } = program.inst(state)
                && context.automaton.classes.get(class as usize).is_some_and(|class| class.contains(unit))
                && let Some(noted) = live.slots.get(thread * slots..(thread + 1) * slots)
            {
                scratch.copy_from_slice(noted);
                pike.add(&mut next, &mut scratch, to, context, at);
            }
        }
        std::mem::swap(&mut live, &mut next);
    }
    let thread = live.states.iter().position(|&state| program.inst(state) == Inst::Match)?;
    live.slots.get(thread * slots..(thread + 1) * slots).map(<[u32]>::to_vec)
}

struct Pike<'p> {
    program: &'p Program,
    slots: usize,
    /// For each state, the position at which it was reached last.
    seen: Vec<usize>,
    jobs: Vec<Job>,
}

impl Pike<'_> {
    fn add<T: Text>(
        &mut self,
        threads: &mut Threads,
        noted: &mut [u32],
        state: u32,
        context: &mut Context<'_, T>,
        at: usize,
    ) {
        debug_assert_eq!(noted.len(), self.slots);
        self.jobs.push(Job::Visit(state));
        while let Some(job) = self.jobs.pop() {
            let state = match job {
                Job::Visit(state) => state,
                Job::Restore { slot, value } => {
                    if let Some(noted) = noted.get_mut(slot as usize) {
                        *noted = value;
                    }
                    continue;
                }
            };
            let Some(seen) = self.seen.get_mut(state as usize) else { continue };
            if std::mem::replace(seen, at) == at {
                continue;
            }
            match self.program.inst(state) {
                Inst::Class { .. } | Inst::Match => {
                    threads.states.push(state);
                    threads.slots.extend_from_slice(noted);
                }
                Inst::Split { first, second } => {
                    self.jobs.push(Job::Visit(second));
                    self.jobs.push(Job::Visit(first));
                }
                Inst::Save { slot, next } => {
                    if let Some(noted) = noted.get_mut(slot as usize) {
                        let value = std::mem::replace(noted, u32::try_from(at).unwrap_or(NONE));
                        self.jobs.push(Job::Restore { slot, value });
                    }
                    self.jobs.push(Job::Visit(next));
                }
                Inst::Forget { first, last, next } => {
                    for (slot, noted) in (first..last).zip(noted.iter_mut().skip(first as usize)) {
                        let value = std::mem::replace(noted, NONE);
                        self.jobs.push(Job::Restore { slot, value });
                    }
                    self.jobs.push(Job::Visit(next));
                }
                Inst::Assert { assert, next } => {
                    if context.holds(assert, at) {
                        self.jobs.push(Job::Visit(next));
                    }
                }
            }
        }
    }
}
