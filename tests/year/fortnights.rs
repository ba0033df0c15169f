//! A fortnight around each hard date, in every `cargo test`.

use super::plan::{Plan, RESTARTS, STEPS};
use super::stage::run;

/// The fortnight that begins at `start`, TapRain in the first zone and Klar in the second.
async fn fortnight(start: &str, zones: [&'static str; 2]) {
    let start: jiff::Timestamp = start.parse().unwrap();
    let end = start + jiff::SignedDuration::from_hours(14 * 24);
    // Each fortnight has troubles of its own.
    let seed = start.as_second().unsigned_abs();
    let (restarts, steps) = (RESTARTS / 20, STEPS / 10);
    let plan = Plan { seed, start, end, zones, slower: 4, calm_hours: 20, restarts, steps };
    let outcome = run(&plan).await;
    println!("{outcome:?}");
    assert!(outcome.wrong.is_empty(), "false samples:\n{}", outcome.wrong.join("\n"));
    assert!(outcome.counts.sheets > 1_000, "{outcome:?}");
}

const VENDORS_OWN: [&str; 2] = ["America/New_York", "Europe/Berlin"];

#[tokio::test(start_paused = true)]
async fn new_york_loses_an_hour() {
    fortnight("2028-03-05T12:00:05Z", VENDORS_OWN).await;
}

#[tokio::test(start_paused = true)]
async fn berlin_loses_an_hour() {
    fortnight("2028-03-19T12:00:05Z", VENDORS_OWN).await;
}

#[tokio::test(start_paused = true)]
async fn berlin_and_then_new_york_gain_an_hour() {
    fortnight("2028-10-25T12:00:05Z", VENDORS_OWN).await;
}

#[tokio::test(start_paused = true)]
async fn february_has_a_day_more_and_march_begins() {
    fortnight("2028-02-22T12:00:05Z", VENDORS_OWN).await;
}

#[tokio::test(start_paused = true)]
async fn the_year_ends() {
    fortnight("2028-12-25T12:00:05Z", VENDORS_OWN).await;
}

/// Cairo's clocks go from 23:59:59 on 27 April to 01:00.
#[tokio::test(start_paused = true)]
async fn cairo_has_a_day_without_a_midnight() {
    fortnight("2028-04-20T12:00:05Z", ["Africa/Cairo"; 2]).await;
}

/// Havana's clocks go from 00:59:59 back to 00:00 of the same day, 5 November.
#[tokio::test(start_paused = true)]
async fn havana_has_a_day_with_two_midnights() {
    fortnight("2028-10-29T12:00:05Z", ["America/Havana"; 2]).await;
}

/// Lord Howe's clocks go back by half an hour on 2 April; Kolkata's stay half an hour off.
#[tokio::test(start_paused = true)]
async fn lord_howe_gains_half_an_hour() {
    fortnight("2028-03-26T12:00:05Z", ["Australia/Lord_Howe", "Asia/Kolkata"]).await;
}
