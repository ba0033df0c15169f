//! Sizes (`128MiB`) and shares (`10%`).

/// The units, largest first within each family, and their bytes.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("B", 1),
];

/// Reads a size in bytes: a whole number and a unit, `KiB` to `TiB` or `KB` to `TB` or `B`.
///
/// # Errors
/// A sentence that says what to write; `text` is quoted in it.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    bytes(text).ok_or_else(|| {
        format!("`{text}` is no size; write a whole number and a unit, like 128MiB or 500KB")
    })
}

fn bytes(text: &str) -> Option<u64> {
    let (count, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, size) = UNITS.iter().find(|(known, _)| *known == unit.trim_start())?;
    count.parse::<u64>().ok()?.checked_mul(*size)
}

/// Writes a size in the largest unit of which it is a whole number.
pub(super) fn format_size(bytes: u64) -> String {
    UNITS
        .iter()
        .find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size))
        .map_or_else(|| format!("{bytes}B"), |(unit, size)| format!("{}{unit}", bytes / size))
}

/// Reads a percentage as a share, `10%` as 0.1.
///
/// # Errors
/// A sentence that says what to write; `text` is quoted in it.
pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    text.strip_suffix('%')
        .and_then(|number| number.trim_end().parse::<f64>().ok())
        .filter(|percent| percent.is_finite())
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("`{text}` is no percentage; write one like 10%"))
}

/// Writes a share as a percentage, 0.1 as `10%`.
pub fn format_percent(share: f64) -> String {
    // 0.07 * 100 is 7.000000000000001: nobody typed those digits.
    let digits = format!("{:.9}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(parse_size("128MiB"), Ok(128 * 1024 * 1024));
        assert_eq!(parse_size("5MB"), Ok(5_000_000));
        assert_eq!(parse_size("0B"), Ok(0));
        for text in ["", "128", "MiB", "-1KiB", "1.5GiB", "128mib", "99999999999TiB", "1 0KB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_need_their_percent_sign() {
        assert_eq!(parse_percent("10%"), Ok(0.1));
        assert_eq!(parse_percent("2.5 %"), Ok(0.025));
        for text in ["", "%", "0.1", "ten%", "NaN%", "inf%"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
        assert_eq!(format_percent(0.07), "7%");
        assert_eq!(format_percent(0.0), "0%");
        assert_eq!(format_percent(0.125), "12.5%");
    }

    proptest! {
        #[test]
        fn a_written_size_is_read_back(bytes: u64) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn a_written_share_is_read_back(hundredths in 0_u32..10_000) {
            let share = f64::from(hundredths) / 100.0 / 100.0;
            prop_assert_eq!(parse_percent(&format_percent(share)), Ok(share));
        }
    }
}
