//! Restarts: what was spent stays spent, and what was known is shown with its true age.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{RangeEvery, Settings};
use revenue_exporter::state::Store;
use revenue_exporter::upstream::transport::Transport;

use crate::support::judge::Judge;
use crate::support::memory::Memory;
use crate::support::{
    NOON, Scene, Scripted, budget, clock_at, every, klar_account, settings, taprain_account, world,
};

/// The folders of the accounts below.
const FOLDERS: [&str; 2] = ["taprain.t", "klar.k"];

const SAVED: &str = "revenue_exporter_state_last_save_successful";

fn ordinary() -> Settings {
    of(&[every(Range::Today, 60), every(Range::SevenDays, 3600)])
}

/// Asks for ten times what either API allows.
fn greedy() -> Settings {
    of(&[every(Range::Today, 5), every(Range::Yesterday, 5)])
}

fn of(ranges: &[RangeEvery]) -> Settings {
    let mut stats = taprain_account("t", ranges.to_vec());
    stats.common.budget = budget(60, 60, 0.0);
    settings(vec![stats], vec![klar_account("k", Detail::Campaign, ranges.to_vec())])
}

/// Both simulators behind judges, over a wire that takes up to two seconds.
struct Court {
    judges: [Arc<Judge>; 2],
    wire: Arc<Wire>,
    clock: Clock,
    memory: Arc<Memory>,
}

impl Court {
    fn new() -> Self {
        let clock = clock_at(NOON);
        let limit = Limit { requests: 60, per: Duration::from_secs(60), ..Limit::TAPRAIN };
        let options = taprain::Options { limit, ..taprain::Options::default() };
        let stats = taprain::TapRain::new(world(3), clock.clone(), options);
        let store = klar::Klar::new(world(3), clock.clone(), klar::Options::default());
        let judges = [
            Judge::new(Arc::new(stats), clock.clone(), limit),
            Judge::new(Arc::new(store), clock.clone(), Limit::KLAR),
        ];
        let hosts = ["t", "k"].map(str::to_owned).into_iter();
        let hosts = hosts.zip(judges.clone().map(|judge| judge as Arc<dyn Answer>)).collect();
        let options = wire::Options { latency: 10..=2000, seed: 5, keep_bodies: false };
        let wire = Arc::new(Wire::to_hosts(hosts, clock.clone(), options));
        Self { judges, wire, clock, memory: Memory::new() }
    }

    fn start(&self, settings: Settings) -> Scene {
        let store = Some(Arc::clone(&self.memory) as Arc<dyn Store>);
        Scene::start_with(settings, self.clock.clone(), self.wire.clone(), store)
    }

    fn arrived(&self) -> [u64; 2] {
        self.judges.each_ref().map(|judge| judge.record().total().total)
    }

    fn assert_within_limits(&self) {
        for judge in &self.judges {
            for (kind, refused) in judge.refused() {
                assert_eq!(refused, 0, "{kind:?} {:?}", self.arrived());
            }
        }
    }
}

