//! An account of the exporter, the API it asks, and the proxy between the two.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::{Limit, LimiterKind};
use revenue_exporter::demo::record::Record;
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, listen, taprain};
use revenue_exporter::upstream::transport::Request;
use tokio::net::TcpListener;

use super::page::values;
use super::program::{SECRET, Setup};
use super::proxy::Proxy;
use super::spoil::Fault;

/// The API's limit and the exporter's budget, which is spent when everything fails and is tried
/// again.
const LIMIT: Limit =
    Limit { requests: 4, per: Duration::from_secs(1), kind: LimiterKind::SlidingLog };
const BUDGET: &str = "{requests: 4, per: 1s, reserve: 0%}";

/// Dates that are long over, so that no figure changes by itself.
const TAPRAIN: &str = "[{range: custom, name: a, start: 2025-10-01, end: 2025-10-01, every: 1s},\
     {range: custom, name: b, start: 2025-10-02, end: 2025-10-02, every: 1s},\
     {range: custom, name: c, start: 2025-10-01, end: 2025-10-02, every: 1s}]";
const KLAR: &str = "[{range: custom, name: a, start: 2025-10-02, end: 2025-10-02, every: 1s}]";

/// What the exporter waits for an answer, and delays on either side of it.
const TIMEOUT: &str = "1s";
pub(super) const IN_TIME: Duration = Duration::from_millis(300);
pub(super) const TOO_LATE: Duration = Duration::from_millis(1500);

/// One account, its API and what lies between.
pub(super) struct Actor {
    pub(super) api: &'static str,
    pub(super) name: &'static str,
    pub(super) fault: Fault,
    pub(super) views: usize,
    pub(super) simulator: Arc<dyn Answer>,
    pub(super) proxy: Proxy,
    /// Where the exporter looks for the API: behind the proxy.
    pub(super) base_url: String,
}

