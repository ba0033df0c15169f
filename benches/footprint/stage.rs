//! Both simulators on real sockets, and a folder with what the program reads and keeps.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::{Limit, LimiterKind};
use revenue_exporter::demo::world::{Size, World};
use revenue_exporter::demo::{Answer, klar, listen, taprain};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::program::Program;

/// A series that is saved, and shown again after a restart.
pub const SAVED: &str = "taprain_revenue{account=\"main\",view=\"all\",range=\"yesterday\"";

/// So generous that a page is there within seconds.
const LIMIT: Limit =
    Limit { requests: 600, per: Duration::from_secs(30), kind: LimiterKind::SlidingLog };
const BUDGET: &str = "    budget: {requests: 600, per: 30s}\n";

/// One view of TapRain's five ranges, and one of Klar's four.
const SLOTS: usize = 9;

pub struct Stage {
    program: PathBuf,
    folder: TempDir,
    /// Ends the simulators with itself.
    _runtime: Runtime,
}

impl Stage {
    /// One account of each API as one gets it without choosing anything.
    pub fn small(program: PathBuf) -> Self {
        let limits = [Limit::TAPRAIN, Limit::KLAR];
        Self::new(program, Size::DEFAULT, limits, ["", ""])
    }

    /// The same with every ad, for a page of some 10,000 series.
    pub fn large(program: PathBuf) -> Self {
        let size = Size { ads_per_group: 4, ..Size::DEFAULT };
        let klar = format!(
            "{BUDGET}    limits: {{ad: 1000}}\n    views: [{{view: default, detail: ad}}]\n"
        );
        Self::new(program, size, [LIMIT; 2], [BUDGET, &klar])
    }

    fn new(program: PathBuf, size: Size, limits: [Limit; 2], more: [&str; 2]) -> Self {
        let clock = Clock::system();
        let world = Arc::new(World::new(3, size));
        let [limit, klars] = limits;
        let options = taprain::Options { limit, ..taprain::Options::default() };
        let stats = taprain::TapRain::new(Arc::clone(&world), clock.clone(), options);
        let options = klar::Options { limit: klars, ..klar::Options::default() };
        let store = klar::Klar::new(world, clock, options);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let [t, k] = [listen(&runtime, Arc::new(stats)), listen(&runtime, Arc::new(store))];
        let [t_more, k_more] = more;
        let yaml = format!(
            "taprain:\n  - account: main\n    api_key_file: t.key\n    base_url: http://{t}\n{t_more}\
             klar:\n  - account: store\n    refresh_token_file: k.key\n    base_url: http://{k}\n{k_more}\
             state: {{directory: state}}\n"
        );
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("exporter.yaml", &*yaml), ("t.key", taprain::KEY), ("k.key", klar::REFRESH_TOKEN)]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self { program, folder, _runtime: runtime }
    }

    /// A program in this folder, with what the one before has kept.
    pub fn start(&self) -> Program {
        Program::start(&self.program, self.folder.path())
    }

    /// Whether every view and range has been answered.
    pub fn is_collected(page: &str) -> bool {
        let answered = "revenue_exporter_last_success_timestamp_seconds{";
        page.lines().filter(|line| line.starts_with(answered)).count() == SLOTS
    }
}

fn listen(runtime: &Runtime, simulator: Arc<dyn Answer>) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(listen::serve(listener, simulator, std::future::pending()));
    address
}
