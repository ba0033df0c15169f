//! Figures as people read them: money, counts, shares and ages.

use std::fmt::Write as _;

/// What stands where nothing is known.
pub const UNKNOWN: &str = "–";

/// `1,892.16 USD`.
pub fn money(value: f64, currency: &str) -> String {
    format!("{} {currency}", grouped(value, 2))
}

/// `1,892.16`, for a column whose head names the currency.
pub fn amount(value: f64) -> String {
    grouped(value, 2)
}

/// `1,204`, or `2.13` where it is no whole number.
pub fn count(value: f64) -> String {
    grouped(value, if value.fract() == 0.0 { 0 } else { 2 })
}

/// `12.6 %`, of a ratio of 0 to 1.
pub fn percent(ratio: f64) -> String {
    format!("{} %", grouped(ratio * 100.0, 1))
}

/// `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`.
pub fn age(seconds: f64) -> String {
    let seconds = whole(seconds);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..100 => format!("{seconds} s"),
        100..3600 => format!("{minutes} min"),
        3600..86_400 => two((hours, "h"), (minutes % 60, "min")),
        _ => two((days, "d"), (hours % 24, "h")),
    }
}

/// How long until something happens.
pub fn wait(seconds: f64) -> String {
    if whole(seconds) == 0 { "now".to_owned() } else { format!("in {}", age(seconds)) }
}

/// `one account`, `2 accounts`.
pub fn accounts(count: usize) -> String {
    if count == 1 { "one account".to_owned() } else { format!("{count} accounts") }
}

/// Some sentences' subjects, at most three of them: `a, b, c and 4 more`.
pub fn few(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [a, b, c] => format!("{a}, {b} and {c}"),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
    }
}

fn two((large, unit): (u64, &str), (small, part): (u64, &str)) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
}

fn whole(seconds: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = seconds.max(0.0) as u64;
    whole
}

/// A comma after each three digits before the point.
fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (number, minus) = text.strip_prefix('-').map_or((&*text, false), |rest| (rest, true));
    let (whole, part) = number.split_once('.').map_or((number, None), |(a, b)| (a, Some(b)));
    // What is nothing when rounded has no sign.
    let minus = minus && number.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    let mut out = String::from(if minus { "−" } else { "" });
    for (index, digit) in whole.char_indices() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(part) = part {
        // Writing to a String cannot fail.
        let _ = write!(out, ".{part}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_rounded() {
        assert_eq!(money(1_234_567.891, "USD"), "1,234,567.89 USD");
        assert_eq!([amount(-0.004), amount(-1000.5), amount(0.0)], ["0.00", "−1,000.50", "0.00"]);
        assert_eq!([count(999.0), count(1000.0), count(2.127)], ["999", "1,000", "2.13"]);
        assert_eq!([percent(0.126_168), percent(1.0)], ["12.6 %", "100.0 %"]);
    }

    #[test]
    fn ages_are_as_exact_as_they_matter() {
        let cases = [(0.9, "0 s"), (99.9, "99 s"), (100.0, "1 min"), (3599.0, "59 min")];
        let long = [(3600.0, "1 h"), (7500.0, "2 h 5 min"), (86_400.0 * 4.0 + 11_000.0, "4 d 3 h")];
        for (seconds, text) in cases.into_iter().chain(long) {
            assert_eq!(age(seconds), text);
        }
        assert_eq!([wait(0.4), wait(30.0)], ["now", "in 30 s"]);
        assert_eq!(age(f64::NAN), "0 s");
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(String::from).into();
        let all = [few(&names), few(&names[..3]), few(&names[..2]), few(&names[..1])];
        assert_eq!(all, ["a, b, c and 2 more", "a, b and c", "a and b", "a"]);
    }
}
