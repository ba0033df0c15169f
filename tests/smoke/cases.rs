//! Every way an upstream can misbehave that both APIs share, and what must be true afterwards.

use std::io::Write;
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::client::get;
use super::page::value;
use super::program::{Program, SECRET};
use super::upstream::{Act, Upstream, answer, answer_with};
use super::waiting::{PATIENCE, poll, wait_for};

/// Stands in every bad answer and must be seen nowhere.
pub(super) const MARKER: &str = "words-of-the-upstream";

/// `collection` of these tests, and no state.
pub(super) const LIMITS: &str =
    "collection: {timeout: 2s, max_response: 64KiB}\nstate: {directory: \"\"}\n";

/// A bad answer, the `outcome` it counts as, and the `state` it puts the account in.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) act: Act,
    pub(super) outcome: &'static str,
    pub(super) state: &'static str,
}

/// A case in the form of a row.
pub(super) fn case(
    name: &'static str,
    outcome: &'static str,
    state: &'static str,
    answer: Vec<u8>,
) -> Case {
    Case { name, act: Act::Send(answer), outcome, state }
}

/// What no API should send. Redirects point at `elsewhere`.
pub(super) fn common(elsewhere: SocketAddr) -> Vec<Case> {
    let mut cases = refusals(elsewhere);
    cases.extend(no_answers());
    cases.extend(no_json());
    cases
}

fn refusals(elsewhere: SocketAddr) -> Vec<Case> {
    let page = format!("<html>{MARKER} {SECRET}</html>");
    let refusal = |status: &str| answer(&format!("{status} {MARKER}"), &page);
    let moved = |status: &str| {
        let header = format!("location: http://{elsewhere}/{MARKER}?api_key={SECRET}\r\n");
        answer_with(status, &header, &page)
    };
    let waiting = format!("retry-after: 3600\r\nx-note: {MARKER}\r\n");
    let throttled = answer_with("429 Too Many Requests", &waiting, &page);
    vec![
        case("status-400", "bad_request", "ok", refusal("400")),
        case("status-401", "unauthorized", "unauthorized", refusal("401")),
        case("status-403", "forbidden", "forbidden", refusal("403")),
        case("status-404", "api_error", "invalid", refusal("404")),
        case("status-429", "rate_limited", "rate_limited", throttled),
        case("status-500", "server_error", "unreachable", refusal("500")),
        case("status-502", "server_error", "unreachable", refusal("502")),
        case("status-301", "api_error", "invalid", moved("301 Moved Permanently")),
        case("status-302", "api_error", "invalid", moved("302 Found")),
        case("status-307", "api_error", "invalid", moved("307 Temporary Redirect")),
        case("status-308", "api_error", "invalid", moved("308 Permanent Redirect")),
    ]
}

