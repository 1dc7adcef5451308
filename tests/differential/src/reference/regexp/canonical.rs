//! `Canonicalize` of ECMA-262 without the flag `u`: a unit is what it is in upper case, if that is one unit, and
//! unless it leads from beyond ASCII into ASCII.

use std::sync::LazyLock;

static CANONICAL: LazyLock<Vec<u16>> = LazyLock::new(|| (0..=u16::MAX).map(of).collect());

/// For each unit, the units whose canonical one it is.
static SOURCES: LazyLock<Vec<Vec<u16>>> = LazyLock::new(|| {
    let mut sources = vec![Vec::new(); 0x1_0000];
    for unit in 0..=u16::MAX {
        sources[usize::from(of(unit))].push(unit);
    }
    sources
});

fn of(unit: u16) -> u16 {
    // A surrogate has no upper case.
    let Some(c) = char::from_u32(u32::from(unit)) else { return unit };
    let upper: String = c.to_uppercase().collect();
    let upper: Vec<u16> = upper.encode_utf16().collect();
    match upper[..] {
        [upper] if unit < 128 || upper >= 128 => upper,
        _ => unit,
    }
}

/// The canonical unit of `unit`.
pub(super) fn canonicalize(unit: u16) -> u16 {
    CANONICAL[usize::from(unit)]
}

/// All units that are the same as `unit` without case, itself included.
pub(super) fn equals(unit: u16) -> &'static [u16] {
    &SOURCES[usize::from(canonicalize(unit))]
}
