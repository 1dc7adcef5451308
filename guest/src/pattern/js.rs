//! JavaScript regular expressions without flags, including Annex B of ECMA-262, as far as they are regular.
//!
//! Read as UTF-16 units, as JavaScript does: a character outside the basic plane is two of them. Look-behind and
//! back-references are refused. The parser keeps its own stack, so nesting costs no stack of the machine.

use super::PatternError;
use super::class::Class;
use super::node::{Assert, Look, Node, Repeat, Tree};

/// Deepest nesting of groups; the steps after the parser are recursive.
pub(super) const MAX_DEPTH: usize = 50;
/// Most look-aheads in one expression; their state while matching lies on the stack. Real patterns have up to 2.
pub(super) const MAX_LOOKS: usize = 16;

/// What the expression may contain and how it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    /// `i`
    pub(super) fold: bool,
    /// `s`
    pub(super) dot_all: bool,
    /// Refuse look-ahead, and let only named groups capture.
    pub(super) plain: bool,
}

impl Flags {
    /// The flags of a JavaScript `RegExp`, as letters.
    pub(super) fn read(letters: &str) -> Result<Self, PatternError> {
        let mut flags = Self { fold: false, dot_all: false, plain: false };
        for (at, letter) in letters.char_indices() {
            let (code, message) = match letter {
                'i' => {
                    flags.fold = true;
                    continue;
                }
                's' => {
                    flags.dot_all = true;
                    continue;
                }
                // Asks for places, which nobody reads here.
                'd' => continue,
                'g' | 'y' => {
                    ("stateful-regexp", format!("with the flag `{letter}` an expression remembers where it stopped"))
                }
                _ => ("unsupported-flag", format!("the flag `{letter}` is not supported")),
            };
            let at = at..at + letter.len_utf8();
            return Err(PatternError::new(code, at, message).help("leave the flag out; `i` and `s` are supported"));
        }
        Ok(flags)
    }
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    /// In UTF-16 units from the start.
    pub(super) at: usize,
    pub(super) message: String,
}

/// Parse `text`.
pub(super) fn parse(text: &str, flags: Flags) -> Result<Tree, Fault> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut parser = Parser::new(&units, flags);
    parser.count_groups();
    let root = parser.disjunction()?;
    if parser.names_group_twice() {
        return Err(parser.fault(0, "two groups have the same name"));
    }
    let mut tree = Tree { root, classes: parser.classes, looks: parser.looks, captures: parser.captures };
    tree.mark_looks();
    Ok(tree)
}

struct Parser<'t> {
    units: &'t [u16],
    at: usize,
    flags: Flags,
    classes: Vec<Class>,
    /// The class of an ASCII literal, if there is one yet.
    literals: [Option<u32>; 128],
    looks: Vec<Look>,
    captures: Vec<Option<String>>,
    /// Capturing groups in the whole text: decides what `\1` is.
    groups: usize,
    /// A group has a name: decides what `\k` is.
    named: bool,
}

/// A group that is still open.
struct Frame {
    kind: Kind,
    branches: Vec<Node>,
    branch: Vec<Node>,
}

enum Kind {
    Plain,
    Capture(u32),
    /// `captures`: how many there were before it.
    Look {
        negated: bool,
        captures: usize,
    },
}

/// What `\x` outside of a class is.
enum Escape {
    Assert(Assert),
    Class(Class),
}

impl<'t> Parser<'t> {
    fn new(units: &'t [u16], flags: Flags) -> Self {
        Self {
            units,
            at: 0,
            flags,
            classes: Vec::new(),
            literals: [None; 128],
            looks: Vec::new(),
            captures: Vec::new(),
            groups: 0,
            named: false,
        }
    }

