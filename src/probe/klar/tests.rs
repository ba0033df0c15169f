//! From named samples to facts.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;

use super::*;
use crate::budget::Advice;
use crate::config::from_environment;
use crate::telemetry::Outcome;
use crate::upstream::klar_rows::Rows;

fn account() -> KlarAccount {
    let token = |name: &str| (name == "KLAR_REFRESH_TOKEN").then(|| "t".to_owned());
    from_environment(&token).unwrap().settings.klar.remove(0)
}

fn sample(name: &str) -> Bytes {
    std::fs::read(format!("tests/fixtures/probe/klar-{name}.json")).unwrap().into()
}

fn heard<T>(result: Result<T, Failure>) -> Heard<T> {
    let sent: Timestamp = "2026-03-18T12:00:00Z".parse().unwrap();
    let took = Duration::from_millis(120);
    Heard { sent, took, advice: Advice::default(), date: None, result }
}

/// A report of these rows, read as the exporter reads it.
fn report(body: &[u8], days: Days) -> KlarReport {
    let mut tallies: Vec<Tally> =
        days.chunks(1).into_iter().map(|day| Tally::new(Detail::Channel, day)).collect();
    let mut rows = Rows::default();
    rows.feed(body, &mut |line| tallies.iter_mut().for_each(|tally| tally.add(line))).unwrap();
    KlarReport { tallies, seen: rows.finish().unwrap(), out_of_range: 0 }
}

fn answers(name: &str) -> Answers {
    let today = date(2026, 3, 18);
    let weeks = report(&sample(name), weeks(today));
    Answers {
        today,
        token: heard(Ok(sample("token"))),
        two_days: Some((two_days(today), heard(Ok(sample(name))))),
        weeks: Some(heard(Ok(weeks))),
        others: Vec::new(),
    }
}

fn fact(facts: &[Fact], name: &str) -> Fact {
    let found = facts.iter().find(|fact| fact.name == name);
    found.unwrap_or_else(|| panic!("{name}: {facts:?}")).clone()
}

fn of(name: &str) -> Vec<Fact> {
    facts(&account(), &answers(name))
}

#[test]
fn k1_the_end_of_a_range_is_excluded_where_no_row_is_of_it() {
    let facts = of("two-days");
    let end = fact(&facts, "end of a range");
    assert!(end.answer.starts_with("excluded, as documented: 2026-03-15 to 2026-03-17"), "{end:?}");
    let facts = of("end-included");
    let end = fact(&facts, "end of a range");
    assert_eq!(end.answer, "included: 2026-03-15 to 2026-03-17 gave 2 rows of 2026-03-17, too");
    assert!(end.advice.unwrap().contains("out_of_range_row"));
}

#[test]
fn k4_ids_are_told_by_how_they_are_written() {
    let facts = of("two-days");
    assert_eq!(
        fact(&facts, "ids").answer,
        "adGroupId a text, adId null, campaignId a number or a text"
    );
}

#[test]
fn k5_k18_what_is_there_and_what_is_missing_is_named_and_moves_no_terminal() {
    let facts = of("clicks-and-texts");
    assert_eq!(fact(&facts, "clicks").answer, "present: clicks");
    assert_eq!(fact(&facts, "figures").answer, "texts: orders; in no row: cost");
    assert_eq!(fact(&facts, "other fields").answer, "roas\u{fffd}");
    assert!(fact(&of("two-days"), "clicks").answer.starts_with("absent"));
}

#[test]
fn k8_a_life_of_300_is_perhaps_in_seconds() {
    assert!(fact(&of("two-days"), "token").answer.ends_with("in milliseconds: it lives for 5 min"));
    let odd = Answers { token: heard(Ok(sample("token-in-seconds"))), ..answers("two-days") };
    let token = fact(&facts(&account(), &odd), "token");
    assert!(token.answer.contains("perhaps seconds: taken for 4 min"), "{token:?}");
}

#[test]
fn k14_a_model_that_the_plan_lacks_is_told_with_what_to_change() {
    let mut account = account();
    let mut view = account.views[0].clone();
    view.model = crate::model::klar::Model::UShape;
    account.views.push(view);
    assert_eq!(requests(&account), 4);
    let refused = Failure::new(Outcome::BadRequest, "HTTP 400: wrong");
    let others = vec![("u_shape 7_day order".to_owned(), heard(Err(refused)))];
    let facts = facts(&account, &Answers { others, ..answers("two-days") });
    let models: Vec<_> = facts.iter().filter(|fact| fact.name == "model").collect();
    assert_eq!(models[0].answer, "data_driven 7_day order: answered, 2 rows");
    assert!(models[1].answer.starts_with("u_shape 7_day order: HTTP 400"));
    assert!(models[1].advice.is_some() && models.len() == 2);
}

#[test]
fn k17_a_number_of_rows_as_round_as_a_limit_looks_like_a_cut() {
    let row = r#"{"channelName":"c","date":"2026-03-16","orders":1}"#;
    let body = format!("[{}]", vec![row; 1_000].join(","));
    let cut = rows(&report(body.as_bytes(), weeks(date(2026, 3, 18))));
    assert_eq!(cut.answer, "1000 in 28 days, at most 1000 a day");
    assert!(cut.advice.is_some());
    assert!(fact(&of("two-days"), "rows").advice.is_none());
}

#[test]
fn k20_a_store_without_a_row_is_told_what_that_may_be() {
    let facts = of("empty");
    assert!(fact(&facts, "latest data").advice.unwrap().contains("pixel"));
    assert!(fact(&facts, "end of a range").answer.starts_with("not to be told"));
    assert!(facts.iter().all(|fact| fact.name != "ids"));
}

#[test]
fn the_latest_date_with_data_is_told() {
    let facts = of("end-included");
    assert_eq!(fact(&facts, "latest data").answer, "2026-03-17, yesterday: today's come later");
    let facts = of("two-days");
    assert!(fact(&facts, "latest data").answer.contains("behind"));
}
