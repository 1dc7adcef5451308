//! Random globs, and paths that they might take.

use super::damage;
use crate::glob::{Token, tokens};
use crate::random::Random;

/// A random glob; about one of ten does not compile.
pub fn glob(random: &mut Random) -> String {
    let mut out = String::from(random.weighted(&[(94, "/"), (6, "")]));
    for _ in 0..random.weighted(&[(6, 0), (24, 1), (28, 2), (24, 3), (18, 4)]) {
        part(random, &mut out, 0);
    }
    out.push_str(random.weighted(&[(70, ""), (14, "/**"), (8, "/"), (8, "/*")]));
    if random.chance(6) {
        return damage(random, &out, &["*", "**", "?", "[", "]", "{", "}", ",", "\\", "/", "[!", "-"]);
    }
    out
}

fn part(random: &mut Random, out: &mut String, depth: usize) {
    match random.below(100) {
        0..44 => {
            let texts = [
                "/", "/", "/a", "/b", "/ab", "/foo", "/Api", "a", "b", "x", "-", ".", ".png", "é", "/É", "\u{17f}",
                "😀", "%2F", "\n", " ", "(", "+", "^", "$", "|", ":", "~", "#", "&", "!", "]",
            ];
            out.push_str(random.pick(&texts));
        }
        44..64 => out.push_str(random.pick(&["*", "*", "/*", "/**/", "/**/", "**/", "**", "***", "/**", "*.*"])),
        64..72 => out.push('?'),
        72..86 => class(random, out),
        86..96 if depth < 2 => {
            out.push('{');
            for number in 0..random.below(4) {
                if number > 0 {
                    out.push(',');
                }
                for _ in 0..random.below(3) {
                    part(random, out, depth + 1);
                }
            }
            out.push('}');
        }
        _ => {
            out.push('\\');
            out.push(random.pick(&['*', '?', '[', '{', '}', ',', '\\', 'a', '/', 'é', '!']));
        }
    }
}

fn class(random: &mut Random, out: &mut String) {
    out.push('[');
    out.push_str(random.weighted(&[(60, ""), (30, "!"), (10, "^")]));
    for _ in 0..=random.below(3) {
        let members = [
            "a", "b", "z", "A", "0", "_", ".", "/", "]", "-", "!", "^", "a-c", "a-z", "A-Z", "0-9", "!-/", "+-0", "*",
            "{", ",", "é", "\\", "?", "&", "&&", "~~", "--", "[",
        ];
        out.push_str(random.pick(&members));
    }
    out.push(']');
}

/// A path made by walking the tokens; often, but not always, one that the glob takes.
pub fn glob_path(random: &mut Random, glob: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    // Of the alternatives at each depth: how many were passed over.
    let mut skipping: Option<usize> = None;
    for token in tokens(glob) {
        match (&token, skipping) {
            (Token::Open, _) => {
                depth += 1;
                // The first alternative is taken, or passed over for the next one.
                if skipping.is_none() && random.chance(50) {
                    skipping = Some(depth);
                }
                continue;
            }
            (Token::Close, _) => {
                skipping = skipping.filter(|&at| at < depth);
                depth = depth.saturating_sub(1);
                continue;
            }
            (Token::Comma, Some(at)) if at == depth => {
                // Maybe take this one.
                if random.chance(50) {
                    skipping = None;
                }
                continue;
            }
            (Token::Comma, None) if depth > 0 => {
                skipping = Some(depth);
                continue;
            }
            (_, Some(_)) => continue,
            _ => {}
        }
        match token {
            Token::Char(c) | Token::Escaped(c) => out.push(c),
            Token::Any => out.push(random.pick(&['a', 'b', 'x', '.', '-', 'é', '\n'])),
            Token::Star => out.push_str(random.pick(&["", "a", "foo", "x.y", "é", ".hidden", "a b"])),
            Token::DoubleStar => out.push_str(random.pick(&["", "a", "a/b", "x/y/z", "é/", "foo", "/"])),
            Token::Class { negated, members } => {
                let listed: Vec<char> = members.chars().filter(|c| *c != '-').collect();
                let other = random.pick(&['a', 'b', 'c', 'm', 'z', 'A', '0', '5', '/', '-', '.', ']', '\\']);
                let c = if negated || listed.is_empty() || random.chance(30) { other } else { random.pick(&listed) };
                out.push(c);
            }
            Token::Open | Token::Close | Token::Comma => {}
        }
    }
    out
}
