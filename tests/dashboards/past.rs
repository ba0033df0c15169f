//! Samples of the past, as OpenMetrics that `promtool` imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use revenue_exporter::backfill::gather::{Around, Listener, Progress};
use revenue_exporter::backfill::job::Job;
use revenue_exporter::backfill::order::{Order, Typed};
use revenue_exporter::backfill::place::Place;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::wire::{Options, Wire};
use revenue_exporter::demo::world::World;
use revenue_exporter::fetch::Fetch;
use revenue_exporter::model::settings::{Collection, Settings};
use revenue_exporter::shutdown::channel;
use revenue_exporter::state::{State, Store};
use revenue_exporter::telemetry::Telemetry;

use crate::support::Vendors;
use crate::support::memory::Memory;

/// The labels of the target, which `.ci/dashboards` gives the live demo as well.
const TARGET: [(&str, &str); 2] = [("job", "revenue-exporter"), ("instance", "localhost:10059")];

/// What was scraped: lines of samples by series, by metric.
pub(super) struct Past {
    shown: BTreeSet<String>,
    families: BTreeMap<String, BTreeMap<String, String>>,
}

impl Past {
    /// Keeps these metrics, and the buckets of those that are histograms.
    pub(super) fn of(shown: BTreeSet<String>) -> Self {
        Self { shown, families: BTreeMap::new() }
    }

    /// How many series there are.
    pub(super) fn len(&self) -> usize {
        self.families.values().map(BTreeMap::len).sum()
    }

    /// Adds the samples of a page that are wanted.
    pub(super) fn scrape(&mut self, page: &str, at: Timestamp, wanted: impl Fn(&str) -> bool) {
        let target = TARGET.map(|(name, value)| format!("{name}=\"{value}\"")).join(",");
        for line in page.lines().filter(|line| !line.starts_with('#') && wanted(line)) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            if !self.shown.contains(name) {
                continue;
            }
            let comma = if labels == "}" { "" } else { "," };
            let samples = self.families.entry(name.to_owned()).or_default();
            let samples = samples.entry(labels.to_owned()).or_default();
            writeln!(samples, "{name}{{{target}{comma}{labels} {value} {}", at.as_second())
                .unwrap();
        }
    }

    /// Writes everything; of unknown type, for a histogram's buckets alone are none.
    pub(super) fn write(&self, to: &Path) {
        let mut file = std::io::BufWriter::new(std::fs::File::create(to).unwrap());
        for (name, series) in &self.families {
            writeln!(file, "# TYPE {name} unknown").unwrap();
            for samples in series.values() {
                file.write_all(samples.as_bytes()).unwrap();
            }
        }
        file.write_all(b"# EOF\n").unwrap();
        file.flush().unwrap();
    }
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _: Progress) {}

    fn trouble(&self, _sentence: &str) {}
}

/// A backfill of what lies between the two moments, by the program's own code.
pub(super) async fn backfill(
    settings: &Settings,
    world: Arc<World>,
    (from, until): (Timestamp, Timestamp),
    to: &Path,
) {
    // As if asked six hours after its end: it never writes the last three.
    let clock = Clock::simulated(until + jiff::SignedDuration::from_hours(6), 1);
    let vendors = Vendors::new(&world, &clock);
    let options = Options { latency: 40..=400, seed: 5, keep_bodies: false };
    let transport = Arc::new(Wire::to_hosts(vendors.hosts(), clock.clone(), options));
    let typed = Typed {
        from: from.strftime("%Y-%m-%d").to_string(),
        to: Some(until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        step: "5m".to_owned(),
        labels: TARGET.map(|(name, value)| format!("{name}={value}")).to_vec(),
        ..Typed::default()
    };
    let order = Order::read(&typed).unwrap();
    // What was gathered by an earlier run belongs to another time.
    let place = Place::new(to, None);
    let _ = std::fs::remove_file(to.with_extension("om.progress"));
    let job = Job::prepare(settings, &order, place, clock.wall()).unwrap();
    let store = Some(Memory::new() as Arc<dyn Store>);
    let telemetry = Arc::new(Telemetry::default());
    let state = Arc::new(State::new(store, clock.clone(), telemetry, 1));
    let fetch = Fetch { transport, clock: clock.clone(), limits: Collection::DEFAULT };
    let around = Around { fetch, clock, state, seed: 1 };
    let (_stop, shutdown) = channel();
    job.gather(&around, &Deaf, shutdown).await.unwrap().write(&|| true).unwrap();
}
