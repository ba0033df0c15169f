//! From answers to hours, and back from a file.

use std::time::Duration;

use jiff::civil::{DateTime, date};
use proptest::prelude::*;

use super::*;
use crate::figures::taprain::{Figures, Meta, Period};
use crate::model::range::day_start;

const LIMITS: TapRainLimits = TapRainLimits { country: 60, source: 50, offer: 50 };

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn new_york() -> TimeZone {
    zone("America/New_York")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many clicks, a tenth of them leads, and cents.
pub(super) fn figures(clicks: i64) -> Figures {
    let decimal = |value: i64, scale| Some(Decimal::new(value, scale));
    let (leads, revenue) = (decimal(clicks, 1), decimal(clicks * 55, 2));
    Figures { clicks: decimal(clicks, 0), leads, revenue, ..Figures::default() }
}

fn row(label: DateTime, clicks: i64) -> Period {
    Period { start: Some(label), hourly: true, figures: figures(clicks) }
}

/// A report of these hours, which sum to its summary.
fn report(rows: &[(DateTime, i64)]) -> Report {
    let summary = figures(rows.iter().map(|row| row.1).sum());
    let periods = rows.iter().map(|(label, clicks)| row(*label, *clicks)).collect();
    Report { summary, periods, ..Report::default() }
}

fn started(mut report: Report, start: &str) -> Report {
    report.meta = Meta { period_start: Some(at(start)), ..Meta::default() };
    report
}

fn day(date: Date) -> Days {
    Days { start: date, end: date.saturating_add(1.day()) }
}

struct Seen {
    hours: Hours,
    zone: TimeZone,
}

impl Seen {
    fn new(zone: TimeZone) -> Self {
        Self { hours: Hours::default(), zone }
    }

    fn see(&mut self, report: &Report, date: Date, made: Timestamp, live: bool) -> Learned {
        let (zone, days) = (&self.zone, day(date));
        self.hours.observe(&Observation { report, zone, days, made, live, limits: LIMITS })
    }

    fn clicks(&self, instant: &str) -> Option<i64> {
        let hour = self.hours.hour(at(instant).as_second())?;
        hour.amounts.clicks.and_then(|clicks| clicks.try_into().ok())
    }
}

/// A whole day, read two days later, whose clicks are the rows' numbers from 1.
fn whole(name: &str, date: Date, hours: &[i8], start: Option<&str>) -> (Learned, Seen) {
    let rows: Vec<_> =
        hours.iter().zip(1..).map(|(hour, n)| (date.at(*hour, 0, 0, 0), n)).collect();
    let mut answer = report(&rows);
    if let Some(start) = start {
        answer = started(answer, start);
    }
    let mut seen = Seen::new(zone(name));
    let made = day_start(date.saturating_add(2.days()), &seen.zone);
    (seen.see(&answer, date, made, false), seen)
}

fn all_but(left_out: &[i8]) -> Vec<i8> {
    (0..24).filter(|hour| !left_out.contains(hour)).collect()
}

#[test]
fn t3_clock_changes_leave_every_hour_at_its_instant() {
    let (learned, spring) = whole("America/New_York", date(2026, 3, 8), &all_but(&[2]), None);
    assert_eq!(learned, Learned::Hours(23));
    assert_eq!(spring.clicks("2026-03-08T06:00:00Z"), Some(2));
    assert_eq!(spring.clicks("2026-03-08T07:00:00Z"), Some(3), "three o'clock follows one");
    let mut twice = all_but(&[]);
    twice.insert(1, 1);
    let (learned, autumn) = whole("America/New_York", date(2026, 11, 1), &twice, None);
    assert_eq!(learned, Learned::Hours(25));
    assert_eq!(autumn.clicks("2026-11-01T05:00:00Z"), Some(2), "the first one o'clock");
    assert_eq!(autumn.clicks("2026-11-01T06:00:00Z"), Some(3), "the second");
    assert_eq!(autumn.clicks("2026-11-01T07:00:00Z"), Some(4));
}

#[test]
fn t3_zones_that_change_by_half_an_hour_or_at_midnight_or_have_odd_offsets() {
    let mut twice = all_but(&[]);
    twice.insert(1, 1);
    let (_, autumn) = whole("Australia/Lord_Howe", date(2026, 4, 5), &twice, None);
    assert_eq!(autumn.clicks("2026-04-04T14:00:00Z"), Some(2));
    assert_eq!(autumn.clicks("2026-04-04T15:00:00Z"), Some(3), "half an hour of it");
    assert_eq!(autumn.clicks("2026-04-04T15:30:00Z"), Some(4));
    let (_, spring) = whole("Australia/Lord_Howe", date(2026, 10, 4), &all_but(&[]), None);
    assert_eq!(spring.clicks("2026-10-03T15:30:00Z"), Some(3), "02:30 to 03:00");
    assert_eq!(spring.clicks("2026-10-03T16:00:00Z"), Some(4));
    let (_, kolkata) = whole("Asia/Kolkata", date(2026, 3, 18), &all_but(&[]), None);
    assert_eq!(kolkata.clicks("2026-03-17T18:30:00Z"), Some(1));
    for (name, day, first) in [
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00Z"),
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00Z"),
    ] {
        let (learned, gap) = whole(name, day, &all_but(&[0]), Some(first));
        assert_eq!((learned, gap.clicks(first)), (Learned::Hours(23), Some(1)), "{name}");
    }
}

#[test]
fn t2_an_api_with_a_fixed_offset_is_followed_through_its_own_day() {
    let (_, summer) =
        whole("America/New_York", date(2026, 3, 18), &all_but(&[]), Some("2026-03-18T05:00:00Z"));
    assert_eq!(summer.clicks("2026-03-18T04:00:00Z"), None);
    assert_eq!(summer.clicks("2026-03-18T05:00:00Z"), Some(1));
    assert_eq!(summer.clicks("2026-03-19T04:00:00Z"), Some(24));
    // On the day of the change it has business at an hour that does not exist.
    let (_, spring) =
        whole("America/New_York", date(2026, 3, 8), &all_but(&[]), Some("2026-03-08T05:00:00Z"));
    assert_eq!(spring.clicks("2026-03-08T07:00:00Z"), Some(3));
    assert_eq!(spring.clicks("2026-03-09T04:00:00Z"), Some(24));
}

#[test]
fn t3_an_hour_that_does_not_exist_and_has_nothing_is_ignored() {
    let mut rows: Vec<_> = (0..24).map(|hour| (date(2026, 3, 8).at(hour, 0, 0, 0), 5)).collect();
    rows[2].1 = 0;
    let mut seen = Seen::new(new_york());
    let made = at("2026-03-10T12:00:00Z");
    assert_eq!(seen.see(&report(&rows), date(2026, 3, 8), made, false), Learned::Hours(23));
    assert_eq!(seen.clicks("2026-03-08T07:00:00Z"), Some(5));
    assert_eq!(seen.clicks("2026-03-09T04:00:00Z"), None);
}

#[test]
fn t3_an_hour_that_comes_twice_but_stands_there_once_is_unknown() {
    let (_, merged) = whole("America/New_York", date(2026, 11, 1), &all_but(&[]), None);
    assert_eq!(merged.clicks("2026-11-01T05:00:00Z"), None);
    assert_eq!(merged.clicks("2026-11-01T06:00:00Z"), None);
    assert_eq!(merged.clicks("2026-11-01T07:00:00Z"), Some(3));
}

#[test]
fn t11_a_missing_hour_is_nothing_only_where_the_rest_is_all() {
    let noon = date(2026, 3, 18).at(12, 0, 0, 0);
    let made = at("2026-03-20T12:00:00Z");
    let mut seen = Seen::new(new_york());
    assert_eq!(seen.see(&report(&[(noon, 7)]), date(2026, 3, 18), made, false), Learned::Hours(24));
    assert_eq!(seen.clicks("2026-03-18T15:00:00Z"), Some(0));
    let mut cut = report(&[(noon, 7)]);
    cut.summary = figures(8);
    let mut seen = Seen::new(new_york());
    assert_eq!(seen.see(&cut, date(2026, 3, 18), made, false), Learned::Hours(1));
    assert_eq!(seen.clicks("2026-03-18T15:00:00Z"), None);
    assert_eq!(seen.clicks("2026-03-18T16:00:00Z"), Some(7));
}

#[test]
fn what_has_not_begun_is_not_known() {
    let rows: Vec<_> = (0..24).map(|hour| (date(2026, 3, 18).at(hour, 0, 0, 0), 0)).collect();
    let mut seen = Seen::new(new_york());
    let made = at("2026-03-18T06:30:00Z");
    assert_eq!(seen.see(&report(&rows), date(2026, 3, 18), made, true), Learned::Hours(3));
    assert_eq!(seen.clicks("2026-03-18T06:00:00Z"), Some(0));
    assert_eq!(seen.clicks("2026-03-18T07:00:00Z"), None);
}

#[test]
fn t6_days_that_come_as_days_teach_no_hours_and_are_not_asked_for_again() {
    let (mut seen, day) = (Seen::new(new_york()), date(2026, 3, 18));
    let mut answer = report(&[(day.at(0, 0, 0, 0), 7)]);
    answer.periods[0].hourly = false;
    let made = at("2026-03-20T12:00:00Z");
    assert_eq!(seen.see(&answer, day, made, false), Learned::NotHourly);
    assert_eq!(seen.hours.missing(date(2026, 3, 19), 1, made, &seen.zone), []);
    let (report, zone, limits) = (&answer, &seen.zone, LIMITS);
    let days = Days { start: day, end: date(2026, 3, 20) };
    let observation = Observation { report, zone, days, made, live: false, limits };
    assert_eq!(seen.hours.observe(&observation), Learned::Nothing);
}

#[test]
fn t10_the_old_day_after_midnight_is_the_old_day() {
    let (old, today) = (date(2026, 3, 17), date(2026, 3, 18));
    let rows: Vec<_> = (0..24).map(|hour| (old.at(hour, 0, 0, 0), 9)).collect();
    let answer = started(report(&rows), "2026-03-17T04:00:00Z");
    let mut seen = Seen::new(new_york());
    let made = at("2026-03-18T04:05:00Z");
    assert_eq!(seen.see(&answer, today, made, true), Learned::Hours(24));
    assert_eq!(seen.clicks("2026-03-18T03:00:00Z"), Some(9));
    assert_eq!(seen.hours.read_at(old), Some(made));
    assert_eq!(seen.hours.read_at(today), None);
    assert_eq!(seen.see(&answer, today, made, false), Learned::Nothing, "a custom range is exact");
}

#[test]
fn t19_an_older_answer_or_the_same_again_changes_nothing() {
    let (mut seen, today) = (Seen::new(new_york()), date(2026, 3, 18));
    let hour = |clicks| report(&[(today.at(0, 0, 0, 0), clicks)]);
    let made = |minute: i64| at("2026-03-18T04:00:00Z") + minute.minutes();
    assert_eq!(seen.see(&hour(5), today, made(40), true), Learned::Hours(1));
    let before = seen.hours.clone();
    assert_eq!(seen.see(&hour(4), today, made(30), true), Learned::Nothing);
    assert_eq!(seen.see(&hour(9), today, made(40), true), Learned::Nothing);
    assert_eq!(seen.hours, before);
    assert_eq!(seen.see(&hour(3), today, made(50), true), Learned::Hours(1), "t9: less is news");
    assert_eq!(seen.clicks("2026-03-18T04:00:00Z"), Some(3));
}

#[test]
fn a_day_is_missing_until_it_was_read_after_its_end_and_once_more_when_it_is_ripe() {
    let (mut seen, yesterday) = (Seen::new(new_york()), date(2026, 3, 17));
    let today = date(2026, 3, 18);
    let missing = |seen: &Seen, now| seen.hours.missing(today, 2, at(now), &seen.zone);
    let (night, noon) = ("2026-03-18T05:00:00Z", "2026-03-18T16:30:00Z");
    let before = date(2026, 3, 16);
    assert_eq!(missing(&seen, night), [yesterday, before]);
    seen.see(&report(&[]), before, at("2026-03-17T18:00:00Z"), false);
    seen.see(&report(&[]), yesterday, at("2026-03-18T03:59:00Z"), true);
    assert_eq!(missing(&seen, night), [yesterday], "it was read, but before its end");
    seen.see(&report(&[]), yesterday, at("2026-03-18T04:10:00Z"), false);
    assert_eq!(missing(&seen, night), []);
    assert_eq!(missing(&seen, noon), [yesterday], "it has ripened since");
    seen.see(&report(&[]), yesterday, at(noon), false);
    assert_eq!(missing(&seen, noon), []);
    assert_eq!(
        seen.hours.missing(today, 99, at(noon), &seen.zone).len(),
        33,
        "never before 35 days"
    );
}

#[test]
fn what_is_older_than_five_weeks_is_forgotten() {
    let mut seen = Seen::new(new_york());
    let first = date(2026, 2, 1);
    for back in 0..50_i64 {
        let date = first.saturating_add(back.days());
        let made = day_start(date.saturating_add(1.day()), &seen.zone) + 13.hours();
        seen.see(&report(&[]), date, made, false);
    }
    let kept = seen.hours.by_start.len();
    assert!((35 * 24..36 * 24).contains(&kept), "{kept}");
    assert_eq!(seen.hours.days.len(), 35);
}

fn members(rows: &[(&str, i64)]) -> Vec<(Option<String>, Figures)> {
    rows.iter().map(|(name, clicks)| (Some((*name).to_owned()), figures(*clicks))).collect()
}

/// Clicks of each offer in the hour that starts at `instant`, whole.
fn flows(seen: &Seen, instant: &str) -> Option<Vec<(String, i64)>> {
    let names = seen.hours.members(2);
    let flows = seen.hours.flows(2, at(instant).as_second())?;
    #[expect(clippy::cast_possible_truncation, reason = "a test's clicks")]
    let mut list: Vec<_> =
        flows.map(|(place, flow)| (names[place].to_string(), (flow.clicks / 1e6) as i64)).collect();
    list.sort();
    Some(list)
}

fn live(seen: &mut Seen, made: &str, rows: &[(&str, i64)]) {
    let total = rows.iter().map(|row| row.1).sum();
    let mut answer = report(&[(date(2026, 3, 18).at(0, 0, 0, 0), total)]);
    answer.breakdowns = [None, None, Some(members(rows))];
    seen.see(&answer, date(2026, 3, 18), at(made), true);
}

fn named(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(name, clicks)| ((*name).to_owned(), *clicks)).collect()
}

