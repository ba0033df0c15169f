//! From named samples to facts.

use std::time::Duration;

use super::*;
use crate::budget::Advice;
use crate::config::from_environment;
use crate::telemetry::Outcome;

const NOW: &str = "2026-03-18T17:43:12Z";

fn account() -> TapRainAccount {
    let key = |name: &str| (name == "TAPRAIN_API_KEY").then(|| "k".to_owned());
    from_environment(&key).unwrap().settings.taprain.remove(0)
}

fn heard(result: Result<Bytes, Failure>) -> Heard<Bytes> {
    let sent: Timestamp = NOW.parse().unwrap();
    let took = Duration::from_millis(120);
    Heard { sent, took, advice: Advice::default(), date: Some(sent), result }
}

fn range(word: &str) -> Range {
    let today = local_date(NOW.parse().unwrap(), &account().common.timezone);
    match word {
        "today" => Range::Today,
        "hour" => Range::Hour,
        "yesterday" => Range::Yesterday,
        "7days" => Range::SevenDays,
        "30days" => Range::ThirtyDays,
        _ => Range::Custom { name: "custom".into(), days: Range::Yesterday.days(today) },
    }
}

/// The facts that follow from `tests/fixtures/probe/taprain-NAME.json`.
fn of(names: &[&str]) -> Vec<Fact> {
    let answers: Vec<Answered> = names
        .iter()
        .map(|name| {
            let path = format!("tests/fixtures/probe/taprain-{name}.json");
            let word = name.split('-').next().unwrap();
            (range(word), heard(Ok(std::fs::read(path).unwrap().into())))
        })
        .collect();
    facts(&account(), &answers)
}

fn answer<'a>(facts: &'a [Fact], name: &str) -> &'a str {
    &fact(facts, name).answer
}

fn fact<'a>(facts: &'a [Fact], name: &str) -> &'a Fact {
    facts.iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("{name}: {facts:?}"))
}

#[test]
fn an_api_as_documented_needs_no_advice() {
    let facts = of(&["today", "hour-clock", "yesterday", "7days-with-today", "custom-included"]);
    assert!(facts.iter().all(|fact| fact.advice.is_none()), "{facts:#?}");
    assert_eq!(
        answer(&facts, "today begins"),
        "2026-03-18T04:00:00Z, midnight in America/New_York"
    );
    assert_eq!(answer(&facts, "today ends"), "at the moment of the answer");
    assert_eq!(
        answer(&facts, "yesterday ends"),
        "2026-03-17 23:59:59, midnight in America/New_York"
    );
    assert_eq!(answer(&facts, "figures' age"), "2.0 s when they were asked for");
    assert_eq!(answer(&facts, "7days"), "2026-03-12 to 2026-03-18: 7 days, today included");
    assert_eq!(answer(&facts, "figures"), "numbers, none missing");
    assert_eq!(answer(&facts, "other fields"), "none");
    assert_eq!(answer(&facts, "currency"), "not stated; the configuration says USD");
}

#[test]
fn t2_a_day_that_begins_at_standard_time_is_an_hour_off() {
    let facts = of(&["today-standard-time-and-texts"]);
    let begins = fact(&facts, "today begins");
    assert!(begins.answer.ends_with("1 h off your timezone"), "{begins:?}");
    assert!(begins.advice.as_ref().unwrap().contains("timezone: Etc/GMT+5"), "{begins:?}");
}

#[test]
fn t6_an_hour_is_a_clock_hour_or_sixty_minutes() {
    let clock = of(&["hour-clock"]);
    assert!(
        answer(&clock, "hour").starts_with("the clock hour that has begun, 2026-03-18 13:00:00")
    );
    let rolling = of(&["hour-rolling"]);
    assert!(answer(&rolling, "hour").starts_with("the 60 minutes before the answer"));
}

#[test]
fn t6_seven_days_without_today_are_told_with_their_dates() {
    let facts = of(&["7days-without-today"]);
    let week = fact(&facts, "7days");
    assert_eq!(week.answer, "2026-03-11 to 2026-03-17: 7 days, today not included");
    assert!(week.advice.is_some());
}

#[test]
fn t6_a_past_day_in_one_row_has_no_hours_to_learn_from() {
    let facts = of(&["yesterday", "custom-in-days"]);
    let rows = fact(&facts, "rows");
    assert_eq!(rows.answer, "yesterday in hours, custom of one day in days");
    assert!(rows.advice.as_ref().unwrap().contains("history: {days: 0}"));
}

#[test]
fn t7_the_end_of_custom_is_told_by_yesterdays_figures() {
    let included = of(&["yesterday", "custom-included"]);
    assert!(answer(&included, "end of custom").starts_with("included: start = end"));
    let excluded = of(&["yesterday", "custom-excluded"]);
    assert!(answer(&excluded, "end of custom").starts_with("excluded"));
    assert!(fact(&excluded, "end of custom").advice.is_some());
    let alone = of(&["custom-included"]);
    assert_eq!(answer(&alone, "end of custom"), "included, going by the period in meta");
}

#[test]
fn t8_t21_texts_and_unknown_fields_are_named_and_move_no_terminal() {
    let facts = of(&["today-standard-time-and-texts"]);
    assert!(answer(&facts, "figures").starts_with("texts: clicks, cvr, epc, leads, revenue"));
    let strange = answer(&facts, "other fields");
    assert!(strange.contains("meta.currency") && !strange.contains('\u{1b}'), "{strange}");
    let currency = fact(&facts, "currency");
    assert_eq!(currency.answer, "EUR; the configuration says USD");
    assert!(currency.advice.is_some());
}

#[test]
fn t11_rows_that_are_left_out_of_a_list_are_counted() {
    let facts = of(&["30days-cut-list"]);
    let lists = answer(&facts, "lists");
    assert!(
        lists.starts_with("country: 2, which leave 100 of 3000 clicks out; source: 1"),
        "{lists}"
    );
}

#[test]
fn a_range_that_was_not_answered_is_named_and_the_others_are_told() {
    let failure = Failure::new(Outcome::BadRequest, "HTTP 400: no");
    let today = std::fs::read("tests/fixtures/probe/taprain-today.json").unwrap();
    let answers = [(Range::Today, heard(Ok(today.into()))), (Range::Hour, heard(Err(failure)))];
    let facts = facts(&account(), &answers);
    assert_eq!(answer(&facts, "not answered"), "hour: HTTP 400: no");
    assert!(facts.iter().any(|fact| fact.name == "today begins"));
}

#[test]
fn a_fixed_offset_has_the_databases_turned_sign() {
    let of = |text: &str| fixed(text.parse().unwrap());
    assert_eq!(of("2026-03-18T05:00:00Z").as_deref(), Some("Etc/GMT+5"));
    assert_eq!(of("2026-03-17T22:00:00Z").as_deref(), Some("Etc/GMT-2"));
    assert_eq!(of("2026-03-18T00:00:00Z").as_deref(), Some("UTC"));
    assert_eq!(of("2026-03-18T05:30:00Z"), None);
}
