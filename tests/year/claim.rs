//! Whether a sheet is what the API said at the age that it claims.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use revenue_exporter::clock::Tick;
use revenue_exporter::model::Api;
use revenue_exporter::model::range::Range;
use revenue_exporter::model::settings::TapRainLimits;
use revenue_exporter::snapshot::{Sheet, Slot};
use serde_json::Value;

use super::chronicle::{Chronicle, Heard};
use super::plan::{KLAR_LIMITS, TAPRAIN_LIMITS, Watched};
use super::shown;
use crate::support::expectation::is_expectation;
use crate::support::truth::{self, Limits, Series};
use crate::support::truth_klar::{self, Naming};

/// The most days that one Klar request may ask for here.
const PIECE: i64 = 28;

/// Klar's sums pass through binary fractions in the judge, not in the exporter.
const TOLERANCE: f64 = 1e-9;

/// What was found about a true sheet.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// The local date that its range was reckoned from.
    pub date: Date,
    /// When its answer really arrived.
    pub at: Tick,
    /// How many samples it has.
    pub samples: usize,
}

/// Dates from the first to the one after the last.
type Dates = (Date, Date);

/// Where a claim is looked up.
pub struct Claims<'a> {
    pub chronicle: &'a Chronicle,
    /// How wrong the claimed instant may be.
    pub slack: SignedDuration,
}

impl Claims<'_> {
    /// Compares `sheet` with what was answered when `slot` says it was.
    ///
    /// # Errors
    /// The first differences, in sentences.
    pub fn judge(
        &self,
        account: &Watched,
        range: &Range,
        slot: &Slot,
        sheet: &Sheet,
    ) -> Result<Proof, Vec<String>> {
        let Some(told) = slot.last_success else { return Err(vec!["figures of no age".into()]) };
        let mut shown = shown::series(sheet, account.currency);
        // No answer says what is expected: `scenarios::expectation` judges that.
        shown.retain(|series, _| !is_expectation(series));
        let mut wrong = vec![format!("no such answer arrived at {told}")];
        for heard in self.chronicle.around(account.host, told, self.slack) {
            for date in self.dates_of(account, range, &heard) {
                let Some(wanted) = self.wanted(account, range, slot, date, &heard) else {
                    continue;
                };
                wrong = truth::differences(&wanted, &shown, TOLERANCE);
                if wrong.is_empty() {
                    return Ok(Proof { date, at: heard.at.tick, samples: shown.len() });
                }
            }
        }
        Err(wrong)
    }

    /// The dates of which `heard` may speak: TapRain says it, Klar was asked of what the exporter
    /// took for today.
    fn dates_of(&self, account: &Watched, range: &Range, heard: &Heard) -> Vec<Date> {
        if account.api == Api::TapRain {
            return taprain_date(account, range, heard).into_iter().collect();
        }
        let mut dates =
            [-self.slack, self.slack].map(|off| account.date(heard.at.wall + off)).to_vec();
        dates.dedup();
        dates
    }

    /// What the page must show if `heard` was the answer for `date`; `None` when it answers another
    /// question.
    fn wanted(
        &self,
        account: &Watched,
        range: &Range,
        slot: &Slot,
        date: Date,
        heard: &Arc<Heard>,
    ) -> Option<Series> {
        let labels = format!("account=\"{}\",view=\"{}\"", account.host, slot.view);
        match account.api {
            Api::TapRain => {
                let labels = format!("{labels},range=\"{}\"", slot.range);
                let TapRainLimits { country, source, offer } = TAPRAIN_LIMITS;
                let limits = Limits { country, source, offer };
                Some(truth::taprain(&heard.body, &labels, account.currency, &limits))
            }
            Api::Klar => {
                let bodies = self.bodies(range, date, heard)?;
                let labels = format!(
                    "{labels},model=\"{}\",attribution_window=\"{}\",date_basis=\"{}\",range=\"{}\"",
                    heard.asked("metric"),
                    heard.asked("window"),
                    heard.asked("date_breakdown"),
                    slot.range
                );
                Some(klar(account, &labels, dates(range, date), &bodies))
            }
        }
    }

    /// The answers that together cover `range`, of which `heard` was the last.
    fn bodies(&self, range: &Range, date: Date, heard: &Arc<Heard>) -> Option<Vec<Arc<Heard>>> {
        let (start, end) = dates(range, date);
        let asked = asked_dates(heard)?;
        if asked.0 <= start && asked.1 >= end {
            return Some(vec![Arc::clone(heard)]);
        }
        let pieces = pieces((start, end));
        if pieces.last() != Some(&asked) {
            return None;
        }
        let piece = |piece: &Dates| {
            let same = |other: &Heard| {
                other.host == heard.host && asked_dates(other).is_some_and(|dates| dates == *piece)
            };
            self.chronicle.last(heard.at.tick, same)
        };
        pieces.iter().map(piece).collect()
    }
}

fn klar(account: &Watched, labels: &str, (start, end): Dates, bodies: &[Arc<Heard>]) -> Series {
    let bodies: Vec<&[u8]> = bodies.iter().map(|heard| &*heard.body).collect();
    let limits = [KLAR_LIMITS.channel, KLAR_LIMITS.campaign];
    let (currency, zone) = (account.currency, account.zone_name);
    let naming = Naming { labels, currency, zone, limits: &limits };
    truth_klar::klar(&bodies, (&start.to_string(), &end.to_string()), &naming)
}

/// The date on which `heard` is an answer to `range`, by its own words; `None` when it answers
/// another question, or nothing.
fn taprain_date(account: &Watched, range: &Range, heard: &Heard) -> Option<Date> {
    let body: Value = serde_json::from_slice(&heard.body).ok()?;
    let begins: Timestamp = body["meta"]["period_start"].as_str()?.parse().ok()?;
    let (word, later) = match range {
        Range::Hour => ("hour", 0),
        Range::Today => ("today", 0),
        Range::Yesterday => ("yesterday", 1),
        Range::SevenDays => ("7days", 6),
        Range::ThirtyDays => ("30days", 29),
        Range::MonthToDate | Range::Custom { .. } => ("custom", 0),
    };
    if heard.asked("range") != word || heard.asked("timezone") != account.zone_name {
        return None;
    }
    if word == "custom" {
        return heard.asked("end").parse().ok();
    }
    Some(account.date(begins).saturating_add(later.days()))
}

/// The dates that `range` means on `date`, reckoned by the judge itself.
fn dates(range: &Range, date: Date) -> Dates {
    let tomorrow = date.tomorrow().unwrap();
    let trailing = |days: i64| (tomorrow.saturating_sub(days.days()), tomorrow);
    match range {
        Range::Yesterday => (date.yesterday().unwrap(), date),
        Range::SevenDays => trailing(7),
        Range::ThirtyDays => trailing(30),
        Range::MonthToDate => (date.first_of_month(), tomorrow),
        Range::Hour | Range::Today | Range::Custom { .. } => trailing(1),
    }
}

/// Newest first.
fn pieces((start, end): Dates) -> Vec<Dates> {
    let mut pieces = Vec::new();
    let mut end = end;
    while start < end {
        let begin = end.saturating_sub(PIECE.days()).max(start);
        pieces.push((begin, end));
        end = begin;
    }
    pieces
}

/// The dates of a Klar report; `None` where the answer is none.
fn asked_dates(heard: &Heard) -> Option<Dates> {
    heard.body.starts_with(b"[").then_some(())?;
    Some((heard.asked("startDate").parse().ok()?, heard.asked("endDate").parse().ok()?))
}