#[test]
fn a_members_hour_is_what_its_row_grew_by() {
    let mut seen = Seen::new(new_york());
    live(&mut seen, "2026-03-18T04:30:00Z", &[("a", 3)]);
    live(&mut seen, "2026-03-18T05:02:00Z", &[("a", 10), ("b", 4)]);
    live(&mut seen, "2026-03-18T05:07:00Z", &[("a", 11), ("b", 4)]);
    live(&mut seen, "2026-03-18T06:00:00Z", &[("a", 15), ("b", 2), ("c", 1)]);
    assert_eq!(flows(&seen, "2026-03-18T04:00:00Z").unwrap(), named(&[("a", 10), ("b", 4)]));
    assert_eq!(
        flows(&seen, "2026-03-18T05:00:00Z").unwrap(),
        named(&[("a", 5), ("b", -2), ("c", 1)])
    );
    // Nobody looked when the next hour ended, so neither it nor the one after it is known.
    live(&mut seen, "2026-03-18T07:11:00Z", &[("a", 20)]);
    live(&mut seen, "2026-03-18T08:01:00Z", &[("a", 21), ("b", 2)]);
    live(&mut seen, "2026-03-18T09:01:00Z", &[("a", 24), ("b", 2)]);
    assert_eq!(flows(&seen, "2026-03-18T06:00:00Z"), None);
    assert_eq!(flows(&seen, "2026-03-18T07:00:00Z"), None);
    assert_eq!(flows(&seen, "2026-03-18T08:00:00Z").unwrap(), named(&[("a", 3)]));
}

