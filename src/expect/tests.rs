//! What is expected of businesses that are known by heart.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;

use super::*;
use crate::figures::taprain::{Figures, Period, Report};
use crate::hours::Observation;
use crate::model::range::{Days, day_start};
use crate::model::settings::TapRainLimits;

const LIMITS: TapRainLimits = TapRainLimits { country: 60, source: 50, offer: 50 };

const TERMS: Terms = Terms { settle: Duration::from_secs(2 * 3600), quantile: 0.95 };

/// A Wednesday.
const TODAY: Date = date(2026, 3, 25);

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn figures(clicks: i64) -> Figures {
    let decimal = |value, scale| Some(Decimal::new(value, scale));
    let (leads, revenue) = (decimal(clicks, 1), decimal(clicks * 55, 2));
    Figures { clicks: decimal(clicks, 0), leads, revenue, ..Figures::default() }
}

/// A view whose clicks each hour are what a function of the local hour says.
struct Business<F> {
    hours: Hours,
    zone: TimeZone,
    clicks: F,
}

impl<F: Fn(DateTime) -> i64> Business<F> {
    fn new(name: &str, clicks: F) -> Self {
        Self { hours: Hours::default(), zone: zone(name), clicks }
    }

    fn report(&self, date: Date) -> Report {
        let slots = layout::of(date, &self.zone);
        let row = |slot: &Slot| {
            let part = slot.length() * (self.clicks)(slot.label) / 3600;
            Period { start: Some(slot.label), hourly: true, figures: figures(part) }
        };
        let periods: Vec<Period> = slots.iter().map(row).collect();
        Report { periods, ..Report::default() }
    }

    fn observe(&mut self, report: &Report, date: Date, made: Timestamp) {
        let mut report = report.clone();
        let begun = |period: &&Period| period.start.is_some();
        let rows = report.periods.iter().filter(begun).map(|period| Amounts::from(&period.figures));
        let sum = rows.fold(Amounts::ZERO, Amounts::plus);
        report.summary = Figures {
            clicks: sum.clicks,
            leads: sum.leads,
            revenue: sum.revenue,
            ..Figures::default()
        };
        let days = Days { start: date, end: date.saturating_add(1.day()) };
        let (zone, report) = (&self.zone, &report);
        self.hours.observe(&Observation { report, zone, days, made, live: false, limits: LIMITS });
    }

    /// Reads the days from `first` to `last` days before `today`, long after they ended.
    fn read(&mut self, today: Date, first: i64, last: i64) {
        for back in last..=first {
            let date = today.saturating_sub(back.days());
            let made = day_start(date.saturating_add(1.day()), &self.zone) + 30.hours();
            self.observe(&self.report(date), date, made);
        }
    }

    /// Reads today, whose hours so far are complete at once.
    fn live(&mut self, today: Date, made: Timestamp) {
        self.observe(&self.report(today), today, made);
    }

    fn outlook(&self, at: Timestamp) -> Outlook {
        outlook(&self.hours, Stretch { since: None, at }, &self.zone, TERMS)
    }
}

fn noon(today: Date, zone: &TimeZone) -> Timestamp {
    today.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp()
}

/// 100 clicks an hour, and ten more for each hour since midnight.
fn usual(hour: DateTime) -> i64 {
    100 + 10 * i64::from(hour.hour())
}

fn near(value: Option<f64>, expected: f64) {
    assert!(
        value.is_some_and(|value| (value - expected).abs() < 1e-6),
        "{value:?} is not {expected}"
    );
}

#[test]
fn a_business_that_repeats_itself_is_expected_to_the_click() {
    let mut business = Business::new("America/New_York", usual);
    business.read(TODAY, 35, 1);
    let at = noon(TODAY, &business.zone);
    business.live(TODAY, at);
    let found = business.outlook(at);
    assert_eq!((found.lag, found.baseline_weeks), (2, 4));
    near(found.baseline_cvr, 0.1);
    let three = &found.windows[1];
    assert_eq!((three.hours, three.actual.clicks), (3, Some(Decimal::from(170 + 180 + 190))));
    assert_eq!(three.actual.revenue, Some(Decimal::new(54_000 * 55 / 100, 2)));
    near(three.expected.clicks, 540.0);
    near(three.expected.leads, 54.0);
    near(three.expected_leads_given_clicks, 54.0);
    near(found.windows[4].expected.clicks, 24.0 * 100.0 + 10.0 * 276.0);
    near(found.today.clicks, 12.0 * 100.0 + 10.0 * 66.0);
    // Leads come evenly within two hours of their click: a quarter of the last hour's are there.
    near(found.today.leads, (1_860.0 - 0.75 * 210.0 - 0.25 * 200.0) / 10.0);
    let band = found.band.unwrap();
    let expected = found.today.revenue.unwrap();
    assert!(band.low < expected && expected < band.high, "{band:?} {expected}");
}

