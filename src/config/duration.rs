//! Durations as Prometheus writes them: `30s`, `1h30m`, `1d`.

use std::fmt::Write;
use std::time::Duration;

/// The units, largest first, and how many milliseconds each has; a year is 365 days.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a Prometheus duration: whole numbers with units, each unit once, largest first.
///
/// # Errors
/// A sentence that says what to write; `text` is quoted in it.
pub fn parse(text: &str) -> Result<Duration, String> {
    milliseconds(text).map(Duration::from_millis).ok_or_else(|| {
        format!("`{text}` is no duration; write one like 30s, 5m, 1h30m or 1d, largest unit first")
    })
}

/// Writes a Prometheus duration. What is below a millisecond is cut off.
///
/// Years and weeks are used only when nothing is left over, as Prometheus does.
pub fn format(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in UNITS {
        let whole_only = matches!(unit, "y" | "w");
        if left >= size && (!whole_only || left.is_multiple_of(size)) {
            let _ = write!(text, "{}{unit}", left / size);
            left %= size;
        }
    }
    text
}

fn milliseconds(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    let mut rest = text;
    while !rest.is_empty() {
        let (count, after) = leading(rest, |c| c.is_ascii_digit());
        let (unit, after) = leading(after, |c| !c.is_ascii_digit());
        let (_, size) = units.find(|(known, _)| *known == unit)?;
        total = total.checked_add(count.parse::<u64>().ok()?.checked_mul(*size)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_units_of_prometheus_are_known() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("250ms", 250),
            ("30s", 30_000),
            ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("2w", 14 * 86_400_000),
            ("1y2w3d4h5m6s7ms", 365 * 86_400_000 + 17 * 86_400_000 + 14_706_007),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_prometheus_refuses_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5h", "1m1h", "1m1m", "1 m", "1x", "30S", "999999999y"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whole_weeks_are_weeks_and_other_days_are_days() {
        assert_eq!(format(Duration::from_secs(7 * 86_400)), "1w");
        assert_eq!(format(Duration::from_secs(8 * 86_400)), "8d");
        assert_eq!(format(Duration::from_secs(5400)), "1h30m");
        assert_eq!(format(Duration::ZERO), "0s");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0_u64..40 * 365 * 86_400_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "[0-9]{0,22}[a-zµ]{0,3}[0-9]{0,3}\\PC{0,4}") {
            let _ = parse(&text);
        }
    }
}
