//! What the network does to answers, and what the exporter makes of it: whatever goes wrong between
//! it and an API, it goes on serving, keeps what it knew, says what it met, asks no more often than
//! it may, and recovers.

use std::sync::LazyLock;
use std::time::Duration;

use super::actor::{Actor, IN_TIME, TOO_LATE};
use super::show::Show;
use super::spoil::Fault;

const FAULTS: [(&str, Fault); 16] = [
    ("slow", Fault::Delay(IN_TIME)),
    ("late", Fault::Delay(TOO_LATE)),
    ("drip", Fault::Drip),
    ("hang-up", Fault::HangUp),
    ("cut-head", Fault::CutHead),
    ("cut-body", Fault::CutBody),
    ("reset-head", Fault::ResetHead),
    ("reset-body", Fault::ResetBody),
    ("black-hole", Fault::BlackHole),
    ("too-short", Fault::LengthTooShort),
    ("too-long", Fault::LengthTooLong),
    ("endless", Fault::Endless),
    ("garbage", Fault::Garbage),
    ("twice", Fault::Twice),
    ("unattended", Fault::Unattended),
    ("refused", Fault::Refused),
];

/// One show for all: each fault takes seconds of waiting, which they can share.
static SHOW: LazyLock<Show> = LazyLock::new(|| Show::run(&FAULTS));

/// Twenty scrapes take no longer, though none of them could be answered in time if it waited for
/// an API.
const SCRAPES_TAKE: Duration = Duration::from_secs(5);

fn cast(name: &str) -> Vec<(&'static Actor, f64)> {
    let all = SHOW.actors.iter().zip(SHOW.carried.iter().copied());
    let found: Vec<_> = all.filter(|(actor, _)| actor.name == name).collect();
    assert_eq!(found.len(), 2, "{name}");
    found
}

/// What holds for every fault.
fn holds_its_own(name: &str) {
    for (actor, carried) in cast(name) {
        let api = actor.api;
        let figures = actor.figures(&SHOW.well);
        assert!(figures.len() > 10, "{api}: {figures:?}");
        for page in [&SHOW.ill, &SHOW.worse, &SHOW.again, &SHOW.end] {
            let shown = actor.figures(page);
            let differ = figures.iter().zip(&shown).find(|(was, is)| was != is);
            assert_eq!(differ, None, "{api}: the last good figures");
            assert_eq!(shown.len(), figures.len(), "{api}: the last good figures");
        }
        assert!(actor.views_are(1.0, &SHOW.again), "{api} does not recover");
        assert!(actor.is_newer(&SHOW.again, &SHOW.worse), "{api} has no new figures");
        assert!(actor.is_in_state(&SHOW.again, "ok"), "{api} does not say that it recovered");
        let counted = actor.counted(&SHOW.end);
        assert!(carried <= counted, "{api}: {carried} requests were sent, {counted} are counted");
        let violations = actor.simulator.record().violations();
        assert!(violations.is_empty(), "{api}: {violations:?}");
    }
}

fn fails(name: &str, outcome: &str, state: &str) {
    for (actor, _) in cast(name) {
        let api = actor.api;
        assert!(actor.views_are(0.0, &SHOW.ill), "{api} does not notice");
        let met = |page: &str| actor.ended(page, outcome);
        assert!(met(&SHOW.ill) > met(&SHOW.well), "{api}: no {outcome}");
        assert!(met(&SHOW.worse) > met(&SHOW.ill), "{api}: no {outcome} any more");
        assert!(actor.is_in_state(&SHOW.worse, state), "{api} is not {state}");
        let good = |page: &str| actor.ended(page, "ok");
        assert_eq!(good(&SHOW.worse), good(&SHOW.ill), "{api} believes it");
        assert_eq!(actor.successes(&SHOW.worse), actor.successes(&SHOW.ill), "{api}: the ages");
    }
    holds_its_own(name);
}

#[test]
fn an_answer_that_takes_its_time_is_used() {
    for (actor, _) in cast("slow") {
        assert!(actor.is_newer(&SHOW.worse, &SHOW.well), "{}", actor.api);
        assert!(actor.is_in_state(&SHOW.worse, "ok"), "{}", actor.api);
    }
    holds_its_own("slow");
}

#[test]
fn an_answer_that_comes_too_late_is_a_timeout() {
    fails("late", "timeout", "unreachable");
}

#[test]
fn an_answer_that_drips_is_a_timeout_though_it_never_stops() {
    fails("drip", "timeout", "unreachable");
}

#[test]
fn a_connection_that_ends_without_a_byte_is_not_tried_again_behind_the_ledgers_back() {
    fails("hang-up", "connect", "unreachable");
}

#[test]
fn headers_that_break_off_are_a_broken_connection() {
    fails("cut-head", "connect", "unreachable");
}

#[test]
fn a_body_that_breaks_off_is_a_broken_connection() {
    fails("cut-body", "connect", "unreachable");
}

#[test]
fn a_reset_in_the_headers_is_a_broken_connection() {
    fails("reset-head", "connect", "unreachable");
}

#[test]
fn a_reset_in_the_body_is_a_broken_connection() {
    fails("reset-body", "connect", "unreachable");
}

#[test]
fn a_black_hole_is_a_timeout() {
    fails("black-hole", "timeout", "unreachable");
}

#[test]
fn a_length_that_is_too_short_is_half_a_body_and_poisons_no_later_answer() {
    fails("too-short", "not_json", "invalid");
}

#[test]
fn a_length_that_is_too_long_is_a_timeout() {
    fails("too-long", "timeout", "unreachable");
}

#[test]
fn a_body_without_end_is_too_large() {
    fails("endless", "too_large", "invalid");
}

#[test]
fn garbage_instead_of_http_is_a_broken_connection() {
    fails("garbage", "connect", "unreachable");
}

#[test]
fn an_answer_that_nobody_asked_for_answers_nothing() {
    holds_its_own("twice");
}

#[test]
fn a_queue_that_nobody_empties_is_a_timeout() {
    fails("unattended", "timeout", "unreachable");
}

#[test]
fn a_closed_port_is_a_broken_connection() {
    fails("refused", "connect", "unreachable");
}

#[test]
fn a_scrape_is_quick_whatever_goes_wrong() {
    let took = SHOW.scraped_in;
    assert!(took < SCRAPES_TAKE, "{took:?}");
}

#[test]
fn no_fault_makes_it_tell_a_secret() {
    assert_eq!(SHOW.leaks, [""; 0]);
}
