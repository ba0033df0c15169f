//! What a query string asks of TapRain, and which stretches of time that means.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::demo::query::{self, parse_date, value};
use crate::demo::record::Reason;
use crate::demo::world::{Span, instant, minute};
use crate::model::range::{Days, day_start, local_date};

/// The parameters on the page, and the key that may stand beside them.
const PARAMETERS: [&str; 8] =
    ["range", "start", "end", "timezone", "country", "offer", "source", "api_key"];

/// The ranges on the page.
const RANGES: [&str; 6] = ["hour", "today", "yesterday", "7days", "30days", "custom"];

/// The zone when none is named.
const DEFAULT_ZONE: &str = "America/New_York";

/// "Max 365-day span", read so that both ends count.
const MOST_DAYS: u32 = 365;

/// A question as it was meant.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) range: String,
    pub(super) zone_name: String,
    pub(super) country: Option<Vec<String>>,
    pub(super) offer: Option<Vec<String>>,
    pub(super) source: Option<Vec<String>>,
    zone: TimeZone,
    custom: Option<Days>,
}

/// Why a question gets a 400.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    pub(super) message: String,
}

/// The time a question means, in the rows it comes in.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) granularity: &'static str,
    pub(super) start: i64,
    pub(super) end: i64,
    /// Labels and stretches, in order; those that have not begun are left out.
    pub(super) rows: Vec<(String, Span)>,
}

impl Ask {
    /// The question as `pairs` have it; its days by `standard_time` all year or by the zone's own.
    pub(super) fn parse(pairs: &[(String, String)], standard_time: bool) -> Result<Self, Refusal> {
        let range = value(pairs, "range").unwrap_or("today");
        if !RANGES.contains(&range) {
            return Err(bad(format!("Invalid range. Use one of: {}.", RANGES.join(", "))));
        }
        let zone_name = value(pairs, "timezone").unwrap_or(DEFAULT_ZONE);
        let zone = TimeZone::get(zone_name).map_err(|_| bad("Invalid timezone.".to_owned()))?;
        let zone = if standard_time { without_summer(&zone) } else { zone };
        let custom = if range == "custom" { Some(custom(pairs)?) } else { None };
        Ok(Self {
            range: range.to_owned(),
            zone_name: zone_name.to_owned(),
            country: list(pairs, "country"),
            offer: list(pairs, "offer"),
            source: list(pairs, "source"),
            zone,
            custom,
        })
    }

    /// The period as of the minute `now`; a `custom` one in rows of days only if `in_days`.
    pub(super) fn period(&self, now: i64, in_days: bool) -> Period {
        if self.range == "hour" {
            return self.running_hour(now);
        }
        let days = self.days(now);
        let (start, end) = (self.start_of(days.start), self.start_of(days.end));
        let hourly = days.count() == 1 && !(in_days && self.custom.is_some());
        let (granularity, mut rows) = if hourly {
            ("hour", self.hours(Span { start, end }))
        } else {
            ("day", self.each_day(days, now))
        };
        rows.retain(|(_, span)| span.start <= now);
        Period { granularity, start, end: end.min(now).max(start), rows }
    }

    fn running_hour(&self, now: i64) -> Period {
        let local = self.zone.to_datetime(instant(now));
        let start = now - i64::from(local.minute());
        let label = local.strftime("%Y-%m-%d %H:00").to_string();
        let rows = vec![(label, Span { start, end: start + 60 })];
        Period { granularity: "hour", start, end: now, rows }
    }

    fn days(&self, now: i64) -> Days {
        let today = local_date(instant(now), &self.zone);
        let tomorrow = today.saturating_add(1.day());
        let trailing =
            |count: i64| Days { start: tomorrow.saturating_sub(count.days()), end: tomorrow };
        match (self.custom, self.range.as_str()) {
            (Some(days), _) => days,
            (None, "yesterday") => Days { start: today.saturating_sub(1.day()), end: today },
            (None, "7days") => trailing(7),
            (None, "30days") => trailing(30),
            _ => trailing(1),
        }
    }

    fn start_of(&self, date: Date) -> i64 {
        minute(day_start(date, &self.zone))
    }

    fn each_day(&self, days: Days, now: i64) -> Vec<(String, Span)> {
        let mut rows = Vec::new();
        let mut date = days.start;
        let mut start = self.start_of(date);
        while date < days.end && start <= now {
            let tomorrow = date.saturating_add(1.day());
            let end = self.start_of(tomorrow);
            rows.push((date.to_string(), Span { start, end }));
            (date, start) = (tomorrow, end);
        }
        rows
    }

    /// The local hours of a day as they are: one may come twice, one may be missing (trap T3).
    fn hours(&self, day: Span) -> Vec<(String, Span)> {
        let mut rows = Vec::new();
        let mut start = day.start;
        while start < day.end {
            let local = self.zone.to_datetime(instant(start));
            let end = (start + 60 - i64::from(local.minute())).min(day.end);
            rows.push((local.strftime("%Y-%m-%d %H:00").to_string(), Span { start, end }));
            start = end;
        }
        rows
    }
}

/// Parameters that the page does not name, and those that come twice.
pub(super) fn strange(pairs: &[(String, String)]) -> Vec<String> {
    query::strange(pairs, &PARAMETERS)
}

/// The zone at its winter's offset: the smaller one of January and July.
fn without_summer(zone: &TimeZone) -> TimeZone {
    let offsets = [1, 7].map(|month| {
        let noon = jiff::civil::date(2026, month, 1).at(12, 0, 0, 0);
        zone.to_ambiguous_zoned(noon).compatible().map(|zoned| zoned.offset()).ok()
    });
    offsets.into_iter().flatten().min().map_or_else(|| zone.clone(), TimeZone::fixed)
}

fn custom(pairs: &[(String, String)]) -> Result<Days, Refusal> {
    let required = |name: &str| {
        let text = value(pairs, name)
            .ok_or_else(|| bad(format!("{name} is required when range=custom.")))?;
        parse_date(text).ok_or_else(|| bad(format!("Invalid {name}. Use YYYY-MM-DD.")))
    };
    let (start, end) = (required("start")?, required("end")?);
    if end < start {
        return Err(bad("start must not be after end.".to_owned()));
    }
    let days = Days { start, end: end.saturating_add(1.day()) };
    if days.count() > MOST_DAYS {
        let message = "Date range must not exceed 365 days.".to_owned();
        return Err(Refusal { reason: Reason::SpanTooLong, message });
    }
    Ok(days)
}

fn list(pairs: &[(String, String)], name: &str) -> Option<Vec<String>> {
    let text = value(pairs, name).filter(|text| !text.is_empty())?;
    Some(text.split(',').map(str::to_owned).collect())
}

fn bad(message: String) -> Refusal {
    Refusal { reason: Reason::BadParameter, message }
}
