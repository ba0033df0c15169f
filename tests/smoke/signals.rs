//! How it ends: gently at the first signal, at once at the second.

use std::io::Write;
use std::time::Duration;

use rustix::process::Signal;

use super::client::{connect, get};
use super::program::Program;
use super::waiting::{PATIENCE, wait_for};

const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_signal_ends_it_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut demo = Program::demo();
        assert_eq!(get(demo.address, "/-/healthy").status, 200);
        demo.signal(signal);
        let end = demo.end(SOON).unwrap();
        assert_eq!(end.code(), Some(0), "{signal:?}: {}", demo.log());
    }
}

#[test]
fn a_signal_and_its_echo_are_one_wish() {
    let mut demo = Program::demo();
    assert_eq!(get(demo.address, "/-/healthy").status, 200);
    demo.signal(Signal::TERM);
    demo.signal(Signal::TERM);
    assert_eq!(demo.end(SOON).unwrap().code(), Some(0), "{}", demo.log());
}

#[test]
fn a_second_signal_ends_it_though_a_request_hangs() {
    let mut demo = Program::demo();
    let mut slow = connect(demo.address);
    slow.write_all(b"GET /metrics HTTP/1.1\r\nhost: ").unwrap();
    // Connections that came later were answered, so the slow one has been seen.
    for _ in 0..3 {
        assert_eq!(get(demo.address, "/-/healthy").status, 200);
    }
    demo.signal(Signal::TERM);
    wait_for("the first signal to be heard", || demo.log().contains("SIGTERM").then_some(()));
    assert!(demo.is_running(), "{}", demo.log());
    // A signal right behind the first is its echo, so a person insists.
    wait_for("the program to give in", || {
        demo.signal(Signal::TERM);
        (!demo.is_running()).then_some(())
    });
    let end = demo.end(PATIENCE).unwrap();
    assert_ne!(end.code(), Some(0), "{}", demo.log());
    assert!(demo.log().contains("a second signal"), "{}", demo.log());
}
