//! What TapRain's page leaves open, from six answers.

use bytes::Bytes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use rust_decimal::Decimal;

use super::ask::{Asker, is_hopeless};
use super::taprain_shape::{Shape, listed};
use super::timing::{self, Timing, span};
use super::{Fact, Heard};
use crate::figures::taprain::{DIMENSIONS, Figures, Report};
use crate::model::range::{Days, Range, day_start, local_date};
use crate::model::settings::{Filters, TapRainAccount};
use crate::upstream::failure::Failure;
use crate::upstream::taprain::{read, request};

/// Requests of a probe: one for each documented range.
pub const REQUESTS: u32 = 6;

/// An end this close to the moment of the answer is that moment: answers may come from a cache.
const NOW: SignedDuration = SignedDuration::from_mins(5);

/// How far a rolling hour's length may be from one.
const ABOUT: SignedDuration = SignedDuration::from_secs(90);

/// An answer to one of the ranges.
pub type Answered = (Range, Heard<Bytes>);

/// Asks for each range once, without filters.
pub(super) async fn probe(
    account: &TapRainAccount,
    asker: &mut Asker<'_>,
) -> Result<Vec<Fact>, Failure> {
    let today = local_date(asker.now(), &account.common.timezone);
    let yesterday = Range::Yesterday.days(today);
    let ranges = [
        Range::Today,
        Range::Hour,
        Range::Yesterday,
        Range::SevenDays,
        Range::ThirtyDays,
        Range::Custom { name: "custom".into(), days: yesterday },
    ];
    let mut answers = Vec::new();
    for range in ranges {
        let request = request(&account.common, &Filters::default(), &range, range.days(today))?;
        let what = format!("asks for {}", range.label());
        let mut heard = asker.ask(&what, |fetch| async move { fetch.whole(request).await }).await;
        let hopeless = heard.result.as_ref().err().filter(|failure| is_hopeless(failure));
        if let Some(failure) = hopeless.filter(|_| answers.is_empty()) {
            return Err(failure.clone());
        }
        // A page with status 200 is no answer, and the next would be none either.
        if let (true, Ok(body)) = (answers.is_empty(), &heard.result) {
            read(body)?;
        }
        let stop = hopeless.is_some();
        let said = heard.result.as_deref().ok().and_then(|body| read(body).ok());
        let said = said.and_then(|report| report.meta.requests_remaining);
        heard.advice.remaining = said.or(heard.advice.remaining);
        answers.push((range, heard));
        if stop {
            break;
        }
    }
    Ok(facts(account, &answers))
}

/// What `answers` tell of `account`'s API.
pub fn facts(account: &TapRainAccount, answers: &[Answered]) -> Vec<Fact> {
    let (mut shape, mut unread) = (Shape::default(), Vec::new());
    let mut sheets = Vec::new();
    for (range, heard) in answers {
        let report = match &heard.result {
            Ok(body) => {
                shape.look(body);
                read(body)
            }
            Err(failure) => Err(failure.clone()),
        };
        match report {
            Ok(report) => sheets.push(Sheet { range, sent: heard.sent, report }),
            Err(failure) => unread.push(format!("{}: {failure}", range.label())),
        }
    }
    let zone = (&account.common.timezone, &*account.common.timezone_name);
    let mut facts = vec![Fact::new("key", "accepted")];
    if !unread.is_empty() {
        facts.push(Fact::new("not answered", unread.join("; ")));
    }
    let timings: Vec<Timing> = answers.iter().map(|(_, heard)| Timing::from(heard)).collect();
    facts.extend(timing::facts(&timings, account.common.budget));
    facts.extend(sheets.iter().flat_map(|sheet| sheet.period(zone)));
    facts.extend(custom(&sheets));
    facts.extend(granularity(&sheets));
    facts.extend(lists(&sheets, account));
    facts.extend(shapes(&shape, &account.common.currency));
    facts
}

