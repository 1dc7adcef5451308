//! Sets of UTF-16 code units, the alphabet of a JavaScript regular expression without the `u` flag.

use std::sync::OnceLock;

/// A set of units: one bit for each ASCII character, sorted disjoint ranges for the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Class {
    /// Bit `c` is set if the ASCII character `c` is a member.
    pub(super) ascii: u128,
    /// Inclusive ranges of members from U+0080 on, sorted, neither overlapping nor touching.
    wide: Vec<(u16, u16)>,
}

/// First unit that is not ASCII.
const WIDE: u16 = 0x80;

/// What `\s` takes besides ASCII: ECMA-262 WhiteSpace and LineTerminator.
const WIDE_SPACE: [(u16, u16); 8] = [
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

impl Class {
    /// Every unit.
    pub(super) fn all() -> Self {
        Self { ascii: u128::MAX, wide: vec![(WIDE, u16::MAX)] }
    }

    /// Exactly one unit.
    pub(super) fn unit(unit: u16) -> Self {
        let mut class = Self::default();
        class.add(unit, unit);
        class
    }

    /// `\d`
    pub(super) fn digits() -> Self {
        Self { ascii: ascii_range(b'0', b'9'), wide: Vec::new() }
    }

    /// `\w`, which is ASCII only without the `u` flag.
    pub(super) fn word() -> Self {
        let ascii =
            ascii_range(b'0', b'9') | ascii_range(b'a', b'z') | ascii_range(b'A', b'Z') | ascii_range(b'_', b'_');
        Self { ascii, wide: Vec::new() }
    }

    /// `\s`
    pub(super) fn space() -> Self {
        Self { ascii: ascii_range(b'\t', b'\r') | ascii_range(b' ', b' '), wide: WIDE_SPACE.to_vec() }
    }

    /// What `.` leaves out unless dot-all: LF, CR, U+2028, U+2029.
    pub(super) fn line_ends() -> Self {
        Self { ascii: ascii_range(b'\n', b'\n') | ascii_range(b'\r', b'\r'), wide: vec![(0x2028, 0x2029)] }
    }

    /// Is `unit` a member?
    #[inline]
    pub(super) fn contains(&self, unit: u16) -> bool {
        if unit < WIDE {
            self.ascii >> unit & 1 == 1
        } else {
            let after = self.wide.partition_point(|&(low, _)| low <= unit);
            after.checked_sub(1).and_then(|at| self.wide.get(at)).is_some_and(|&(_, high)| unit <= high)
        }
    }

    /// Every unit that is not ASCII?
    pub(super) fn all_wide(&self) -> bool {
        self.wide == [(WIDE, u16::MAX)]
    }

    /// The ASCII character this set stands for: a single one, or with `fold` the two cases of a letter (given in
    /// lower case).
    pub(super) fn literal(&self, fold: bool) -> Option<u8> {
        if !self.wide.is_empty() || self.ascii == 0 {
            return None;
        }
        let low = u8::try_from(self.ascii.trailing_zeros()).ok()?;
        let high = u8::try_from(127 - self.ascii.leading_zeros()).ok()?;
        let single = low == high && !(fold && low.is_ascii_alphabetic());
        let pair =
            fold && low.is_ascii_uppercase() && self.ascii == ascii_range(low, low) | ascii_range(low | 32, low | 32);
        (single || pair).then_some(high)
    }

    /// Add the inclusive range; `low <= high`.
    pub(super) fn add(&mut self, low: u16, high: u16) {
        if let Ok(low) = u8::try_from(low)
            && low < 128
        {
            self.ascii |= ascii_range(low, u8::try_from(high.min(127)).unwrap_or(127));
        }
        if high >= WIDE {
            self.wide.push((low.max(WIDE), high));
            self.tidy();
        }
    }

    /// Add all members of `other`.
    pub(super) fn union(&mut self, other: &Self) {
        self.ascii |= other.ascii;
        if !other.wide.is_empty() {
            self.wide.extend_from_slice(&other.wide);
            self.tidy();
        }
    }

    /// Everything that is not a member.
    pub(super) fn negated(&self) -> Self {
        let mut wide = Vec::with_capacity(self.wide.len() + 1);
        let mut next = u32::from(WIDE);
        for &(low, high) in &self.wide {
            push_gap(&mut wide, next, u32::from(low));
            next = u32::from(high) + 1;
        }
        push_gap(&mut wide, next, 0x1_0000);
        Self { ascii: !self.ascii, wide }
    }

    /// Members that are not in `other`.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut outside = self.negated();
        outside.union(other);
        outside.negated()
    }

    /// With every unit that JavaScript's `i` flag holds equal to a member.
    ///
    /// ECMA-262 Canonicalize: upper-case one unit; if that gives more than one unit, or turns non-ASCII into
    /// ASCII, the unit stays as it is. So ASCII and the rest never mix.
    pub(super) fn folded(mut self) -> Self {
        let upper = self.ascii >> b'A' & LETTERS;
        let lower = self.ascii >> b'a' & LETTERS;
        self.ascii |= (upper | lower) << b'A' | (upper | lower) << b'a';
        if self.wide.is_empty() || self.all_wide() {
            return self;
        }
        let mut keys = self.clone();
        for &(unit, key) in canonical_pairs() {
            if self.contains(unit) {
                keys.wide.push((key, key));
            }
        }
        keys.tidy();
        let mut folded = keys.clone();
        for &(unit, key) in canonical_pairs() {
            if keys.contains(key) {
                folded.wide.push((unit, unit));
            }
        }
        folded.tidy();
        folded
    }

    fn tidy(&mut self) {
        self.wide.sort_unstable();
        let mut tidy: Vec<(u16, u16)> = Vec::with_capacity(self.wide.len());
        for &(low, high) in &self.wide {
            match tidy.last_mut() {
                Some(last) if u32::from(low) <= u32::from(last.1) + 1 => last.1 = last.1.max(high),
                _ => tidy.push((low, high)),
            }
        }
        self.wide = tidy;
    }
}

