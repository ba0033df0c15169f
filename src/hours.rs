//! One view's hours of five weeks, as the API's daily answers tell them: the memory that
//! expectations are made of.
//!
//! An hour is known by the instant it starts at, so that clock changes move nothing. What an
//! answer leaves out stays unknown, which is not 0. [`Hours`] is plain data that a file can hold.

pub mod amounts;
pub mod book;
mod flows;
pub mod layout;
pub mod maturity;
mod members;
mod micros;
mod place;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use amounts::{Amounts, Three};
use layout::{HOUR, Slot, bounds};
use maturity::Maturity;
use members::{Look, Members};
use place::{Placed, place};

use crate::figures::taprain::Report;
use crate::model::range::{Days, local_date};
use crate::model::settings::TapRainLimits;
use crate::number::to_f64;

/// Whole days that are kept before the current one: four weeks, and a week to compare them with.
pub const KEPT_DAYS: i64 = 35;

/// Seconds after a day's end until which its figures still grow noticeably.
const GROWS: i64 = 12 * HOUR;

/// One view's memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hours {
    /// By the unix second an hour starts at.
    #[serde(rename = "hours")]
    by_start: BTreeMap<i64, Hour>,
    /// When the newest answer about a day was made, in unix seconds.
    days: BTreeMap<Date, i64>,
    maturity: Maturity,
    /// In the order of [`crate::figures::taprain::DIMENSIONS`].
    members: [Members; 3],
}

/// An hour as it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
pub struct Hour {
    /// When the figures were made, in unix seconds.
    pub made: i64,
    /// What it had then.
    pub amounts: Amounts,
}

/// An [`Hour`] in a file, which has nine hundred of them.
type Packed = (i64, [Option<Decimal>; 3]);

/// An answer about one day.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The answer.
    pub report: &'a Report,
    /// The zone that was asked for.
    pub zone: &'a TimeZone,
    /// The day that was asked for; more than one teach nothing.
    pub days: Days,
    /// When the figures were made: as the answer says, but not after it was asked for.
    pub made: Timestamp,
    /// Whether it is `today`, whose breakdowns are what members did since midnight.
    pub live: bool,
    /// How many members of each dimension are kept for an hour.
    pub limits: TapRainLimits,
}

/// What an answer taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// So many hours stand there now as this answer has them.
    Hours(usize),
    /// The day came as a day, without hours (trap T6).
    NotHourly,
    /// Another day than asked, more than a day, or nothing newer than what is known.
    Nothing,
}

impl Hours {
    /// Takes in what `observation` says of hours that have begun.
    pub fn observe(&mut self, observation: &Observation<'_>) -> Learned {
        let made = observation.made.as_second();
        let first = first_kept(observation);
        let placed = place(observation);
        if placed != Err(Learned::Nothing)
            && let Some(date) = layout::only(observation.days)
        {
            let date = placed.as_ref().map_or(date, |placed| placed.date);
            let read = self.days.entry(date).or_insert(made);
            *read = made.max(*read);
        }
        let learned = match placed {
            Err(other) => other,
            Ok(placed) => self.take(observation, &placed, made),
        };
        self.forget(first, made, observation);
        learned
    }

    fn take(&mut self, observation: &Observation<'_>, placed: &Placed, made: i64) -> Learned {
        let mut taken = 0;
        for (slot, amounts) in &placed.hours {
            let known = self.by_start.get(&slot.start).copied();
            if *amounts == Amounts::UNKNOWN || known.is_some_and(|known| made <= known.made) {
                continue;
            }
            taken += 1;
            let before = known.map_or(Amounts::UNKNOWN, |known| known.amounts);
            let amounts = amounts.with(before, Option::or);
            self.by_start.insert(slot.start, Hour { made, amounts });
            if let (Some(clicks), Some(leads)) = (amounts.clicks, amounts.leads) {
                self.maturity.note(slot, made - slot.end, [to_f64(clicks), to_f64(leads)]);
            }
        }
        if observation.live {
            self.look(observation, &placed.slots, made);
        }
        if taken == 0 { Learned::Nothing } else { Learned::Hours(taken) }
    }

    fn look(&mut self, observation: &Observation<'_>, slots: &[Slot], made: i64) {
        let TapRainLimits { country, source, offer } = observation.limits;
        let Report { summary, breakdowns, .. } = observation.report;
        for ((members, breakdown), limit) in
            self.members.iter_mut().zip(breakdowns).zip([country, source, offer])
        {
            members.observe(&Look { slots, made, summary, breakdown, limit });
        }
    }

    fn forget(&mut self, first: Date, made: i64, observation: &Observation<'_>) {
        // A vendor's day may begin earlier than ours.
        let start = bounds(first, observation.zone).0 - 2 * HOUR;
        if self.by_start.first_key_value().is_some_and(|(hour, _)| *hour < start) {
            self.by_start = self.by_start.split_off(&start);
        }
        self.days = self.days.split_off(&first);
        self.members.iter_mut().for_each(|members| members.forget(start));
        self.maturity.forget(made);
    }

    /// The hour that starts at the unix second `start`, as it was last seen; it may still have run.
    pub fn hour(&self, start: i64) -> Option<&Hour> {
        self.by_start.get(&start)
    }

    /// How hours fill in.
    pub const fn maturity(&self) -> &Maturity {
        &self.maturity
    }

    /// The names of a dimension's members, by their place; dimensions in the order of
    /// [`crate::figures::taprain::DIMENSIONS`].
    pub fn members(&self, dimension: usize) -> &[Box<str>] {
        self.members.get(dimension).map_or(&[], |members| members.flows().names())
    }

    /// What each member of a dimension did in the hour that starts at the unix second `start`, by
    /// the place of its name, in whole millionths: clicks, leads and revenue that came in during
    /// the hour. Who is missing did nothing; `None` where nobody read about when it began and
    /// ended.
    pub fn flows(
        &self,
        dimension: usize,
        start: i64,
    ) -> Option<impl Iterator<Item = (usize, Three<f64>)>> {
        self.members.get(dimension)?.flows().hour(start)
    }

    /// When the newest figures of `date` that are known were made.
    pub fn read_at(&self, date: Date) -> Option<Timestamp> {
        self.days.get(&date).map(|second| layout::instant(*second))
    }

    /// Those of the last `days` whole days before `today` that should be asked for, newest first:
    /// never read since they ended, or never since they had twelve hours to ripen.
    pub fn missing(&self, today: Date, days: i64, now: Timestamp, zone: &TimeZone) -> Vec<Date> {
        let lacks = |date: &Date| {
            let (_, end) = bounds(*date, zone);
            let ripe = end + GROWS;
            let due = if now.as_second() >= ripe { ripe } else { end };
            self.days.get(date).is_none_or(|read| *read < due)
        };
        let back = |back: i64| today.saturating_sub(back.days());
        (1..=days.min(KEPT_DAYS)).map(back).filter(lacks).collect()
    }
}

impl From<Packed> for Hour {
    fn from((made, [clicks, leads, revenue]): Packed) -> Self {
        Self { made, amounts: Three { clicks, leads, revenue } }
    }
}

impl From<Hour> for Packed {
    fn from(hour: Hour) -> Self {
        (hour.made, hour.amounts.list())
    }
}

/// The first day that is kept when an answer was made.
fn first_kept(observation: &Observation<'_>) -> Date {
    local_date(observation.made, observation.zone).saturating_sub(KEPT_DAYS.days())
}

#[cfg(test)]
mod tests;
