//! What each kind of failure does to the account, the view, the figures and the pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use revenue_exporter::demo::Answer;
use revenue_exporter::demo::switches::{Fault, QuotaHeaders, RetryAfter};
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::CredentialSource;
use revenue_exporter::upstream::transport::{Request, Response, Transport, TransportError};

use crate::support::page::Page;
use crate::support::{
    NOON, Scene, Scripted, Vendors, answer, budget, clock_at, every, klar_account, settings,
    taprain_account, world,
};

const REVENUE: &str =
    "taprain_revenue{account=\"t\",view=\"all\",range=\"today\",currency=\"USD\"}";

struct Shop {
    scene: Scene,
    vendors: Vendors,
    wire: Wire,
}

/// Both accounts, TapRain's `today` every 30 s and Klar's every minute.
async fn shop() -> Shop {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let options = wire::Options { latency: 20..=80, ..wire::Options::default() };
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), options);
    let taprain = taprain_account("t", vec![every(Range::Today, 30)]);
    let klar = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let settings = settings(vec![taprain], vec![klar]);
    let scene = Scene::start(settings, clock, Arc::new(wire.clone()));
    scene.pass(Duration::from_secs(45)).await;
    Shop { scene, vendors, wire }
}

fn requests(page: &Page, api: &str, outcome: &str) -> f64 {
    let outcome = format!("outcome=\"{outcome}\"");
    let api = format!("api=\"{api}\"");
    page.with("revenue_exporter_upstream_requests_total{", &[&api, &outcome]).values().sum()
}

fn state(page: &Page, api: &str) -> String {
    let states = page.with("revenue_exporter_account_state{", &[&format!("api=\"{api}\"")]);
    let mut on = states.iter().filter(|(_, value)| **value == 1.0);
    let (series, _) = on.next().expect("one state holds");
    assert!(on.next().is_none(), "two states hold: {states:?}");
    series.split("state=\"").nth(1).unwrap().trim_end_matches("\"}").to_owned()
}

