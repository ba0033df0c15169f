//! TapRain's answer, written as the page's sample has it.

use std::cmp::Reverse;
use std::fmt::Write;

use bytes::Bytes;

use super::ask::{Ask, Period};
use crate::demo::world::instant;
use crate::demo::world::tally::{Count, Filter};
use crate::demo::world::traffic::{Dimension, Traffic};

/// An answer, but for the one number that changes within a minute.
#[derive(Debug)]
pub(super) struct Page {
    /// Up to the end of `meta`, whose brace is still open.
    head: Bytes,
    tail: Bytes,
    whole: Bytes,
}

impl Page {
    /// The answer as of the minute `now`, to whom [`Ask::period`] is told `in_days`.
    pub(super) fn new(traffic: &Traffic, ask: &Ask, now: i64, in_days: bool) -> Self {
        let period = ask.period(now, in_days);
        let head = head(ask, &period, now);
        let tail = tail(traffic, ask, &period, now);
        let whole = Bytes::from([head.as_str(), tail.as_str()].concat());
        let (head, tail) = (whole.slice(..head.len()), whole.slice(head.len()..));
        Self { head, tail, whole }
    }

    /// The whole answer, with `meta.requests_remaining` where it is known.
    pub(super) fn with(&self, remaining: Option<u32>) -> Bytes {
        let Some(remaining) = remaining else { return self.whole.clone() };
        let field = format!(",\"requests_remaining\":{remaining}");
        [&self.head[..], field.as_bytes(), &self.tail[..]].concat().into()
    }
}

fn head(ask: &Ask, period: &Period, now: i64) -> String {
    let time = |minute| instant(minute).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let filters = serde_json::json!({
        "country": ask.country, "offer": ask.offer, "source": ask.source,
    });
    format!(
        r#"{{"success":true,"meta":{{"range":{},"timezone":{},"granularity":"{}","period_start":"{}","period_end":"{}","generated_at":"{}","filters":{}"#,
        quoted(&ask.range),
        quoted(&ask.zone_name),
        period.granularity,
        time(period.start),
        time(period.end),
        time(now),
        filters,
    )
}

fn tail(traffic: &Traffic, ask: &Ask, period: &Period, now: i64) -> String {
    let filter = filter(traffic, ask);
    let mut total = traffic.nothing();
    let mut series = String::new();
    for (label, span) in &period.rows {
        let tally = traffic.tally(*span, now, &filter);
        total.merge(&tally);
        separate(&mut series);
        let granularity = period.granularity;
        let _ = write!(series, r#"{{"period":"{label}","granularity":"{granularity}","#);
        count(&mut series, tally.all);
    }
    let mut text = String::with_capacity(series.len() + 4_096);
    text.push_str(r#"},"data":{"summary":{"#);
    count(&mut text, total.all);
    let _ = write!(text, r#","time_series":[{series}],"by_country":["#);
    breakdown(&mut text, "country", &traffic.countries, &total.country);
    text.push_str(r#"],"by_source":["#);
    breakdown(&mut text, "source", &traffic.sources, &total.source);
    text.push_str(r#"],"by_offer":["#);
    breakdown(&mut text, "offer", &traffic.offers, &total.offer);
    text.push_str("]}}");
    text
}

fn filter(traffic: &Traffic, ask: &Ask) -> Filter {
    let flags = |dimension: &Dimension, wanted: &Option<Vec<String>>| {
        wanted.as_ref().map(|wanted| dimension.flags(wanted))
    };
    Filter {
        source: flags(&traffic.sources, &ask.source),
        country: flags(&traffic.countries, &ask.country),
        offer: flags(&traffic.offers, &ask.offer),
    }
}

fn breakdown(text: &mut String, field: &str, dimension: &Dimension, rows: &[Count]) {
    let mut named: Vec<(&String, Count)> = dimension
        .names
        .iter()
        .zip(rows.iter().copied())
        .filter(|(_, row)| row.clicks > 0)
        .collect();
    named.sort_by_key(|(name, row)| (Reverse((row.cents, row.clicks)), *name));
    for (name, row) in named {
        separate(text);
        let _ = write!(text, r#"{{"{field}":{},"#, quoted(name));
        count(text, row);
    }
}

fn separate(text: &mut String) {
    if text.ends_with('}') {
        text.push(',');
    }
}

/// The five figures every object ends with, and its brace.
fn count(text: &mut String, count: Count) {
    let Count { clicks, leads, cents } = count;
    let _ = write!(
        text,
        r#""clicks":{clicks},"leads":{leads},"revenue":{}.{:02},"cvr":"#,
        cents / 100,
        cents % 100,
    );
    decimal(text, rounded(leads * 1_000_000, clicks), 4);
    text.push_str(",\"epc\":");
    decimal(text, rounded(cents * 10_000, clicks), 6);
    text.push('}');
}

/// `over / under`, rounded half up; nothing of nothing is 0.
fn rounded(over: u64, under: u64) -> u64 {
    (2 * over + under).checked_div(2 * under).unwrap_or(0)
}

/// Units of 10^-`places`, without trailing zeros, as JavaScript writes a rounded number.
fn decimal(text: &mut String, units: u64, places: u32) {
    let scale = 10u64.pow(places);
    let _ = write!(text, "{}", units / scale);
    let (mut rest, mut width) = (units % scale, places as usize);
    if rest == 0 {
        return;
    }
    while rest % 10 == 0 {
        (rest, width) = (rest / 10, width - 1);
    }
    let _ = write!(text, ".{rest:0width$}");
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_as_in_the_sample() {
        for (clicks, leads, cents, text) in [
            (214, 27, 13_824, r#""revenue":138.24,"cvr":12.6168,"epc":0.645981}"#),
            (31, 5, 2_675, r#""revenue":26.75,"cvr":16.129,"epc":0.862903}"#),
            (18, 2, 1_040, r#""revenue":10.40,"cvr":11.1111,"epc":0.577778}"#),
            (0, 0, 0, r#""revenue":0.00,"cvr":0,"epc":0}"#),
            (4, 4, 8, r#""revenue":0.08,"cvr":100,"epc":0.02}"#),
        ] {
            let mut written = String::new();
            count(&mut written, Count { clicks, leads, cents });
            assert!(written.ends_with(text), "{written}");
        }
    }
}
