//! Automata of up to 127 places as one word of bits: the usual way to run.
//!
//! Glushkov's construction: a place is a state that takes a unit; conditions between two places sit on the edge.

use super::class::Class;
use super::exec::{Context, Simulation, Text};
use super::nfa::{Inst, Program};
use super::node::Assert;

/// The bit that stands for a match. Places have the bits below.
const MATCH: u128 = 1 << 127;
/// Most conditions in one automaton, and most ways through them from one place; beyond, the list of states runs.
const MAX_ASSERTS: usize = 16;
const MAX_WAYS: usize = 128;
/// Instead of a place: before the first one.
const START: u8 = u8::MAX;

/// A compiled automaton.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    start: u128,
    /// Where each place leads to without condition.
    follow: Vec<u128>,
    /// Edges with conditions.
    guarded: Vec<Guarded>,
    /// Places that have such edges.
    has_guarded: u128,
    start_guarded: bool,
    asserts: Vec<Assert>,
    /// Kind of each ASCII character; a kind is a row of `masks`.
    kinds: [u8; 128],
    /// Places that take a character of that kind.
    masks: Vec<u128>,
    /// Places of each class (number in the automaton), for the other characters.
    classes: Vec<(u32, u128)>,
    /// Places that take anything, again and again, and may end at any time.
    endless: u128,
}

#[derive(Debug, Clone, Copy)]
struct Guarded {
    from: u8,
    /// Conditions that must hold, one bit for each.
    asserts: u16,
    to: u128,
}

impl Bits {
    /// None if the program is too large or too tangled.
    pub(super) fn build(program: &Program, classes: &[Class]) -> Option<Self> {
        Builder::new(program)?.build(classes)
    }

    /// Kinds of ASCII characters, if no edge has a condition.
    pub(super) fn kinds(&self) -> Option<[u8; 128]> {
        (self.guarded.is_empty() && !self.start_guarded).then_some(self.kinds)
    }

    /// About how many bytes it takes besides itself.
    pub(super) fn weight(&self) -> usize {
        (self.follow.len() + self.masks.len() + 2 * self.classes.len()) * size_of::<u128>()
            + self.guarded.len() * size_of::<Guarded>()
    }

    /// How many kinds there are.
    pub(super) fn kinds_count(&self) -> usize {
        self.masks.len()
    }

    /// Before the first character.
    pub(super) fn start(&self) -> u128 {
        self.start
    }

    /// After a character of that kind.
    pub(super) fn after(&self, live: u128, kind: usize) -> u128 {
        self.follow(live & self.masks.get(kind).copied().unwrap_or(0))
    }

    /// May the text end here?
    pub(super) fn may_end(&self, live: u128) -> bool {
        live & MATCH != 0
    }

    /// Will the rest match, whatever it is?
    pub(super) fn is_certain(&self, live: u128) -> bool {
        live & self.endless != 0 && live & MATCH != 0
    }

    /// Where these places lead to without condition.
    #[inline]
    fn follow(&self, hit: u128) -> u128 {
        let mut live = 0;
        let mut rest = hit;
        while rest != 0 {
            live |= self.follow.get(rest.trailing_zeros() as usize).copied().unwrap_or(0);
            rest &= rest - 1;
        }
        live
    }

    #[inline]
    fn mask<T>(&self, unit: u16, live: u128, context: &Context<'_, T>) -> u128 {
        if let Some(&kind) = self.kinds.get(usize::from(unit)) {
            return self.masks.get(usize::from(kind)).copied().unwrap_or(0);
        }
        self.classes.iter().fold(0, |mask, &(class, places)| {
            let takes = live & places != 0
                && context.automaton.classes.get(class as usize).is_some_and(|class| class.contains(unit));
            if takes { mask | places } else { mask }
        })
    }
}

/// A run.
pub(super) struct BitRun<'p> {
    bits: &'p Bits,
    live: u128,
}

