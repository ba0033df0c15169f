//! TapRain's page, held against the simulator.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::demo::limiter::LimiterKind;
use crate::demo::switches::{QuotaHeaders, RetryAfter};
use crate::demo::world::Size;

fn taprain_at(now: &str, size: Size, limit: Limit) -> TapRain {
    let start: Timestamp = now.parse().unwrap();
    let options = Options { limit, ..Options::default() };
    TapRain::new(Arc::new(World::new(7, size)), Clock::simulated(start, 1), options)
}

fn at(now: &str) -> TapRain {
    taprain_at(now, Size::DEFAULT, Limit::TAPRAIN)
}

fn request(query: &str) -> Request {
    let uri = format!("https://taprain.com{PATH}?{query}");
    http::Request::get(uri).header("x-api-key", KEY).body(()).unwrap()
}

fn status(simulator: &TapRain, query: &str) -> u16 {
    simulator.answer(&request(query)).status().as_u16()
}

fn ask(simulator: &TapRain, query: &str) -> Value {
    let answer = simulator.answer(&request(query));
    assert_eq!(answer.status(), StatusCode::OK, "{query}: {:?}", answer.body());
    serde_json::from_slice(answer.body()).unwrap()
}

/// Clicks, leads and cents of one object.
fn figures(object: &Value) -> [u64; 3] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's cents")]
    let cents = (object["revenue"].as_f64().unwrap() * 100.0).round() as u64;
    [object["clicks"].as_u64().unwrap(), object["leads"].as_u64().unwrap(), cents]
}

fn sum(rows: &Value) -> [u64; 3] {
    rows.as_array()
        .unwrap()
        .iter()
        .map(figures)
        .fold([0; 3], |sum, row| [sum[0] + row[0], sum[1] + row[1], sum[2] + row[2]])
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn labels(answer: &Value) -> Vec<&str> {
    let rows = answer["data"]["time_series"].as_array().unwrap();
    rows.iter().map(|row| row["period"].as_str().unwrap()).collect()
}

/// The page's sample, cut to the first object of each list.
const SAMPLE: &str = r#"{"success":true,"meta":{"range":"today","timezone":"America/New_York",
    "granularity":"hour","period_start":"2026-03-18T05:00:00.000Z",
    "period_end":"2026-03-18T17:43:12.000Z","generated_at":"2026-03-18T17:43:12.418Z",
    "filters":{"country":null,"offer":null,"source":null}},"data":{
    "summary":{"clicks":214,"leads":27,"revenue":138.24,"cvr":12.6168,"epc":0.645981},
    "time_series":[{"period":"2026-03-18 00:00","granularity":"hour","clicks":18,"leads":2,
      "revenue":10.40,"cvr":11.1111,"epc":0.577778}],
    "by_country":[{"country":"US","clicks":180,"leads":24,"revenue":125.40,"cvr":13.3333,"epc":0.696667}],
    "by_source":[{"source":"Direct","clicks":73,"leads":8,"revenue":39.44,"cvr":10.9589,"epc":0.540274}],
    "by_offer":[{"offer":"KashKick","clicks":94,"leads":11,"revenue":50.24,"cvr":11.7021,"epc":0.534468}]}}"#;

#[test]
fn it_looks_like_the_sample() {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let simulator = at("2026-03-18T17:43:12Z");
    simulator.switches().change(|setting| setting.requests_remaining = false);
    let answer = ask(&simulator, "");
    for pointer in ["", "/meta", "/meta/filters", "/data", "/data/summary"] {
        let of = |value: &Value| keys(value.pointer(pointer).unwrap()).join(" ");
        assert_eq!(of(&answer), of(&sample), "{pointer}");
    }
    for list in ["time_series", "by_country", "by_source", "by_offer"] {
        assert_eq!(keys(&answer["data"][list][0]), keys(&sample["data"][list][0]), "{list}");
    }
    assert_eq!(labels(&answer).len(), 14);
    assert_eq!(labels(&answer)[0], "2026-03-18 00:00");
    let meta = &answer["meta"];
    assert_eq!(meta["period_start"], "2026-03-18T04:00:00.000Z");
    assert_eq!(meta["period_end"], "2026-03-18T17:43:00.000Z");
    assert_eq!(meta["generated_at"], "2026-03-18T17:43:00.000Z");
}