/// A transport on which nothing ever arrives.
fn silence() -> Arc<dyn Transport> {
    Arc::new(Scripted(|_: &_| futures_util::future::pending().boxed()))
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_last_good_values_are_there_at_once_with_their_true_age() {
    let court = Court::new();
    let scene = court.start(ordinary());
    scene.pass(Duration::from_secs(300)).await;
    let before = scene.page().await;
    scene.stop().await;
    court.clock.sleep(Duration::from_secs(100)).await;
    let store = Some(Arc::clone(&court.memory) as Arc<dyn Store>);
    let scene = Scene::start_with(ordinary(), court.clock.clone(), silence(), store);
    scene.pass(Duration::from_millis(10)).await;
    let after = scene.page().await;
    let ready = scene.site.answer(&http::Request::get("/-/ready").body(()).unwrap()).await;
    assert_eq!(ready.status(), 200, "what is known need not be asked to be ready");
    for prefix in ["taprain_", "klar_", "revenue_exporter_last_success"] {
        let (before, after) = (before.with(prefix, &[]), after.with(prefix, &[]));
        assert!(before.len() >= 2, "{prefix}");
        assert_eq!(before, after);
    }
    // The age goes on: fifteen minutes after they arrived they are gone.
    scene.pass(Duration::from_secs(790)).await;
    assert!(scene.page().await.with("taprain_clicks{", &["range=\"today\""]).is_empty());
    assert!(!scene.page().await.with("taprain_clicks{", &["range=\"7days\""]).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_costs_a_minute_of_figures_at_most_and_what_is_shown_claims_no_other_age() {
    let court = Court::new();
    let of = |page: &crate::support::page::Page| {
        let name = "taprain_revenue{account=\"t\",view=\"all\",range=\"today\"";
        let age = "revenue_exporter_last_success_timestamp_seconds{api=\"taprain\"";
        [name, age].map(|prefix| page.with(prefix, &["range=\"today\""]))
    };
    for seconds in [100, 133, 171] {
        let scene = court.start(ordinary());
        let mut pages = Vec::new();
        for _ in 0..seconds {
            scene.pass(Duration::from_secs(1)).await;
            pages.push(of(&scene.page().await));
        }
        scene.kill().await;
        let store = Some(Arc::clone(&court.memory) as Arc<dyn Store>);
        let scene = Scene::start_with(ordinary(), court.clock.clone(), silence(), store);
        scene.pass(Duration::from_millis(5)).await;
        let after = of(&scene.page().await);
        let shown = pages.iter().rposition(|page| *page == after);
        assert!(shown.is_some_and(|second| second + 61 >= pages.len()), "{shown:?} {seconds}");
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_one_write_of_its_ledger_and_what_became_of_it_rides_with_the_next() {
    let court = Court::new();
    let scene = court.start(greedy());
    scene.pass(Duration::from_secs(600)).await;
    let writes = |file| court.memory.writes("taprain.t", file);
    let arrived = usize::try_from(court.arrived()[0]).unwrap();
    assert!((arrived..arrived + 70).contains(&writes("ledger")), "{} {arrived}", writes("ledger"));
    assert!((9..=13).contains(&writes("figures")), "{}", writes("figures"));
    scene.stop().await;
    let scene = court.start(of(&[every(Range::Today, 300)]));
    scene.pass(Duration::from_secs(200)).await;
    let before = writes("ledger");
    scene.pass(Duration::from_secs(305)).await;
    assert_eq!(writes("ledger") - before, 2, "the request, and ten seconds later its answer");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn three_hundred_kills_at_random_moments_break_no_limit() {
    let court = Court::new();
    let mut rng = fastrand::Rng::with_seed(9);
    for _ in 0..300 {
        let scene = court.start(greedy());
        scene.pass(Duration::from_millis(rng.u64(0..3000))).await;
        scene.kill().await;
        court.clock.sleep(Duration::from_millis(rng.u64(0..300))).await;
    }
    court.assert_within_limits();
    let [taprain, klar] = court.arrived();
    let minutes = court.clock.tick().since_start().as_secs() / 60;
    // What was on its way when it died counts for a minute longer than it might.
    assert!(taprain > 15 * minutes && klar > minutes / 2, "{taprain} {klar} in {minutes} min");
}

#[tokio::test(start_paused = true)]
async fn what_is_fresh_is_not_asked_again_after_a_restart() {
    let court = Court::new();
    for _ in 0..20 {
        let scene = court.start(ordinary());
        scene.pass(Duration::from_secs(10)).await;
        scene.stop().await;
    }
    let [taprain, klar] = court.arrived();
    // 200 s: four rounds of `today` and one of `7days`; each life of Klar's needs a token first.
    assert!(taprain <= 6 && klar <= 12, "{taprain} {klar}");
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_ledger_is_a_window_fully_spent() {
    let newer = b"revenue-exporter ledger 99 00000000\n{}".to_vec();
    for damage in [Some(b"".to_vec()), Some(b"junk\n".to_vec()), Some(newer), None] {
        let court = Court::new();
        let scene = court.start(greedy());
        scene.pass(Duration::from_secs(20)).await;
        scene.kill().await;
        for folder in FOLDERS {
            let torn = |mut file: Vec<u8>| {
                file.pop();
                file
            };
            let own = court.memory.file(folder, "ledger").map(torn);
            court.memory.put(
                folder,
                "ledger",
                if damage.as_deref() == Some(b"") { own } else { damage.clone() },
            );
        }
        let before = court.arrived();
        let scene = court.start(greedy());
        scene.pass(Duration::from_secs(29)).await;
        assert_eq!(court.arrived(), before, "{damage:?}");
        let page = scene.page().await;
        assert_eq!(page.get("revenue_exporter_state_errors_total{reason=\"unreadable\"}"), 2.0);
        assert_eq!(page.get("revenue_exporter_budget_remaining_requests{api=\"taprain\",account=\"t\",origin=\"local\"}"), 0.0);
        scene.pass(Duration::from_secs(120)).await;
        assert!(court.arrived()[0] > before[0] && court.arrived()[1] > before[1]);
        court.assert_within_limits();
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn damaged_figures_are_fetched_anew_and_cost_no_budget() {
    let court = Court::new();
    let scene = court.start(ordinary());
    scene.pass(Duration::from_secs(60)).await;
    scene.kill().await;
    court.memory.put("taprain.t", "figures", Some(b"revenue-exporter figures 1 0\n{}".to_vec()));
    let scene = court.start(ordinary());
    assert!(scene.page().await.with("taprain_clicks{", &[]).is_empty());
    assert!(!scene.page().await.with("klar_cost{", &[]).is_empty(), "its file is whole");
    scene.pass(Duration::from_secs(10)).await;
    assert!(!scene.page().await.with("taprain_clicks{", &[]).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn figures_of_another_meaning_are_not_shown() {
    let court = Court::new();
    let scene = court.start(ordinary());
    scene.pass(Duration::from_secs(60)).await;
    scene.kill().await;
    let mut changed = ordinary();
    changed.taprain[0].views[0].filters.country.push("US".to_owned());
    let store = Some(Arc::clone(&court.memory) as Arc<dyn Store>);
    let scene = Scene::start_with(changed, court.clock.clone(), silence(), store);
    assert!(scene.page().await.with("taprain_clicks{", &[]).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_costs_half_the_budget_and_no_restart_overspends() {
    let court = Court::new();
    let scene = court.start(greedy());
    scene.pass(Duration::from_secs(100)).await;
    assert_eq!(scene.page().await.get(SAVED), 1.0);
    court.memory.fail(Some(ErrorKind::StorageFull));
    scene.pass(Duration::from_secs(300)).await;
    let before = court.arrived();
    scene.pass(Duration::from_secs(300)).await;
    let page = scene.page().await;
    assert_eq!(page.get(SAVED), 0.0);
    assert!(page.get("revenue_exporter_state_errors_total{reason=\"lock\"}") > 0.0);
    let spent = court.arrived()[0] - before[0];
    assert!((120..=160).contains(&spent), "half of 60 a minute for five minutes: {spent}");
    // It dies, and its successor finds the disk mended and an old ledger.
    scene.kill().await;
    court.memory.fail(None);
    let scene = court.start(greedy());
    scene.pass(Duration::from_secs(300)).await;
    assert_eq!(scene.page().await.get(SAVED), 1.0);
    court.assert_within_limits();
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_recovers_is_used_again_and_a_deleted_ledger_is_written_anew() {
    let court = Court::new();
    let scene = court.start(greedy());
    scene.pass(Duration::from_secs(60)).await;
    court.memory.fail(Some(ErrorKind::ReadOnlyFilesystem));
    scene.pass(Duration::from_secs(400)).await;
    court.memory.fail(None);
    scene.pass(Duration::from_secs(60)).await;
    assert_eq!(scene.page().await.get(SAVED), 1.0);
    court.memory.put("taprain.t", "ledger", None);
    scene.pass(Duration::from_secs(30)).await;
    assert!(court.memory.file("taprain.t", "ledger").is_some());
    scene.kill().await;
    let scene = court.start(greedy());
    scene.pass(Duration::from_secs(60)).await;
    court.assert_within_limits();
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn two_exporters_on_one_directory_share_one_budget() {
    let court = Court::new();
    let one = court.start(greedy());
    court.clock.sleep(Duration::from_millis(1)).await;
    let other = court.start(greedy());
    court.clock.sleep(Duration::from_secs(1200)).await;
    court.assert_within_limits();
    let [taprain, klar] = court.arrived();
    assert!(taprain > 20 * 60 * 8 / 10 && klar > 20 * 2, "{taprain} {klar}");
    for scene in [one, other] {
        assert!(!scene.page().await.with("taprain_clicks{", &[]).is_empty());
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn state_holds_no_secret() {
    let court = Court::new();
    let scene = court.start(ordinary());
    scene.pass(Duration::from_secs(120)).await;
    scene.stop().await;
    let kept = court.memory.text();
    assert!(kept.contains("klar_campaign"));
    for secret in [taprain::KEY, klar::REFRESH_TOKEN, "eyJ"] {
        assert!(!kept.contains(secret), "{secret}");
    }
}
