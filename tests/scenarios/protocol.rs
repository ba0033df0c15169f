//! What goes over the wire, and what the traps of both protocols demand of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::{Answer, klar};
use revenue_exporter::model::klar::{DateBasis, Detail, Model, Window};
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::Filters;
use revenue_exporter::upstream::transport::{Request, Transport};

use crate::support::{
    NOON, Scene, Scripted, Vendors, answer, clock_at, custom, every, klar_account, settings,
    taprain_account, world,
};

/// Requests as they were sent.
type Sent = Arc<Mutex<Vec<http::request::Parts>>>;

fn spied(inner: Wire) -> (Sent, Arc<dyn Transport>) {
    let sent = Sent::default();
    let seen = Arc::clone(&sent);
    let spy = move |request: &Request| {
        seen.lock().unwrap().push(request.clone().into_parts().0);
        inner.send(request.clone())
    };
    (sent, Arc::new(Scripted(spy)))
}

fn parameters(parts: &http::request::Parts) -> BTreeMap<String, String> {
    form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes()).into_owned().collect()
}

#[tokio::test(start_paused = true)]
async fn t1_t18_every_parameter_goes_out_and_the_key_in_its_header_only() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let (sent, transport) = spied(wire);
    let ranges = [
        Range::Hour,
        Range::Today,
        Range::Yesterday,
        Range::SevenDays,
        Range::ThirtyDays,
        custom("launch", "2026-03-01", "2026-03-04"),
    ];
    let mut account = taprain_account("t", ranges.map(|range| every(range, 600)).into());
    let list = |values: &[&str]| values.iter().map(ToString::to_string).collect();
    account.views[0].filters = Filters {
        country: list(&["US", "GB"]),
        offer: list(&["Freecash CPI", "Ä&=? \"x\""]),
        source: list(&["tiktok_1"]),
    };
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, transport);
    scene.pass(Duration::from_secs(60)).await;
    let sent = sent.lock().unwrap().clone();
    let mut asked: Vec<_> = sent.iter().map(|parts| parameters(parts)["range"].clone()).collect();
    asked.sort();
    assert_eq!(asked, ["30days", "7days", "custom", "hour", "today", "yesterday"]);
    for parts in &sent {
        assert_eq!((parts.method.as_str(), parts.uri.path()), ("GET", "/api/v1/stats"));
        let parameters = parameters(parts);
        assert_eq!(parameters["timezone"], "America/New_York");
        assert_eq!(parameters["country"], "US,GB");
        assert_eq!(parameters["offer"], "Freecash CPI,Ä&=? \"x\"");
        assert_eq!(parameters["source"], "tiktok_1");
        assert_eq!(parts.headers["x-api-key"], "demo-taprain-key");
        assert!(parts.headers["x-api-key"].is_sensitive());
        assert!(!parts.uri.to_string().contains("demo-taprain-key"));
    }
    let custom = sent.iter().map(parameters).find(|parameters| parameters["range"] == "custom");
    let custom = custom.unwrap();
    // T7: the API's `end` belongs to the range.
    assert_eq!((&*custom["start"], &*custom["end"]), ("2026-03-01", "2026-03-03"));
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k1_k8_k10_k11_klar_is_asked_as_its_page_says() {
    for model in Model::ALL {
        for window in Window::ALL {
            let clock = clock_at(NOON);
            let vendors = Vendors::new(&world(3), &clock);
            let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
            let (sent, transport) = spied(wire);
            let january = custom("january", "2026-01-05", "2026-02-01");
            let mut account = klar_account("k", Detail::Channel, vec![every(january, 600)]);
            (account.views[0].model, account.views[0].window) = (*model, *window);
            account.views[0].basis = DateBasis::Touch;
            let scene = Scene::start(settings(Vec::new(), vec![account]), clock, transport);
            scene.pass(Duration::from_secs(2)).await;
            let sent = sent.lock().unwrap().clone();
            let [token, report] = &sent[..] else { panic!("{} requests", sent.len()) };
            assert_eq!((token.method.as_str(), token.uri.path()), ("POST", "/public/auth/token"));
            assert_eq!(token.headers["token"], "demo-klar-refresh-token");
            assert_eq!((report.method.as_str(), report.uri.path()), ("GET", "/public/attribution"));
            assert!(report.headers["authorization"].to_str().unwrap().starts_with("Bearer "));
            let parameters = parameters(report);
            // K1: the end is left out, so all of January is asked for with the first of February.
            assert_eq!(parameters["startDate"], "2026-01-05");
            assert_eq!(parameters["endDate"], "2026-02-01");
            assert_eq!(parameters["metric"], model.as_str());
            assert_eq!(parameters["window"], window.as_str());
            assert_eq!(parameters["date_breakdown"], "touch");
            assert_eq!(parameters.len(), 5);
            assert_eq!(vendors.violations(), [""; 0]);
            scene.stop().await;
        }
    }
}

