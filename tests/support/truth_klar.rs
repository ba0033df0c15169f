//! What the page must show of Klar, reckoned anew from the rows that were answered: with
//! serde_json's own values and integers, sharing nothing with the exporter's decoders.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use super::truth::{Series, escape};

/// Klar's fields: metric stem, field, whether it is money, and the horizon.
pub const KLAR: [(&str, &str, bool, &str); 18] = [
    ("attributed_orders", "orders", false, ""),
    ("attributed_new_customer_orders", "nc", false, ""),
    ("attributed_returning_customer_orders", "rc", false, ""),
    ("attributed_net_revenue", "netRevenue", true, ""),
    ("attributed_gross_revenue", "grossRevenue", true, ""),
    ("attributed_new_customer_net_revenue", "ncNetRevenue", true, ""),
    ("attributed_new_customer_gross_revenue", "ncGrossRevenue", true, ""),
    ("attributed_returning_customer_net_revenue", "rcNetRevenue", true, ""),
    ("attributed_returning_customer_gross_revenue", "rcGrossRevenue", true, ""),
    ("cost", "cost", true, ""),
    ("contribution_margin_1", "cm1", true, ""),
    ("contribution_margin_2", "cm2", true, ""),
    ("acquisition_contribution_margin_2", "acm2", true, ""),
    ("customer_lifetime_value", "clv_30", true, "30d"),
    ("customer_lifetime_value", "clv_60", true, "60d"),
    ("customer_lifetime_value", "clv_90", true, "90d"),
    ("ad_clicks", "clicks", false, ""),
    ("ad_impressions", "impressions", false, ""),
];

/// The places of what ranks rows.
const NET_REVENUE: usize = 3;
const CLICKS: usize = 16;

/// The levels: what metrics begin with, the labels of id and name, and the fields of both.
const LEVELS: [[&str; 5]; 4] = [
    ["klar_", "", "channel", "channelName", "channelName"],
    ["klar_campaign_", "campaign_id", "campaign", "campaignId", "campaignName"],
    ["klar_ad_group_", "ad_group_id", "ad_group", "adGroupId", "adGroupName"],
    ["klar_ad_level_", "ad_id", "ad", "adId", "adName"],
];

/// How a view and range is named and folded.
pub struct Naming<'a> {
    pub labels: &'a str,
    pub currency: &'a str,
    pub zone: &'a str,
    /// The rows that each level shows, as deep as the levels go.
    pub limits: &'a [usize],
}

/// Ids and names from the channel down.
type Path = Vec<(String, String)>;

/// Sums in units of 1e-10, which is what the simulator prints; one for each of [`KLAR`].
type Sums = [Option<i128>; KLAR.len()];

/// Every `klar_*` series of one view and range from the rows of `bodies` within `start..end`.
pub fn klar(bodies: &[&[u8]], (start, end): (&str, &str), naming: &Naming<'_>) -> Series {
    let mut cells: BTreeMap<Path, Sums> = BTreeMap::new();
    let (mut rows, mut latest) = (0_u32, String::new());
    for body in bodies {
        let body: Value = serde_json::from_slice(body).unwrap();
        for row in body.as_array().unwrap() {
            let date = row["date"].as_str().unwrap();
            if (start..end).contains(&date) {
                rows += 1;
                latest = latest.max(date.to_owned());
                add(cells.entry(path(row, naming.limits.len())).or_default(), &sums(row));
            }
        }
    }
    let mut series = Series::new();
    for (level, limit) in naming.limits.iter().enumerate() {
        cells = folded(&cells, level, *limit);
        for (path, sums) in by_level(&cells, level) {
            put(&mut series, naming, &path, &sums);
        }
    }
    let latest = format!("{latest}T00:00[{}]", naming.zone).parse::<jiff::Zoned>();
    series.insert(format!("klar_report_rows{{{}}}", naming.labels), f64::from(rows));
    let name = format!("klar_latest_data_date_timestamp_seconds{{{}}}", naming.labels);
    series.insert(name, latest.unwrap().start_of_day().unwrap().timestamp().as_second() as f64);
    series
}

fn path(row: &Value, depth: usize) -> Path {
    let text = |field: &str| match &row[field] {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) if number.as_i64() != Some(0) => number.to_string(),
        _ => "(none)".to_owned(),
    };
    LEVELS[..depth].iter().map(|[_, _, _, id, name]| (text(id), text(name))).collect()
}

fn sums(row: &Value) -> Sums {
    KLAR.map(|(_, field, ..)| row[field].as_f64().map(|value| (value * 1e10).round() as i128))
}

fn add(sums: &mut Sums, others: &Sums) {
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum = sum.map_or(*other, |known| Some(known + other.unwrap_or(0)));
    }
}

fn by_level(cells: &BTreeMap<Path, Sums>, level: usize) -> BTreeMap<Path, Sums> {
    let mut all: BTreeMap<Path, Sums> = BTreeMap::new();
    for (path, sums) in cells {
        add(all.entry(path[..=level].to_vec()).or_default(), sums);
    }
    all
}

/// What is not among the top of `level` goes, with all below it, to its parent's `(other)`.
fn folded(cells: &BTreeMap<Path, Sums>, level: usize, limit: usize) -> BTreeMap<Path, Sums> {
    let other = ("(other)".to_owned(), "(other)".to_owned());
    let mut ranked: Vec<_> = by_level(cells, level).into_iter().collect();
    ranked.retain(|(path, _)| path[level] != other);
    ranked.sort_by_key(|(path, sums)| (Reverse((sums[NET_REVENUE], sums[CLICKS])), path.clone()));
    let rest: BTreeSet<Path> = ranked.into_iter().skip(limit).map(|(path, _)| path).collect();
    let mut folded: BTreeMap<Path, Sums> = BTreeMap::new();
    for (path, sums) in cells {
        let mut path = path.clone();
        if rest.contains(&path[..=level]) {
            path[level..].fill(other.clone());
        }
        add(folded.entry(path).or_default(), sums);
    }
    folded
}

fn put(series: &mut Series, naming: &Naming<'_>, path: &Path, sums: &Sums) {
    let mut labels = naming.labels.to_owned();
    for ([_, id_label, name_label, ..], (id, name)) in LEVELS.iter().zip(path) {
        if !id_label.is_empty() {
            write!(labels, ",{id_label}=\"{}\"", escape(id)).unwrap();
        }
        write!(labels, ",{name_label}=\"{}\"", escape(name)).unwrap();
    }
    let prefix = LEVELS[path.len() - 1][0];
    for ((stem, _, money, horizon), sum) in KLAR.iter().zip(sums) {
        let Some(sum) = sum else { continue };
        let tail = tail(*money, horizon, naming.currency);
        series.insert(format!("{prefix}{stem}{{{labels}{tail}}}"), *sum as f64 / 1e10);
    }
}

/// What stands after the labels that all columns share.
pub fn tail(money: bool, horizon: &str, currency: &str) -> String {
    let currency = if money { format!(",currency=\"{currency}\"") } else { String::new() };
    if horizon.is_empty() { currency } else { format!("{currency},horizon=\"{horizon}\"") }
}