#[test]
fn every_list_adds_up_to_the_summary() {
    let size = Size { sources: 80, ..Size::DEFAULT };
    for now in ["2026-03-18T04:00:00Z", "2026-03-18T04:07:00Z", "2026-03-08T20:31:00Z"] {
        let simulator = taprain_at(now, size, Limit::TAPRAIN);
        for zone in ["America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"] {
            for range in ["hour", "today", "yesterday", "7days", "30days"] {
                let answer = ask(&simulator, &format!("range={range}&timezone={zone}"));
                let data = &answer["data"];
                for list in ["time_series", "by_country", "by_source", "by_offer"] {
                    let at = format!("{now} {zone} {range} {list}");
                    assert_eq!(sum(&data[list]), figures(&data["summary"]), "{at}");
                }
            }
        }
    }
}

#[test]
fn rows_stand_in_order_of_revenue() {
    let answer = ask(&at("2026-03-18T23:43:00Z"), "range=yesterday");
    for list in ["by_country", "by_source", "by_offer"] {
        let rows = answer["data"][list].as_array().unwrap();
        assert!(rows.windows(2).all(|pair| figures(&pair[0])[2] >= figures(&pair[1])[2]), "{list}");
    }
    assert_eq!(answer["data"]["by_country"].as_array().unwrap().len(), 6);
    assert_eq!(answer["data"]["by_offer"].as_array().unwrap().len(), 8);
}

#[test]
fn filters_are_exact_and_share_the_business() {
    let simulator = at("2026-03-18T23:43:00Z");
    let all = ask(&simulator, "range=yesterday");
    let two = ask(&simulator, "range=yesterday&country=US%2CGB");
    let names: Vec<_> =
        two["data"]["by_country"].as_array().unwrap().iter().map(|row| &row["country"]).collect();
    assert_eq!(names, ["US", "GB"]);
    for row in two["data"]["by_country"].as_array().unwrap() {
        assert!(all["data"]["by_country"].as_array().unwrap().contains(row));
    }
    assert_eq!(two["meta"]["filters"]["country"], serde_json::json!(["US", "GB"]));
    let none = ask(&simulator, "range=yesterday&country=us");
    assert_eq!(figures(&none["data"]["summary"]), [0; 3]);
    assert_eq!(none["data"]["by_offer"], serde_json::json!([]));
}

#[test]
fn long_and_short_days_have_their_hours() {
    let long = at("2026-11-02T12:00:00Z");
    let answer = ask(&long, "range=yesterday");
    let hours = labels(&answer);
    assert_eq!(hours.len(), 25);
    assert_eq!(hours[1..3], ["2026-11-01 01:00", "2026-11-01 01:00"]);
    let short = ask(&long, "range=custom&start=2026-03-08&end=2026-03-08");
    assert_eq!(labels(&short).len(), 23);
    assert!(!labels(&short).contains(&"2026-03-08 02:00"));
    let half = ask(&long, "range=yesterday&timezone=Australia/Lord_Howe");
    assert_eq!(labels(&half).len(), 24);
}

#[test]
fn a_custom_range_has_both_its_ends() {
    let simulator = at("2026-03-18T12:00:00Z");
    let answer = ask(&simulator, "range=custom&start=2026-03-16&end=2026-03-17");
    assert_eq!(labels(&answer), ["2026-03-16", "2026-03-17"]);
    assert_eq!(answer["meta"]["period_end"], "2026-03-18T04:00:00.000Z");
    let days = ask(&simulator, "range=7days");
    assert_eq!(labels(&days).len(), 7);
    assert_eq!(labels(&days)[6], "2026-03-18");
    let coming = ask(&simulator, "range=custom&start=2026-03-18&end=2026-03-30");
    assert_eq!(labels(&coming), ["2026-03-18"]);
    let far = ask(&simulator, "range=custom&start=2027-03-18&end=2027-03-19");
    assert_eq!(figures(&far["data"]["summary"]), [0; 3]);
}

#[test]
fn t6_a_switch_makes_a_custom_range_of_one_day_come_in_days() {
    let simulator = at("2026-03-18T12:00:00Z");
    let one = "range=custom&start=2026-03-17&end=2026-03-17";
    let hours = ask(&simulator, one);
    simulator.switches().change(|setting| setting.custom_in_days = true);
    let day = ask(&simulator, one);
    assert_eq!((labels(&hours).len(), labels(&day)), (24, vec!["2026-03-17"]));
    assert_eq!(day["meta"]["granularity"], "day");
    assert_eq!(day["data"]["time_series"][0]["granularity"], "day");
    assert_eq!(day["data"]["summary"], hours["data"]["summary"]);
    assert_eq!(day["data"]["by_offer"], hours["data"]["by_offer"]);
    assert_eq!(ask(&simulator, "range=yesterday")["meta"]["granularity"], "hour");
}

