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
    let begun = |row: &&Value| row["granularity"] == "hour" && begins_before_the_end(row, meta);
    for row in data["time_series"].as_array().unwrap().iter().filter(begun) {
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

/// An hour of which no moment has passed is yet to come.
fn begins_before_the_end(row: &Value, meta: &Value) -> bool {
    let end: jiff::Timestamp = meta["period_end"].as_str().unwrap().parse().unwrap();
    let end = end.in_tz(meta["timezone"].as_str().unwrap()).unwrap().datetime();
    row["period"].as_str().unwrap().parse::<jiff::civil::DateTime>().unwrap() < end
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
        let round = |ratio: f64, digits: f64| (ratio * digits).round() / digits;
        other["cvr"] = round(leads as f64 / clicks as f64 * 100.0, 1e4).into();
        other["epc"] = round(cents as f64 / 100.0 / clicks as f64, 1e6).into();
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

/// Every `klar_*` series of one view and range, unfolded, from the rows of `bodies` within
/// `start..end`. Sums are taken in units of 1e-10, which is what the simulator prints.
pub fn klar(bodies: &[&[u8]], (start, end): (&str, &str), labels: &str, currency: &str) -> Series {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let (mut rows, mut latest) = (0_u32, String::new());
    for body in bodies {
        let body: Value = serde_json::from_slice(body).unwrap();
        for row in body.as_array().unwrap() {
            let date = row["date"].as_str().unwrap();
            if date < start || date >= end {
                continue;
            }
            rows += 1;
            latest = latest.max(date.to_owned());
            for (prefix, labels) in levels(row, labels) {
                for (stem, field, money, horizon) in KLAR {
                    let Some(value) = row[field].as_f64() else { continue };
                    let currency =
                        if money { format!(",currency=\"{currency}\"") } else { String::new() };
                    let horizon = if horizon.is_empty() {
                        String::new()
                    } else {
                        format!(",horizon=\"{horizon}\"")
                    };
                    let key = format!("{prefix}{stem}{{{labels}{currency}{horizon}}}");
                    *sums.entry(key).or_default() += (value * 1e10).round() as i128;
                }
            }
        }
    }
    let mut series: Series = sums.into_iter().map(|(key, sum)| (key, sum as f64 / 1e10)).collect();
    let latest = format!("{latest}T00:00[Europe/Berlin]").parse::<jiff::Zoned>().unwrap();
    series.insert(format!("klar_report_rows{{{labels}}}"), f64::from(rows));
    let name = format!("klar_latest_data_date_timestamp_seconds{{{labels}}}");
    series.insert(name, latest.timestamp().as_second() as f64);
    series
}

/// The four levels of a row: metric prefix and labels.
fn levels(row: &Value, labels: &str) -> [(&'static str, String); 4] {
    let text = |field: &str| match &row[field] {
        Value::String(text) if !text.is_empty() => escape(text),
        Value::Number(number) if number.as_i64() != Some(0) => number.to_string(),
        _ => "(none)".to_owned(),
    };
    let channel = format!("{labels},channel=\"{}\"", text("channelName"));
    let campaign = format!(
        "{channel},campaign_id=\"{}\",campaign=\"{}\"",
        text("campaignId"),
        text("campaignName")
    );
    let group = format!(
        "{campaign},ad_group_id=\"{}\",ad_group=\"{}\"",
        text("adGroupId"),
        text("adGroupName")
    );
    let ad = format!("{group},ad_id=\"{}\",ad=\"{}\"", text("adId"), text("adName"));
    [
        ("klar_", channel),
        ("klar_campaign_", campaign),
        ("klar_ad_group_", group),
        ("klar_ad_level_", ad),
    ]
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn units(value: &Value, scale: f64) -> i64 {
    (number(value) * scale).round() as i64
}

/// Fails with the first differences between what must be shown and what is.
pub fn assert_same(wanted: &Series, shown: &Series, tolerance: f64) {
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
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}
