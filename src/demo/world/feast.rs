//! Days on which nobody's business is as usual.

use jiff::civil::{Date, Weekday};

/// What a holiday leaves of a day's business, or makes of it; 1 on every other day.
///
/// The days are those of the United States: New Year's Day, the Fourth of July, Thanksgiving (the
/// fourth Thursday of November) with Black Friday and the Saturday after it, and Christmas Day.
pub(super) fn feast_factor(date: Date) -> f64 {
    let after_thanksgiving =
        thanksgiving(date.year()).map(|thursday| i32::from(date.day_of_year()) - thursday);
    match (date.month(), date.day(), after_thanksgiving) {
        (1, 1, _) | (_, _, Some(0)) => 0.7,
        (7, 4, _) => 0.65,
        (_, _, Some(1)) => 4.0,
        (_, _, Some(2)) => 0.9,
        (12, 25, _) => 0.6,
        _ => 1.0,
    }
}

/// The day of the year on which Thanksgiving falls.
fn thanksgiving(year: i16) -> Option<i32> {
    let november = Date::new(year, 11, 1).ok()?;
    let day = november.nth_weekday_of_month(4, Weekday::Thursday).ok()?;
    Some(i32::from(day.day_of_year()))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_calendar_of_two_years_is_known_by_heart() {
        let mut feasts = Vec::new();
        let mut day = date(2025, 1, 1);
        while day < date(2027, 1, 1) {
            if feast_factor(day) != 1.0 {
                feasts.push((day.to_string(), feast_factor(day)));
            }
            day = day.checked_add(1.day()).unwrap();
        }
        let expected = [
            ("2025-01-01", 0.7),
            ("2025-07-04", 0.65),
            ("2025-11-27", 0.7),
            ("2025-11-28", 4.0),
            ("2025-11-29", 0.9),
            ("2025-12-25", 0.6),
            ("2026-01-01", 0.7),
            ("2026-07-04", 0.65),
            ("2026-11-26", 0.7),
            ("2026-11-27", 4.0),
            ("2026-11-28", 0.9),
            ("2026-12-25", 0.6),
        ];
        assert_eq!(feasts, expected.map(|(day, factor)| (day.to_owned(), factor)));
    }
}
