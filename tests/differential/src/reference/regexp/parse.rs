//! The parser: one function for each production of the grammar, Annex B included.
//!
//! As ECMA-262 says, it runs twice: what `\1` and `\k` mean depends on the groups of the whole expression.

use super::{Class, Fault, Node, Regexp, Uses};

/// Groups within groups.
const MAX_DEPTH: usize = 300;

/// Parse the source of an expression.
///
/// # Errors
/// When `new RegExp(source)` throws.
pub fn parse(source: &str) -> Result<Regexp, Fault> {
    let units: Vec<u16> = source.encode_utf16().collect();
    let first = Parser::new(&units, None).pattern()?;
    Parser::new(&units, Some(&first)).pattern()
}

struct Parser<'t> {
    units: &'t [u16],
    at: usize,
    /// The result of the first run.
    known: Option<&'t Regexp>,
    groups: usize,
    names: Vec<(String, usize)>,
    uses: Uses,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(units: &'t [u16], known: Option<&'t Regexp>) -> Self {
        Self { units, at: 0, known, groups: 0, names: Vec::new(), uses: Uses::default(), depth: 0 }
    }

    fn fault<T>(&self) -> Result<T, Fault> {
        Err(Fault::Syntax(self.uses))
    }

    /// The current unit as a character; half a pair, which means nothing to the grammar, is U+FFFD.
    fn peek(&self) -> Option<char> {
        self.units.get(self.at).map(|&unit| char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn eat(&mut self, text: &str) -> bool {
        let text: Vec<u16> = text.encode_utf16().collect();
        let found = self.units[self.at..].starts_with(&text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn pattern(mut self) -> Result<Regexp, Fault> {
        let root = self.disjunction()?;
        // Only `)` ends a disjunction early.
        if self.at < self.units.len() {
            return self.fault();
        }
        let mut names: Vec<&String> = self.names.iter().map(|(name, _)| name).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return self.fault();
        }
        Ok(Regexp { root, groups: self.groups, names: self.names, uses: self.uses })
    }

    fn disjunction(&mut self) -> Result<Node, Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        let mut alternatives = vec![self.alternative()?];
        while self.eat("|") {
            alternatives.push(self.alternative()?);
        }
        self.depth -= 1;
        Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Node::Alternatives(alternatives) })
    }

    fn alternative(&mut self) -> Result<Node, Fault> {
        let mut terms = Vec::new();
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            terms.push(self.term()?);
        }
        Ok(Node::Sequence(terms))
    }

    fn term(&mut self) -> Result<Node, Fault> {
        let before = self.groups;
        let atom = self.atom()?;
        // Not to be repeated. A quantifier after it is taken for an atom, and refused.
        if matches!(atom, Node::Start | Node::End | Node::WordBoundary { .. } | Node::Look { behind: true, .. }) {
            return Ok(atom);
        }
        let (min, max) = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if self.eat("?") {
            (0, Some(1))
        } else if let Some(numbers) = self.braces() {
            numbers
        } else {
            return Ok(atom);
        };
        if max.is_some_and(|max| max < min) {
            return self.fault();
        }
        let greedy = !self.eat("?");
        Ok(Node::Repeat { body: Box::new(atom), min, max, greedy, groups: before + 1..self.groups + 1 })
    }

    /// `{n}`, `{n,}` or `{n,m}`; nothing is eaten when it is none of them.
    fn braces(&mut self) -> Option<(u64, Option<u64>)> {
        let start = self.at;
        let numbers = self.braces_inside();
        if numbers.is_none() {
            self.at = start;
        }
        numbers
    }

    fn braces_inside(&mut self) -> Option<(u64, Option<u64>)> {
        if !self.eat("{") {
            return None;
        }
        let min = self.digits()?;
        let max = if self.eat(",") { self.digits() } else { Some(min) };
        self.eat("}").then_some((min, max))
    }

    fn digits(&mut self) -> Option<u64> {
        let mut number: Option<u64> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit)));
            self.at += 1;
        }
        number
    }

    fn atom(&mut self) -> Result<Node, Fault> {
        match self.peek() {
            Some('(') => self.group(),
            Some('[') => {
                self.at += 1;
                Ok(Node::Class(self.class()?))
            }
            Some('\\') => {
                self.at += 1;
                self.atom_escape()
            }
            Some('^') => self.simple(Node::Start),
            Some('$') => self.simple(Node::End),
            Some('.') => self.simple(Node::Any),
            Some('*' | '+' | '?') => self.fault(),
            Some('{') if self.braces().is_some() => self.fault(),
            _ => {
                let unit = self.units[self.at];
                self.simple(Node::Char(unit))
            }
        }
    }

    fn simple(&mut self, node: Node) -> Result<Node, Fault> {
        self.at += 1;
        Ok(node)
    }

    fn group(&mut self) -> Result<Node, Fault> {
        if self.eat("(?:") {
            return self.body();
        }
        for (open, behind, negated) in
            [("(?=", false, false), ("(?!", false, true), ("(?<=", true, false), ("(?<!", true, true)]
        {
            if !self.eat(open) {
                continue;
            }
            self.uses.look_ahead |= !behind;
            self.uses.look_behind |= behind;
            let before = self.groups;
            let body = Box::new(self.body()?);
            self.uses.capture_in_look_ahead |= !behind && !negated && self.groups > before;
            return Ok(Node::Look { behind, negated, body });
        }
        if self.eat("(?<") {
            let Some(name) = self.name() else { return self.fault() };
            self.names.push((name, self.groups + 1));
        } else {
            self.at += 1;
            if self.peek() == Some('?') {
                return self.fault();
            }
        }
        self.groups += 1;
        let number = self.groups;
        Ok(Node::Capture(number, Box::new(self.body()?)))
    }

    /// A disjunction and `)`.
    fn body(&mut self) -> Result<Node, Fault> {
        let node = self.disjunction()?;
        if self.eat(")") { Ok(node) } else { self.fault() }
    }

    /// The rest of `name>`. Of the letters beyond ASCII, those that Rust calls alphabetic or numeric.
    fn name(&mut self) -> Option<String> {
        let rest = &self.units[self.at..];
        let length = rest.iter().position(|&unit| unit == u16::from(b'>'))?;
        let name = String::from_utf16(&rest[..length]).ok()?;
        let first = name.chars().next()?;
        let mark = |c: char| c == '_' || c == '$';
        if !(first.is_alphabetic() || mark(first)) || !name.chars().all(|c| c.is_alphanumeric() || mark(c)) {
            return None;
        }
        self.at += length + 1;
        Some(name)
    }

    fn atom_escape(&mut self) -> Result<Node, Fault> {
        let Some(c) = self.peek() else { return self.fault() };
        match c {
            'b' | 'B' => return self.simple(Node::WordBoundary { negated: c == 'B' }),
            '1'..='9' => {
                let start = self.at;
                let number = self.digits().and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX);
                // In the first run: maybe.
                if self.known.is_none_or(|known| number <= known.groups) {
                    self.uses.back_reference = true;
                    return Ok(Node::BackReference(number));
                }
                self.at = start;
            }
            'k' if self.has_names() => {
                self.at += 1;
                self.uses.back_reference = true;
                if !self.eat("<") {
                    return self.fault();
                }
                let name = self.name();
                let known = self.known.map_or(&[][..], |known| &known.names);
                let Some((_, number)) = known.iter().find(|(known, _)| Some(known) == name.as_ref()) else {
                    return self.fault();
                };
                return Ok(Node::BackReference(*number));
            }
            _ => {}
        }
        if let Some(class) = Class::escape(c) {
            return self.simple(Node::Class(class));
        }
        self.character_escape(false).map(Node::Char)
    }

    fn has_names(&self) -> bool {
        self.known.is_some_and(|known| !known.names.is_empty())
    }

    /// The unit that an escape stands for. There is at least one unit after `\`.
    fn character_escape(&mut self, in_class: bool) -> Result<u16, Fault> {
        let unit = self.units[self.at];
        let c = self.peek().unwrap_or_default();
        self.at += 1;
        Ok(match c {
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'b' if in_class => 0x08,
            'c' => {
                let control =
                    self.peek().filter(|c| c.is_ascii_alphabetic() || (in_class && (c.is_ascii_digit() || *c == '_')));
                match control {
                    Some(letter) => {
                        self.at += 1;
                        letter as u16 % 32
                    }
                    // The backslash is itself, and `c` is not part of it.
                    None => {
                        self.at -= 1;
                        u16::from(b'\\')
                    }
                }
            }
            'x' => self.hex(2).unwrap_or(unit),
            'u' => self.hex(4).unwrap_or(unit),
            '0'..='7' => {
                self.at -= 1;
                self.octal()
            }
            'k' if self.has_names() => return self.fault(),
            'k' if self.known.is_none() => {
                self.uses.back_reference = true;
                unit
            }
            _ => unit,
        })
    }

    fn hex(&mut self, digits: usize) -> Option<u16> {
        let text = String::from_utf16(self.units.get(self.at..self.at + digits)?).ok()?;
        let valid = text.chars().all(|c| c.is_ascii_hexdigit());
        let value = u16::from_str_radix(&text, 16).ok().filter(|_| valid)?;
        self.at += digits;
        Some(value)
    }

    /// Up to three digits, up to 377.
    fn octal(&mut self) -> u16 {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            if value * 8 + digit > 0o377 {
                break;
            }
            value = value * 8 + digit;
            self.at += 1;
        }
        value as u16
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<Class, Fault> {
        let mut class = Class { ranges: Vec::new(), negated: self.eat("^") };
        loop {
            if self.eat("]") {
                return Ok(class);
            }
            let first = self.class_atom()?;
            let dash = u16::from(b'-');
            let is_range = self.units[self.at..].first() == Some(&dash)
                && self.units.get(self.at + 1).is_some_and(|&unit| unit != u16::from(b']'));
            if !is_range {
                class.ranges.extend(first.ranges);
                continue;
            }
            self.at += 1;
            let last = self.class_atom()?;
            match (first.single(), last.single()) {
                (Some(first), Some(last)) if first > last => return self.fault(),
                (Some(first), Some(last)) => class.ranges.push((first, last)),
                // With a class at one end `-` is just a member.
                _ => {
                    class.ranges.extend(first.ranges);
                    class.ranges.push((dash, dash));
                    class.ranges.extend(last.ranges);
                }
            }
        }
    }

    fn class_atom(&mut self) -> Result<ClassAtom, Fault> {
        let Some(&unit) = self.units.get(self.at) else { return self.fault() };
        self.at += 1;
        if unit != u16::from(b'\\') {
            return Ok(ClassAtom::unit(unit));
        }
        let Some(c) = self.peek() else { return self.fault() };
        if let Some(class) = Class::escape(c) {
            self.at += 1;
            return Ok(ClassAtom { ranges: class.ranges, is_class: true });
        }
        self.character_escape(true).map(ClassAtom::unit)
    }
}

struct ClassAtom {
    ranges: Vec<(u16, u16)>,
    is_class: bool,
}

impl ClassAtom {
    fn unit(unit: u16) -> Self {
        Self { ranges: vec![(unit, unit)], is_class: false }
    }

    /// The unit, if it can be the end of a range.
    fn single(&self) -> Option<u16> {
        match self.ranges[..] {
            [(unit, _)] if !self.is_class => Some(unit),
            _ => None,
        }
    }
}
