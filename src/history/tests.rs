//! The rule by itself: what counts as a move, and that moves add up.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

const FIRST: Date = date(2026, 3, 1);

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_772_337_600 + hour * 3600).unwrap()
}

/// Asked and made at this hour after the first day began.
fn times(hour: i64) -> Times {
    let today = FIRST.saturating_add(hour.div_euclid(24).days());
    Times { today, made: at(hour), now: at(hour) }
}

fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

fn day(offset: i64, revenue: Option<i64>) -> Daily {
    let all = Sums { revenue: revenue.map(cents), ..Sums::default() };
    Daily { date: FIRST.saturating_add(offset.days()), all, ..Daily::default() }
}

fn history() -> History {
    History::new([("v".to_owned(), "asks so".to_owned())])
}

fn up(age: Age, amount: i64) -> Move {
    Move { direction: Direction::Up, age, amount: cents(amount) }
}

#[test]
fn t9_a_closed_day_that_falls_and_rises_counts_each_way_from_where_it_was() {
    let mut history = history();
    assert_eq!(history.note("v", day(0, Some(500)), &times(24)), None, "first seen");
    let fell = Move { direction: Direction::Down, age: Age::OneDay, amount: cents(700) };
    assert_eq!(history.note("v", day(0, Some(-200)), &times(30)), Some(fell));
    assert_eq!(history.note("v", day(0, Some(-200)), &times(31)), None, "the same again");
    assert_eq!(history.note("v", day(0, Some(50)), &times(24 * 5)), Some(up(Age::Week, 250)));
    let (_, kept) = history.days("v").next().unwrap();
    assert_eq!((kept.first.revenue, kept.last.revenue), (Some(cents(500)), Some(cents(50))));
    assert_eq!((kept.first_seen, kept.last_seen), (at(24), at(24 * 5)));
}

#[test]
fn a_day_that_is_not_over_is_not_kept() {
    let mut history = history();
    for hour in [0, 23] {
        assert_eq!(history.note("v", day(0, Some(hour)), &times(hour)), None);
        assert_eq!(history.note("v", day(1, Some(hour)), &times(hour)), None);
    }
    assert_eq!(history.days("v").count(), 0);
}

#[test]
fn t8_an_unknown_figure_has_not_moved_and_is_first_seen_when_it_is_known() {
    let mut history = history();
    for (hour, revenue, moved) in [
        (24, None, None),
        (25, Some(500), None),
        (26, None, None),
        (27, Some(501), Some(up(Age::OneDay, 1))),
    ] {
        assert_eq!(history.note("v", day(0, revenue), &times(hour)), moved, "{hour}");
    }
    assert_eq!(history.days("v").next().unwrap().1.first.revenue, Some(cents(500)));
}

#[test]
fn t19_what_was_made_before_the_last_seen_says_nothing_unless_that_lies_in_the_future() {
    let mut history = history();
    history.note("v", day(0, Some(500)), &times(40));
    let stale = Times { now: at(41), ..times(39) };
    assert_eq!(history.note("v", day(0, Some(100)), &stale), None);
    assert_eq!(history.note("v", day(0, Some(600)), &times(40)), Some(up(Age::OneDay, 100)));
    // The clock was an hour fast, and somebody has set it.
    assert_eq!(history.note("v", day(0, Some(700)), &times(39)), Some(up(Age::OneDay, 100)));
}

#[test]
fn days_beyond_two_months_are_forgotten_and_not_counted() {
    let mut history = history();
    for offset in 0..400 {
        history.note("v", day(offset, Some(offset)), &times(24 * (offset + 1)));
        assert!(history.days("v").count() <= KEPT_DAYS as usize);
    }
    assert_eq!(history.note("v", day(0, Some(1)), &times(24 * 400)), None);
    assert_eq!(history.days("v").count(), KEPT_DAYS as usize);
}

#[test]
fn views_are_apart() {
    let mut history = history();
    history.note("v", day(0, Some(1)), &times(24));
    assert_eq!(history.note("w", day(0, Some(2)), &times(25)), None);
}

