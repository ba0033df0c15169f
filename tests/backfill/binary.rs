//! The real binary: what it says, where it writes, how it ends.

use std::time::Duration;

use revenue_exporter::demo::world::{Size, World};
use rustix::process::{Pid, Signal, kill_process};

use super::file::read;
use super::simulators::{Simulators, days_ago, wait_for};

const PLENTY: &str = "{requests: 1000000, per: 1h, reserve: 0%}";

/// Some three requests a second beyond what the views ask for.
const SLOW: &str = "{requests: 10000, per: 1h, reserve: 0%}";

const SOON: Duration = Duration::from_secs(5);

#[test]
fn standard_output_is_the_file_and_all_else_goes_to_standard_error() {
    let simulators = Simulators::new(PLENTY);
    let (from, to) = (days_ago(12), days_ago(10));
    let dates = ["backfill", "--from", &from, "--to", &to, "--step=1h", "--label=job=x"];
    let output = simulators.run(&[&dates[..], &["--output=-"]].concat());
    let (text, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{said}");
    let series = read(&text, "job=\"x\",");
    let hours: usize = series
        .iter()
        .filter(|(name, _)| name.starts_with("taprain_clicks{"))
        .map(|(_, samples)| samples.len())
        .sum();
    // Some zone changes its clocks on some of these days when this test runs.
    assert!((142..=146).contains(&hours), "{hours}: today and yesterday of three days");
    let first = said.lines().next().unwrap();
    assert!(first.starts_with("taprain t: 4 requests for 4 days of 1 view, "), "{said}");
    assert!(said.contains("klar k: 2 requests for 3 days of 1 view (1 of them for"), "{said}");
    assert!(said.contains("in all 6 requests in "), "{said}");
    assert!(!said.contains("demo-"), "no secret: {said}");
    assert_eq!(simulators.asked(), (4, 2));
    let progress = simulators.path("state/backfill.progress");
    assert!(!progress.exists(), "what is done is forgotten");
    let output = simulators.run(&[&dates[..], &["--output=history.om"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(simulators.path("history.om")).unwrap(), text);
    let said = String::from_utf8(output.stderr).unwrap();
    let command =
        "promtool tsdb create-blocks-from openmetrics --max-block-duration=486h history.om data/";
    assert!(said.contains(command), "{said}");
}

#[test]
fn a_signal_ends_it_soon_and_the_same_command_goes_on() {
    let simulators = Simulators::new(SLOW);
    let (from, to) = (days_ago(20), days_ago(13));
    let args = [
        "backfill",
        "--from",
        &from,
        "--to",
        &to,
        "--step=1h",
        "--output=history.om",
        "--account=t",
    ];
    let mut running = simulators.start(&args);
    let answered = || {
        let lines = std::fs::read_to_string(simulators.path("history.om.progress")).ok()?;
        (lines.lines().count() >= 3).then_some(())
    };
    wait_for("two answers", SOON * 4, answered);
    kill_process(Pid::from_child(&running.0), Signal::INT).unwrap();
    let end = wait_for("the end", SOON, || running.0.try_wait().unwrap());
    assert_eq!(end.code(), Some(1));
    assert!(!simulators.path("history.om").exists());
    let asked = simulators.asked().0;
    assert!((2..9).contains(&asked), "{asked}");
    let output = simulators.run(&args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(simulators.asked(), (9, 0), "no day is asked twice");
}

#[test]
#[ignore = "makes ten million rows"]
fn thirteen_months_of_a_large_account_need_little_memory() {
    // At Klar 120,000 rows a month (trap K17).
    let size = Size { leads_per_day: 4500, sources: 200, ads_per_group: 200 };
    let views = "views: [{view: default, detail: ad, ranges: [{range: today, every: 5m}]}]";
    let world = std::sync::Arc::new(World::new(3, size));
    let simulators = Simulators::of(world, PLENTY, ("", views));
    let from = days_ago(395);
    let mut running = simulators.start(&["backfill", "--from", &from, "--step=1h", "--output=-"]);
    let status = format!("/proc/{}/status", running.0.id());
    let mut peak = String::new();
    let end = wait_for("the end", SOON * 60, || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
            line.clone_into(&mut peak);
        }
        running.0.try_wait().unwrap()
    });
    println!("13 months of a large account: {peak}");
    assert_eq!(end.code(), Some(0));
    let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 150_000, "{peak}");
}

#[test]
fn what_was_typed_wrongly_is_exit_code_2_and_one_sentence() {
    let simulators = Simulators::new(PLENTY);
    let cases: [(&[&str], &str); 4] = [
        (&["--from=yesterday"], "error: --from=yesterday is no date; write one like 2026-03-18"),
        (
            &["--from=2026-01-01", "--account=x"],
            "error: --account=x matches nothing; there are: k, t",
        ),
        (&["--from=2026-01-01", "--step=7m"], "error: --step=7m does not divide an hour"),
        (&["--from=2026-01-01", "--label=view=a"], "error: --label=view=a: the metrics have"),
    ];
    for (args, sentence) in cases {
        let output = simulators.run(&[&["backfill", "--output=x"], args].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.starts_with(sentence), "{said}");
    }
    assert_eq!(simulators.run(&["backfill", "--output=x"]).status.code(), Some(2), "no --from");
    assert_eq!(simulators.run(&["backfill", "--from=2026-01-01"]).status.code(), Some(2));
    assert_eq!(simulators.asked(), (0, 0));
}
