//! What Klar's yesterday is expected to be, over weeks: days as first seen, over restarts and through
//! a gap, and the API's history until there are enough of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;
use revenue_exporter::state::Store;
use serde_json::Value;

use crate::support::expectation::{RANGE, Seen, channels, is_expectation, series};
use crate::support::memory::Memory;
use crate::support::page::Page;
use crate::support::recorder::{Heard, Recorder};
use crate::support::{Scene, Vendors, clock_at, every, klar_account, settings, truth};

const HOUR: Duration = Duration::from_secs(3600);

/// Noon in Berlin, eleven days before its clocks go forward.
const START: &str = "2026-03-18T11:00:00Z";

const ZONE: &str = "Europe/Berlin";

const VIEW: &str = "account=\"k\",view=\"default\"";
const LABELS: &str = "model=\"data_driven\",attribution_window=\"7_day\",date_basis=\"order\"";

fn begins(date: Date) -> Timestamp {
    date.in_tz(ZONE).unwrap().timestamp()
}

fn local(at: Timestamp) -> Date {
    at.in_tz(ZONE).unwrap().date()
}

/// Each day as the first answer of many days had it that was asked after its end.
fn first_seen(heard: &[Heard]) -> BTreeMap<Date, (Timestamp, Seen)> {
    let mut days = BTreeMap::new();
    for one in heard {
        let asked = |name: &str| -> Date {
            let part = one.query.split('&').find_map(|part| part.strip_prefix(name)).unwrap();
            part.parse().unwrap()
        };
        let (start, end) = (asked("startDate="), asked("endDate=").min(local(one.asked.wall)));
        if start.tomorrow().unwrap() == asked("endDate=") {
            // The widest range of a view reads its closed days, not `yesterday`.
            continue;
        }
        let mut body = None;
        for date in start.series(1.day()).take_while(|date| *date < end) {
            if days.contains_key(&date) {
                continue;
            }
            let body =
                body.get_or_insert_with(|| serde_json::from_slice::<Value>(&one.body).unwrap());
            if let Some(channels) = channels(body, &date.to_string()) {
                let late = one.asked.wall.duration_since(begins(date.tomorrow().unwrap()));
                let fresh = late <= SignedDuration::from_hours(36);
                days.insert(date, (one.answered.wall, Seen { fresh, channels }));
            }
        }
    }
    days
}

/// What the page must expect at `now`.
fn wanted(days: &BTreeMap<Date, (Timestamp, Seen)>, now: Timestamp) -> truth::Series {
    let yesterday = local(now).yesterday().unwrap();
    let week = |week: i64| {
        let (at, seen) = days.get(&yesterday.saturating_sub((7 * week).days()))?;
        (*at < now).then(|| seen.clone())
    };
    series(&[1, 2, 3, 4].map(week), VIEW, LABELS)
}

fn expectations(page: &Page) -> truth::Series {
    let mut shown = page.figures("klar_");
    shown.retain(|series, _| is_expectation(series));
    shown
}

#[tokio::test(start_paused = true)]
async fn k16_yesterday_is_expected_to_be_what_four_weeks_were_when_first_seen() {
    let clock = clock_at(START);
    let size = Size { ads_per_group: 1, ..Size::DEFAULT };
    let vendors = Vendors::new(&Arc::new(World::revised(11, size)), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let recorder = Recorder::new(Arc::new(wire), clock.clone());
    let memory = Memory::new();
    let start = || {
        let ranges = vec![every(Range::Yesterday, 7200), every(Range::ThirtyDays, 24 * 3600)];
        let account = klar_account("k", Detail::Channel, ranges);
        let store = Some(Arc::clone(&memory) as Arc<dyn Store>);
        Scene::start_with(settings(vec![], vec![account]), clock.clone(), recorder.clone(), store)
    };
    let mut scene = start();
    scene.pass(3 * HOUR).await;
    let mut pages = vec![(clock.wall(), scene.page().await)];
    for day in 1..43 {
        if day == 9 || day == 30 {
            // A crash; and once nobody notices for three days.
            scene.kill().await;
            clock.sleep(if day == 9 { 3 * 24 * HOUR } else { 5 * HOUR }).await;
            scene = start();
        }
        scene.pass(24 * HOUR).await;
        pages.push((clock.wall(), scene.page().await));
    }
    let days = first_seen(&recorder.heard());
    let settled = days.range(local(pages[0].0)..).filter(|(_, (_, seen))| !seen.fresh).count();
    assert_eq!(settled, 2, "days of the gap");
    let mut rests = Vec::new();
    for (now, page) in &pages {
        truth::assert_same(&wanted(&days, *now), &expectations(page), 1e-9);
        let weeks = page.get(&format!("klar_baseline_weeks{{{VIEW}}}"));
        rests.push((weeks, page.get("klar_baseline_from_api_history")));
    }
    // From history alone; from history and fresh days; from four weeks, less the gap; from all.
    assert_eq!((rests[0], rests[10]), ((4.0, 1.0), (4.0, 1.0)));
    assert!(rests.contains(&(3.0, 0.0)) && rests.contains(&(4.0, 0.0)), "{rests:?}");
    assert_eq!(rests.last(), Some(&(4.0, 0.0)));
    assert_eq!(vendors.violations(), [""; 0]);
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_view_that_does_not_ask_for_yesterday_expects_nothing() {
    let clock = clock_at(START);
    let vendors = Vendors::new(&Arc::new(World::new(3, Size::DEFAULT)), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default());
    let account = klar_account("k", Detail::Channel, vec![every(Range::ThirtyDays, 3600)]);
    let scene = Scene::start(settings(vec![], vec![account]), clock, Arc::new(wire));
    scene.pass(2 * HOUR).await;
    assert!(expectations(&scene.page().await).is_empty());
    scene.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_enough_days_the_page_says_so_and_an_expectation_dies_with_its_day() {
    let clock = clock_at(START);
    let vendors = Vendors::new(&Arc::new(World::new(3, Size::DEFAULT)), &clock);
    let wire = Arc::new(Wire::to_hosts(vendors.hosts(), clock.clone(), wire::Options::default()));
    let few = klar_account("k", Detail::Channel, vec![every(Range::Yesterday, 600)]);
    let scene = Scene::start(settings(vec![], vec![few]), clock.clone(), wire.clone());
    scene.pass(HOUR).await;
    let weeks = format!("klar_baseline_weeks{{{VIEW}}}");
    assert_eq!(expectations(&scene.page().await), [(weeks.clone(), 0.0)].into());
    scene.stop().await;

    let ranges = vec![every(Range::Yesterday, 600), every(Range::ThirtyDays, 3600)];
    let account = klar_account("k", Detail::Channel, ranges);
    let scene = Scene::start(settings(vec![], vec![account]), clock, wire);
    scene.pass(HOUR).await;
    let part = format!("range=\"{RANGE}\"");
    let page = scene.page().await;
    assert_eq!(page.get(&weeks), 4.0);
    assert_eq!(page.with("klar_attributed_orders{", &[&part]).len(), 6);
    assert!(page.with("klar_attributed_net_revenue{", &[&part]).is_empty(), "a cold start");
    vendors.klar.switches().change(|setting| setting.suspended = true);
    scene.pass(HOUR).await;
    let page = scene.page().await;
    assert!(page.with("klar_cost{", &["range=\"yesterday\""]).is_empty());
    assert!(expectations(&page).is_empty());
    scene.stop().await;
}
