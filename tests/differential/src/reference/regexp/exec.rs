//! The matcher: a function for each kind of node, which is handed what is to be matched after it.
//!
//! Names as in ECMA-262, section 22.2.2: `x` is a state, `c` a continuation. Each node that is visited is a step;
//! whoever takes too many of them gets no answer.

use super::canonical::{canonicalize, equals};
use super::{Class, Flags, Node, Regexp};
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// Steps for one search. Beyond it backtracking has become exponential.
const MAX_STEPS: u32 = 200_000;
/// Visits within visits, each of which takes some of the stack.
const MAX_DEPTH: u32 = 20_000;

/// For each group, from 0 for the whole match, where it starts and ends.
pub type Captures = Vec<Option<Range<usize>>>;

/// What a search has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A match.
    Match(Captures),
    /// None.
    Nothing,
    /// It was given up.
    TooSlow,
}

/// Where the matcher is and what it has captured.
#[derive(Clone)]
struct State {
    end: usize,
    /// Group 1 is at 0.
    captures: Rc<Vec<Option<Range<usize>>>>,
}

enum Outcome {
    Success(State),
    Failure,
    GivenUp,
}
use Outcome::{Failure, GivenUp, Success};

type Continuation<'c> = &'c dyn Fn(State) -> Outcome;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}
use Direction::{Backward, Forward};

impl Regexp {
    /// The first match in `text` that starts at `from` or later: `RegExp.prototype.exec`.
    pub fn exec(&self, flags: Flags, text: &[u16], from: usize) -> Found {
        let steps = Cell::new(0);
        for start in from..=text.len() {
            match self.match_from(flags, text, start, &steps, &Success) {
                Found::Nothing => {}
                found => return found,
            }
        }
        Found::Nothing
    }

    /// A match at `at` or none: the same with the flag `y`.
    pub fn exec_at(&self, flags: Flags, text: &[u16], at: usize) -> Found {
        self.match_from(flags, text, at, &Cell::new(0), &Success)
    }

    /// A match of the whole text: of `^(?:…)$`.
    pub fn exec_whole(&self, flags: Flags, text: &[u16]) -> Found {
        let whole = |x: State| if x.end == text.len() { Success(x) } else { Failure };
        self.match_from(flags, text, 0, &Cell::new(0), &whole)
    }

    fn match_from(&self, flags: Flags, text: &[u16], start: usize, steps: &Cell<u32>, c: Continuation<'_>) -> Found {
        let matcher = Matcher { flags, text, steps, depth: Cell::new(0) };
        let x = State { end: start, captures: Rc::new(vec![None; self.groups]) };
        match matcher.node(&self.root, Forward, x, c) {
            Success(y) => {
                let mut captures = vec![Some(start..y.end)];
                captures.extend(y.captures.iter().cloned());
                Found::Match(captures)
            }
            Failure => Found::Nothing,
            GivenUp => Found::TooSlow,
        }
    }
}

struct Matcher<'m> {
    flags: Flags,
    text: &'m [u16],
    steps: &'m Cell<u32>,
    depth: Cell<u32>,
}

