//! What is missing of the past comes by what the views leave of the budget, once.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{ToSpan, civil::date};
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::Range;

use revenue_exporter::state::Store;
use revenue_exporter::upstream::transport::Transport;

use crate::support::memory::Memory;
use crate::support::recorder::{Heard, Recorder};
use crate::support::{NOON, Scene, Vendors, clock_at, every, klar_account, settings, world};

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
