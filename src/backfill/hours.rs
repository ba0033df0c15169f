//! A day's hours by their instants: how `today` grew, hour by hour.
//!
//! Labels are naive local text (trap T3). Of a label that comes twice, the first is the earlier
//! hour and the second the later; the labels that a day has are reckoned from its zone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::figures::fold::Foldable;
use crate::figures::taprain::{Figures, Period, Report};
use crate::hours::layout;
use crate::model::range::day_start;

/// How a day's figures grew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// From which instant on the day had reached which sums: first its midnight with nothing, then
    /// the end of each hour.
    pub steps: Vec<(Timestamp, Figures)>,
    /// Hours whose label is none of the day's.
    pub unplaced: u64,
}

/// How the figures of `date` grew in `zone`; `None` where the answer does not come in hours.
pub fn growth(report: &Report, date: Date, zone: &TimeZone) -> Option<Growth> {
    let rows: Vec<_> = report.periods.iter().filter(|period| period.hourly).collect();
    if rows.is_empty() {
        return None;
    }
    let mut hours = Hours::of(date, zone);
    let mut labels: BTreeMap<DateTime, usize> = BTreeMap::new();
    for row in &rows {
        *labels.entry(label(row.start)).or_default() += 1;
    }
    let (mut closed, mut unplaced): (BTreeMap<Timestamp, Figures>, u64) = (BTreeMap::new(), 0);
    for row in &rows {
        let rows_of_label = labels.get(&label(row.start)).copied().unwrap_or_default();
        match hours.ends(label(row.start), rows_of_label) {
            Some(ends) => {
                closed.entry(ends).or_default().absorb(&row.figures);
            }
            None => unplaced += 1,
        }
    }
    let mut sum = nothing(&rows);
    let mut steps = vec![(day_start(date, zone), sum)];
    for (ends, figures) in closed {
        sum.absorb(&figures);
        steps.push((ends, sum));
    }
    Some(Growth { steps, unplaced })
}

/// Nothing yet, of what the day's hours speak of at all; what they leave out stays unknown.
fn nothing(rows: &[&Period]) -> Figures {
    let of = |figure: fn(&Figures) -> Option<Decimal>| {
        let known = rows.iter().any(|row| figure(&row.figures).is_some());
        known.then_some(Decimal::ZERO)
    };
    let (clicks, leads) = (of(|figures| figures.clicks), of(|figures| figures.leads));
    Figures { clicks, leads, revenue: of(|figures| figures.revenue), cvr: None, epc: None }
}

/// The hour that a row names; what names none is no hour of any day.
fn label(start: Option<DateTime>) -> DateTime {
    start.map_or(DateTime::MIN, layout::truncated)
}

/// The local hours of a day, and which of them were named already.
struct Hours(BTreeMap<DateTime, Vec<Timestamp>>);

impl Hours {
    /// Each label of the day, with the ends of the hours that bear it, the latest first.
    fn of(date: Date, zone: &TimeZone) -> Self {
        let mut hours: BTreeMap<DateTime, Vec<Timestamp>> = BTreeMap::new();
        for slot in layout::of(date, zone).into_iter().rev() {
            hours.entry(slot.label).or_default().push(layout::instant(slot.end));
        }
        Self(hours)
    }

