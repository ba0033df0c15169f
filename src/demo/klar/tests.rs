//! Klar's page, held against the simulator.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::demo::limiter::LimiterKind;
use crate::demo::world::Size;

const FREE: Limit =
    Limit { requests: 1_000, per: Duration::from_secs(1), kind: LimiterKind::FixedWindow };

/// Noon in Berlin.
const NOON: &str = "2026-03-18T11:00:00Z";

fn store(now: &str, limit: Limit) -> Klar {
    let start: Timestamp = now.parse().unwrap();
    let options = Options { limit, ..Options::default() };
    Klar::new(Arc::new(World::new(7, Size::DEFAULT)), Clock::simulated(start, 1), options)
}

fn post(token: &str) -> Request {
    http::Request::post(TOKEN_PATH).header("token", token).body(()).unwrap()
}

fn token(store: &Klar) -> String {
    let answer = store.answer(&post(REFRESH_TOKEN));
    assert_eq!(answer.status(), 201);
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(body["expiresIn"], 300_000);
    body["accessToken"].as_str().unwrap().to_owned()
}

fn get(bearer: &str, query: &str) -> Request {
    let uri = format!("https://api.getklar.com{ATTRIBUTION_PATH}?{query}");
    http::Request::get(uri).header("authorization", format!("Bearer {bearer}")).body(()).unwrap()
}

fn rows(store: &Klar, query: &str) -> Vec<Value> {
    let answer = store.answer(&get(&token(store), query));
    assert_eq!(answer.status(), 200, "{query}");
    serde_json::from_slice(answer.body()).unwrap()
}

fn dates(rows: &[Value]) -> Vec<&str> {
    let mut dates: Vec<_> = rows.iter().map(|row| row["date"].as_str().unwrap()).collect();
    dates.dedup();
    dates
}

fn sum(rows: &[Value], field: &str) -> f64 {
    rows.iter().map(|row| row[field].as_f64().unwrap_or(0.0)).sum()
}

/// The first object of the page's sample.
const SAMPLE: &str = r#"{"channelName":"Google Generic Paid Search","date":"2025-10-02",
    "campaignName":"Sample","campaignId":123,"adGroupName":"Catch all","adGroupId":123,
    "adName":"Sample","adId":123,"orders":2.1329447083,"nc":1.299611375,"rc":0.8333333333,
    "netRevenue":126.8840278483,"grossRevenue":136.5776026566,"cost":2.2488128275,
    "cm1":82.8780053944,"cm2":72.1865404057,"clv_30":44.346015638,"clv_60":44.346015638,
    "clv_90":44.346015638,"acm2":44.346015638,"ncGrossRevenue":82.0942693233,
    "rcGrossRevenue":54.4833333333,"ncNetRevenue":75.9650247472,"rcNetRevenue":50.9190031011}"#;

#[test]
fn it_looks_like_the_sample() {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let rows = rows(&store(NOON, FREE), "startDate=2026-03-10&endDate=2026-03-12");
    assert_eq!(rows.len(), 82);
    for row in &rows {
        let row = row.as_object().unwrap();
        assert!(sample.as_object().unwrap().keys().all(|field| row.contains_key(field)));
        let organic = row["channelName"] == "Organic Social";
        let extra = row.len() - sample.as_object().unwrap().len();
        assert_eq!(extra, if organic { 0 } else { 2 });
        for field in ["campaignId", "campaignName", "adGroupId", "adId", "adName", "cost"] {
            assert_eq!(row[field].is_null(), organic, "{field}");
        }
    }
    assert!(rows.iter().any(|row| row["campaignId"] == "cmp_67890"));
    let order = |row: &Value| (row["date"].to_string(), row["channelName"].to_string());
    assert!(rows.is_sorted_by_key(order));
}