#[test]
fn the_days_last_hour_ends_with_its_last_answer() {
    let mut seen = Seen::new(new_york());
    live(&mut seen, "2026-03-19T03:00:00Z", &[("a", 100)]);
    live(&mut seen, "2026-03-19T03:51:00Z", &[("a", 107)]);
    live(&mut seen, "2026-03-19T03:59:00Z", &[("a", 109)]);
    assert_eq!(flows(&seen, "2026-03-19T03:00:00Z").unwrap(), named(&[("a", 9)]));
}

#[test]
fn t14_an_offer_that_was_renamed_does_not_do_its_day_at_once() {
    let mut seen = Seen::new(new_york());
    live(&mut seen, "2026-03-18T05:00:00Z", &[("old", 80), ("a", 5)]);
    live(&mut seen, "2026-03-18T06:00:00Z", &[("new", 90), ("a", 7)]);
    live(&mut seen, "2026-03-18T07:00:00Z", &[("new", 95), ("a", 7)]);
    assert_eq!(flows(&seen, "2026-03-18T05:00:00Z").unwrap(), named(&[("(other)", 10), ("a", 2)]));
    assert_eq!(flows(&seen, "2026-03-18T06:00:00Z").unwrap(), named(&[("new", 5)]));
}

#[test]
fn t12_names_are_cleaned_and_equal_ones_add_up() {
    let mut seen = Seen::new(new_york());
    live(&mut seen, "2026-03-18T05:00:00Z", &[("", 8), ("(none)", 5), ("x\ny", 1), ("(other)", 4)]);
    let expected = named(&[("(none)", 13), ("(other)", 4), ("x\u{fffd}y", 1)]);
    assert_eq!(flows(&seen, "2026-03-18T04:00:00Z").unwrap(), expected);
}