impl Matcher<'_> {
    fn node(&self, node: &Node, direction: Direction, x: State, c: Continuation<'_>) -> Outcome {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS || self.depth.get() >= MAX_DEPTH {
            return GivenUp;
        }
        self.depth.set(self.depth.get() + 1);
        let outcome = self.visit(node, direction, x, c);
        self.depth.set(self.depth.get() - 1);
        outcome
    }

    fn visit(&self, node: &Node, direction: Direction, x: State, c: Continuation<'_>) -> Outcome {
        match node {
            Node::Char(char) => self.unit(direction, x, c, |unit| self.same(unit, *char)),
            Node::Any => self
                .unit(direction, x, c, |unit| self.flags.dot_all || !matches!(unit, 0x000A | 0x000D | 0x2028 | 0x2029)),
            Node::Class(class) => self.unit(direction, x, c, |unit| self.takes(class, unit)),
            Node::Sequence(nodes) => self.sequence(nodes, direction, x, c),
            Node::Alternatives(nodes) => {
                for node in nodes {
                    match self.node(node, direction, x.clone(), c) {
                        Failure => {}
                        outcome => return outcome,
                    }
                }
                Failure
            }
            Node::Capture(number, body) => {
                let start = x.end;
                self.node(body, direction, x, &|y| {
                    let mut captures = (*y.captures).clone();
                    captures[number - 1] = Some(start.min(y.end)..start.max(y.end));
                    c(State { end: y.end, captures: Rc::new(captures) })
                })
            }
            Node::Repeat { .. } => self.repeat(node, 0, direction, x, c),
            Node::Start => self.assert(x.end == 0, x, c),
            Node::End => self.assert(x.end == self.text.len(), x, c),
            Node::WordBoundary { negated } => {
                let before = x.end.checked_sub(1).is_some_and(|at| self.is_word(at));
                self.assert((before != self.is_word(x.end)) != *negated, x, c)
            }
            Node::Look { behind, negated, body } => {
                let direction = if *behind { Backward } else { Forward };
                match (self.node(body, direction, x.clone(), &Success), *negated) {
                    (GivenUp, _) => GivenUp,
                    (Success(y), false) => c(State { end: x.end, captures: y.captures }),
                    (Failure, true) => c(x),
                    _ => Failure,
                }
            }
            Node::BackReference(number) => {
                let Some(range) = x.captures[number - 1].clone() else { return c(x) };
                let length = range.len();
                let there = match direction {
                    Forward => Some(x.end..x.end + length).filter(|there| there.end <= self.text.len()),
                    Backward => x.end.checked_sub(length).map(|start| start..x.end),
                };
                let Some(there) = there else { return Failure };
                let end = if direction == Forward { there.end } else { there.start };
                let same = range.zip(there).all(|(a, b)| self.same(self.text[a], self.text[b]));
                if same { c(State { end, captures: x.captures }) } else { Failure }
            }
        }
    }

    /// One unit that is `taken`.
    fn unit(&self, direction: Direction, x: State, c: Continuation<'_>, taken: impl Fn(u16) -> bool) -> Outcome {
        let (at, end) = match direction {
            Forward => (Some(x.end), x.end + 1),
            Backward => (x.end.checked_sub(1), x.end.saturating_sub(1)),
        };
        match at.and_then(|at| self.text.get(at)) {
            Some(&unit) if taken(unit) => c(State { end, captures: x.captures }),
            _ => Failure,
        }
    }

    fn sequence(&self, nodes: &[Node], direction: Direction, x: State, c: Continuation<'_>) -> Outcome {
        let first = match direction {
            Forward => nodes.split_first(),
            Backward => nodes.split_last(),
        };
        match first {
            None => c(x),
            Some((node, others)) => self.node(node, direction, x, &|y| self.sequence(others, direction, y, c)),
        }
    }

    /// `RepeatMatcher`, after `count` rounds.
    fn repeat(&self, node: &Node, count: u64, direction: Direction, x: State, c: Continuation<'_>) -> Outcome {
        let Node::Repeat { body, min, max, greedy, groups } = node else { return Failure };
        if *max == Some(count) {
            return c(x);
        }
        let start = x.end;
        let enough = count >= *min;
        let again = |x: State| {
            let mut captures = (*x.captures).clone();
            captures[groups.start - 1..groups.end - 1].fill(None);
            let x = State { end: x.end, captures: Rc::new(captures) };
            self.node(body, direction, x, &|y| {
                // A round beyond the needed ones must take something.
                if enough && y.end == start { Failure } else { self.repeat(node, count + 1, direction, y, c) }
            })
        };
        if !enough {
            return again(x);
        }
        let first = if *greedy { again(x.clone()) } else { c(x.clone()) };
        match first {
            Failure => {}
            outcome => return outcome,
        }
        if *greedy { c(x) } else { again(x) }
    }

    fn assert(&self, holds: bool, x: State, c: Continuation<'_>) -> Outcome {
        if holds { c(x) } else { Failure }
    }

    fn same(&self, a: u16, b: u16) -> bool {
        if self.flags.ignore_case { canonicalize(a) == canonicalize(b) } else { a == b }
    }

    fn takes(&self, class: &Class, unit: u16) -> bool {
        let listed = if self.flags.ignore_case {
            equals(unit).iter().any(|&other| class.lists(other))
        } else {
            class.lists(unit)
        };
        listed != class.negated
    }

    fn is_word(&self, at: usize) -> bool {
        let unit = self.text.get(at).and_then(|&unit| u8::try_from(unit).ok());
        unit.is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    }
}