    /// When the next hour that bears `label` ends; `rows` is how many rows bear it. Where one row
    /// stands for two hours, that is when both are over: nothing is shown before it was there.
    fn ends(&mut self, label: DateTime, rows: usize) -> Option<Timestamp> {
        let left = self.0.get_mut(&label)?;
        if rows < left.len() {
            return left.first().copied();
        }
        left.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::{SignedDuration, ToSpan};
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn row(start: &str, clicks: i64) -> Period {
        let figures = Figures {
            clicks: Some(clicks.into()),
            leads: Some(1.into()),
            revenue: Some(Decimal::new(150, 2)),
            ..Figures::default()
        };
        Period { start: start.parse().ok(), hourly: true, figures }
    }

    fn report(rows: Vec<Period>) -> Report {
        Report { periods: rows, ..Report::default() }
    }

    fn steps(report: &Report, date: Date, name: &str) -> Vec<(String, i64)> {
        let growth = growth(report, date, &zone(name)).unwrap();
        let clicks = |sum: Figures| i64::try_from(sum.clicks.unwrap()).unwrap();
        growth.steps.into_iter().map(|(from, sum)| (from.to_string(), clicks(sum))).collect()
    }

    #[test]
    fn t3_of_an_hour_that_comes_twice_the_first_row_is_the_earlier() {
        let rows = ["00", "01", "01", "02"].map(|hour| row(&format!("2026-11-01T{hour}:00"), 10));
        let found = steps(&report(rows.into()), date(2026, 11, 1), "America/New_York");
        let expected = [
            ("2026-11-01T04:00:00Z", 0),
            ("2026-11-01T05:00:00Z", 10),
            ("2026-11-01T06:00:00Z", 20),
            ("2026-11-01T07:00:00Z", 30),
            ("2026-11-01T08:00:00Z", 40),
        ];
        assert_eq!(found, expected.map(|(from, clicks)| (from.to_owned(), clicks)));
    }

    #[test]
    fn t3_one_row_for_an_hour_that_comes_twice_counts_when_both_are_over() {
        let rows = ["00", "01", "02"].map(|hour| row(&format!("2026-11-01T{hour}:00"), 10));
        let found = steps(&report(rows.into()), date(2026, 11, 1), "America/New_York");
        assert_eq!(found[2], ("2026-11-01T07:00:00Z".to_owned(), 20));
    }

    #[test]
    fn t3_an_hour_that_a_day_does_not_have_is_counted_and_left_out() {
        let rows = ["01", "02", "03"].map(|hour| row(&format!("2026-03-08T{hour}:00"), 10));
        let found = growth(&report(rows.into()), date(2026, 3, 8), &zone("America/New_York"));
        let found = found.unwrap();
        assert_eq!((found.steps.len(), found.unplaced), (3, 1));
        assert_eq!(found.steps[2].0.to_string(), "2026-03-08T08:00:00Z", "03:00 ends at 04:00 EDT");
        let stranger = [row("2026-03-07T23:00", 1), row("noon", 1), row("2026-03-08T05:00", 1)];
        let found = growth(&report(stranger.into()), date(2026, 3, 8), &zone("America/New_York"));
        assert_eq!(found.unwrap().unplaced, 2);
    }

    #[test]
    fn a_day_that_begins_at_one_has_its_hours() {
        let found =
            steps(&report(vec![row("2026-04-24T01:00", 7)]), date(2026, 4, 24), "Africa/Cairo");
        assert_eq!(found[0].0, "2026-04-23T22:00:00Z");
        assert_eq!(found[1], ("2026-04-23T23:00:00Z".to_owned(), 7));
    }

    #[test]
    fn before_the_first_hour_is_over_there_is_nothing_and_no_ratio() {
        let mut rows = vec![row("2026-03-18T00:00", 0), row("2026-03-18T01:00", 4)];
        for row in &mut rows {
            row.figures.leads = None;
        }
        let found = growth(&report(rows), date(2026, 3, 18), &zone("America/New_York")).unwrap();
        let zero = Some(Decimal::ZERO);
        let first = Figures { clicks: zero, revenue: zero, ..Figures::default() };
        assert_eq!(found.steps[0].1, first, "what no hour knows stays unknown");
        assert_eq!(found.steps[1].1.epc, None);
        assert_eq!(found.steps[2].1.epc, Some(Decimal::new(75, 2)), "3.00 / 4");
    }

    #[test]
    fn an_answer_in_days_does_not_say_how_the_day_grew() {
        let day = Period { hourly: false, ..row("2026-03-18T00:00", 5) };
        assert_eq!(growth(&report(vec![day]), date(2026, 3, 18), &TimeZone::UTC), None);
    }

    proptest! {
        #[test]
        fn whatever_the_zone_every_hour_is_placed_once_and_the_last_ends_with_the_day(
            day in 0_i64..1500,
            name in prop::sample::select(vec![
                "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata",
                "Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns",
            ]),
        ) {
            let (date, zone) = (date(2023, 1, 1).saturating_add(day.days()), zone(name));
            let mut rows = Vec::new();
            let end = day_start(date.saturating_add(1.day()), &zone);
            let mut start = day_start(date, &zone);
            while start < end {
                let local = zone.to_datetime(start);
                rows.push(row(&local.strftime("%Y-%m-%dT%H:00").to_string(), 1));
                start += SignedDuration::from_mins(60 - i64::from(local.minute()));
            }
            let count = rows.len();
            let growth = growth(&report(rows), date, &zone).unwrap();
            prop_assert_eq!(growth.unplaced, 0);
            prop_assert_eq!(growth.steps.len(), count + 1);
            prop_assert_eq!(growth.steps[count].0, end);
            prop_assert_eq!(growth.steps[count].1.clicks, Some(count.into()));
            prop_assert!(growth.steps.is_sorted_by_key(|(from, _)| *from));
        }
    }
}