#[test]
fn new_and_returning_customers_add_up() {
    let rows =
        rows(&store(NOON, FREE), "startDate=2026-03-10&endDate=2026-03-19&date_breakdown=touch");
    for row in &rows {
        let of = |field: &str| row[field].as_f64().unwrap();
        for (new, returning, all) in [
            ("nc", "rc", "orders"),
            ("ncNetRevenue", "rcNetRevenue", "netRevenue"),
            ("ncGrossRevenue", "rcGrossRevenue", "grossRevenue"),
        ] {
            assert!((of(new) + of(returning) - of(all)).abs() < 1e-9, "{row}");
        }
    }
    let (net, orders) = (sum(&rows, "netRevenue"), sum(&rows, "orders"));
    assert!((40.0..80.0).contains(&(net / orders)));
    assert!((15_000.0..30_000.0).contains(&net), "{net}");
}

#[test]
fn the_end_is_left_out_and_the_future_is_empty() {
    let store = store(NOON, FREE);
    let of = |query: &str| rows(&store, query);
    let three = of("startDate=2026-03-10&endDate=2026-03-13");
    assert_eq!(dates(&three), ["2026-03-10", "2026-03-11", "2026-03-12"]);
    assert_eq!(dates(&of("startDate=2026-03-17&endDate=2026-03-25")), ["2026-03-17", "2026-03-18"]);
    assert!(of("startDate=2026-03-10&endDate=2026-03-10").is_empty());
    assert!(of("startDate=2026-03-12&endDate=2026-03-10").is_empty());
    assert!(of("startDate=2026-03-19&endDate=2026-03-20").is_empty());
    assert_eq!(store.record().violations(), []);
}

