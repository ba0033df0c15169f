//! Klar answers of every bad kind, to reports and to token requests.

use super::cases::{
    Case, LIMITS, MARKER, Odd, Staged, case, common, compare, endless, judge, leaks, zipped,
};
use super::client::get;
use super::page::value;
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream, answer, answer_with};
use super::waiting::wait_for;

const ROWS: &str = include_str!("../fixtures/klar-attribution.json");

fn token() -> Act {
    let body = format!(r#"{{"accessToken": "{SECRET}.access", "expiresIn": 300000}}"#);
    Act::Send(answer("201 Created", body))
}

/// Tokens for everyone, `good` once, then `then`.
fn upstream(then: Act) -> Upstream {
    Upstream::new(move |earlier, request| match earlier {
        _ if request.starts_with("POST ") => token(),
        0 => Act::Send(answer("200 OK", ROWS)),
        _ => then.clone(),
    })
}

fn account(name: &str, upstream: &Upstream) -> String {
    format!(
        "  - account: {name}\n    refresh_token_file: {name}.token\n    history: {{days: 0}}\n    base_url: http://{}\n    \
         budget: {BUDGET}\n    views:\n      - view: all\n        ranges:\n          \
         - {{range: custom, name: day, start: 2025-10-02, end: 2025-10-02, every: 1s}}\n",
        upstream.address
    )
}

fn serve<'a>(accounts: impl Iterator<Item = (&'a str, &'a Upstream)>) -> Program {
    let (mut yaml, mut names) = ("klar:\n".to_owned(), Vec::new());
    for (name, upstream) in accounts {
        yaml += &account(name, upstream);
        names.push(name);
    }
    let setup = Setup::new(&(yaml + LIMITS));
    let setup = names.iter().fold(setup, |setup, name| {
        setup.with_file(&format!("{name}.token"), &format!("{SECRET}-{name}\n"))
    });
    Program::serve(setup)
}

