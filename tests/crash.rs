//! A crash loop: the real program on real sockets and a real disk, killed again and again at random
//! moments, before judges that count every request by all three kinds of limiter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking, and says what it measured"
)]

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::{Answer, klar, listen, taprain};
use revenue_exporter::state::decode;
use support::judge::Judge;
use support::world;
use tempfile::TempDir;

/// How long the program may take for anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A series that both kept figures and fresh ones have.
const REVENUE: &str = "taprain_revenue{account=\"t\",view=\"all\",range=\"yesterday\"";

/// Both simulators on real sockets, which outlive every exporter, and what the exporters keep.
struct Court {
    judges: [Arc<Judge>; 2],
    directory: TempDir,
    clock: Clock,
    _runtime: tokio::runtime::Runtime,
}

impl Court {
    fn new() -> Self {
        let clock = Clock::system();
        let stats = taprain::TapRain::new(world(3), clock.clone(), taprain::Options::default());
        let store = klar::Klar::new(world(3), clock.clone(), klar::Options::default());
        let judges = [
            Judge::new(Arc::new(stats), clock.clone(), Limit::TAPRAIN),
            Judge::new(Arc::new(store), clock.clone(), Limit::KLAR),
        ];
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let addresses = judges.each_ref().map(|judge| serve(&runtime, judge));
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("exporter.yaml"), configuration(addresses)).unwrap();
        fs::write(directory.path().join("t.key"), taprain::KEY).unwrap();
        fs::write(directory.path().join("k.key"), klar::REFRESH_TOKEN).unwrap();
        Self { judges, directory, clock, _runtime: runtime }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
        command.args(["--web.listen-address", "127.0.0.1:0", "--config.file"]);
        command.arg(self.path("exporter.yaml")).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Lives that end by kill -9 at a random moment before `longest`.
    fn kill_again_and_again(&self, times: usize, longest: u64) {
        let mut rng = fastrand::Rng::with_seed(20);
        for life in 0..times {
            let mut child = self.start();
            pause(Duration::from_millis(rng.u64(0..longest)));
            child.kill().unwrap();
            child.wait().unwrap();
            self.assert_state_is_whole(life);
        }
    }

    fn assert_state_is_whole(&self, life: usize) {
        for file in files(&self.path("state")) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if ["ledger", "figures", "days"].contains(&name) {
                assert!(decode::any(&fs::read(&file).unwrap()), "life {life}: {}", file.display());
            }
        }
    }

    fn assert_within_limits(&self) {
        for judge in &self.judges {
            let total = judge.record().total();
            println!("{} requests arrived, {} within the limit", total.total, total.admitted);
            assert_eq!(judge.record().violations().first().map(ToString::to_string), None);
            for (kind, refused) in judge.refused() {
                assert_eq!(refused, 0, "{kind:?}");
            }
        }
    }

    /// The next life shows what the last one knew, before it has asked anything.
    fn assert_nothing_was_lost(&self) {
        let (before, begin) = (self.log().len(), self.clock.tick());
        let mut child = self.start();
        let address = self.wait(|| address(&self.log()[before..]));
        let page = get(address, "/metrics");
        println!("the first page came {:?} after exec", self.clock.tick().since(begin));
        assert!(page.contains(REVENUE), "{page}");
        for reason in ["lock", "read", "unreadable", "write"] {
            let none = format!("revenue_exporter_state_errors_total{{reason=\"{reason}\"}} 0\n");
            assert!(page.contains(&none), "{page}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for word in ["state file", "cannot be kept", "panicked"] {
            assert!(!self.log().contains(word), "{}", self.log());
        }
    }

    fn wait<T>(&self, mut probe: impl FnMut() -> Option<T>) -> T {
        let begin = self.clock.tick();
        loop {
            if let Some(found) = probe() {
                return found;
            }
            assert!(self.clock.tick().since(begin) < PATIENCE, "in vain:\n{}", self.log());
            pause(Duration::from_millis(1));
        }
    }
}

fn serve(runtime: &tokio::runtime::Runtime, judge: &Arc<Judge>) -> SocketAddr {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let judge = Arc::clone(judge) as Arc<dyn Answer>;
    runtime.spawn(listen::serve(listener, judge, std::future::pending()));
    address
}

/// Asks for some ten times what either API allows.
fn configuration([t, k]: [SocketAddr; 2]) -> String {
    let five = |range| format!("{{range: {range}, every: 5s}}");
    let short = format!("[{}, {}, {}]", five("today"), five("yesterday"), five("7days"));
    // So many that the hour's limit binds within minutes.
    let countries = ["US", "GB", "DE", "CA", "AU", "FR", "ES", "IT"];
    let view = |of: &str| format!("{{view: {of}, country: [{of}], ranges: {short}}}");
    let views: Vec<_> = countries.iter().map(|of| view(of)).collect();
    let views = views.join(", ");
    format!(
        "taprain:\n  - account: t\n    api_key_file: t.key\n    base_url: http://{t}\n    \
         budget: {{requests: 600, per: 1h, reserve: 0%}}\n    \
         views: [{{view: all, ranges: {short}}}, {views}]\n\
         klar:\n  - account: k\n    refresh_token_file: k.key\n    base_url: http://{k}\n    \
         views: [{{view: all, ranges: {short}}}]\nstate: {{directory: state}}\n"
    )
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn address(log: &str) -> Option<SocketAddr> {
    log.split_once(" address=")?.1.split_once(' ')?.0.parse().ok()
}

fn get(from: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(from).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {from}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[expect(clippy::disallowed_methods, reason = "a process lives in real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn a_few_kills_lose_nothing_and_overspend_nothing() {
    let court = Court::new();
    let mut child = court.start();
    let address = court.wait(|| address(&court.log()));
    court.wait(|| get(address, "/metrics").contains(REVENUE).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    court.kill_again_and_again(8, 300);
    court.assert_nothing_was_lost();
    court.assert_within_limits();
}

#[test]
#[ignore = "some eight minutes: run it optimised, with --release -- --ignored --nocapture"]
fn three_hundred_kills_lose_nothing_and_overspend_nothing() {
    let court = Court::new();
    court.kill_again_and_again(300, 3000);
    court.assert_nothing_was_lost();
    court.assert_within_limits();
}