impl Actor {
    /// Both APIs' accounts for one fault.
    pub(super) async fn pair((name, fault): (&'static str, Fault)) -> [Self; 2] {
        let size = Size { leads_per_day: 45, sources: 2, ads_per_group: 1 };
        let (world, clock) = (Arc::new(World::new(7, size)), Clock::system());
        let key = secret("taprain", name);
        let options = taprain::Options { key, limit: LIMIT, ..taprain::Options::default() };
        let stats = taprain::TapRain::new(Arc::clone(&world), clock.clone(), options);
        let refresh_token = secret("klar", name);
        let options = klar::Options { refresh_token, limit: LIMIT, ..klar::Options::default() };
        let store = klar::Klar::new(world, clock, options);
        [
            Self::new("taprain", name, fault, Arc::new(stats)).await,
            Self::new("klar", name, fault, Arc::new(store)).await,
        ]
    }

    async fn new(
        api: &'static str,
        name: &'static str,
        fault: Fault,
        simulator: Arc<dyn Answer>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let path = format!("/{api}-{name}");
        let behind = Behind { path: path.clone(), simulator: Arc::clone(&simulator) };
        tokio::spawn(listen::serve(listener, Arc::new(behind), std::future::pending()));
        let proxy = Proxy::to(address, &path).await;
        let base_url = format!("http://{}{path}", proxy.address);
        let views = if api == "klar" { 1 } else { 3 };
        Self { api, name, fault, views, simulator, proxy, base_url }
    }

    /// Its part of the configuration.
    fn yaml(&self) -> String {
        let Self { api, name, base_url, .. } = self;
        let (key, ranges) =
            if *api == "klar" { ("refresh_token", KLAR) } else { ("api_key", TAPRAIN) };
        format!(
            "  - account: {name}\n    {key}_file: {api}-{name}.key\n    base_url: {base_url}\n    history: {{days: 0}}\n    \
             budget: {BUDGET}\n    views: [{{view: all, ranges: {ranges}}}]\n"
        )
    }

    /// Whether it goes on getting figures all the while.
    pub(super) fn is_spared(&self) -> bool {
        matches!(self.fault, Fault::Twice) || self.fault == Fault::Delay(IN_TIME)
    }

    /// Whether every view's last attempt gave figures (1) or gave none (0).
    pub(super) fn views_are(&self, up: f64, page: &str) -> bool {
        let views = self.read(page, "revenue_exporter_view_up", "");
        // One that has not been asked yet is not on the page.
        views.len() == self.views && views.iter().all(|view| *view == up)
    }

    /// When each view last had figures.
    pub(super) fn successes(&self, page: &str) -> Vec<f64> {
        self.read(page, "revenue_exporter_last_success_timestamp_seconds", "")
    }

    /// Whether every view has had figures since `before`.
    pub(super) fn is_newer(&self, page: &str, before: &str) -> bool {
        let (new, old) = (self.successes(page), self.successes(before));
        new.iter().zip(&old).all(|(new, old)| new > old)
    }

    /// All requests that have ended.
    pub(super) fn counted(&self, page: &str) -> f64 {
        self.read(page, "revenue_exporter_upstream_requests_total", "").iter().sum()
    }

    /// Those that ended like this.
    pub(super) fn ended(&self, page: &str, outcome: &str) -> f64 {
        let outcome = format!("outcome=\"{outcome}\"");
        self.read(page, "revenue_exporter_upstream_requests_total", &outcome).iter().sum()
    }

    /// Whether it is in this state.
    pub(super) fn is_in_state(&self, page: &str, state: &str) -> bool {
        let state = format!("state=\"{state}\"");
        self.read(page, "revenue_exporter_account_state", &state) == [1.0]
    }

    fn read(&self, page: &str, name: &str, more: &str) -> Vec<f64> {
        let (api, account) =
            (format!("api=\"{}\"", self.api), format!("account=\"{}\"", self.name));
        values(page, name, &[&api, &account, more])
    }

    /// What the vendor says, as it stands on the page.
    pub(super) fn figures<'a>(&self, page: &'a str) -> Vec<&'a str> {
        let account = format!("account=\"{}\"", self.name);
        let own = ["_up{", "_info{", "_total{", "_generated_timestamp_seconds{"];
        let lines = page.lines().filter(|line| line.starts_with(&format!("{}_", self.api)));
        let lines = lines.filter(|line| own.iter().all(|own| !line.contains(own)));
        lines.filter(|line| line.contains(&account)).collect()
    }
}

/// A simulator under a path of its own, which strangers do not know.
struct Behind {
    path: String,
    simulator: Arc<dyn Answer>,
}

impl Answer for Behind {
    fn answer(&self, request: &Request) -> http::Response<Bytes> {
        let mut request = request.clone();
        let asked = request.uri().to_string();
        let Some(rest) = asked.strip_prefix(&self.path) else {
            return http::Response::new(Bytes::new());
        };
        *request.uri_mut() = rest.parse().unwrap();
        self.simulator.answer(&request)
    }

    fn record(&self) -> &Record {
        self.simulator.record()
    }
}

/// A configuration of all of them, with every secret in a file of its own.
pub(super) fn setup(actors: &[Actor]) -> Setup {
    let accounts = |api: &str| -> String {
        actors.iter().filter(|actor| actor.api == api).map(Actor::yaml).collect()
    };
    let yaml = format!(
        "taprain:\n{}klar:\n{}collection: {{timeout: {TIMEOUT}, max_response: 256KiB}}\n\
         state: {{directory: \"\"}}\n",
        accounts("taprain"),
        accounts("klar"),
    );
    actors.iter().fold(Setup::new(&yaml), |setup, Actor { api, name, .. }| {
        setup.with_file(&format!("{api}-{name}.key"), &secret(api, name))
    })
}

fn secret(api: &str, name: &str) -> String {
    format!("{SECRET}-{api}-{name}")
}
