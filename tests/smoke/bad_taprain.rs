//! TapRain answers of every bad kind: each account keeps its last good figures, and says why.

use jiff::tz::TimeZone;
use revenue_exporter::clock::Clock;
use revenue_exporter::model::range::{day_start, local_date};

use super::cases::{Case, LIMITS, MARKER, Staged, case, common, endless, judge, leaks, zipped};
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
        "  - account: {name}\n    api_key_file: {name}.key\n    base_url: http://{}\n    \
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
    assert!(elsewhere.requests().is_empty(), "a redirect was followed");
    // Who was told to wait has not asked again.
    for one in staged.iter().filter(|one| ["status-403", "status-429"].contains(&one.case.name)) {
        assert_eq!(one.upstream.requests().len(), 2, "{}", one.case.name);
    }
    assert!(staged.iter().all(|one| {
        one.upstream.requests().iter().all(|request| request.matches(SECRET).count() == 1)
    }));
}

/// What is odd but says something is used: its name, its answer, and what the page then shows.
type Odd = (&'static str, Vec<u8>, &'static [(&'static str, Option<f64>)]);

fn odd(good: &str) -> Vec<Odd> {
    let bent = |from: &str, to: &str| {
        assert!(good.contains(from));
        answer("200 OK", good.replacen(from, to, 1))
    };
    let thirty_digits = format!("\"clicks\": {}", "9".repeat(30));
    vec![
        (
            "as-it-is",
            answer("200 OK", good),
            &[
                ("taprain_revenue", Some(138.24)),
                ("taprain_cvr_ratio", Some(0.126_168)),
                ("taprain_unattributed_revenue", Some(0.0)),
            ],
        ),
        ("gzip", zipped("200 OK", good.as_bytes()), &[("taprain_revenue", Some(138.24))]),
        (
            "negative",
            bent("\"revenue\": 138.24", "\"revenue\": -12.5"),
            &[("taprain_revenue", Some(-12.5)), ("taprain_clicks", Some(214.0))],
        ),
        (
            "null-figure",
            bent("\"clicks\": 214", "\"clicks\": null"),
            &[("taprain_clicks", None), ("taprain_leads", Some(27.0))],
        ),
        (
            "text-figure",
            bent("\"clicks\": 214", "\"clicks\": \"214\""),
            &[("taprain_clicks", Some(214.0))],
        ),
        (
            "overflow",
            bent("\"revenue\": 138.24", "\"revenue\": 1e400"),
            &[("taprain_revenue", None), ("taprain_clicks", Some(214.0))],
        ),
        (
            "thirty-digits",
            bent("\"clicks\": 214", &thirty_digits),
            &[("taprain_clicks", None), ("taprain_revenue", Some(138.24))],
        ),
        ("true-figure", bent("\"leads\": 27", "\"leads\": true"), &[("taprain_leads", None)]),
        (
            "hostile",
            bent("\"source\": \"Direct\"", r#""source": "a\"b\\c\nd{clickid}""#),
            &[("taprain_revenue", Some(138.24))],
        ),
        (
            "huge-rate",
            bent("\"cvr\": 12.6168", "\"cvr\": 79228162514264337593543950335"),
            &[("taprain_clicks", Some(214.0))],
        ),
        ("huge-sum", good_with_huge_rows(good), &[("taprain_clicks", Some(214.0))]),
    ]
}

/// Rows whose sum no decimal holds.
fn good_with_huge_rows(good: &str) -> Vec<u8> {
    let huge = "\"clicks\": 79228162514264337593543950335";
    let bent = good.replace("\"clicks\": 180", huge).replace("\"clicks\": 34", huge);
    answer("200 OK", bent)
}

#[test]
fn t8_t9_odd_figures_are_used_or_left_out_and_never_made_up() {
    let (good, zone) = sample();
    let odd = odd(&good);
    let stage = |(name, answer, _): &Odd| {
        let answer = answer.clone();
        (*name, Upstream::new(move |_, _| Act::Send(answer.clone())))
    };
    let upstreams: Vec<_> = odd.iter().map(stage).collect();
    let mut program = serve(upstreams.iter().map(|(name, at)| (*name, at)), &zone);
    for (name, _, figures) in &odd {
        let account = format!("account=\"{name}\"");
        let labels = [account.as_str()];
        let page = wait_for(&format!("{name}: {}", program.log()), || {
            let page = get(program.address, "/metrics").text().to_owned();
            (value(&page, "taprain_up", &labels) == Some(1.0)).then_some(page)
        });
        for (metric, expected) in *figures {
            assert_eq!(value(&page, metric, &labels), *expected, "{name} {metric}");
        }
    }
    assert!(program.is_running());
    assert_eq!(leaks(&program), [""; 0]);
}
