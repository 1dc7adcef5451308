//! A look at the nesting before a parser sees the text: parsers recurse, and the component's stack is 128 KiB.

use super::clamp;
use crate::config::Format;
use crate::diagnostic::Span;

/// Most levels of brackets and dotted keys. The deepest sensible config has 8 (`require` in `any` in `all`).
pub(super) const MAX_DEPTH: usize = 32;

/// Where the text goes deeper than [`MAX_DEPTH`], if it does. Strings and comments are skipped.
pub(super) fn too_deep(text: &str, format: Format) -> Option<Span> {
    let toml = format == Format::Toml;
    let bytes = text.as_bytes();
    // Dots of the key that leads to each open bracket; the last one is the level we are in.
    let mut dots = vec![0usize];
    let mut depth = 0usize;
    let mut at = 0usize;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' | b'\'' if toml || byte == b'"' => at = after_string(bytes, start, byte, toml),
            b'#' if toml => at = after_line(bytes, at),
            b'/' if !toml && bytes.get(at) == Some(&b'/') => at = after_line(bytes, at),
            b'/' if !toml && bytes.get(at) == Some(&b'*') => at = after_comment(bytes, at + 1),
            b'[' | b'{' => {
                dots.push(0);
                depth += 1;
            }
            b']' | b'}' if dots.len() > 1 => {
                depth = depth.saturating_sub(1 + dots.pop().unwrap_or_default());
            }
            b'.' if toml => {
                depth += 1;
                if let Some(last) = dots.last_mut() {
                    *last += 1;
                }
            }
            b',' | b'\n' if byte == b',' || dots.len() == 1 => {
                if let Some(last) = dots.last_mut() {
                    depth = depth.saturating_sub(std::mem::take(last));
                }
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(clamp(text, start, start + 1));
        }
    }
    None
}

fn after_line(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())
}

fn after_comment(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(2).position(|pair| pair == b"*/").map_or(bytes.len(), |found| from + found + 2)
}

/// One past the string that opens at `start`; a one-line string that is never closed ends with its line.
fn after_string(bytes: &[u8], start: usize, quote: u8, toml: bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let escapes = quote == b'"';
    if toml && rest.starts_with(&[quote; 3]) {
        let mut at = start + 3;
        while let Some(tail) = bytes.get(at..).filter(|tail| !tail.is_empty()) {
            if tail.starts_with(&[quote; 3]) {
                return at + 3;
            }
            at += if escapes && tail.first() == Some(&b'\\') { 2 } else { 1 };
        }
        return bytes.len();
    }
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => return at,
            b'\\' if escapes => at += 2,
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_bounded_in_every_spelling() {
        let many = "[".repeat(MAX_DEPTH + 1);
        assert!(too_deep(&format!("a = {many}"), Format::Toml).is_some());
        assert!(too_deep(&many, Format::Json).is_some());
        assert!(too_deep(&format!("a{} = 1", ".a".repeat(MAX_DEPTH + 1)), Format::Toml).is_some());
        assert!(too_deep(&"{a.a.a=".repeat(12), Format::Toml).is_some());
        for quiet in [format!("a = '{many}'"), format!("# {many}\n"), format!("a = \"\"\"{many}\"\"\"")] {
            assert_eq!(too_deep(&quiet, Format::Toml), None, "{quiet}");
        }
        assert_eq!(too_deep(&format!("// {many}\n/* {many} */ \"{many}\""), Format::Json), None);
        assert_eq!(too_deep(&"a.b = [{}]\n".repeat(100), Format::Toml), None);
    }
}
