//! How a day that is over moved: the words of the restatement counters.

use rust_decimal::Decimal;

/// Days older than this are forgotten: both vendors restate for weeks, not for a quarter.
pub const KEPT_DAYS: u32 = 62;

/// Whether a closed day gained or lost, as the `direction` label says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It gained: late conversions, models retrained in its favour.
    Up,
    /// It lost: reversals, returns.
    Down,
}

impl Direction {
    /// Both, in the order of the page.
    pub const ALL: [Self; 2] = [Self::Up, Self::Down];

    /// The `direction` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How many days ago a day was when it was seen to have moved, as the `age` label says it: single
/// days while late conversions come in, then weeks and months, so that seven values say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// Yesterday.
    OneDay,
    /// The day before it.
    TwoDays,
    /// Three days ago.
    ThreeDays,
    /// Four days to a week ago.
    Week,
    /// Up to two weeks ago.
    Fortnight,
    /// Up to a month ago.
    Month,
    /// Up to [`KEPT_DAYS`] ago.
    Older,
}

impl Age {
    /// Every age, in the order of the page.
    pub const ALL: [Self; 7] = [
        Self::OneDay,
        Self::TwoDays,
        Self::ThreeDays,
        Self::Week,
        Self::Fortnight,
        Self::Month,
        Self::Older,
    ];

    /// The age of the date `days` days before today; `None` for today itself and for what is
    /// older than [`KEPT_DAYS`].
    pub const fn of(days: u32) -> Option<Self> {
        match days {
            1 => Some(Self::OneDay),
            2 => Some(Self::TwoDays),
            3 => Some(Self::ThreeDays),
            4..=7 => Some(Self::Week),
            8..=14 => Some(Self::Fortnight),
            15..=31 => Some(Self::Month),
            32..=KEPT_DAYS => Some(Self::Older),
            _ => None,
        }
    }

    /// The `age` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneDay => "1d",
            Self::TwoDays => "2d",
            Self::ThreeDays => "3d",
            Self::Week => "4d-7d",
            Self::Fortnight => "8d-14d",
            Self::Month => "15d-31d",
            Self::Older => "32d-62d",
        }
    }
}

/// One movement of one closed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Up or down.
    pub direction: Direction,
    /// How old the day was.
    pub age: Age,
    /// By how much, in major units of the account's currency; above 0.
    pub amount: Decimal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closed_day_that_is_kept_has_one_age_and_they_follow_each_other() {
        let ages: Vec<_> = (1..=KEPT_DAYS).map(|days| Age::of(days).unwrap()).collect();
        assert!(ages.is_sorted());
        let mut distinct = ages;
        distinct.dedup();
        assert_eq!(distinct, Age::ALL);
        assert_eq!((Age::of(0), Age::of(KEPT_DAYS + 1)), (None, None));
        assert!(Age::Older.as_str().ends_with(&format!("-{KEPT_DAYS}d")));
    }
}
