//! Simulators in virtual time, and backfills against them.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use revenue_exporter::backfill::Trouble;
use revenue_exporter::backfill::cost::Cost;
use revenue_exporter::backfill::gather::{Around, Listener, Progress};
use revenue_exporter::backfill::job::Job;
use revenue_exporter::backfill::order::{Order, Typed};
use revenue_exporter::backfill::place::Place;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::wire::{self, Wire};
use revenue_exporter::fetch::Fetch;
use revenue_exporter::model::settings::{KlarLimits, Settings, TapRainLimits};
use revenue_exporter::shutdown::{Shutdown, Stop, channel};
use revenue_exporter::state::{State, Store};
use revenue_exporter::telemetry::Telemetry;
use revenue_exporter::upstream::transport::{Request, Response, Transport, TransportError};

use crate::support::memory::Memory;
use crate::support::recorder::Recorder;
use crate::support::{Vendors, clock_at, world};

/// Both simulators and the way to them.
pub(super) struct Stage {
    pub(super) clock: Clock,
    pub(super) vendors: Vendors,
    pub(super) recorder: Arc<Recorder>,
    pub(super) sent: Arc<Counted>,
    pub(super) memory: Arc<Memory>,
    pub(super) directory: tempfile::TempDir,
    pub(super) ear: Ear,
}

impl Stage {
    pub(super) fn new(start: &str) -> Self {
        Self::with(start, 3, 40..=400)
    }

    pub(super) fn with(start: &str, seed: u64, latency: RangeInclusive<u64>) -> Self {
        let clock = clock_at(start);
        let vendors = Vendors::new(&world(seed), &clock);
        let options = wire::Options { latency, seed: 5, keep_bodies: false };
        let wire = Arc::new(Wire::to_hosts(vendors.hosts(), clock.clone(), options));
        let sent = Arc::new(Counted { inner: wire, sent: Mutex::default() });
        let recorder = Recorder::new(Arc::clone(&sent) as Arc<dyn Transport>, clock.clone());
        let (memory, directory) = (Memory::new(), tempfile::tempdir().unwrap());
        Self { clock, vendors, recorder, sent, memory, directory, ear: Ear::default() }
    }

    /// Sends what a backfill sends through `wire` from now on.
    pub(super) fn through(&mut self, wire: Arc<Wire>) {
        self.sent = Arc::new(Counted { inner: wire, sent: Mutex::default() });
        let sent = Arc::clone(&self.sent) as Arc<dyn Transport>;
        self.recorder = Recorder::new(sent, self.clock.clone());
    }

    pub(super) fn place(&self) -> Place {
        Place::new(&self.directory.path().join("history.om"), None)
    }

    pub(super) fn text(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("history.om")).unwrap()
    }

    /// A process of its own on the same ledgers.
    pub(super) fn around(&self, seed: u64) -> Around {
        let telemetry = Arc::new(Telemetry::default());
        let store = Some(Arc::clone(&self.memory) as Arc<dyn Store>);
        let clock = self.clock.clone();
        let state = Arc::new(State::new(store, clock.clone(), telemetry, seed));
        let transport = Arc::clone(&self.recorder) as Arc<dyn Transport>;
        let limits = revenue_exporter::model::settings::Collection::DEFAULT;
        Around { fetch: Fetch { transport, clock: clock.clone(), limits }, clock, state, seed }
    }

    /// A whole backfill; what it said it would cost.
    pub(super) async fn backfill(
        &self,
        settings: &Settings,
        typed: &Typed,
    ) -> Result<Cost, Trouble> {
        let (_stop, shutdown) = channel();
        self.part(settings, typed, 1, shutdown).await
    }

    /// The same as the `seed`th process, until it is told to stop.
    pub(super) async fn part(
        &self,
        settings: &Settings,
        typed: &Typed,
        seed: u64,
        shutdown: Shutdown,
    ) -> Result<Cost, Trouble> {
        let order = Order::read(typed)?;
        let job = Job::prepare(settings, &order, self.place(), self.clock.wall())?;
        let cost = job.cost.clone();
        let gathered = job.gather(&self.around(seed), &self.ear, shutdown).await?;
        *self.ear.hourless.lock().unwrap() = gathered.harvest.hourless();
        gathered.write(&|| true)?;
        Ok(cost)
    }

    /// What was told of trouble so far.
    pub(super) fn troubles(&self) -> Vec<String> {
        self.ear.troubles.lock().unwrap().clone()
    }

    pub(super) fn has_journal(&self) -> bool {
        Path::new(&self.directory.path().join("history.om.progress")).exists()
    }

    /// A stop that comes after `time`.
    pub(super) fn stop_after(&self, time: Duration) -> Shutdown {
        let (stop, shutdown): (Stop, Shutdown) = channel();
        let clock = self.clock.clone();
        tokio::spawn(async move {
            clock.sleep(time).await;
            stop.now();
        });
        shutdown
    }
}

/// What is typed for these dates.
pub(super) fn typed(from: &str, to: &str, step: &str) -> Typed {
    Typed {
        from: from.to_owned(),
        to: Some(to.to_owned()),
        step: step.to_owned(),
        labels: vec!["job=revenue-exporter".to_owned(), "instance=a:10059".to_owned()],
        ..Typed::default()
    }
}

/// The same accounts with the fewest rows: for tests that count requests.
pub(super) fn few_rows(mut settings: Settings) -> Settings {
    for account in &mut settings.taprain {
        account.limits = TapRainLimits { country: 1, source: 0, offer: 0 };
    }
    for account in &mut settings.klar {
        account.limits = KlarLimits { channel: 1, campaign: 0, ad_group: 0, ad: 0 };
    }
    settings
}

/// Hears how far it is.
#[derive(Default)]
pub(super) struct Ear {
    troubles: Mutex<Vec<String>>,
    pub(super) heard: Mutex<Vec<Progress>>,
    pub(super) hourless: Mutex<usize>,
}

impl Listener for Ear {
    fn hear(&self, progress: Progress) {
        assert!(progress.sent <= progress.all);
        self.heard.lock().unwrap().push(progress);
    }

    fn trouble(&self, sentence: &str) {
        self.troubles.lock().unwrap().push(sentence.to_owned());
    }
}

/// Counts what is sent, by host.
pub(super) struct Counted {
    inner: Arc<Wire>,
    sent: Mutex<Vec<String>>,
}

impl Counted {
    pub(super) fn to(&self, host: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|one| *one == host).count()
    }
}

impl Transport for Counted {
    fn send(
        &self,
        request: Request,
    ) -> futures_util::future::BoxFuture<'static, Result<Response, TransportError>> {
        self.sent.lock().unwrap().push(request.uri().host().unwrap_or("").to_owned());
        self.inner.send(request)
    }
}
