//! The tree of an expression.

use std::ops::Range;

/// A part of an expression.
#[derive(Debug, Clone)]
pub enum Node {
    /// One unit.
    Char(u16),
    /// `.`
    Any,
    /// `[…]`, `\d` and the like.
    Class(Class),
    /// One after the other; may be empty.
    Sequence(Vec<Node>),
    /// `a|b`
    Alternatives(Vec<Node>),
    /// `(…)`; groups are numbered from 1.
    Capture(usize, Box<Node>),
    /// A quantifier.
    Repeat {
        /// What is repeated.
        body: Box<Node>,
        /// At least so often.
        min: u64,
        /// At most so often.
        max: Option<u64>,
        /// Without `?` after it.
        greedy: bool,
        /// The numbers of the groups within.
        groups: Range<usize>,
    },
    /// `^`
    Start,
    /// `$`
    End,
    /// `\b`, or `\B` if negated.
    WordBoundary {
        /// `\B`
        negated: bool,
    },
    /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`.
    Look {
        /// `(?<…)`
        behind: bool,
        /// `!`
        negated: bool,
        /// What is looked for.
        body: Box<Node>,
    },
    /// What the group with that number captured.
    BackReference(usize),
}

/// A set of units as it was written.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// First and last unit of each range.
    pub ranges: Vec<(u16, u16)>,
    /// All others.
    pub negated: bool,
}

impl Class {
    /// Is `unit` listed?
    pub fn lists(&self, unit: u16) -> bool {
        self.ranges.iter().any(|&(first, last)| (first..=last).contains(&unit))
    }

    /// `\d`, `\s` or `\w`, or with a capital letter all others, listed.
    pub(super) fn escape(letter: char) -> Option<Self> {
        const fn at(c: char) -> u16 {
            c as u16
        }
        let ranges = match letter.to_ascii_lowercase() {
            'd' => vec![(at('0'), at('9'))],
            'w' => vec![(at('0'), at('9')), (at('A'), at('Z')), (at('_'), at('_')), (at('a'), at('z'))],
            // White space and line terminators, in order.
            's' => vec![
                (0x0009, 0x000D),
                (0x0020, 0x0020),
                (0x00A0, 0x00A0),
                (0x1680, 0x1680),
                (0x2000, 0x200A),
                (0x2028, 0x2029),
                (0x202F, 0x202F),
                (0x205F, 0x205F),
                (0x3000, 0x3000),
                (0xFEFF, 0xFEFF),
            ],
            _ => return None,
        };
        if letter.is_ascii_lowercase() {
            return Some(Self { ranges, negated: false });
        }
        let mut others = Vec::new();
        let mut next = 0;
        for (first, last) in ranges {
            others.push((next, first - 1));
            next = last + 1;
        }
        others.push((next, u16::MAX));
        Some(Self { ranges: others, negated: false })
    }
}
