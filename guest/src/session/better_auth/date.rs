//! Dates as JavaScript writes them into JSON: `2027-01-22T07:59:00.000Z`.

use serde_json::Value;

/// Milliseconds since 1970 of a date, or of a number that is meant so. Any other spelling is none: readers differ.
pub(super) fn milliseconds(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => date(text),
        _ => None,
    }
}

fn date(text: &str) -> Option<f64> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "000"));
    let [year, month, day] = numbers(day, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let [fraction] = numbers(fraction, '.', [3])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some((seconds * 1000 + fraction) as f64)
}

/// Days since 1970. A year begins in March here, so that the day that comes and goes is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Numbers of exactly so many digits.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut out = [0; N];
    for (slot, wanted) in out.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != wanted || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn known_dates() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00.000Z", 0_i64),
            ("1969-12-31T23:59:59.000Z", -1),
            ("2000-02-29T12:00:00.000Z", 951_825_600),
            ("2027-01-22T07:59:00.000Z", 1_800_604_740),
            ("2100-03-01T00:00:00.000Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(date(text), Some((seconds * 1000) as f64), "{text}");
        }
        assert_eq!(date("2027-01-22T07:59:00.123Z"), Some(1_800_604_740_123.0));
        assert_eq!(milliseconds(&json!(1_800_604_740_123_i64)), Some(1_800_604_740_123.0));
        assert_eq!(milliseconds(&json!(null)), None);
    }

    #[test]
    fn one_spelling() {
        for bad in [
            "",
            "2027-01-22",
            "2027-01-22T07:59:00.000",
            "2027-01-22T07:59:00.000+01:00",
            "2027-01-22 07:59:00.000Z",
            "2027-1-22T07:59:00.000Z",
            "2027-02-29T00:00:00.000Z",
            "2100-02-29T00:00:00.000Z",
            "2027-00-10T00:00:00.000Z",
            "2027-13-10T00:00:00.000Z",
            "2027-01-00T00:00:00.000Z",
            "2027-01-10T24:00:00.000Z",
            "2027-01-10T00:00:60.000Z",
            "2027-01-10T00:00:00.0Z",
            "+002027-01-10T00:00:00.000Z",
            "-027-01-10T00:00:00.000Z",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[0-9TZ:.-]{0,30}") {
            date(&text);
        }

        #[test]
        fn days_follow_each_other(year in 1i64..9999, month in 1i64..=12, day in 1i64..=27) {
            prop_assert_eq!(days(year, month, day) + 1, days(year, month, day + 1));
            let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
            prop_assert!((28..=31).contains(&(next - days(year, month, 1))));
        }
    }
}
