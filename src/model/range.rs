//! Ranges of days: what a view asks for, and which dates that means.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// The `range` label of what Klar's `yesterday` is expected to be; no range has that name.
pub const SAME_WEEKDAY: &str = "same_weekday_4w";

/// A stretch of days a view asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// TapRain's `hour`; the API alone says which sixty minutes that is.
    Hour,
    /// The day that has not ended.
    Today,
    /// The day before it.
    Yesterday,
    /// Seven trailing days, today included.
    SevenDays,
    /// Thirty trailing days, today included.
    ThirtyDays,
    /// From the first of the month to today.
    MonthToDate,
    /// Fixed dates under a name of the user's.
    Custom {
        /// The `range` label.
        name: Arc<str>,
        /// The fixed dates.
        days: Days,
    },
}

impl Range {
    /// The `range` label: the API's own word, or a custom range's name.
    pub fn label(&self) -> &str {
        match self {
            Self::Hour => "hour",
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::SevenDays => "7days",
            Self::ThirtyDays => "30days",
            Self::MonthToDate => "month_to_date",
            Self::Custom { name, .. } => name,
        }
    }

    /// The dates this range means on `today`. [`Range::Hour`] has none but today's.
    pub fn days(&self, today: Date) -> Days {
        let tomorrow = today.saturating_add(1.day());
        match self {
            Self::Hour | Self::Today => Days { start: today, end: tomorrow },
            Self::Yesterday => Days { start: today.saturating_sub(1.day()), end: today },
            Self::SevenDays => Days { start: tomorrow.saturating_sub(7.days()), end: tomorrow },
            Self::ThirtyDays => Days { start: tomorrow.saturating_sub(30.days()), end: tomorrow },
            Self::MonthToDate => Days { start: today.first_of_month(), end: tomorrow },
            Self::Custom { days, .. } => *days,
        }
    }

    /// Whether it means other dates after midnight. [`Range::Hour`] has no dates of its own.
    pub const fn moves(&self) -> bool {
        !matches!(self, Self::Hour | Self::Custom { .. })
    }
}

/// A half-open stretch of dates: `start` belongs to it, `end` does not.
///
/// Every date range inside the exporter has this shape; only the two protocols and the
/// configuration file translate it (trap K1: Klar leaves its `endDate` out).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// The first date.
    pub start: Date,
    /// The first date that no longer belongs to it.
    pub end: Date,
}

impl Days {
    /// How many dates; 0 when reversed.
    pub fn count(self) -> u32 {
        let days = self.start.until(self.end).map_or(0, |span| span.get_days());
        u32::try_from(days).unwrap_or(0)
    }

    /// Whether `date` belongs to it.
    pub fn contains(self, date: Date) -> bool {
        self.start <= date && date < self.end
    }

    /// Whether all of `inner` belongs to it.
    pub fn covers(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// The date that is still inside, as an inclusive end wants it.
    pub fn last(self) -> Date {
        self.end.saturating_sub(1.day())
    }

    /// Pieces of at most `most` days, newest first, because the newest is what people wait for.
    pub fn chunks(self, most: u32) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut end = self.end;
        while self.start < end {
            let start = end.saturating_sub(i64::from(most.max(1)).days()).max(self.start);
            pieces.push(Self { start, end });
            end = start;
        }
        pieces
    }
}

/// The first instant of `date` in `zone`; the first existing one where midnight is skipped.
pub fn day_start(date: Date, zone: &TimeZone) -> Timestamp {
    // A date at the end of jiff's calendar has no instant; it is as far away as time goes.
    date.to_zoned(zone.clone())
        .and_then(|day| day.start_of_day())
        .map_or(Timestamp::MAX, |day| day.timestamp())
}

/// The date at `now` in `zone`.
pub fn local_date(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(now).date()
}

/// The next instant at which the date changes in `zone`.
pub fn next_midnight(now: Timestamp, zone: &TimeZone) -> Timestamp {
    day_start(local_date(now, zone).saturating_add(1.day()), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn trailing_days_include_today() {
        let today = date(2026, 3, 1);
        assert_eq!(Range::SevenDays.days(today).count(), 7);
        assert_eq!(Range::ThirtyDays.days(today).last(), today);
        assert_eq!(Range::MonthToDate.days(today).count(), 1);
        assert_eq!(Range::Yesterday.days(today).start, date(2026, 2, 28));
    }

    #[test]
    fn chunks_are_newest_first_and_lose_no_day() {
        let days = Days { start: date(2026, 1, 1), end: date(2026, 3, 2) };
        let pieces = days.chunks(28);
        assert_eq!(pieces.iter().map(|piece| piece.count()).collect::<Vec<_>>(), [28, 28, 4]);
        assert_eq!((pieces[0].end, pieces[2].start), (days.end, days.start));
        assert!(pieces.windows(2).all(|pair| pair[0].start == pair[1].end));
    }

    #[test]
    fn a_day_begins_where_the_zone_says() {
        let cases = [
            ("America/New_York", date(2026, 3, 18), "2026-03-18T04:00:00Z"),
            ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00Z"),
            ("Asia/Kolkata", date(2026, 3, 18), "2026-03-17T18:30:00Z"),
            // Midnight does not exist on this day: clocks went from 23:59:59 to 01:00.
            ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00Z"),
        ];
        for (name, day, instant) in cases {
            assert_eq!(day_start(day, &zone(name)), instant.parse().unwrap(), "{name} {day}");
        }
    }

    #[test]
    fn the_next_midnight_of_a_long_day_is_25_hours_away() {
        let start = day_start(date(2026, 11, 1), &zone("America/New_York"));
        let end = next_midnight(start, &zone("America/New_York"));
        assert_eq!(end.as_second() - start.as_second(), 25 * 3600);
    }
}
