//! The sums of single days, as they are compared when a day that is over is read again.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::fold::Foldable;
use super::taprain::{Figures, Report};
use crate::model::range::{Days, Range, day_start};
use crate::number::add;

/// A day's figures; what a vendor does not have or did not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// TapRain's `revenue`, Klar's `netRevenue`, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Decimal>,
    /// Klar's `grossRevenue`, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_revenue: Option<Decimal>,
    /// Klar's `cost`, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Decimal>,
    /// Klar's `orders`, in fractions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Decimal>,
    /// TapRain's `leads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<Decimal>,
    /// TapRain's `clicks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicks: Option<Decimal>,
}

impl Sums {
    /// These figures with those that `newer` knows in their place: what an answer leaves out has
    /// not changed by that.
    #[must_use]
    pub fn updated(self, newer: Self) -> Self {
        self.with(newer, |old, new| new.or(old))
    }

    fn with(
        self,
        other: Self,
        both: fn(Option<Decimal>, Option<Decimal>) -> Option<Decimal>,
    ) -> Self {
        Self {
            revenue: both(self.revenue, other.revenue),
            gross_revenue: both(self.gross_revenue, other.gross_revenue),
            cost: both(self.cost, other.cost),
            orders: both(self.orders, other.orders),
            leads: both(self.leads, other.leads),
            clicks: both(self.clicks, other.clicks),
        }
    }
}

impl From<Figures> for Sums {
    fn from(figures: Figures) -> Self {
        let Figures { clicks, leads, revenue, .. } = figures;
        Self { revenue, leads, clicks, ..Self::default() }
    }
}

impl Foldable for Sums {
    fn revenue(&self) -> Option<Decimal> {
        self.revenue
    }

    fn clicks(&self) -> Option<Decimal> {
        self.clicks
    }

    fn absorb(&mut self, other: &Self) {
        *self = self.with(*other, add);
    }
}

/// One day as one answer has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daily {
    /// The day.
    pub date: Date,
    /// The whole day.
    pub all: Sums,
    /// Its parts by Klar's channel, folded; empty for TapRain.
    pub channels: BTreeMap<String, Sums>,
}

/// The days that a TapRain report for `range`, which means `days`, has whole.
///
/// Rows by the hour are left alone: a list that was cut (trap T11) would make a smaller day.
pub fn of_report(report: &Report, range: &Range, days: Days, zone: &TimeZone) -> Vec<Daily> {
    match range {
        Range::Hour | Range::Today => Vec::new(),
        Range::Yesterday => vec![daily(days.start, report.summary.into())],
        _ => listed(report, zone),
    }
}

fn listed(report: &Report, zone: &TimeZone) -> Vec<Daily> {
    let mut rows: BTreeMap<Date, Option<Sums>> = BTreeMap::new();
    for period in report.periods.iter().filter(|period| !period.hourly) {
        let Some(start) = period.start.filter(|start| start.time() == Time::midnight()) else {
            continue;
        };
        // Two rows for one day (trap T3): which of them it is, or whether both, nobody says.
        rows.entry(start.date())
            .and_modify(|row| *row = None)
            .or_insert(Some(period.figures.into()));
    }
    let earliest = rows.first_key_value().map(|(date, _)| *date);
    // A window that rolls (trap T6) has only a part of its first day, and less of it each hour.
    let whole = |date: Date| match report.meta.period_start {
        Some(start) => start <= day_start(date, zone),
        None => Some(date) != earliest,
    };
    let rows = rows.into_iter().filter_map(|(date, row)| Some(daily(date, row?)));
    rows.filter(|row| whole(row.date)).collect()
}

fn daily(date: Date, all: Sums) -> Daily {
    Daily { date, all, channels: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::taprain::read;
    use jiff::ToSpan;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 18);

    fn found(range: &Range, start: &str, series: &str) -> Vec<(String, String)> {
        let body = format!(
            r#"{{"success": true, "meta": {{{start}}},
            "data": {{"summary": {{"revenue": 9.90}}, "time_series": [{series}]}}}}"#
        );
        let zone = TimeZone::get("America/New_York").unwrap();
        let report = read(body.as_bytes()).unwrap();
        let found = of_report(&report, range, range.days(TODAY), &zone).into_iter();
        found.map(|day| (day.date.to_string(), day.all.revenue.unwrap().to_string())).collect()
    }

    fn row(label: &str, granularity: &str, revenue: &str) -> String {
        format!(r#"{{"period": "{label}", "granularity": "{granularity}", "revenue": {revenue}}}"#)
    }

    fn day(back: i64, revenue: &str) -> String {
        row(&TODAY.saturating_sub(back.days()).to_string(), "day", revenue)
    }

    fn dated(days: &[(&str, &str)]) -> Vec<(String, String)> {
        days.iter().map(|(date, revenue)| ((*date).to_owned(), (*revenue).to_owned())).collect()
    }

    const MIDNIGHT: &str = r#""period_start": "2026-03-12T04:00:00.000Z""#;

    #[test]
    fn yesterday_is_its_summary_and_today_is_nothing_yet() {
        let hours = row("2026-03-17 00:00", "hour", "1");
        assert_eq!(found(&Range::Yesterday, "", &hours), dated(&[("2026-03-17", "9.90")]));
        assert!(found(&Range::Today, "", &hours).is_empty());
        assert!(found(&Range::Hour, "", &hours).is_empty());
        assert!(found(&Range::SevenDays, MIDNIGHT, &hours).is_empty());
    }

    #[test]
    fn a_list_gives_the_days_it_has_and_t3_none_that_it_has_twice() {
        let rows =
            [day(6, "1.5"), day(4, "0"), day(3, "1"), day(3, "2"), day(1, "null"), day(0, "7")];
        let rows = rows.map(|row| row.replace("null", "4")).join(",");
        let expected = [("12", "1.5"), ("14", "0"), ("17", "4"), ("18", "7")];
        let expected =
            expected.map(|(day, revenue)| (format!("2026-03-{day}"), revenue.to_owned()));
        assert_eq!(found(&Range::SevenDays, MIDNIGHT, &rows), expected);
    }

    #[test]
    fn t6_the_first_day_of_a_rolling_window_is_not_whole() {
        let rows = [day(6, "1.5"), day(5, "2")].join(",");
        for start in [r#""period_start": "2026-03-12T17:43:00.000Z""#, ""] {
            assert_eq!(found(&Range::SevenDays, start, &rows), dated(&[("2026-03-13", "2")]));
        }
    }
}
