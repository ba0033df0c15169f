//! Interrupted wherever it may be, a backfill goes on and comes to the same bytes.

use std::collections::BTreeSet;
use std::time::Duration;

use revenue_exporter::backfill::Trouble;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::settings::Settings;

use super::stage::{Stage, few_rows, typed};
use crate::support::{klar_account, settings, taprain_account};

const NOW: &str = "2026-06-20T12:00:05Z";
const DATES: (&str, &str) = ("2026-03-01", "2026-05-10");

/// How often each backfill is interrupted.
const TIMES: u64 = 20;

fn both() -> Settings {
    let store = klar_account("k", Detail::Campaign, Vec::new());
    few_rows(settings(vec![taprain_account("t", Vec::new())], vec![store]))
}

/// The file of a backfill that nothing interrupts, and how long it took.
async fn whole() -> (String, Duration) {
    let stage = Stage::new(NOW);
    stage.backfill(&both(), &typed(DATES.0, DATES.1, "1h")).await.unwrap();
    let took = stage.clock.wall().duration_since(NOW.parse().unwrap());
    (stage.text(), took.unsigned_abs())
}

/// No question whose answer arrived was asked again.
fn assert_asked_once(stage: &Stage) {
    let (mut once, heard) = (BTreeSet::new(), stage.recorder.heard());
    for one in &heard {
        assert!(once.insert((one.host.clone(), one.query.clone())), "twice: {}", one.query);
    }
    assert!(stage.vendors.violations().is_empty(), "{:?}", stage.vendors.violations());
}

#[tokio::test(start_paused = true)]
async fn killed_at_twenty_random_moments_it_is_the_same_to_the_byte_and_nothing_is_asked_twice() {
    let (expected, took) = whole().await;
    let stage = Stage::new(NOW);
    let mut rng = fastrand::Rng::with_seed(11);
    let order = typed(DATES.0, DATES.1, "1h");
    let (mut kills, settings) = (0, both());
    while kills < TIMES {
        let life = took.mul_f64(rng.f64() * 1.2 / TIMES as f64);
        let (_stop, shutdown) = revenue_exporter::shutdown::channel();
        tokio::select! {
            biased;
            done = stage.part(&settings, &order, kills, shutdown) => panic!("{done:?} after {kills}"),
            () = stage.clock.sleep(life) => kills += 1,
        }
        assert!(stage.has_journal());
    }
    stage.backfill(&both(), &order).await.unwrap();
    assert!(stage.text() == expected, "another file");
    assert_asked_once(&stage);
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_at_twenty_random_moments_it_loses_no_answer_that_was_paid_for() {
    let (expected, took) = whole().await;
    let stage = Stage::new(NOW);
    let mut rng = fastrand::Rng::with_seed(12);
    let order = typed(DATES.0, DATES.1, "1h");
    for seed in 0..TIMES {
        let shutdown = stage.stop_after(took.mul_f64(rng.f64() * 1.5 / TIMES as f64));
        let stopped = stage.part(&both(), &order, seed, shutdown).await.unwrap_err();
        let Trouble::Stopped(sentence) = stopped else { panic!("{stopped}") };
        assert!(sentence.contains("the same command again goes on"), "{sentence}");
    }
    stage.backfill(&both(), &order).await.unwrap();
    assert!(stage.text() == expected, "another file");
    assert_asked_once(&stage);
    let days = stage.recorder.heard().iter().filter(|one| one.host == "t").count();
    assert_eq!((days, stage.sent.to("t")), (72, 72), "71 days and the one before");
}

#[tokio::test(start_paused = true)]
async fn another_order_does_not_go_on_with_the_journal_of_this_one() {
    let stage = Stage::new(NOW);
    let shutdown = stage.stop_after(Duration::from_secs(60));
    let order = typed(DATES.0, DATES.1, "1h");
    stage.part(&both(), &order, 1, shutdown).await.unwrap_err();
    let mut filtered = both();
    filtered.taprain[0].views[0].filters.country = vec!["US".to_owned()];
    for (settings, order) in [
        (both(), typed(DATES.0, "2026-05-11", "1h")),
        (both(), typed(DATES.0, DATES.1, "30m")),
        (filtered, order),
    ] {
        let sentence = stage.backfill(&settings, &order).await.unwrap_err().to_string();
        assert!(sentence.contains("delete it to begin anew"), "{sentence}");
    }
}
