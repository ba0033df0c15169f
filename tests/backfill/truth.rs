//! What the file must hold, reckoned anew from what the simulators answered: instant by instant,
//! with integers, sharing nothing with the exporter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use revenue_exporter::model::settings::{KlarAccount, TapRainAccount};
use serde_json::Value;

use super::file::Samples;
use crate::support::recorder::Heard;
use crate::support::truth::{Limits, Series, taprain, units};
use crate::support::truth_klar::{Naming, klar};

/// The seconds that are written: multiples of `step` in `from..until`.
pub(super) struct Times {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) step: i64,
}

impl Times {
    fn all(&self) -> impl Iterator<Item = i64> {
        let (from, until, step) = (self.from.as_second(), self.until.as_second(), self.step);
        (from..until).filter(move |second| second % step == 0)
    }
}

type Shown = BTreeMap<String, Samples>;

/// Adds what the view `all` of `account` must show, from the answers that it got.
pub(super) fn add_taprain(
    shown: &mut Shown,
    heard: &[Heard],
    account: &TapRainAccount,
    times: &Times,
) {
    let zone = &account.common.timezone;
    let (name, currency) = (&account.common.name, &*account.common.currency);
    let labels = |range: &str| format!("account=\"{name}\",view=\"all\",range=\"{range}\"");
    let limits = account.limits;
    let bodies: BTreeMap<Date, &Heard> = heard
        .iter()
        .filter(|one| one.host == **name)
        .map(|one| (date_of(&one.query, "start"), one))
        .collect();
    let days: BTreeMap<Date, Series> = bodies
        .iter()
        .map(|(date, one)| {
            let Limits { country, source, offer } =
                Limits { country: limits.country, source: limits.source, offer: limits.offer };
            let limits = Limits { country, source, offer };
            (*date, taprain(&one.body, &labels("yesterday"), currency, &limits))
        })
        .collect();
    for at in times.all() {
        let date = local(at, zone);
        for (series, value) in &days[&date.yesterday().unwrap()] {
            if !series.starts_with("taprain_hour_") && !series.contains("_timestamp_seconds") {
                put(shown, series, at, *value);
            }
        }
        let body: Value = serde_json::from_slice(&bodies[&date].body).unwrap();
        so_far(shown, &body, at, zone, (&labels("today"), currency));
    }
}

/// The sums of the hours that are over at `at`: rows are an hour long and follow each other.
fn so_far(
    shown: &mut Shown,
    body: &Value,
    at: i64,
    zone: &TimeZone,
    (labels, currency): (&str, &str),
) {
    let date = local(at, zone);
    let midnight = (at - 26 * 3600..=at).find(|second| local(*second, zone) == date).unwrap();
    let (mut clicks, mut leads, mut cents) = (0, 0, 0);
    let rows = body["data"]["time_series"].as_array().unwrap();
    for (begins, row) in (midnight..).step_by(3600).zip(rows) {
        let label = Timestamp::from_second(begins).unwrap().to_zoned(zone.clone());
        assert_eq!(row["period"], label.strftime("%Y-%m-%d %H:%M").to_string());
        if begins + 3600 <= at {
            clicks += row["clicks"].as_i64().unwrap();
            leads += row["leads"].as_i64().unwrap();
            cents += units(&row["revenue"], 100.0);
        }
    }
    let money = format!("{labels},currency=\"{currency}\"");
    put(shown, &format!("taprain_clicks{{{labels}}}"), at, clicks as f64);
    put(shown, &format!("taprain_leads{{{labels}}}"), at, leads as f64);
    put(shown, &format!("taprain_revenue{{{money}}}"), at, cents as f64 / 100.0);
    if clicks > 0 {
        let rounded = |over: i64| (2 * over + clicks).div_euclid(2 * clicks) as f64;
        let cvr = rounded(leads * 1_000_000) / 1e6;
        put(shown, &format!("taprain_cvr_ratio{{{labels}}}"), at, cvr);
        put(shown, &format!("taprain_epc{{{money}}}"), at, rounded(cents * 10_000) / 1e6);
    }
}

/// Adds what the view `default` of `account` must show.
pub(super) fn add_klar(
    shown: &mut Shown,
    heard: &[Heard],
    account: &KlarAccount,
    limits: &[usize],
    times: &Times,
) {
    let zone = &account.common.timezone;
    let bodies: Vec<&[u8]> = heard
        .iter()
        .filter(|one| one.host == *account.common.name)
        .map(|one| &one.body[..])
        .collect();
    let labels = format!(
        "account=\"{}\",view=\"default\",model=\"data_driven\",attribution_window=\"7_day\",\
         date_basis=\"order\",range=\"yesterday\"",
        account.common.name
    );
    let mut days: BTreeMap<Date, Series> = BTreeMap::new();
    for at in times.all() {
        let date = local(at, zone).yesterday().unwrap();
        let day = days.entry(date).or_insert_with(|| {
            let zone = &*account.common.timezone_name;
            let naming =
                Naming { labels: &labels, currency: &account.common.currency, zone, limits };
            let (start, end) = (date.to_string(), date.tomorrow().unwrap().to_string());
            klar(&bodies, (&start, &end), &naming)
        });
        for (series, value) in day {
            if !series.starts_with("klar_report_rows") && !series.contains("_timestamp_seconds") {
                put(shown, series, at, *value);
            }
        }
    }
}

fn put(shown: &mut Shown, series: &str, at: i64, value: f64) {
    if let Some(samples) = shown.get_mut(series) {
        samples.insert(at, value);
    } else {
        shown.insert(series.to_owned(), Samples::from([(at, value)]));
    }
}

fn local(second: i64, zone: &TimeZone) -> Date {
    Timestamp::from_second(second).unwrap().to_zoned(zone.clone()).date()
}

/// A date in a query.
pub(super) fn date_of(query: &str, name: &str) -> Date {
    let field = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    field.unwrap_or_else(|| panic!("{query}")).parse().unwrap()
}

/// The first differences between what must be in the file and what is.
pub(super) fn differences(wanted: &Shown, found: &Shown) -> Vec<String> {
    let mut differences = Vec::new();
    for (series, samples) in wanted {
        let Some(others) = found.get(series) else {
            differences.push(format!("absent: {series}"));
            continue;
        };
        for (at, value) in samples {
            match others.get(at) {
                Some(other) if (other - value).abs() <= 1e-9 * value.abs().max(1.0) => {}
                other => differences.push(format!("{series} at {at}: {other:?}, not {value}")),
            }
        }
        let strange = others.keys().find(|at| !samples.contains_key(at));
        differences.extend(strange.map(|at| format!("{series} at {at}: too much")));
    }
    let strange = found.keys().filter(|series| !wanted.contains_key(*series));
    differences.extend(strange.map(|series| format!("too much: {series}")));
    differences
}
