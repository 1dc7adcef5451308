//! Thompson's automaton.

use super::node::{Assert, Node, Repeat};

/// Most states of one pattern, its look-aheads included: 20,000 states cost about 300 kB.
pub(super) const MAX_STATES: usize = 20_000;

/// One state. `next` and the like are numbers of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inst {
    /// Take a unit of that class.
    Class { class: u32, next: u32 },
    /// Go both ways; the first is preferred.
    Split { first: u32, second: u32 },
    /// Note the position.
    Save { slot: u32, next: u32 },
    /// Clear the slots from `first` to before `last`. Only in programs for captures.
    Forget { first: u32, last: u32, next: u32 },
    /// Go on if that holds here.
    Assert { assert: Assert, next: u32 },
    /// Done.
    Match,
}

/// A compiled node.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    pub(super) insts: Vec<Inst>,
    pub(super) start: u32,
}

impl Program {
    /// Bytes.
    pub(super) fn weight(&self) -> usize {
        self.insts.len() * size_of::<Inst>()
    }

    #[inline]
    pub(super) fn inst(&self, at: u32) -> Inst {
        self.insts.get(at as usize).copied().unwrap_or(Inst::Match)
    }
}

/// More than [`MAX_STATES`].
#[derive(Debug)]
pub(super) struct TooMany;

/// What is left of the limits; shared by all programs of a pattern.
#[derive(Debug)]
pub(super) struct Budget {
    states: usize,
    /// Steps of the compiler: repeating nothing a million times makes no state but takes time.
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { states: MAX_STATES, steps: 4 * MAX_STATES }
    }

    /// One state more.
    pub(super) fn state(&mut self) -> Result<(), TooMany> {
        self.states = self.states.checked_sub(1).ok_or(TooMany)?;
        Ok(())
    }

    /// One step more.
    pub(super) fn step(&mut self) -> Result<(), TooMany> {
        self.steps = self.steps.checked_sub(1).ok_or(TooMany)?;
        Ok(())
    }
}

/// Compile a sequence of nodes; `reverse`: for reading the text from its end.
pub(super) fn compile(nodes: &[Node], reverse: bool, budget: &mut Budget) -> Result<Program, TooMany> {
    let mut compiler = Compiler { insts: Vec::new(), reverse, budget };
    let end = compiler.push(Inst::Match)?;
    let start = compiler.sequence(nodes, end)?;
    Ok(Program { insts: compiler.insts, start })
}

/// Works backwards: each piece is compiled with the state that follows it.
struct Compiler<'b> {
    insts: Vec<Inst>,
    reverse: bool,
    budget: &'b mut Budget,
}

impl Compiler<'_> {
    fn push(&mut self, inst: Inst) -> Result<u32, TooMany> {
        self.budget.state()?;
        let at = u32::try_from(self.insts.len()).map_err(|_| TooMany)?;
        self.insts.push(inst);
        Ok(at)
    }

    fn sequence(&mut self, nodes: &[Node], next: u32) -> Result<u32, TooMany> {
        if self.reverse {
            nodes.iter().try_fold(next, |next, node| self.node(node, next))
        } else {
            nodes.iter().rev().try_fold(next, |next, node| self.node(node, next))
        }
    }

    fn node(&mut self, node: &Node, next: u32) -> Result<u32, TooMany> {
        self.budget.step()?;
        match node {
            Node::Class(class) => self.push(Inst::Class { class: *class, next }),
            Node::Concat(nodes) => self.sequence(nodes, next),
            Node::Alt(nodes) => {
                let mut entry = None;
                for node in nodes.iter().rev() {
                    let first = self.node(node, next)?;
                    entry = Some(match entry {
                        None => first,
                        Some(second) => self.push(Inst::Split { first, second })?,
                    });
                }
                Ok(entry.unwrap_or(next))
            }
            Node::Repeat(repeat) => self.repeat(repeat, next),
            Node::Capture(number, node) => {
                let (before, after) = (number.saturating_mul(2), number.saturating_mul(2).saturating_add(1));
                let after = self.push(Inst::Save { slot: after, next })?;
                let inner = self.node(node, after)?;
                self.push(Inst::Save { slot: before, next: inner })
            }
            Node::Assert(assert) => self.push(Inst::Assert { assert: *assert, next }),
        }
    }

    fn repeat(&mut self, repeat: &Repeat, next: u32) -> Result<u32, TooMany> {
        let split = |inner: u32| match repeat.greedy {
            true => Inst::Split { first: inner, second: next },
            false => Inst::Split { first: next, second: inner },
        };
        let mut entry = next;
        let mut copies = repeat.min;
        match repeat.max {
            Some(max) => {
                for _ in repeat.min..max {
                    let inner = self.node(&repeat.node, entry)?;
                    entry = self.push(split(inner))?;
                }
            }
            None => {
                let again = self.push(Inst::Match)?;
                let inner = self.node(&repeat.node, again)?;
                if let Some(inst) = self.insts.get_mut(again as usize) {
                    *inst = split(inner);
                }
                entry = if copies > 0 { inner } else { again };
                copies = copies.saturating_sub(1);
            }
        }
        for _ in 0..copies {
            entry = self.node(&repeat.node, entry)?;
        }
        Ok(entry)
    }
}