#[tokio::test(start_paused = true)]
async fn t15_pages_and_refusals_update_no_gauge_and_are_named() {
    for (fault, outcome, wanted) in [
        (Fault::ServerError, "server_error", "unreachable"),
        (Fault::BadGateway, "server_error", "unreachable"),
        (Fault::Html, "not_json", "invalid"),
        (Fault::ApiError, "api_error", "invalid"),
    ] {
        let Shop { scene, vendors, .. } = shop().await;
        let before = scene.page().await;
        vendors.taprain.switches().change(|setting| setting.fault = Some(fault));
        vendors.klar.switches().change(|setting| setting.fault = Some(fault));
        scene.pass(Duration::from_secs(120)).await;
        let page = scene.page().await;
        for api in ["taprain", "klar"] {
            assert!(requests(&page, api, outcome) >= 1.0, "{fault:?} {api}");
            assert_eq!(state(&page, api), wanted, "{fault:?} {api}");
        }
        assert_eq!(page.get(REVENUE), before.get(REVENUE), "{fault:?}: the last good value stays");
        assert_eq!(page.get("taprain_up{account=\"t\"}"), 0.0);
        assert_eq!(page.get("klar_up{account=\"k\"}"), 0.0);
        vendors.taprain.switches().change(|setting| setting.fault = None);
        vendors.klar.switches().change(|setting| setting.fault = None);
        scene.pass(Duration::from_secs(120)).await;
        let page = scene.page().await;
        assert_eq!((state(&page, "taprain"), state(&page, "klar")), ("ok".into(), "ok".into()));
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_stale_is_dropped_after_fifteen_minutes_but_its_ages_stay() {
    let Shop { scene, wire, .. } = shop().await;
    let last = "revenue_exporter_last_success_timestamp_seconds{api=\"taprain\",account=\"t\",view=\"all\",range=\"today\"}";
    wire.cut(true);
    scene.pass(Duration::from_secs(14 * 60)).await;
    let page = scene.page().await;
    assert!(page.find(REVENUE).is_some());
    scene.pass(Duration::from_secs(61)).await;
    let dropped = scene.page().await;
    assert_eq!(dropped.find(REVENUE), None);
    assert!(dropped.with("klar_cost{", &[]).is_empty());
    assert_eq!(dropped.get(last), page.get(last));
    assert_eq!(state(&dropped, "taprain"), "unreachable");
    assert!(requests(&dropped, "taprain", "connect") > 10.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t17_a_suspended_account_is_its_own_state_and_is_asked_every_15_minutes() {
    let Shop { scene, vendors, .. } = shop().await;
    vendors.taprain.switches().change(|setting| setting.suspended = true);
    scene.pass(Duration::from_secs(3600)).await;
    let page = scene.page().await;
    assert_eq!(state(&page, "taprain"), "forbidden");
    assert_eq!(requests(&page, "taprain", "forbidden"), 4.0);
    assert_eq!(state(&page, "klar"), "ok");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t16_a_refused_key_silences_its_account_only_and_backs_off() {
    let Shop { scene, vendors, .. } = shop().await;
    vendors.taprain.revoke();
    scene.pass(Duration::from_secs(3600)).await;
    let page = scene.page().await;
    assert_eq!(state(&page, "taprain"), "unauthorized");
    let refused = requests(&page, "taprain", "unauthorized");
    assert!((6.0..=9.0).contains(&refused), "1, 2, 4, 8, then every 15 minutes: {refused}");
    assert_eq!(state(&page, "klar"), "ok");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t16_a_regenerated_key_is_taken_up_before_it_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, secret: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        CredentialSource::File(path)
    };
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let mut taprain = taprain_account("t", vec![every(Range::Today, 30)]);
    taprain.common.credential.source = file("taprain", revenue_exporter::demo::taprain::KEY);
    let mut klar = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    klar.common.credential.source = file("klar", revenue_exporter::demo::klar::REFRESH_TOKEN);
    let scene = Scene::start(settings(vec![taprain], vec![klar]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(45)).await;
    for key in ["second", "third"] {
        vendors.taprain.set_key(key);
        vendors.klar.revoke();
        vendors.klar.set_key(key);
        file("taprain", key);
        file("klar", key);
        scene.pass(Duration::from_secs(180)).await;
        let page = scene.page().await;
        assert_eq!((state(&page, "taprain"), state(&page, "klar")), ("ok".into(), "ok".into()));
    }
    let page = scene.page().await;
    assert_eq!(requests(&page, "taprain", "unauthorized"), 0.0, "its file was looked at before");
    // Klar's access token died as well: the report's refusal, once for each new key.
    assert_eq!(requests(&page, "klar", "unauthorized"), 2.0);
    scene.stop().await;
}

/// Answers 429 to everything after the first `good` requests, with these headers.
fn limited(
    good: u64,
    header: Option<(&'static str, &'static str)>,
) -> (Arc<AtomicU64>, Arc<dyn Transport>) {
    refusing(429, good, header)
}

/// Answers `status` to everything after the first `good` requests, with these headers.
fn refusing(
    status: u16,
    good: u64,
    header: Option<(&'static str, &'static str)>,
) -> (Arc<AtomicU64>, Arc<dyn Transport>) {
    let count = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&count);
    let reply = move |_: &Request| -> BoxFuture<'static, Result<Response, TransportError>> {
        let number = seen.fetch_add(1, Ordering::Relaxed);
        let body = r#"{"success": true, "data": {"summary": {"clicks": 1}}}"#;
        let mut reply = if number < good { answer(200, body) } else { answer(status, "slow down") };
        if let Some((name, value)) = header.filter(|_| number >= good) {
            reply.headers_mut().insert(name, value.parse().unwrap());
        }
        async move { Ok(reply) }.boxed()
    };
    (count, Arc::new(Scripted(reply)))
}

#[tokio::test(start_paused = true)]
async fn t5_a_429_without_advice_waits_a_minute_doubling_to_a_quarter_of_an_hour() {
    let (count, transport) = limited(1, None);
    let account = taprain_account("t", vec![every(Range::Today, 1)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock_at(NOON), transport);
    let mut at = Vec::new();
    for _ in 0..3600 {
        scene.pass(Duration::from_secs(1)).await;
        let number = count.load(Ordering::Relaxed);
        if at.len() < number as usize {
            at.push(scene.clock.tick().since_start().as_secs());
        }
    }
    let waits: Vec<u64> = at.windows(2).skip(1).map(|pair| pair[1] - pair[0]).collect();
    for (wait, least) in waits.iter().zip([60, 120, 240, 480, 900, 900]) {
        assert!((least..=least * 111 / 100 + 1).contains(wait), "{waits:?}");
    }
    assert_eq!(state(&scene.page().await, "taprain"), "rate_limited");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t5_retry_after_is_obeyed_in_both_forms() {
    // The second request goes out half a minute after the first and is refused.
    for header in [("retry-after", "300"), ("retry-after", "Wed, 18 Mar 2026 16:05:35 GMT")] {
        let (count, transport) = limited(1, Some(header));
        let account = taprain_account("t", vec![every(Range::Today, 30)]);
        let scene = Scene::start(settings(vec![account], Vec::new()), clock_at(NOON), transport);
        scene.pass(Duration::from_secs(329)).await;
        assert_eq!(count.load(Ordering::Relaxed), 2, "{header:?}");
        scene.pass(Duration::from_secs(2)).await;
        assert_eq!(count.load(Ordering::Relaxed), 3, "{header:?}");
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_that_was_asked_for_before_a_refusal_does_not_lift_it() {
    let clock = clock_at(NOON);
    let slow = clock.clone();
    let is_asked = Arc::new(AtomicU64::new(0));
    let transport = Scripted(move |request: &Request| {
        let body = r#"{"success": true, "data": {"summary": {"clicks": 1}}}"#;
        let is_slow = request.uri().query().unwrap_or("").contains("30days");
        let number = is_asked.fetch_add(u64::from(is_slow), Ordering::Relaxed);
        let clock = slow.clone();
        async move {
            if is_slow {
                clock.sleep(Duration::from_secs(20)).await;
            }
            Ok(answer(if is_slow || number == 0 { 200 } else { 403 }, body))
        }
        .boxed()
    });
    let ranges = vec![every(Range::Today, 10), every(Range::ThirtyDays, 600)];
    let account = taprain_account("t", ranges);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(120)).await;
    let page = scene.page().await;
    assert_eq!(requests(&page, "taprain", "forbidden"), 1.0);
    assert_eq!(state(&page, "taprain"), "forbidden");
    assert_eq!(page.get("taprain_up{account=\"t\"}"), 0.0);
    let slow =
        "revenue_exporter_view_up{api=\"taprain\",account=\"t\",view=\"all\",range=\"30days\"}";
    assert_eq!(page.get(slow), 1.0, "its figures are taken all the same");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k7_klar_waits_30_seconds_after_a_429_it_says_nothing_about() {
    let (count, transport) = limited(0, None);
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 1)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(29)).await;
    assert_eq!(count.load(Ordering::Relaxed), 1);
    scene.pass(Duration::from_secs(8)).await;
    assert_eq!(count.load(Ordering::Relaxed), 2);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t20_another_user_of_the_key_is_made_room_for() {
    for headers in [None, Some(QuotaHeaders::RateLimit), Some(QuotaHeaders::XRateLimit)] {
        let clock = clock_at(NOON);
        let vendors = Vendors::new(&world(3), &clock);
        vendors.taprain.switches().change(|setting| {
            setting.requests_remaining = headers.is_none();
            setting.quota_headers = headers;
        });
        let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
        // We want all we may have; a neighbour on the same key takes 200 of the 600.
        let account =
            taprain_account("t", vec![every(Range::Today, 1), every(Range::Yesterday, 1)]);
        let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
        let neighbour = http::Request::get("http://t/api/v1/stats?range=today")
            .header("x-api-key", revenue_exporter::demo::taprain::KEY)
            .body(())
            .unwrap();
        for _ in 0..200 {
            scene.pass(Duration::from_secs(36)).await;
            assert_eq!(vendors.taprain.answer(&neighbour).status(), 200, "the neighbour starves");
        }
        assert_eq!(vendors.violations(), [""; 0], "{headers:?}");
        let page = scene.page().await;
        let remaining = "revenue_exporter_budget_remaining_requests{api=\"taprain\",account=\"t\",origin=\"upstream\"}";
        assert!(page.find(remaining).is_some());
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_from_the_simulators_themselves_ends_the_storm() {
    for form in [RetryAfter::Seconds, RetryAfter::HttpDate] {
        let clock = clock_at(NOON);
        let vendors = Vendors::new(&world(3), &clock);
        vendors.taprain.switches().change(|setting| {
            setting.requests_remaining = false;
            setting.retry_after = Some(form);
        });
        let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
        // A budget that is configured too high meets the real limit.
        let mut account = taprain_account("t", vec![every(Range::Today, 1)]);
        account.common.budget = budget(2000, 3600, 0.0);
        let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(wire));
        scene.pass(Duration::from_secs(2 * 3600)).await;
        let page = scene.page().await;
        let refused = requests(&page, "taprain", "rate_limited");
        assert!((1.0..60.0).contains(&refused), "{form:?}: {refused}");
        assert!(requests(&page, "taprain", "ok") > 1190.0);
        scene.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn k14_a_view_the_api_calls_wrong_leaves_the_others_alone() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let transport = Scripted(move |request: &Request| {
        let query = request.uri().query().unwrap_or("");
        if query.contains("metric=marketing_mix") {
            return async { Ok(answer(400, "{\"message\": \"not in your plan\"}")) }.boxed();
        }
        let copy = http::Request::from_parts(request.clone().into_parts().0, ());
        wire.send(copy)
    });
    let mut account = klar_account("k", Detail::Channel, vec![every(Range::SevenDays, 120)]);
    let mut view = account.views[0].clone();
    view.name = "mix".into();
    view.model = revenue_exporter::model::klar::Model::MarketingMix;
    account.views.push(view);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(3600)).await;
    let page = scene.page().await;
    let up = |view: &str| {
        page.get(&format!(
            "revenue_exporter_view_up{{api=\"klar\",account=\"k\",view=\"{view}\",range=\"7days\"}}"
        ))
    };
    assert_eq!((up("default"), up("mix")), (1.0, 0.0));
    assert_eq!(state(&page, "klar"), "ok");
    assert!(!page.with("klar_cost{", &["view=\"default\""]).is_empty());
    let refused = requests(&page, "klar", "bad_request");
    assert!((4.0..=9.0).contains(&refused), "halved once, then ever more rarely: {refused}");
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k20_an_empty_report_keeps_the_last_good_values_until_they_are_stale() {
    let clock = clock_at(NOON);
    let empty = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&empty);
    let transport = Scripted(move |request: &Request| {
        let token = request.uri().path().ends_with("/token");
        let number = if token { 0 } else { asked.fetch_add(1, Ordering::Relaxed) };
        let body = match (token, number) {
            (true, _) => r#"{"accessToken": "a.b.c", "expiresIn": 300000}"#,
            (_, 0) => r#"[{"date": "2026-03-18", "channelName": "a", "cost": 5}]"#,
            _ => "[]",
        };
        async move { Ok(answer(200, body)) }.boxed()
    });
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 120)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(600)).await;
    let page = scene.page().await;
    assert!(requests(&page, "klar", "empty") >= 3.0);
    assert_eq!(page.with("klar_cost{", &[]).values().copied().collect::<Vec<_>>(), [5.0]);
    assert_eq!((page.get("klar_up{account=\"k\"}"), state(&page, "klar")), (1.0, "ok".to_owned()));
    scene.pass(Duration::from_secs(400)).await;
    assert!(scene.page().await.with("klar_cost{", &[]).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t19_a_frozen_answer_shows_its_own_age() {
    let clock = clock_at(NOON);
    let body = r#"{"success": true, "meta": {"generated_at": "2026-03-18T15:00:00.500Z"},
        "data": {"summary": {"clicks": 1}}}"#;
    let transport = Scripted(move |_: &Request| async move { Ok(answer(200, body)) }.boxed());
    let account = taprain_account("t", vec![every(Range::Today, 30)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(3600)).await;
    let page = scene.page().await;
    let generated =
        "taprain_generated_timestamp_seconds{account=\"t\",view=\"all\",range=\"today\"}";
    let frozen: jiff::Timestamp = "2026-03-18T15:00:00.500Z".parse().unwrap();
    assert_eq!(page.get(generated), frozen.as_millisecond() as f64 / 1000.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t9_a_row_that_vanishes_is_gone_and_a_value_that_falls_is_lower() {
    let clock = clock_at(NOON);
    let asked = AtomicU64::new(0);
    let transport = Scripted(move |_: &Request| {
        let body = if asked.fetch_add(1, Ordering::Relaxed) == 0 {
            r#"{"success": true, "data": {"summary": {"revenue": 9.5}, "by_offer":
                [{"offer": "a", "revenue": 9}, {"offer": "b", "revenue": 0.5}]}}"#
        } else {
            r#"{"success": true, "data": {"summary": {"revenue": -2}, "by_offer":
                [{"offer": "b", "revenue": -2}]}}"#
        };
        async move { Ok(answer(200, body)) }.boxed()
    });
    let account = taprain_account("t", vec![every(Range::Today, 30)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, Arc::new(transport));
    scene.pass(Duration::from_secs(1)).await;
    assert_eq!(scene.page().await.with("taprain_offer_revenue{", &[]).len(), 2);
    scene.pass(Duration::from_secs(60)).await;
    let page = scene.page().await;
    assert_eq!(page.get(REVENUE), -2.0);
    let offers = page.with("taprain_offer_revenue{", &[]);
    assert_eq!(offers.values().copied().collect::<Vec<_>>(), [-2.0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_503_that_asks_for_quiet_is_obeyed_by_the_whole_account() {
    let (count, transport) = refusing(503, 2, Some(("retry-after", "600")));
    let account = taprain_account("t", vec![every(Range::Today, 30), every(Range::Yesterday, 60)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(599)).await;
    assert_eq!(count.load(Ordering::Relaxed), 3, "two good ones and the one that was told");
    assert_eq!(state(&scene.page().await, "taprain"), "unreachable");
    scene.pass(Duration::from_secs(60)).await;
    assert_eq!(count.load(Ordering::Relaxed), 4);
    scene.stop().await;
}
