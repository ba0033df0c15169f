//! The accounts, the exporters that share them, and a directory for what these keep.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use revenue_exporter::clock::Clock;
use revenue_exporter::demo::limiter::Limit;
use revenue_exporter::demo::{Answer, listen};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::exchange::{Exchange, STATS, STORE};
use super::waiting::poll;

/// Longer than anything here takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

pub(super) struct Field {
    pub(super) exchange: Arc<Exchange>,
    pub(super) accounts: Vec<String>,
    address: SocketAddr,
    directory: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Field {
    /// So many accounts, half of either API.
    pub(super) fn new(count: usize) -> Self {
        let api = |number: usize| if number.is_multiple_of(2) { "taprain" } else { "klar" };
        let name = |number| format!("{}/brand-{number:03}", api(number));
        let accounts: Vec<String> = (0..count).map(name).collect();
        let exchange = Arc::new(Exchange::new(&accounts, &Clock::system()));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let simulator = Arc::clone(&exchange) as Arc<dyn Answer>;
        runtime.spawn(listen::serve(listener, simulator, std::future::pending()));
        let directory = tempfile::tempdir().unwrap();
        for account in &accounts {
            let secret = account.replace('/', "-");
            fs::write(directory.path().join(&secret), &secret).unwrap();
        }
        Self { exchange, accounts, address, directory, _runtime: runtime }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes the configuration of the first `count` accounts, which all exporters read.
    pub(super) fn configure(&self, count: usize) {
        let mut text = String::new();
        for (api, secret, Limit { requests, per, .. }) in
            [("taprain", "api_key_file", STATS), ("klar", "refresh_token_file", STORE)]
        {
            let _ = writeln!(text, "{api}:");
            let seconds = per.as_secs();
            for account in self.accounts[..count].iter().filter(|name| name.starts_with(api)) {
                let (file, name) = (account.replace('/', "-"), account.split_once('/').unwrap().1);
                let _ = writeln!(
                    text,
                    "  - account: {name}\n    {secret}: {file}\n    base_url: http://{}/{account}\n    \
                     budget: {{requests: {requests}, per: {seconds}s, reserve: 0%}}\n    history: {{days: 0}}\n    \
                     views: [{{view: all, ranges: [{{range: today, every: 5s}}, {{range: yesterday, every: 5s}}]}}]",
                    self.address,
                );
            }
        }
        fs::write(self.path("exporter.yml"), text).unwrap();
    }

    /// Starts the shard, with what it kept in its own directory.
    pub(super) fn start(&self, index: usize, of: usize) -> Exporter {
        self.start_in(&format!("state-{index}"), index, of)
    }

    pub(super) fn start_in(&self, state: &str, index: usize, of: usize) -> Exporter {
        let log = self.path(&format!("{state}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
        command.env_clear().arg("--config.file").arg(self.path("exporter.yml"));
        command.arg("--state.directory").arg(self.path(state));
        command.args(["--web.listen-address=127.0.0.1:0", &format!("--shard={index}/{of}")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut exporter = Exporter { child: command.spawn().unwrap(), address: nowhere, log };
        let address = poll(PATIENCE, || {
            exporter.log().split_once(" address=")?.1.split_once(' ')?.0.parse().ok()
        });
        exporter.address = address.unwrap_or_else(|| panic!("{}", exporter.log()));
        exporter
    }

    /// What the program says on its two streams when run with this configuration, and its exit code.
    pub(super) fn said(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
        command.env_clear().args(args).arg("--config.file").arg(self.path("exporter.yml"));
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// Gives an account the secret of another.
    pub(super) fn share_secret(&self, one: &str, other: &str) {
        let [one, other] = [one, other].map(|account| self.path(&account.replace('/', "-")));
        fs::copy(one, other).unwrap();
    }

    /// Every account of `api/account`, and the place in `exporters` of the one that shows it: one and no other.
    pub(super) fn shown(&self, exporters: &[Exporter], count: usize) -> BTreeMap<String, usize> {
        let mut shown = BTreeMap::new();
        for (place, exporter) in exporters.iter().enumerate() {
            for account in exporter.accounts() {
                let twice = shown.insert(account.clone(), place);
                assert_eq!(twice, None, "{account} is also in {place}");
            }
        }
        let all: Vec<_> = self.accounts[..count].to_vec();
        assert!(all.iter().all(|name| shown.contains_key(name)) && shown.len() == count);
        shown
    }

    /// Waits until every account has been asked more often than `before` says.
    pub(super) fn await_asked(&self, before: &BTreeMap<String, u64>) {
        let idle = || {
            let asked = self.exchange.asked();
            before.iter().filter(|(name, times)| asked[*name] <= **times).count()
        };
        let done = poll(PATIENCE, || (idle() == 0).then_some(()));
        assert!(done.is_some(), "{} accounts are not asked", idle());
    }

    pub(super) fn assert_within_limits(&self) {
        assert_eq!(self.exchange.broken(), Vec::<String>::new());
    }
}

/// A running exporter, killed with the test.
pub(super) struct Exporter {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Exporter {
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(super) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until all of its accounts have been asked.
    pub(super) fn await_ready(&self) {
        let ready = || self.get("/-/ready").starts_with("HTTP/1.1 200").then_some(());
        assert!(poll(PATIENCE, ready).is_some(), "{}\n{}", self.get("/-/ready"), self.log());
    }

    /// The accounts that its page shows, as `api/account`.
    pub(super) fn accounts(&self) -> Vec<String> {
        let account = |line: &str| {
            let labels = line.strip_prefix("revenue_exporter_budget_limit_requests{api=\"")?;
            let (api, rest) = labels.split_once("\",account=\"")?;
            Some(format!("{api}/{}", rest.split_once('"')?.0))
        };
        self.get("/metrics").lines().filter_map(account).collect()
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as the power does.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as an init system does.
    pub(super) fn stop(mut self) {
        self.signal(Signal::TERM);
        let ended = poll(PATIENCE, || self.child.try_wait().unwrap());
        assert!(ended.is_some_and(|status| status.success()), "{}", self.log());
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