fn own() -> Vec<Case> {
    let ok = |body: &str| answer("200 OK", body.replace("WORDS", MARKER));
    let cut = &ROWS[..ROWS.len() / 2];
    let utf8 = [format!("[{{\"{MARKER}").as_bytes(), &b"\xff\xfe\": 1}]"[..]].concat();
    vec![
        endless("endless", "[{}", r#", {"date": "2025-10-02", "channelName": "c", "orders": 1}"#),
        case("broken-utf8", "not_json", "invalid", answer("200 OK", utf8)),
        case("truncated", "not_json", "invalid", ok(&format!("{cut}\"WORDS"))),
        case("object", "api_error", "invalid", ok(r#"{"message": "WORDS"}"#)),
        case("numbers", "api_error", "invalid", ok("[1, 2]")),
        case("no-comma", "not_json", "invalid", ok(r#"[{"date": "WORDS"} {}]"#)),
        case("goes-on", "not_json", "invalid", ok(r#"[{"date": "2025-10-02"}] "WORDS""#)),
        case("unclosed", "not_json", "invalid", ok(r#"[{"date": "2025-10-02"}"#)),
    ]
}

#[test]
fn bad_reports_cost_no_figure_and_tell_no_secret() {
    let elsewhere = Upstream::unwanted();
    let shared = common(elsewhere.address);
    let stage = |case: Case| Staged { upstream: upstream(case.act.clone()), case };
    let staged: Vec<_> = own().into_iter().chain(shared).map(stage).collect();
    let mut program = serve(staged.iter().map(|one| (one.case.name, &one.upstream)));
    let kept = ("klar_attributed_net_revenue", 126.884_027_848_3);
    let faults = judge(&mut program, "klar", &staged, kept);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(elsewhere.requests(), [""; 0], "a redirect was followed");
}

fn odd() -> Vec<Odd> {
    let bent = |from: &str, to: &str| {
        assert!(ROWS.contains(from));
        answer("200 OK", ROWS.replacen(from, to, 1))
    };
    let (net, cost) = ("\"netRevenue\": 126.8840278483", "\"cost\": 2.2488128275");
    let exact = &[("klar_attributed_net_revenue", Some(126.884_027_848_3))];
    let no_cost = &[("klar_attributed_net_revenue", Some(126.884_027_848_3)), ("klar_cost", None)];
    let digits = format!("\"cost\": {}", "9".repeat(30));
    let deep = format!("\"new\": {}{}, {cost}", "[".repeat(9000), "]".repeat(9000));
    vec![
        ("as-it-is", answer("200 OK", ROWS), exact),
        ("gzip", zipped("200 OK", ROWS.as_bytes()), exact),
        (
            "negative",
            bent(net, "\"netRevenue\": -0.5"),
            &[("klar_attributed_net_revenue", Some(-0.5))],
        ),
        ("null-figure", bent(cost, "\"cost\": null"), no_cost),
        ("list-figure", bent(cost, "\"cost\": [1]"), no_cost),
        ("too-large", bent(cost, "\"cost\": 1e400"), no_cost),
        ("thirty-digits", bent(cost, &digits), no_cost),
        ("deep", bent(cost, &deep), exact),
    ]
}

#[test]
fn k21_odd_figures_are_used_or_left_out_and_never_made_up() {
    let odd = odd();
    let stage = |(name, answer, _): &Odd| {
        let answer = answer.clone();
        let script = move |_, request: &str| {
            if request.starts_with("POST ") { token() } else { Act::Send(answer.clone()) }
        };
        (*name, Upstream::new(script))
    };
    let upstreams: Vec<_> = odd.iter().map(stage).collect();
    let mut program = serve(upstreams.iter().map(|(name, at)| (*name, at)));
    for odd in &odd {
        // A token is a success before there are figures.
        wait_for(odd.0, || {
            let page = get(program.address, "/metrics").text().to_owned();
            value(&page, "klar_report_rows", &[&format!("account=\"{}\"", odd.0)])
        });
        compare(&program, "klar", odd);
    }
    assert!(program.is_running());
    assert_eq!(leaks(&program), [""; 0]);
}

#[test]
fn k20_an_empty_report_is_no_zero() {
    let upstream = upstream(Act::Send(answer("200 OK", "[]")));
    let program = serve(std::iter::once(("store", &upstream)));
    let page = wait_for("an empty report", || {
        let page = get(program.address, "/metrics").text().to_owned();
        let labels = ["endpoint=\"attribution\"", "outcome=\"empty\""];
        let empty = value(&page, "revenue_exporter_upstream_requests_total", &labels);
        empty.is_some_and(|count| count >= 1.0).then_some(page)
    });
    let kept = value(&page, "klar_attributed_net_revenue", &[]);
    assert_eq!((kept, value(&page, "klar_up", &[])), (Some(126.884_027_848_3), Some(1.0)));
}

#[test]
fn k10_a_refused_token_request_is_named_and_follows_no_redirect() {
    let elsewhere = Upstream::unwanted();
    let location = format!("location: http://{}/\r\n", elsewhere.address);
    let words = format!(r#"{{"accessToken": "{MARKER}\n1", "expiresIn": 1}}"#);
    let cases = [
        ("refused", "unauthorized", answer("401 Unauthorized", MARKER)),
        ("moved", "api_error", answer_with("307 Temporary Redirect", &location, MARKER)),
        ("page", "not_json", answer("200 OK", format!("<p>{MARKER}"))),
        ("no-header", "api_error", answer("201 Created", words)),
        ("no-token", "api_error", answer("201 Created", r#"{"expiresIn": 300000}"#)),
    ];
    let stage = |(name, outcome, answer): (&'static str, &'static str, Vec<u8>)| {
        (name, outcome, Upstream::new(move |_, _| Act::Send(answer.clone())))
    };
    let staged = cases.map(stage);
    let program = serve(staged.iter().map(|(name, _, upstream)| (*name, upstream)));
    for (name, outcome, _) in &staged {
        let (account, outcome) = (format!("account=\"{name}\""), format!("outcome=\"{outcome}\""));
        wait_for(&format!("{name} {outcome}"), || {
            let page = get(program.address, "/metrics").text().to_owned();
            let count = "revenue_exporter_token_refreshes_total";
            let counted = value(&page, count, &[&account, &outcome]) == Some(1.0);
            (counted && value(&page, "klar_up", &[&account]) == Some(0.0)).then_some(())
        });
    }
    assert_eq!(elsewhere.requests(), [""; 0], "a redirect was followed");
    assert_eq!(leaks(&program), [""; 0]);
    let posts =
        |upstream: &Upstream| upstream.requests().iter().all(|one| one.starts_with("POST "));
    assert!(staged.iter().all(|(.., upstream)| posts(upstream)));
}