#[test]
fn bad_questions_get_a_400() {
    let store = store(NOON, FREE);
    let bearer = token(&store);
    let status = |query: &str| store.answer(&get(&bearer, query)).status().as_u16();
    let days = "startDate=2026-03-01&endDate=2026-03-02";
    for query in [
        "",
        "startDate=2026-03-01",
        "startDate=2026-03-01&endDate=02.03.2026",
        "startDate=2026-03-01&endDate=2026-02-30",
        &format!("{days}&metric=lastclick"),
        &format!("{days}&window=2_day"),
        &format!("{days}&date_breakdown=click"),
    ] {
        assert_eq!(status(query), 400, "{query}");
    }
    assert_eq!(store.record().violation_count(Reason::BadParameter), 7);
    assert_eq!(status("startDate=2026-01-01&endDate=2026-02-01"), 200);
    assert_eq!(status("startDate=2026-01-01&endDate=2026-02-02"), 400);
    assert_eq!(store.record().violation_count(Reason::SpanTooLong), 1);
    assert_eq!(status(&format!("{days}&model=linear")), 200);
    assert_eq!(store.record().violation_count(Reason::UnknownParameter), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_five_minutes() {
    let store = store(NOON, FREE);
    let bearer = token(&store);
    assert_eq!(bearer.split('.').count(), 3);
    let status =
        || store.answer(&get(&bearer, "startDate=2026-03-01&endDate=2026-03-02")).status().as_u16();
    sleep(&store, 299).await;
    assert_eq!(status(), 200);
    sleep(&store, 1).await;
    assert_eq!(status(), 401);
    assert_eq!(store.record().violation_count(Reason::ExpiredToken), 1);
}

async fn sleep(store: &Klar, seconds: u64) {
    store.gate.clock.sleep(Duration::from_secs(seconds)).await;
}

#[test]
fn credentials_are_told_apart() {
    let store = store(NOON, FREE);
    let days = "startDate=2026-03-01&endDate=2026-03-02";
    assert_eq!(store.answer(&post("wrong")).status(), 401);
    let bare = http::Request::get(ATTRIBUTION_PATH).body(()).unwrap();
    assert_eq!(store.answer(&bare).status(), 401);
    assert_eq!(store.answer(&get("a.b.c", days)).status(), 401);
    assert_eq!(store.record().violation_count(Reason::MissingCredential), 1);
    let bearer = token(&store);
    store.forget_tokens();
    assert_eq!(store.answer(&get(&bearer, days)).status(), 401);
    let bearer = token(&store);
    store.revoke();
    assert_eq!(store.answer(&get(&bearer, days)).status(), 401);
    assert_eq!(store.answer(&post(REFRESH_TOKEN)).status(), 401);
    assert_eq!(store.record().violation_count(Reason::ExpiredToken), 0);
}

#[test]
fn token_requests_count_against_the_limit() {
    let store = store(NOON, Limit::KLAR);
    let bearer = token(&store);
    let days = "startDate=2026-03-01&endDate=2026-03-02";
    assert_eq!(store.answer(&get(&bearer, days)).status(), 200);
    let refused = store.answer(&post(REFRESH_TOKEN));
    assert_eq!((refused.status().as_u16(), &refused.body()[..]), (429, &b"Too Many Requests"[..]));
    assert_eq!(store.record().violation_count(Reason::RateLimit), 1);
    assert_eq!((store.record().total().total, store.record().total().admitted), (3, 2));
}

#[test]
fn models_windows_and_bases_differ() {
    let store = store(NOON, FREE);
    let of = |extra: &str| {
        let query = format!("startDate=2026-03-01&endDate=2026-03-08&{extra}");
        sum(&rows(&store, &query), "orders")
    };
    let linear = of("metric=linear&window=unlimited");
    assert!(of("metric=any_click&window=unlimited") > 1.4 * linear);
    assert!(of("metric=linear&window=1_day") < of("metric=linear&window=7_day"));
    assert!((of("metric=linear&date_breakdown=touch") - linear).abs() > 1e-6);
}

#[tokio::test(start_paused = true)]
async fn today_grows_and_purely() {
    let early = store(NOON, FREE);
    let query = "startDate=2026-03-18&endDate=2026-03-19";
    let before = sum(&rows(&early, query), "orders");
    sleep(&early, 4 * 3600).await;
    let after = rows(&early, query);
    assert!(sum(&after, "orders") > before);
    let fresh = store("2026-03-18T15:00:00Z", FREE);
    assert_eq!(after, rows(&fresh, query));
    assert!(rows(&store("2026-03-17T23:00:00Z", FREE), query).is_empty(), "midnight in Berlin");
}

#[test]
fn faults_paths_and_methods() {
    let store = store(NOON, FREE);
    let elsewhere = http::Request::get("/public/other").body(()).unwrap();
    assert_eq!(store.answer(&elsewhere).status(), 404);
    let wrong = store.answer(&http::Request::get(TOKEN_PATH).body(()).unwrap());
    assert_eq!((wrong.status().as_u16(), wrong.headers()["allow"].as_bytes()), (405, &b"POST"[..]));
    assert_eq!(store.record().violation_count(Reason::WrongEndpoint), 2);
    for (fault, code) in [(Fault::ServerError, 500), (Fault::BadGateway, 502), (Fault::Html, 200)] {
        store.switches().change(|setting| setting.fault = Some(fault));
        assert_eq!(store.answer(&post(REFRESH_TOKEN)).status(), code);
    }
    store.switches().change(|setting| (setting.fault, setting.suspended) = (None, true));
    assert_eq!(store.answer(&post(REFRESH_TOKEN)).status(), 403);
}

#[test]
fn k16_a_store_that_is_trained_again_restates_the_past_and_no_cost() {
    let of = |world: World, field: &str| {
        let clock = Clock::simulated(NOON.parse().unwrap(), 1);
        let options = Options { limit: FREE, ..Options::default() };
        let store = Klar::new(Arc::new(world), clock, options);
        sum(&rows(&store, "startDate=2026-02-20&endDate=2026-03-19"), field)
    };
    let plain = |field| of(World::new(7, Size::DEFAULT), field);
    let revised = |field| of(World::revised(7, Size::DEFAULT), field);
    assert!((plain("orders") - revised("orders")).abs() > 1.0);
    assert!((plain("cost") - revised("cost")).abs() < 1e-6);
}

#[test]
fn a_new_day_has_no_rows_while_the_figures_lag() {
    // Half past midnight in Berlin.
    let store = store("2026-03-17T23:30:00Z", FREE);
    let query = "startDate=2026-03-17&endDate=2026-03-19";
    assert_eq!(dates(&rows(&store, query)), ["2026-03-17", "2026-03-18"]);
    store.switches().change(|setting| setting.lag_minutes = 45);
    assert_eq!(dates(&rows(&store, query)), ["2026-03-17"]);
}
