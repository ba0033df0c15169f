//! What was said to be the cost is the cost, and no limit is broken, whoever shares the budget.

use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::backfill::order::Typed;
use revenue_exporter::demo::Answer;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::Settings;
use revenue_exporter::state::Store;
use revenue_exporter::upstream::transport::Transport;

use super::stage::{Stage, few_rows, typed};
use crate::support::judge::Judge;
use crate::support::{Scene, every, klar_account, settings, taprain_account};

const NOW: &str = "2026-03-18T16:00:05Z";

/// Thirteen months of both, in the fewest samples.
fn thirteen_months() -> Typed {
    typed("2025-02-18", "2026-03-17", "1h")
}

fn live() -> Settings {
    let stats = taprain_account("t", vec![every(Range::Today, 30), every(Range::SevenDays, 3600)]);
    let ranges = vec![every(Range::Today, 300), every(Range::Yesterday, 900)];
    few_rows(settings(vec![stats], vec![klar_account("k", Detail::Channel, ranges)]))
}

/// Both simulators behind judges that count by every kind of limiter, for everybody.
fn judged(stage: &Stage) -> ([Arc<Judge>; 2], Arc<Wire>) {
    let of = |host: usize, limit| {
        let (_, simulator) = stage.vendors.hosts().swap_remove(host);
        Judge::new(simulator, stage.clock.clone(), limit)
    };
    let judges = [of(0, Limit::TAPRAIN), of(1, Limit::KLAR)];
    let names = ["t".to_owned(), "k".to_owned()];
    let hosts = judges.iter().map(|judge| Arc::clone(judge) as Arc<dyn Answer>);
    let options = wire::Options { latency: 40..=400, seed: 9, keep_bodies: false };
    let wire = Wire::to_hosts(names.into_iter().zip(hosts).collect(), stage.clock.clone(), options);
    (judges, Arc::new(wire))
}

async fn thirteen_months_cost(beside_an_exporter: bool) {
    let mut stage = Stage::new(NOW);
    let (judges, wire) = judged(&stage);
    let scene = beside_an_exporter.then(|| {
        let store = Some(Arc::clone(&stage.memory) as Arc<dyn Store>);
        let transport = Arc::clone(&wire) as Arc<dyn Transport>;
        Scene::start_with(live(), stage.clock.clone(), transport, store)
    });
    stage.through(wire);
    let began = stage.clock.wall();
    let cost = stage.backfill(&live(), &thirteen_months()).await.unwrap();
    let took = stage.clock.wall().duration_since(began).unsigned_abs();
    let sent = [stage.sent.to("t"), stage.sent.to("k")];
    let said = [cost.legs[0].requests(), cost.legs[1].requests()];
    println!(
        "13 months{}: said {said:?} requests in {:?}, sent {sent:?} in {took:?}",
        if beside_an_exporter { " beside an exporter" } else { "" },
        cost.time()
    );
    for (said, sent) in said.into_iter().zip(sent) {
        let off = (f64::from(said) - sent as f64).abs() / f64::from(said);
        assert!(off <= 0.02, "said {said}, sent {sent}");
    }
    assert_eq!(sent[0], 394, "393 days and the one before");
    let off = (took.as_secs_f64() - cost.time().as_secs_f64()).abs() / took.as_secs_f64();
    assert!(off < 0.05, "said {:?}, took {took:?}", cost.time());
    for judge in &judges {
        assert!(judge.refused().iter().all(|(_, refused)| *refused == 0), "{:?}", judge.refused());
    }
    assert!(stage.vendors.violations().is_empty(), "{:?}", stage.vendors.violations());
    let bytes = stage.text().len() as f64;
    println!("said {} MB, wrote {bytes} bytes", cost.bytes / 1_000_000);
    if let Some(scene) = scene {
        let today = "revenue_exporter_last_success_timestamp_seconds{api=\"taprain\",account=\"t\",\
                     view=\"all\",range=\"today\"}";
        let age = stage.clock.wall().as_second() as f64 - scene.page().await.get(today);
        assert!(age < 90.0, "the exporter starves: {age} s");
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn thirteen_months_cost_what_was_said() {
    thirteen_months_cost(false).await;
}

#[tokio::test(start_paused = true)]
async fn thirteen_months_beside_an_exporter_cost_what_was_said_and_break_no_limit() {
    thirteen_months_cost(true).await;
}

#[tokio::test(start_paused = true)]
async fn at_full_share_beside_an_exporter_no_limit_breaks() {
    let mut stage = Stage::new(NOW);
    let (judges, wire) = judged(&stage);
    let store = Some(Arc::clone(&stage.memory) as Arc<dyn Store>);
    let scene = Scene::start_with(
        live(),
        stage.clock.clone(),
        Arc::clone(&wire) as Arc<dyn Transport>,
        store,
    );
    scene.pass(Duration::from_secs(600)).await;
    stage.through(wire);
    let order = Typed { share: Some("1".to_owned()), ..typed("2025-12-01", "2026-03-17", "1h") };
    stage.backfill(&live(), &order).await.unwrap();
    for judge in &judges {
        assert!(judge.refused().iter().all(|(_, refused)| *refused == 0), "{:?}", judge.refused());
    }
    scene.stop().await;
}
