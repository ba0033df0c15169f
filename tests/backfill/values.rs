//! Every sample is the simulators' truth.

use jiff::Timestamp;
use revenue_exporter::model::klar::Detail;
use revenue_exporter::model::settings::{KlarLimits, TapRainLimits};

use super::file::read;
use super::stage::{Stage, typed};
use super::truth::{Times, add_klar, add_taprain, differences};
use crate::support::{klar_account, settings, taprain_account};

const PREFIX: &str = "job=\"revenue-exporter\",instance=\"a:10059\",";

/// A backfill of both APIs; how many samples the file has, each of which was compared.
async fn compared(now: &str, (from, to): (&str, &str), (step, seconds): (&str, i64)) -> usize {
    let stage = Stage::new(now);
    let mut stats = taprain_account("t", Vec::new());
    stats.limits = TapRainLimits { country: 2, source: 50, offer: 3 };
    let mut store = klar_account("k", Detail::Ad, Vec::new());
    store.limits = KlarLimits { channel: 3, campaign: 3, ad_group: 2, ad: 2 };
    let wanted = settings(vec![stats.clone()], vec![store.clone()]);
    stage.backfill(&wanted, &typed(from, to, step)).await.unwrap();
    assert!(!stage.has_journal(), "what is done is forgotten");
    let found = read(&stage.text(), PREFIX);
    let heard = stage.recorder.heard();
    let newest = now.parse::<Timestamp>().unwrap().as_second() - 3 * 3600;
    let times = |zone: &jiff::tz::TimeZone| {
        let midnight = |date: &str| {
            let date: jiff::civil::Date = date.parse().unwrap();
            date.to_zoned(zone.clone()).unwrap().timestamp()
        };
        let end = to.parse::<jiff::civil::Date>().unwrap().tomorrow().unwrap().to_string();
        let until = midnight(&end).min(Timestamp::from_second(newest).unwrap());
        Times { from: midnight(from), until, step: seconds }
    };
    let mut expected = std::collections::BTreeMap::new();
    add_taprain(&mut expected, &heard, &stats, &times(&stats.common.timezone));
    add_klar(&mut expected, &heard, &store, &[3, 3, 2, 2], &times(&store.common.timezone));
    let differences = differences(&expected, &found);
    let first = &differences[..differences.len().min(12)];
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), first.join("\n"));
    assert!(stage.vendors.violations().is_empty(), "{:?}", stage.vendors.violations());
    found.values().map(std::collections::BTreeMap::len).sum()
}

#[tokio::test(start_paused = true)]
async fn t3_every_sample_is_the_simulators_over_the_spring_change() {
    // New York on 8 March, Berlin on 29 March.
    let dates = ("2026-03-07", "2026-03-09");
    assert!(compared("2026-05-20T12:00:05Z", dates, ("1h", 3600)).await > 10_000);
    let dates = ("2026-03-28", "2026-03-30");
    assert!(compared("2026-05-20T12:00:05Z", dates, ("1h", 3600)).await > 10_000);
}

#[tokio::test(start_paused = true)]
async fn t3_every_sample_is_the_simulators_over_the_autumn_change() {
    // Berlin on 25 October, New York on 1 November.
    let dates = ("2026-10-24", "2026-10-26");
    assert!(compared("2026-12-20T12:00:05Z", dates, ("1h", 3600)).await > 10_000);
    let dates = ("2026-10-31", "2026-11-02");
    assert!(compared("2026-12-20T12:00:05Z", dates, ("30m", 1800)).await > 20_000);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_newer_than_three_hours_and_the_day_that_has_not_ended_has_its_closed_hours() {
    assert!(
        compared("2026-03-18T16:20:05Z", ("2026-03-18", "2026-03-18"), ("5m", 300)).await > 20_000
    );
}