#[test]
fn one_odd_week_and_a_black_friday_change_nothing_of_what_is_expected() {
    let expected = |odd: i64| {
        let odd_day = TODAY.saturating_sub(14.days());
        let clicks = |hour: DateTime| usual(hour) * if hour.date() == odd_day { odd } else { 1 };
        let mut business = Business::new("America/New_York", clicks);
        business.read(TODAY, 35, 1);
        let at = noon(TODAY, &business.zone);
        business.live(TODAY, at);
        business.outlook(at)
    };
    let (plain, black) = (expected(1), expected(40));
    assert_eq!(plain.today, black.today);
    assert_eq!(plain.windows[2], black.windows[2]);
    let width = |outlook: &Outlook| outlook.band.map(|band| band.high - band.low).unwrap();
    assert!(
        (width(&black) / width(&plain) - 1.0).abs() < 0.05,
        "{:?} {:?}",
        black.band,
        plain.band
    );
}

#[test]
fn it_is_silent_until_three_weeks_are_known_and_where_an_hour_is_missing() {
    let at = noon(TODAY, &zone("America/New_York"));
    for (days, weeks) in [(0, 0), (6, 0), (13, 1), (20, 2), (21, 2), (22, 3), (28, 3), (29, 4)] {
        let mut business = Business::new("America/New_York", usual);
        business.read(TODAY, days, 1);
        business.live(TODAY, at);
        let found = business.outlook(at);
        assert_eq!(found.baseline_weeks, weeks, "{days}");
        assert_eq!(found.windows[4].expected.clicks.is_some(), weeks >= 3, "{days}");
        assert_eq!(found.windows[0].actual.clicks, Some(Decimal::from(190)));
        assert_eq!(found.baseline_cvr.is_some(), days >= 7, "{days}");
        assert_eq!(found.band.is_some(), days >= 21, "{days}");
    }
    let mut business = Business::new("America/New_York", usual);
    business.read(TODAY, 35, 1);
    let mut cut = business.report(TODAY);
    cut.periods.remove(8);
    let sum = figures(99_999);
    let days = Days { start: TODAY, end: TODAY.saturating_add(1.day()) };
    let zone = business.zone.clone();
    let report = &Report { summary: sum, ..cut };
    let (made, limits, zone) = (at, LIMITS, &zone);
    business.hours.observe(&Observation { report, zone, days, made, live: true, limits });
    let found = business.outlook(at);
    assert_eq!(found.windows[0].actual.clicks, Some(Decimal::from(190)));
    assert_eq!(
        (found.windows[1].actual, found.windows[1].expected.clicks),
        (Amounts::UNKNOWN, None)
    );
    assert_eq!(found.windows[1].expected_leads_given_clicks, None);
}

#[test]
fn t2_a_day_that_begins_an_hour_late_is_expected_to_have_an_hour_less() {
    let mut business = Business::new("America/New_York", usual);
    business.read(TODAY, 35, 1);
    let midnight = day_start(TODAY, &business.zone);
    let at = midnight + 100.minutes();
    let expected = |since| {
        let stretch = Stretch { since, at };
        outlook(&business.hours, stretch, &business.zone, TERMS).today.clicks
    };
    near(expected(None), 100.0 + 110.0 * 40.0 / 60.0);
    near(expected(Some(midnight + 1.hour())), 110.0 * 40.0 / 60.0);
    near(expected(Some(midnight - 1.hour())), 330.0 + 100.0 + 110.0 * 40.0 / 60.0);
}

#[test]
fn nothing_known_is_nothing_said() {
    let stretch = Stretch { since: None, at: noon(TODAY, &TimeZone::UTC) };
    let found = outlook(&Hours::default(), stretch, &TimeZone::UTC, TERMS);
    assert_eq!((found.baseline_weeks, found.baseline_cvr, found.band), (0, None, None));
    assert_eq!(found.today, Three::all(None));
    assert!(found.windows.iter().all(|window| window.actual == Amounts::UNKNOWN));
    assert!(found.members.iter().all(Vec::is_empty));
}

