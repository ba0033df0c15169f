//! Other settings while it runs: who is not meant notices nothing, and no limit is exceeded.

use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::model::Api;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{Filters, KlarAccount, Settings, TapRainAccount};
use revenue_exporter::secret::Secret;

use crate::support::{
    NOON, Scene, Vendors, budget, clock_at, every, klar_account, settings, taprain_account,
    taprain_view, world,
};

/// A second business with TapRain, under a key of its own.
const OTHER_KEY: &str = "other-taprain-key";

struct Shop {
    scene: Scene,
    vendors: Vendors,
}

fn t() -> TapRainAccount {
    taprain_account("t", vec![every(Range::Today, 30), every(Range::Hour, 60)])
}

fn u() -> TapRainAccount {
    let mut account = taprain_account("u", vec![every(Range::Today, 30)]);
    account.common.credential.secret = Secret::parse(OTHER_KEY).unwrap();
    account
}

fn k(seconds: u64) -> KlarAccount {
    klar_account(
        "k",
        Detail::Channel,
        vec![every(Range::Today, seconds), every(Range::SevenDays, 900)],
    )
}

fn shop(settings: Settings) -> Shop {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let options = taprain::Options { key: OTHER_KEY.to_owned(), ..taprain::Options::default() };
    let other = taprain::TapRain::new(world(4), clock.clone(), options);
    let mut hosts = vendors.hosts();
    hosts.push(("u".to_owned(), Arc::new(other)));
    let wire = Wire::to_hosts(hosts, clock.clone(), wire::Options::default());
    Shop { scene: Scene::start(settings, clock, Arc::new(wire)), vendors }
}

/// How many of an account's series the page has, its own ones included.
async fn series(scene: &Scene, account: &str) -> usize {
    scene.page().await.with("", &[&format!("account=\"{account}\"")]).len()
}

