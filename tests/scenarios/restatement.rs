//! Days that are over and move all the same: what is counted, and what is not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use jiff::civil::Date;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::state::Store;
use revenue_exporter::upstream::transport::{Request, Transport};
use serde_json::Value;

use crate::support::memory::Memory;
use crate::support::page::Page;
use crate::support::recorder::{Heard, Recorder};
use crate::support::{
    NOON, Scene, Scripted, Vendors, answer, clock_at, every, klar_account, klar_view, settings,
    taprain_account, world,
};

const TAPRAIN: &str = "taprain_restated_revenue_total{";
const KLAR: &str = "klar_restated_net_revenue_total{";

/// What moved, by direction and age, without what did not.
fn moved(page: &Page, name: &str, part: &str) -> Vec<(String, f64)> {
    let all = page.with(name, &[part]).into_iter().filter(|(_, value)| *value != 0.0);
    let short = |series: String| {
        let labels = series.split("direction=\"").nth(1).unwrap();
        labels.replace("\",age=\"", " ").trim_end_matches("\"}").to_owned()
    };
    all.map(|(series, value)| (short(series), value)).collect()
}

fn expected(moves: &[(&str, f64)]) -> Vec<(String, f64)> {
    moves.iter().map(|(labels, value)| ((*labels).to_owned(), *value)).collect()
}

/// An API whose answer to a range is whatever the test has put there; a token before it.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Said {
    /// From now on questions with `part` in their query are answered so.
    fn say(&self, part: &'static str, body: String) {
        self.0.lock().unwrap().insert(part, body);
    }

    fn transport(&self) -> Arc<dyn Transport> {
        let said = self.clone();
        Arc::new(Scripted(move |request: &Request| {
            let query = request.uri().query().unwrap_or("");
            let said = said.0.lock().unwrap();
            let body = said.iter().find(|(part, _)| query.contains(**part)).map(|(_, body)| body);
            let token = r#"{"accessToken": "a.b.c", "expiresIn": 300000}"#.to_owned();
            let body = body.filter(|_| !query.is_empty()).cloned().unwrap_or(token);
            async move { Ok(answer(200, body)) }.boxed()
        }))
    }
}

/// A TapRain report by the day, of a range that began in good time.
fn report(days: &[(&str, &str)]) -> String {
    let row = |(date, revenue): &(&str, &str)| {
        format!(r#"{{"period": "{date}", "granularity": "day", "revenue": {revenue}}}"#)
    };
    let rows: Vec<_> = days.iter().map(row).collect();
    format!(
        r#"{{"success": true, "meta": {{"period_start": "2026-01-01T05:00:00.000Z"}},
            "data": {{"summary": {{"revenue": 1}}, "time_series": [{}]}}}}"#,
        rows.join(",")
    )
}

