//! The rule by itself: which days count, and what one odd week does.

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::figures::closed::Daily;
use crate::history::Times;

/// A Tuesday; clocks in Berlin go forward between it and the first of its four weeks.
const DATE: Date = date(2026, 4, 14);

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn sums(orders: i64) -> Sums {
    let figure = |factor: i64| Some(Decimal::from(orders * factor));
    Sums {
        orders: figure(1),
        revenue: figure(50),
        gross_revenue: figure(54),
        cost: figure(20),
        ..Sums::default()
    }
}

fn channels(rows: &[(&str, i64)]) -> BTreeMap<String, Sums> {
    rows.iter().map(|(name, orders)| ((*name).to_owned(), sums(*orders))).collect()
}

fn history() -> History {
    History::new([("v".to_owned(), "asks so".to_owned())])
}

/// Notes the day `week` weeks before, seen `hours` after its end.
fn note(history: &mut History, week: i64, hours: i64, channels: BTreeMap<String, Sums>) {
    let day = DATE.saturating_sub((7 * week).days());
    let end = day_start(day.tomorrow().unwrap(), &zone());
    let made = end + SignedDuration::from_hours(hours);
    let today = zone().to_datetime(made).date();
    let all = total(channels.values()).unwrap_or_default();
    let times = Times { today, made, now: made };
    history.note("v", Daily { date: day, all, channels }, &times);
}

/// One channel's orders by weeks back, each seen so many hours after its end.
fn seen(days: &[(i64, i64, i64)]) -> Baseline {
    let mut history = history();
    for (week, hours, orders) in days.iter().rev() {
        note(&mut history, *week, *hours, channels(&[("A", *orders)]));
    }
    baseline(&history, "v", DATE, &zone(), 9)
}

fn orders(baseline: &Baseline, channel: &str) -> Option<f64> {
    baseline.channels.get(channel)?.orders.map(crate::number::to_f64)
}

#[test]
fn four_days_as_first_seen_are_the_mean_of_the_middle_two() {
    let baseline = seen(&[(1, 1, 10), (2, 9, 40), (3, 36, 20), (4, 0, 31)]);
    assert_eq!((baseline.weeks, baseline.cold), (4, false));
    assert_eq!(orders(&baseline, "A"), Some(25.5));
    let sums = baseline.channels["A"];
    assert_eq!((sums.revenue, sums.cost), (Some(1275.into()), Some(510.into())));
    assert_eq!(sums.gross_revenue, Some(1377.into()));
}

#[test]
fn three_days_are_their_median_and_two_are_nothing() {
    let three = seen(&[(1, 1, 10), (2, 1, 40), (4, 1, 20)]);
    assert_eq!((three.weeks, orders(&three, "A")), (3, Some(20.0)));
    assert_eq!(seen(&[(1, 1, 10), (2, 1, 40)]), Baseline::default());
    assert_eq!(baseline(&history(), "w", DATE, &zone(), 9), Baseline::default());
}

#[test]
fn k16_three_fresh_days_leave_a_settled_one_out() {
    let baseline = seen(&[(1, 1, 10), (2, 1, 40), (3, 1, 20), (4, 37, 21)]);
    assert_eq!((baseline.weeks, baseline.cold, orders(&baseline, "A")), (3, false, Some(20.0)));
}

#[test]
fn a_cold_start_says_so_and_expects_orders_and_gross_revenue_only() {
    let baseline = seen(&[(1, 1, 10), (2, 1, 40), (3, 300, 20), (4, 37, 21)]);
    assert_eq!((baseline.weeks, baseline.cold, orders(&baseline, "A")), (4, true, Some(20.5)));
    let sums = baseline.channels["A"];
    assert_eq!((sums.revenue, sums.cost), (None, None));
    assert_eq!(sums.gross_revenue, Some(Decimal::new(1107, 0)));
}

#[test]
fn a_channel_that_a_day_lacks_was_nothing_on_it_unless_that_day_was_folded() {
    let mut history = history();
    for (week, rows) in [
        (4, &[("A", 8), ("B", 3)][..]),
        (3, &[("A", 8)]),
        (2, &[("A", 8), ("C", 5)]),
        (1, &[("A", 8), (OTHER, 5)]),
    ] {
        note(&mut history, week, 1, channels(rows));
    }
    let baseline = baseline(&history, "v", DATE, &zone(), 9);
    assert_eq!(
        ["A", "B", "C"].map(|name| orders(&baseline, name)),
        [Some(8.0), Some(0.0), Some(0.0)]
    );
    assert_eq!(orders(&baseline, OTHER), Some(0.0), "three days had no rest");
}

