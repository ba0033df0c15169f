//! TapRain answers of every bad kind: each account keeps its last good figures, and says why.

use jiff::tz::TimeZone;
use revenue_exporter::clock::Clock;
use revenue_exporter::model::range::{day_start, local_date};

use super::cases::{
    Case, LIMITS, MARKER, Odd, Staged, case, common, compare, endless, judge, leaks, zipped,
};
use super::client::get;
use super::page::value;
use super::program::{BUDGET, Program, SECRET, Setup};
use super::upstream::{Act, Upstream, answer};
use super::waiting::wait_for;

const SAMPLE: &str = include_str!("../fixtures/taprain-today.json");

/// The vendor's sample, as if it were of today, and the name of a zone where it is noon now, so
/// that no test runs into midnight.
fn sample() -> (String, String) {
    let now = Clock::system().wall();
    let hour = now.to_zoned(TimeZone::UTC).hour();
    // `Etc` counts westwards: noon is east of Greenwich while it is morning there.
    let zone = format!("Etc/GMT{:+}", hour - 12);
    let found = TimeZone::get(&zone).unwrap();
    let today = local_date(now, &found);
    let start = day_start(today, &found).to_string();
    let body = SAMPLE.replace("2026-03-18T05:00:00.000Z", &start);
    (body.replace("2026-03-18 ", &format!("{today} ")), zone)
}

fn account(name: &str, upstream: &Upstream, zone: &str) -> String {
    format!(
        "  - account: {name}\n    api_key_file: {name}.key\n    history: {{days: 0}}\n    base_url: http://{}\n    \
         timezone: {zone}\n    budget: {BUDGET}\n    views:\n      - view: all\n        \
         ranges: [{{range: today, every: 1s}}]\n",
        upstream.address
    )
}

fn serve<'a>(accounts: impl Iterator<Item = (&'a str, &'a Upstream)>, zone: &str) -> Program {
    let (mut yaml, mut names) = ("taprain:\n".to_owned(), Vec::new());
    for (name, upstream) in accounts {
        yaml += &account(name, upstream, zone);
        names.push(name);
    }
    let setup = Setup::new(&(yaml + LIMITS));
    let setup = names.iter().fold(setup, |setup, name| {
        setup.with_file(&format!("{name}.key"), &format!("{SECRET}-{name}\n"))
    });
    Program::serve(setup)
}

