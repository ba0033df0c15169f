//! The program itself: what it refuses, how it is started by systemd, and what it says.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::stage::{TLS, USERS, directory};

/// Whatever the program owes, it pays sooner.
const PATIENCE: Duration = Duration::from_secs(20);

const CONFIGURATION: &str =
    "taprain: [{account: main, api_key_env: KEY}]\nstate: {directory: ''}\n";

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_revenue-exporter"));
    command.env_clear().env("KEY", "hunter2").args(args).stdin(Stdio::null());
    command
}

fn with_web(at: &Path, yaml: &str) -> (String, String) {
    let (main, web) = (at.join("main.yml"), at.join("web.yml"));
    std::fs::write(&main, CONFIGURATION).unwrap();
    std::fs::write(&web, yaml).unwrap();
    (main.to_str().unwrap().to_owned(), web.to_str().unwrap().to_owned())
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn a_broken_file_ends_every_command_with_exit_code_2_and_its_place() {
    let at = directory();
    let (main, web) = with_web(at.path(), "basic_auth_user: {}\n");
    for args in [
        &["serve", "--config.file", &main, "--web.config.file", &web][..],
        &["demo", "--web.config.file", &web],
        &["check", "--config.file", &main, "--web.config.file", &web],
        &["--config.check", "--config.file", &main, "--web.config.file", &web],
    ] {
        let (code, text) = said(&program(args).output().unwrap());
        let expected = format!(
            "error: {web}:1:1: unknown key `basic_auth_user`; did you mean `basic_auth_users`?\n"
        );
        assert_eq!((code, text), (Some(2), expected), "{args:?}");
    }
}

#[test]
fn check_accepts_a_good_file_with_its_warnings_and_an_empty_name_is_none() {
    let at = directory();
    let (main, web) = with_web(at.path(), &format!("{TLS}{USERS}"));
    let good = ["check", "--config.file", &main, "--web.config.file", &web];
    let (code, text) = said(&program(&good).output().unwrap());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("warning: ") && text.contains("has cost 4"), "{text}");
    let none = ["check", "--config.file", &main, "--web.config.file="];
    assert_eq!(said(&program(&none).output().unwrap()), (Some(0), String::new()));
}

/// A running program, killed with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts it and reads its log up to a line that has `word`.
    fn until(mut command: Command, word: &str) -> (Self, Vec<String>) {
        let mut running = Self(command.stderr(Stdio::piped()).spawn().unwrap());
        let log = BufReader::new(running.0.stderr.take().unwrap());
        let mut lines = Vec::new();
        for line in log.lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.contains(word)) {
                return (running, lines);
            }
        }
        panic!("it ended:\n{}", lines.join("\n"));
    }
}

#[test]
fn listening_for_everybody_without_a_lock_is_warned_of_with_its_remedy() {
    let at = directory();
    let (main, web) = with_web(at.path(), &format!("{TLS}{USERS}"));
    let everywhere = ["serve", "--config.file", &main, "--web.listen-address", "0.0.0.0:0"];
    let (_open, lines) = Running::until(program(&everywhere), "serving metrics");
    assert!(lines.join("\n").contains("anyone who reaches this address reads the revenue; give"));
    let guarded = [&everywhere[..], &["--web.config.file", &web]].concat();
    let (_guarded, lines) = Running::until(program(&guarded), "serving metrics");
    assert!(!lines.iter().any(|line| line.contains("this address")), "{lines:?}");
}

/// A socket that is open before the program starts, handed over as systemd does it.
fn activated(listener: TcpListener, args: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    let script = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; \
                  exec \"$@\"";
    command.env_clear().env("KEY", "hunter2").args(["-c", script, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_revenue-exporter")).args(args);
    command.stdin(Stdio::from(OwnedFd::from(listener)));
    command
}

fn get(to: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn systemd_hands_its_socket_over_and_hears_that_the_program_is_ready_lives_and_stops() {
    let at = directory();
    let (main, _) = with_web(at.path(), "");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ear = UnixDatagram::bind(at.path().join("notify")).unwrap();
    ear.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = || {
        let mut bytes = [0; 256];
        let length = ear.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap().trim().to_owned()
    };
    let mut command =
        activated(listener, &["serve", "--config.file", &main, "--web.systemd-socket"]);
    command.env("NOTIFY_SOCKET", at.path().join("notify")).env("WATCHDOG_USEC", "20000");
    command.stderr(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let first = heard();
    assert!(["READY=1", "WATCHDOG=1"].contains(&first.as_str()), "{first}");
    assert!(get(&address, "/-/healthy").ends_with("Healthy\n"));
    while heard() != "WATCHDOG=1" {}
    let pid = rustix::process::Pid::from_child(&running.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    while heard() != "STOPPING=1" {}
    assert!(running.0.wait().unwrap().success());
}

#[test]
fn no_socket_or_one_that_is_not_tcp_is_said() {
    let at = directory();
    let (main, _) = with_web(at.path(), "");
    let args = ["serve", "--config.file", &main, "--web.systemd-socket", "--log.level=error"];
    let (code, text) = said(&program(&args).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(text.contains("systemd hands over no socket; start the exporter through"), "{text}");
    let unix = std::os::unix::net::UnixListener::bind(at.path().join("socket")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = activated(listener, &args);
    command.stdin(Stdio::from(OwnedFd::from(unix)));
    let (code, text) = said(&command.output().unwrap());
    assert_eq!(code, Some(1));
    assert!(text.contains("write ListenStream=ADDRESS:PORT into the .socket unit"), "{text}");
}

#[test]
fn the_demo_says_https_where_it_is() {
    let at = directory();
    let (_, web) = with_web(at.path(), TLS);
    let args = ["demo", "--web.listen-address", "127.0.0.1:0", "--web.config.file", &web];
    let mut command = program(&args);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn().unwrap());
    let printed = BufReader::new(running.0.stdout.take().unwrap());
    let address = printed.lines().map(Result::unwrap).find(|line| line.contains("/metrics"));
    assert!(address.unwrap().trim().starts_with("https://127.0.0.1:"));
}
