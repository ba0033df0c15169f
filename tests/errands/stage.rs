//! Both simulators on loopback.

use std::net::SocketAddr;
use std::sync::Arc;

use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, listen, taprain};

use super::program::Setup;

/// More than any test asks.
const PLENTY: u32 = 1_000_000;

/// Simulators that allow much, for as long as this lives.
pub(super) struct Stage {
    _runtime: tokio::runtime::Runtime,
    pub(super) taprain: Arc<taprain::TapRain>,
    pub(super) klar: Arc<klar::Klar>,
    taprain_at: SocketAddr,
    klar_at: SocketAddr,
}

impl Stage {
    pub(super) fn new() -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let world = Arc::new(World::new(3, Size::DEFAULT));
        let clock = Clock::system();
        let limit = Limit { requests: PLENTY, ..Limit::TAPRAIN };
        let options = taprain::Options { limit, ..taprain::Options::default() };
        let taprain = Arc::new(taprain::TapRain::new(Arc::clone(&world), clock.clone(), options));
        let options = klar::Options { limit, ..klar::Options::default() };
        let klar = Arc::new(klar::Klar::new(world, clock, options));
        let listen = |simulator: Arc<dyn Answer>| -> SocketAddr {
            let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            runtime.spawn(listen::serve(listener, simulator, std::future::pending()));
            address
        };
        let (taprain_at, klar_at) =
            (listen(Arc::clone(&taprain) as _), listen(Arc::clone(&klar) as _));
        Self { _runtime: runtime, taprain, klar, taprain_at, klar_at }
    }

    /// An account at the simulated TapRain, as YAML.
    pub(super) fn stats(&self, more: &str) -> String {
        let at = self.taprain_at;
        format!(
            "taprain:\n  - {{account: t, api_key_file: taprain.key, base_url: 'http://{at}'{more}}}\n"
        )
    }

    /// An account at the simulated Klar, as YAML.
    pub(super) fn store(&self, more: &str) -> String {
        let at = self.klar_at;
        format!(
            "klar:\n  - {{account: k, refresh_token_file: klar.token, base_url: 'http://{at}'{more}}}\n"
        )
    }

    /// A directory with this configuration and the simulators' secrets.
    pub(super) fn setup(yaml: &str) -> Setup {
        Setup::new(yaml)
            .with_file("revenue-exporter.yaml", yaml)
            .with_file("taprain.key", taprain::KEY)
            .with_file("klar.token", klar::REFRESH_TOKEN)
            .with_file("cookie", &format!("Cookie: {}\r\n", taprain::SESSION))
    }
}