#[test]
fn t2_a_switch_makes_days_begin_at_standard_time_all_year() {
    let simulator = at("2026-03-18T04:30:00Z");
    assert_eq!(ask(&simulator, "range=today")["meta"]["period_start"], "2026-03-18T04:00:00.000Z");
    simulator.switches().change(|setting| setting.standard_time = true);
    let late = ask(&simulator, "range=today");
    assert_eq!(late["meta"]["period_start"], "2026-03-17T05:00:00.000Z");
    assert_eq!(labels(&late)[23], "2026-03-17 23:00");
    let winter = ask(&simulator, "range=custom&start=2026-02-01&end=2026-02-01");
    assert_eq!(winter["meta"]["period_start"], "2026-02-01T05:00:00.000Z");
}

#[test]
fn bad_questions_get_a_400() {
    let simulator = at("2026-03-18T12:00:00Z");
    for query in [
        "range=week",
        "timezone=Mars/Olympus",
        "range=custom",
        "range=custom&start=2026-03-01",
        "range=custom&start=2026-3-1&end=2026-03-02",
        "range=custom&start=2026-02-30&end=2026-03-02",
        "range=custom&start=2026-03-02&end=2026-03-01",
        "range=%zz",
    ] {
        let answer = simulator.answer(&request(query));
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            (answer.status().as_u16(), &body["success"]),
            (400, &Value::Bool(false)),
            "{query}"
        );
        assert!(body["error"].is_string());
    }
    assert_eq!(simulator.record().violation_count(Reason::BadParameter), 8);
    assert_eq!(status(&simulator, "range=custom&start=2025-03-01&end=2026-02-28"), 200);
    assert_eq!(status(&simulator, "range=custom&start=2025-03-01&end=2026-03-01"), 400);
    assert_eq!(simulator.record().violation_count(Reason::SpanTooLong), 1);
    assert_eq!(status(&simulator, "colour=red"), 200);
    assert_eq!(simulator.record().violation_count(Reason::UnknownParameter), 1);
}

#[test]
fn credentials_are_told_apart() {
    let simulator = at("2026-03-18T12:00:00Z");
    let bare = |query: &str| http::Request::get(format!("{PATH}?{query}")).body(()).unwrap();
    assert_eq!(simulator.answer(&bare("")).status(), 401);
    assert_eq!(simulator.answer(&bare(&format!("api_key={KEY}"))).status(), 200);
    assert_eq!(simulator.answer(&bare(&format!("api_key={KEY}"))).status(), 200);
    let record = simulator.record();
    assert_eq!(record.violation_count(Reason::MissingCredential), 1);
    assert_eq!(record.violation_count(Reason::KeyInQuery), 2);
    assert!(record.violations().iter().all(|violation| !violation.to_string().contains(KEY)));
    simulator.revoke();
    assert_eq!(status(&simulator, ""), 401);
    simulator.set_key(KEY);
    assert_eq!(status(&simulator, ""), 200);
    simulator.switches().change(|setting| setting.suspended = true);
    assert_eq!(status(&simulator, ""), 403);
}

