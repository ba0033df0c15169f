//! Midnight: what moves is asked at once, and no day is ever shown as another.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;

use crate::support::recorder::Recorder;
use crate::support::{
    Scene, Scripted, Vendors, answer, clock_at, every, klar_account, settings, taprain_account,
    world,
};

const TODAY: &str =
    "taprain_range_start_timestamp_seconds{account=\"t\",view=\"all\",range=\"today\"}";

fn seconds(instant: &str) -> f64 {
    instant.parse::<jiff::Timestamp>().unwrap().as_second() as f64
}

#[tokio::test(start_paused = true)]
async fn t1_t10_after_midnight_today_is_the_new_day_or_absent_never_the_old_one() {
    // 23:58 in New York, in summer: midnight is at 04:00 UTC.
    let clock = clock_at("2026-03-18T03:58:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let ranges = vec![
        every(Range::Today, 600),
        every(Range::Yesterday, 3600),
        every(Range::ThirtyDays, 3600),
    ];
    let scene = Scene::start(
        settings(vec![taprain_account("t", ranges)], Vec::new()),
        clock,
        Arc::new(wire),
    );
    scene.until("2026-03-18T03:59:59.999Z").await;
    assert_eq!(scene.page().await.get(TODAY), seconds("2026-03-17T04:00:00Z"));
    scene.until("2026-03-18T04:00:00Z").await;
    let page = scene.page().await;
    assert_eq!(page.find(TODAY), None);
    assert!(page.with("taprain_", &["range=\"yesterday\""]).is_empty(), "yesterday moved as well");
    scene.until("2026-03-18T04:00:02Z").await;
    let page = scene.page().await;
    assert_eq!(page.get(TODAY), seconds("2026-03-18T04:00:00Z"));
    let yesterday = TODAY.replace("today", "yesterday");
    assert_eq!(page.get(&yesterday), seconds("2026-03-17T04:00:00Z"));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t10_an_api_that_serves_the_old_day_is_asked_again_and_not_believed() {
    let clock = clock_at("2026-03-18T03:59:00Z");
    let asked = clock.clone();
    // The API turns its day ten minutes late.
    let transport = Scripted(move |_: &_| {
        let now = asked.wall();
        let turned = now >= "2026-03-18T04:10:00Z".parse().unwrap();
        let start = if turned { "2026-03-18T04:00:00.000Z" } else { "2026-03-17T04:00:00.000Z" };
        let body = format!(
            r#"{{"success": true, "meta": {{"period_start": "{start}"}},
                "data": {{"summary": {{"clicks": 5}}}}}}"#
        );
        async move { Ok(answer(200, body)) }.boxed()
    });
    let account = taprain_account("t", vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.until("2026-03-18T03:59:30Z").await;
    assert_eq!(scene.page().await.get(TODAY), seconds("2026-03-17T04:00:00Z"));
    for minute in 0..10 {
        scene.until(&format!("2026-03-18T04:0{minute}:01Z")).await;
        let page = scene.page().await;
        assert_eq!(page.find(TODAY), None, "minute {minute}");
        assert_eq!(page.get("revenue_exporter_view_up{api=\"taprain\",account=\"t\",view=\"all\",range=\"today\"}"), 0.0);
        assert_eq!(page.get("taprain_up{account=\"t\"}"), 1.0);
    }
    scene.until("2026-03-18T04:10:31Z").await;
    let page = scene.page().await;
    assert_eq!(page.get(TODAY), seconds("2026-03-18T04:00:00Z"));
    let stale =
        "revenue_exporter_anomalies_total{api=\"taprain\",account=\"t\",reason=\"stale_period\"}";
    assert!((18.0..=22.0).contains(&page.get(stale)), "{}", page.get(stale));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t6_t10_trailing_days_that_end_yesterday_are_not_believed_after_midnight() {
    let clock = clock_at("2026-03-18T03:58:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    vendors.taprain.switches().change(|setting| setting.lag_minutes = 10);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = taprain_account("t", vec![every(Range::SevenDays, 3600)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
    let start = TODAY.replace("today", "7days");
    scene.until("2026-03-18T03:59:59Z").await;
    assert_eq!(scene.page().await.get(&start), seconds("2026-03-11T04:00:00Z"));
    for minute in 0..10 {
        scene.until(&format!("2026-03-18T04:0{minute}:01Z")).await;
        assert_eq!(scene.page().await.find(&start), None, "minute {minute}");
    }
    scene.until("2026-03-18T04:10:31Z").await;
    assert_eq!(scene.page().await.get(&start), seconds("2026-03-12T04:00:00Z"));
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_range_ends_by_the_clock_that_was_set_right_after_its_figures_came() {
    let clock = clock_at("2026-03-18T02:00:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = taprain_account("t", vec![every(Range::SevenDays, 6 * 3600)]);
    let machine = clock.with_own_wall();
    // Too little to be told from an answer's date.
    machine.step(SignedDuration::from_secs(-2));
    let scene = Scene::start(settings(vec![account], Vec::new()), machine.clone(), Arc::new(wire));
    scene.pass(Duration::from_secs(1800)).await;
    machine.step(SignedDuration::from_secs(2));
    scene.until("2026-03-18T03:59:59.999Z").await;
    let start = TODAY.replace("today", "7days");
    assert_eq!(scene.page().await.get(&start), seconds("2026-03-11T04:00:00Z"));
    scene.until("2026-03-18T04:00:00Z").await;
    assert_eq!(scene.page().await.find(&start), None);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t2_a_period_that_begins_an_hour_off_is_taken_as_given_and_counted() {
    let clock = clock_at("2026-03-18T16:00:00Z");
    let sample = include_bytes!("../fixtures/taprain-today.json");
    let transport = Scripted(move |_: &_| async move { Ok(answer(200, sample.to_vec())) }.boxed());
    let account = taprain_account("t", vec![every(Range::Today, 600)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(1)).await;
    let page = scene.page().await;
    assert_eq!(page.get(TODAY), seconds("2026-03-18T05:00:00Z"));
    assert_eq!(
        page.get("taprain_revenue{account=\"t\",view=\"all\",range=\"today\",currency=\"USD\"}"),
        138.24
    );
    assert_eq!(
        page.get("taprain_cvr_ratio{account=\"t\",view=\"all\",range=\"today\"}"),
        0.126_168
    );
    assert_eq!(
        page.get(
            "taprain_country_leads{account=\"t\",view=\"all\",range=\"today\",country=\"GB\"}"
        ),
        3.0
    );
    let skew =
        "revenue_exporter_anomalies_total{api=\"taprain\",account=\"t\",reason=\"period_skew\"}";
    assert_eq!(page.get(skew), 1.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_before_midnight_counts_for_nothing_after_it() {
    let clock = clock_at("2026-03-18T03:59:50Z");
    let asked = clock.clone();
    // Every answer takes 20 seconds and speaks of the day on which it was asked.
    let transport = Scripted(move |_: &_| {
        let clock = asked.clone();
        let old = clock.wall() < "2026-03-18T04:00:00Z".parse().unwrap();
        let start = if old { "2026-03-17T04:00:00.000Z" } else { "2026-03-18T04:00:00.000Z" };
        let body = format!(
            r#"{{"success": true, "meta": {{"period_start": "{start}"}},
                "data": {{"summary": {{"clicks": 5}}}}}}"#
        );
        async move {
            clock.sleep(Duration::from_secs(20)).await;
            Ok(answer(200, body))
        }
        .boxed()
    });
    let account = taprain_account("t", vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.until("2026-03-18T04:00:11Z").await;
    assert_eq!(scene.page().await.find(TODAY), None);
    scene.until("2026-03-18T04:00:31Z").await;
    assert_eq!(scene.page().await.get(TODAY), seconds("2026-03-18T04:00:00Z"));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn klar_asks_for_the_dates_of_its_own_zone_right_after_midnight() {
    // 23:59 in Berlin.
    let clock = clock_at("2026-03-18T22:59:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let account = klar_account(
        "k",
        Detail::Channel,
        vec![every(Range::Today, 3600), every(Range::Yesterday, 3600)],
    );
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, recorder.clone());
    scene.until("2026-03-18T22:59:59Z").await;
    let page = scene.page().await;
    assert!(!page.with("klar_cost{", &["range=\"today\""]).is_empty());
    scene.until("2026-03-18T23:00:00.001Z").await;
    assert!(scene.page().await.with("klar_cost{", &[]).is_empty(), "both ranges have ended");
    scene.until("2026-03-18T23:01:30Z").await;
    let queries: Vec<_> = recorder.heard().into_iter().map(|heard| heard.query).collect();
    let asked = |dates: &str| queries.iter().any(|query| query.starts_with(dates));
    assert!(asked("startDate=2026-03-19&endDate=2026-03-20"), "{queries:?}");
    assert!(asked("startDate=2026-03-18&endDate=2026-03-19"), "{queries:?}");
    let page = scene.page().await;
    let latest = "klar_latest_data_date_timestamp_seconds{account=\"k\",view=\"default\",\
                  model=\"data_driven\",attribution_window=\"7_day\",date_basis=\"order\",range=\"yesterday\"}";
    assert_eq!(page.get(latest), seconds("2026-03-17T23:00:00Z"));
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t3_days_of_23_and_25_hours_show_their_own_hours() {
    for (start, hours, gone) in [
        // Spring: 02:00 does not exist on 8 March 2026.
        ("2026-03-09T03:59:00Z", 23, Some("02")),
        // Autumn: 01:00 comes twice on 1 November 2026 and adds up.
        ("2026-11-02T04:59:00Z", 24, None),
    ] {
        let clock = clock_at(start);
        let vendors = Vendors::new(&world(3), &clock);
        let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
        let account = taprain_account("t", vec![every(Range::Today, 600)]);
        let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
        scene.pass(Duration::from_secs(1)).await;
        let page = scene.page().await;
        let clicks = page.with("taprain_hour_clicks{", &[]);
        assert_eq!(clicks.len(), hours, "{clicks:?}");
        if let Some(gone) = gone {
            assert!(clicks.keys().all(|key| !key.contains(&format!("hour=\"{gone}\""))));
        }
        let whole = page.get("taprain_clicks{account=\"t\",view=\"all\",range=\"today\"}");
        assert_eq!(clicks.values().sum::<f64>(), whole);
        scene.stop().await;
    }
}
