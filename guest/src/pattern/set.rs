//! Many patterns at once: a radix trie over their literal beginnings; only what the trie finds is asked.

use super::compiled::{Pattern, Subject};
use std::ops::Range;

/// Many patterns, asked at once.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    patterns: Vec<Pattern>,
    /// Of patterns that tell upper from lower case, and of those that do not.
    exact: Trie,
    folded: Trie,
}

impl PatternSet {
    /// Build. Members are numbered in the order given.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        let trie = |fold: bool| {
            let members = (0u32..).zip(&patterns).filter(|(_, pattern)| pattern.folds() == fold);
            Trie::new(members.map(|(number, pattern)| (pattern.literal(), number)).collect())
        };
        Self { exact: trie(false), folded: trie(true), patterns }
    }

    /// The member with that number.
    pub fn get(&self, index: usize) -> Option<&Pattern> {
        self.patterns.get(index)
    }

    /// Numbers of all members that match, ascending, into `hits` (cleared first).
    pub fn matches(&self, path: &str, hits: &mut Vec<u32>) {
        hits.clear();
        let mut subject = Subject::new(path);
        for (trie, fold) in [(&self.exact, false), (&self.folded, true)] {
            trie.visit(path.as_bytes(), fold, |member| {
                if self.patterns.get(member as usize).is_some_and(|pattern| pattern.rest_matches(&mut subject)) {
                    hits.push(member);
                }
            });
        }
        hits.sort_unstable();
    }
}

/// Texts and the members that start with them. Nodes, labels and members lie in one list each.
#[derive(Debug, Clone, Default)]
struct Trie {
    nodes: Vec<Node>,
    labels: Vec<u8>,
    members: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Node {
    /// First byte of the label, by which the children of a node are sorted.
    first: u8,
    /// Bytes on the way from the parent.
    label: Range<u32>,
    /// Members whose literal text ends here.
    members: Range<u32>,
    children: Range<u32>,
}

/// A part of the sorted entries that share their first `depth` bytes, to be made the node with number `node`.
struct Task {
    entries: Range<usize>,
    depth: usize,
    node: usize,
}

impl Trie {
    fn new(mut entries: Vec<(&[u8], u32)>) -> Self {
        entries.sort_unstable();
        let mut trie = Self::default();
        if entries.is_empty() {
            return trie;
        }
        trie.nodes.push(Node { first: 0, label: 0..0, members: 0..0, children: 0..0 });
        let mut tasks = vec![Task { entries: 0..entries.len(), depth: 0, node: 0 }];
        while let Some(Task { entries: range, depth, node }) = tasks.pop() {
            let here = entries.get(range.clone()).unwrap_or_default();
            // Those that end here come first.
            let ending = here.partition_point(|(text, _)| text.len() == depth);
            let members = small(trie.members.len());
            trie.members.extend(here.iter().take(ending).map(|(_, member)| *member));
            let members = members..small(trie.members.len());

            let children = small(trie.nodes.len());
            let mut start = range.start + ending;
            let below = here.get(ending..).unwrap_or_default();
            for group in below.chunk_by(|(a, _), (b, _)| a.get(depth) == b.get(depth)) {
                let (Some((low, _)), Some((high, _))) = (group.first(), group.last()) else { continue };
                // Sorted, so what the first and the last share all share.
                let shared = low.iter().zip(*high).take_while(|(a, b)| a == b).count();
                let label = low.get(depth..shared).unwrap_or_default();
                let from = small(trie.labels.len());
                trie.labels.extend_from_slice(label);
                tasks.push(Task { entries: start..start + group.len(), depth: shared, node: trie.nodes.len() });
                start += group.len();
                trie.nodes.push(Node {
                    first: label.first().copied().unwrap_or_default(),
                    label: from..small(trie.labels.len()),
                    members: 0..0,
                    children: 0..0,
                });
            }
            let children = children..small(trie.nodes.len());
            if let Some(node) = trie.nodes.get_mut(node) {
                node.members = members;
                node.children = children;
            }
        }
        trie
    }

    /// Every member whose text `path` starts with.
    #[inline]
    fn visit(&self, path: &[u8], fold: bool, mut found: impl FnMut(u32)) {
        let mut rest = path;
        let mut next = self.nodes.first();
        while let Some(node) = next {
            for &member in part(&self.members, &node.members) {
                found(member);
            }
            let Some(&byte) = rest.first() else { return };
            let byte = if fold { byte.to_ascii_lowercase() } else { byte };
            let children = part(&self.nodes, &node.children);
            let Ok(child) = children.binary_search_by_key(&byte, |child| child.first) else { return };
            next = children.get(child);
            let label = next.map_or(&[][..], |child| part(&self.labels, &child.label));
            let Some((start, after)) = rest.split_at_checked(label.len()) else { return };
            if !(if fold { start.eq_ignore_ascii_case(label) } else { start == label }) {
                return;
            }
            rest = after;
        }
    }
}

fn part<'a, T>(list: &'a [T], range: &Range<u32>) -> &'a [T] {
    list.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// Literal texts have 4,096 characters at most, so a list overflows at a million patterns, which no host can hold;
/// were it to, the ranges would be empty or out of bounds and nothing would match.
fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