fn rows(days: &[(&str, &str, &str)]) -> String {
    let row = |(date, channel, net): &(&str, &str, &str)| {
        format!(r#"{{"date": "{date}", "channelName": "{channel}", "netRevenue": {net}}}"#)
    };
    format!("[{}]", days.iter().map(row).collect::<Vec<_>>().join(","))
}

/// The account's date when an answer was made, and each of its rows: date and revenue.
type Told = (String, Vec<(String, f64)>);

/// What the days before today moved by from answer to answer, up and down.
fn truth(answers: impl Iterator<Item = Told>) -> (f64, f64) {
    let (mut last, mut up, mut down) = (BTreeMap::<String, i128>::new(), 0, 0);
    for (today, rows) in answers {
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        for (date, revenue) in rows {
            // In units of 1e-10, which is what the simulators print.
            *sums.entry(date).or_default() += (revenue * 1e10).round() as i128;
        }
        for (date, sum) in sums.into_iter().filter(|(date, _)| *date < today) {
            let moved = last.insert(date, sum).map_or(0, |before| sum - before);
            up += moved.max(0);
            down += (-moved).max(0);
        }
    }
    (up as f64 / 1e10, down as f64 / 1e10)
}

fn told(rows: &Value, date: &str, revenue: &str) -> Vec<(String, f64)> {
    let row =
        |row: &Value| (row[date].as_str().unwrap().to_owned(), row[revenue].as_f64().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}

/// A TapRain report of many days, whose last row is today's.
fn taprain(heard: &Heard) -> Option<Told> {
    heard.query.contains("range=30days").then(|| {
        let body: Value = serde_json::from_slice(&heard.body).unwrap();
        let days = told(&body["data"]["time_series"], "period", "revenue");
        (days.last().unwrap().0.clone(), days)
    })
}

/// A Klar report of many days, which reaches to tomorrow or is all of closed days.
fn klar(heard: &Heard) -> Option<Told> {
    let date = |name: &str| heard.query.split(name).nth(1)?.get(..10)?.parse::<Date>().ok();
    let (start, last) = (date("startDate=")?, date("endDate=")?.yesterday().unwrap());
    let body = serde_json::from_slice(&heard.body).unwrap();
    (start < last).then(|| (last.to_string(), told(&body, "date", "netRevenue")))
}

fn all(page: &Page, name: &str, direction: &str) -> f64 {
    page.with(name, &[&format!("direction=\"{direction}\"")]).values().sum()
}

#[tokio::test(start_paused = true)]
async fn t9_k16_what_both_simulated_businesses_book_late_is_counted_to_the_cent() {
    let clock = clock_at("2026-03-17T20:00:00Z");
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let ranges = || vec![every(Range::Yesterday, 900), every(Range::ThirtyDays, 1800)];
    let (affiliate, shop) =
        (taprain_account("t", ranges()), klar_account("k", Detail::Channel, ranges()));
    let scene = Scene::start(settings(vec![affiliate], vec![shop]), clock, recorder.clone());
    scene.pass(Duration::from_secs(60)).await;
    let page = scene.page().await;
    for name in [TAPRAIN, KLAR] {
        assert_eq!(page.with(name, &[]).len(), 14, "every way and age, before anything moved");
        assert!(moved(&page, name, "").is_empty());
    }
    scene.pass(Duration::from_secs(30 * 3600)).await;
    let page = scene.page().await;
    let heard = recorder.heard();
    let taprain = truth(heard.iter().filter_map(taprain));
    let klar = truth(heard.iter().filter_map(klar));
    for (name, (up, down)) in [(TAPRAIN, taprain), (KLAR, klar)] {
        assert!(up > 10.0, "{name} {up}");
        assert!((all(&page, name, "up") - up).abs() < 0.01, "{name} {up}");
        assert!((all(&page, name, "down") - down).abs() < 0.01, "{name} {down}");
        let old = page.with(name, &["age=\"4d-7d\""]);
        assert!(old.values().all(|moved| *moved == 0.0), "nothing is that late: {old:?}");
    }
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t9_t11_a_reversal_counts_down_by_age_and_a_missing_day_not_at_all() {
    let clock = clock_at(NOON);
    let said = Said::default();
    let days = [("2026-03-08", "50.10"), ("2026-03-15", "20"), ("2026-03-17", "138.24")];
    said.say("range=30days", report(&[days[0], days[1], days[2], ("2026-03-18", "9")]));
    let account = taprain_account("t", vec![every(Range::ThirtyDays, 60)]);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, said.transport());
    scene.pass(Duration::from_secs(30)).await;
    assert_eq!(scene.page().await.with(TAPRAIN, &["currency=\"USD\""]).len(), 14);
    said.say("range=30days", report(&[("2026-03-18", "11")]));
    scene.pass(Duration::from_secs(60)).await;
    assert!(moved(&scene.page().await, TAPRAIN, "").is_empty(), "today moves, a cut list does not");
    let (fell, rose) = (("2026-03-08", "-49.90"), ("2026-03-17", "139.34"));
    said.say("range=30days", report(&[fell, days[1], rose, ("2026-03-18", "12")]));
    scene.pass(Duration::from_secs(60)).await;
    let once = expected(&[("down 8d-14d", 100.0), ("up 1d", 1.1)]);
    assert_eq!(moved(&scene.page().await, TAPRAIN, "view=\"all\""), once);
    scene.pass(Duration::from_secs(600)).await;
    assert_eq!(moved(&scene.page().await, TAPRAIN, ""), once, "the same again is no move");
    said.say(
        "range=30days",
        report(&[("2026-03-08", "-49.90"), days[1], ("2026-03-17", "139.24")]),
    );
    scene.until("2026-03-20T16:00:00Z").await;
    let later = [("down 1d", 0.1), ("down 8d-14d", 100.0), ("up 1d", 1.1)];
    assert_eq!(moved(&scene.page().await, TAPRAIN, ""), expected(&later));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn closed_days_are_saved_when_one_was_read_and_not_with_every_answer() {
    let clock = clock_at(NOON);
    let said = Said::default();
    said.say("range=30days", report(&[("2026-03-17", "138.24")]));
    let today = report(&[("2026-03-18", "9")]).replace("2026-01-01T05", "2026-03-18T04");
    said.say("range=today", today);
    let ranges = vec![every(Range::Today, 60), every(Range::ThirtyDays, 1800)];
    let settings = settings(vec![taprain_account("t", ranges)], Vec::new());
    let memory = Memory::new();
    let store = Some(Arc::clone(&memory) as Arc<dyn Store>);
    let scene = Scene::start_with(settings, clock, said.transport(), store);
    scene.pass(Duration::from_secs(3000)).await;
    assert!(!scene.page().await.with("taprain_revenue{", &["range=\"today\""]).is_empty());
    assert!(memory.writes("taprain.t", "figures") >= 50, "today is saved with every answer");
    assert_eq!(memory.writes("taprain.t", "days"), 2);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t6_two_ranges_that_disagree_about_a_day_do_not_count_their_difference() {
    let clock = clock_at(NOON);
    let said = Said::default();
    said.say("range=30days", report(&[("2026-03-16", "10"), ("2026-03-17", "100")]));
    said.say("range=7days", report(&[("2026-03-16", "11"), ("2026-03-17", "90")]));
    said.say("range=yesterday", report(&[]));
    let ranges = vec![
        every(Range::Yesterday, 60),
        every(Range::SevenDays, 90),
        every(Range::ThirtyDays, 120),
    ];
    let account = taprain_account("t", ranges);
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, said.transport());
    scene.pass(Duration::from_secs(3600)).await;
    assert!(moved(&scene.page().await, TAPRAIN, "").is_empty());
    said.say("range=30days", report(&[("2026-03-16", "10"), ("2026-03-17", "101")]));
    scene.pass(Duration::from_secs(3600)).await;
    assert_eq!(moved(&scene.page().await, TAPRAIN, ""), expected(&[("up 1d", 1.0)]));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn t19_an_older_answer_from_a_cache_is_no_move_back() {
    let clock = clock_at(NOON);
    let said = Said::default();
    let made = |time: &str, revenue: &str| {
        let at = format!(r#""meta": {{"generated_at": "{time}", "#);
        report(&[("2026-03-17", revenue)]).replace("\"meta\": {", &at)
    };
    let account = taprain_account("t", vec![every(Range::ThirtyDays, 60)]);
    // Made before midnight, when the day was not over; then fresh; then from before again.
    said.say("range=30days", made("2026-03-18T03:59:00Z", "70"));
    let scene = Scene::start(settings(vec![account], Vec::new()), clock, said.transport());
    scene.pass(Duration::from_secs(90)).await;
    assert!(scene.page().await.with(TAPRAIN, &[]).is_empty(), "no closed day was seen yet");
    for (time, revenue, up) in [
        ("2026-03-18T15:50:00Z", "100", 0.0),
        ("2026-03-18T15:59:00Z", "103", 3.0),
        ("2026-03-18T15:50:00Z", "100", 3.0),
        ("2026-03-18T16:00:00Z", "104", 4.0),
    ] {
        said.say("range=30days", made(time, revenue));
        scene.pass(Duration::from_secs(90)).await;
        let page = scene.page().await;
        assert_eq!((all(&page, TAPRAIN, "up"), all(&page, TAPRAIN, "down")), (up, 0.0), "{time}");
    }
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn k16_k20_returns_count_by_view_and_an_empty_or_cut_report_is_no_return() {
    let clock = clock_at(NOON);
    let said = Said::default();
    let before =
        [("2026-02-17", "A", "40"), ("2026-03-15", "A", "100"), ("2026-03-15", "B", "50.5")];
    said.say("metric=", rows(&before));
    let ranges = || vec![every(Range::SevenDays, 300), every(Range::ThirtyDays, 600)];
    let mut account = klar_account("k", Detail::Channel, ranges());
    account.views.push(klar_view("week", Detail::Channel, vec![every(Range::SevenDays, 600)]));
    let scene = Scene::start(settings(Vec::new(), vec![account]), clock, said.transport());
    scene.pass(Duration::from_secs(700)).await;
    let page = scene.page().await;
    assert_eq!(page.with(KLAR, &["account=\"k\"", "currency=\"EUR\""]).len(), 2 * 14);
    let cut: Vec<_> = (0..1000).map(|_| ("2026-03-15", "A", "0.01")).collect();
    for body in [rows(&[]), rows(&cut), rows(&[("2026-03-17", "A", "1")])] {
        said.say("metric=", body);
        scene.pass(Duration::from_secs(1200)).await;
        assert!(moved(&scene.page().await, KLAR, "").is_empty());
    }
    let after = [("2026-02-17", "A", "38"), ("2026-03-15", "A", "100"), ("2026-03-15", "B", "60")];
    said.say("metric=", rows(&after));
    scene.pass(Duration::from_secs(1200)).await;
    let page = scene.page().await;
    let both = expected(&[("down 15d-31d", 2.0), ("up 3d", 9.5)]);
    assert_eq!(moved(&page, KLAR, "view=\"default\""), both);
    assert_eq!(moved(&page, KLAR, "view=\"week\""), expected(&[("up 3d", 9.5)]));
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_view_without_closed_days_has_no_series() {
    let clock = clock_at(NOON);
    let vendors = Vendors::new(&world(3), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let taprain = taprain_account("t", vec![every(Range::Today, 60), every(Range::Hour, 60)]);
    let klar = klar_account("k", Detail::Channel, vec![every(Range::Today, 60)]);
    let scene = Scene::start(settings(vec![taprain], vec![klar]), clock, Arc::new(wire));
    scene.until("2026-03-19T16:00:00Z").await;
    let page = scene.page().await;
    assert!(page.with(TAPRAIN, &[]).is_empty() && page.with(KLAR, &[]).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_moved_while_the_exporter_was_down_is_counted_from_what_was_saved() {
    let clock = clock_at(NOON);
    let said = Said::default();
    let memory = Memory::new();
    let start = || {
        let account = taprain_account("t", vec![every(Range::ThirtyDays, 60)]);
        let store = Some(Arc::clone(&memory) as Arc<dyn Store>);
        let settings = settings(vec![account], Vec::new());
        Scene::start_with(settings, clock.clone(), said.transport(), store)
    };
    said.say("range=30days", report(&[("2026-03-17", "100.00")]));
    let scene = start();
    scene.pass(Duration::from_secs(30)).await;
    assert_eq!(moved(&scene.page().await, TAPRAIN, ""), []);
    scene.kill().await;
    said.say("range=30days", report(&[("2026-03-17", "97.50")]));
    let scene = start();
    scene.pass(Duration::from_millis(1)).await;
    assert_eq!(scene.page().await.with(TAPRAIN, &[]).len(), 14, "0 before the first answer");
    scene.pass(Duration::from_secs(120)).await;
    assert_eq!(moved(&scene.page().await, TAPRAIN, ""), expected(&[("down 1d", 2.5)]));
    scene.stop().await;
}
