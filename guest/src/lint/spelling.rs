//! How a text is written: where its groups, parameters and exclusions lie. It says where to look; what an entry takes is
//! asked of its language.

use std::ops::Range;

/// A negative look-ahead, `(?!a|b)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exclusion {
    /// With its parentheses.
    pub(super) at: Range<usize>,
    pub(super) alternatives: Vec<Range<usize>>,
}

/// Those of `text` that lie in no other one.
pub(super) fn exclusions(text: &str) -> Vec<Exclusion> {
    let mut found = Vec::new();
    let mut scan = Scan::new(text);
    while let Some((at, c)) = scan.next() {
        if c != '(' || !text.get(at..).is_some_and(|rest| rest.starts_with("(?!")) {
            continue;
        }
        let mut start = at + 3;
        let mut alternatives = Vec::new();
        let mut depth = 0usize;
        for (at, c) in scan.by_ref() {
            match c {
                // The mark of the group itself.
                '?' | '!' if at < start => {}
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                '|' if depth == 0 => {
                    alternatives.push(start..at);
                    start = at + 1;
                }
                ')' => {
                    alternatives.push(start..at);
                    break;
                }
                _ => {}
            }
        }
        let end = alternatives.last().map_or(text.len(), |last| last.end + 1);
        found.push(Exclusion { at: at..end, alternatives });
    }
    found
}

/// Characters of an expression that are neither escaped nor within a class.
struct Scan<'t> {
    chars: std::str::CharIndices<'t>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Self { chars: text.char_indices() }
    }
}

impl Iterator for Scan<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.chars.next()? {
                (_, '\\') => {
                    self.chars.next();
                }
                (_, '[') => {
                    while let Some((_, c)) = self.chars.next() {
                        match c {
                            '\\' => drop(self.chars.next()),
                            ']' => break,
                            _ => {}
                        }
                    }
                }
                other => return Some(other),
            }
        }
    }
}

/// Is there a `.` that takes any character?
pub(super) fn has_dot(text: &str) -> bool {
    Scan::new(text).any(|(_, c)| c == '.')
}

/// Does it end like the name of a file, such as `favicon.ico`? That nobody takes for the start of a page.
pub(super) fn is_file(text: &str) -> bool {
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let Some((stem, extension)) = text.trim_end_matches('$').rsplit_once('.') else { return false };
    let stem = stem.strip_suffix('\\').unwrap_or(stem);
    !extension.is_empty() && is_word(extension) && stem.chars().next_back().is_some_and(|c| is_word(&c.to_string()))
}

/// A backslash that stands for itself, outside of a class.
pub(super) fn backslash(text: &str) -> Option<Range<usize>> {
    let mut chars = text.char_indices();
    let mut in_class = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().map(|(_, c)| c);
                if escaped == Some('\\') && !in_class {
                    return Some(at..at + 2);
                }
            }
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
    }
    None
}

/// `[w]`, `[d]`, `[s]`: an escape that lost its backslash.
pub(super) fn lost_escape(text: &str) -> Option<Range<usize>> {
    ["[w]", "[d]", "[s]", "[W]", "[D]", "[S]"]
        .iter()
        .filter_map(|class| text.find(class))
        .filter(|at| !text.get(..*at).is_some_and(|before| before.ends_with('\\')))
        .map(|at| at..at + 3)
        .min_by_key(|at| at.start)
}

/// A part of a route pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text, escapes included.
    Text(Range<usize>),
    /// `:name` without a group of its own, and what repeats it.
    Param(Range<usize>, Option<char>),
    /// `(…)` or `:name(…)`; where its parentheses are.
    Group { at: Range<usize>, parentheses: Range<usize>, repeat: Option<char> },
}

/// The parts of a route pattern that compiles. Braces are left out.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let start = at;
        let mut is_param = false;
        if c == ':' {
            let rest = text.get(at + 1..).unwrap_or_default();
            at += 1 + rest.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
            is_param = at > start + 1;
        }
        if text.get(at..).is_some_and(|rest| rest.starts_with('(')) {
            let open = at;
            at = group_end(text, open);
            let repeat = repeat(text, &mut at);
            pieces.push(Piece::Group {
                at: start..at,
                parentheses: open..at - repeat.map_or(0, char::len_utf8),
                repeat,
            });
            continue;
        }
        if is_param {
            let end = at;
            let repeat = repeat(text, &mut at);
            pieces.push(Piece::Param(start..end, repeat));
            continue;
        }
        if at == start {
            at += c.len_utf8();
            if c == '\\' {
                at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            }
        }
        if matches!(c, '{' | '}' | '*' | '+' | '?') {
            continue;
        }
        match pieces.last_mut() {
            Some(Piece::Text(text)) if text.end == start => text.end = at,
            _ => pieces.push(Piece::Text(start..at)),
        }
    }
    pieces
}

fn repeat(text: &str, at: &mut usize) -> Option<char> {
    let c = text.get(*at..).and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '*' | '+' | '?'))?;
    *at += c.len_utf8();
    Some(c)
}

/// Past the `)` of the group that opens at `open`; path-to-regexp counts parentheses in classes, too.
fn group_end(text: &str, open: usize) -> usize {
    let mut depth = 0usize;
    let mut chars = text.get(open..).unwrap_or_default().char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return open + at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_aheads() {
        let text = r"/((?!_next|[^?]*\.(?:css|js(?!on))).*)x(?!\(|[)|]$)";
        let found = exclusions(text);
        let words = |exclusion: &Exclusion| {
            exclusion.alternatives.iter().map(|at| text[at.clone()].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found.len(), 2);
        assert_eq!(words(&found[0]), ["_next", r"[^?]*\.(?:css|js(?!on))"]);
        assert_eq!(&text[found[0].at.clone()], r"(?!_next|[^?]*\.(?:css|js(?!on)))");
        assert_eq!(words(&found[1]), [r"\(", r"[)|]$"]);
        assert!(exclusions("/(a|b)").is_empty());
    }

    #[test]
    fn pieces_of_patterns() {
        let text = r"/:a/b\:c(.*){-:d}?/:e*/:f(x|y)+";
        let cut = |at: &Range<usize>| &text[at.clone()];
        let found: Vec<String> = pieces(text)
            .iter()
            .map(|piece| match piece {
                Piece::Text(at) => format!("text {}", cut(at)),
                Piece::Param(at, repeat) => format!("param {} {repeat:?}", cut(at)),
                Piece::Group { at, parentheses, repeat } => {
                    format!("group {} {} {repeat:?}", cut(at), cut(parentheses))
                }
            })
            .collect();
        assert_eq!(
            found,
            [
                "text /",
                "param :a None",
                r"text /b\:c",
                "group (.*) (.*) None",
                "text -",
                "param :d None",
                "text /",
                "param :e Some('*')",
                "text /",
                "group :f(x|y)+ (x|y) Some('+')",
            ]
        );
    }

    #[test]
    fn escapes() {
        assert_eq!(backslash(r"/((?!.*\\..*).*)"), Some(7..9));
        assert_eq!(backslash(r"/[^\\/]\."), None);
        assert_eq!(lost_escape("/((?!.+.[w]+$).*)"), Some(8..11));
        assert_eq!(lost_escape(r"/\[w]"), None);
        assert!(is_file("favicon.ico") && is_file(r"x/robots\.txt$"));
        assert!(!is_file("api") && !is_file(r".*\.png") && !is_file(r".*\..*") && !is_file(".*/x"));
        assert!(has_dot("a.b") && !has_dot(r"a\.[.]b"));
    }
}
