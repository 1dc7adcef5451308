//! Would a backtracking engine take exponential time?
//!
//! It does if one stretch of text can lead from a place of the automaton back to the same place in two ways: repeated, that
//! doubles the ways each time. Two ways are either two ways without taking anything between the same two places, or two
//! different places reached at the same time (`(?:a|a)*`).

use crate::pattern::class::Class;
use crate::pattern::nfa::{self, Budget, Inst, Program};
use crate::pattern::node::Tree;
use std::collections::BTreeSet;

/// Most places that lie in loops. Real patterns have up to 40; the pairs of places are looked at.
const MAX_PLACES: usize = 96;
/// Most steps of ways that take nothing, from one place.
const MAX_STEPS: usize = 512;

/// See above. Ways through conditions are left out, so what is said is certain; false if it would take too long to tell.
pub(super) fn is_exponential(tree: &Tree) -> bool {
    let mut budget = Budget::new();
    let bodies = tree.looks.iter().map(|look| std::slice::from_ref(&look.body));
    std::iter::once(tree.root.sequence())
        .chain(bodies)
        .filter_map(|nodes| nfa::compile(nodes, false, &mut budget).ok())
        .any(|program| Graph::new(&program, &tree.classes).is_some_and(|graph| graph.doubles()))
}

/// The places of a program that lie in loops.
struct Graph<'t> {
    classes: Vec<&'t Class>,
    /// For each place the ones that follow it, and whether there are two ways to get there.
    edges: Vec<Vec<(usize, bool)>>,
}

impl<'t> Graph<'t> {
    fn new(program: &Program, classes: &'t [Class]) -> Option<Self> {
        let mut places = Vec::new();
        let mut number = vec![None; program.insts.len()];
        for (inst, number) in program.insts.iter().zip(&mut number) {
            if let Inst::Class { class, next } = inst {
                *number = Some(places.len());
                places.push((classes.get(*class as usize)?, *next));
            }
        }
        let mut edges: Vec<Vec<(usize, bool)>> = Vec::with_capacity(places.len());
        for (_, next) in &places {
            edges.push(follow(program, *next, &number)?);
        }
        // Only what can be reached again.
        let looping: Vec<bool> = (0..places.len()).map(|place| reach(&edges, place).contains(&place)).collect();
        if looping.iter().filter(|looping| **looping).count() > MAX_PLACES {
            return None;
        }
        for (edges, from) in edges.iter_mut().zip(&looping) {
            edges.retain(|(to, _)| *from && looping.get(*to) == Some(&true));
        }
        Some(Self { classes: places.into_iter().map(|(class, _)| class).collect(), edges })
    }

    fn doubles(&self) -> bool {
        (0..self.edges.len()).any(|place| {
            let edges = self.edges.get(place).map_or(&[][..], Vec::as_slice);
            edges.iter().any(|(to, twice)| *twice && reach(&self.edges, *to).contains(&place)) || self.parts(place)
        })
    }

    /// From two runs at that place, do they get apart and together at that place again, over one text?
    fn parts(&self, place: usize) -> bool {
        let mut seen = BTreeSet::new();
        // Both runs, and whether they were apart.
        let mut stack = vec![(place, place, false)];
        while let Some((a, b, apart)) = stack.pop() {
            let next = |place: usize| self.edges.get(place).map_or(&[][..], Vec::as_slice);
            for (a, _) in next(a) {
                for (b, _) in next(b) {
                    let apart = apart || a != b;
                    let meet = match (self.classes.get(*a), self.classes.get(*b)) {
                        (Some(a), Some(b)) => a.ascii & b.ascii != 0,
                        _ => false,
                    };
                    if !meet || !seen.insert((*a, *b, apart)) {
                        continue;
                    }
                    if apart && (*a, *b) == (place, place) {
                        return true;
                    }
                    stack.push((*a, *b, apart));
                }
            }
        }
        false
    }
}

fn reach(edges: &[Vec<(usize, bool)>], from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut stack = vec![from];
    while let Some(place) = stack.pop() {
        for (to, _) in edges.get(place).map_or(&[][..], Vec::as_slice) {
            if seen.insert(*to) {
                stack.push(*to);
            }
        }
    }
    seen
}

/// The places after `state`, and whether two ways lead there. A way takes no step twice: that would be a loop that takes
/// nothing, which engines do not repeat.
fn follow(program: &Program, state: u32, number: &[Option<usize>]) -> Option<Vec<(usize, bool)>> {
    let mut found: Vec<(usize, bool)> = Vec::new();
    let mut stack: Vec<(u32, Vec<(u32, u32)>)> = vec![(state, Vec::new())];
    let mut steps = 0;
    while let Some((state, taken)) = stack.pop() {
        steps += 1;
        if steps > MAX_STEPS {
            return None;
        }
        let mut go = |next: u32| {
            if !taken.contains(&(state, next)) {
                let mut taken = taken.clone();
                taken.push((state, next));
                stack.push((next, taken));
            }
        };
        match program.inst(state) {
            Inst::Match | Inst::Assert { .. } => {}
            Inst::Save { next, .. } | Inst::Forget { next, .. } => go(next),
            Inst::Split { first, second } => {
                go(second);
                go(first);
            }
            Inst::Class { .. } => {
                let place = number.get(state as usize).copied().flatten()?;
                match found.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, twice)) => *twice = true,
                    None => found.push((place, false)),
                }
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use crate::pattern::{Dialect, Language, Options};

    #[test]
    fn exponential_or_not() {
        for (text, exponential) in [
            ("/((?:a+)+)", true),
            ("/((?:a|a)*)b", true),
            ("/((?:a|ab|b)*)c", true),
            ("/((?:.*)*x)", true),
            ("/((?:(?:ab)*)*)c", true),
            ("/((?:[a-m]|[k-z])+)", true),
            ("/((?!(?:a+)+b).*)", true),
            ("/((?:a?){2,}b)", false),
            ("/((?:a?)*b)", false),
            ("/(.*)", false),
            ("/:path*", false),
            ("/:a*/:b*/:c*/x", false),
            ("/((?:a|b)*)", false),
            ("/((?:[a-m]|[n-z])+)", false),
            (r"/((?!_next|[^?]*\.(?:html?|css|js(?!on)|jpe?g)).*)", false),
            ("/{a-:p-b}+", false),
        ] {
            let options = Options { ignore_case: true, dot_all: true };
            let language = Language::compile(Dialect::Pattern, text, options).expect(text);
            assert_eq!(language.backtracks(), exponential, "{text}");
        }
    }
}
