//! Paths: sampled from an expression by walking its tree, and spoilt.

use crate::random::Random;
use crate::reference::regexp::{Class, Node, Regexp};

/// Longest sample, in units; more is cut off.
const MAX_UNITS: usize = 80;

/// A text that `regexp` may match: every choice is made at random; what is only looked for is ignored.
pub fn sample(random: &mut Random, regexp: &Regexp) -> String {
    let mut out = Vec::new();
    walk(random, &regexp.root, &mut out);
    out.truncate(MAX_UNITS);
    String::from_utf16_lossy(&out)
}

/// Units that paths are made of, and some that look like others.
const PALETTE: &[char] = &[
    'a', 'b', 'c', 'x', 'z', 'f', 'o', 'A', 'Z', 'K', 'S', 'k', 's', '0', '1', '9', '-', '_', '.', '/', '#', '?', '%',
    ' ', '~', '!', ':', '@', '\n', '\r', '\t', '\u{2028}', '\u{2029}', 'é', 'É', 'ß', '\u{17f}', '\u{212a}', 'σ', 'ς',
    '\u{fffd}', '\u{85}', '\u{feff}', '[', ']', '\\', '^', '`', '{', '@',
];

fn walk(random: &mut Random, node: &Node, out: &mut Vec<u16>) {
    if out.len() > MAX_UNITS {
        return;
    }
    match node {
        Node::Char(unit) => out.push(*unit),
        Node::Any => {
            let c = if random.chance(70) { random.pick(&PALETTE[..20]) } else { random.pick(PALETTE) };
            out.push(c as u16);
        }
        Node::Class(class) => out.push(member(random, class)),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| walk(random, node, out)),
        Node::Alternatives(nodes) => {
            let at = random.below(nodes.len());
            walk(random, &nodes[at], out);
        }
        Node::Capture(_, body) => walk(random, body, out),
        Node::Repeat { body, min, max, .. } => {
            let more = random.weighted(&[(35, 0), (30, 1), (20, 2), (10, 3), (4, 6), (1, 40)]);
            let count = max.map_or(min + more, |max| max.min(min + more)).min(40);
            for _ in 0..count {
                walk(random, body, out);
            }
        }
        Node::Start | Node::End | Node::WordBoundary { .. } | Node::Look { .. } | Node::BackReference(_) => {}
    }
}

/// A unit that the class takes, at the edge of a range if there is one.
fn member(random: &mut Random, class: &Class) -> u16 {
    let takes = |unit: u16| class.lists(unit) != class.negated;
    for _ in 0..12 {
        let unit = match random.below(3) {
            0 if !class.ranges.is_empty() => {
                let (first, last) = random.pick(&class.ranges);
                random.pick(&[first, last, first.wrapping_sub(1), last.wrapping_add(1)])
            }
            1 if !class.ranges.is_empty() => {
                let (first, last) = random.pick(&class.ranges);
                first + random.below(usize::from(last - first) + 1) as u16
            }
            _ => random.pick(&PALETTE[..24]) as u16,
        };
        if takes(unit) {
            return unit;
        }
    }
    random.pick(PALETTE) as u16
}

/// Change `path` as somebody would who wants to get past a rule.
pub fn spoil(random: &mut Random, path: &str) -> String {
    let mut chars: Vec<char> = path.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(chars.len() + 1);
        let inside = (at < chars.len()).then_some(at);
        match (random.below(12), inside) {
            (0, Some(at)) => {
                let c = chars[at];
                let other: Vec<char> =
                    if c.is_lowercase() { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
                chars.splice(at..=at, other);
            }
            (1, _) => chars.insert(at, '/'),
            (2, _) => match chars.last() {
                Some('/') => {
                    chars.pop();
                }
                _ => chars.push('/'),
            },
            (3, Some(at)) => {
                chars.remove(at);
            }
            (4, _) => chars.truncate(at),
            (5, _) => chars.insert(at, random.pick(&['.', '.', '-', ';', ' '])),
            (6, _) => {
                chars.splice(at..at, random.pick(&["%", "%2F", "%2f", "%00", "%25", "..", "./"]).chars());
            }
            (7, _) => chars.insert(at, random.pick(&['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}', '\t', '\0'])),
            (8, _) => {
                chars.insert(at, random.pick(&['é', 'É', '\u{17f}', '\u{212a}', 'İ', 'ı', 'ß', '😀', '\u{fffd}']))
            }
            (9, _) => {
                let more = ["x", "/x", "?", "#", "#f", "/a/b", ".json", "/admin", "//", "a", "/..", "?q=1"];
                chars.extend(random.pick(&more).chars());
            }
            (10, Some(at)) => {
                // The same stretch once more.
                let end = (at + 1 + random.below(4)).min(chars.len());
                let stretch = chars[at..end].to_vec();
                chars.splice(at..at, stretch);
            }
            (11, _) => {
                let c = random.pick(PALETTE);
                match inside {
                    Some(at) => chars[at] = c,
                    None => chars.push(c),
                }
            }
            _ => {}
        }
    }
    chars.into_iter().collect()
}