/// One range's report.
struct Sheet<'a> {
    range: &'a Range,
    sent: Timestamp,
    report: Report,
}

impl Sheet<'_> {
    fn period(&self, zone: (&TimeZone, &str)) -> Vec<Fact> {
        let meta = &self.report.meta;
        let name = match self.range {
            Range::Today => "today",
            Range::Hour => "hour",
            Range::Yesterday => "yesterday",
            Range::SevenDays => "7days",
            Range::ThirtyDays => "30days",
            Range::MonthToDate | Range::Custom { .. } => return Vec::new(),
        };
        let (Some(start), Some(end)) = (meta.period_start, meta.period_end) else {
            let unsaid = Fact::new(name, "meta does not say which period this is");
            return vec![unsaid];
        };
        let mut facts = match self.range {
            Range::Today => {
                vec![begins("today begins", start, day_start(self.today(zone), zone.0), zone.1)]
            }
            Range::Yesterday => {
                let yesterday = self.today(zone).saturating_sub(1.day());
                vec![begins("yesterday begins", start, day_start(yesterday, zone.0), zone.1)]
            }
            _ => Vec::new(),
        };
        facts.extend(match self.range {
            Range::Today => vec![Fact::new("today ends", self.ending(end, zone))],
            Range::Yesterday => vec![Fact::new("yesterday ends", self.ending(end, zone))],
            Range::Hour => vec![Fact::new(name, self.hour(start, end, zone.0))],
            Range::SevenDays => vec![self.trailing(name, 7, (start, end), zone.0)],
            _ => vec![self.trailing(name, 30, (start, end), zone.0)],
        });
        facts.extend(self.age());
        facts
    }

    fn today(&self, zone: (&TimeZone, &str)) -> Date {
        local_date(self.sent, zone.0)
    }

    /// How old `today`'s figures are (trap T19).
    fn age(&self) -> Option<Fact> {
        let made = self.report.meta.generated_at.filter(|_| *self.range == Range::Today)?;
        let age = self.sent.duration_since(made);
        let text = if age.is_negative() {
            format!("{} in this host's future", span(age.unsigned_abs()))
        } else {
            format!("{} when they were asked for", span(age.unsigned_abs()))
        };
        Some(Fact::new("figures' age", text))
    }

    fn ending(&self, end: Timestamp, (zone, name): (&TimeZone, &str)) -> String {
        if end.duration_since(self.sent).abs() <= NOW {
            return "at the moment of the answer".to_owned();
        }
        let at = shown(end, zone);
        let next = end.saturating_add(SignedDuration::from_secs(1)).unwrap_or(end);
        let midnight = day_start(local_date(next, zone), zone);
        if end.duration_since(midnight).abs() <= SignedDuration::from_secs(1) {
            return format!("{at}, midnight in {name}");
        }
        at
    }

    /// Is `hour` a clock hour or sixty minutes (trap T6)?
    fn hour(&self, start: Timestamp, end: Timestamp, zone: &TimeZone) -> String {
        let (from, to) = (shown(start, zone), shown(end, zone));
        let long = end.duration_since(start);
        let whole = zone.to_datetime(start).minute() == 0 && zone.to_datetime(start).second() == 0;
        if !whole && (long - SignedDuration::from_hours(1)).abs() <= ABOUT {
            return format!("the 60 minutes before the answer, {from} to {to}");
        }
        if whole && long <= SignedDuration::from_hours(1) {
            let which = if end.duration_since(self.sent).abs() <= NOW || end > self.sent {
                "the clock hour that has begun"
            } else {
                "the last whole clock hour"
            };
            return format!("{which}, {from} to {to}");
        }
        format!("{from} to {to}, which is {}", span(long.unsigned_abs()))
    }

    /// Do trailing days include today (trap T6)?
    fn trailing(
        &self,
        name: &'static str,
        wanted: u32,
        (start, end): (Timestamp, Timestamp),
        zone: &TimeZone,
    ) -> Fact {
        let today = local_date(self.sent, zone);
        let last = local_date(end.saturating_sub(1.millisecond()).unwrap_or(end), zone);
        let days = Days { start: local_date(start, zone), end: last.saturating_add(1.day()) };
        let included = if days.contains(today) { "today included" } else { "today not included" };
        let (first, count) = (days.start, days.count());
        let fact = Fact::new(name, format!("{first} to {last}: {count} days, {included}"));
        if count == wanted && days.contains(today) {
            return fact;
        }
        fact.but(format!(
            "other reports may mean {wanted} days with today by `{name}`: compare by these dates; the exporter \
             shows what the API gives, and its period as taprain_range_start_timestamp_seconds"
        ))
    }
}

