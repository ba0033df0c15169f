//! Disks that fail: the exporter goes on serving, says so once and in a metric, and recovers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::client::get;
use super::page::value;
use super::program::{Program, SECRET, Setup};
use super::upstream::{Act, Upstream, answer};
use super::waiting::wait_for;

const SAVED: &str = "revenue_exporter_state_last_save_successful";

const REPORT: &str = r#"{"success": true, "data": {"summary": {"clicks": 7, "revenue": 1.5}}}"#;

/// An exporter that asks every five seconds and keeps state under its own `disk/state`.
fn exporter() -> (Upstream, Program) {
    let upstream = Upstream::new(|_, _| Act::Send(answer("200 OK", REPORT)));
    let yaml = format!(
        "taprain:\n  - account: main\n    api_key_file: main.key\n    history: {{days: 0}}\n    base_url: http://{}\n    \
         budget: {{requests: 10000, per: 1h, reserve: 0%}}\n    \
         views: [{{view: all, ranges: [{{range: hour, every: 5s}}]}}]\n\
         state: {{directory: disk/state}}\n",
        upstream.address
    );
    let setup = Setup::new(&yaml).with_file("main.key", SECRET);
    fs::create_dir(setup.path("disk")).unwrap();
    let program = Program::serve(setup);
    wait_for("state", || program.path("disk/state/taprain.main/figures").exists().then_some(()));
    (upstream, program)
}

fn saved(program: &Program) -> f64 {
    let page = get(program.address, "/metrics");
    assert!(value(page.text(), "taprain_clicks", &[]).is_some(), "it goes on serving");
    value(page.text(), SAVED, &[]).unwrap()
}

/// It says so once and in the metric, and that it is over.
fn falls_ill_and_recovers(ill: impl FnOnce(&Path), well: impl FnOnce(&Path)) {
    let (_upstream, program) = exporter();
    let disk = program.path("disk");
    ill(&disk);
    wait_for("the metric to say so", || (saved(&program) == 0.0).then_some(()));
    well(&disk);
    wait_for("the metric to recover", || (saved(&program) == 1.0).then_some(()));
    assert!(disk.join("state/taprain.main/ledger").exists());
    let log = program.log();
    assert_eq!(log.matches("state cannot be kept").count(), 1, "{log}");
    assert_eq!(log.matches("state is kept again").count(), 1, "{log}");
    assert!(!log.contains(SECRET));
}

#[test]
fn a_state_directory_that_is_deleted_is_made_again() {
    let (_upstream, program) = exporter();
    let state = program.path("disk/state");
    fs::remove_dir_all(&state).unwrap();
    wait_for("the ledger", || state.join("taprain.main/ledger").exists().then_some(()));
    assert_eq!(saved(&program), 1.0);
    assert!(!program.log().contains("cannot be kept"), "{}", program.log());
}

#[test]
fn a_directory_that_something_else_has_replaced_is_said_once_and_used_again_later() {
    let replaced = |disk: &Path| {
        fs::remove_dir_all(disk.join("state")).unwrap();
        fs::write(disk.join("state"), "not a directory").unwrap();
    };
    falls_ill_and_recovers(replaced, |disk| fs::remove_file(disk.join("state")).unwrap());
}

#[test]
#[ignore = "mounts a file system, which only root may: run it with --ignored"]
fn a_full_disk_and_one_that_turns_read_only_are_said_once_and_used_again_later() {
    let mounted = std::cell::RefCell::new(Vec::new());
    let new = |options: &str, disk: &Path| {
        mount(&["-t", "tmpfs", "-o", options, "tmpfs"], disk);
        mounted.borrow_mut().push(Mounted(disk.to_owned()));
    };
    let full = |disk: &Path| {
        new("size=64k", disk);
        let filler = vec![0; 128 * 1024];
        fs::write(disk.join("filler"), filler).unwrap_err();
    };
    falls_ill_and_recovers(full, |disk| {
        fs::remove_file(disk.join("filler")).unwrap();
        mount(&["-o", "remount,size=1m"], disk);
    });
    falls_ill_and_recovers(|disk| new("ro", disk), |disk| mount(&["-o", "remount,rw"], disk));
}

/// A file system that goes with the test.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // The program that used it may have ended or not; either way it is out of sight.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(options: &[&str], place: &Path) {
    let done = Command::new("mount").args(options).arg(place).status().unwrap();
    assert!(done.success());
}
