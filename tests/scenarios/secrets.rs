//! Keys that are rotated while requests are on their way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::{Answer, taprain};
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::{CredentialSource, Settings};
use tempfile::TempDir;

use crate::support::page::Page;
use crate::support::{NOON, Scene, budget, clock_at, every, settings, taprain_account, world};

/// A TapRain account whose key is in a file, asked so often that several requests are on their way.
struct Busy {
    scene: Scene,
    vendor: Arc<taprain::TapRain>,
    directory: TempDir,
    settings: Settings,
}

impl Busy {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = clock_at(NOON);
        let limit = Limit { requests: 6000, ..taprain::Options::default().limit };
        let options = taprain::Options { limit, ..taprain::Options::default() };
        let vendor = Arc::new(taprain::TapRain::new(world(3), clock.clone(), options));
        let hosts = vec![("t".to_owned(), Arc::clone(&vendor) as Arc<dyn Answer>)];
        let options = wire::Options { latency: 1500..=3500, ..wire::Options::default() };
        let wire = Wire::to_hosts(hosts, clock.clone(), options);
        let ranges = [Range::Today, Range::Hour, Range::Yesterday, Range::SevenDays];
        let mut account = taprain_account("t", ranges.map(|range| every(range, 5)).into());
        account.common.budget = budget(6000, 3600, 0.0);
        account.common.credential.source = CredentialSource::File(directory.path().join("key"));
        std::fs::write(directory.path().join("key"), taprain::KEY).unwrap();
        let settings = settings(vec![account], Vec::new());
        let scene = Scene::start(settings.clone(), clock, Arc::new(wire));
        let busy = Self { scene, vendor, directory, settings };
        busy.scene.pass(Duration::from_secs(30)).await;
        busy
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("key")
    }

    fn write(&self, key: &str) {
        std::fs::write(self.path(), format!("{key}\n")).unwrap();
    }

    /// Passes `seconds`, and counts in how many of them the account was not `ok`.
    async fn pass(&self, seconds: u64) -> u64 {
        let mut troubled = 0;
        for _ in 0..seconds {
            self.scene.pass(Duration::from_secs(1)).await;
            troubled += u64::from(state(&self.scene.page().await, "ok") != 1.0);
        }
        troubled
    }

    async fn refused(&self) -> f64 {
        let page = self.scene.page().await;
        page.with("revenue_exporter_upstream_requests_total{", &["\"unauthorized\""]).values().sum()
    }

    /// How long ago the oldest of the ranges was refreshed.
    async fn age(&self) -> f64 {
        let page = self.scene.page().await;
        let ages = page.with("revenue_exporter_last_success_timestamp_seconds{", &[]);
        let oldest = ages.values().copied().fold(f64::INFINITY, f64::min);
        self.scene.clock.wall().as_millisecond() as f64 / 1000.0 - oldest
    }
}

fn state(page: &Page, state: &str) -> f64 {
    page.get(&format!(
        "revenue_exporter_account_state{{api=\"taprain\",account=\"t\",state=\"{state}\"}}"
    ))
}

#[tokio::test(start_paused = true)]
async fn a_key_rotated_under_load_costs_what_was_on_its_way_and_no_refresh() {
    let busy = Busy::start().await;
    for round in 0..20 {
        let key = format!("key-{round}");
        busy.scene.pass(Duration::from_millis(377 * round)).await;
        let before = busy.refused().await;
        busy.vendor.set_key(&key);
        busy.write(&key);
        assert_eq!(busy.pass(20).await, 0, "the account is never anything but ok");
        let refused = busy.refused().await - before;
        assert!(refused <= 3.0, "round {round}: only what was on its way: {refused}");
        assert!(busy.age().await < 15.0, "every range is refreshed");
    }
    busy.scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_written_before_the_key_changes_costs_one_try() {
    let busy = Busy::start().await;
    for round in 0..5 {
        let key = format!("key-{round}");
        busy.write(&key);
        let before = busy.refused().await;
        assert_eq!(busy.pass(40).await, 0);
        assert_eq!(busy.refused().await - before, 1.0, "the new key is tried once");
        busy.vendor.set_key(&key);
        assert_eq!(busy.pass(20).await, 0);
        assert!(busy.refused().await - before <= 4.0);
        assert!(busy.age().await < 15.0);
    }
    busy.scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_written_after_the_key_changed_ends_the_silence_at_once() {
    let busy = Busy::start().await;
    for round in 0..5 {
        let key = format!("key-{round}");
        let before = busy.refused().await;
        busy.vendor.set_key(&key);
        busy.pass(12).await;
        assert_eq!(state(&busy.scene.page().await, "unauthorized"), 1.0);
        busy.write(&key);
        busy.pass(10).await;
        assert_eq!(busy.pass(20).await, 0, "it looks every 5 s, and asks at once");
        assert!(busy.refused().await - before <= 4.0, "what was on its way");
        assert!(busy.age().await < 15.0);
    }
    busy.scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_holds_no_key_changes_nothing() {
    let busy = Busy::start().await;
    busy.write("");
    assert_eq!(busy.pass(30).await, 0);
    std::fs::remove_file(busy.path()).unwrap();
    assert_eq!(busy.pass(30).await, 0);
    busy.write("a key that the API does not know");
    assert_eq!(busy.pass(30).await, 0);
    assert_eq!(busy.refused().await, 1.0, "it is tried once, and the one before used on");
    busy.scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_brings_another_key_only_restarts_nothing() {
    let busy = Busy::start().await;
    let account = |busy: &Busy| {
        let snapshot = busy.scene.snapshot();
        Arc::clone(&snapshot.accounts[0].budget)
    };
    let ledger = account(&busy);
    busy.vendor.set_key("fresh");
    busy.write("fresh");
    let mut settings = busy.settings.clone();
    let fresh = revenue_exporter::secret::Secret::parse("fresh").unwrap();
    settings.taprain[0].common.credential.secret = fresh;
    busy.scene.reload(settings).await;
    assert_eq!(busy.pass(30).await, 0);
    assert!(Arc::ptr_eq(&ledger, &account(&busy)));
    busy.scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_key_lifts_no_silence_that_the_api_asked_for() {
    use revenue_exporter::upstream::transport::Request;
    use std::sync::atomic::{AtomicU64, Ordering};

    use crate::support::{Scripted, answer};
    use futures_util::FutureExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, "first").unwrap();
    let (count, clock) = (Arc::new(AtomicU64::new(0)), clock_at(NOON));
    let seen = Arc::clone(&count);
    let transport = Scripted(move |_: &Request| {
        seen.fetch_add(1, Ordering::Relaxed);
        let mut reply = answer(429, "");
        reply.headers_mut().insert("retry-after", "600".parse().unwrap());
        async move { Ok(reply) }.boxed()
    });
    let mut account = taprain_account("t", vec![every(Range::Today, 30)]);
    account.common.credential.source = CredentialSource::File(path.clone());
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(60)).await;
    std::fs::write(&path, "second").unwrap();
    scene.pass(Duration::from_secs(530)).await;
    assert_eq!(count.load(Ordering::Relaxed), 1);
    scene.pass(Duration::from_secs(30)).await;
    assert_eq!(count.load(Ordering::Relaxed), 2);
    scene.stop().await;
}
