//! What cannot be done is a sentence that says what to do; what passes by itself is waited for.

use std::time::Duration;

use revenue_exporter::backfill::Trouble;
use revenue_exporter::backfill::order::Typed;
use revenue_exporter::demo::switches::Fault;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::Settings;

use super::stage::{Stage, typed};
use crate::support::{every, klar_account, settings, taprain_account};

const NOW: &str = "2026-03-18T16:00:05Z";

fn both() -> Settings {
    let store = klar_account("k", Detail::Channel, Vec::new());
    settings(vec![taprain_account("t", Vec::new())], vec![store])
}

fn week() -> Typed {
    typed("2026-03-10", "2026-03-16", "1h")
}

async fn usage(settings: &Settings, typed: &Typed) -> String {
    let stage = Stage::new(NOW);
    let trouble = stage.backfill(settings, typed).await.unwrap_err();
    assert!(!stage.has_journal(), "nothing was begun");
    assert_eq!(stage.sent.to("t") + stage.sent.to("k"), 0);
    let Trouble::Usage(sentence) = trouble else { panic!("{trouble}") };
    sentence
}

#[tokio::test(start_paused = true)]
async fn a_name_that_matches_nothing_is_answered_with_those_there_are() {
    let order = Typed { accounts: vec!["x".to_owned()], ..week() };
    assert_eq!(usage(&both(), &order).await, "--account=x matches nothing; there are: k, t");
    let order =
        Typed { accounts: vec!["t".to_owned()], views: vec!["default".to_owned()], ..week() };
    assert_eq!(usage(&both(), &order).await, "--view=default matches nothing; there are: all");
}

#[tokio::test(start_paused = true)]
async fn dates_that_are_not_over_leave_nothing_to_write() {
    let sentence = usage(&both(), &typed("2026-03-19", "2026-03-20", "1h")).await;
    assert!(sentence.contains("choose an earlier --from"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_asked_for_wholly_leaves_nothing_unless_a_share_is_named() {
    let mut greedy = both();
    greedy.taprain[0].views[0].ranges = vec![every(Range::Today, 6)];
    let sentence = usage(&greedy, &week()).await;
    assert!(sentence.contains("--budget-share=0.5"), "{sentence}");
    let stage = Stage::new(NOW);
    let order = Typed { share: Some("0.5".to_owned()), ..week() };
    let cost = stage.backfill(&greedy, &order).await.unwrap();
    assert_eq!((cost.legs[0].per_hour, stage.sent.to("t")), (270.0, 8));
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_stops_it_at_once_and_it_goes_on_when_that_is_mended() {
    let stage = Stage::new(NOW);
    stage.vendors.taprain.revoke();
    let sentence = stage.backfill(&both(), &week()).await.unwrap_err().to_string();
    assert!(
        sentence.starts_with("taprain account t gave no figures of 2026-03-16: HTTP 401"),
        "{sentence}"
    );
    assert!(sentence.contains("running the same command again goes on"), "{sentence}");
    assert_eq!(stage.sent.to("t"), 1);
    assert_eq!(stage.troubles(), [sentence], "told at once");
    assert_eq!(stage.sent.to("k"), 2, "the other account comes to its end");
    stage.vendors.taprain.set_key(revenue_exporter::demo::taprain::KEY);
    stage.backfill(&both(), &week()).await.unwrap();
    assert_eq!(stage.sent.to("k"), 2, "and is asked no more");
    stage.vendors.klar.revoke();
    let sentence = stage.backfill(&both(), &week()).await.unwrap_err().to_string();
    assert!(sentence.starts_with("klar account k") && sentence.contains("HTTP 401"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn k9_a_token_that_dies_early_is_replaced_once() {
    let stage = Stage::new(NOW);
    let order = Typed { accounts: vec!["k".to_owned()], ..typed("2025-12-01", "2026-03-16", "1h") };
    let clock = stage.clock.clone();
    let settings = both();
    let work = stage.backfill(&settings, &order);
    let forget = async {
        clock.sleep(Duration::from_secs(20)).await;
        stage.vendors.klar.forget_tokens();
    };
    let (cost, ()) = tokio::join!(work, forget);
    assert_eq!(cost.unwrap().requests() as usize + 2, stage.sent.to("k"), "one refused, one token");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_for_and_a_long_one_stops_it() {
    let stage = Stage::new(NOW);
    let fault = |fault| {
        stage.vendors.taprain.switches().change(|setting| setting.fault = fault);
    };
    fault(Some(Fault::BadGateway));
    let clock = stage.clock.clone();
    let order = Typed { accounts: vec!["t".to_owned()], ..week() };
    let settings = both();
    let mend = async {
        clock.sleep(Duration::from_secs(100)).await;
        fault(None);
    };
    let (done, ()) = tokio::join!(stage.backfill(&settings, &order), mend);
    done.unwrap();
    assert_eq!(stage.sent.to("t"), 8 + 3, "at 0, 15 and 45 s in vain");
    let troubles = stage.troubles();
    assert_eq!(troubles.len(), 3);
    let first = "taprain account t gave no figures of 2026-03-16: HTTP 502";
    assert!(troubles[0].starts_with(first), "{troubles:?}");
    assert!(troubles[0].contains("; try 2 of 6 is in 1"), "{troubles:?}");
    let heard = stage.ear.heard.lock().unwrap().clone();
    assert_eq!((heard[2].sent, heard[2].all), (3, 11), "what fails brings the end no nearer");
    fault(Some(Fault::Html));
    let sentence = stage.backfill(&settings, &order).await.unwrap_err().to_string();
    assert!(sentence.contains("after 6 tries") && sentence.contains("again goes on"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn days_that_do_not_come_in_hours_are_counted() {
    let stage = Stage::new(NOW);
    stage.vendors.taprain.switches().change(|setting| setting.custom_in_days = true);
    stage.backfill(&both(), &week()).await.unwrap();
    assert_eq!(*stage.ear.hourless.lock().unwrap(), 8, "a week and the day before");
    assert!(!stage.text().contains("taprain_clicks{job=\"revenue-exporter\",instance=\"a:10059\",account=\"t\",view=\"all\",range=\"today\"}"));
}