/// Does a day begin where its zone says (trap T2)?
fn begins(name: &'static str, start: Timestamp, midnight: Timestamp, zone: &str) -> Fact {
    let off = start.duration_since(midnight);
    if off.is_zero() {
        return Fact::new(name, format!("{start}, midnight in {zone}"));
    }
    let side = if off.is_positive() { "after" } else { "before" };
    let off = span(off.unsigned_abs());
    let fact = Fact::new(
        name,
        format!("{start}, {off} {side} midnight in {zone}: {off} off your timezone"),
    );
    let advice = fixed(start).map_or_else(
        || "compare with the vendor's dashboard, and write the `timezone` whose midnight that is".to_owned(),
        |fixed| {
            format!(
                "if the vendor's dashboard begins its days there too, write `timezone: {fixed}`; until then the \
                 exporter shows the API's period and counts it under period_skew"
            )
        },
    );
    fact.but(advice)
}

/// The zone of a fixed offset in which `instant` is midnight; the database writes its sign the other
/// way round.
fn fixed(instant: Timestamp) -> Option<String> {
    let seconds = instant.as_second().rem_euclid(86_400);
    let hours = (seconds % 3_600 == 0).then_some(seconds / 3_600)?;
    Some(match hours {
        0 => "UTC".to_owned(),
        1..=12 => format!("Etc/GMT+{hours}"),
        _ => format!("Etc/GMT-{}", 24 - hours),
    })
}

