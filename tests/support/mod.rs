//! A scene: collectors, simulators and a judge in virtual time, without sockets.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "every binary uses a part of this, and a test ends by panicking"
)]

pub mod expectation;
pub mod faults;
pub mod judge;
pub mod memory;
pub mod page;
pub mod recorder;
pub mod script;
pub mod truth;
pub mod truth_klar;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use revenue_exporter::app::{App, Control, Crew};
use revenue_exporter::board::Board;
use revenue_exporter::clock::Clock;
use revenue_exporter::config::defaults;
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, taprain};
use revenue_exporter::exposition::ending::Endings;
use revenue_exporter::exposition::own::ReloadState;
use revenue_exporter::exposition::press::Press;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::range::{Days, Range};
use revenue_exporter::model::settings::{
    Account, BudgetTerms, Collection, Credential, CredentialSource, Filters, KlarAccount, KlarView,
    RangeEvery, Settings, TapRainAccount, TapRainView,
};
use revenue_exporter::secret::Secret;
use revenue_exporter::server::face::Faces;
use revenue_exporter::server::gate::Gate;
use revenue_exporter::server::site::{Loaded, Site};
use revenue_exporter::shutdown::{Stop, channel};
use revenue_exporter::snapshot::Snapshot;
use revenue_exporter::state::Store;
use revenue_exporter::telemetry::Telemetry;
use revenue_exporter::upstream::transport::{Request, Response, Transport, TransportError};

/// A business day in New York, five seconds past noon: nothing is about to roll over.
pub const NOON: &str = "2026-03-18T16:00:05Z";

/// A range every so many seconds.
pub fn every(range: Range, seconds: u64) -> RangeEvery {
    RangeEvery { range, every: Duration::from_secs(seconds) }
}

/// A custom range of the half-open dates.
pub fn custom(name: &str, start: &str, end: &str) -> Range {
    let days = Days { start: start.parse().unwrap(), end: end.parse().unwrap() };
    Range::Custom { name: name.into(), days }
}

/// A TapRain account with the documented budget and one view.
pub fn taprain_account(name: &str, ranges: Vec<RangeEvery>) -> TapRainAccount {
    let views = vec![taprain_view("all", Filters::default(), ranges)];
    let common = account(name, taprain::KEY, &defaults::TAPRAIN);
    let (limits, expectations) = (defaults::TAPRAIN_LIMITS, defaults::EXPECTATIONS);
    TapRainAccount { common, limits, expectations, views }
}

/// A TapRain view.
pub fn taprain_view(name: &str, filters: Filters, ranges: Vec<RangeEvery>) -> TapRainView {
    TapRainView { name: name.into(), filters, ranges }
}

/// A Klar account with the documented budget and one view.
pub fn klar_account(name: &str, detail: Detail, ranges: Vec<RangeEvery>) -> KlarAccount {
    let views = vec![klar_view("default", detail, ranges)];
    let common = account(name, klar::REFRESH_TOKEN, &defaults::KLAR);
    KlarAccount { common, limits: defaults::KLAR_LIMITS, views }
}

/// A Klar view with the default attribution.
pub fn klar_view(name: &str, detail: Detail, ranges: Vec<RangeEvery>) -> KlarView {
    KlarView {
        name: name.into(),
        model: defaults::MODEL,
        window: defaults::WINDOW,
        basis: defaults::DATE_BREAKDOWN,
        detail,
        ranges,
    }
}

fn account(name: &str, key: &str, api: &defaults::AccountDefaults) -> Account {
    Account {
        name: name.into(),
        credential: Credential {
            secret: Secret::parse(key).unwrap(),
            source: CredentialSource::Built,
        },
        base_url: format!("http://{name}"),
        timezone: TimeZone::get(api.timezone).unwrap(),
        timezone_name: api.timezone.into(),
        currency: api.currency.into(),
        budget: api.budget,
        // Requests for history are the business of tests that ask for it.
        history_days: 0,
    }
}

/// `requests` per `seconds`, `reserve` of them left to others.
pub fn budget(requests: u32, seconds: u64, reserve: f64) -> BudgetTerms {
    let requests = requests.try_into().unwrap();
    BudgetTerms { requests, per: Duration::from_secs(seconds), reserve }
}

/// Settings of these accounts and otherwise the defaults.
pub fn settings(taprain: Vec<TapRainAccount>, klar: Vec<KlarAccount>) -> Settings {
    Settings { taprain, klar, collection: Collection::DEFAULT, state_directory: None }
}

/// A clock that begins at `start` and moves only when all else waits.
pub fn clock_at(start: &str) -> Clock {
    Clock::simulated(start.parse::<Timestamp>().unwrap(), 1)
}

/// A business of the default size.
pub fn world(seed: u64) -> Arc<World> {
    Arc::new(World::new(seed, Size::DEFAULT))
}

