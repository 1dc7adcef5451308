//! Patterns that need no automaton: literal text, then one of a few ends. 94 of 100 real routes are of this kind.

use super::class::Class;
use super::node::{Node, Repeat, Tree};

/// What follows the literal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    tail: Tail,
    /// One more character of these (a bit for each of ASCII) may stand at the end.
    trailing: u128,
    /// The tail is a capture.
    captures: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tail {
    /// Nothing: `/x`.
    Nothing,
    /// Anything: `/x(.*)`.
    Anything(Reach),
    /// Nothing, or a slash and anything: `/x/**`.
    Below(Reach),
    /// Segments of these characters: `/x/:id`, `/x/:path+`, or with the slash before them optional `/x/:path*`.
    Segments { of: u128, many: bool, optional: bool },
}

/// Line ends of ASCII, as a set.
const LINE_ENDS: u128 = 1 << b'\n' | 1 << b'\r';

/// How far a `.*` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    End,
    /// JavaScript's `.`: not over LF, CR, U+2028, U+2029.
    Line,
}

impl Reach {
    fn takes(self, rest: &[u8]) -> bool {
        match self {
            Self::End => true,
            Self::Line => {
                // U+2028 and U+2029 in UTF-8.
                !rest.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
                    && !rest.windows(3).any(|bytes| matches!(bytes, [0xE2, 0x80, 0xA8 | 0xA9]))
            }
        }
    }
}

/// Take the literal text (ASCII, lower case if `fold`) off the front of `nodes`; tells how many nodes it was.
pub(super) fn literal(tree: &Tree, nodes: &[Node], fold: bool) -> (Vec<u8>, usize) {
    let text: Vec<u8> = nodes
        .iter()
        .map_while(|node| match node {
            Node::Class(number) => tree.classes.get(*number as usize)?.literal(fold),
            _ => None,
        })
        .collect();
    let length = text.len();
    (text, length)
}

impl Shape {
    /// The shape of `nodes`, which follow the literal text, if they have one.
    pub(super) fn of(tree: &Tree, nodes: &[Node]) -> Option<Self> {
        let reader = Reader { classes: &tree.classes };
        let (body, trailing) = match nodes {
            [body @ .., last] => reader.trailing(last).map_or((nodes, 0), |set| (body, set)),
            [] => (nodes, 0),
        };
        let (tail, captures) = match body {
            [] => (Tail::Nothing, false),
            [Node::Capture(_, node)] => (reader.anything(node).or_else(|| reader.segments(node, false))?, true),
            [node] => match reader.anything(node).or_else(|| reader.segments(node, false)) {
                Some(tail) => (tail, false),
                None => reader.optional(node)?,
            },
            nodes => (reader.segment_list(nodes, false)?, false),
        };
        // Which of two pieces took the last character must not be in doubt.
        if let Tail::Segments { of, .. } = tail
            && of & trailing != 0
        {
            return None;
        }
        // What `.` stops at may still trail.
        if let Tail::Anything(Reach::Line) | Tail::Below(Reach::Line) = tail
            && trailing & LINE_ENDS != 0
        {
            return None;
        }
        (tree.captures.len() == usize::from(captures)).then_some(Self { tail, trailing, captures })
    }

    /// Does `rest`, what follows the literal text in a path, match?
    #[inline]
    pub(super) fn is_match(&self, rest: &[u8]) -> bool {
        match &self.tail {
            Tail::Nothing => self.is_trailing(rest),
            Tail::Anything(reach) => reach.takes(rest),
            Tail::Below(reach) => self.is_trailing(rest) || (rest.first() == Some(&b'/') && reach.takes(rest)),
            Tail::Segments { .. } => self.is_trailing_only(rest) || self.segments(rest).is_some(),
        }
    }

