//! APIs that the exporter never gets to speak with: their names mean nothing, or TLS fails.

use std::sync::LazyLock;

use tokio::runtime::Runtime;

use super::actor::{Actor, setup};
use super::cases::leaks;
use super::client::get;
use super::program::Program;
use super::spoil::Fault;
use super::untrusted::{SHAKEN, Untrusted};
use super::waiting::{PATIENCE, poll};

/// Each account's name, and what its proxy does to a TLS client.
const CAST: [(&str, Option<Fault>); 7] = [
    ("well", None),
    ("nameless", None),
    ("no-tls", None),
    ("garbled-tls", Some(Fault::Garbage)),
    ("hung-up-tls", Some(Fault::HangUp)),
    ("silent-tls", Some(Fault::BlackHole)),
    ("untrusted", None),
];

/// One exporter for all, and what was seen when each account had been asked for.
static SEEN: LazyLock<Seen> = LazyLock::new(Seen::gather);

struct Seen {
    actors: Vec<Actor>,
    page: String,
    handshakes: Vec<String>,
    leaks: Vec<String>,
    _runtime: Runtime,
}

impl Seen {
    fn gather() -> Self {
        let (runtime, untrusted) = (Runtime::new().unwrap(), Untrusted::new());
        let pairs = CAST.iter().map(|(name, fault)| {
            // No proxy starts with a fault.
            let pair = runtime.block_on(Actor::pair((name, fault.unwrap_or(Fault::Refused))));
            pair.map(|actor| actor.looking_at(*fault, &untrusted))
        });
        let actors: Vec<Actor> = pairs.flatten().collect();
        let program = Program::serve(setup(&actors));
        let page = || get(program.address, "/metrics").text().to_owned();
        // A request is counted a moment before its answer is published.
        let settled = |actor: &Actor, page: &str| {
            let state = |state| actor.is_in_state(page, state);
            actor.counted(page) >= 1.0 && (state("ok") || state("unreachable"))
        };
        let all = |page: &String| actors.iter().all(|actor| settled(actor, page));
        let page = poll(PATIENCE, || Some(page()).filter(all)).unwrap_or_else(page);
        let both = |ends: &Vec<String>| ends.len() >= 2;
        let handshakes = poll(PATIENCE, || Some(untrusted.handshakes()).filter(both));
        let (handshakes, leaks) = (handshakes.unwrap_or_default(), leaks(&program));
        drop(program);
        Self { actors, page, handshakes, leaks, _runtime: runtime }
    }
}

impl Actor {
    fn looking_at(self, fault: Option<Fault>, untrusted: &Untrusted) -> Self {
        self.proxy.set(fault);
        let base_url = match self.name {
            "well" => self.base_url,
            "nameless" => no_name(),
            "untrusted" => format!("https://{}", untrusted.address),
            _ => format!("https://{}", self.proxy.address),
        };
        Self { base_url, ..self }
    }
}

/// A label is at most 63 characters long: the resolver gives this name up before it asks anyone.
fn no_name() -> String {
    format!("http://{}.invalid", "x".repeat(64))
}

fn cast(name: &str) -> impl Iterator<Item = &'static Actor> {
    SEEN.actors.iter().filter(move |actor| actor.name == name)
}

fn never_speaks(name: &str, outcome: &str) {
    for actor in cast(name) {
        let api = actor.api;
        assert!(actor.ended(&SEEN.page, outcome) >= 1.0, "{api}: no {outcome}");
        assert!(actor.is_in_state(&SEEN.page, "unreachable"), "{api}");
        assert_eq!(actor.figures(&SEEN.page), [""; 0], "{api}");
        assert_eq!(actor.proxy.carried(), 0, "{api}: a request was sent in the clear");
    }
}

#[test]
fn a_name_that_means_nothing_is_no_connection() {
    never_speaks("nameless", "connect");
}

#[test]
fn plain_http_where_tls_should_be_gets_no_request() {
    never_speaks("no-tls", "connect");
}

#[test]
fn garbage_where_tls_should_be_gets_no_request() {
    never_speaks("garbled-tls", "connect");
}

#[test]
fn an_end_within_the_handshake_is_no_connection() {
    never_speaks("hung-up-tls", "connect");
}

#[test]
fn a_handshake_that_never_ends_is_a_timeout() {
    never_speaks("silent-tls", "timeout");
}

#[test]
fn a_certificate_that_nobody_signed_gets_no_request() {
    never_speaks("untrusted", "connect");
    let ends = &SEEN.handshakes;
    assert!(ends.iter().filter(|end| end.contains("UnknownCA")).count() >= 2, "{ends:?}");
    assert!(!ends.contains(&SHAKEN.to_owned()), "{ends:?}");
}

#[test]
fn who_cannot_be_reached_costs_the_others_nothing_and_tells_no_secret() {
    for actor in cast("well") {
        assert!(actor.is_in_state(&SEEN.page, "ok"), "{}", actor.api);
        assert!(actor.ended(&SEEN.page, "ok") >= 1.0, "{}", actor.api);
        assert!(actor.simulator.record().violations().is_empty(), "{}", actor.api);
    }
    assert_eq!(SEEN.leaks, [""; 0]);
}
