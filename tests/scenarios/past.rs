//! What is missing of the past comes by what the views leave of the budget, once.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{ToSpan, civil::date};
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::TapRainAccount;

use revenue_exporter::state::Store;
use revenue_exporter::upstream::transport::Transport;

use crate::support::memory::Memory;
use crate::support::recorder::{Heard, Recorder};
use crate::support::{
    NOON, Scene, Vendors, budget, clock_at, every, klar_account, settings, taprain_account, world,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The value of `name` in a query.
fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn date_of(query: &str, name: &str) -> Option<Date> {
    value(query, name)?.parse().ok()
}

/// The dates that Klar was asked for, each as often as it was.
fn klar_dates(heard: &[Heard]) -> Vec<Date> {
    let asked = heard.iter().filter(|heard| heard.host == "k");
    let asked = asked.filter_map(|heard| {
        Some((date_of(&heard.query, "startDate")?, date_of(&heard.query, "endDate")?))
    });
    let dates = asked.flat_map(|(start, end)| start.series(1.day()).take_while(move |d| *d < end));
    let mut dates: Vec<Date> = dates.collect();
    dates.sort_unstable();
    dates
}

#[tokio::test(start_paused = true)]
async fn sixty_days_of_klar_are_three_requests_and_are_not_asked_for_again() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let mut account = klar_account("k", Detail::Channel, vec![every(Range::Today, 7200)]);
    account.common.history_days = 60;
    let (store, settings) = (Memory::new(), settings(Vec::new(), vec![account]));
    let transport = || Arc::clone(&recorder) as Arc<dyn Transport>;
    let disk = || Some(Arc::clone(&store) as Arc<dyn Store>);
    let scene = Scene::start_with(settings.clone(), clock.clone(), transport(), disk());
    scene.pass(10 * MINUTE).await;
    let past = |heard: &[Heard]| {
        klar_dates(heard).into_iter().filter(|day| *day < date(2026, 3, 18)).collect::<Vec<_>>()
    };
    let dates = past(&recorder.heard());
    let first = date(2026, 3, 18).saturating_sub(60.days());
    let expected: Vec<Date> = first.series(1.day()).take(60).collect();
    assert_eq!(dates, expected, "each of sixty days once");
    let requests =
        recorder.heard().iter().filter(|heard| heard.query.contains("startDate")).count();
    assert_eq!(requests, 1 + 3, "today's, and pieces of 28 days");
    scene.stop().await;
    let scene = Scene::start_with(settings, clock, transport(), disk());
    scene.pass(HOUR).await;
    assert_eq!(past(&recorder.heard()), expected, "nor after a restart");
    scene.stop().await;
    assert_eq!(vendors.violations(), Vec::<String>::new());
}

/// A TapRain account with the documented ranges and five weeks of history.
fn with_history(every_seconds: u64) -> TapRainAccount {
    let ranges = vec![every(Range::Today, every_seconds), every(Range::Yesterday, 900)];
    let mut account = taprain_account("t", ranges);
    account.common.history_days = 35;
    account
}

/// The single days that TapRain was asked for as `custom`, in the order of asking.
fn taprain_days(heard: &[Heard]) -> Vec<Date> {
    let custom = heard.iter().filter(|heard| heard.query.contains("range=custom"));
    let day = |heard: &Heard| {
        let (start, end) = (date_of(&heard.query, "start"), date_of(&heard.query, "end"));
        assert_eq!(start, end, "{}", heard.query);
        start
    };
    custom.filter_map(day).collect()
}

