//! When what is asked: at once, spread, in time, and never because somebody looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::{Answer, taprain};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::Filters;
use revenue_exporter::upstream::transport::{Request, Transport};

use crate::support::memory::{Memory, Slow};
use crate::support::{
    NOON, Scene, Scripted, Vendors, answer, budget, clock_at, every, klar_account, settings,
    taprain_account, taprain_view, world,
};

/// An API that never answers, and how often it was asked.
fn hanging() -> (Arc<AtomicU64>, Arc<dyn Transport>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let hang = Scripted(move |_: &Request| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::pending().boxed()
    });
    (sent, Arc::new(hang))
}

#[tokio::test(start_paused = true)]
async fn everything_that_fits_is_on_the_page_within_seconds() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let taprain = taprain_account(
        "t",
        vec![every(Range::Today, 30), every(Range::Hour, 300), every(Range::ThirtyDays, 3600)],
    );
    let klar = klar_account(
        "k",
        Detail::Ad,
        vec![every(Range::Today, 300), every(Range::SevenDays, 3600)],
    );
    let scene = Scene::start(settings(vec![taprain], vec![klar]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(3)).await;
    let page = scene.page().await;
    for (api, account, range) in [
        ("taprain", "t", "today"),
        ("taprain", "t", "hour"),
        ("taprain", "t", "30days"),
        ("klar", "k", "today"),
        ("klar", "k", "7days"),
    ] {
        let view = if api == "klar" { "default" } else { "all" };
        let labels =
            format!("{{api=\"{api}\",account=\"{account}\",view=\"{view}\",range=\"{range}\"}}");
        assert_eq!(page.get(&format!("revenue_exporter_view_up{labels}")), 1.0, "{labels}");
    }
    let requests: f64 =
        page.with("revenue_exporter_upstream_requests_total{", &["klar"]).values().sum();
    assert_eq!(requests, 2.0, "a token, and one report for both ranges");
    let waited = "revenue_exporter_budget_wait_seconds_total{api=\"taprain\",account=\"t\"}";
    assert_eq!(page.get(waited), 0.0, "slow answers are no wait for the budget");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn equal_views_are_spread_over_their_interval() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut account = taprain_account("t", vec![every(Range::Today, 120)]);
    for name in ["b", "c", "d"] {
        account.views.push(taprain_view(name, Filters::default(), vec![every(Range::Today, 120)]));
    }
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(1800)).await;
    let arrivals = vendors.taprain.record().arrivals(taprain::STATS);
    for pair in arrivals[8..].windows(2) {
        let gap = pair[1].since(pair[0]).as_secs_f64();
        assert!((29.0..31.0).contains(&gap), "{gap}");
    }
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_scrape_answers_while_the_api_hangs_and_causes_no_request() {
    let clock = clock_at(NOON);
    let (sent, hang) = hanging();
    let taprain = taprain_account("t", vec![every(Range::Today, 30)]);
    let klar = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(vec![taprain], vec![klar]), clock, hang);
    scene.pass(Duration::from_secs(5)).await;
    let (before, at) = (sent.load(Ordering::Relaxed), scene.clock.tick());
    for _ in 0..1000 {
        scene.page().await;
    }
    assert_eq!(sent.load(Ordering::Relaxed), before);
    assert_eq!(scene.clock.tick(), at, "a scrape waits for nothing");
    assert_eq!(scene.site.press.renders(), 1, "rendered once, not once per scrape");
    scene.pass(Duration::from_secs(60)).await;
    let page = scene.page().await;
    let timeouts = page.with("revenue_exporter_upstream_requests_total{", &["outcome=\"timeout\""]);
    assert!(timeouts.values().sum::<f64>() >= 2.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_view_holds_no_other_view_up() {
    let clock = clock_at(NOON);
    let slow = clock.clone();
    let transport = Scripted(move |request: &Request| {
        let clock = slow.clone();
        let wait = if request.uri().query().unwrap_or("").contains("30days") { 25 } else { 0 };
        async move {
            clock.sleep(Duration::from_secs(wait)).await;
            Ok(answer(200, r#"{"success": true, "data": {"summary": {"clicks": 1}}}"#))
        }
        .boxed()
    });
    let account = taprain_account("t", vec![every(Range::Today, 10), every(Range::ThirtyDays, 30)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(30)).await;
    for _ in 0..100 {
        scene.pass(Duration::from_secs(7)).await;
        let now = scene.clock.wall();
        let snapshot = scene.snapshot();
        let today = &snapshot.accounts[0].slots[0];
        let age = now.duration_since(today.last_success.unwrap());
        assert!(age.as_secs() <= 11, "{age:?}");
    }
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_given_up_counts_as_if_it_might_still_arrive() {
    let clock = clock_at(NOON);
    let (sent, hang) = hanging();
    let mut account = taprain_account("t", vec![every(Range::Today, 1)]);
    account.common.budget = budget(1, 60, 0.0);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, hang);
    // 30 s until it is given up, 30 s in which it may arrive, and then the window.
    scene.pass(Duration::from_secs(119)).await;
    assert_eq!(sent.load(Ordering::Relaxed), 1);
    scene.pass(Duration::from_secs(2)).await;
    assert_eq!(sent.load(Ordering::Relaxed), 2);
    let waited = "revenue_exporter_budget_wait_seconds_total{api=\"taprain\",account=\"t\"}";
    assert!((55.0..91.0).contains(&scene.page().await.get(waited)));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_opens_while_the_state_is_saved_is_not_slept_through() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut account = taprain_account("t", vec![every(Range::Today, 5)]);
    account.common.budget = budget(2, 30, 0.0);
    account.views.push(taprain_view("b", Filters::default(), vec![every(Range::Today, 5)]));
    let slow = Slow {
        memory: Memory::new(),
        clock: clock.clone(),
        file: "figures",
        takes: Duration::from_secs(1),
    };
    let settings = settings(vec![account], Vec::new());
    let scene = Scene::start_with(settings, clock, Arc::new(wire), Some(Arc::new(slow)));
    scene.pass(Duration::from_secs(3600)).await;
    let arrivals = vendors.taprain.record().arrivals(taprain::STATS);
    for three in arrivals.windows(3) {
        let window = three[2].since(three[0]).as_secs_f64();
        assert!(window < 32.0, "what was due and permitted after 30 s was asked after {window}");
    }
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_at_once_whatever_hangs() {
    let clock = clock_at(NOON);
    let (_, hang) = hanging();
    let account = taprain_account("t", vec![every(Range::Today, 30)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock.clone(), hang);
    scene.pass(Duration::from_secs(5)).await;
    let at = clock.tick();
    scene.stop().await;
    assert_eq!(clock.tick(), at);
}

#[tokio::test(start_paused = true)]
async fn k15_t1_two_accounts_keep_their_own_zone_and_currency() {
    let clock = clock_at("2026-03-18T03:30:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::new(
        Arc::clone(&vendors.taprain) as Arc<dyn Answer>,
        clock.clone(),
        wire::Options::default(),
    );
    let new_york = taprain_account("ny", vec![every(Range::Today, 60)]);
    let mut kolkata = taprain_account("in", vec![every(Range::Today, 60)]);
    kolkata.common.timezone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
    kolkata.common.timezone_name = "Asia/Kolkata".into();
    kolkata.common.currency = "INR".into();
    let scene = Scene::start(settings(vec![new_york, kolkata], Vec::new()), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(5)).await;
    let page = scene.page().await;
    let start = |account: &str| {
        page.get(&format!("taprain_range_start_timestamp_seconds{{account=\"{account}\",view=\"all\",range=\"today\"}}"))
    };
    let seconds = |instant: &str| instant.parse::<jiff::Timestamp>().unwrap().as_second() as f64;
    assert_eq!(start("ny"), seconds("2026-03-17T04:00:00Z"));
    assert_eq!(start("in"), seconds("2026-03-17T18:30:00Z"));
    assert_eq!(page.with("taprain_revenue{", &["currency=\"INR\"", "account=\"in\""]).len(), 1);
    assert_eq!(
        page.get("taprain_account_info{account=\"in\",timezone=\"Asia/Kolkata\",currency=\"INR\"}"),
        1.0
    );
    scene.stop().await;
}