#[test]
fn k21_what_no_day_has_is_not_expected() {
    let mut history = history();
    for week in (2..=4).rev() {
        let organic = Sums { cost: None, ..sums(week) };
        note(&mut history, week, 1, [("Organic".to_owned(), organic)].into());
    }
    note(&mut history, 1, 1, channels(&[("Paid", 7)]));
    let organic = baseline(&history, "v", DATE, &zone(), 9).channels["Organic"];
    assert_eq!((organic.cost, organic.orders), (None, Some(Decimal::new(25, 1))));
}

#[test]
fn what_is_folded_is_added_up_day_by_day() {
    let mut history = history();
    for week in (1..=4).rev() {
        note(&mut history, week, 1, channels(&[("A", 90), ("B", week), ("C", 10 - week)]));
    }
    let folded = baseline(&history, "v", DATE, &zone(), 1);
    assert_eq!(folded.channels.len(), 2);
    assert_eq!((orders(&folded, "A"), orders(&folded, OTHER)), (Some(90.0), Some(10.0)));
    let all = baseline(&history, "v", DATE, &zone(), 0);
    assert_eq!((all.channels.len(), orders(&all, OTHER)), (1, Some(100.0)));
}

#[test]
fn a_day_whose_channels_were_not_kept_is_not_known() {
    let mut history = history();
    for week in (1..=4).rev() {
        let rows: &[(&str, i64)] = if week < 3 { &[("A", 1)] } else { &[] };
        note(&mut history, week, 1, channels(rows));
    }
    assert_eq!(baseline(&history, "v", DATE, &zone(), 9), Baseline::default());
}

#[test]
fn a_day_seen_by_a_clock_ahead_of_its_time_is_not_fresh() {
    let mut day = Day {
        first: Sums::default(),
        first_seen: Timestamp::MAX,
        last: Sums::default(),
        last_seen: Timestamp::MAX,
        channels: BTreeMap::new(),
    };
    assert!(!is_fresh(DATE, &day, &zone()));
    day.first_seen = day_start(DATE.tomorrow().unwrap(), &zone());
    assert!(is_fresh(DATE, &day, &zone()));
}

proptest! {
    #[test]
    fn one_odd_week_stays_within_the_others(
        weeks in prop::collection::vec(0_i64..1000, 3),
        odd in -100_000_i64..100_000,
        place in 0_usize..4,
    ) {
        let mut all = weeks.clone();
        all.insert(place, odd);
        let days: Vec<_> = (1..).zip(&all).map(|(week, orders)| (week, 1, *orders)).collect();
        let expected = orders(&seen(&days), "A").unwrap();
        let (low, high) = (*weeks.iter().min().unwrap() as f64, *weeks.iter().max().unwrap() as f64);
        prop_assert!((low..=high).contains(&expected), "{expected} of {all:?}");
    }

    /// Settled days are a hundred times what fresh ones are, so that one among them shows.
    #[test]
    fn settled_days_never_mix_with_fresh_ones_unless_they_are_marked(
        hours in prop::collection::vec(prop::option::of(0_i64..200), 4),
    ) {
        let known: Vec<_> = (1..).zip(&hours).filter_map(|(week, hours)| Some((week, (*hours)?))).collect();
        let days: Vec<_> = known.iter()
            .map(|(week, hours)| (*week, *hours, if *hours <= 36 { 10 } else { 1000 }))
            .collect();
        let fresh = known.iter().filter(|(_, hours)| *hours <= 36).count();
        let baseline = seen(&days);
        let expected = match (fresh, known.len()) {
            (3.., _) => (fresh, false),
            (_, 3..) => (known.len(), true),
            _ => (0, false),
        };
        prop_assert_eq!((baseline.weeks as usize, baseline.cold), expected);
        if fresh >= 3 {
            prop_assert_eq!(orders(&baseline, "A"), Some(10.0));
        }
        let net = baseline.channels.values().any(|sums| sums.revenue.is_some() || sums.cost.is_some());
        prop_assert!(!(baseline.cold && net));
    }

    #[test]
    fn missing_days_are_those_of_which_nothing_is_known(weeks in prop::collection::btree_set(1_i64..=4, 0..4)) {
        let mut history = history();
        for week in weeks.iter().rev() {
            note(&mut history, *week, 1, channels(&[("A", 1)]));
        }
        let missing = history.missing("v", DATE, 60);
        prop_assert!(missing.is_sorted());
        prop_assert_eq!(missing.len(), 60 - weeks.len());
        for week in weeks {
            prop_assert!(!missing.contains(&DATE.saturating_sub((7 * week).days())));
        }
    }
}