/// A running exporter and what it answers.
pub struct Scene {
    pub clock: Clock,
    pub site: Arc<Site>,
    pub control: Control,
    stop: Option<Stop>,
    running: tokio::task::JoinHandle<()>,
}

impl Scene {
    /// Starts collecting `settings` over `transport`.
    pub fn start(settings: Settings, clock: Clock, transport: Arc<dyn Transport>) -> Self {
        Self::start_with(settings, clock, transport, None)
    }

    /// The same with state that survives it.
    pub fn start_with(
        settings: Settings,
        clock: Clock,
        transport: Arc<dyn Transport>,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let app = App::build(&settings, clock.clone(), transport, store, 7);
        let reload = ReloadState { successful: true, at: clock.wall() };
        let loaded = Arc::new(ArcSwap::from_pointee(Loaded { text: "".into(), reload }));
        let site = Arc::new(Site {
            board: Arc::clone(&app.board),
            telemetry: Arc::clone(&app.telemetry),
            clock: clock.clone(),
            telemetry_path: "/metrics".to_owned(),
            loaded,
            version: "0.0.0",
            process: None,
            press: Press::default(),
            endings: Endings::default(),
            faces: Faces::new(clock.wall()),
            reloads: None,
            lock: None,
            gate: Gate::new(40),
            reachable: false,
        });
        let control = app.control();
        let (stop, shutdown) = channel();
        let running = tokio::spawn(app.collect(Crew::here(), shutdown));
        Self { clock, site, control, stop: Some(stop), running }
    }

    /// Lets `time` pass.
    pub async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// Lets time pass until `instant`.
    pub async fn until(&self, instant: &str) {
        let left = instant.parse::<Timestamp>().unwrap().duration_since(self.clock.wall());
        self.pass(left.try_into().expect("that time has passed")).await;
    }

    /// Puts other settings in force.
    pub async fn reload(&self, settings: Settings) {
        self.control.apply(settings).await.expect("it runs");
    }

    /// The page as Prometheus gets it, in OpenMetrics.
    pub async fn metrics(&self) -> String {
        let request = http::Request::get("/metrics")
            .header("accept", "application/openmetrics-text;version=1.0.0")
            .body(())
            .unwrap();
        let reply = self.site.answer(&request).await;
        assert_eq!(reply.status(), 200);
        let body = http_body_util::BodyExt::collect(reply.into_body()).await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// The page, read.
    pub async fn page(&self) -> page::Page {
        page::Page::read(&self.metrics().await)
    }

    /// What is known.
    pub fn snapshot(&self) -> Snapshot {
        self.board().current().snapshot.clone()
    }

    /// The board.
    pub fn board(&self) -> &Arc<Board> {
        &self.site.board
    }

    /// The counters.
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.site.telemetry
    }

    /// Ends at once, as by kill -9: nothing is said, saved or waited for.
    pub async fn kill(self) {
        self.running.abort();
        // It was aborted; that is how it ends.
        let _ = self.running.await;
    }

    /// Stops collecting and waits for the end.
    pub async fn stop(mut self) {
        self.stop.take().unwrap().now();
        self.running.await.unwrap();
    }
}

/// A transport that answers by a function of the request, at once.
pub struct Scripted<F>(pub F);

impl<F> Transport for Scripted<F>
where
    F: Fn(&Request) -> BoxFuture<'static, Result<Response, TransportError>> + Send + Sync + 'static,
{
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, TransportError>> {
        (self.0)(&request)
    }
}

/// An answer with a whole body.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(recorder::once(body.into()));
    *response.status_mut() = status.try_into().unwrap();
    response
}

/// Both simulators of one business.
pub struct Vendors {
    pub taprain: Arc<taprain::TapRain>,
    pub klar: Arc<klar::Klar>,
}

impl Vendors {
    pub fn new(world: &Arc<World>, clock: &Clock) -> Self {
        let (world, clock) = (world, clock.clone());
        let taprain =
            taprain::TapRain::new(Arc::clone(world), clock.clone(), taprain::Options::default());
        let klar = klar::Klar::new(Arc::clone(world), clock, klar::Options::default());
        Self { taprain: Arc::new(taprain), klar: Arc::new(klar) }
    }

    /// As hosts of a wire: the accounts' names are the hosts.
    pub fn hosts(&self) -> Vec<(String, Arc<dyn Answer>)> {
        vec![
            ("t".to_owned(), Arc::clone(&self.taprain) as Arc<dyn Answer>),
            ("k".to_owned(), Arc::clone(&self.klar) as Arc<dyn Answer>),
        ]
    }

    /// Every violation of either, as text.
    pub fn violations(&self) -> Vec<String> {
        let (taprain, klar) = (self.taprain.record(), self.klar.record());
        let both = taprain.violations().into_iter().chain(klar.violations());
        both.map(|violation| violation.to_string()).collect()
    }
}
