//! The same file in VictoriaMetrics. Needs curl and victoria-metrics; `.ci/backfill` runs it.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::file::read;
use super::prometheus::free_address;
use super::simulators::{Running, Simulators, days_ago, wait_for};

const PLENTY: &str = "{requests: 1000000, per: 1h, reserve: 0%}";
const LONG: Duration = Duration::from_secs(60);

/// How many samples a metric has, and their sum.
type Sums = BTreeMap<String, (usize, f64)>;

#[test]
#[ignore = "needs victoria-metrics and curl"]
fn victoria_metrics_takes_the_same_file() {
    let simulators = Simulators::new(PLENTY);
    let output = simulators.run(&[
        "backfill",
        "--from",
        &days_ago(4),
        "--output=history.om",
        "--label=job=e2e",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(simulators.path("history.om")).unwrap();
    let mut written = Sums::new();
    for (series, samples) in read(&text, "job=\"e2e\",") {
        let name = series.split('{').next().unwrap();
        add(&mut written, name, samples.into_values());
    }
    let at = free_address();
    let server = Command::new("victoria-metrics")
        .arg(format!("-storageDataPath={}", simulators.path("victoria").display()))
        .args([&format!("-httpListenAddr={at}"), "-retentionPeriod=10y"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _running = Running(server.expect("victoria-metrics is missing"));
    let file = simulators.path("history.om");
    let import = format!("http://{at}/api/v1/import/prometheus");
    wait_for("the import", LONG, || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--noproxy", "*", "-T"]).arg(&file).arg(&import);
        curl.status().unwrap().success().then_some(())
    });
    let same = |kept: &Sums| {
        kept.len() == written.len()
            && kept.iter().zip(&written).all(|((name, ours), (theirs, own))| {
                name == theirs && ours.0 == own.0 && (ours.1 - own.1).abs() <= 1e-9 * own.1.abs()
            })
    };
    // What was taken can be read a second later.
    wait_for("every sample in VictoriaMetrics", LONG, || {
        same(&export(&at.to_string())).then_some(())
    });
    let samples: usize = written.values().map(|(count, _)| count).sum();
    println!("VictoriaMetrics has the same {samples} samples of {} metrics", written.len());
}

fn add(sums: &mut Sums, name: &str, values: impl Iterator<Item = f64>) {
    let (count, sum) = sums.entry(name.to_owned()).or_default();
    for value in values {
        *count += 1;
        *sum += value;
    }
}

/// All that it has: one line of JSON a series.
fn export(at: &str) -> Sums {
    let matching = "match[]={job=\"e2e\"}";
    let output = Command::new("curl")
        .args(["--silent", "--fail", "--noproxy", "*", "--data-urlencode", matching])
        .arg(format!("http://{at}/api/v1/export"))
        .output()
        .unwrap();
    let mut sums = Sums::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let series: Value = serde_json::from_str(line).unwrap();
        let values =
            series["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
        add(&mut sums, series["metric"]["__name__"].as_str().unwrap(), values);
    }
    sums
}
