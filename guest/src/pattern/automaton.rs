//! A compiled expression: one engine for the whole and up to two for each look-ahead.

use super::bits::{BitRun, Bits};
use super::capture;
use super::class::Class;
use super::exec::{self, Context, Text};
use super::list::ListRun;
use super::nfa::{self, Budget, Program, TooMany};
use super::node::{Node, Tree};
use super::rounds;
use super::table::Table;

/// Most entries of the list of captures while matching (4 bytes each): 800 kB.
const MAX_CAPTURE_CELLS: usize = 200_000;

/// Ready to run.
#[derive(Debug)]
pub(super) struct Automaton {
    pub(super) classes: Vec<Class>,
    pub(super) looks: Vec<LookEngines>,
    main: Engine,
    /// For captures, where the program of `main` will not do.
    rounds: Option<Program>,
    /// Two for each capture.
    slots: usize,
}

/// One look-ahead.
#[derive(Debug)]
pub(super) struct LookEngines {
    pub(super) forward: Engine,
    /// Left out if it is asked at one position at most.
    pub(super) backward: Option<Engine>,
}

/// One program and, if it is small, its faster forms: the last one is for ASCII.
#[derive(Debug)]
pub(super) struct Engine {
    program: Program,
    bits: Option<Bits>,
    table: Option<Table>,
}

impl Automaton {
    /// Compile `nodes`, a part of `tree`.
    pub(super) fn compile(tree: &Tree, nodes: &[Node]) -> Result<Self, TooMany> {
        let mut budget = Budget::new();
        let mut engine = |nodes: &[Node], reverse, keep| {
            let program = nfa::compile(nodes, reverse, &mut budget)?;
            Ok(Engine::new(program, &tree.classes, keep, reverse))
        };
        let slots = 2 * tree.captures.len();
        let rounds = match slots > 0 && rounds::matter(nodes) {
            true => Some(rounds::compile(nodes, &mut Budget::new())?),
            false => None,
        };
        let main = engine(nodes, false, slots > 0 && rounds.is_none())?;
        let capturing = rounds.as_ref().unwrap_or(&main.program);
        if slots.saturating_mul(capturing.insts.len()) > MAX_CAPTURE_CELLS {
            return Err(TooMany);
        }
        let mut looks = Vec::with_capacity(tree.looks.len());
        for look in &tree.looks {
            let body = std::slice::from_ref(&look.body);
            let forward = engine(body, false, false)?;
            let backward = if look.once { None } else { Some(engine(body, true, false)?) };
            looks.push(LookEngines { forward, backward });
        }
        Ok(Self { classes: tree.classes.clone(), looks, main, rounds, slots })
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let looks =
            self.looks.iter().map(|look| look.forward.weight() + look.backward.as_ref().map_or(0, Engine::weight));
        let rounds = self.rounds.as_ref().map_or(0, Program::weight);
        self.classes.len() * size_of::<Class>() + self.main.weight() + looks.sum::<usize>() + rounds
    }

    /// Does all of `text` from `from` on match?
    pub(super) fn is_match<T: Text>(&self, text: T, from: usize) -> bool {
        if let (Some(table), Some(text)) = (&self.main.table, text.ascii()) {
            return text.get(from..).is_some_and(|rest| table.is_match(rest));
        }
        let mut context = Context::new(self, text);
        match &self.main.bits {
            Some(bits) => exec::run_full(BitRun::new(bits), &mut context, from),
            None => exec::run_full(ListRun::new(&self.main.program), &mut context, from),
        }
    }

    /// If it matches, start and end of each capture, in units.
    pub(super) fn captures<T: Text>(&self, text: T, from: usize) -> Option<Vec<Option<(usize, usize)>>> {
        if self.slots == 0 {
            return self.is_match(text, from).then(Vec::new);
        }
        let program = self.rounds.as_ref().unwrap_or(&self.main.program);
        let slots = capture::run(program, self.slots, &mut Context::new(self, text), from)?;
        let place = |slot: u32| (slot != capture::NONE).then_some(slot as usize);
        let pair = |pair: &[u32]| match pair {
            [start, end] => Some((place(*start)?, place(*end)?)),
            _ => None,
        };
        Some(slots.chunks(2).map(pair).collect())
    }
}

impl Engine {
    /// `reverse`: it will be asked for positions, so a match may start at each.
    fn new(program: Program, classes: &[Class], keep_program: bool, reverse: bool) -> Self {
        let bits = Bits::build(&program, classes);
        let table = bits.as_ref().and_then(|bits| Table::build(bits, reverse));
        let program = if bits.is_some() && !keep_program { Program::default() } else { program };
        Self { program, bits, table }
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
            + self.program.weight()
            + self.bits.as_ref().map_or(0, Bits::weight)
            + self.table.as_ref().map_or(0, Table::weight)
    }

    /// Does some stretch of the text that starts at `at` match?
    pub(super) fn matches_prefix<T: Text>(&self, context: &mut Context<'_, T>, at: usize) -> bool {
        if let (Some(table), Some(text)) = (&self.table, context.text.ascii()) {
            return text.get(at..).is_some_and(|rest| table.is_prefix(rest));
        }
        match &self.bits {
            Some(bits) => exec::run_prefix(BitRun::new(bits), context, at),
            None => exec::run_prefix(ListRun::new(&self.program), context, at),
        }
    }

    /// With a reversed program: the positions where a match starts, one bit for each.
    pub(super) fn positions<T: Text>(&self, context: &mut Context<'_, T>) -> Vec<u64> {
        if let (Some(table), Some(text)) = (&self.table, context.text.ascii()) {
            return table.positions(text);
        }
        match &self.bits {
            Some(bits) => exec::run_backward(BitRun::new(bits), context),
            None => exec::run_backward(ListRun::new(&self.program), context),
        }
    }
}
