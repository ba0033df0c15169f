//! Days in which the network does its worst to both APIs.

use std::time::Duration;

use super::ordeal::Ordeal;
use crate::support::page::Page;
use crate::support::script::{Script, Weather};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Runs one seed for so long; returns the last page.
async fn endure(seed: u64, weather: Weather, time: Duration) -> String {
    let script = Script::random(seed, weather, &["t", "k"], time);
    Ordeal::begin(seed, script).watch(seed, time).await
}

#[tokio::test(start_paused = true)]
async fn two_days_of_every_fault_cost_no_limit_no_figure_and_no_view() {
    let page = endure(1, Weather::SPELLS, 2 * DAY).await;
    assert_met(&page, &["ok", "forbidden", "rate_limited"]);
    assert_met(&page, &FAILURES);
}

#[tokio::test(start_paused = true)]
async fn faults_that_meet_each_other_cost_no_limit_and_no_figure() {
    let page = endure(2, Weather::STORM, DAY).await;
    assert_met(&page, &["ok"]);
    assert_met(&page, &FAILURES);
}

const FAILURES: [&str; 5] = ["connect", "timeout", "not_json", "server_error", "too_large"];

fn assert_met(page: &str, outcomes: &[&str]) {
    let page = Page::read(page);
    for api in ["api=\"taprain\"", "api=\"klar\""] {
        for outcome in outcomes {
            let parts = [api, &format!("outcome=\"{outcome}\"")];
            let met = page.with("revenue_exporter_upstream_requests_total{", &parts);
            assert!(met.values().sum::<f64>() > 0.0, "{api} never met {outcome}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_seed_is_one_row_of_faults_and_one_page() {
    let first = endure(3, Weather::SPELLS, DAY / 8).await;
    let second = endure(3, Weather::SPELLS, DAY / 8).await;
    assert!(first == second, "the pages differ");
    let script = |seed| Script::random(seed, Weather::SPELLS, &["t"], DAY);
    assert_ne!(script(3), script(4));
}

#[tokio::test(start_paused = true)]
#[ignore = "a hundred days: run it optimised, with --release -- --ignored"]
async fn fifty_more_seeds_cost_nothing_either() {
    for seed in 10..60 {
        endure(seed, Weather::SPELLS, DAY).await;
        endure(seed, Weather::STORM, DAY).await;
    }
}
