//! The end comes within five seconds, whoever hangs.

use std::io::Write;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;

use super::client::{connect, get};
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream};
use super::waiting::wait_for;

const SOON: Duration = Duration::from_secs(5);

fn ends_soon(mut program: Program) {
    program.signal(Signal::TERM);
    let end = program.end(SOON).unwrap_or_else(|| panic!("it hangs:\n{}", program.log()));
    assert_eq!(end.code(), Some(0), "{}", program.log());
}

#[test]
fn a_client_that_sends_half_a_request_delays_nobody_for_long() {
    let demo = Program::demo();
    let mut slow = connect(demo.address);
    slow.write_all(b"GET /metrics HTTP/1.1\r\nhost: ").unwrap();
    // Connections that came later were answered, so the slow one has been seen.
    for _ in 0..3 {
        assert_eq!(get(demo.address, "/-/healthy").status, 200);
    }
    ends_soon(demo);
}

#[test]
fn a_client_that_does_not_read_its_answer_delays_nobody_for_long() {
    let demo = Program::demo();
    wait_for("a large page", || (get(demo.address, "/metrics").body.len() > 300_000).then_some(()));
    let mut deaf = connect(demo.address);
    let request = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    deaf.write_all(request.as_bytes()).unwrap();
    for _ in 0..3 {
        assert_eq!(get(demo.address, "/-/healthy").status, 200);
    }
    ends_soon(demo);
}

#[test]
fn a_fifo_in_the_place_of_a_key_delays_nobody_and_the_key_stays_in_use() {
    let upstream = Upstream::new(|_, _| Act::Hang(Vec::new()));
    let yaml = format!(
        "taprain:\n  - {{account: main, api_key_file: key, base_url: 'http://{}', budget: {BUDGET}}}\n",
        upstream.address
    );
    let program = Program::serve(Setup::new(&yaml).with_file("key", SECRET));
    let key = program.path("key");
    std::fs::remove_file(&key).unwrap();
    mkfifoat(CWD, &key, Mode::RUSR | Mode::WUSR).unwrap();
    wait_for("the warning", || program.log().contains("no regular file").then_some(()));
    // The configuration is read as well, FIFO or not.
    program.signal(Signal::HUP);
    wait_for("the refusal", || program.log().contains("not reloaded").then_some(()));
    ends_soon(program);
}
