//! The tree that every dialect is parsed into.

use super::class::Class;

/// A piece of a regular expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// One unit out of the class with this number.
    Class(u32),
    /// One after the other; the empty list matches the empty string. Never directly inside another one.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alt(Vec<Node>),
    /// Several times.
    Repeat(Box<Repeat>),
    /// Remember where it matched, under this number.
    Capture(u32, Box<Node>),
    /// Takes nothing.
    Assert(Assert),
}

/// How often.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Repeat {
    pub(super) node: Node,
    pub(super) min: u32,
    /// None: without end.
    pub(super) max: Option<u32>,
    /// Prefer more over less.
    pub(super) greedy: bool,
}

/// What must hold between two units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assert {
    Start,
    End,
    /// `\b`, or `\B` if negated.
    Word {
        negated: bool,
    },
    /// Look ahead for the body with this number.
    Look {
        id: u16,
        negated: bool,
    },
}

/// The body of a look-ahead.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) body: Node,
    /// Asked at one position of a text at most, since all before it has a fixed width.
    pub(super) once: bool,
}

/// A parsed expression. Look-aheads are numbered inner ones first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub(super) root: Node,
    pub(super) classes: Vec<Class>,
    pub(super) looks: Vec<Look>,
    /// One for each capture; a name where it has one.
    pub(super) captures: Vec<Option<String>>,
}

impl Node {
    /// One after the other.
    pub(super) fn sequence(&self) -> &[Self] {
        match self {
            Self::Concat(nodes) => nodes,
            node => std::slice::from_ref(node),
        }
    }

    /// The number of units it takes, if that never varies.
    fn width(&self) -> Option<u64> {
        match self {
            Self::Class(_) => Some(1),
            Self::Concat(nodes) => nodes.iter().try_fold(0u64, |sum, node| Some(sum.saturating_add(node.width()?))),
            Self::Alt(nodes) => {
                let mut widths = nodes.iter().map(Self::width);
                let first = widths.next().flatten()?;
                widths.all(|width| width == Some(first)).then_some(first)
            }
            Self::Repeat(repeat) => match repeat.node.width()? {
                0 => Some(0),
                width => (repeat.max == Some(repeat.min)).then(|| width.saturating_mul(u64::from(repeat.min))),
            },
            Self::Capture(_, node) => node.width(),
            Self::Assert(_) => Some(0),
        }
    }

    /// May it take nothing? Whether an assertion holds is not asked.
    pub(super) fn may_be_empty(&self) -> bool {
        match self {
            Self::Class(_) => false,
            Self::Concat(nodes) => nodes.iter().all(Self::may_be_empty),
            Self::Alt(nodes) => nodes.iter().any(Self::may_be_empty),
            Self::Repeat(repeat) => repeat.min == 0 || repeat.node.may_be_empty(),
            Self::Capture(_, node) => node.may_be_empty(),
            Self::Assert(_) => true,
        }
    }

    /// Mark the look-aheads that are asked at one position at most; `fixed`: this node is reached at one only.
    /// Tells whether what follows it is, too.
    fn mark(&self, fixed: bool, once: &mut [bool]) -> bool {
        match self {
            Self::Class(_) => fixed,
            Self::Concat(nodes) => nodes.iter().fold(fixed, |fixed, node| node.mark(fixed, once)),
            Self::Alt(nodes) => {
                for node in nodes {
                    node.mark(fixed, once);
                }
                fixed && self.width().is_some()
            }
            Self::Repeat(repeat) => {
                repeat.node.mark(fixed && repeat.max.is_some_and(|max| max <= 1), once);
                fixed && self.width().is_some()
            }
            Self::Capture(_, node) => node.mark(fixed, once),
            Self::Assert(assert) => {
                if let Assert::Look { id, .. } = assert
                    && let Some(mark) = once.get_mut(usize::from(*id))
                {
                    *mark = fixed;
                }
                fixed
            }
        }
    }
}

impl Tree {
    /// The number of the class of every unit.
    pub(super) fn class_of_all(&mut self) -> u32 {
        let all = Class::all();
        let number = self.classes.iter().position(|class| *class == all).unwrap_or_else(|| {
            self.classes.push(all);
            self.classes.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Fill in [`Look::once`].
    pub(super) fn mark_looks(&mut self) {
        let mut once = vec![false; self.looks.len()];
        self.root.mark(true, &mut once);
        for (id, look) in self.looks.iter().enumerate().rev() {
            let fixed = once.get(id).copied().unwrap_or(false);
            look.body.mark(fixed, &mut once);
        }
        for (look, once) in self.looks.iter_mut().zip(once) {
            look.once = once;
        }
    }
}