fn no_answers() -> Vec<Case> {
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n[{{\"{MARKER}\": ");
    let half = half.into_bytes();
    let ssh = format!("SSH-2.0-{MARKER}\r\n").into_bytes();
    let bomb = zipped("200 OK", &vec![b' '; 4 << 20]);
    let torn = answer_with("200 OK", "content-encoding: gzip\r\n", format!("{MARKER} no gzip"));
    let chunks = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{MARKER}\r\n");
    let flood = Act::Repeat(b"HTTP/1.1 200 OK\r\n".to_vec(), format!("x: {MARKER}\r\n").into());
    vec![
        case("cut", "connect", "unreachable", half.clone()),
        case("closed", "connect", "unreachable", Vec::new()),
        case("no-http", "connect", "unreachable", ssh),
        case("torn-gzip", "connect", "unreachable", torn),
        case("bad-chunks", "connect", "unreachable", chunks.into_bytes()),
        Case { name: "endless-head", act: flood, outcome: "connect", state: "unreachable" },
        case("bomb", "too_large", "invalid", bomb),
        endless("endless-blank", "", " "),
        hang("black-hole", Vec::new()),
        hang("stalled", half),
    ]
}

/// An answer that begins and never ends.
pub(super) fn endless(name: &'static str, start: &str, again: &str) -> Case {
    let start = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{start}");
    let act = Act::Repeat(start.into_bytes(), again.repeat(1000).into_bytes());
    Case { name, act, outcome: "too_large", state: "invalid" }
}

fn hang(name: &'static str, first: Vec<u8>) -> Case {
    Case { name, act: Act::Hang(first), outcome: "timeout", state: "unreachable" }
}

fn no_json() -> Vec<Case> {
    let html = format!("<!doctype html><p>{MARKER} {SECRET}");
    vec![
        case("html", "not_json", "invalid", answer("200 OK", html)),
        case("empty-body", "not_json", "invalid", answer("200 OK", "")),
        case("no-content", "not_json", "invalid", answer("204 No Content", "")),
        case("prose", "not_json", "invalid", answer("200 OK", format!("{MARKER}: sorry"))),
    ]
}

/// A whole answer, its body compressed.
pub(super) fn zipped(status: &str, body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    answer_with(status, "content-encoding: gzip\r\n", encoder.finish().unwrap())
}

/// A case and the upstream that plays it to the account of the same name.
pub(super) struct Staged {
    pub(super) case: Case,
    pub(super) upstream: Upstream,
}

/// Waits until every case has happened, and says what is not as it should be. `kept` is a figure
/// of the good answer that came before.
pub(super) fn judge(
    program: &mut Program,
    api: &str,
    staged: &[Staged],
    kept: (&str, f64),
) -> Vec<String> {
    let page = || get(program.address, "/metrics").text().to_owned();
    let faults = |page: &str| -> Vec<String> {
        staged.iter().flat_map(|one| faults(page, api, &one.case, kept)).collect()
    };
    poll(PATIENCE, || faults(&page()).is_empty().then_some(()));
    let mut found = faults(&page());
    assert!(program.is_running(), "{}", program.log());
    found.extend(leaks(program));
    found
}

fn faults(page: &str, api: &str, case: &Case, (name, figure): (&str, f64)) -> Vec<String> {
    let account = format!("account=\"{}\"", case.name);
    let outcome = format!("outcome=\"{}\"", case.outcome);
    let state = format!("state=\"{}\"", case.state);
    let read = |name: &str, more: &[&str]| value(page, name, &[&[account.as_str()], more].concat());
    let counted = read("revenue_exporter_upstream_requests_total", &[&outcome]);
    let checks = [
        (counted.is_some_and(|count| count >= 1.0), case.outcome),
        (read(&format!("{api}_up"), &[]) == Some(0.0), "up 0"),
        (read("revenue_exporter_account_state", &[&state]) == Some(1.0), case.state),
        (read("revenue_exporter_view_up", &[]) == Some(0.0), "view_up 0"),
        (read(name, &[]) == Some(figure), "the last good figures"),
    ];
    let failed = checks.into_iter().filter(|(holds, _)| !holds);
    failed.map(|(_, wanted)| format!("{}: not {wanted}", case.name)).collect()
}

/// Where a secret or an upstream's words are shown that should be nowhere.
pub(super) fn leaks(program: &Program) -> Vec<String> {
    let mut places = vec![("the log", program.log())];
    for path in ["/", "/metrics", "/config", "/-/ready", "/-/healthy"] {
        let reply = get(program.address, path);
        places.push((path, format!("{}\n{}", reply.head, reply.text())));
    }
    let leaks = |line: &&str| line.contains(MARKER) || line.contains(SECRET);
    let found = places.iter().flat_map(|(place, text)| {
        text.lines().filter(leaks).map(move |line| format!("{place} shows it: {line}"))
    });
    found.collect()
}

/// An odd answer that is good for something: the account, the answer, and what the page then
/// shows of it, where nothing means that the figure is left out.
pub(super) type Odd = (&'static str, Vec<u8>, &'static [(&'static str, Option<f64>)]);

/// Waits for the account's first answer and compares the figures with what they should be.
pub(super) fn compare(program: &Program, api: &str, (name, _, figures): &Odd) {
    let account = format!("account=\"{name}\"");
    let labels = [account.as_str()];
    let page = wait_for(name, || {
        let page = get(program.address, "/metrics").text().to_owned();
        (value(&page, &format!("{api}_up"), &labels) == Some(1.0)).then_some(page)
    });
    for (metric, expected) in *figures {
        assert_eq!(value(&page, metric, &labels), *expected, "{name} {metric}");
    }
}