#[test]
fn on_days_of_clock_changes_and_weeks_after_the_same_local_hours_are_compared() {
    // Day, hours it has, sum of its hours' clicks.
    for (name, change) in [
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("Africa/Cairo", date(2026, 4, 24)),
        ("America/Havana", date(2026, 3, 8)),
        ("Asia/Kolkata", date(2026, 3, 8)),
    ] {
        for after in [0, 7, 14, 28] {
            let today = change.saturating_add(after.days());
            let mut business = Business::new(name, usual);
            business.read(today, 35, 1);
            let at = day_start(today.saturating_add(1.day()), &business.zone) - 1.second();
            business.live(today, at);
            let found = business.outlook(at);
            assert_eq!(found.baseline_weeks, 4, "{name} {today}");
            let sum: i64 = layout::of(today, &business.zone)
                .iter()
                .map(|slot| slot.length() * usual(slot.label) / 3600)
                .sum();
            let off = found.today.clicks.unwrap() / sum as f64 - 1.0;
            assert!(off.abs() < 0.001, "{name} {today}: {off}");
            let day = &found.windows[4];
            let actual = to_f64(day.actual.clicks.unwrap());
            assert!((day.expected.clicks.unwrap() / actual - 1.0).abs() < 0.001, "{name} {today}");
        }
    }
}

#[test]
fn members_are_expected_by_their_own_weeks() {
    let mut business = Business::new("America/New_York", |_| 0);
    // Every hour of five weeks, with a live look at its end.
    let first = day_start(TODAY.saturating_sub(34.days()), &business.zone);
    let end = noon(TODAY, &business.zone);
    let mut made = first;
    let mut rows: Vec<(Option<String>, Figures)> = Vec::new();
    let mut today = local_date(made, &business.zone);
    while made < end {
        made += 1.hour();
        let last = local_date(made, &business.zone) != today;
        let clicks = if last { 24 } else { i64::from(business.zone.to_datetime(made).hour()) };
        // One offer died this morning, another did for good, and one is new.
        let dead = if today == TODAY { clicks.min(6) } else { clicks };
        let gone = if today < TODAY.saturating_sub(28.days()) { clicks } else { 0 };
        let offers = [("live", clicks), ("dead", dead), ("gone", gone)];
        rows.clear();
        let row = |(name, clicks): (&str, i64)| (Some(name.to_owned()), figures(10 * clicks));
        rows.extend(offers.into_iter().filter(|offer| offer.1 > 0).map(row));
        let summary = figures(10 * (clicks + dead + gone));
        let report =
            &Report { summary, breakdowns: [None, None, Some(rows.clone())], ..Report::default() };
        let days = Days { start: today, end: today.saturating_add(1.day()) };
        let at = if last { made - 1.minute() } else { made };
        let (zone, limits) = (&business.zone, LIMITS);
        business.hours.observe(&Observation { report, zone, days, made: at, live: true, limits });
        today = local_date(made, &business.zone);
    }
    let found = business.outlook(end);
    let [countries, sources, offers] = &found.members;
    assert!(countries.is_empty() && sources.is_empty());
    let names: Vec<&str> = offers.iter().map(|offer| &*offer.name).collect();
    assert_eq!(names, ["dead", "live"]);
    let clicks = |three: Option<Three<f64>>| three.map(|three| three.clicks);
    let [one, six, day] = offers[0].windows;
    assert_eq!((clicks(one.actual), clicks(one.expected)), (Some(0.0), Some(10.0)));
    assert_eq!((clicks(six.actual), clicks(six.expected)), (Some(0.0), Some(60.0)));
    assert_eq!((clicks(day.actual), clicks(day.expected)), (Some(180.0), Some(240.0)));
    near(offers[0].baseline_cvr, 0.1);
    assert_eq!(offers[1].windows[2].actual, offers[1].windows[2].expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_window_is_the_exact_sum_of_its_hours_and_bands_are_in_order(
        clicks in prop::collection::vec(0_i64..300, 24 * 7),
        minute in 0_i64..1_440,
    ) {
        let number = |hour: DateTime| {
            let day = i64::from(hour.weekday().to_monday_zero_offset());
            usize::try_from(day * 24 + i64::from(hour.hour())).unwrap()
        };
        let mut business = Business::new("America/New_York", |hour| clicks[number(hour)]);
        business.read(TODAY, 35, 1);
        let at = day_start(TODAY, &business.zone) + minute.minutes();
        business.live(TODAY, at);
        let found = business.outlook(at);
        let closed = layout::closed(at.as_second(), 24 + found.lag, &business.zone);
        for window in &found.windows {
            let end = closed.len() - found.lag;
            let sum: i64 = closed[end - window.hours..end].iter().map(|slot| clicks[number(slot.label)]).sum();
            prop_assert_eq!(window.actual.clicks, Some(Decimal::from(sum)));
            near(window.expected.clicks, sum as f64);
        }
        if let Some(band) = found.band {
            let expected = found.today.revenue.unwrap();
            prop_assert!(0.0 <= band.low && band.low <= expected && expected.is_finite());
            prop_assert!(band.high >= band.low, "{:?} {}", band, expected);
        }
    }
}
