//! Random JavaScript expressions, Annex B included.

use super::damage;
use crate::random::Random;

/// What an expression may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Inside a group of a route pattern: groups do not capture, look-ahead is common.
    Group,
    /// On its own: named and unnamed groups, look-ahead now and then, which our dialect refuses.
    Alone,
    /// On its own, with look-ahead as in a group, and often with anchors.
    Found,
}

/// A random expression. Not empty, nearly always valid, and it does not start with `?`.
pub fn regex(random: &mut Random, style: Style) -> String {
    // What people write most.
    if random.chance(25) {
        let usual = [
            ".*\\n?",
            "(?:/.*)?[\\r\\n]?",
            "[^/]+/?",
            ".*",
            ".+",
            "\\d+",
            "[^/]+",
            "[a-z]+",
            "en|de",
            "[a-z]{2}",
            ".*?",
            "(?!a|b).*",
            "(?!api|_next).*",
            "\\w+",
            "[\\w-]+",
            "a|ab|abc",
            "(?:a+)+",
            "(?:a|a)*",
            "(?:.*/)?x",
            "(?!.*\\.).*",
            "foo(?!bar).*",
            "[0-9a-f]{2,4}",
        ];
        let text = random.pick(&usual);
        if style != Style::Alone || !text.contains("(?!") {
            return text.to_owned();
        }
    }
    let mut writer = Writer { random, style, out: String::new(), names: 0 };
    if style == Style::Found && writer.random.chance(75) {
        writer.out.push('^');
    }
    writer.disjunction(0);
    if style == Style::Found && writer.random.chance(75) {
        writer.out.push('$');
    }
    let text = writer.out;
    if text.starts_with('?') || text.is_empty() { format!("a{text}") } else { text }
}

/// The same, broken.
pub(super) fn broken_regex(random: &mut Random, style: Style) -> String {
    let text = regex(random, style);
    damage(
        random,
        &text,
        &["*", "+", "?", "(", ")", "[", "]", "{", "}", "{2}", "|", "\\", "(?", "^", "$", "(?<a>", "-"],
    )
}

struct Writer<'r> {
    random: &'r mut Random,
    style: Style,
    out: String,
    names: usize,
}

