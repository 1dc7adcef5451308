//! The automaton for captures where it matters what each round of a repetition takes.
//!
//! JavaScript has two rules for rounds that change nothing about what matches, only what is captured: a round
//! beyond the needed ones must take something (`/x(.*)?` does not capture on `/x`), and each round forgets what the
//! one before captured within. For the first rule a state is needed twice: in a round that has taken nothing yet,
//! and in one that has. Taking a unit leads from the first to the second; the end of the round is only there in the
//! second.

use super::nfa::{Budget, Inst, Program, TooMany};
use super::node::{Node, Repeat};
use std::ops::Range;

/// Does the plain automaton capture anything else for these nodes?
pub(super) fn matter(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Class(_) | Node::Assert(_) => false,
        Node::Concat(nodes) | Node::Alt(nodes) => matter(nodes),
        Node::Capture(_, node) => matter(std::slice::from_ref(node)),
        Node::Repeat(repeat) => {
            let may_end_early = repeat.max != Some(repeat.min) && repeat.node.may_be_empty();
            let forgets = repeats(repeat) && captures(&repeat.node).is_some();
            may_end_early || forgets || matter(std::slice::from_ref(&repeat.node))
        }
    })
}

/// Compile a sequence of nodes, to be read forward.
pub(super) fn compile(nodes: &[Node], budget: &mut Budget) -> Result<Program, TooMany> {
    let mut compiler = Compiler { insts: Vec::new(), budget };
    let end = compiler.push(Inst::Match)?;
    let start = compiler.sequence(nodes, Ends { fresh: Some(end), fed: end })?;
    Ok(Program { insts: compiler.insts, start: start.fresh.unwrap_or(end) })
}

/// May there be a second round?
fn repeats(repeat: &Repeat) -> bool {
    repeat.max.is_none_or(|max| max > 1)
}

/// The numbers of the captures within; they follow each other.
fn captures(node: &Node) -> Option<Range<u32>> {
    let join = |all: Option<Range<u32>>, one: Option<Range<u32>>| match (all, one) {
        (Some(all), Some(one)) => Some(all.start.min(one.start)..all.end.max(one.end)),
        (all, one) => all.or(one),
    };
    match node {
        Node::Class(_) | Node::Assert(_) => None,
        Node::Concat(nodes) | Node::Alt(nodes) => nodes.iter().map(captures).fold(None, join),
        Node::Repeat(repeat) => captures(&repeat.node),
        Node::Capture(number, node) => join(Some(*number..number.saturating_add(1)), captures(node)),
    }
}

/// Where to go on, or where to come in, by what the innermost round with the first rule has taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    /// Nothing. There may be no way.
    fresh: Option<u32>,
    /// Something.
    fed: u32,
}

/// Works backwards, as the plain one does. What is the same for both ends is compiled once.
struct Compiler<'b> {
    insts: Vec<Inst>,
    budget: &'b mut Budget,
}

