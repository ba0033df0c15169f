//! What the page must show, reckoned anew from what the simulators answered: with serde_json's own
//! values and integers, sharing nothing with the exporter's decoders.

use std::collections::BTreeMap;

use serde_json::Value;

/// Series by name and labels.
pub type Series = BTreeMap<String, f64>;

/// The rows one TapRain dimension may show.
pub struct Limits {
    pub country: usize,
    pub source: usize,
    pub offer: usize,
}

/// Every `taprain_*` series of one view and range whose answer was `body`.
pub fn taprain(body: &[u8], labels: &str, currency: &str, limits: &Limits) -> Series {
    let body: Value = serde_json::from_slice(body).unwrap();
    let (meta, data) = (&body["meta"], &body["data"]);
    let mut series = Series::new();
    five(&mut series, "taprain_", labels, currency, &data["summary"]);
    let dimensions =
        [("country", limits.country), ("source", limits.source), ("offer", limits.offer)];
    for (dimension, limit) in dimensions {
        let rows = data[format!("by_{dimension}")].as_array().unwrap();
        breakdown(&mut series, (dimension, limit), labels, currency, rows);
        let missing = |field: &str, scale: f64| {
            let whole = units(&data["summary"][field], scale);
            (whole - rows.iter().map(|row| units(&row[field], scale)).sum::<i64>()) as f64 / scale
        };
        let labels = format!("{labels},dimension=\"{dimension}\"");
        series.insert(format!("taprain_unattributed_clicks{{{labels}}}"), missing("clicks", 1.0));
        series.insert(format!("taprain_unattributed_leads{{{labels}}}"), missing("leads", 1.0));
        let revenue = format!("taprain_unattributed_revenue{{{labels},currency=\"{currency}\"}}");
        series.insert(revenue, missing("revenue", 100.0));
    }
    for row in begun_hours(meta, data["time_series"].as_array().unwrap()) {
        let labels = format!("{labels},hour=\"{}\"", &row["period"].as_str().unwrap()[11..13]);
        *series.entry(format!("taprain_hour_clicks{{{labels}}}")).or_default() +=
            number(&row["clicks"]);
        *series.entry(format!("taprain_hour_leads{{{labels}}}")).or_default() +=
            number(&row["leads"]);
        let revenue = format!("taprain_hour_revenue{{{labels},currency=\"{currency}\"}}");
        let sum = series.entry(revenue).or_default();
        *sum = ((*sum * 100.0).round() + number(&row["revenue"]) * 100.0).round() / 100.0;
    }
    for (name, field) in [
        ("taprain_range_start_timestamp_seconds", "period_start"),
        ("taprain_range_end_timestamp_seconds", "period_end"),
        ("taprain_generated_timestamp_seconds", "generated_at"),
    ] {
        let instant: jiff::Timestamp = meta[field].as_str().unwrap().parse().unwrap();
        series.insert(format!("{name}{{{labels}}}"), instant.as_millisecond() as f64 / 1000.0);
    }
    series
}

/// The rows by the hour that have begun; only the last one can begin where the period ends.
fn begun_hours<'a>(meta: &Value, rows: &'a [Value]) -> &'a [Value] {
    let Some(last) = rows.last().filter(|row| row["granularity"] == "hour") else { return &[] };
    let end: jiff::Timestamp = meta["period_end"].as_str().unwrap().parse().unwrap();
    let local = end.in_tz(meta["timezone"].as_str().unwrap()).unwrap();
    let begins = last["period"] == local.strftime("%Y-%m-%d %H:%M").to_string();
    if begins && last["clicks"] == 0 { &rows[..rows.len() - 1] } else { rows }
}

fn breakdown(
    series: &mut Series,
    (dimension, limit): (&str, usize),
    labels: &str,
    currency: &str,
    rows: &[Value],
) {
    let mut rows: Vec<&Value> = rows.iter().collect();
    rows.sort_by_key(|row| {
        let name = row[dimension].as_str().unwrap_or("(none)").to_owned();
        (-units(&row["revenue"], 100.0), -units(&row["clicks"], 1.0), name)
    });
    let prefix = format!("taprain_{dimension}_");
    let (shown, rest) = rows.split_at(limit.min(rows.len()));
    for row in shown {
        let name = escape(row[dimension].as_str().unwrap_or("(none)"));
        five(series, &prefix, &format!("{labels},{dimension}=\"{name}\""), currency, row);
    }
    if rest.is_empty() {
        return;
    }
    let sum =
        |field: &str, scale: f64| rest.iter().map(|row| units(&row[field], scale)).sum::<i64>();
    let (clicks, leads, cents) = (sum("clicks", 1.0), sum("leads", 1.0), sum("revenue", 100.0));
    let mut other = serde_json::json!({
        "clicks": clicks, "leads": leads, "revenue": cents as f64 / 100.0,
    });
    if clicks > 0 {
        // Half up, as in the vendor's own figures; in integers, because halves are what matters.
        let rounded = |over: i64| (2 * over + clicks).div_euclid(2 * clicks) as f64;
        other["cvr"] = (rounded(leads * 1_000_000) / 1e4).into();
        other["epc"] = (rounded(cents * 10_000) / 1e6).into();
    }
    five(series, &prefix, &format!("{labels},{dimension}=\"(other)\""), currency, &other);
}

fn five(series: &mut Series, prefix: &str, labels: &str, currency: &str, row: &Value) {
    let money = format!("{labels},currency=\"{currency}\"");
    series.insert(format!("{prefix}clicks{{{labels}}}"), number(&row["clicks"]));
    series.insert(format!("{prefix}leads{{{labels}}}"), number(&row["leads"]));
    series.insert(format!("{prefix}revenue{{{money}}}"), number(&row["revenue"]));
    if let Some(percent) = row["cvr"].as_f64() {
        let ratio = (percent * 1e4).round() / 1e6;
        series.insert(format!("{prefix}cvr_ratio{{{labels}}}"), ratio);
    }
    if let Some(epc) = row["epc"].as_f64() {
        series.insert(format!("{prefix}epc{{{money}}}"), epc);
    }
}

/// `text` as it stands between a label's quotes.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// A number in whole units of `1 / scale`.
pub fn units(value: &Value, scale: f64) -> i64 {
    (number(value) * scale).round() as i64
}

/// Fails with the first differences between what must be shown and what is.
pub fn assert_same(wanted: &Series, shown: &Series, tolerance: f64) {
    let differences = differences(wanted, shown, tolerance);
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}

/// Every difference between what must be shown and what is.
pub fn differences(wanted: &Series, shown: &Series, tolerance: f64) -> Vec<String> {
    let mut differences = Vec::new();
    for (series, value) in wanted {
        match shown.get(series) {
            None => differences.push(format!("absent: {series} {value}")),
            Some(other) if (other - value).abs() > tolerance => {
                differences.push(format!("{series}: shown {other}, answered {value}"));
            }
            Some(_) => {}
        }
    }
    differences.extend(
        shown.keys().filter(|key| !wanted.contains_key(*key)).map(|key| format!("too much: {key}")),
    );
    differences
}