    /// What the capture takes of `rest`, which matches.
    pub(super) fn capture<'r>(&self, rest: &'r str) -> Option<&'r str> {
        match &self.tail {
            _ if !self.captures => None,
            Tail::Anything(_) => Some(rest),
            Tail::Segments { .. } if !self.is_trailing_only(rest.as_bytes()) => {
                rest.get(self.segments(rest.as_bytes())?)
            }
            _ => None,
        }
    }

    /// Nothing, or one of the characters that may end any path?
    fn is_trailing(&self, rest: &[u8]) -> bool {
        match rest {
            [] => true,
            [byte] => self.trails(*byte),
            _ => false,
        }
    }

    fn trails(&self, byte: u8) -> bool {
        byte < 128 && self.trailing >> byte & 1 == 1
    }

    fn is_trailing_only(&self, rest: &[u8]) -> bool {
        matches!(self.tail, Tail::Segments { optional: true, .. }) && self.is_trailing(rest)
    }

    /// Where the segments of `rest` lie.
    fn segments(&self, rest: &[u8]) -> Option<std::ops::Range<usize>> {
        let Tail::Segments { of, many, optional } = self.tail else { return None };
        let start = usize::from(optional);
        if optional && rest.first() != Some(&b'/') {
            return None;
        }
        let end = rest.len() - usize::from(rest.last().is_some_and(|&byte| self.trails(byte)));
        let mut empty = true;
        for &byte in rest.get(start..end)? {
            if byte >= 128 || of >> byte & 1 == 1 {
                empty = false;
            } else if byte == b'/' && many && !empty {
                empty = true;
            } else {
                return None;
            }
        }
        (!empty).then_some(start..end)
    }
}

struct Reader<'t> {
    classes: &'t [Class],
}

impl Reader<'_> {
    fn class(&self, node: &Node) -> Option<&Class> {
        match node {
            Node::Class(number) => self.classes.get(*number as usize),
            _ => None,
        }
    }

    fn is_slash(&self, node: &Node) -> bool {
        self.class(node).is_some_and(|class| class.literal(false) == Some(b'/'))
    }

    /// `[/#?]?`
    fn trailing(&self, node: &Node) -> Option<u128> {
        match node {
            Node::Repeat(repeat) if (repeat.min, repeat.max) == (0, Some(1)) => {
                let class = self.class(&repeat.node)?;
                class.negated().all_wide().then_some(class.ascii)
            }
            _ => None,
        }
    }

    /// Greedy `.*`. All that may trail is taken by it, too.
    fn anything(&self, node: &Node) -> Option<Tail> {
        self.reach(node).map(Tail::Anything)
    }

    fn reach(&self, node: &Node) -> Option<Reach> {
        let Node::Repeat(repeat) = node else { return None };
        let Repeat { node, min: 0, max: None, greedy: true } = &**repeat else { return None };
        let class = self.class(node)?;
        if *class == Class::all() {
            Some(Reach::End)
        } else if *class == Class::line_ends().negated() {
            Some(Reach::Line)
        } else {
            None
        }
    }

    /// `(?:/.*)?`, `(?:/segment)?`, `(?:/segment(?:/segment)*)?`, the part after the slash perhaps a capture.
    fn optional(&self, node: &Node) -> Option<(Tail, bool)> {
        let Node::Repeat(repeat) = node else { return None };
        let Repeat { node: Node::Concat(nodes), min: 0, max: Some(1), greedy: true } = &**repeat else { return None };
        let [slash, rest @ ..] = nodes.as_slice() else { return None };
        if !self.is_slash(slash) {
            return None;
        }
        match rest {
            [node] if self.reach(node).is_some() => Some((Tail::Below(self.reach(node)?), false)),
            [Node::Capture(_, node)] => Some((self.segments(node, true)?, true)),
            nodes => Some((self.segment_list(nodes, true)?, false)),
        }
    }

    fn segments(&self, node: &Node, optional: bool) -> Option<Tail> {
        match node {
            Node::Concat(nodes) => self.segment_list(nodes, optional),
            node => self.segment_list(std::slice::from_ref(node), optional),
        }
    }

    /// `segment` or `segment(?:/segment)*`.
    fn segment_list(&self, nodes: &[Node], optional: bool) -> Option<Tail> {
        match nodes {
            [first] => Some(Tail::Segments { of: self.segment(first)?, many: false, optional }),
            [first, Node::Repeat(more)] => {
                let of = self.segment(first)?;
                let Repeat { node: Node::Concat(nodes), min: 0, max: None, .. } = &**more else { return None };
                let [slash, segment] = nodes.as_slice() else { return None };
                (self.is_slash(slash) && self.segment(segment)? == of).then_some(Tail::Segments {
                    of,
                    many: true,
                    optional,
                })
            }
            _ => None,
        }
    }

    /// `[^/]+`: the ASCII characters of the class, which takes all others.
    fn segment(&self, node: &Node) -> Option<u128> {
        let Node::Repeat(repeat) = node else { return None };
        let Repeat { node, min: 1, max: None, .. } = &**repeat else { return None };
        let class = self.class(node)?;
        (class.all_wide() && !class.contains(u16::from(b'/'))).then_some(class.ascii)
    }
}
