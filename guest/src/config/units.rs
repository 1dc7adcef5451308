//! Durations and sizes.

/// Read `500ms`, `5s`, `2m`, `8h`, `7d` as milliseconds.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    scaled(text, UNITS).ok_or_else(|| format!("`{text}` is not a duration"))
}

/// Read `64KiB`, `10MiB`, `1GiB`, `512B` as bytes. Decimal units are refused: nobody agrees on what `1MB` is.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn size(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    scaled(text, UNITS).ok_or_else(|| format!("`{text}` is not a size"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(duration("500ms"), Ok(500));
        assert_eq!(duration("5s"), Ok(5_000));
        assert_eq!(duration("2m"), Ok(120_000));
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("0B"), Ok(0));
        for bad in ["", "5", "s", "-5s", "5 s", "1.5s", "5S", "99999999999999999999s", "18446744073709551615d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        for bad in ["10MB", "10mib", "KiB", "1e3B"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