impl Writer<'_> {
    fn disjunction(&mut self, depth: usize) {
        let alternatives = self.random.weighted(&[(70, 1), (22, 2), (8, 3)]);
        for number in 0..alternatives {
            if number > 0 {
                self.out.push('|');
            }
            let terms = self.random.weighted(&[(4, 0), (40, 1), (35, 2), (15, 3), (6, 4)]);
            for _ in 0..terms {
                self.term(depth);
            }
        }
    }

    fn term(&mut self, depth: usize) {
        let deep = depth >= 3;
        match self.random.below(100) {
            0..36 => self.literal(),
            36..50 => self.out.push('.'),
            50..66 => self.class(),
            66..78 => self.escape(),
            78..89 if !deep => {
                let open = match (self.style, self.random.below(3)) {
                    (Style::Alone | Style::Found, 0) => {
                        self.names += 1;
                        format!("(?<{}{}>", self.random.pick(&["n", "word", "$_", "é"]), self.names)
                    }
                    (Style::Alone | Style::Found, 1) => "(".to_owned(),
                    (Style::Group, 0) if self.random.chance(10) => format!("(?<g{}>", self.random.below(30)),
                    _ => "(?:".to_owned(),
                };
                self.out.push_str(&open);
                self.disjunction(depth + 1);
                self.out.push(')');
            }
            89..95 if !deep && (self.style != Style::Alone || self.random.chance(8)) => {
                let open = self.random.weighted(&[(60, "(?!"), (36, "(?="), (2, "(?<="), (2, "(?<!")]);
                self.out.push_str(open);
                self.disjunction(depth + 1);
                self.out.push(')');
                // Of assertions, only these two can be repeated.
                if self.random.chance(90) || open.starts_with("(?<") {
                    return;
                }
            }
            95..97 => {
                let assertion = self.random.pick(&["^", "$", "\\b", "\\B"]);
                self.out.push_str(assertion);
                return;
            }
            97..99 => {
                let odd = [
                    "{", "}", "]", "{,3}", "{a}", "{1", "[^]", "[]", "\\c", "\\c1", "\\k", "\\8", "\\0", "\\01",
                    "\\101", "\\400", "\\xZ", "\\u00", "\\p{L}", "\\cA", "\\x2f", "\\u002F", "\\u2028", "\\B", "\\/",
                    "\\-",
                ];
                let odd = self.random.pick(&odd);
                self.out.push_str(odd);
                if odd.starts_with('{') || odd == "\\B" {
                    return;
                }
            }
            99 if self.random.chance(20) => {
                let back = self.random.pick(&["\\1", "\\2", "\\k<n1>", "\\k<g1>"]);
                self.out.push_str(back);
            }
            _ => self.literal(),
        }
        self.quantifier();
    }

    fn literal(&mut self) {
        let literals = [
            "a", "b", "x", "foo", "A", "Z", "0", "9", "-", "_", "/", "/", "%", "é", "É", "\u{17f}", "\u{212a}", "ß",
            "σ", " ", ",", "=", "~", ":", "#", "😀", "\u{fffd}", "k", "s", "\u{2028}", "<", ">", "!",
        ];
        let literal = self.random.pick(&literals);
        self.out.push_str(literal);
    }

    fn escape(&mut self) {
        let escapes = [
            "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\.", "\\/", "\\?", "\\*", "\\(", "\\)", "\\[", "\\\\", "\\t",
            "\\n", "\\r", "\\v", "\\f", "\\é", "\\a", "\\x41", "\\u0061", "\\u00e9", "\\|", "\\$", "\\{", "\\d", "\\w",
        ];
        let escape = self.random.pick(&escapes);
        self.out.push_str(escape);
    }

    fn class(&mut self) {
        self.out.push('[');
        if self.random.chance(40) {
            self.out.push('^');
        }
        for _ in 0..self.random.weighted(&[(3, 0), (35, 1), (35, 2), (20, 3), (7, 5)]) {
            let members = [
                "a", "b", "z", "A", "0", "_", "-", "/", ".", "#", "?", "^", "é", "É", "\u{17f}", "%", "\n", "\u{2028}",
                "a-c", "a-z", "A-Z", "0-9", "!-/", "a-é", "à-ü", "Z-a", "\\w", "\\d", "\\s", "\\W", "\\D", "\\S",
                "\\b", "\\B", "\\-", "\\]", "\\/", "\\.", "\\n", "\\t", "\\x2f", "\\u002f", "\\cA", "\\c1", "\\c_",
                "\\c-", "\\0", "\\1", "\\101", "\\8", "\\k", "\\w-.", "a-\\d", "--0", "+--", "$", "(?", "|", "*", "{",
                "😀",
            ];
            let mut member = self.random.pick(&members);
            if member == "(?" && self.style == Style::Group {
                // Parentheses within a class mislead path-to-regexp; that is what `route` does on purpose.
                member = "+";
            }
            self.out.push_str(member);
        }
        self.out.push(']');
    }

    fn quantifier(&mut self) {
        if self.random.chance(58) {
            return;
        }
        let quantifier = self.random.weighted(&[
            (30, "*"),
            (30, "+"),
            (20, "?"),
            (4, "{2}"),
            (3, "{1,}"),
            (3, "{0,2}"),
            (3, "{1,3}"),
            (2, "{0}"),
            (2, "{2,2}"),
            (1, "{0,}"),
            (1, "{3,1}"),
            (1, "{,2}"),
            (1, "{9,40}"),
            (1, "{30}"),
        ]);
        self.out.push_str(quantifier);
        if self.random.chance(20) {
            self.out.push('?');
        }
    }
}
