//! The real program, looked at from outside.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(100);

pub struct Program {
    pub address: SocketAddr,
    child: Child,
    begun: Instant,
}

/// What the system says of it, in bytes.
pub struct Status {
    pub resident: u64,
    pub anonymous: u64,
    pub threads: u64,
}

impl Program {
    /// `serve`s what `folder` configures.
    pub fn start(program: &Path, folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(["serve", "--web.listen-address", &address.to_string(), "--config.file"]);
        command.arg(folder.join("exporter.yaml")).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let begun = Instant::now();
        Self { address, child: command.spawn().unwrap(), begun }
    }

    /// When the first page came that has `series`, since it was started.
    pub fn first(&self, series: &str) -> Duration {
        while !self.try_page().is_some_and(|page| page.contains(series)) {
            assert!(self.begun.elapsed() < PATIENCE, "it shows nothing");
            std::thread::sleep(PAUSE);
        }
        self.begun.elapsed()
    }

    /// The page, once it listens.
    pub fn page(&self) -> String {
        loop {
            if let Some(page) = self.try_page() {
                return page;
            }
            assert!(self.begun.elapsed() < PATIENCE, "it does not listen");
            std::thread::sleep(PAUSE);
        }
    }

    fn try_page(&self) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let to = self.address;
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Some(answer)
    }

    pub fn status(&self) -> Status {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Status {
            resident: value("VmRSS:") << 10,
            anonymous: value("RssAnon:") << 10,
            threads: value("Threads:"),
        }
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
