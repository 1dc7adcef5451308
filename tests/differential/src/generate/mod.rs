//! Random patterns of the three dialects, and paths made from them.
//!
//! The patterns are what people write, what they could write, and what nobody should: every construct of the grammars
//! comes up, valid or not. A path is sampled from the pattern it is for, then, half of the time, spoilt.

mod glob;
mod options;
mod path;
mod regex;
mod route;

pub use glob::{glob, glob_path};
pub use options::options;
pub use path::{sample, spoil};
pub use regex::{Style, regex};
pub use route::route;

use crate::random::Random;

/// Break `text`: what is left may be valid by luck.
fn damage(random: &mut Random, text: &str, marks: &[&str]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(chars.len() + 1);
        match random.below(3) {
            0 if at < chars.len() => {
                chars.remove(at);
            }
            1 if at < chars.len() => chars.truncate(at),
            _ => {
                chars.splice(at..at, random.pick(marks).chars());
            }
        }
    }
    chars.into_iter().collect()
}
