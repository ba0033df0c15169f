//! What is staged: backfilled weeks, then the exporter itself in virtual time, which ends now.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use revenue_exporter::clock::{Clock, Tick};
use revenue_exporter::demo::shopfront;
use revenue_exporter::demo::wire::{Options, Wire};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::settings::{Settings, TapRainLimits};
use revenue_exporter::upstream::transport::Transport;

use super::past::{Past, backfill};
use crate::support::faults::Faulty;
use crate::support::script::{Fault, Script, Spell};
use crate::support::{Scene, Vendors};

/// The distance of samples: as far as Prometheus looks back.
const STEP: Duration = Duration::from_mins(5);

/// How long the exporter has run; by offer, source and country it expects something after three
/// weeks of its own observation.
const OBSERVED: SignedDuration = SignedDuration::from_hours(24 * 23);

/// How far the backfill reaches back.
const BACKFILLED: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What dashboards show is kept of these hours before the end: a day's graph and the
/// day before it, and the same a week ago.
const KEPT: [std::ops::RangeInclusive<i64>; 2] = [0..=50, 7 * 24 - 2..=8 * 24 + 2];

/// The same business as `demo` shows, so that its live samples go on where these end.
const SEED: u64 = 1;

#[tokio::test(start_paused = true)]
#[ignore = "writes a hundred megabytes for .ci/dashboards"]
async fn the_weeks_before_the_demo_are_written_for_a_prometheus_to_import() {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboards");
    std::fs::create_dir_all(&to).unwrap();
    let end = Clock::system().wall();
    let settings = |detail| {
        let nowhere = ([127, 0, 0, 1], 1).into();
        let mut settings = shopfront::settings(nowhere, nowhere).unwrap();
        // The simulators' names, as `Vendors` has them.
        settings.taprain[0].common.base_url = "http://t".to_owned();
        settings.klar[0].common.base_url = "http://k".to_owned();
        settings.klar[0].views[0].detail = detail;
        settings
    };
    // The exporter's samples follow at once.
    let seam = end - SignedDuration::from_hours(*KEPT[1].end());
    // A month of every offer would be hundreds of megabytes, and no panel shows it.
    let mut coarse = settings(Detail::Channel);
    coarse.taprain[0].limits = TapRainLimits { country: 1, source: 1, offer: 1 };
    backfill(&coarse, world(), (end - BACKFILLED, seam), &to.join("history.om")).await;
    let past = observe(settings(Detail::Campaign), end - OBSERVED, end).await;
    past.write(&to.join("observed.om"));
    std::fs::write(to.join("end"), end.as_second().to_string()).unwrap();
    // A query whose answer was kept is one of some thousand series; less is a broken stage.
    assert!(past.len() > 500, "{} series", past.len());
}

fn world() -> Arc<World> {
    Arc::new(World::revised(SEED, Size::DEFAULT))
}

/// Runs the exporter, and scrapes it where that is kept.
async fn observe(settings: Settings, start: Timestamp, end: Timestamp) -> Past {
    let clock = Clock::simulated(start, 1);
    let options = Options { latency: 40..=400, seed: 5, keep_bodies: false };
    let vendors = Vendors::new(&world(), &clock);
    let wire = Wire::to_hosts(vendors.hosts(), clock.clone(), options);
    let past = Duration::from_secs(end.as_second().rem_euclid(3600).unsigned_abs());
    let hour = clock.tick() + Duration::try_from(end.duration_since(start)).unwrap() - past;
    let script = troubles(hour);
    let transport = Arc::new(Faulty::new(wire, clock.clone(), script)) as Arc<dyn Transport>;
    let scene = Scene::start(settings, clock.clone(), transport);
    let mut past = Past::of(shown());
    while clock.wall() < end {
        scene.pass(STEP).await;
        let hours = end.duration_since(clock.wall()).as_hours();
        if KEPT.iter().any(|kept| kept.contains(&hours)) {
            past.scrape(&scene.metrics().await, clock.wall(), |_| true);
        } else if hours < *KEPT[1].end() {
            // Klar's days are looked at over a month.
            let daily =
                |line: &str| line.starts_with("klar_") && line.contains("range=\"yesterday\"");
            past.scrape(&scene.metrics().await, clock.wall(), daily);
        }
    }
    scene.stop().await;
    past
}

/// What went wrong in the last day, so that there is something to see: from five past an hour on, for
/// TapRain's windows are unknown where the turn of an hour was not observed.
fn troubles(hour: Tick) -> Script {
    let spell = |host: &str, hours: u64, minutes: u64, fault| {
        let from = hour - Duration::from_hours(hours) + Duration::from_mins(5);
        Spell { from, until: from + Duration::from_mins(minutes), host: host.to_owned(), fault }
    };
    Script(vec![
        spell("t", 15, 40, Fault::Page(502)),
        spell("t", 6, 3, Fault::Throttled(Some(600))),
        spell("k", 9, 90, Fault::Unsent),
        spell("k", 3, 8, Fault::Garbage),
    ])
}

/// The metrics that the dashboards name.
fn shown() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        names.extend(words.filter(|word| word.contains('_')).map(str::to_owned));
    }
    names
}