impl Compiler<'_> {
    fn push(&mut self, inst: Inst) -> Result<u32, TooMany> {
        self.budget.state()?;
        let at = u32::try_from(self.insts.len()).map_err(|_| TooMany)?;
        self.insts.push(inst);
        Ok(at)
    }

    /// An instruction that takes nothing, before both ends.
    fn before(&mut self, next: Ends, inst: impl Fn(u32) -> Inst) -> Result<Ends, TooMany> {
        let fed = self.push(inst(next.fed))?;
        let fresh = match next.fresh {
            Some(fresh) if fresh == next.fed => Some(fed),
            Some(fresh) => Some(self.push(inst(fresh))?),
            None => None,
        };
        Ok(Ends { fresh, fed })
    }

    /// Both ways, the first preferred, for each end.
    fn split(&mut self, first: Ends, second: Ends) -> Result<Ends, TooMany> {
        let fed = self.push(Inst::Split { first: first.fed, second: second.fed })?;
        let same = first.fresh == Some(first.fed) && second.fresh == Some(second.fed);
        let fresh = match (first.fresh, second.fresh) {
            _ if same => Some(fed),
            (Some(first), Some(second)) => Some(self.push(Inst::Split { first, second })?),
            (one, other) => one.or(other),
        };
        Ok(Ends { fresh, fed })
    }

    fn sequence(&mut self, nodes: &[Node], next: Ends) -> Result<Ends, TooMany> {
        nodes.iter().rev().try_fold(next, |next, node| self.node(node, next))
    }

    fn node(&mut self, node: &Node, next: Ends) -> Result<Ends, TooMany> {
        self.budget.step()?;
        match node {
            Node::Class(class) => {
                let at = self.push(Inst::Class { class: *class, next: next.fed })?;
                Ok(Ends { fresh: Some(at), fed: at })
            }
            Node::Concat(nodes) => self.sequence(nodes, next),
            Node::Alt(nodes) => {
                let mut entry = None;
                for node in nodes.iter().rev() {
                    let first = self.node(node, next)?;
                    entry = Some(match entry {
                        None => first,
                        Some(second) => self.split(first, second)?,
                    });
                }
                Ok(entry.unwrap_or(next))
            }
            Node::Repeat(repeat) => self.repeat(repeat, next),
            Node::Capture(number, node) => {
                let (start, end) = (number.saturating_mul(2), number.saturating_mul(2).saturating_add(1));
                let end = self.before(next, |next| Inst::Save { slot: end, next })?;
                let inner = self.node(node, end)?;
                self.before(inner, |next| Inst::Save { slot: start, next })
            }
            Node::Assert(assert) => self.before(next, |next| Inst::Assert { assert: *assert, next }),
        }
    }

    fn repeat(&mut self, repeat: &Repeat, next: Ends) -> Result<Ends, TooMany> {
        let forgotten = captures(&repeat.node).filter(|_| repeats(repeat));
        let mut needed = repeat.min;
        let mut entry = next;
        match repeat.max {
            Some(max) => {
                for _ in repeat.min..max {
                    let round = self.round(repeat, forgotten.as_ref(), Ends { fresh: None, fed: entry.fed })?;
                    entry = self.choice(repeat, round.fresh, next)?;
                }
            }
            None => {
                let again = self.push(Inst::Match)?;
                let round = self.round(repeat, forgotten.as_ref(), Ends { fresh: None, fed: again })?;
                // Unless it may be empty, a needed round is as any other.
                if needed > 0 && round.fresh == Some(round.fed) {
                    entry = round;
                    needed -= 1;
                } else {
                    entry = self.choice(repeat, round.fresh, next)?;
                }
                let inner = round.fresh.unwrap_or(next.fed);
                let head = match repeat.greedy {
                    true => Inst::Split { first: inner, second: next.fed },
                    false => Inst::Split { first: next.fed, second: inner },
                };
                if let Some(inst) = self.insts.get_mut(again as usize) {
                    *inst = head;
                }
            }
        }
        for _ in 0..needed {
            entry = self.round(repeat, forgotten.as_ref(), entry)?;
        }
        Ok(entry)
    }

    /// One round more or the end, for both ends.
    fn choice(&mut self, repeat: &Repeat, round: Option<u32>, next: Ends) -> Result<Ends, TooMany> {
        // A round that can take nothing never ends.
        let Some(round) = round else { return Ok(next) };
        let round = Ends { fresh: Some(round), fed: round };
        if repeat.greedy { self.split(round, next) } else { self.split(next, round) }
    }

    /// One round.
    fn round(&mut self, repeat: &Repeat, forgotten: Option<&Range<u32>>, next: Ends) -> Result<Ends, TooMany> {
        let inner = self.node(&repeat.node, next)?;
        match forgotten {
            None => Ok(inner),
            Some(captures) => {
                let (first, last) = (captures.start.saturating_mul(2), captures.end.saturating_mul(2));
                self.before(inner, |next| Inst::Forget { first, last, next })
            }
        }
    }
}
