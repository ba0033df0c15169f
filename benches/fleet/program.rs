//! The real program: its configuration, its process, its page.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::options::Options;

/// What the kernel counts in a second.
const TICKS: f64 = 100.0;

pub struct Program {
    child: Child,
    port: u16,
    log: PathBuf,
    started: Instant,
}

/// What the process has used.
pub struct Usage {
    /// Seconds, in the kernel too.
    pub cpu: f64,
    /// Bytes.
    pub resident: f64,
    pub threads: usize,
}

impl Program {
    pub fn start(directory: &Path, accounts: [usize; 2], upstream: u16, options: &Options) -> Self {
        let file = directory.join("exporter.yaml");
        fs::write(&file, configuration(directory, accounts, upstream, options)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = directory.join("log");
        let binary = env!("CARGO_BIN_EXE_revenue-exporter");
        let under: Vec<_> = options.under.iter().flat_map(|under| under.split(' ')).collect();
        let mut command = match under.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        command.arg("--config.file").arg(&file).args(["--log.level", "error"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let out = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(out);
        let started = Instant::now();
        Self { child: command.spawn().unwrap(), port, log, started }
    }

    /// Waits for the first page; returns how long that took since the start.
    pub fn await_page(&mut self) -> Duration {
        while self.started.elapsed() < Duration::from_secs(300)
            && self.child.try_wait().unwrap().is_none()
        {
            if self.fetch().is_some_and(|bytes| bytes > 0) {
                return self.started.elapsed();
            }
            sleep(Duration::from_millis(20));
        }
        panic!("no page: {}", self.last_words());
    }

    /// The size of the page, and how long it took.
    pub fn scrape(&self) -> (usize, Duration) {
        let began = Instant::now();
        (self.fetch().unwrap_or(0), began.elapsed())
    }

    fn fetch(&self) -> Option<usize> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nhost: x\r\naccept: application/openmetrics-text;version=1.0.0\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        answer.starts_with(b"HTTP/1.1 200").then_some(answer.len())
    }

    pub fn usage(&self) -> Usage {
        let read =
            |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap();
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let number = |place: usize| fields[place].parse::<f64>().unwrap();
        let pages = read("statm").split(' ').nth(1).unwrap().parse::<f64>().unwrap();
        Usage {
            cpu: (number(11) + number(12)) / TICKS,
            resident: pages * rustix::param::page_size() as f64,
            threads: number(17) as usize,
        }
    }

    /// Requests that failed, by what the page says of them.
    pub fn failures(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\nhost: x\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let failed = |line: &&str| {
            line.starts_with("revenue_exporter_upstream_requests_total{")
                && !line.contains("outcome=\"ok\"")
                && !line.ends_with(" 0")
        };
        page.lines().filter(failed).take(20).map(str::to_owned).collect()
    }

    /// The end of what it logged.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.join("\n")
    }

    /// Ends it as an init system does.
    pub fn stop(mut self) {
        let began = Instant::now();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap();
        if began.elapsed() > Duration::from_secs(5) {
            println!("it took {:.1} s to end", began.elapsed().as_secs_f64());
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every account asks for more than its budget, so that every interval is stretched. Klar's two views have
/// models of their own: one request would serve two ranges, and then nothing would be wanted for a while.
fn configuration(
    directory: &Path,
    [taprain, klar]: [usize; 2],
    port: u16,
    options: &Options,
) -> String {
    let mut text = String::new();
    let keys = directory.join("keys");
    fs::create_dir_all(&keys).unwrap();
    let base = format!("base_url: \"http://127.0.0.1:{port}\"");
    let history = options.history;
    if taprain > 0 {
        text.push_str("taprain:\n");
    }
    for account in 0..taprain {
        let name = format!("t{account:05}");
        fs::write(keys.join(&name), &name).unwrap();
        let _ = write!(
            text,
            "  - account: {name}\n    api_key_file: keys/{name}\n    {base}\n    budget: {{requests: 600, per: 1h, reserve: 0%}}\n    \
             history: {{days: {history}}}\n    views:\n      - view: all\n        ranges:\n          \
             - {{range: today, every: 5s}}\n          - {{range: yesterday, every: 5s}}\n"
        );
    }
    if klar > 0 {
        text.push_str("klar:\n");
    }
    for account in 0..klar {
        let name = format!("k{account:05}");
        fs::write(keys.join(&name), &name).unwrap();
        let _ = write!(
            text,
            "  - account: {name}\n    refresh_token_file: keys/{name}\n    {base}\n    history: {{days: {history}}}\n    \
             views:\n      - view: default\n        ranges:\n          - {{range: today, every: 5s}}\n      \
             - view: last\n        model: last_touch\n        ranges:\n          - {{range: today, every: 5s}}\n"
        );
    }
    text.push_str("collection: {max_series: 2000000}\n");
    text
}
