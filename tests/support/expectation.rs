//! What the page must expect of Klar's yesterday, reckoned anew from the answers that first had each
//! day: with serde_json's own values and integers, sharing nothing with the exporter's rule.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::truth::{Series, escape};

/// The range label of what is expected.
pub const RANGE: &str = "same_weekday_4w";

/// Metric, field, whether it is money, and whether it is expected from settled days as well.
const FIGURES: [(&str, &str, bool, bool); 4] = [
    ("klar_attributed_orders", "orders", false, true),
    ("klar_attributed_net_revenue", "netRevenue", true, false),
    ("klar_attributed_gross_revenue", "grossRevenue", true, true),
    ("klar_cost", "cost", true, false),
];

/// In units of 1e-10; `None` is null in every row.
type Figures = [Option<i128>; FIGURES.len()];

/// A day's figures by channel.
pub type Channels = BTreeMap<String, Figures>;

/// A day as it was first seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// No later than 36 hours after its end.
    pub fresh: bool,
    pub channels: Channels,
}

/// The channels of one date in an answer; `None` when it has no row of that date.
pub fn channels(body: &Value, date: &str) -> Option<Channels> {
    let mut channels = Channels::new();
    for row in body.as_array().unwrap().iter().filter(|row| row["date"] == date) {
        let sums = channels.entry(row["channelName"].as_str().unwrap().to_owned()).or_default();
        for (sum, (_, field, ..)) in sums.iter_mut().zip(FIGURES) {
            if let Some(value) = row[field].as_f64() {
                *sum = Some(sum.unwrap_or(0) + (value * 1e10).round() as i128);
            }
        }
    }
    (!channels.is_empty()).then_some(channels)
}

/// Every series of the expectation that rests on `weeks`, the four days as first seen, of which some
/// may be unknown. `view` is its `account` and `view` labels, `labels` all that follow up to the range.
pub fn series(weeks: &[Option<Seen>], view: &str, labels: &str) -> Series {
    let known: Vec<&Seen> = weeks.iter().flatten().collect();
    let fresh: Vec<&Seen> = known.iter().copied().filter(|seen| seen.fresh).collect();
    let cold = fresh.len() < 3;
    let used = if cold { known } else { fresh };
    let used = if used.len() < 3 { Vec::new() } else { used };
    let mut series = Series::new();
    series.insert(format!("klar_baseline_weeks{{{view}}}"), used.len() as f64);
    if used.is_empty() {
        return series;
    }
    series.insert("klar_baseline_from_api_history".to_owned(), f64::from(u8::from(cold)));
    let names: BTreeSet<&String> = used.iter().flat_map(|seen| seen.channels.keys()).collect();
    for name in names {
        for (index, (metric, _, money, settled)) in FIGURES.into_iter().enumerate() {
            if cold && !settled {
                continue;
            }
            let days: Vec<_> = used.iter().map(|seen| seen.channels.get(name)).collect();
            let Some(value) = centre(&days, index) else { continue };
            let currency = if money { ",currency=\"EUR\"" } else { "" };
            let name = escape(name);
            let key = format!(
                "{metric}{{{view},{labels},range=\"{RANGE}\",channel=\"{name}\"{currency}}}"
            );
            series.insert(key, value / 1e10);
        }
    }
    series
}

/// Of one figure; `None` is a day without the channel.
fn centre(days: &[Option<&Figures>], index: usize) -> Option<f64> {
    days.iter().flatten().find(|sums| sums[index].is_some())?;
    let mut known: Vec<i128> =
        days.iter().filter_map(|day| day.map_or(Some(0), |sums| sums[index])).collect();
    known.sort_unstable();
    match known[..] {
        [_, middle, _] => Some(middle as f64),
        [_, low, high, _] => Some((low + high) as f64 / 2.0),
        _ => None,
    }
}

/// Whether a series says what is expected, and not what was answered.
pub fn is_expectation(series: &str) -> bool {
    let name = series.split('{').next().unwrap_or(series);
    let ours = ["_baseline_", "_expected_", "_window_", "_settle_"];
    ours.iter().any(|part| name.contains(part)) || series.contains(&format!("range=\"{RANGE}\""))
}
