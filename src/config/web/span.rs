//! Durations as Go writes them: `1s`, `500ms`, `1m30s`, `1.5s`.

use std::time::Duration;

/// The units and their nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1000),
    ("µs", 1000),
    ("μs", 1000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration of Go's `time.ParseDuration`, without a sign.
///
/// # Errors
/// A sentence that says what to write; `text` is quoted in it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    nanoseconds(text)
        .map(Duration::from_nanos)
        .ok_or_else(|| format!("`{text}` is no duration; write one like 1s, 500ms or 1m30s"))
}

fn nanoseconds(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        let (_, size) = UNITS.iter().find(|(known, _)| *known == unit)?;
        total = total.checked_add(scaled(number, *size)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// `number` times `size`; what is below a nanosecond is cut off.
fn scaled(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let digits = |(sum, unit): (u64, u64), digit: char| {
        let (digit, unit) = (u64::from(digit.to_digit(10)?), unit / 10);
        Some((sum + digit * unit, unit))
    };
    let (fraction, _) = fraction.chars().try_fold((0, size), digits)?;
    whole.checked_mul(size)?.checked_add(fraction)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_s_durations_are_read() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("1s", 1000),
            ("500ms", 500),
            ("1.5s", 1500),
            (".5s", 500),
            ("1m30s", 90_000),
            ("1h", 3_600_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("250us"), parse("250µs"));
        for bad in ["", "1", "s", "-1s", "1x", "1.2.3s", ".s", "1 s", "9999999999h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9.]{0,22}[a-zµ]{0,3}[0-9.]{0,3}\\PC{0,4}") {
            let _ = parse(&text);
        }
    }
}
