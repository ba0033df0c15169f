//! From the rows of a report to hours on the line of time (traps T2 and T3).

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::amounts::{Amounts, Three};
use super::layout::{self, HOUR, Slot};
use super::{Learned, Observation};
use crate::figures::taprain::Period;
use crate::model::range::day_start;

/// How far a vendor's day may begin from ours and still be the same day, in seconds.
const MOST_SKEW: i64 = 2 * HOUR;

/// Offsets are multiples of so many seconds; what is less is carelessness.
const SKEW_STEP: i64 = 900;

/// One day's hours as an answer has them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) date: Date,
    /// All hours of the day.
    pub(super) slots: Vec<Slot>,
    /// The hours that had begun, in order.
    pub(super) hours: Vec<(Slot, Amounts)>,
}

/// Gives each row its hour.
///
/// # Errors
/// What was learned instead, when the answer has no hours or speaks of another day.
pub(super) fn place(observation: &Observation<'_>) -> Result<Placed, Learned> {
    let (date, skew) = day_of(observation).ok_or(Learned::Nothing)?;
    let periods = &observation.report.periods;
    if !periods.is_empty() && !periods.iter().any(|period| period.hourly) {
        return Err(Learned::NotHourly);
    }
    let all = slots(observation, date, skew);
    let begun = all.iter().filter(|slot| slot.start < observation.made.as_second());
    let slots: Vec<Slot> = begun.copied().collect();
    let rows = periods.iter().filter(|period| period.hourly);
    let found = assigned(&slots, rows);
    let rest = if whole(observation, &found) { Amounts::ZERO } else { Amounts::UNKNOWN };
    // An hour that comes twice but stands there once may be both in one: neither is known.
    let merged = |label| {
        let twins = slots.iter().zip(&found).filter(|(slot, _)| slot.label == label);
        let (rows, lacking): (Vec<_>, Vec<_>) = twins.partition(|(_, row)| row.is_some());
        !rows.is_empty() && !lacking.is_empty()
    };
    let amounts = |slot: &Slot, row: &Option<Amounts>| {
        if merged(slot.label) { Amounts::UNKNOWN } else { row.unwrap_or(rest) }
    };
    let hours = slots.iter().zip(&found).map(|(slot, row)| (*slot, amounts(slot, row)));
    let hours = hours.collect();
    Ok(Placed { date, slots: all, hours })
}

/// The day an answer speaks of, and by how many seconds the vendor's begins later than ours.
fn day_of(observation: &Observation<'_>) -> Option<(Date, i64)> {
    let asked = layout::only(observation.days)?;
    let Some(start) = observation.report.meta.period_start else { return Some((asked, 0)) };
    let skew = |date: Date| {
        let late = start.as_second().checked_sub(begin(observation, date))?;
        let late = (late + SKEW_STEP / 2).div_euclid(SKEW_STEP) * SKEW_STEP;
        (late.abs() <= MOST_SKEW).then_some((date, late))
    };
    // `today` may be the old day for a while after midnight (trap T10).
    let before = || observation.live.then(|| skew(asked.saturating_sub(1.day()))).flatten();
    skew(asked).or_else(before)
}

fn begin(observation: &Observation<'_>, date: Date) -> i64 {
    day_start(date, observation.zone).as_second()
}

/// The day's hours as the vendor lives through them: by the zone's clock, or, where its day begins
/// elsewhere or has business in an hour that the zone leaves out, by a clock that never changes.
fn slots(observation: &Observation<'_>, date: Date, skew: i64) -> Vec<Slot> {
    let start = begin(observation, date) + skew;
    if skew != 0 {
        return layout::fixed(date, start);
    }
    let slots = layout::of(date, observation.zone);
    let impossible = |period: &Period| {
        let label = period.start.map(layout::truncated);
        let busy = Amounts::from(&period.figures).list();
        period.hourly
            && busy.iter().flatten().any(|figure| !figure.is_zero())
            && label.is_some_and(|label| {
                label.date() == date && slots.iter().all(|slot| slot.label != label)
            })
    };
    // A skipped midnight has no place before the day's own beginning.
    let from_midnight = slots.first().is_some_and(|slot| slot.label.hour() == 0);
    if from_midnight && observation.report.periods.iter().any(impossible) {
        return layout::fixed(date, start);
    }
    slots
}

/// The rows by slot: the first row of a label is the earlier hour, the second the later.
fn assigned<'a>(slots: &[Slot], rows: impl Iterator<Item = &'a Period>) -> Vec<Option<Amounts>> {
    let mut found: Vec<Option<Amounts>> = vec![None; slots.len()];
    for row in rows {
        let Some(label) = row.start.map(layout::truncated) else { continue };
        let free =
            slots.iter().zip(&mut found).find(|(slot, row)| slot.label == label && row.is_none());
        if let Some((_, place)) = free {
            *place = Some(Amounts::from(&row.figures));
        }
    }
    found
}

/// Whether the rows are all there is, so that an hour without one had nothing: they sum to the
/// summary. Lists are cut (trap T11).
fn whole(observation: &Observation<'_>, found: &[Option<Amounts>]) -> bool {
    let known = found.iter().flatten();
    let sum = known.fold(Amounts::ZERO, |sum, row| sum.plus(*row));
    let summary = Amounts::from(&observation.report.summary);
    // Each row's revenue may be rounded to the cent.
    let cents = Decimal::new(5 * i64::try_from(found.len()).unwrap_or(0), 3);
    let slack = Three { clicks: Decimal::ZERO, leads: Decimal::ZERO, revenue: cents };
    let off = sum.with(summary, |sum, all| Some(sum?.checked_sub(all?)?.abs()));
    let near = off.with(slack, |off, slack| off.is_some_and(|off| off <= slack));
    near.clicks && near.leads && near.revenue
}