impl<'p> BitRun<'p> {
    pub(super) fn new(bits: &'p Bits) -> Self {
        Self { bits, live: 0 }
    }

    /// Edges with conditions from the places that `from` accepts.
    fn take_guarded<T: Text>(&mut self, from: impl Fn(u8) -> bool, context: &mut Context<'_, T>, at: usize) {
        for edge in &self.bits.guarded {
            if from(edge.from) && edge.to & !self.live != 0 {
                let mut asserts = (0..).zip(&self.bits.asserts).filter(|(bit, _)| edge.asserts >> bit & 1 == 1);
                if asserts.all(|(_, &assert)| context.holds(assert, at)) {
                    self.live |= edge.to;
                }
            }
        }
    }
}

impl<T: Text> Simulation<T> for BitRun<'_> {
    fn enter(&mut self, context: &mut Context<'_, T>, at: usize) {
        self.live |= self.bits.start;
        if self.bits.start_guarded {
            self.take_guarded(|from| from == START, context, at);
        }
    }

    #[inline]
    fn step(&mut self, unit: u16, context: &mut Context<'_, T>, at: usize) {
        let hit = self.live & self.bits.mask(unit, self.live, context);
        self.live = self.bits.follow(hit);
        if hit & self.bits.has_guarded != 0 {
            self.take_guarded(|from| from != START && hit >> from & 1 == 1, context, at);
        }
    }

    #[inline]
    fn matched(&self) -> bool {
        self.bits.may_end(self.live)
    }

    #[inline]
    fn dead(&self) -> bool {
        self.live & !MATCH == 0
    }

    #[inline]
    fn certain(&self) -> bool {
        self.bits.is_certain(self.live)
    }
}

struct Builder<'p> {
    program: &'p Program,
    /// For each place, its state.
    states: Vec<u32>,
    /// For each state, its place.
    places: Vec<Option<u8>>,
    asserts: Vec<Assert>,
}

/// Where edges lead to, with the conditions on the way.
type Ways = Vec<(u16, u128)>;

impl<'p> Builder<'p> {
    fn new(program: &'p Program) -> Option<Self> {
        let mut states = Vec::new();
        let mut asserts: Vec<Assert> = Vec::new();
        let mut places = Vec::with_capacity(program.insts.len());
        for (state, inst) in (0u32..).zip(&program.insts) {
            let place = matches!(inst, Inst::Class { .. }).then_some(states.len());
            places.push(place.and_then(|place| u8::try_from(place).ok()));
            if place.is_some() {
                states.push(state);
            }
            if let Inst::Assert { assert, .. } = inst
                && !asserts.contains(assert)
            {
                asserts.push(*assert);
            }
        }
        (states.len() <= 127 && asserts.len() <= MAX_ASSERTS).then_some(Self { program, states, places, asserts })
    }

    fn build(self, classes: &[Class]) -> Option<Bits> {
        let mut bits = Bits {
            start: 0,
            follow: Vec::with_capacity(self.states.len()),
            guarded: Vec::new(),
            has_guarded: 0,
            start_guarded: false,
            asserts: Vec::new(),
            kinds: [0; 128],
            masks: Vec::new(),
            classes: Vec::new(),
            endless: 0,
        };
        let mut seen = vec![false; self.program.insts.len()];
        let mut ways = self.ways(self.program.start, &mut seen)?;
        bits.start = bits.add_edges(START, &mut ways);
        for (place, &state) in (0u8..).zip(&self.states) {
            let Inst::Class { class, next } = self.program.inst(state) else { continue };
            let mut ways = self.ways(next, &mut seen)?;
            let plain = bits.add_edges(place, &mut ways);
            bits.follow.push(plain);
            let bit = 1u128 << place;
            match bits.classes.iter_mut().find(|(known, _)| *known == class) {
                Some((_, places)) => *places |= bit,
                None => bits.classes.push((class, bit)),
            }
            let all = classes.get(class as usize).is_some_and(|class| class.ascii == u128::MAX && class.all_wide());
            if all && plain & bit != 0 && plain & MATCH != 0 {
                bits.endless |= bit;
            }
        }
        bits.asserts = self.asserts;
        bits.index(classes);
        Some(bits)
    }