fn order(scene: &Scene) -> Vec<String> {
    scene.snapshot().accounts.iter().map(|part| part.account.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn accounts_come_and_go_and_the_others_notice_nothing() {
    let Shop { scene, vendors } = shop(settings(vec![t()], vec![k(60)]));
    scene.pass(Duration::from_secs(100)).await;
    let before = scene.board().part(Api::TapRain, "t").unwrap();
    scene.reload(settings(vec![u(), t()], vec![k(60)])).await;
    assert_eq!(order(&scene), ["u", "t", "k"]);
    let after = scene.board().part(Api::TapRain, "t").unwrap();
    assert!(Arc::ptr_eq(&before, &after), "the very same part");
    scene.pass(Duration::from_secs(100)).await;
    let page = scene.page().await;
    let revenue = |account| format!("account=\"{account}\"");
    assert_eq!(page.with("taprain_revenue{", &[&revenue("u")]).len(), 1);
    scene.reload(settings(vec![t()], Vec::new())).await;
    assert_eq!((series(&scene, "u").await, series(&scene, "k").await), (0, 0), "no ghosts");
    scene.pass(Duration::from_secs(100)).await;
    assert_eq!((series(&scene, "u").await, series(&scene, "k").await), (0, 0), "nor later");
    // In 300 s, as if nothing had happened: `today` every 30 s and `hour` every 60 s.
    assert_eq!(vendors.taprain.record().arrivals(taprain::STATS).len(), 10 + 5);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_account_keeps_its_token_its_ledger_and_the_figures_that_still_mean_the_same() {
    let Shop { scene, vendors } = shop(settings(vec![t()], vec![k(60)]));
    scene.pass(Duration::from_secs(100)).await;
    let before = scene.page().await;
    let ledger = scene.board().part(Api::Klar, "k").unwrap().budget.clone();
    let mut changed = t();
    let gb = Filters { country: vec!["GB".to_owned()], ..Filters::default() };
    changed.views.push(taprain_view("gb", gb, vec![every(Range::Today, 30)]));
    scene.reload(settings(vec![changed], vec![k(120)])).await;
    let after = scene.page().await;
    for prefix in ["taprain_country_", "klar_"] {
        assert_eq!(before.with(prefix, &[]), after.with(prefix, &[]));
    }
    assert!(Arc::ptr_eq(&ledger, &scene.board().part(Api::Klar, "k").unwrap().budget));
    scene.pass(Duration::from_secs(130)).await;
    let page = scene.page().await;
    assert_eq!(page.with("taprain_revenue{", &["view=\"gb\""]).len(), 1);
    let interval = "revenue_exporter_refresh_interval_seconds{api=\"klar\",account=\"k\",view=\"default\",range=\"today\"}";
    assert_eq!(page.get(interval), 120.0);
    assert_eq!(vendors.klar.record().arrivals(klar::TOKEN).len(), 1, "the token lives 5 minutes");
    scene.reload(settings(vec![t()], vec![k(120)])).await;
    assert!(scene.page().await.with("", &["view=\"gb\""]).is_empty());
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_key_brings_other_figures_and_another_token() {
    let Shop { scene, vendors } = shop(settings(Vec::new(), vec![k(60)]));
    scene.pass(Duration::from_secs(100)).await;
    vendors.klar.set_key("of-another-store");
    let mut other = k(60);
    other.common.credential.secret = Secret::parse("of-another-store").unwrap();
    other.common.credential.source =
        revenue_exporter::model::settings::CredentialSource::Environment("OTHER".to_owned());
    scene.reload(settings(Vec::new(), vec![other])).await;
    let page = scene.page().await;
    assert!(page.with("klar_attributed_", &[]).is_empty(), "they may be another store's");
    assert!(page.with("revenue_exporter_token_expiry", &[]).is_empty());
    scene.pass(Duration::from_secs(100)).await;
    assert!(!scene.page().await.with("klar_attributed_", &[]).is_empty());
    assert_eq!(vendors.klar.record().arrivals(klar::TOKEN).len(), 2);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_ledger_goes_with_its_key_whatever_the_account_is_called() {
    let Shop { scene, .. } = shop(settings(vec![t(), u()], Vec::new()));
    scene.pass(Duration::from_secs(100)).await;
    let ledger = |name| Arc::clone(&scene.board().part(Api::TapRain, name).unwrap().budget);
    let (of_t, of_u) = (ledger("t"), ledger("u"));
    let (mut one, mut other) = (t(), u());
    std::mem::swap(&mut one.common.credential, &mut other.common.credential);
    scene.reload(settings(vec![one, other], Vec::new())).await;
    assert!(Arc::ptr_eq(&ledger("t"), &of_u) && Arc::ptr_eq(&ledger("u"), &of_t));
    let mut renamed = t();
    renamed.common.name = "renamed".into();
    let mut fresh = u();
    fresh.common.name = "t".into();
    fresh.common.credential.secret = Secret::parse("a third key").unwrap();
    scene.reload(settings(vec![fresh, renamed], Vec::new())).await;
    assert!(Arc::ptr_eq(&ledger("renamed"), &of_t));
    assert!(!Arc::ptr_eq(&ledger("t"), &of_t), "no two accounts share one");
    scene.stop().await;
}

/// Each change abandons what is on its way and starts a collector; none may spend twice.
#[tokio::test(start_paused = true)]
async fn whatever_changes_however_often_no_limit_is_exceeded() {
    // More than the two requests in 30 s that the API allows.
    let greedy = |name: &str, seconds| {
        let ranges = [Range::Today, Range::Yesterday, Range::SevenDays, Range::MonthToDate];
        let mut account =
            klar_account(name, Detail::Channel, ranges.map(|range| every(range, seconds)).into());
        account.common.base_url = "http://k".to_owned();
        account
    };
    let Shop { scene, vendors } = shop(settings(Vec::new(), vec![greedy("k", 5)]));
    let mut rng = fastrand::Rng::with_seed(11);
    for round in 0..300 {
        let next = match rng.u8(0..6) {
            0 => Vec::new(),
            1 => vec![greedy("renamed", 5)],
            2 => {
                let mut tight = greedy("k", 6);
                tight.common.budget = budget(1, 30, 0.0);
                vec![tight]
            }
            _ => vec![greedy("k", 5 + round)],
        };
        scene.reload(settings(Vec::new(), next)).await;
        scene.pass(Duration::from_millis(rng.u64(0..90_000))).await;
        assert_eq!(vendors.violations(), [""; 0], "round {round}");
    }
    assert!(vendors.klar.record().total().admitted > 100, "it did collect");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn other_limits_hold_for_every_account_at_once() {
    let Shop { scene, .. } = shop(settings(vec![t()], vec![k(60)]));
    scene.pass(Duration::from_secs(100)).await;
    let mut tight = settings(vec![t()], vec![k(60)]);
    tight.collection.max_series = 30;
    scene.reload(tight).await;
    scene.pass(Duration::from_secs(70)).await;
    let page = scene.page().await;
    let crowded = page.with("revenue_exporter_anomalies_total{", &["series_limit"]);
    assert!(crowded.values().sum::<f64>() > 0.0, "{crowded:?}");
    scene.stop().await;
}
