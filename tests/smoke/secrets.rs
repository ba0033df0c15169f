//! Planted secrets: an upstream that repeats them in every way there is, and a search for them in
//! all that the program says.

use super::client::{ask, get};
use super::page::value;
use super::planted::{
    COOKIE, KLAR_ACCESS, KLAR_REFRESH, TAPRAIN_FILE, TAPRAIN_VARIABLE, sightings,
};
use super::program::{BUDGET, Program, Setup};
use super::upstream::{Act, Upstream, answer_with};
use super::waiting::wait_for;

const TAPRAIN: &str = include_str!("../fixtures/taprain-today.json");
const KLAR: &str = include_str!("../fixtures/klar-attribution.json");

/// A name for a way to answer badly, given what to repeat.
type Way = (&'static str, fn(&str) -> Vec<u8>);

/// Every bad answer repeats the request, and with it the secret.
const WAYS: [Way; 12] = [
    ("refused", |echo| status("401", echo)),
    ("suspended", |echo| status("403", echo)),
    ("wrong", |echo| status("400", echo)),
    ("throttled", |echo| status("429", echo)),
    ("broken", |echo| status("500", echo)),
    ("moved", |echo| status("302", echo)),
    ("unknown", |echo| status("418", echo)),
    ("page", |echo| ok(&format!("<p>{echo}</p>"))),
    ("no-json", |echo| ok(&format!("{{\"{echo}\" {echo}"))),
    ("no-shape", |echo| ok(&format!("{{\"success\": \"{echo}\", \"error\": \"{echo}\"}}"))),
    ("no-http", |echo| format!("HTTP/9 {echo}\r\n{echo}\r\n\r\n").into_bytes()),
    ("no-header", |echo| format!("HTTP/1.1 200 OK\r\n{echo}\r\n\r\n").into_bytes()),
];

fn headers(echo: &str) -> String {
    format!(
        "set-cookie: session={COOKIE}; Path=/\r\nlocation: http://127.0.0.1:9/?key={echo}\r\n\
         retry-after: {echo}\r\nratelimit: {echo}\r\nwww-authenticate: Bearer {echo}\r\n\
         x-echo: {echo}\r\n"
    )
}

fn status(status: &str, echo: &str) -> Vec<u8> {
    answer_with(&format!("{status} {echo}"), &headers(echo), format!("<html>{echo}</html>"))
}

fn ok(body: &str) -> Vec<u8> {
    answer_with("200 OK", &headers(COOKIE), body)
}

/// The request's headers on one line.
fn echo(request: &str) -> String {
    let lines: Vec<&str> = request.lines().collect();
    lines.join(" ").replace('"', "'")
}

/// Answers well once, and then in this way.
fn upstream(good: &'static str, way: Way) -> Upstream {
    Upstream::new(move |earlier, request| {
        Act::Send(match earlier {
            _ if request.starts_with("POST ") => token(),
            0 => ok(good),
            _ => (way.1)(&echo(request)),
        })
    })
}

fn token() -> Vec<u8> {
    ok(&format!(r#"{{"accessToken": "{KLAR_ACCESS}", "expiresIn": 300000}}"#))
}

/// Refuses every token request in this way.
fn tokenless(way: Way) -> Upstream {
    Upstream::new(move |_, request| Act::Send((way.1)(&echo(request))))
}

/// An account: its name, its API, where its secret is, and its upstream.
struct Planted {
    name: String,
    api: &'static str,
    credential: String,
    upstream: Upstream,
}

fn accounts() -> Vec<Planted> {
    let mut accounts = Vec::new();
    for way in WAYS {
        let name = way.0;
        let mut add = |api, name: String, key, upstream| {
            let credential = format!("{key}: {name}.key");
            accounts.push(Planted { name, api, credential, upstream });
        };
        add("taprain", format!("{name}-t"), "api_key_file", upstream(TAPRAIN, way));
        add("klar", format!("{name}-k"), "refresh_token_file", upstream(KLAR, way));
        add("klar", format!("{name}-a"), "refresh_token_file", tokenless(way));
    }
    let upstream = upstream(TAPRAIN, WAYS[4]);
    let credential = "api_key_env: PLANTED".to_owned();
    let name = "variable".to_owned();
    accounts.push(Planted { name, api: "taprain", credential, upstream });
    accounts
}

/// One account with one view, as the configuration writes it.
fn entry(Planted { name, credential, upstream, .. }: &Planted) -> String {
    let address = upstream.address;
    format!(
        "  - {{account: {name}, {credential}, base_url: 'http://{address}', budget: {BUDGET}, \
         views: [{{view: all, ranges: [{{range: custom, name: day, start: 2025-10-02, end: \
         2025-10-02, every: 1s}}]}}]}}\n"
    )
}

fn setup(accounts: &[Planted]) -> Setup {
    let section = |api: &str| -> String {
        let its = accounts.iter().filter(|account| account.api == api);
        its.map(entry).collect()
    };
    let yaml = format!(
        "state: {{directory: state}}\ntaprain:\n{}klar:\n{}",
        section("taprain"),
        section("klar")
    );
    let setup = Setup::new(&yaml).with_variable("PLANTED", TAPRAIN_VARIABLE);
    accounts.iter().fold(setup, |setup, account| {
        let secret = if account.api == "klar" { KLAR_REFRESH } else { TAPRAIN_FILE };
        setup.with_file(&format!("{}.key", account.name), &format!("{secret}-{}\n", account.name))
    })
}

/// Waits until every account was answered badly: a refusal is the account's, any other failure its
/// view's, and a good answer to another request may have come since.
fn wait_for_all(program: &Program, accounts: &[Planted]) {
    for Planted { name, api, .. } in accounts {
        wait_for(name, || {
            let page = get(program.address, "/metrics").text().to_owned();
            let account = format!("account=\"{name}\"");
            let metrics = [format!("{api}_up"), "revenue_exporter_view_up".to_owned()];
            let is_down = |metric: &String| value(&page, metric, &[&account]) == Some(0.0);
            metrics.iter().any(is_down).then_some(())
        });
    }
}

/// Every answer of every endpoint, and what asking it left in the log.
fn said(program: &Program) -> Vec<String> {
    let paths = ["/metrics", "/", "/config", "/-/healthy", "/-/ready", "/nothing", "//"];
    let mut seen = Vec::new();
    for path in paths {
        for method in ["GET", "HEAD", "POST"] {
            for accept in ["accept: */*", "accept: application/openmetrics-text"] {
                let reply = ask(program.address, method, path, &[accept]);
                let text = format!("{}\n{}", reply.head, reply.text());
                seen.extend(sightings(&format!("{method} {path}"), &text));
            }
        }
    }
    seen.extend(sightings("the log", &program.log()));
    seen
}

/// What is kept, the secrets' own files left out.
fn kept(directory: &std::path::Path) -> Vec<String> {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            seen.extend(kept(&path));
        } else if path.extension().is_none_or(|extension| extension != "key") {
            let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            seen.extend(sightings(&path.display().to_string(), &content));
        }
    }
    seen
}

fn nothing_is_shown(log_format: &'static str) {
    let accounts = accounts();
    let setup = setup(&accounts).with_log_format(log_format);
    let directory = setup.path("");
    let program = Program::serve(setup);
    wait_for_all(&program, &accounts);
    assert_eq!(said(&program), [""; 0]);
    assert_eq!(kept(&directory), [""; 0]);
    for account in &accounts {
        let requests = account.upstream.requests();
        assert!(requests.iter().any(|one| !sightings("", one).is_empty()), "nothing was planted");
        for request in requests {
            assert!(!request.to_lowercase().contains("cookie"), "one was sent back: {request}");
            let line = request.lines().next().unwrap_or_default();
            assert_eq!(sightings("the request line", line), [""; 0]);
        }
    }
}

#[test]
fn t18_planted_secrets_are_nowhere_in_logfmt() {
    nothing_is_shown("logfmt");
}

#[test]
fn t18_planted_secrets_are_nowhere_in_json() {
    nothing_is_shown("json");
}