fn shown(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Is `custom`'s end included (trap T7)? Its one day is yesterday, so its figures say.
fn custom(sheets: &[Sheet<'_>]) -> Option<Fact> {
    let name = "end of custom";
    let of = |wanted: fn(&Range) -> bool| sheets.iter().find(|sheet| wanted(sheet.range));
    let custom = &of(|range| matches!(range, Range::Custom { .. }))?.report;
    let nothing = Decimal::ZERO;
    let clicks = |figures: &Figures| figures.clicks.unwrap_or(nothing);
    let known = of(|range| *range == Range::Yesterday).map(|sheet| clicks(&sheet.report.summary));
    let asked = clicks(&custom.summary);
    let period = custom.meta.period_start.zip(custom.meta.period_end);
    let long = period.map(|(start, end)| end.duration_since(start));
    Some(match (known, long) {
        (Some(known), _) if known > nothing && asked == known => {
            Fact::new(name, "included: start = end = yesterday is all of yesterday")
        }
        (Some(known), _) if known > nothing && asked == nothing => Fact::new(
            name,
            "excluded: start = end = yesterday is nothing",
        )
        .but("the exporter takes it for included, as the documentation's example suggests; please report this"),
        (_, Some(long)) if long >= SignedDuration::from_hours(22) => {
            Fact::new(name, "included, going by the period in meta")
        }
        _ => Fact::new(name, "not to be told: yesterday had no clicks, or other ones by now"),
    })
}

/// Which granularity has which range (trap T6)?
fn granularity(sheets: &[Sheet<'_>]) -> Vec<Fact> {
    let word = |report: &Report| {
        let hourly = report.periods.iter().filter(|period| period.hourly).count();
        match (hourly, report.periods.len()) {
            (_, 0) => "no rows",
            (0, _) => "days",
            (some, all) if some == all => "hours",
            _ => "hours and days",
        }
    };
    let label = |range: &Range| match range {
        Range::Custom { .. } => "custom of one day".to_owned(),
        standing => standing.label().to_owned(),
    };
    let texts =
        sheets.iter().map(|sheet| format!("{} in {}", label(sheet.range), word(&sheet.report)));
    let fact = Fact::new("rows", texts.collect::<Vec<_>>().join(", "));
    let custom = sheets.iter().find(|sheet| matches!(sheet.range, Range::Custom { .. }));
    let whole = custom.is_some_and(|sheet| word(&sheet.report) == "days");
    vec![if whole {
        fact.but("hours of days that are over cannot be had: what is normal is learned from now on, and history: \
                  {days: 0} saves its requests")
    } else {
        fact
    }]
}

/// Are lists cut, or rows left out (trap T11)? The longest range has most of them.
fn lists(sheets: &[Sheet<'_>], account: &TapRainAccount) -> Vec<Fact> {
    let longest = |sheet: &&Sheet<'_>| (rows(&sheet.report), *sheet.range == Range::ThirtyDays);
    let Some(sheet) = sheets.iter().max_by_key(longest) else { return Vec::new() };
    let label = sheet.range.label();
    let limits = [account.limits.country, account.limits.source, account.limits.offer];
    let (mut said, mut wishes) = (Vec::new(), Vec::new());
    for ((dimension, list), limit) in DIMENSIONS.iter().zip(&sheet.report.breakdowns).zip(limits) {
        let Some(list) = list else {
            said.push(format!("{dimension}: no list"));
            continue;
        };
        let sum: Decimal = list.iter().filter_map(|(_, figures)| figures.clicks).sum();
        let total = sheet.report.summary.clicks.unwrap_or(sum);
        let count = list.len();
        if sum == total {
            said.push(format!("{dimension}: {count}, which add up to all clicks"));
        } else {
            said.push(format!(
                "{dimension}: {count}, which leave {} of {total} clicks out",
                total - sum
            ));
        }
        if count > limit {
            wishes.push(format!("{dimension}: {count}"));
        }
    }
    let fact = Fact::new("lists", format!("{} ({label})", said.join("; ")));
    vec![if wishes.is_empty() {
        fact
    } else {
        fact.but(format!(
            "the smallest fold into (other); to see all of them write limits: {{{}}}",
            wishes.join(", ")
        ))
    }]
}

fn rows(report: &Report) -> usize {
    report.breakdowns.iter().flatten().map(Vec::len).sum()
}

/// How fields are written (traps T8, T21), and whether any names a currency.
fn shapes(shape: &Shape, configured: &str) -> [Fact; 3] {
    let numbers = match (shape.quoted.is_empty(), shape.null.is_empty()) {
        (true, true) => "numbers, none missing".to_owned(),
        (false, true) => format!("texts: {}; they are read all the same", listed(&shape.quoted)),
        (true, false) => format!("null: {}; that is shown as absent", listed(&shape.null)),
        (false, false) => {
            format!("texts: {}; null: {}", listed(&shape.quoted), listed(&shape.null))
        }
    };
    let strange = if shape.strange.is_empty() {
        "none".to_owned()
    } else {
        format!("{}; they are ignored", listed(&shape.strange))
    };
    let currency = match &shape.currency {
        None => Fact::new("currency", format!("not stated; the configuration says {configured}")),
        Some(stated) if stated == configured => {
            Fact::new("currency", format!("{stated}, as configured"))
        }
        Some(stated) => {
            Fact::new("currency", format!("{stated}; the configuration says {configured}"))
                .but("write the `currency` that the API states: nothing is converted")
        }
    };
    [Fact::new("figures", numbers), Fact::new("other fields", strange), currency]
}

#[cfg(test)]
mod tests;