    /// The unit `ahead` of the current one as an ASCII character; other units come back as U+FFFD.
    fn look(&self, ahead: usize) -> Option<char> {
        let unit = *self.units.get(self.at + ahead)?;
        Some(u8::try_from(unit).ok().filter(u8::is_ascii).map_or(char::REPLACEMENT_CHARACTER, char::from))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(ahead, c)| self.look(ahead) == Some(c));
        if found {
            self.at += text.len();
        }
        found
    }

    fn bump(&mut self) -> Option<u16> {
        let unit = self.units.get(self.at).copied();
        self.at += usize::from(unit.is_some());
        unit
    }

    fn fault(&self, at: usize, message: impl Into<String>) -> Fault {
        Fault { code: "invalid-regexp", at: at.min(self.units.len()), message: message.into() }
    }

    /// Count what the meaning of an escape depends on, wherever it stands.
    fn count_groups(&mut self) {
        let mut in_class = false;
        while let Some(c) = self.look(0) {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class => {
                    let named = self.look(0) == Some('?')
                        && self.look(1) == Some('<')
                        && !matches!(self.look(2), Some('=' | '!'));
                    self.named |= named;
                    self.groups += usize::from(named || self.look(0) != Some('?'));
                }
                _ => {}
            }
        }
        self.at = 0;
    }

    fn names_group_twice(&self) -> bool {
        let mut names: Vec<&String> = self.captures.iter().flatten().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }

    fn disjunction(&mut self) -> Result<Node, Fault> {
        let mut open: Vec<Frame> = Vec::new();
        let mut frame = Frame::new(Kind::Plain);
        loop {
            let start = self.at;
            let Some(c) = self.look(0) else {
                if !open.is_empty() {
                    return Err(self.fault(start, "a group is not closed"));
                }
                return Ok(frame.close());
            };
            match c {
                '|' => {
                    self.at += 1;
                    frame.branch();
                }
                '(' => {
                    let kind = self.group()?;
                    if open.len() >= MAX_DEPTH {
                        return Err(Fault {
                            code: "too-deep",
                            at: start,
                            message: format!("groups are nested more than {MAX_DEPTH} deep"),
                        });
                    }
                    open.push(std::mem::replace(&mut frame, Frame::new(kind)));
                }
                ')' => {
                    self.at += 1;
                    let Some(outer) = open.pop() else {
                        return Err(self.fault(start, "`)` closes nothing"));
                    };
                    let inner = std::mem::replace(&mut frame, outer);
                    let node = self.close(inner, start)?;
                    self.push_quantified(&mut frame, node)?;
                }
                '*' | '+' | '?' => return Err(self.fault(start, format!("`{c}` has nothing to repeat"))),
                '{' if self.braces()?.is_some() => return Err(self.fault(start, "`{` has nothing to repeat")),
                '^' | '$' => {
                    self.at += 1;
                    frame.push(Node::Assert(if c == '^' { Assert::Start } else { Assert::End }));
                }
                '\\' => {
                    self.at += 1;
                    match self.escape()? {
                        Escape::Assert(assert) => frame.push(Node::Assert(assert)),
                        Escape::Class(class) => {
                            let node = self.class_node(class);
                            self.push_quantified(&mut frame, node)?;
                        }
                    }
                }
                '.' => {
                    self.at += 1;
                    let class = if self.flags.dot_all { Class::all() } else { Class::line_ends().negated() };
                    let node = self.class_node(class);
                    self.push_quantified(&mut frame, node)?;
                }
                '[' => {
                    self.at += 1;
                    let class = self.class()?;
                    let node = self.class_node(class);
                    self.push_quantified(&mut frame, node)?;
                }
                _ => {
                    let unit = self.bump().unwrap_or_default();
                    let node = self.literal(unit);
                    self.push_quantified(&mut frame, node)?;
                }
            }
        }
    }

    /// Read `(` and what says which kind of group it is.
    fn group(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        if self.look(0) != Some('?') {
            return Ok(if self.flags.plain { Kind::Plain } else { self.capture(None) });
        }
        let kind = if self.eat("?:") {
            Kind::Plain
        } else if self.eat("?=") {
            Kind::Look { negated: false, captures: self.captures.len() }
        } else if self.eat("?!") {
            Kind::Look { negated: true, captures: self.captures.len() }
        } else if self.eat("?<=") || self.eat("?<!") {
            let message = "look-behind is not supported".to_owned();
            return Err(Fault { code: "look-behind", at: start, message });
        } else if self.eat("?<") {
            let name = self.name().ok_or_else(|| self.fault(start, "the name of a group is not valid"))?;
            self.capture(Some(name))
        } else {
            return Err(self.fault(start, "unknown kind of group"));
        };
        if self.flags.plain && matches!(kind, Kind::Look { .. }) {
            let message = "look-ahead is not supported here".to_owned();
            return Err(Fault { code: "look-around", at: start, message });
        }
        Ok(kind)
    }

    fn capture(&mut self, name: Option<String>) -> Kind {
        let number = u32::try_from(self.captures.len()).unwrap_or(u32::MAX);
        self.captures.push(name);
        Kind::Capture(number)
    }

    /// The rest of `name>`.
    fn name(&mut self) -> Option<String> {
        let rest = self.units.get(self.at..)?;
        let length = rest.iter().position(|&unit| unit == u16::from(b'>'))?;
        let name = String::from_utf16(rest.get(..length)?).ok()?;
        let start = name.chars().next()?;
        let valid = (start.is_alphabetic() || start == '_' || start == '$')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        self.at += length + 1;
        valid.then_some(name)
    }

    fn close(&mut self, frame: Frame, at: usize) -> Result<Node, Fault> {
        match frame.kind {
            Kind::Plain => Ok(frame.close()),
            Kind::Capture(number) => Ok(Node::Capture(number, Box::new(frame.close()))),
            // Within a negative one nothing is ever captured.
            Kind::Look { negated: false, captures } if captures < self.captures.len() => {
                let message = "a named group within a look-ahead is not supported".to_owned();
                Err(Fault { code: "look-capture", at, message })
            }
            Kind::Look { negated, .. } => {
                let id = self.looks.len();
                if id >= MAX_LOOKS {
                    return Err(Fault {
                        code: "too-many-states",
                        at,
                        message: format!("more than {MAX_LOOKS} look-aheads"),
                    });
                }
                self.looks.push(Look { body: frame.close(), once: false });
                Ok(Node::Assert(Assert::Look { id: u16::try_from(id).unwrap_or(u16::MAX), negated }))
            }
        }
    }

    fn class_node(&mut self, class: Class) -> Node {
        let number = self.classes.iter().position(|known| *known == class).unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        Node::Class(u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn literal(&mut self, unit: u16) -> Node {
        if let Some(Some(number)) = self.literals.get(usize::from(unit)) {
            return Node::Class(*number);
        }
        let class = Class::unit(unit);
        let node = self.class_node(if self.flags.fold { class.folded() } else { class });
        if let (Some(known), Node::Class(number)) = (self.literals.get_mut(usize::from(unit)), &node) {
            *known = Some(*number);
        }
        node
    }

    /// Push `node` with the quantifier that follows it.
    fn push_quantified(&mut self, frame: &mut Frame, node: Node) -> Result<(), Fault> {
        let (min, max) = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if self.eat("?") {
            (0, Some(1))
        } else if let Some((min, max, end)) = self.braces()? {
            self.at = end;
            (min, max)
        } else {
            let node = self.subtract(frame, node);
            frame.push(node);
            return Ok(());
        };
        let greedy = !self.eat("?");
        frame.push(Node::Repeat(Box::new(Repeat { node, min, max, greedy })));
        Ok(())
    }

    /// `(?!x)C` with a single unit x is the class C without x: no need to look ahead.
    fn subtract(&mut self, frame: &mut Frame, node: Node) -> Node {
        let (Node::Class(number), Some(Node::Assert(Assert::Look { id, negated: true }))) =
            (&node, frame.branch.last())
        else {
            return node;
        };
        let last = usize::from(*id) + 1 == self.looks.len();
        let Some(Look { body: Node::Class(without), .. }) = self.looks.last().filter(|_| last) else { return node };
        let class = |number: &u32| usize::try_from(*number).ok().and_then(|number| self.classes.get(number));
        let (Some(from), Some(without)) = (class(number), class(without)) else { return node };
        let rest = from.minus(without);
        self.looks.pop();
        frame.branch.pop();
        self.class_node(rest)
    }

    /// `{n}`, `{n,}` or `{n,m}` with the place after it; anything else is literal text (Annex B).
    fn braces(&self) -> Result<Option<(u32, Option<u32>, usize)>, Fault> {
        let mut at = self.at;
        let eat = |at: &mut usize, c: u8| {
            let found = self.units.get(*at) == Some(&u16::from(c));
            *at += usize::from(found);
            found
        };
        let number = |at: &mut usize| {
            let mut number: Option<u32> = None;
            while let Some(digit) = self.units.get(*at).and_then(|&unit| char::from_u32(u32::from(unit))?.to_digit(10))
            {
                number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
                *at += 1;
            }
            number
        };
        if !eat(&mut at, b'{') {
            return Ok(None);
        }
        let Some(min) = number(&mut at) else { return Ok(None) };
        let max = if eat(&mut at, b',') { number(&mut at) } else { Some(min) };
        if !eat(&mut at, b'}') {
            return Ok(None);
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.fault(self.at, "the numbers in `{}` are out of order"));
        }
        Ok(Some((min, max, at)))
    }

    /// What follows `\` outside of a class.
    fn escape(&mut self) -> Result<Escape, Fault> {
        let start = self.at.saturating_sub(1);
        let Some(c) = self.look(0) else { return Err(self.fault(start, "`\\` at the end")) };
        match c {
            'b' | 'B' => {
                self.at += 1;
                return Ok(Escape::Assert(Assert::Word { negated: c == 'B' }));
            }
            '1'..='9' if self.decimal() <= self.groups => return Err(back_reference(start)),
            'k' if self.named => {
                self.at += 1;
                let named = self.eat("<") && self.name().is_some();
                return Err(if named { back_reference(start) } else { self.fault(start, "`\\k` without a name") });
            }
            _ => {}
        }
        if let Some(class) = self.class_escape() {
            return Ok(Escape::Class(class));
        }
        let unit = self.unit_escape(false);
        let class = Class::unit(unit);
        Ok(Escape::Class(if self.flags.fold { class.folded() } else { class }))
    }

    /// The decimal number that starts here; nothing is taken.
    fn decimal(&self) -> usize {
        let digits = self.units.get(self.at..).unwrap_or_default().iter();
        digits
            .map_while(|&unit| char::from_u32(u32::from(unit))?.to_digit(10))
            .fold(0usize, |number, digit| number.saturating_mul(10).saturating_add(digit as usize))
    }

    /// `d`, `D`, `s`, `S`, `w`, `W` after `\`.
    fn class_escape(&mut self) -> Option<Class> {
        let class = match self.look(0)? {
            'd' => Class::digits(),
            'D' => Class::digits().negated(),
            's' => Class::space(),
            'S' => Class::space().negated(),
            'w' => Class::word(),
            'W' => Class::word().negated(),
            _ => return None,
        };
        self.at += 1;
        Some(class)
    }

    /// The one unit that an escape stands for; there is at least one unit after `\`.
    fn unit_escape(&mut self, in_class: bool) -> u16 {
        let unit = self.bump().unwrap_or_default();
        let Some(c) = u8::try_from(unit).ok().map(char::from) else { return unit };
        match c {
            'b' if in_class => 0x08,
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'c' => match self.look(0) {
                Some(letter)
                    if letter.is_ascii_alphabetic() || (in_class && (letter.is_ascii_digit() || letter == '_')) =>
                {
                    self.bump().unwrap_or_default() & 0x1F
                }
                // Not a control escape: the backslash stands for itself and `c` is read again.
                _ => {
                    self.at -= 1;
                    u16::from(b'\\')
                }
            },
            'x' => self.hex(2).unwrap_or(unit),
            'u' => self.hex(4).unwrap_or(unit),
            '0'..='7' => {
                let mut value = unit - u16::from(b'0');
                let most = if c <= '3' { 2 } else { 1 };
                for _ in 0..most {
                    let Some(digit) = self.look(0).and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + u16::try_from(digit).unwrap_or(0);
                    self.at += 1;
                }
                value
            }
            _ => unit,
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u16> {
        let value = (0..digits).try_fold(0u32, |value, ahead| Some(value * 16 + self.look(ahead)?.to_digit(16)?))?;
        self.at += digits;
        u16::try_from(value).ok()
    }

    /// The rest of `[…]`.
    fn class(&mut self) -> Result<Class, Fault> {
        let start = self.at.saturating_sub(1);
        let negated = self.eat("^");
        let mut class = Class::default();
        loop {
            if self.eat("]") {
                break;
            }
            let place = self.at;
            let from = self.class_atom(start)?;
            if self.look(0) == Some('-') && self.look(1).is_some_and(|c| c != ']') {
                self.at += 1;
                match (from, self.class_atom(start)?) {
                    (Atom::Unit(from), Atom::Unit(to)) if from <= to => class.add(from, to),
                    (Atom::Unit(_), Atom::Unit(_)) => return Err(self.fault(place, "range out of order in `[]`")),
                    (from, to) => {
                        from.add_to(&mut class);
                        class.add(u16::from(b'-'), u16::from(b'-'));
                        to.add_to(&mut class);
                    }
                }
            } else {
                from.add_to(&mut class);
            }
        }
        let class = if self.flags.fold { class.folded() } else { class };
        Ok(if negated { class.negated() } else { class })
    }

    fn class_atom(&mut self, class_start: usize) -> Result<Atom, Fault> {
        let Some(unit) = self.bump() else { return Err(self.fault(class_start, "`[` is not closed")) };
        if unit != u16::from(b'\\') {
            return Ok(Atom::Unit(unit));
        }
        if self.look(0).is_none() {
            return Err(self.fault(class_start, "`[` is not closed"));
        }
        if self.named && self.look(0) == Some('k') {
            return Err(self.fault(self.at, "`\\k` in a class"));
        }
        Ok(self.class_escape().map_or_else(|| Atom::Unit(self.unit_escape(true)), Atom::Class))
    }
}

/// A member of a class as written.
enum Atom {
    Unit(u16),
    Class(Class),
}

impl Atom {
    fn add_to(self, class: &mut Class) {
        match self {
            Self::Unit(unit) => class.add(unit, unit),
            Self::Class(other) => class.union(&other),
        }
    }
}

fn back_reference(at: usize) -> Fault {
    Fault { code: "back-reference", at, message: "back-references are not supported".to_owned() }
}

impl Frame {
    fn new(kind: Kind) -> Self {
        Self { kind, branches: Vec::new(), branch: Vec::new() }
    }

    /// Append, with concatenations flattened.
    fn push(&mut self, node: Node) {
        match node {
            Node::Concat(nodes) => self.branch.extend(nodes),
            node => self.branch.push(node),
        }
    }

    /// End a branch.
    fn branch(&mut self) {
        let mut nodes = std::mem::take(&mut self.branch);
        let node = if nodes.len() == 1 { nodes.pop() } else { None };
        self.branches.push(node.unwrap_or(Node::Concat(nodes)));
    }

    fn close(mut self) -> Node {
        self.branch();
        let node = if self.branches.len() == 1 { self.branches.pop() } else { None };
        node.unwrap_or(Node::Alt(self.branches))
    }
}