fn own() -> Vec<Case> {
    let ok = |body: &str| answer("200 OK", body.replace("WORDS", MARKER));
    let cut = &SAMPLE[..SAMPLE.len() / 2];
    let utf8 = [format!("{{\"{MARKER}").as_bytes(), &b"\xff\xfe\": 1}"[..]].concat();
    let list = r#"{"success": true, "list": ["#;
    vec![
        endless("endless", list, "\"words\", "),
        case("broken-utf8", "not_json", "invalid", answer("200 OK", utf8)),
        case("truncated", "not_json", "invalid", ok(&format!("{cut}\"WORDS"))),
        case("unsuccessful", "api_error", "invalid", ok(r#"{"success": false, "error": "WORDS"}"#)),
        case("success-text", "api_error", "invalid", ok(r#"{"success": "WORDS", "data": {}}"#)),
        case("data-text", "api_error", "invalid", ok(r#"{"success": true, "data": "WORDS"}"#)),
        case("data-null", "api_error", "invalid", ok(r#"{"success": true, "data": null}"#)),
        case("list", "api_error", "invalid", ok(r#"["WORDS"]"#)),
        case(
            "summary-list",
            "api_error",
            "invalid",
            ok(r#"{"success":true,"data":{"by_offer":7}}"#),
        ),
        case("null-body", "not_json", "invalid", ok("null")),
    ]
}

#[test]
fn t15_t18_bad_answers_cost_no_figure_and_tell_no_secret() {
    let elsewhere = Upstream::unwanted();
    let (good, zone) = sample();
    let mut staged: Vec<Staged> = Vec::new();
    for case in own().into_iter().chain(common(elsewhere.address)) {
        let (good, bad) = (answer("200 OK", &good), case.act.clone());
        let upstream = Upstream::new(move |earlier, _| match earlier {
            0 => Act::Send(good.clone()),
            _ => bad.clone(),
        });
        staged.push(Staged { case, upstream });
    }
    let (good, act) = (answer("200 OK", &good), Act::Hang(Vec::new()));
    let gone = Upstream::limited(1, move |_, _| Act::Send(good.clone()));
    let case = Case { name: "gone", act, outcome: "connect", state: "unreachable" };
    staged.push(Staged { case, upstream: gone });

    let accounts = staged.iter().map(|one| (one.case.name, &one.upstream));
    let mut program = serve(accounts, &zone);
    let faults = judge(&mut program, "taprain", &staged, ("taprain_clicks", 214.0));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(elsewhere.requests(), [""; 0], "a redirect was followed");
    // Who was told to wait has not asked again.
    for one in staged.iter().filter(|one| ["status-403", "status-429"].contains(&one.case.name)) {
        assert_eq!(one.upstream.requests().len(), 2, "{}", one.case.name);
    }
    assert!(staged.iter().all(|one| {
        one.upstream.requests().iter().all(|request| request.matches(SECRET).count() == 1)
    }));
}

fn odd(good: &str) -> Vec<Odd> {
    let bent = |from: &str, to: &str| {
        assert!(good.contains(from));
        answer("200 OK", good.replacen(from, to, 1))
    };
    let deep = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
    let with = |key: &str, value: &str| format!("\"{key}\": {value}");
    let (clicks, revenue) = (with("clicks", "214"), with("revenue", "138.24"));
    let exact = &[("taprain_revenue", Some(138.24)), ("taprain_cvr_ratio", Some(0.126_168))];
    let no_clicks = &[("taprain_clicks", None), ("taprain_revenue", Some(138.24))];
    let no_revenue = &[("taprain_revenue", None), ("taprain_clicks", Some(214.0))];
    vec![
        ("as-it-is", answer("200 OK", good), exact),
        ("gzip", zipped("200 OK", good.as_bytes()), exact),
        (
            "negative",
            bent(&revenue, &with("revenue", "-12.5")),
            &[("taprain_revenue", Some(-12.5))],
        ),
        ("null-figure", bent(&clicks, &with("clicks", "null")), no_clicks),
        (
            "text-figure",
            bent(&clicks, &with("clicks", "\"214\"")),
            &[("taprain_clicks", Some(214.0))],
        ),
        ("true-figure", bent(&clicks, &with("clicks", "true")), no_clicks),
        ("thirty-digits", bent(&clicks, &with("clicks", &"9".repeat(30))), no_clicks),
        ("too-large", bent(&revenue, &with("revenue", "1e400")), no_revenue),
        ("too-small", bent(&revenue, &with("revenue", "-1e400")), no_revenue),
        ("deep-figure", bent(&clicks, &with("clicks", &deep)), no_clicks),
        ("deep-stranger", bent(&clicks, &format!("\"new\": {deep}, {clicks}")), exact),
        ("deep-label", bent("\"Direct\"", &deep), exact),
        ("hostile", bent("\"Direct\"", r#""a\"b\\c\nd{clickid}""#), exact),
        ("huge-rate", bent("12.6168", HUGE), &[("taprain_clicks", Some(214.0))]),
        (
            "huge-sum",
            bent("\"clicks\": 180", &with("clicks", HUGE)),
            &[("taprain_clicks", Some(214.0))],
        ),
    ]
}

/// The largest number that is read; no sum with it is.
const HUGE: &str = "79228162514264337593543950335";

#[test]
fn t8_t9_t13_odd_figures_are_used_or_left_out_and_never_made_up() {
    let (good, zone) = sample();
    let odd = odd(&good);
    let stage = |(name, answer, _): &Odd| {
        let answer = answer.clone();
        (*name, Upstream::new(move |_, _| Act::Send(answer.clone())))
    };
    let upstreams: Vec<_> = odd.iter().map(stage).collect();
    let mut program = serve(upstreams.iter().map(|(name, at)| (*name, at)), &zone);
    for odd in &odd {
        compare(&program, "taprain", odd);
    }
    let page = get(program.address, "/metrics").text().to_owned();
    let cleaned = "source=\"a\\\"b\\\\c\u{fffd}d{clickid}\"";
    assert_eq!(value(&page, "taprain_source_clicks", &["\"hostile\"", cleaned]), Some(73.0));
    for name in ["true-figure", "thirty-digits", "too-large", "too-small", "deep-figure"] {
        let labels = [format!("account=\"{name}\""), "reason=\"bad_number\"".to_owned()];
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let counted = value(&page, "revenue_exporter_anomalies_total", &labels);
        assert!(counted.is_some_and(|count| count >= 1.0), "{name}");
    }
    assert!(program.is_running());
    assert_eq!(leaks(&program), [""; 0]);
}

#[test]
fn t17_a_failure_of_another_kind_is_news_though_the_view_had_failed_before() {
    let upstream = Upstream::new(|earlier, _| {
        let status = ["500 Broken", "403 Suspended"][earlier.min(1)];
        Act::Send(answer(status, MARKER))
    });
    let program = serve(std::iter::once(("main", &upstream)), "UTC");
    let warned = |outcome: &str| {
        let field = format!("outcome={outcome} ");
        let log = program.log();
        log.lines().any(|line| line.contains(" level=warn ") && line.contains(&field))
    };
    wait_for("both warnings", || (warned("server_error") && warned("forbidden")).then_some(()));
}
