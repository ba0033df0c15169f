//! The hours a local day is made of, and what a vendor calls them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::range::{Days, day_start};

/// Seconds in an hour.
pub const HOUR: i64 = 3600;

/// One hour of a local day, in unix seconds: `start` belongs to it, `end` does not.
///
/// It lasts an hour, but where a clock change cuts it: on Lord Howe Island half of one remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The local hour it begins in, its minutes left out.
    pub label: DateTime,
    /// The first second.
    pub start: i64,
    /// The first second after it.
    pub end: i64,
}

impl Slot {
    /// How many seconds it lasts.
    pub const fn length(&self) -> i64 {
        self.end - self.start
    }
}

/// The instant of a unix second.
pub fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// The days whose first and last second `date` has, as unix seconds.
pub fn bounds(date: Date, zone: &TimeZone) -> (i64, i64) {
    let end = day_start(date.saturating_add(1.day()), zone).as_second();
    (day_start(date, zone).as_second(), end)
}

/// The hours of `date` in `zone` as they follow each other: a label may come twice, or not at all
/// (trap T3).
pub fn of(date: Date, zone: &TimeZone) -> Vec<Slot> {
    let (start, end) = bounds(date, zone);
    let offset = |second| zone.to_offset(instant(second));
    let plain = end - start == 24 * HOUR
        && offset(start) == offset(end)
        && zone.to_datetime(instant(start)) == date.at(0, 0, 0, 0);
    if plain { fixed(date, start) } else { walked(start, end, zone) }
}

/// The hours of `date` in a world without clock changes, whose day begins at the second `start`.
pub fn fixed(date: Date, start: i64) -> Vec<Slot> {
    let hour = |hour: i8| {
        let start = start + i64::from(hour) * HOUR;
        Slot { label: date.at(hour, 0, 0, 0), start, end: start + HOUR }
    };
    (0..24).map(hour).collect()
}

fn walked(mut start: i64, end: i64, zone: &TimeZone) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(25);
    while start < end {
        let local = zone.to_datetime(instant(start));
        let passed = i64::from(local.minute()) * 60 + i64::from(local.second());
        let next = (start + HOUR - passed).min(end);
        slots.push(Slot { label: truncated(local), start, end: next });
        start = next;
    }
    slots
}

/// The hour that a local time lies in.
pub fn truncated(local: DateTime) -> DateTime {
    local.date().at(local.hour(), 0, 0, 0)
}

/// The last `count` hours that were over at the second `at`, oldest first.
pub fn closed(at: i64, count: usize, zone: &TimeZone) -> Vec<Slot> {
    let mut date = zone.to_datetime(instant(at)).date();
    let mut found: Vec<Slot> = Vec::with_capacity(count + 25);
    // A day has 22 hours at least; `count` days are more than enough, and an end.
    for _ in 0..=count {
        found.extend(of(date, zone).into_iter().rev().filter(|slot| slot.end <= at));
        if found.len() >= count {
            break;
        }
        date = date.saturating_sub(1.day());
    }
    found.truncate(count);
    found.reverse();
    found
}

/// The one date of `days`; `None` when there are more.
pub fn only(days: Days) -> Option<Date> {
    (days.count() == 1).then_some(days.start)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn labels(name: &str, day: Date) -> Vec<(i8, i64)> {
        of(day, &zone(name)).iter().map(|slot| (slot.label.hour(), slot.length() / 60)).collect()
    }

    #[test]
    fn t3_days_of_clock_changes_have_the_hours_they_have() {
        let plain = labels("America/New_York", date(2026, 3, 18));
        assert_eq!(plain, (0..24).map(|hour| (hour, 60)).collect::<Vec<_>>());
        let short = labels("America/New_York", date(2026, 3, 8));
        assert_eq!((short.len(), &short[1..3]), (23, &[(1, 60), (3, 60)][..]));
        let long = labels("America/New_York", date(2026, 11, 1));
        assert_eq!((long.len(), &long[..3]), (25, &[(0, 60), (1, 60), (1, 60)][..]));
        let spring = labels("Australia/Lord_Howe", date(2026, 10, 4));
        assert_eq!((spring.len(), &spring[1..4]), (24, &[(1, 60), (2, 30), (3, 60)][..]));
        let autumn = labels("Australia/Lord_Howe", date(2026, 4, 5));
        assert_eq!((autumn.len(), &autumn[1..4]), (25, &[(1, 60), (1, 30), (2, 60)][..]));
        // Midnight does not exist: the day begins at one.
        for (name, day) in
            [("Africa/Cairo", date(2026, 4, 24)), ("America/Havana", date(2026, 3, 8))]
        {
            let gap = labels(name, day);
            assert_eq!((gap.len(), gap[0]), (23, (1, 60)), "{name}");
        }
        let half = of(date(2026, 3, 18), &zone("Asia/Kolkata"));
        assert_eq!((half.len(), half[0].start % HOUR), (24, 1800));
    }

    #[test]
    fn closed_hours_end_where_they_are_over() {
        let new_york = zone("America/New_York");
        let at: Timestamp = "2026-11-01T06:59:59Z".parse().unwrap();
        let slots = closed(at.as_second(), 3, &new_york);
        let hours: Vec<i8> = slots.iter().map(|slot| slot.label.hour()).collect();
        assert_eq!(hours, [23, 0, 1], "the second 01:00 still runs");
        let later = closed(at.as_second() + 1, 3, &new_york);
        assert_eq!(later.iter().map(|slot| slot.label.hour()).collect::<Vec<_>>(), [0, 1, 1]);
    }

    proptest! {
        #[test]
        fn the_hours_of_days_follow_each_other_without_a_hole(
            day in 0_i64..800,
            name in prop::sample::select(vec![
                "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana",
                "Asia/Kolkata", "America/St_Johns", "Europe/Berlin", "Pacific/Apia",
            ]),
        ) {
            let zone = zone(name);
            let day = date(2025, 1, 1).saturating_add(day.days());
            let (start, end) = bounds(day, &zone);
            let slots = of(day, &zone);
            prop_assert_eq!(slots.first().map(|slot| slot.start), Some(start));
            prop_assert_eq!(slots.last().map(|slot| slot.end), Some(end));
            prop_assert!(slots.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert!(slots.iter().all(|slot| slot.label.date() == day && slot.length() > 0));
        }
    }
}
