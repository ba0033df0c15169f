//! A scrape while the upstream hangs: it is answered, and nobody is asked on its behalf.

use std::time::Duration;

use rustix::process::Signal;

use super::client::{ask, get};
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream};
use super::waiting::wait_for;

#[test]
fn a_scrape_waits_for_no_upstream_and_causes_no_request() {
    let taprain = Upstream::new(|_, _| Act::Hang(Vec::new()));
    let klar = Upstream::new(|_, _| Act::Hang(Vec::new()));
    let yaml = format!(
        "taprain:\n  - {{account: main, api_key_file: key, base_url: http://{}, budget: {BUDGET}}}\n\
         klar:\n  - {{account: store, refresh_token_file: key, base_url: http://{}}}\n\
         collection: {{timeout: 10m}}\n",
        taprain.address, klar.address
    );
    let mut program = Program::serve(Setup::new(&yaml).with_file("key", SECRET));
    // One request each: until an API has answered once, nothing else is asked of it.
    let asked = || (taprain.requests().len(), klar.requests().len());
    wait_for("every request to be on its way", || (asked() == (1, 1)).then_some(()));
    for scrape in 0..50 {
        let headers: &[&str] = if scrape % 2 == 0 { &[] } else { &["accept-encoding: gzip"] };
        assert_eq!(ask(program.address, "GET", "/metrics", headers).status, 200);
    }
    assert_eq!(asked(), (1, 1));
    let ready = get(program.address, "/-/ready");
    assert_eq!(ready.status, 503);
    assert_eq!(ready.text(), "Not ready: no answer yet for taprain main, klar store.\n");
    program.signal(Signal::TERM);
    let end = program.end(Duration::from_secs(5)).unwrap();
    assert_eq!(end.code(), Some(0), "{}", program.log());
}
