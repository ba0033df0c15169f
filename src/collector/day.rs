//! Which day it is for an account, and what the turn of the day changes.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::Collector;
use super::vendor::Flight;
use crate::calendar::Calendar;
use crate::clock::{Moment, Tick};
use crate::model::range::{local_date, next_midnight};
use crate::snapshot::End;
use crate::telemetry::Anomaly;

/// Ends that lie no further apart are one: clocks drift.
const SAME_END: Duration = Duration::from_millis(20);

impl Collector {
    /// The present, as this account's calendar has it.
    pub(super) fn now(&self) -> Moment {
        let tick = self.around.clock.tick();
        Moment { tick, wall: self.calendar.at(tick) }
    }

    /// After local midnight the ranges that move mean other dates and are due at once; also when
    /// a stepped clock has changed the date.
    pub(super) fn turn_day(&mut self) {
        self.look_at_the_clock();
        self.reckon_ends();
        let now = self.now();
        let today = local_date(now.wall, &self.zone);
        self.midnight = midnight(&self.calendar, now.tick, &self.zone);
        if today == self.today {
            return;
        }
        self.today = today;
        self.vendor.turn_day();
        self.past.look_again(now.tick);
        for (index, job) in self.jobs.iter().enumerate() {
            if job.range.moves() {
                self.schedule.renew(index, now.tick);
            }
        }
    }

    /// An answer tells the time as well: a wall clock that was set must not move the day.
    pub(super) fn hear(&mut self, flight: &Flight, date: Option<Timestamp>) {
        let now = self.around.clock.moment();
        let Some(date) = date else { return };
        if let Some(correction) = self.calendar.hear(date, flight.asked, now) {
            self.correct("the API's clock says otherwise: its time is used", correction);
            self.turn_day();
        }
    }

    fn look_at_the_clock(&mut self) {
        if let Some(jump) = self.calendar.look(self.around.clock.moment()) {
            self.correct("the wall clock was set, and is followed", jump);
        }
    }

    fn correct(&mut self, why: &'static str, by: SignedDuration) {
        let (api, account) = (self.who.api.as_str(), &*self.who.account);
        warn!(api, account, by_seconds = by.as_secs(), "{why}");
        self.around.telemetry.anomaly(&self.who, Anomaly::ClockSet, 1);
    }

    /// The ends of what is shown were reckoned with another idea of the time, be it by a second.
    fn reckon_ends(&mut self) {
        let now = self.around.clock.tick();
        let goods = self.part.slots.iter_mut().filter_map(|slot| slot.good.as_mut());
        let mut moved = false;
        for end in goods.filter_map(|good| good.ends.as_mut()) {
            let tick = self.calendar.tick_of(end.at, now);
            let off = tick.since(end.tick).max(end.tick.since(tick));
            if off > SAME_END && tick.max(end.tick) > now {
                end.tick = tick;
                moved = true;
            }
        }
        if moved {
            self.publish();
        }
    }
}

/// The end of the day that it is at `now`.
pub(super) fn midnight(calendar: &Calendar, now: Tick, zone: &TimeZone) -> End {
    let at = next_midnight(calendar.at(now), zone);
    End { at, tick: calendar.tick_of(at, now) }
}
