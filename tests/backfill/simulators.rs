//! Both simulators on real sockets, and the real binary before them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::world::World;
use revenue_exporter::demo::{Answer, klar, listen, taprain};
use tempfile::TempDir;

use crate::support::world;

/// More than any test asks.
const PLENTY: u32 = 1_000_000;

/// Simulators that allow much, and a directory with a configuration for them.
pub(super) struct Simulators {
    _runtime: tokio::runtime::Runtime,
    pub(super) directory: TempDir,
    pub(super) taprain: Arc<taprain::TapRain>,
    pub(super) klar: Arc<klar::Klar>,
}

impl Simulators {
    /// A configuration that allows `budget`, as YAML, and shows few rows.
    pub(super) fn new(budget: &str) -> Self {
        let few = ("limits: {country: 2, source: 2, offer: 2}", "limits: {channel: 3}");
        Self::of(world(3), budget, few)
    }

    /// The same for another business, with more lines of YAML for each account.
    pub(super) fn of(
        world: Arc<World>,
        budget: &str,
        (stats_more, store_more): (&str, &str),
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let clock = Clock::system();
        let limit = Limit { requests: PLENTY, ..Limit::TAPRAIN };
        let options = taprain::Options { limit, ..taprain::Options::default() };
        let stats = Arc::new(taprain::TapRain::new(Arc::clone(&world), clock.clone(), options));
        let options = klar::Options { limit, ..klar::Options::default() };
        let store = Arc::new(klar::Klar::new(world, clock, options));
        let listen = |simulator: Arc<dyn Answer>| -> SocketAddr {
            let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            runtime.spawn(listen::serve(listener, simulator, std::future::pending()));
            address
        };
        let (stats_at, store_at) =
            (listen(Arc::clone(&stats) as _), listen(Arc::clone(&store) as _));
        let directory = tempfile::tempdir().unwrap();
        let put =
            |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        put("taprain.key", taprain::KEY);
        put("klar.token", klar::REFRESH_TOKEN);
        put(
            "revenue-exporter.yml",
            &format!(
                "taprain:\n  - account: t\n    api_key_file: taprain.key\n    base_url: http://{stats_at}\n    \
                 budget: {budget}\n    {stats_more}\n\
                 klar:\n  - account: k\n    refresh_token_file: klar.token\n    \
                 base_url: http://{store_at}\n    budget: {budget}\n    {store_more}\n"
            ),
        );
        Self { _runtime: runtime, directory, taprain: stats, klar: store }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Requests so far.
    pub(super) fn asked(&self) -> (u64, u64) {
        (self.taprain.record().total().total, self.klar.record().total().total)
    }

    /// The real binary in the directory.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
        command.env_clear().current_dir(self.directory.path()).stdin(Stdio::null());
        command.args(args).arg("--config.file=revenue-exporter.yml");
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(super) fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

/// A process that ends with the test.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `probe` finds, as soon as it finds something; fails after `limit`, saying `what`.
#[expect(clippy::disallowed_methods, reason = "a test of another process has no clock to wait on")]
pub(super) fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let clock = Clock::system();
    let begin = clock.tick();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(clock.tick().since(begin) < limit, "in vain waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The date so many days ago, in UTC.
pub(super) fn days_ago(days: i64) -> String {
    let ago = jiff::SignedDuration::from_hours(24 * days);
    let then = Clock::system().wall().saturating_sub(ago).unwrap();
    then.strftime("%Y-%m-%d").to_string()
}