#[test]
fn a_saved_history_is_recalled_exactly_where_the_question_is_the_same() {
    let mut history = history();
    let mut daily = day(0, Some(500));
    daily.all.orders = Some("2.1329447083000".parse().unwrap());
    daily.channels.insert("Say \"hi\"".to_owned(), daily.all);
    history.note("v", daily, &times(24));
    let saved = serde_json::to_string(&history).unwrap();
    assert!(saved.contains(r#""orders":"2.1329447083000""#), "{saved}");
    let read: History = serde_json::from_str(&saved).unwrap();
    assert_eq!(read, history);
    let mut same = self::history();
    same.recall(read.clone());
    assert_eq!(same, history);
    assert_eq!(same.note("v", day(0, Some(501)), &times(25)), Some(up(Age::OneDay, 1)));
    let mut other = History::new([("v".to_owned(), "asks otherwise".to_owned())]);
    other.recall(read);
    assert_eq!(other.days("v").count(), 0);
}

#[test]
fn a_file_from_a_later_version_is_read_as_far_as_it_is_understood() {
    let saved = r#"{"new": 1, "views": {"v": {"question": "asks so", "days": {"2026-03-01":
        {"first": {"revenue": "1.50", "visits": "9"}, "first_seen": "2026-03-02T05:00:00Z",
         "last": {}, "last_seen": "2026-03-02T05:00:00Z", "more": []}}}}}"#;
    let history: History = serde_json::from_str(saved).unwrap();
    assert_eq!(history.days("v").next().unwrap().1.first.revenue, Some(cents(150)));
}

#[test]
fn each_day_has_one_reader_and_the_widest_range_that_moves_keeps_it_longest() {
    let custom =
        Range::Custom { name: "x".into(), days: Days { start: FIRST, end: date(2026, 3, 11) } };
    let ranges = [Range::Yesterday, custom, Range::MonthToDate, Range::Today, Range::ThirtyDays];
    let read_by =
        |ranges: &[Range], date: Date, today: Date| reader(ranges.iter().enumerate(), date, today);
    let today = date(2026, 3, 31);
    assert_eq!(read_by(&ranges, date(2026, 3, 30), today), Some(4));
    assert_eq!(read_by(&ranges, FIRST, today), Some(2), "30days has left it");
    assert_eq!(read_by(&ranges, FIRST, date(2026, 4, 2)), Some(1), "the month has left it");
    assert_eq!(read_by(&ranges[..2], date(2026, 3, 30), today), Some(0));
    assert_eq!(read_by(&ranges[3..4], today, today), None, "today closes nothing");
}

proptest! {
    #[test]
    fn ups_less_downs_are_what_each_day_moved_since_it_was_first_seen(
        answers in prop::collection::vec(
            (0_i64..1500, prop::collection::vec((0_i64..60, prop::option::of(-999_i64..999)), 0..9)),
            0..40,
        ),
    ) {
        let mut history = history();
        let mut answers = answers;
        answers.sort_by_key(|(hour, _)| *hour);
        let mut sums: BTreeMap<Date, Decimal> = BTreeMap::new();
        for (hour, days) in answers {
            for (offset, revenue) in days {
                let (daily, before) = (day(offset, revenue), history.clone());
                let date = daily.date;
                let Some(moved) = history.note("v", daily.clone(), &times(hour)) else { continue };
                prop_assert!(moved.amount > Decimal::ZERO);
                let known = before.days("v").find(|(known, _)| *known == date);
                prop_assert_ne!(known.unwrap().1.last.revenue, daily.all.revenue);
                let sign = if moved.direction == Direction::Up { 1 } else { -1 };
                *sums.entry(date).or_default() += moved.amount * Decimal::from(sign);
            }
        }
        for (date, day) in history.days("v") {
            let moved = day.last.revenue.zip(day.first.revenue).map(|(last, first)| last - first);
            prop_assert_eq!(moved.unwrap_or_default(), sums.get(&date).copied().unwrap_or_default());
        }
    }

    #[test]
    fn whatever_order_answers_arrive_in_the_latest_made_is_the_last_seen(
        order in Just((24_i64..40).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut history = history();
        for hour in order {
            history.note("v", day(0, Some(hour)), &Times { now: at(48), ..times(hour) });
        }
        prop_assert_eq!(history.days("v").next().unwrap().1.last.revenue, Some(cents(39)));
    }

    #[test]
    fn any_decimal_is_saved_and_read_exactly(mantissa: i64, scale in 0_u32..18) {
        let mut history = history();
        let mut daily = day(0, None);
        daily.all.revenue = Some(Decimal::new(mantissa, scale));
        history.note("v", daily, &times(24));
        let read: History = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
        prop_assert_eq!(read, history);
    }
}