    /// All places that can be reached from `state` without taking a unit.
    fn ways(&self, state: u32, seen: &mut [bool]) -> Option<Ways> {
        let mut ways: Ways = Vec::new();
        let mut touched: Vec<u32> = Vec::new();
        let mut seen_guarded: Vec<(u32, u16)> = Vec::new();
        let mut stack = vec![(state, 0u16)];
        while let Some((state, asserts)) = stack.pop() {
            if asserts == 0 {
                let Some(seen) = seen.get_mut(state as usize) else { continue };
                if std::mem::replace(seen, true) {
                    continue;
                }
                touched.push(state);
            } else {
                if seen_guarded.contains(&(state, asserts)) {
                    continue;
                }
                if seen_guarded.len() >= MAX_WAYS {
                    return None;
                }
                seen_guarded.push((state, asserts));
            }
            let bit = match self.program.inst(state) {
                Inst::Match => MATCH,
                Inst::Class { .. } => self.places.get(state as usize).copied().flatten().map_or(0, |place| 1 << place),
                Inst::Save { next, .. } | Inst::Forget { next, .. } => {
                    stack.push((next, asserts));
                    continue;
                }
                Inst::Split { first, second } => {
                    stack.push((first, asserts));
                    stack.push((second, asserts));
                    continue;
                }
                Inst::Assert { assert, next } => {
                    let number = self.asserts.iter().position(|known| *known == assert)?;
                    stack.push((next, asserts | 1 << number));
                    continue;
                }
            };
            match ways.iter_mut().find(|(known, _)| *known == asserts) {
                Some((_, to)) => *to |= bit,
                None => ways.push((asserts, bit)),
            }
        }
        for state in touched {
            if let Some(seen) = seen.get_mut(state as usize) {
                *seen = false;
            }
        }
        Some(ways)
    }
}

impl Bits {
    /// Keep the edges with conditions, give back those without.
    fn add_edges(&mut self, from: u8, ways: &mut Ways) -> u128 {
        let plain = ways.iter().find(|(asserts, _)| *asserts == 0).map_or(0, |(_, to)| *to);
        for &(asserts, to) in ways.iter() {
            if asserts != 0 && to & !plain != 0 {
                self.guarded.push(Guarded { from, asserts, to: to & !plain });
                match from {
                    START => self.start_guarded = true,
                    place => self.has_guarded |= 1 << place,
                }
            }
        }
        plain
    }

    /// Sort the ASCII characters into kinds that no class tells apart.
    fn index(&mut self, classes: &[Class]) {
        let ascii = |number: u32| classes.get(number as usize).map_or(0, |class| class.ascii);
        // `kinds` as sets of characters, refined class by class.
        let mut kinds = vec![u128::MAX];
        for &(number, _) in &self.classes {
            let class = ascii(number);
            for at in 0..kinds.len() {
                if let Some(kind) = kinds.get_mut(at)
                    && *kind & class != 0
                    && *kind & !class != 0
                {
                    let outside = *kind & !class;
                    *kind &= class;
                    kinds.push(outside);
                }
            }
        }
        for (row, kind) in (0u8..).zip(kinds) {
            let places = self.classes.iter().filter(|(number, _)| ascii(*number) & kind != 0);
            self.masks.push(places.fold(0, |mask, (_, places)| mask | places));
            let mut rest = kind;
            while rest != 0 {
                if let Some(entry) = self.kinds.get_mut(rest.trailing_zeros() as usize) {
                    *entry = row;
                }
                rest &= rest - 1;
            }
        }
    }
}