/// A Klar that answers reports by `report` and every token request with a new token.
fn klar_by(
    report: impl Fn(&BTreeMap<String, String>, &str) -> (u16, String) + Send + Sync + 'static,
) -> (Sent, Arc<dyn Transport>) {
    let sent = Sent::default();
    let seen = Arc::clone(&sent);
    let reply = move |request: &Request| {
        let parts = request.clone().into_parts().0;
        let (status, body) = if parts.uri.path().ends_with("/token") {
            let number = seen.lock().unwrap().len();
            (201, format!(r#"{{"accessToken": "token-{number}", "expiresIn": 300000}}"#))
        } else {
            let bearer = parts.headers["authorization"].to_str().unwrap().to_owned();
            report(&parameters(&parts), &bearer)
        };
        seen.lock().unwrap().push(parts);
        async move { Ok(answer(status, body)) }.boxed()
    };
    (sent, Arc::new(Scripted(reply)))
}

fn rows(dates: &[&str]) -> String {
    let rows: Vec<String> = dates
        .iter()
        .map(|date| format!(r#"{{"date": "{date}", "channelName": "a", "cost": 1}}"#))
        .collect();
    format!("[{}]", rows.join(","))
}

fn paths(sent: &Sent) -> Vec<String> {
    sent.lock().unwrap().iter().map(|parts| parts.uri.path().replace("/public/", "")).collect()
}

#[tokio::test(start_paused = true)]
async fn k2_rows_outside_the_asked_dates_are_dropped_and_counted() {
    let (_, transport) = klar_by(|_, _| (200, rows(&["2026-03-17", "2026-03-18", "2026-03-19"])));
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 600)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(5)).await;
    let page = scene.page().await;
    assert_eq!(page.with("klar_cost{", &[]).values().copied().collect::<Vec<_>>(), [1.0]);
    let odd =
        "revenue_exporter_anomalies_total{api=\"klar\",account=\"k\",reason=\"out_of_range_row\"}";
    assert_eq!(page.get(odd), 2.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k3_a_refused_span_is_halved_once_and_the_rest_follows() {
    let refuse_long = |asked: &BTreeMap<String, String>, _: &str| {
        let date = |name: &str| asked[name].parse::<jiff::civil::Date>().unwrap();
        let days = date("startDate").until(date("endDate")).unwrap().get_days();
        if days > 14 { (400, "{}".to_owned()) } else { (200, rows(&[&asked["startDate"]])) }
    };
    let (sent, transport) = klar_by(refuse_long);
    let account = klar_account("k", Detail::Channel, vec![every(Range::ThirtyDays, 86_400)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(300)).await;
    let page = scene.page().await;
    let cost: f64 = page.with("klar_cost{", &["range=\"30days\""]).values().sum();
    assert_eq!(cost, 3.0, "three pieces of at most 14 days");
    let asked: Vec<_> =
        sent.lock().unwrap().iter().map(parameters).filter(|p| !p.is_empty()).collect();
    let spans: Vec<_> = asked.iter().map(|p| (&*p["startDate"], &*p["endDate"])).collect();
    assert_eq!(
        spans,
        [
            ("2026-02-19", "2026-03-19"),
            ("2026-03-05", "2026-03-19"),
            ("2026-02-19", "2026-03-05"),
            ("2026-02-17", "2026-02-19"),
        ]
    );
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k6_token_requests_count_against_the_same_limit() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 1)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(3600)).await;
    let record = vendors.klar.record();
    let (tokens, reports) =
        (record.served(klar::TOKEN).total, record.served(klar::ATTRIBUTION).total);
    // One token serves 240 of its 300 seconds; together they are what the rule permits.
    assert!((14..=16).contains(&tokens), "{tokens}");
    assert!((236..=240).contains(&(tokens + reports)), "{tokens} + {reports}");
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_ahead_of_its_end_and_delays_a_report_by_its_own_cost_only() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, Arc::new(wire));
    scene.pass(Duration::from_secs(3600)).await;
    let arrivals = vendors.klar.record().arrivals(klar::ATTRIBUTION);
    for pair in arrivals[1..].windows(2) {
        let gap = pair[1].since(pair[0]);
        assert!(gap < Duration::from_secs(62), "{gap:?}");
    }
    assert_eq!(vendors.violations(), [""; 0], "an expired token is a violation");
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k9_a_token_that_dies_early_is_replaced_once_and_the_report_asked_again() {
    let (sent, transport) = klar_by(|_, bearer| match bearer {
        "Bearer token-0" => (401, "{}".to_owned()),
        _ => (200, rows(&["2026-03-18"])),
    });
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 3600)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(70)).await;
    let page = scene.page().await;
    assert_eq!(paths(&sent), ["auth/token", "attribution", "auth/token", "attribution"]);
    assert_eq!(page.get("klar_up{account=\"k\"}"), 1.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k9_twice_in_a_row_is_a_credential_problem() {
    let (sent, transport) = klar_by(|_, _| (401, "{}".to_owned()));
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(80)).await;
    let page = scene.page().await;
    assert_eq!(paths(&sent), ["auth/token", "attribution", "auth/token", "attribution"]);
    let state = "revenue_exporter_account_state{api=\"klar\",account=\"k\",state=\"unauthorized\"}";
    assert_eq!(page.get(state), 1.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k17_round_row_counts_are_suspicious() {
    let rows = rows(&["2026-03-18"; 1000]);
    let (_, transport) = klar_by(move |_, _| (200, rows.clone()));
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 600)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(5)).await;
    let page = scene.page().await;
    let odd =
        "revenue_exporter_anomalies_total{api=\"klar\",account=\"k\",reason=\"round_row_count\"}";
    assert_eq!(page.get(odd), 1.0);
    assert_eq!(page.with("klar_report_rows{", &[]).values().sum::<f64>(), 1000.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k12_orders_are_booked_to_their_own_date_unless_told_otherwise() {
    let (sent, transport) = klar_by(|_, _| (200, "[]".to_owned()));
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 600)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(5)).await;
    let sent = sent.lock().unwrap();
    assert_eq!(parameters(&sent[1])["date_breakdown"], "order");
}

#[tokio::test(start_paused = true)]
async fn k16_k21_past_days_are_read_again_and_may_fall_or_cost_nothing_yet() {
    let asked = Arc::new(Mutex::new(0));
    let (_, transport) = klar_by(move |_, _| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let body = match *asked {
            1 => r#"[{"date": "2026-03-14", "channelName": "a", "netRevenue": 100.5}]"#,
            _ => r#"[{"date": "2026-03-14", "channelName": "a", "netRevenue": -3.25, "cost": 8}]"#,
        };
        (200, body.to_owned())
    });
    let account = klar_account("k", Detail::Channel, vec![every(Range::SevenDays, 1800)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    let net = "klar_attributed_net_revenue{";
    scene.pass(Duration::from_secs(1000)).await;
    let page = scene.page().await;
    assert!(page.with("klar_cost{", &[]).is_empty(), "unknown is absent, not 0");
    assert_eq!(page.with(net, &[]).values().sum::<f64>(), 100.5);
    scene.pass(Duration::from_secs(1800)).await;
    assert_eq!(scene.page().await.with(net, &[]).values().sum::<f64>(), -3.25);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k18_clicks_and_impressions_show_where_rows_have_them() {
    let body = r#"[{"date": "2026-03-18", "channelName": "paid", "clicks": 7, "impressions": "900"},
        {"date": "2026-03-18", "channelName": "organic", "orders": 1}]"#;
    let (_, transport) = klar_by(move |_, _| (200, body.to_owned()));
    let account = klar_account("k", Detail::Channel, vec![every(Range::Today, 600)]);
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock_at(NOON), transport);
    scene.pass(Duration::from_secs(5)).await;
    let page = scene.page().await;
    let clicks = page.with("klar_ad_clicks{", &[]);
    assert_eq!(clicks.values().copied().collect::<Vec<_>>(), [7.0]);
    assert!(clicks.keys().all(|key| key.contains("paid")));
    assert_eq!(page.with("klar_ad_impressions{", &["paid"]).values().sum::<f64>(), 900.0);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t7_a_custom_range_is_asked_with_its_last_day_and_shows_what_the_api_says_it_was() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let (sent, spy) = spied(wire);
    let week = custom("week", "2026-03-02", "2026-03-09");
    let account = taprain_account("t", vec![every(week, 600)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, spy);
    scene.pass(Duration::from_secs(2)).await;
    let asked = parameters(&sent.lock().unwrap()[0]);
    assert_eq!((&*asked["start"], &*asked["end"]), ("2026-03-02", "2026-03-08"));
    let page = scene.page().await;
    let ends = "taprain_range_end_timestamp_seconds{account=\"t\",view=\"all\",range=\"week\"}";
    // 9 March begins at 04:00 UTC: New York has lost its hour the day before.
    let midnight: jiff::Timestamp = "2026-03-09T04:00:00Z".parse().unwrap();
    assert_eq!(page.get(ends), midnight.as_second() as f64);
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}