#[test]
fn faults_paths_and_methods() {
    let simulator = at("2026-03-18T12:00:00Z");
    for (fault, code) in [
        (Fault::ServerError, 500),
        (Fault::BadGateway, 502),
        (Fault::Html, 200),
        (Fault::ApiError, 200),
    ] {
        simulator.switches().change(|setting| setting.fault = Some(fault));
        let answer = simulator.answer(&request(""));
        assert_eq!(answer.status(), code);
        assert!(!String::from_utf8_lossy(answer.body()).contains("true"));
    }
    let elsewhere = http::Request::get("/api/v2/stats").body(()).unwrap();
    assert_eq!(simulator.answer(&elsewhere).status(), 404);
    let posted = simulator.answer(&http::Request::post(PATH).body(()).unwrap());
    assert_eq!(
        (posted.status().as_u16(), &posted.headers()["allow"]),
        (405, &"GET".parse().unwrap())
    );
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_refused_with_whatever_advice_is_switched_on() {
    for kind in LimiterKind::ALL {
        let limit = Limit { requests: 2, per: Duration::from_secs(60), kind };
        let simulator = taprain_at("2026-03-18T12:00:00Z", Size::DEFAULT, limit);
        assert_eq!(ask(&simulator, "")["meta"]["requests_remaining"], 1);
        assert_eq!(ask(&simulator, "")["meta"]["requests_remaining"], 0);
        let refused = simulator.answer(&request(""));
        assert_eq!(refused.status(), 429);
        assert!(!refused.headers().contains_key("retry-after"));
        simulator.switches().change(|setting| {
            setting.retry_after = Some(RetryAfter::Seconds);
            setting.quota_headers = Some(QuotaHeaders::XRateLimit);
        });
        let headers = simulator.answer(&request("")).headers().clone();
        let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert_eq!(
            (headers["x-ratelimit-limit"].as_bytes(), &headers["x-ratelimit-remaining"]),
            (&b"2"[..], &"0".parse().unwrap())
        );
        simulator.switches().change(|setting| setting.retry_after = Some(RetryAfter::HttpDate));
        let date = simulator.answer(&request("")).headers()["retry-after"].clone();
        assert!(httpdate::parse_http_date(date.to_str().unwrap()).is_ok());
        assert_eq!(simulator.record().violation_count(Reason::RateLimit), 3);
        assert_eq!(simulator.record().served(STATS).admitted, 2);
        simulator.gate.clock.sleep(Duration::from_secs(wait)).await;
        assert_eq!(status(&simulator, ""), 200, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_figures_are_those_of_the_minute() {
    let simulator = at("2026-03-18T17:00:00Z");
    let first = ask(&simulator, "")["data"].clone();
    simulator.gate.clock.sleep(Duration::from_secs(59)).await;
    assert_eq!(ask(&simulator, "")["data"], first);
    simulator.gate.clock.sleep(Duration::from_secs(29 * 60 + 1)).await;
    let fresh = at("2026-03-18T17:30:00Z");
    assert_eq!(ask(&simulator, "")["data"], ask(&fresh, "")["data"]);
    assert_ne!(ask(&simulator, "")["data"], first);
}

#[test]
fn t22_a_session_cookie_makes_a_new_key_and_the_old_one_dies() {
    let simulator = at("2026-03-18T12:00:00Z");
    let bare = http::Request::get(KEY_PATH).body(()).unwrap();
    assert_eq!(simulator.answer(&bare).status(), 401);
    let signed = |request: http::request::Builder| {
        let answer = simulator.answer(&request.header("cookie", SESSION).body(()).unwrap());
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        body["api_key"].as_str().unwrap().to_owned()
    };
    assert_eq!(signed(http::Request::get(KEY_PATH)), KEY);
    let fresh = signed(http::Request::post(REGENERATE_PATH));
    assert_eq!(signed(http::Request::get(KEY_PATH)), fresh);
    assert_eq!(status(&simulator, ""), 401);
}

#[tokio::test(start_paused = true)]
async fn t10_figures_that_lag_serve_the_old_day_after_midnight() {
    // Five minutes past midnight in New York.
    let simulator = at("2026-03-18T04:05:00Z");
    simulator.switches().change(|setting| setting.lag_minutes = 7);
    let meta = ask(&simulator, "range=today")["meta"].clone();
    assert_eq!(meta["period_start"], "2026-03-17T04:00:00.000Z");
    assert_eq!(meta["generated_at"], "2026-03-18T03:58:00.000Z");
    let then = at("2026-03-18T03:58:00Z");
    assert_eq!(ask(&simulator, "range=today")["data"], ask(&then, "range=today")["data"]);
    simulator.gate.clock.sleep(Duration::from_secs(120)).await;
    assert_eq!(ask(&simulator, "")["meta"]["period_start"], "2026-03-18T04:00:00.000Z");
}

#[test]
fn a_storm_refuses_everyone_and_is_nobody_s_fault() {
    let simulator = at("2026-03-18T12:00:00Z");
    simulator.switches().change(|setting| setting.storm = Some(Duration::from_secs(90)));
    assert!(!simulator.answer(&request("")).headers().contains_key("retry-after"));
    simulator.switches().change(|setting| setting.retry_after = Some(RetryAfter::Seconds));
    let refused = simulator.answer(&request(""));
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"90".parse().unwrap())
    );
    assert_eq!(simulator.record().violations(), []);
    simulator.switches().change(|setting| setting.storm = None);
    assert_eq!(status(&simulator, ""), 200);
}

#[test]
fn every_answer_says_when_it_was_given_unless_that_is_switched_off() {
    let simulator = at("2026-03-18T12:00:00.900Z");
    let elsewhere = http::Request::get("/api/v2/stats").body(()).unwrap();
    for request in [request(""), elsewhere] {
        let answer = simulator.answer(&request);
        assert_eq!(answer.headers()["date"], "Wed, 18 Mar 2026 12:00:00 GMT");
    }
    simulator.switches().change(|setting| setting.date = false);
    assert!(!simulator.answer(&request("")).headers().contains_key("date"));
}