#[test]
fn t13_a_flood_of_names_is_bounded_and_the_real_ones_stay() {
    let mut seen = Seen::new(new_york());
    for hour in 1..=23_i64 {
        let mut rows = vec![("real".to_owned(), 1_000 * hour)];
        rows.extend((0..2_000 * hour).map(|n| (format!("{n:0>150}"), 1)));
        let rows: Vec<_> = rows.iter().map(|(name, clicks)| (name.as_str(), *clicks)).collect();
        let made = at("2026-03-18T04:01:00Z") + hour.hours();
        live(&mut seen, &made.to_string(), &rows);
    }
    assert!(seen.hours.members(2).len() <= 204 + 51, "{}", seen.hours.members(2).len());
    let last = flows(&seen, "2026-03-19T02:00:00Z").unwrap();
    assert_eq!(last.iter().map(|row| row.1).sum::<i64>(), 3_000);
    assert!(last.contains(&("real".to_owned(), 1_000)), "{last:?}");
    let json = serde_json::to_string(&seen.hours).unwrap();
    assert!(json.len() < 1_000_000, "{}", json.len());
}

/// Five weeks with every member in every hour, in two forms of names.
fn filled() -> Hours {
    let mut hours = Hours::default();
    let limits = [LIMITS.country, LIMITS.source, LIMITS.offer];
    for hour in 0..36 * 24_i64 {
        let made = 1_772_337_600 + hour * HOUR;
        let clicks = Some(Decimal::new(123_456 + hour, 0));
        let amounts =
            Amounts { clicks, leads: clicks, revenue: Some(Decimal::new(98_765_432 + hour, 2)) };
        hours.by_start.insert(made, Hour { made, amounts });
        for (members, limit) in hours.members.iter_mut().zip(limits) {
            let flow = |n: usize| {
                let word = if n.is_multiple_of(2) { "Offer, with a name" } else { "s2" };
                (format!("{word} {n}"), members::flow(&figures(100_000 + 7 * hour)).unwrap())
            };
            members.put(made, (0..=limit).map(flow).collect(), limit);
        }
    }
    hours
}

