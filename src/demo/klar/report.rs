//! Klar's report, written as the page's sample has it.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ask::Ask;
use crate::demo::bounded::Bounded;
use crate::demo::locked;
use crate::demo::world::shop::{
    Ad, Attribution, Figures, MATURE_AFTER, Paid, Seen, UNIT, day_number,
};
use crate::demo::world::{World, instant, minute};
use crate::model::range::{day_start, local_date};

/// Bytes that the mature days kept may take, roughly.
const CACHE_BYTES: usize = 64 << 20;

/// Bytes of a row, roughly.
const ROW_BYTES: usize = 560;

/// The reports of one store.
#[derive(Debug)]
pub(super) struct Reports {
    world: Arc<World>,
    zone: TimeZone,
    /// Each row's text around its date, in the order of the world's ads.
    frames: Vec<(String, String)>,
    mature: Mutex<Bounded<(Date, Attribution, u64), Arc<str>>>,
}

impl Reports {
    pub(super) fn new(world: Arc<World>, zone: TimeZone) -> Self {
        let frames: Vec<_> = world.shop.ads.iter().map(frame).collect();
        let days = (CACHE_BYTES / (ROW_BYTES * frames.len().max(1))).clamp(40, 1_000);
        Self { world, zone, frames, mature: Mutex::new(Bounded::new(days)) }
    }

    /// The report as of the minute `now`; dates to come have no rows.
    pub(super) fn body(&self, ask: &Ask, now: i64) -> Bytes {
        let tomorrow = local_date(instant(now), &self.zone).saturating_add(1.day());
        let mut text = String::from("[");
        let mut date = ask.start;
        while date < ask.end.min(tomorrow) {
            let day = self.day(date, ask.attribution, now);
            if text.len() > 1 && !day.is_empty() {
                text.push(',');
            }
            text.push_str(&day);
            date = date.saturating_add(1.day());
        }
        text.push(']');
        text.into()
    }

    /// The rows of a date with commas between them; none before anything has happened.
    fn day(&self, date: Date, attribution: Attribution, now: i64) -> Arc<str> {
        let days = [0, 1, 2]
            .map(|days: i64| minute(day_start(date.saturating_add(days.days()), &self.zone)));
        let Some(seen) = self.world.shop.seen(days, now) else { return "".into() };
        let edition = seen.edition << 1 | u64::from(seen.restated);
        let (key, mature) = ((date, attribution, edition), now >= days[2] + MATURE_AFTER);
        if mature && let Some(known) = locked(&self.mature).get(&key) {
            return Arc::clone(known);
        }
        let rows: Arc<str> = self.rows(date, attribution, seen).into();
        if mature {
            locked(&self.mature).insert(key, Arc::clone(&rows));
        }
        rows
    }

    fn rows(&self, date: Date, attribution: Attribution, seen: Seen) -> String {
        let mut text = String::new();
        if seen.own <= 0.0 {
            return text;
        }
        text.reserve(self.frames.len() * ROW_BYTES);
        let (number, date) = (day_number(date), date.to_string());
        let shop = &self.world.shop;
        for (ad, (before, after)) in shop.ads.iter().zip(&self.frames) {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(before);
            text.push_str(&date);
            text.push_str(after);
            figures(&mut text, &shop.figures(ad, number, seen, attribution));
        }
        text
    }
}

/// What a row says before and after its date, up to its figures.
fn frame(ad: &Ad) -> (String, String) {
    let before = format!(r#"{{"channelName":{},"date":""#, quoted(ad.channel));
    let mut after = String::from("\"");
    for (level, field) in ["campaign", "adGroup", "ad"].into_iter().enumerate() {
        let named = ad.path.as_ref().and_then(|path| path.get(level));
        let name = named.map_or("null".to_owned(), |(name, _)| quoted(name));
        let id = named.map_or("null", |(_, id)| id);
        let _ = write!(after, r#","{field}Name":{name},"{field}Id":{id}"#);
    }
    (before, after)
}

fn figures(text: &mut String, row: &Figures) {
    let cost = row.paid.map(|paid| paid.cost);
    let fields = [
        ("orders", Some(row.nc + row.rc)),
        ("nc", Some(row.nc)),
        ("rc", Some(row.rc)),
        ("netRevenue", Some(row.nc_net + row.rc_net)),
        ("grossRevenue", Some(row.nc_gross + row.rc_gross)),
        ("cost", cost),
        ("cm1", Some(row.cm1)),
        ("cm2", Some(row.cm2)),
        ("clv_30", Some(row.clv[0])),
        ("clv_60", Some(row.clv[1])),
        ("clv_90", Some(row.clv[2])),
        ("acm2", Some(row.acm2)),
        ("ncGrossRevenue", Some(row.nc_gross)),
        ("rcGrossRevenue", Some(row.rc_gross)),
        ("ncNetRevenue", Some(row.nc_net)),
        ("rcNetRevenue", Some(row.rc_net)),
    ];
    for (name, value) in fields {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        match value {
            Some(value) => decimal(text, value),
            None => text.push_str("null"),
        }
    }
    if let Some(Paid { clicks, impressions, .. }) = row.paid {
        let _ = write!(text, r#","clicks":{clicks},"impressions":{impressions}"#);
    }
    text.push('}');
}

/// A fixed-point number with at most ten decimals.
fn decimal(text: &mut String, value: i64) {
    if value < 0 {
        text.push('-');
    }
    let (units, scale) = (value.unsigned_abs(), UNIT.unsigned_abs());
    let _ = write!(text, "{}", units / scale);
    let mut rest = units % scale;
    let mut place = scale / 10;
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        let digit = u8::try_from(rest / place).unwrap_or(0);
        text.push(char::from(b'0' + digit));
        (rest, place) = (rest % place, (place / 10).max(1));
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_short() {
        for (value, expected) in [
            (21_329_447_083, "2.1329447083"),
            (-5_000_000_000, "-0.5"),
            (0, "0"),
            (30_000_000_000, "3"),
            (1, "0.0000000001"),
            (-10_000_000_010, "-1.000000001"),
        ] {
            let mut text = String::new();
            decimal(&mut text, value);
            assert_eq!(text, expected);
        }
    }
}