#[tokio::test(start_paused = true)]
async fn thirty_five_days_of_hours_are_at_most_as_many_requests_and_what_is_normal_is_shown() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let (store, settings) = (Memory::new(), settings(vec![with_history(30)], Vec::new()));
    let transport = || Arc::clone(&recorder) as Arc<dyn Transport>;
    let disk = || Some(Arc::clone(&store) as Arc<dyn Store>);
    let scene = Scene::start_with(settings.clone(), clock.clone(), transport(), disk());
    scene.pass(Duration::from_secs(20)).await;
    let today = date(2026, 3, 18);
    // The view reads yesterday by itself.
    let expected: Vec<Date> = (2..=35).map(|back: i64| today.saturating_sub(back.days())).collect();
    assert_eq!(taprain_days(&recorder.heard()), expected, "newest first, each once");
    let page = scene.page().await;
    assert_eq!(page.get("taprain_baseline_weeks{account=\"t\",view=\"all\"}"), 4.0);
    for window in ["1h", "3h", "6h", "12h", "24h"] {
        let labels = format!("{{account=\"t\",view=\"all\",window=\"{window}\"}}");
        let clicks = page.get(&format!("taprain_window_clicks{labels}"));
        let expected = page.get(&format!("taprain_expected_window_clicks{labels}"));
        assert!(clicks > 0.0 && (0.5..2.0).contains(&(clicks / expected)), "{window}");
        assert!(page.get(&format!("taprain_expected_window_leads_given_clicks{labels}")) > 0.0);
    }
    let money = "{account=\"t\",view=\"all\",currency=\"USD\"}";
    let [low, middle, high] =
        ["_low", "", "_high"].map(|end| page.get(&format!("taprain_expected_revenue{end}{money}")));
    assert!(0.0 < low && low < middle && middle < high, "{low} {middle} {high}");
    scene.stop().await;
    // The first look after a restart, before any request is answered.
    let scene = Scene::start_with(settings, clock, transport(), disk());
    scene.pass(Duration::from_millis(1)).await;
    let again = scene.page().await;
    for name in ["taprain_window_", "taprain_expected_", "taprain_baseline_"] {
        assert_eq!(again.with(name, &[]), page.with(name, &[]), "{name}");
    }
    scene.pass(HOUR).await;
    assert_eq!(taprain_days(&recorder.heard()), expected, "nor after a restart");
    scene.stop().await;
    assert_eq!(vendors.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_normal_is_shown_as_soon_as_the_past_is_known() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut store = klar_account("k", Detail::Channel, vec![every(Range::Yesterday, 36_000)]);
    store.common.history_days = 60;
    let settings = settings(vec![with_history(36_000)], vec![store]);
    let scene = Scene::start(settings, clock, Arc::new(wire));
    scene.pass(3 * MINUTE).await;
    let page = scene.page().await;
    assert!(page.get("taprain_expected_clicks{account=\"t\",view=\"all\"}") > 0.0);
    assert!(!page.with("klar_attributed_orders", &["range=\"same_weekday_4w\""]).is_empty());
    scene.stop().await;
    assert_eq!(vendors.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_normal_is_shown_at_any_time_of_the_day() {
    let shown = [
        "taprain_baseline_weeks",
        "taprain_baseline_cvr_ratio",
        "taprain_expected_clicks",
        "taprain_expected_leads",
        "taprain_expected_revenue",
        "taprain_expected_revenue_low",
        "taprain_expected_revenue_high",
        "taprain_window_lag_seconds",
        "taprain_window_revenue",
        "taprain_expected_window_revenue",
        "taprain_expected_window_leads_given_clicks",
    ];
    // Midnights in New York are at 05:00 and, in summer, at 04:00.
    for start in [
        "2026-03-18T04:01",
        "2026-03-18T04:31",
        "2026-03-18T05:05",
        "2026-03-18T07:10",
        "2026-03-19T03:59",
        "2026-03-08T05:02",
        "2026-03-08T07:02",
        "2026-03-09T04:02",
        "2026-11-01T04:02",
        "2026-11-01T05:30",
        "2026-11-01T06:30",
        "2026-11-02T05:03",
    ] {
        let clock = clock_at(&format!("{start}:00Z"));
        let vendors = Vendors::new(&world(3), &clock);
        let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
        let settings = settings(vec![with_history(30)], Vec::new());
        let scene = Scene::start(settings, clock, Arc::new(wire));
        scene.pass(Duration::from_secs(45)).await;
        let page = scene.page().await;
        for name in shown {
            let is_there =
                page.with(name, &[]).keys().any(|series| series.split('{').next() == Some(name));
            assert!(is_there, "{name} at {start}");
        }
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_past_has_only_what_the_views_leave_over() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    // Asks for 12 times what is allowed: a twentieth goes to the past all the same.
    let mut account = with_history(5);
    account.common.budget = budget(60, 3600, 0.0);
    let settings = settings(vec![account], Vec::new());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let scene = Scene::start(settings, clock, Arc::clone(&recorder) as Arc<dyn Transport>);
    scene.pass(10 * HOUR).await;
    let heard = recorder.heard();
    let past = taprain_days(&heard).len();
    assert!((25..=34).contains(&past), "{past} of {}", heard.len());
    assert!(heard.len() > 590, "nothing is left lying: {}", heard.len());
    scene.stop().await;
    assert_eq!(vendors.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn days_that_do_not_come_in_hours_are_asked_for_once_and_nothing_is_expected() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    vendors.taprain.switches().change(|setting| setting.custom_in_days = true);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let settings = settings(vec![with_history(300)], Vec::new());
    let scene = Scene::start(settings, clock, Arc::clone(&recorder) as Arc<dyn Transport>);
    scene.pass(6 * HOUR).await;
    assert_eq!(taprain_days(&recorder.heard()).len(), 1);
    let page = scene.page().await;
    assert_eq!(page.get("taprain_baseline_weeks{account=\"t\",view=\"all\"}"), 0.0);
    assert!(page.with("taprain_expected_", &[]).is_empty());
    assert!(page.get("taprain_window_clicks{account=\"t\",view=\"all\",window=\"12h\"}") > 0.0);
    scene.stop().await;
    assert_eq!(vendors.violations(), Vec::<String>::new());
}
