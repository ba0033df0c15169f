//! The real binary: started, listened to, told to stop, and gone when the test is.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::waiting::{PATIENCE, poll, wait_for};

/// Begins every secret of these tests, and must be seen nowhere.
pub(super) const SECRET: &str = "hunter2";

/// A budget that no test can spend.
pub(super) const BUDGET: &str = "{requests: 10000, per: 1h, reserve: 0%}";

const ANY_PORT: [&str; 2] = ["--web.listen-address", "127.0.0.1:0"];

/// The binary with an environment of its own.
pub(super) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
    command.env_clear().args(args).stdin(Stdio::null());
    command
}

/// A running exporter.
pub(super) struct Program {
    child: Child,
    pub(super) address: SocketAddr,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
    directory: Option<TempDir>,
}

impl Program {
    /// `demo` on a port of the system's choice, which it prints.
    pub(super) fn demo() -> Self {
        let mut child = started(&mut command(&["demo", ANY_PORT[0], ANY_PORT[1]]));
        let log = gather(child.stderr.take().unwrap());
        let printed = gather(child.stdout.take().unwrap());
        let address = wait_for("the printed address", || {
            between(&printed.lock().unwrap(), "http://", "/metrics")
        });
        Self { child, address, log, printed, directory: None }
    }

    /// `serve` with this configuration, saying everything it has to say.
    pub(super) fn serve(setup: Setup) -> Self {
        Self::serve_with(setup, &[])
    }

    /// The same with more arguments.
    pub(super) fn serve_with(setup: Setup, more: &[&str]) -> Self {
        let file = setup.directory.path().join("revenue-exporter.yaml");
        std::fs::write(&file, &setup.yaml).unwrap();
        let file = file.to_str().unwrap();
        let log = ["--log.level", "trace", "--log.format", setup.log_format];
        let args = [&["serve", "--config.file", file][..], &log, &ANY_PORT, more].concat();
        let mut child = started(command(&args).envs(setup.environment));
        let log = gather(child.stderr.take().unwrap());
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        // Made at once, so that it goes with the test whatever happens.
        let (printed, directory) = (Arc::default(), Some(setup.directory));
        let mut program = Self { child, address: nowhere, log, printed, directory };
        let address = poll(PATIENCE, || {
            let log = program.log();
            between(&log, " address=", " ").or_else(|| between(&log, "\"address\":\"", "\""))
        });
        program.address = address.unwrap_or_else(|| panic!("does not serve:\n{}", program.log()));
        program
    }

    /// A file beside the configuration, or that itself as `revenue-exporter.yaml`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.as_ref().unwrap().path().join(name)
    }

    /// Writes another configuration, which nobody reads yet.
    pub(super) fn configure(&self, yaml: &str) {
        std::fs::write(self.path("revenue-exporter.yaml"), yaml).unwrap();
    }

    /// Everything logged so far.
    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Everything that the demo printed.
    pub(super) fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// How it ended, if it does within `limit`.
    pub(super) fn end(&mut self, limit: Duration) -> Option<ExitStatus> {
        poll(limit, || self.child.try_wait().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration and the secrets it points to, in a directory that goes with the test.
pub(super) struct Setup {
    directory: TempDir,
    yaml: String,
    environment: Vec<(String, String)>,
    log_format: &'static str,
}

impl Setup {
    pub(super) fn new(yaml: &str) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            yaml: yaml.to_owned(),
            environment: Vec::new(),
            log_format: "logfmt",
        }
    }

    pub(super) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn with_log_format(self, log_format: &'static str) -> Self {
        Self { log_format, ..self }
    }

    /// Puts a file beside the configuration.
    pub(super) fn with_file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn started(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads a pipe to its end beside the test, so that the program never waits for its reader.
fn gather(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    text
}

fn between(text: &str, before: &str, after: &str) -> Option<SocketAddr> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after)?.0.parse().ok()
}