#[test]
fn five_weeks_of_a_large_account_stay_within_five_mebibytes_on_disk_and_eight_in_memory() {
    let hours = filled();
    let json = serde_json::to_string(&hours).unwrap();
    assert!(json.len() <= 5 << 20, "{} bytes on disk", json.len());
    let rows: usize = hours.members.iter().map(Members::bytes).sum();
    // A map's node holds up to eleven entries, and is half full at worst.
    let hour = 2 * (size_of::<i64>() + size_of::<Hour>());
    let memory = rows + hours.by_start.len() * hour;
    assert!(memory <= 8 << 20, "{memory} bytes in memory");
    assert!(serde_json::from_str::<Hours>(&json).unwrap() == hours);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_comes_in_whatever_order_is_survived_and_saved(
        answers in prop::collection::vec(
            (0_i64..4, 0_i64..100, any::<bool>(), prop::collection::vec((0_i8..24, -50_i64..200), 0..26), 0_i64..3),
            0..40,
        ),
        name in prop::sample::select(vec!["America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    ) {
        let mut seen = Seen::new(zone(name));
        for (offset, made, live, rows, cut) in answers {
            let date = date(2026, 4, 3).saturating_add(offset.days());
            let rows: Vec<_> = rows.into_iter().map(|(hour, n)| (date.at(hour, 0, 0, 0), n)).collect();
            let mut answer = report(&rows);
            answer.summary = figures(rows.iter().map(|row| row.1).sum::<i64>() + cut);
            let offers: Vec<_> = rows.iter().map(|(hour, n)| (Some(hour.hour().to_string()), figures(*n))).collect();
            answer.breakdowns = [None, Some(offers.clone()), Some(offers)];
            let made = at("2026-04-03T00:00:00Z") + (made * 57).minutes();
            seen.see(&answer, date, made, live);
        }
        let json = serde_json::to_string(&seen.hours).unwrap();
        let back: Hours = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&back, &seen.hours);
        let curve = back.maturity().curve(Duration::from_secs(3_600));
        for age in -70..1_500 {
            let share = curve.share(age * 60);
            prop_assert!(share.list().iter().all(|share| (0.0..=2.0).contains(share)));
        }
    }

    #[test]
    fn answers_in_another_order_leave_the_newest(
        made in prop::collection::vec(1_i64..1_400, 1..12),
    ) {
        let mut seen = Seen::new(new_york());
        let today = date(2026, 3, 18);
        for minute in &made {
            let answer = report(&[(today.at(0, 0, 0, 0), *minute)]);
            seen.see(&answer, today, at("2026-03-18T04:00:00Z") + minute.minutes(), true);
        }
        prop_assert_eq!(seen.clicks("2026-03-18T04:00:00Z"), made.iter().max().copied());
    }
}
