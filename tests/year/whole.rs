//! The whole year; run it optimised.

use super::plan::{Plan, RESTARTS, STEPS};
use super::stage::run;

#[tokio::test(start_paused = true)]
#[ignore = "a virtual year: run it optimised, with --release -- --ignored --nocapture"]
async fn a_year_without_a_false_sample() {
    // A leap year from one winter to the next, both new years in it.
    let plan = Plan {
        seed: 11,
        start: "2027-12-29T12:00:05Z".parse().unwrap(),
        end: "2029-01-02T12:00:05Z".parse().unwrap(),
        zones: ["America/New_York", "Europe/Berlin"],
        slower: 1,
        calm_hours: 60,
        restarts: RESTARTS,
        steps: STEPS,
    };
    let outcome = run(&plan).await;
    println!("{:#?}", outcome.counts);
    println!("{} events, {} requests", outcome.events, outcome.requests);
    assert!(outcome.wrong.is_empty(), "false samples:\n{}", outcome.wrong.join("\n"));
    assert!(outcome.counts.sheets > 200_000);
}
