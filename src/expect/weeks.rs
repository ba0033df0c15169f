//! The same local hour, weeks ago.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::hours::Hours;
use crate::hours::amounts::Three;
use crate::hours::layout::{self, Slot};
use crate::hours::maturity::{COMPLETE, Curve};

/// Weeks that are compared with.
pub(super) const WEEKS: usize = 4;

/// Below this share of its final figures an hour of the past tells too little.
const RIPE: f64 = 0.5;

/// Where the past is looked up.
#[derive(Debug)]
pub(super) struct Past<'a> {
    pub(super) hours: &'a Hours,
    pub(super) zone: &'a TimeZone,
    pub(super) curve: Curve,
    days: BTreeMap<Date, Vec<Known>>,
}

/// An hour and what it will have when it is complete; `None` is unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) slot: Slot,
    pub(super) grown: Three<Option<f64>>,
}

/// An hour of the past and what part of it counts.
pub(super) type Part = (Known, f64);

impl<'a> Past<'a> {
    pub(super) fn new(hours: &'a Hours, zone: &'a TimeZone, curve: Curve) -> Self {
        Self { hours, zone, curve, days: BTreeMap::new() }
    }

    /// The hours of a day; each is looked up once.
    pub(super) fn day(&mut self, date: Date) -> &[Known] {
        let Self { hours, zone, curve, days } = self;
        days.entry(date).or_insert_with(|| {
            let known = |slot| Known { slot, grown: grown(hours, curve, &slot) };
            layout::of(date, zone).into_iter().map(known).collect()
        })
    }

    /// The hour or hours that `slot` was, `weeks` weeks ago: both where its label came twice, its
    /// neighbours where a clock change left it out; as much of each as lasts as long as `slot`.
    pub(super) fn weeks_ago(&mut self, slot: &Slot, weeks: usize) -> [Option<Part>; 2] {
        let back = i64::try_from(7 * weeks).unwrap_or(0).days();
        let label = slot.label.saturating_sub(back);
        let date = label.date();
        let slots = self.day(date);
        // Nearly always the hour stands at its number.
        let number = usize::try_from(label.hour()).unwrap_or(0);
        if slots.len() == 24 && slots.get(number).is_some_and(|known| known.slot.label == label) {
            return [self.part(slot, date, Some(number), 1.0), None];
        }
        let mut same = slots.iter().enumerate().filter(|(_, known)| known.slot.label == label);
        let (first, second) = (same.next().map(|(at, _)| at), same.next().map(|(at, _)| at));
        match (first, second) {
            (Some(_), Some(_)) => [first, second].map(|at| self.part(slot, date, at, 0.5)),
            (Some(_), None) => [self.part(slot, date, first, 1.0), None],
            (None, _) => {
                let after = slots.iter().position(|known| known.slot.label > label);
                let before = after.unwrap_or(slots.len()).checked_sub(1);
                let earlier = date.saturating_sub(1.day());
                let last = self.day(earlier).len().checked_sub(1);
                let before = match before {
                    Some(at) => self.part(slot, date, Some(at), 0.5),
                    None => self.part(slot, earlier, last, 0.5),
                };
                [before, self.part(slot, date, after, 0.5)]
            }
        }
    }

    fn part(&mut self, of: &Slot, date: Date, at: Option<usize>, share: f64) -> Option<Part> {
        let known = self.day(date).get(at?).copied()?;
        Some((known, share * of.length() as f64 / known.slot.length() as f64))
    }

    /// What `slot` had `weeks` weeks ago, fully grown; `None` where that is unknown.
    pub(super) fn value(&mut self, slot: &Slot, weeks: usize) -> Three<Option<f64>> {
        let mut sum = Three::all(Some(0.0));
        for (known, share) in self.weeks_ago(slot, weeks).into_iter().flatten() {
            sum = sum.with(known.grown, |sum, value| Some(sum? + value? * share));
        }
        sum
    }

    /// What an hour will have when it is complete, by what it had when it was last seen.
    pub(super) fn grown(&self, slot: &Slot) -> Three<Option<f64>> {
        grown(self.hours, &self.curve, slot)
    }
}

fn grown(hours: &Hours, curve: &Curve, slot: &Slot) -> Three<Option<f64>> {
    let Some(hour) = hours.hour(slot.start) else { return Three::all(None) };
    let age = hour.made - slot.end;
    let values = hour.amounts.floats();
    if age >= COMPLETE {
        return values;
    }
    let ripe = |value: Option<f64>, share: f64| Some(value? / (share >= RIPE).then_some(share)?);
    if age < 0 { Three::all(None) } else { values.with(curve.share(age), ripe) }
}