/// 26 bits.
const LETTERS: u128 = (1 << 26) - 1;

/// Bits `low..=high`, both below 128.
fn ascii_range(low: u8, high: u8) -> u128 {
    (u128::MAX >> (127 - u32::from(high.min(127)))) & (u128::MAX << u32::from(low.min(127)))
}

/// The range from `from` up to but not including `to`, if it is not empty.
fn push_gap(ranges: &mut Vec<(u16, u16)>, from: u32, to: u32) {
    if from < to
        && let (Ok(low), Ok(high)) = (u16::try_from(from), u16::try_from(to - 1))
    {
        ranges.push((low, high));
    }
}

/// Non-ASCII units that Canonicalize changes, with what it makes of them. About 1,100 entries, made on first use
/// (under 1 ms), which only patterns with non-ASCII characters ever need.
fn canonical_pairs() -> &'static [(u16, u16)] {
    static PAIRS: OnceLock<Vec<(u16, u16)>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let canonical = |unit: u16| {
            let mut upper = char::from_u32(u32::from(unit))?.to_uppercase();
            let first = upper.next().filter(|_| upper.next().is_none())?;
            u16::try_from(u32::from(first)).ok().filter(|&key| key >= WIDE && key != unit)
        };
        (WIDE..=u16::MAX).filter_map(|unit| Some((unit, canonical(unit)?))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let mut class = Class::unit(u16::from(b'a'));
        class.add(0x70, 0x90);
        assert!(class.contains(0x61) && class.contains(0x7F) && class.contains(0x80) && class.contains(0x90));
        assert!(!class.contains(0x91) && !class.contains(0x62));
        let outside = class.negated();
        assert!((0..=u16::MAX).all(|unit| class.contains(unit) != outside.contains(unit)));
        assert_eq!(outside.negated(), class);
        assert_eq!(Class::all().minus(&class), outside);
        assert!(Class::all().all_wide() && !outside.all_wide());
    }

    /// Judged by the definition, unit by unit.
    #[test]
    fn folding() {
        let canonical = |unit: u16| -> u16 {
            let Some(c) = char::from_u32(u32::from(unit)) else { return unit };
            let upper: Vec<u16> = c.to_uppercase().collect::<String>().encode_utf16().collect();
            if upper.len() != 1 || (unit >= 128 && upper[0] < 128) { unit } else { upper[0] }
        };
        let samples = ['a', 'K', 'é', 'µ', 'ſ', '\u{212A}', 'ǆ', 'ß', 'Σ', '_', 'ϑ', 'ı', 'İ'];
        for sample in samples {
            let unit = u16::try_from(u32::from(sample)).expect("in the basic plane");
            let folded = Class::unit(unit).folded();
            for other in 0..=u16::MAX {
                assert_eq!(folded.contains(other), canonical(other) == canonical(unit), "{sample:?} and U+{other:04X}");
            }
        }
        let mut range = Class::default();
        range.add(0xE0, 0xFF);
        assert!(range.clone().folded().contains(0xC0) && !range.clone().folded().contains(0xD7));
        assert!(range.folded().contains(0x178));
    }

    #[test]
    fn literals() {
        let a = Class::unit(u16::from(b'a'));
        assert_eq!(a.literal(false), Some(b'a'));
        assert_eq!(a.literal(true), None);
        assert_eq!(a.clone().folded().literal(true), Some(b'a'));
        assert_eq!(a.folded().literal(false), None);
        assert_eq!(Class::unit(u16::from(b'/')).literal(true), Some(b'/'));
        assert_eq!(Class::unit(0xE9).literal(false), None);
        assert_eq!(Class::default().literal(false), None);
    }
}
